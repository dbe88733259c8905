"""Tells a contact centre whether its agents can work on a WebRTC softphone."""

__version__ = "0.1.0"
