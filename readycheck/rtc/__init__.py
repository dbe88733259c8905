"""Protocols and mathematics without sockets: STUN, TURN, delay statistics."""
