"""The network as this operating system tells it."""
