"""The TURN matrix: each server over UDP, TCP and TLS, by which way, what it answered, whether its relay carries."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from readycheck.model.clean import clean
from readycheck.model.report import Report
from readycheck.render import format as say
from readycheck.render.causes import authority, failure_code
from readycheck.render.readings import evidence_of, finite, mappings
from readycheck.render.visited import place_of, text
from readycheck.render.voice import TRANSPORTS, Tag
from readycheck.render.words import Words

_MOST_SERVERS = 60


@dataclass(frozen=True)
class Relay:
    """One TURN URL as it was met."""

    host: str
    port: str
    transport: str
    url: str
    via: str | None
    """The proxy on the way; empty if there is none, None if nobody knows."""
    reached: int
    tried: int
    codes: tuple[str, ...]
    rtt_ms: float | None
    allocation_ms: float | None
    relay: bool | None
    relay_code: str | None
    route_code: str | None
    has_credentials: bool
    sent_on: str
    """Where the server itself sent us (RFC 8656 section 7.4); empty if it did not."""


@dataclass(frozen=True)
class Meeting:
    """A cell of the matrix."""

    where: str
    url: str
    answered: Tag
    relay: Tag | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Server:
    """A row: one host, and what it answers over each transport."""

    host: str
    cells: tuple[tuple[str, tuple[Meeting, ...]], ...]


@dataclass(frozen=True)
class Matrix:
    """All servers."""

    transports: tuple[str, ...]
    servers: tuple[Server, ...]
    more: int


def relays_of(report: Report) -> list[Relay]:
    """Every TURN URL in the evidence, in the profile's order."""
    return [_relay(server) for server in mappings(evidence_of(report, "turn").get("servers"))]


def matrix(report: Report, words: Words) -> Matrix | None:
    """Servers by transports; None without any."""
    relays = relays_of(report)
    by_host: dict[str, list[Relay]] = {}
    for relay in relays[:_MOST_SERVERS]:
        by_host.setdefault(relay.host, []).append(relay)
    if not by_host:
        return None
    others = dict.fromkeys(relay.transport for relay in relays[:_MOST_SERVERS] if relay.transport not in TRANSPORTS)
    transports = (*TRANSPORTS, *others)
    return Matrix(
        transports=tuple(transport.upper() for transport in transports),
        servers=tuple(
            Server(
                host,
                tuple(
                    (transport.upper(), tuple(_meeting(one, words) for one in relays if one.transport == transport))
                    for transport in transports
                ),
            )
            for host, relays in by_host.items()
        ),
        more=max(len(relays) - _MOST_SERVERS, 0),
    )


def answered(relay: Relay, words: Words) -> Tag:
    """How many attempts were answered, and why not all."""
    said = ", ".join(words.failure(code).short for code in relay.codes[:2])
    hint = " ".join(words.failure(code).what for code in relay.codes)
    if not relay.tried:
        why = words.failure(relay.route_code) if relay.route_code else None
        return Tag("unknown", why.short if why else words("not_measured"), why.what if why else "")
    count = words("n_of_m", n=relay.reached, m=relay.tried)
    look = "blocks" if not relay.reached else "holds" if relay.reached == relay.tried else "warns"
    return Tag(look, f"{count}, {said}" if said else count, hint)


def _meeting(relay: Relay, words: Words) -> Meeting:
    way = words("relay_by_proxy", proxy=relay.via) if relay.via else words("gate_direct")
    where = [words("relay_port", port=relay.port)] if relay.port else []
    where += [way] if relay.tried else []
    times = [
        words(key, took=say.amount(took, "ms", words))
        for key, took in (("relay_answer_ms", relay.rtt_ms), ("relay_allocation_ms", relay.allocation_ms))
        if took is not None
    ]
    notes = [", ".join(times)] if times else []
    notes += [words("relay_sent_on", place=relay.sent_on)] if relay.sent_on else []
    return Meeting(", ".join(where), relay.url, answered(relay, words), _carries(relay, words), tuple(notes))


def _carries(relay: Relay, words: Words) -> Tag | None:
    """Whether data came through; not said where nothing answered at all."""
    why = words.failure(relay.relay_code) if relay.relay_code else None
    if relay.relay is True:
        return Tag("holds", words("relay_carries"))
    if not relay.reached:
        return None
    if relay.relay is False:
        said = words("relay_carries_not")
        return Tag("blocks", f"{said}, {why.short}" if why else said, why.what if why else "")
    if not relay.has_credentials:
        return Tag("unknown", words("relay_no_credentials"))
    return Tag("unknown", words("relay_not_tried"), why.what if why else "")


def _relay(server: dict[str, Any]) -> Relay:
    attempts = mappings(server.get("attempts"))
    url = server.get("url")
    host, colon, port = place_of(url)[1].rpartition(":") if isinstance(url, str) else (authority(url), "", "")
    transport = (text(server.get("transport"), 12) or "?").lower()
    via = _first(via for one in attempts if (via := text(one.get("via"), 80)) != "DIRECT")
    return Relay(
        host=host if colon else authority(url),
        port=port if colon else "",
        transport=transport,
        url=clean(url or ""),
        via=via.removeprefix("PROXY ") if attempts or transport == "udp" else None,
        reached=sum(1 for one in attempts if one.get("reached") is True),
        tried=len(attempts),
        codes=tuple(dict.fromkeys(code for one in attempts if (code := failure_code(one.get("failure"))))),
        rtt_ms=_least(finite(one.get("rtt_ms")) for one in attempts),
        allocation_ms=_least(finite(one.get("allocation_ms")) for one in attempts),
        relay=server["relay"] if isinstance(server.get("relay"), bool) else None,
        relay_code=failure_code(server.get("relay_failure")),
        route_code=failure_code(server.get("route_failure")),
        has_credentials=server.get("has_credentials") is not False,
        sent_on=_first(text(one.get("redirected_to"), 80) for one in attempts),
    )


def _first(texts: Iterable[str]) -> str:
    return next((one for one in texts if one), "")


def _least(times: Iterable[float | None]) -> float | None:
    return min((time for time in times if time is not None), default=None)
