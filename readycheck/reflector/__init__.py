"""The far end that a network team runs in the data centre: a STAMP session reflector (RFC 8762)."""
