"""Emulated calls through two allocations of a relay, which tells nothing of its own: round trips alone."""

import asyncio
import os
import time
from bisect import bisect_left

from readycheck.model.failure import Failure
from readycheck.net.load import OVERTIME_S
from readycheck.net.turn import TurnSession
from readycheck.probes._load import (
    IDLE_INTERVAL_MS,
    IDLE_PACKETS,
    LONGEST_QUIET_S,
    POLL_S,
    Idle,
    growth,
    rounded,
    sampled,
)
from readycheck.rtc.delay import percentile
from readycheck.rtc.packet_stream import PacketStream
from readycheck.rtc.ramp import Step, settle_s


class RelayLoad:
    """All calls from one allocation to the other: what counts on the wire is their rate."""

    def __init__(
        self, here: TurnSession, there: TurnSession, payload_byte: int, interval_ms: int, seconds: float
    ) -> None:
        self._here, self._there = here, there
        self._payload_byte, self._interval_ms, self._seconds = payload_byte, interval_ms, seconds

    @property
    def failure(self) -> Failure | None:
        """The latest error of either allocation."""
        return self._here.failure or self._there.failure

    async def idle(self) -> Idle | None:
        """Few packets."""
        stream, _ = await self._run(1, IDLE_PACKETS, IDLE_INTERVAL_MS)
        rtt_ms = tuple(delay for delay in stream.rtt_ms() if delay is not None)
        return Idle(rtt_ms) if rtt_ms else None

    async def step(self, calls: int, idle: Idle) -> Step:
        """So many calls at once."""
        settle = settle_s(self._seconds)
        rounds = round((settle + self._seconds) * 1000 / self._interval_ms)
        stream, overrun = await self._run(calls, rounds, self._interval_ms, settle)
        first = bisect_left(stream.sent_at, stream.started_at + settle)
        unsent = {number for number in stream.unsent if number >= first}
        counted = [delay for number, delay in enumerate(stream.rtt_ms(first), first) if number not in unsent]
        rtt_ms = [delay for delay in counted if delay is not None]
        p95_ms = percentile(rtt_ms, 0.95)
        return Step(
            calls=calls,
            sent=len(counted),
            received=len(rtt_ms),
            is_answered_after=bool(rtt_ms) and not self.failure,
            unsent=len(unsent),
            overrun=overrun,
            duplicates=stream.duplicates,
            lateness_p99_ms=rounded(percentile(stream.lateness_ms, 0.99)),
            rtt_p50_ms=percentile(rtt_ms, 0.5),
            rtt_p95_ms=p95_ms,
            rtt_increase_p95_ms=rounded(None if p95_ms is None else p95_ms - idle.rtt_p50_ms),
            rtt_growth_ms=rounded(growth([rtt_ms])),
            rtt_ms=sampled(rtt_ms),
        )

    async def _run(
        self, calls: int, rounds: int, interval_ms: int, uncounted_s: float = 0.0
    ) -> tuple[PacketStream, int]:
        """Send on an absolute schedule, calls spread over the interval, and wait for what is under way.

        Also how many packets came and found our receive queues full, once what is not counted was sent.
        """
        stream = PacketStream(os.urandom(8), self._payload_byte, time.perf_counter())
        self._there.on_data, peer = stream.received, self._there.relayed_address
        unread, ends_at = None, stream.started_at + rounds * interval_ms / 1000 + OVERTIME_S
        for number in range(rounds * calls):
            due_at = stream.started_at + number * interval_ms / 1000 / calls
            await asyncio.sleep(max(0.0, due_at - time.perf_counter()))  # late too: or nothing would be read meanwhile
            now = time.perf_counter()
            if self.failure or now > ends_at:
                break
            if unread is None and now >= stream.started_at + uncounted_s:
                unread = self._unread
            unsent = self._here.unsent
            self._here.send(peer, stream.next_packet(due_at, now))
            if self._here.unsent > unsent:
                stream.unsent.append(number)
        ends_at = time.perf_counter() + LONGEST_QUIET_S
        while not stream.complete and time.perf_counter() < ends_at:
            await asyncio.sleep(POLL_S)
        return stream, self._unread - (unread or 0)

    @property
    def _unread(self) -> int:
        return self._here.unread + self._there.unread
