"""Visited targets as a report's evidence tells them; whatever it holds, reading it never fails."""

import math
import re
from dataclasses import dataclass, field
from typing import Any

from readycheck.model.clean import clean
from readycheck.render.causes import failure_code
from readycheck.render.readings import mappings

CONCLUSIONS = (
    "bypass_works",
    "bypass_blocked",
    "proxy_only",
    "proxy_or_direct",
    "direct_only",
    "unreached",
    "unknown",
)
_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80, "turn": 3478, "turns": 5349}
_STEPS = ("resolved_ms", "connected_ms", "tls_ms", "answered_ms")
_LOGIN_ASKED = 407
_LONGEST_MS = 600_000
_MOST_TEXTS = 50


@dataclass(frozen=True)
class Attempt:
    """One attempt, straight or through the proxy."""

    reached: bool
    took_ms: float | None
    code: str | None
    status: int | None
    """What the proxy answered."""
    schemes: tuple[str, ...]
    authenticated_by: str | None
    said: str
    """The proxy's own word for what went wrong."""
    issuer: str

    @property
    def asked_for_login(self) -> bool:
        """Whether the proxy wanted a login, satisfied or not."""
        return bool(self.schemes) or self.status == _LOGIN_ASKED

    @property
    def logged_in(self) -> bool:
        """Whether that login was satisfied."""
        return bool(self.authenticated_by) and self.status != _LOGIN_ASKED


@dataclass(frozen=True)
class Target:
    """One target: where it is, what is configured for it, what came of the attempts."""

    url: str
    scheme: str
    place: str
    transport: str
    """udp, tcp or tls."""
    role: str
    source: str
    answer: str
    hops: tuple[str, ...]
    direct: Attempt | None
    proxied: Attempt | None
    conclusion: str
    intercepted: bool | None
    certainty: str
    signs: tuple[str, ...]
    code: str | None
    """Why nobody can tell what is configured."""
    own_sources: tuple[str, ...] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """What a sentence calls it."""
        if self.scheme in {"turn", "turns"}:
            return f"{self.place} ({self.transport.upper()})"
        return self.place.removesuffix(f":{_PORTS.get(self.scheme, '')}")

    @property
    def takes_proxy(self) -> bool:
        """Whether the configuration sends it through a proxy."""
        return bool(self.hops) and self.hops[0] != "DIRECT"

    @property
    def exempt(self) -> bool:
        """Whether a rule (a bypass list, a PAC file) sends it past a proxy; without one there is nothing to bypass."""
        if self.transport == "udp" or self.code or self.takes_proxy:
            return False
        rules = tuple(one + mark for one in self.own_sources for mark in (", ", ": "))
        return self.source not in self.own_sources and self.source.startswith(rules)

    @property
    def reached_direct(self) -> bool:
        """Whether it was reached without the proxy in fact."""
        return self.direct.reached if self.direct else False

    @property
    def outlook(self) -> str:
        """The conclusion; where there is no proxy to bypass, how it goes direct."""
        if self.conclusion in {"bypass_works", "bypass_blocked"} and not self.exempt:
            return self.conclusion.replace("bypass", "udp" if self.transport == "udp" else "direct")
        return self.conclusion


def targets_of(evidence: dict[str, Any]) -> list[Target]:
    """The targets, in the profile's order."""
    names = tuple(name for one in mappings(evidence.get("sources")) if (name := clean(one.get("source") or "")))
    return [_target(one, names) for one in mappings(evidence.get("targets"))]


def texts(value: Any) -> tuple[str, ...]:
    """The texts of what should be a list of texts, fit to show."""
    if not isinstance(value, list | tuple):
        return ()
    return tuple(clean(one, 120) for one in value[:_MOST_TEXTS] if isinstance(one, str) and one.strip())


def text(value: Any, limit: int = 200) -> str:
    """A text, fit to show; empty if it is none."""
    return clean(value, limit) if isinstance(value, str) else ""


def _target(one: dict[str, Any], own_sources: tuple[str, ...]) -> Target:
    attempts = mappings(one.get("attempts"))
    inspection = _mapping(one.get("inspection"))
    conclusion = one.get("conclusion")
    scheme, place, transport = place_of(one.get("url"))
    intercepted = inspection.get("intercepted")
    return Target(
        url=text(one.get("url")),
        scheme=scheme,
        place=place,
        transport=transport,
        role=text(one.get("role"), 40),
        source=text(one.get("source")),
        answer=text(one.get("answer"), 120),
        hops=texts(one.get("hops")),
        direct=_attempt(attempts[0]) if attempts else None,
        proxied=_attempt(attempts[1]) if len(attempts) > 1 else None,
        conclusion=conclusion if isinstance(conclusion, str) and conclusion in CONCLUSIONS else "unknown",
        intercepted=intercepted if isinstance(intercepted, bool) else None,
        certainty=text(inspection.get("certainty"), 20),
        signs=texts(inspection.get("signs")),
        code=failure_code(one.get("route_failure")),
        own_sources=own_sources,
    )


def _attempt(one: dict[str, Any]) -> Attempt:
    reply = _mapping(one.get("proxy"))
    leaf = next(iter(mappings(_mapping(one.get("chain")).get("certificates"))), {})
    status = reply.get("status")
    spent = [time for key in _STEPS if (time := _time_ms(one.get(key))) is not None]
    return Attempt(
        reached=one.get("reached") is True,
        took_ms=sum(spent) if spent else None,
        code=failure_code(one.get("failure")),
        status=status if isinstance(status, int) and not isinstance(status, bool) and 0 < status < 1000 else None,  # noqa: PLR2004 - three digits
        schemes=texts(reply.get("schemes")),
        authenticated_by=text(reply.get("authenticated_by"), 40) or None,
        said=text(reply.get("cause"), 80) or text(reply.get("phrase"), 80),
        issuer=text(leaf.get("issuer"), 120),
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _time_ms(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and 0 <= value <= _LONGEST_MS else None


def place_of(url: Any) -> tuple[str, str, str]:
    """Scheme, host and port, and transport of a URL, for people; never a link, never a user name."""
    shown = clean(url if isinstance(url, str) else "?", 400)
    scheme, colon, rest = shown.partition(":")
    scheme = scheme.lower() if colon else ""
    host = re.split(r"[/?#]", rest.removeprefix("//") if colon else shown, maxsplit=1)[0].rpartition("@")[2]
    if scheme in _PORTS and not re.search(r":\d+$", host):
        host = f"{host}:{_PORTS[scheme]}"
    asked = re.search(r"[?&;]transport=(\w+)", shown)
    if scheme in {"https", "wss", "turns"}:
        transport = "tls"
    else:
        transport = "udp" if scheme == "turn" and (asked is None or asked[1].lower() == "udp") else "tcp"
    return scheme, clean(host or "?", 80), transport
