"""How far this machine's clock is off, by the profile's own servers; nobody else is asked."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from readycheck.engine.probe import Context
from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.net.pac.url import parse_target
from readycheck.net.stamp_clock import Offset, read_offset
from readycheck.net.visit import visit_url
from readycheck.probes._reflector import ways_to
from readycheck.probes._routes import routes_of
from readycheck.profile.schema import Profile

LIMIT_S = 2.0
MOST_SERVERS = 3
_CUT_MS = 500.0
"""Date is cut to the second (RFC 9110 section 6.6.1); its middle is taken."""


@dataclass(frozen=True)
class ClockReading:
    """A server's clock less this machine's, and how far that may be off."""

    server: str
    source: str
    """stamp, or the Date header."""
    offset_ms: float | None = None
    doubt_ms: float | None = None
    failure: Failure | None = None


def dated_urls(profile: Profile) -> list[str]:
    """A signalling target of each of the first three hosts, pages before WebSockets."""
    urls = sorted((target.url for target in profile.targets.signalling), key=lambda url: url.startswith("ws"))
    by_host: dict[str, str] = {}
    for url in urls:
        by_host.setdefault(parse_target(url).host, url)
    return list(by_host.values())[:MOST_SERVERS]


async def clock_readings(context: Context) -> tuple[ClockReading, ...]:
    """What the reflector and the signalling servers tell, side by side, each within the same limit."""
    found = await asyncio.gather(
        _by_reflector(context), *(_by_date(context, url) for url in dated_urls(context.profile))
    )
    return tuple(reading for reading in found if reading)


def best(readings: Sequence[ClockReading]) -> ClockReading | None:
    """The reflector's, else the middle one of the Date headers: one server's word, with its own doubt."""
    told = sorted((one for one in readings if one.offset_ms is not None), key=lambda one: one.offset_ms or 0.0)
    stamped = [one for one in told if one.source == "stamp"]
    return stamped[0] if stamped else told[(len(told) - 1) // 2] if told else None


async def _by_reflector(context: Context) -> ClockReading | None:
    reflector = context.profile.targets.reflector
    if reflector is None or not reflector.stamp:
        return None
    try:
        async with asyncio.timeout(LIMIT_S):
            way = await ways_to(context.profile)
            if way is None or isinstance(way, Failure):
                return ClockReading(reflector.stamp, "stamp", failure=way)
            literals, port, key = way
            answers = await asyncio.gather(*(_offset(literal, port, key) for literal in literals))
    except TimeoutError:
        return ClockReading(reflector.stamp, "stamp", failure=_late())
    told = [answer for answer in answers if not isinstance(answer, Failure)]
    if not told:
        return ClockReading(reflector.stamp, "stamp", failure=next(one for one in answers if isinstance(one, Failure)))
    offset_s, doubt_s = min(told, key=lambda answer: answer[1])
    return ClockReading(reflector.stamp, "stamp", round(offset_s * 1000, 3), round(doubt_s * 1000, 3))


async def _offset(address: str, port: int, key: bytes | None) -> Offset | Failure:
    try:
        return await read_offset(address, port, key)
    except OperationFailed as error:
        return error.failure


async def _by_date(context: Context, url: str) -> ClockReading:
    host = parse_target(url).host
    try:
        async with asyncio.timeout(LIMIT_S):
            hops = (await routes_of(context)).hops(url)
            if isinstance(hops, Failure):
                return ClockReading(host, "date", failure=hops)
            visit = await visit_url(url, hops, context.profile.trust)
    except TimeoutError:
        return ClockReading(host, "date", failure=_late())
    genuine = visit.failure is None or visit.failure.code == FailureCode.HTTP_STATUS
    if visit.clock_offset_ms is None or not genuine:
        return ClockReading(host, "date", failure=visit.failure or Failure(FailureCode.COMPONENT_MISSING, "read Date"))
    return ClockReading(host, "date", visit.clock_offset_ms, _CUT_MS + (visit.answered_ms or 0.0) / 2)


def _late() -> Failure:
    return Failure(FailureCode.DEADLINE_EXCEEDED, "read clock", f"no answer within {LIMIT_S:g} s")
