"""What `readycheck reflector` does unless told otherwise; apart, so that its command line loads no socket."""

DEFAULT_PORT = 8862
"""862, STAMP's own (RFC 8762 section 4.1), needs root."""
DEFAULT_PACKETS_PER_S = 200_000
