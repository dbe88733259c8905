"""Emulated calls towards a STAMP reflector: what came of them, without load and step by step."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from readycheck.model.failure import Failure
from readycheck.net.load import OVERTIME_S, Load
from readycheck.rtc.delay import percentile
from readycheck.rtc.load_flow import FlowCount, LoadFlow
from readycheck.rtc.ramp import Step, settle_s

IDLE_PACKETS, IDLE_INTERVAL_MS = 15, 50
POLL_S = 0.02
LONGEST_QUIET_S = 1.0
"""How long nothing must come until nothing is expected any more, before a round trip is known."""
CLOSING_WAITS_S = (0.1, 0.2, 0.4, 0.8)
"""After each round of closing packets; longer than the second in which a cap counts."""
LONGEST_PAUSE_S = OVERTIME_S + LONGEST_QUIET_S + sum(max(wait_s, LONGEST_QUIET_S / 2) for wait_s in CLOSING_WAITS_S)
"""What a step may take beyond its schedule: sent late, waited for, asked about."""
MOST_SAMPLES = 100


@dataclass(frozen=True)
class Idle:
    """Delays without load; those of one way above an offset that they share with the loaded ones."""

    rtt_ms: tuple[float, ...]
    up_p50_ms: float | None = None
    down_p50_ms: float | None = None

    @property
    def rtt_p50_ms(self) -> float:
        """Median round trip; never asked for without any."""
        return percentile(self.rtt_ms, 0.5) or 0.0


class Loaded(Protocol):
    """Whatever emulated calls go through."""

    @property
    def failure(self) -> Failure | None:
        """The latest error."""

    async def idle(self) -> Idle | None:
        """Round trips without load; None if nothing came back."""

    async def step(self, calls: int, idle: Idle) -> Step:
        """So many calls at once, and what became of them."""


@dataclass(frozen=True)
class _Run:
    """What became of what was sent while it was counted."""

    flows: list[tuple[FlowCount, int]]
    """Each with the packets that came and found its receive queue full."""
    unsent: int


class ReflectorLoad:
    """Calls over a `Load`."""

    def __init__(self, load: Load, interval_ms: int, seconds: float) -> None:
        self._load = load
        self._interval_ms, self._seconds = interval_ms, seconds
        self._quiet_s = LONGEST_QUIET_S

    @property
    def failure(self) -> Failure | None:
        """The latest error."""
        return self._load.failure

    async def idle(self) -> Idle | None:
        """Few packets of one flow."""
        ((count, _),) = (await self._run(1, IDLE_PACKETS * IDLE_INTERVAL_MS / 1000, IDLE_INTERVAL_MS, 0.0)).flows
        if not count.rtt_ms:
            return None
        self._quiet_s = min(LONGEST_QUIET_S, max(0.2, 4 * max(count.rtt_ms) / 1000))
        return Idle(count.rtt_ms, percentile(count.up_ms, 0.5), percentile(count.down_ms, 0.5))

    async def step(self, calls: int, idle: Idle) -> Step:
        """So many calls at once."""
        settle = settle_s(self._seconds)
        run = await self._run(calls, settle + self._seconds, self._interval_ms, settle)
        answered = [flow.closed for flow in self._flows(calls)]
        closed = [one for one, is_closed in zip(run.flows, answered, strict=True) if is_closed] or run.flows
        told = [count for count, _ in closed]
        lost_up = [count.lost_up for count in told]
        rtt_ms = list(chain.from_iterable(count.rtt_ms for count in told))
        return Step(
            calls=calls,
            sent=sum(count.sent for count in told),
            received=sum(count.received for count in told),
            lost_up=None if None in lost_up else sum(lost or 0 for lost in lost_up),
            is_answered_after=any(answered),
            cut=sum(count.cut for count in told),
            unsent=run.unsent,
            overrun=sum(overrun for _, overrun in closed),
            duplicates=sum(count.duplicates for count in told),
            shortened=sum(count.shortened for count in told),
            lateness_p99_ms=rounded(percentile(self._load.lateness_ms, 0.99)),
            far_end_lateness_p99_ms=rounded(_p(told, "stayed_ms", 0.99)),
            rtt_p50_ms=percentile(rtt_ms, 0.5),
            rtt_p95_ms=percentile(rtt_ms, 0.95),
            rtt_increase_p95_ms=rounded(_above(percentile(rtt_ms, 0.95), idle.rtt_p50_ms)),
            up_increase_p95_ms=rounded(_above(_p(told, "up_ms", 0.95), idle.up_p50_ms)),
            down_increase_p95_ms=rounded(_above(_p(told, "down_ms", 0.95), idle.down_p50_ms)),
            rtt_growth_ms=rounded(growth([count.rtt_ms for count in told])),
            up_growth_ms=rounded(growth([count.up_ms for count in told])),
            down_growth_ms=rounded(growth([count.down_ms for count in told])),
            rtt_ms=sampled(told[0].rtt_ms),
        )

    def _flows(self, calls: int) -> list[LoadFlow]:
        return self._load.flows[:calls]

    async def _run(self, calls: int, seconds: float, interval_ms: int, uncounted_s: float) -> _Run:
        flows = self._flows(calls)
        for flow in flows:
            flow.begin()
        began_at = self._load.send(calls, seconds, interval_ms)
        await asyncio.sleep(uncounted_s)
        unsent, unread = self._load.unsent, self._load.unread()
        while self._load.sending:
            await asyncio.sleep(POLL_S)
        await self._drain(flows)
        overrun = [after - before for after, before in zip(self._load.unread(), unread, strict=True)]
        if any(flow.was_answered for flow in flows):
            await self._close(flows)
        counts = [flow.count(round((began_at + uncounted_s) * 1e9)) for flow in flows]
        return _Run(list(zip(counts, overrun, strict=False)), self._load.unsent - unsent)

    async def _drain(self, flows: Sequence[LoadFlow]) -> None:
        """Wait for what is still under way: until all came, or nothing for a while."""
        heard_at = began_at = time.perf_counter()
        while (now := time.perf_counter()) - heard_at < self._quiet_s and now - began_at < LONGEST_QUIET_S:
            if any(flow.arrivals for flow in flows):
                heard_at = now
            for flow in flows:
                flow.read()
            if all(flow.complete for flow in flows):
                return
            await asyncio.sleep(POLL_S)

    async def _close(self, flows: Sequence[LoadFlow]) -> None:
        """Have the reflector say how many packets came."""
        for wait_s in CLOSING_WAITS_S:
            self._load.ask([flow for flow in flows if not flow.closed])
            ends_at = time.perf_counter() + max(wait_s, self._quiet_s / 2)
            while time.perf_counter() < ends_at:
                await asyncio.sleep(POLL_S)
                for flow in flows:
                    flow.read()
                if all(flow.closed for flow in flows):
                    return


def _p(counts: Sequence[FlowCount], column: str, share: float) -> float | None:
    return percentile(list(chain.from_iterable(getattr(count, column) for count in counts)), share)


def _above(value: float | None, base: float | None) -> float | None:
    return None if value is None or base is None else value - base


def growth(columns: Sequence[Sequence[float]]) -> float | None:
    """Median of the last thirds of these delays in order of sending, above that of the first thirds."""
    first = list(chain.from_iterable(column[: len(column) // 3] for column in columns))
    last = list(chain.from_iterable(column[len(column) - len(column) // 3 :] for column in columns))
    return _above(percentile(last, 0.5), percentile(first, 0.5))


def rounded(value: float | None) -> float | None:
    """To the microsecond."""
    return None if value is None else round(value, 3)


def sampled(values: Sequence[float]) -> tuple[float, ...]:
    """A hundred values at most, evenly from all."""
    return tuple(values[:: -(-len(values) // MOST_SAMPLES)]) if values else ()
