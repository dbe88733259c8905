"""Two reports, from before and after a change: what became of each requirement."""
