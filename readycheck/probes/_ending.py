"""The end of a measurement: what is still under way, and whether the line died before it."""

import asyncio
import time

from readycheck.model.failure import Failure
from readycheck.rtc.packet_stream import PacketStream

TAIL_S = 1.0
"""What has not come after this is lost."""
SILENCE_S = 2.0
"""Silence up to the end that counts as dead: no call outlives it."""


async def drain(stream: PacketStream) -> None:
    """Wait for what is still under way: four times the longest round trip, a second at most."""
    longest_ms = max((delay for delay in stream.rtt_ms() if delay is not None), default=TAIL_S * 1000)
    ends_at = time.perf_counter() + min(TAIL_S, max(0.2, 4 * longest_ms / 1000))
    while not stream.complete and time.perf_counter() < ends_at:
        await asyncio.sleep(0.02)


def alive_s(stream: PacketStream, failure: Failure | None) -> float | None:
    """Until when what was sent came back, if the far end then failed or fell silent; None if neither, or never alive.

    In seconds from the start of the stream.
    """
    answered = [number for number in stream.received_at if number < len(stream.sent_at)]
    if not answered:
        return None
    last = stream.sent_at[max(answered)]
    return round(last - stream.started_at, 3) if failure or stream.sent_at[-1] - last >= SILENCE_S else None
