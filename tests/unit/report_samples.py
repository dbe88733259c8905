"""Reports for the renderers' tests, built by hand."""

from dataclasses import replace
from typing import Any

from readycheck.model.failure import Failure, FailureCode
from readycheck.model.report import (
    Environment,
    Metric,
    Observation,
    ObservationStatus,
    ProfileReference,
    Report,
    Run,
    Tool,
)
from readycheck.model.verdict import Decision, Finding, Scope, Severity, Status


def finding(**changes: Any) -> Finding:
    """A blocker that passes, but for what is changed."""
    plain = Finding(
        requirement="call",
        scope=Scope.WORKSTATION,
        severity=Severity.BLOCKER,
        status=Status.PASS,
        metric="call.connected",
        observed=True,
        unit="bool",
        expected="equals true",
        title={"en": "A call goes through", "fr": "Un appel passe"},
    )
    return replace(plain, **changes)


def blocked(**changes: Any) -> Finding:
    """A blocker that fails because nothing comes back over UDP, but for what is changed."""
    facts: dict[str, Any] = {
        "requirement": "turn-udp",
        "status": Status.FAIL,
        "metric": "turn.udp_reachable_ratio",
        "observed": 0.0,
        "unit": "ratio",
        "expected": "at least 1",
        "reason": "stun_timeout",
        "title": {"en": "Media over UDP", "fr": "Média en UDP"},
        "owner": "security",
        "lead_time_days": 45,
    }
    return finding(**(facts | changes))


def report(*findings: Finding, decision: Decision = Decision.GO, **changes: Any) -> Report:
    """A report without evidence, but for what is changed."""
    plain = Report(
        tool=Tool("readycheck", "0.1.0"),
        run=Run("5b1e2c0a", "2026-11-22T08:04:11.120Z", 27.4),
        profile=ProfileReference("acme-lyon", {"en": "Acme, Lyon site", "fr": "Acme, site de Lyon"}, "9f31c0a1b2c3d4"),
        environment=Environment("Linux", "6.1", "3.12.4", "h3f9c2a", "fr-FR"),
        decision=decision,
        ready_on=None,
        findings=findings,
        metrics={},
        observations={},
    )
    return replace(plain, **changes)


def observation(evidence: dict[str, Any], failure: Failure | None = None) -> Observation:
    """What a probe left; failed if there is a failure."""
    status = ObservationStatus.FAILED if failure else ObservationStatus.COLLECTED
    return Observation(status, 1, "ab12cd34", "2026-11-22T08:04:12Z", 812.0, failure, evidence)


def no_go(packets: int = 300) -> Report:
    """UDP gets no answer, TLS works, a call was measured, one figure is not proven."""
    refused = {"code": "stun_timeout", "operation": "allocate", "detail": None}
    silent = {"address": "203.0.113.5:3478", "reached": False, "allocated": False, "rtt_ms": None, "failure": refused}
    answered = {"address": "203.0.113.5:443", "reached": True, "allocated": True, "rtt_ms": 24.4, "failure": None}
    servers = [
        {"url": "turn:turn.example.com:3478", "transport": "udp", "attempts": [silent] * 3, "relay": None},
        {"url": "turns:turn.example.com:443", "transport": "tls", "attempts": [answered] * 3, "relay": True},
    ]
    rtt_ms = [None if number % 97 == 96 else 40 + number % 7 for number in range(packets)]
    path = {"far_end": "relay:tls", "interval_ms": 20, "sent_at_ms": [20.0] * packets, "rtt_ms": rtt_ms}
    unproven = finding(
        requirement="loss",
        status=Status.INCONCLUSIVE,
        metric="path.loss_ratio",
        observed=0.011,
        unit="ratio",
        expected="at most 0.01",
        reason=FailureCode.NOT_PROVEN,
        title={"en": "Packets arrive", "fr": "Les paquets arrivent"},
    )
    metrics = {
        "turn.udp_relay": Metric(None, "bool", reason="stun_timeout"),
        "turn.udp_reachable_ratio": Metric(0.0, "ratio", reason="stun_timeout"),
        "turn.tls_relay": Metric(True, "bool"),
        "path.loss_ratio": Metric(0.011, "ratio", bounded=True, low=0.005, high=0.023),
        "path.rtt_p50_ms": Metric(43.0, "ms"),
        "path.mos_cqe": Metric(4.08, "number", bounded=True, low=3.8, high=4.21, scale="fb"),
    }
    observations = {
        "turn": observation({"servers": servers}),
        "path": observation(path),
        "call": observation({"connected": True, "encrypted": True, "setup_ms": 312.4, "codec": "opus", "seconds": 5}),
        "headset": observation({}, Failure(FailureCode.NO_AUDIO_DEVICE, "list devices", "none seen")),
    }
    return report(
        blocked(),
        unproven,
        finding(),
        decision=Decision.NO_GO,
        ready_on="2027-01-06",
        metrics=metrics,
        observations=observations,
    )
