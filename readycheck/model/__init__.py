"""What is said: evidence, failures, verdicts, reports. Imports nothing else of readycheck."""
