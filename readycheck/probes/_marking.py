"""The fate of the DSCP mark on the way to a reflector, asked by a few packets while the path goes through a relay."""

import asyncio
import time
from dataclasses import dataclass, field

from readycheck.model.evidence import Quantity
from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.model.traffic import Traffic
from readycheck.probes import _reflector
from readycheck.probes._reflector import LARGEST_PACKET_BYTE, FarEnd, Reflection
from readycheck.profile.schema import Profile

PACKETS, INTERVAL_S, WAIT_S = 5, 0.02, 0.5


@dataclass(frozen=True)
class Marking:
    """With what marks the packets reached it."""

    dscp_counts: dict[int, int] = field(default_factory=dict)
    is_marked: bool = False
    failure: Failure | None = None

    def dscp_preserved(self) -> Quantity:
        """As a reflection tells it; or why this reflector told nothing."""
        if self.failure:
            return Quantity(None, reason=self.failure.code)
        return Reflection(False, dscp_counts=self.dscp_counts, is_marked=self.is_marked).dscp_preserved()


async def gather_marking(profile: Profile) -> Marking | None:
    """Ask the profile's reflector by a few packets with what mark they reach it; None without one."""
    ways = await _reflector.ways_to(profile)
    if ways is None or isinstance(ways, Failure):
        return Marking(failure=ways) if ways else None
    literals, port, key = ways
    silence = Marking(failure=Failure(FailureCode.NO_MEDIA, "receive", "the reflector does not answer"))
    for address in await _reflector.answering_first(literals, port, key):
        try:
            async with _reflector.reach(address, port, key, 0) as far:
                told = await _glance(far)
        except OperationFailed as error:
            silence = Marking(failure=error.failure)
            continue
        if told:
            return Marking(told.dscp_counts, told.is_marked)
    return silence


async def _glance(far: FarEnd) -> Reflection | None:
    """What a few replies tell; None if none came."""
    started_at = time.perf_counter()
    for number in range(PACKETS):
        now = time.perf_counter()
        far.send(far.stream.next_packet(now, now))
        await asyncio.sleep(max(0.0, started_at + (number + 1) * INTERVAL_S - time.perf_counter()))
    ends_at = time.perf_counter() + WAIT_S
    while not far.stream.complete and time.perf_counter() < ends_at:
        await asyncio.sleep(INTERVAL_S)
    return far.told(far.stream) if far.stream.arrivals else None


def traffic(probe: str, profile: Profile) -> list[Traffic]:
    """What it sends and gets, for `--dry-run`."""
    found = _reflector.place(profile)
    byte, seconds = 2 * PACKETS * LARGEST_PACKET_BYTE, round(PACKETS * INTERVAL_S + WAIT_S, 1)
    return [Traffic(probe, *found, "udp", byte, seconds)] if found else []
