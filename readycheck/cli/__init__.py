"""One file per command: parse, call, write, exit."""
