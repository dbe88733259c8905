"""Profiles for the letter's tests: a whole one, and smaller ones of chosen targets."""

from datetime import date
from typing import Any

from readycheck.letter.compose import Letter, compose
from readycheck.profile.schema import Profile

WRITTEN = date(2026, 11, 22)

TURN = [
    {"urls": ["stun:turn.example.com:3478"]},
    {
        "urls": [
            "turn:turn.example.com:3478?transport=udp",
            "turn:turn.example.com?transport=tcp",
            "turns:turn.example.com:443?transport=tcp",
        ],
        "username": "agent",
        "credential": "hunter2",
    },
]
WHOLE: dict[str, Any] = {
    "signalling": [
        {"url": "https://login.example.com/"},
        {"url": "https://api.example.com/v2?token=s3cr3t"},
        {"url": "wss://user:hunter2@streaming.example.com/ws"},
    ],
    "ice_servers": TURN,
    "reflector": {"stamp": "reflector.acme.example", "key": "hunter2"},
    "media": {"cidrs": ["203.0.113.0/24"], "udp_ports": ["16384-65535"]},
    "identity": [{"issuer": "https://login.example.com"}],
    "fallback": [{"sip": "sip:alice:hunter2@pbx.acme.example;transport=udp"}],
}
FLOWS = [
    {"to": ["*.cdn.example.com", "192.0.2.0/25"], "protocol": "tcp", "ports": ["443"], "why": {"": "Recordings."}},
]


def profile(targets: dict[str, Any] | None = None, **more: Any) -> Profile:
    """A profile of these targets."""
    base = {"schema": "readycheck.profile/1", "id": "acme-lyon", "title": {"en": "Acme, Lyon", "fr": "Acme, Lyon"}}
    return Profile.model_validate({**base, "targets": targets or {}, **more})


def letter(asked: Profile, lang: str = "en", **more: Any) -> Letter:
    """The letter that this profile comes to."""
    composed = compose(asked, lang, **{"written": WRITTEN, **more})
    assert composed is not None
    return composed
