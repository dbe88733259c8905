"""Sockets: names resolved, datagrams, streams, TLS, and TURN driven over them."""
