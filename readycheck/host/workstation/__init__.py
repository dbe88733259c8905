"""The machine itself: its system, what waits for a restart, and who filters its packets."""
