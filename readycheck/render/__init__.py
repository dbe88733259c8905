"""A report in, a document out: nothing else is read."""
