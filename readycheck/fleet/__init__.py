"""The roll-up: many reports to one document. A summary per report, a merge of summaries, and what they come to."""
