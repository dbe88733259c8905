"""PAC files: fetched, run as browsers run them, and their answers understood."""
