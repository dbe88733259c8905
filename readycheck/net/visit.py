"""Visits: one attempt at an HTTPS, WebSocket or TURN target by one way, told step by step."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from readycheck.model.clean import clean
from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.model.proxy import DIRECT, Hop
from readycheck.model.visit import Visit
from readycheck.net.http1 import LARGEST_BODY_BYTE, HttpAnswer, exchange
from readycheck.net.inspection import named
from readycheck.net.pac.url import Target, parse_target
from readycheck.net.portal import captive_portal
from readycheck.net.stream import Stream
from readycheck.net.turn import Trace, TurnServer, open_session
from readycheck.net.way import WayTrace, open_tls_way, open_way
from readycheck.profile.schema import Trust
from readycheck.rtc.stun import hostport

VISIT_LIMIT_S = 6.5
_SECURE = ("https", "wss")


@dataclass
class _Notes:
    """What becomes a Visit."""

    way: WayTrace
    said: dict[str, Any]

    def visit(self, *, reached: bool, failure: Failure | None = None) -> Visit:
        way = self.way
        return Visit(
            via=way.via,
            reached=reached,
            address=way.address if way.via == "DIRECT" else None,
            resolved_ms=_ms(way.resolved_s),
            connected_ms=_ms(way.connected_s),
            proxy=way.proxy.reply if way.proxy else None,
            tls_ms=_ms(way.tls_s),
            tls_version=way.tls_version,
            chain=way.chain,
            failure=failure,
            **self.said,
        )


async def visit_url(
    url: str,
    hops: Sequence[Hop],
    trust: Trust,
    *,
    expected: Sequence[int] | None = None,
    hold_s: float = 0.0,
    on_body: Callable[[bytes], None] | None = None,
) -> Visit:
    """A GET of an http(s) URL, or a WebSocket opened at a ws(s) URL and held for `hold_s`. Never raises.

    `expected` are the statuses that count as an answer; without it any below 500 but 407, and 101 for a WebSocket.
    `on_body` is told the body of an expected answer to a GET: up to LARGEST_BODY_BYTE, and one more if there is more.
    """
    target = parse_target(url)
    notes, limit_s = _Notes(WayTrace(), {}), VISIT_LIMIT_S + hold_s
    failure: Failure | None = None
    try:
        async with asyncio.timeout(limit_s), _opened(target, hops, trust.ca_file, notes.way) as stream:
            if target.scheme in ("ws", "wss"):
                from readycheck.net.websocket import open_and_hold  # noqa: PLC0415 - a library of its own

                place = f"{target.scheme}://{host_header(target)[1]}{request_target(url)}"
                held = await open_and_hold(
                    stream, place, hold_s, expected, lambda answer: note_answer(answer, notes.said)
                )
                notes.said["websocket"] = held
            else:
                await _get(stream, url, target, expected, notes.said, on_body)
    except OperationFailed as error:
        failure = error.failure
    except TimeoutError:
        failure = _out_of_time(notes.way, limit_s)
    portal = await _portal(target.host, notes.way, failure)
    visit = notes.visit(reached=_spoke(notes) and not portal, failure=portal or failure)
    return replace(visit, failure=named(visit.failure, target.host, visit, trust.pins)) if visit.failure else visit


def _out_of_time(way: WayTrace, limit_s: float) -> Failure:
    """A name with many addresses, none of which takes the connection, is a closed way and no slow server."""
    if way.via == str(DIRECT) and way.address and way.connected_s is None:
        detail = f"no answer within {limit_s:g} s from any of its addresses tried, the last {way.address}"
        return Failure(FailureCode.CONNECTION_TIMEOUT, "connect", detail)
    return Failure(FailureCode.DEADLINE_EXCEEDED, "visit", f"not done within {limit_s:g} s")


async def _portal(host: str, way: WayTrace, failure: Failure | None) -> Failure | None:
    """The captive portal behind a certificate that was not believed; None where there is no reason to look."""
    if failure is None or way.via != str(DIRECT) or failure.operation != "tls_handshake":
        return None
    return await captive_portal(host)


def _spoke(notes: _Notes) -> bool:
    """Whether the far side itself was there: it answered, or showed a certificate, believed or not."""
    return "status" in notes.said or bool(notes.way.shown)


@asynccontextmanager
async def _opened(target: Target, hops: Sequence[Hop], ca_file: str | None, trace: WayTrace) -> AsyncIterator[Stream]:
    if target.scheme in _SECURE:
        async with open_tls_way(target.host, target.port, hops, trace, ca_file=ca_file) as stream:
            yield stream
    else:
        async with open_way(target.host, target.port, hops, trace, ca_file=ca_file) as stream:
            yield stream


async def _get(
    stream: Stream,
    url: str,
    target: Target,
    expected: Sequence[int] | None,
    said: dict[str, Any],
    on_body: Callable[[bytes], None] | None,
) -> None:
    headers, most_byte = [host_header(target), ("Accept", "*/*")], LARGEST_BODY_BYTE + 1 if on_body else 0
    answer = await exchange(stream, "GET", request_target(url), headers, operation="request", body_byte=most_byte)
    note_answer(answer, said)
    if answer.status == 511:  # noqa: PLR2004 - Network Authentication Required (RFC 6585)
        raise OperationFailed(FailureCode.CAPTIVE_PORTAL, "request", "511 Network Authentication Required")
    if not as_expected(answer.status, expected):
        raise OperationFailed(FailureCode.HTTP_STATUS, "request", clean(f"{answer.status} {answer.phrase}"))
    if on_body:
        on_body(answer.body)


def as_expected(status: int, expected: Sequence[int] | None) -> bool:
    """Whether a status counts as an answer: the profile's, else any below 500 but 407."""
    return status in expected if expected else status < 500 and status != 407  # noqa: PLR2004 - the contract's words


def host_header(target: Target) -> tuple[str, str]:
    """RFC 9110 section 7.2: without the port where it is the scheme's own."""
    default = {"http": 80, "ws": 80, "https": 443, "wss": 443}[target.scheme]
    host = f"[{target.host}]" if ":" in target.host else target.host
    return "Host", host if target.port == default else f"{host}:{target.port}"


def request_target(url: str) -> str:
    """Path and query as they travel: ASCII, no fragment."""
    parts = urlsplit(url)
    text = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return "".join(
        one if "!" <= one <= "~" else "".join(f"%{octet:02X}" for octet in one.encode(errors="replace")) for one in text
    )


def note_answer(answer: HttpAnswer, said: dict[str, Any]) -> None:
    """Keep what an answer's head tells of who wrote it and when."""
    said |= {
        "status": answer.status,
        "answered_ms": _ms(answer.answer_s),
        "location": _place(answer.header("location")),
        "passed_through": clean(answer.header("via") or "") or None,
        "clock_offset_ms": _clock_offset_ms(answer),
    }


def _place(location: str | None) -> str | None:
    """Where a redirection points, without user name, query and fragment, which may hold a token."""
    if not location:
        return None
    try:
        parts = urlsplit(location)
    except ValueError:  # a stranger's text, such as https://[
        return clean(location.partition("?")[0].partition("#")[0].rpartition("@")[2])
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.netloc else parts.path
    return clean(place)


def _clock_offset_ms(answer: HttpAnswer) -> float | None:
    """The server's Date (RFC 9110 section 6.6.1), cut to the second, against the middle of the exchange."""
    try:
        then = parsedate_to_datetime(answer.header("date") or "")
    except (ValueError, OverflowError):
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    middle = datetime.now(UTC).timestamp() - answer.answer_s / 2
    return round((then.timestamp() + 0.5 - middle) * 1000, 1)


async def visit_turn(server: TurnServer) -> Visit:
    """An Allocate without credentials: the challenge proves the server and the way, and takes nobody's quota."""
    trace, stranger = Trace(), replace(server, credentials=None)
    failure: Failure | None = None
    started_s = time.perf_counter()
    try:
        async with asyncio.timeout(VISIT_LIMIT_S), open_session(stranger, trace) as session:
            started_s = time.perf_counter()
            await session.allocate()
    except OperationFailed as error:
        failure = None if trace.reached else error.failure
    except TimeoutError:
        failure = _out_of_time(trace.way, VISIT_LIMIT_S)
    failure = await _portal(server.server_name, trace.way, failure) or failure
    said: dict[str, Any] = (
        {"answered_ms": _ms(time.perf_counter() - started_s), "answered_stun": True} if trace.reached else {}
    )
    if server.transport == "udp":
        return Visit("DIRECT", trace.reached, address=hostport(server.address, server.port), failure=failure, **said)
    return _Notes(trace.way, said).visit(reached=trace.reached, failure=failure)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
