"""Figures that conditions rely on: known whenever the probe ran, and honest about what any relay did."""

from dataclasses import replace
from typing import Any

import pytest

from readycheck.model.evidence import Evidence
from readycheck.model.failure import Failure, FailureCode
from readycheck.probes import _turn_evidence, fallback, identity, signalling, stun

SILENCE = Failure(FailureCode.STUN_TIMEOUT, "allocate")
FORBIDDEN = Failure(FailureCode.TURN_FORBIDDEN, "permit")
URL = "turn:turn.example.com:3478?transport=udp"


def server(
    *, reached: bool = True, relay: bool | None = None, why: Failure | None = None, **facts: Any
) -> _turn_evidence.Server:
    """A TURN URL with credentials, asked once."""
    attempt = _turn_evidence.Attempt(
        "192.0.2.1", reached=reached, allocated=bool(relay), failure=None if reached else SILENCE
    )
    return replace(_turn_evidence.Server(URL, "udp", True, (attempt,), relay, relay_failure=why), **facts)


def told(evidence: Evidence, metric: str) -> tuple[Any, str | None]:
    """A metric's value and reason."""
    quantity = evidence.quantities()[metric]
    return quantity.value, quantity.reason


@pytest.mark.parametrize(
    ("evidence", "metrics"),
    [
        (signalling.SignallingEvidence(()), ("target_count", "https_count", "websocket_count")),
        (stun.StunEvidence(()), ("server_count",)),
        (_turn_evidence.TurnEvidence(()), ("server_count",)),
        (identity.IdentityEvidence(()), ("issuer_count",)),
        (fallback.FallbackEvidence(()), ("server_count",)),
    ],
)
def test_nothing_named_is_counted_as_none(evidence: Evidence, metrics: tuple[str, ...]) -> None:
    """Zero is a figure: a requirement without its targets is not applicable instead of open."""
    assert [told(evidence, metric) for metric in metrics] == [(0, None)] * len(metrics)


def test_targets_are_counted_whether_they_answer_or_not() -> None:
    """Pages and WebSockets apart; of sign-in the issuers alone, not what their documents name."""
    targets = tuple(signalling.Target(url) for url in ("https://a.example/", "wss://a.example/", "wss://b.example/"))
    seen = signalling.SignallingEvidence(targets)
    issuer, endpoint = "https://id.example", "https://id.example/token"
    addresses = (
        identity.Target(issuer, issuer, identity.DISCOVERY),
        identity.Target(endpoint, issuer, "token_endpoint"),
    )

    assert [told(seen, name)[0] for name in ("target_count", "https_count", "websocket_count")] == [3, 1, 2]
    assert told(identity.IdentityEvidence(addresses), "issuer_count") == (1, None)
    assert told(stun.StunEvidence((stun.Server("stun:s.example", ()),)), "server_count") == (1, None)
    assert told(fallback.FallbackEvidence((fallback.Target("sip:pbx", "udp", ()),)), "server_count") == (1, None)
    assert told(_turn_evidence.TurnEvidence((server(attempts=()),)), "server_count") == (1, None)


def test_credentials_are_known_without_any_server() -> None:
    """No server, a server without credentials, and one with."""
    assert told(_turn_evidence.TurnEvidence(()), "has_credentials") == (False, None)
    assert told(_turn_evidence.TurnEvidence((server(has_credentials=False),)), "has_credentials") == (False, None)
    assert told(_turn_evidence.TurnEvidence((server(has_credentials=False), server())), "has_credentials") == (
        True,
        None,
    )


@pytest.mark.parametrize(
    ("servers", "expected"),
    [
        ((), (None, "not_configured")),
        ((server(), server(reached=False)), (True, None)),
        ((server(reached=False), server(reached=False)), (False, "stun_timeout")),
        ((server(reached=False), server(attempts=())), (None, "stun_timeout")),
    ],
)
def test_one_answer_is_a_way_out(servers: tuple[_turn_evidence.Server, ...], expected: Any) -> None:
    """False only once every URL was asked."""
    assert told(_turn_evidence.TurnEvidence(servers), "any_reachable") == expected


@pytest.mark.parametrize(
    ("servers", "expected"),
    [
        ((), (None, "not_configured")),
        ((server(relay=False, why=SILENCE), server(relay=True)), (True, None)),
        ((server(relay=False, why=SILENCE),), (False, "stun_timeout")),
        ((server(relay=False, why=SILENCE), server(relay=None, why=FORBIDDEN)), (None, "stun_timeout")),
        ((server(has_credentials=False),), (None, "not_configured")),
    ],
)
def test_one_relay_is_enough(servers: tuple[_turn_evidence.Server, ...], expected: Any) -> None:
    """False only if none with credentials is left untold; without credentials nobody can tell."""
    assert told(_turn_evidence.TurnEvidence(servers), "any_relay") == expected
