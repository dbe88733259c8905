"""What a link does to packets in one direction, and the fate of each: seeded, without sockets, time is an argument."""

import random
from dataclasses import dataclass
from typing import Literal

Cause = Literal["outage", "loss", "burst", "queue"]


@dataclass(frozen=True)
class Way:
    """One direction of a link; as it stands, everything passes at once."""

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    """Standard deviation of a Gaussian around the delay."""
    keeps_order: bool = True
    """Whether packets wait for slower ones before them, as in a queue, or may overtake."""
    loss_ratio: float = 0.0
    """Of independent losses."""
    burst_ratio: float = 0.0
    """Of losses in runs (Gilbert 1960), beside the independent ones."""
    burst_mean_run: float = 3.0
    duplicate_ratio: float = 0.0
    reorder_ratio: float = 0.0
    """Of packets that are held back, so that later ones overtake them."""
    reorder_ms: float = 30.0
    """For how long."""
    rate_bps: float | None = None
    """Of whole IP packets; None is no limit."""
    queue_byte: int = 64_000
    """What may wait for the rate; more is dropped at the tail."""
    outages_s: tuple[tuple[float, float], ...] = ()
    """When nothing passes: from and to, in seconds since the first packet of a conversation, either way."""
    only_byte: int | None = None
    """What meets these faults: IP packets of this size, so that signalling is spared; None is all. Delays meet all."""


@dataclass(frozen=True)
class Fate:
    """What becomes of one packet."""

    cause: Cause | None
    """Why it is dropped; None if it is not."""
    delay_s: float
    held_s: float
    """On top of the delay, if it is to be overtaken."""
    copies: int


class Fates:
    """The fates of one flow's packets, one after the other; the same seed and way give the same ones."""

    def __init__(self, way: Way, seed: str) -> None:
        self._way = way
        self._random = random.Random(seed)
        self._in_burst = False

    def following(self, since_start_s: float, byte: int = 0) -> Fate:
        """The next packet's; each takes the same count of random numbers, whatever becomes of it."""
        way, draw = self._way, self._random.random
        lost, turned, doubled, held = draw(), draw(), draw(), draw()
        delay_s = max(0.0, way.delay_ms + way.jitter_ms * self._random.gauss(0, 1)) / 1000
        end = 1 / way.burst_mean_run
        begin = end * way.burst_ratio / (1 - way.burst_ratio)
        self._in_burst = turned >= end if self._in_burst else turned < begin
        if way.only_byte not in (None, byte):
            return Fate(None, delay_s, 0.0, 1)
        cause: Cause | None = None
        if any(begins <= since_start_s < ends for begins, ends in way.outages_s):
            cause = "outage"
        elif lost < way.loss_ratio:
            cause = "loss"
        elif self._in_burst:
            cause = "burst"
        held_s = way.reorder_ms / 1000 if held < way.reorder_ratio else 0.0
        return Fate(cause, delay_s, held_s, 2 if doubled < way.duplicate_ratio else 1)


class Bottleneck:
    """A rate with a queue before it that drops at the tail."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._free_at = 0.0

    def leaves_at(self, now: float, byte: int) -> float | None:
        """When a packet that comes now has left; None if it finds no room."""
        rate_bps = self._way.rate_bps
        if rate_bps is None:
            return now
        begins_at = max(now, self._free_at)
        if (begins_at - now) * rate_bps / 8 + byte > self._way.queue_byte:
            return None
        self._free_at = begins_at + byte * 8 / rate_bps
        return self._free_at
