"""Visits and targets as the proxy chapter leaves them, for tests."""

from dataclasses import replace
from typing import Any

from readycheck.model.failure import Failure, FailureCode
from readycheck.model.visit import Certificate, Chain, Inspection, ProxyReply, Visit
from readycheck.probes.proxy import Target

HOP = "PROXY proxy.corp.example:3128"
REFUSED = Failure(FailureCode.CONNECTION_REFUSED, "connect", "Connection refused")
DENIED = Failure(FailureCode.PROXY_DENIED, "connect_through_proxy", "403 Forbidden")


def certificate(subject: str, issuer: str, key: str) -> Certificate:
    """A certificate whose key is named by a word."""
    return Certificate(subject, issuer, "2027-01-01T00:00:00Z", f"{subject}/{key}", key)


def chain(
    subject: str = "login.example.com",
    issuer: str = "Example CA",
    key: str = "true key",
    *,
    anchor: Any = "profile",
    above: tuple[Certificate, ...] = (),
) -> Chain:
    """A chain that leads to the profile's own CA unless told otherwise."""
    return Chain((certificate(subject, issuer, key), *above), verified=anchor is not None, anchor=anchor)


def direct(*, reached: bool = True, failure: Failure | None = None, **facts: Any) -> Visit:
    """An attempt without a proxy."""
    return Visit("DIRECT", reached, failure=failure if reached else failure or REFUSED, **facts)


def proxied(*, reached: bool = True, status: int | None = 200, failure: Failure | None = None, **facts: Any) -> Visit:
    """An attempt through the proxy."""
    reply = facts.pop("reply", ProxyReply(status, "Connection established"))
    return Visit(HOP, reached, proxy=reply, failure=failure if reached else failure or DENIED, **facts)


def target(
    url: str = "https://login.example.com/",
    role: str = "signalling",
    hops: tuple[str, ...] = ("DIRECT",),
    attempts: tuple[Visit, ...] = (),
    **facts: Any,
) -> Target:
    """A target that goes direct and is reached, unless told otherwise."""
    attempts = attempts or (direct(),) + ((proxied(),) if hops[:1] != ("DIRECT",) else ())
    source, answer = "environment variables https_proxy", "; ".join(hops)
    base = Target(url, role, source, hops, attempts, "unknown", Inspection(None), answer)
    return replace(base, **facts)


def intercepted_target() -> Target:
    """A target that only the proxy reaches, and whose certificate the proxy made itself."""
    seen = chain(issuer="ACME Gateway CA", key="gateway key", anchor="system")
    return target(
        hops=(HOP,),
        attempts=(direct(reached=False), proxied(chain=seen, status=200, passed_through="1.1 gateway (squid/5.7)")),
        conclusion="proxy_only",
        inspection=Inspection(True, "likely", ("private_root", "proxy_header_inside")),
    )
