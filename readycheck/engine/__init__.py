"""How probes run; knows no particular probe."""
