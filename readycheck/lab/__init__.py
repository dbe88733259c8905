"""The embedded STUN/TURN server: the far end of the default run and of the tests."""
