"""The arithmetic of a load test: how many calls next, and what the steps so far prove. No sockets, no clock.

A step is carried while no more than LOSS_RATIO of its packets are lost each way and the round trip does not rise by
more than DELAY_MS; that is proven once the upper bound of both losses lies within LOSS_RATIO. It is broken once that is
proven; a share that its packets do not prove is neither. What the sender or the far end could not keep up with says
nothing of the network and ends the ramp.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from readycheck.rtc.loss import wilson

LOSS_RATIO = 0.01
"""What bandwidth.up_bps and down_bps are sustained at."""
DELAY_MS = 150.0
"""Round trip p95 above the idle median: as much as G.114 gives the whole way of a voice for good quality."""
GROWTH_MS = 30.0
"""Of the delay within the window, from its first third to its last: one part in 66 more than the link takes, or else
the network's own unrest. Either way the step proves nothing, carried or not.
"""
LATE_MS = 20.0
"""Lateness p99 of an end: one packet's time; later packets are no stream of 50 a second."""
SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)
MOST_STEPS = 8
NARROW = 0.05
"""Carried and broken this close together, as a share of the broken: near enough."""
MOST_SETTLE_S = 1.0
"""Before what is counted of each step: queues fill."""
CONFIDENCE = 0.95
PROVING_PACKETS = 400
"""So many without a loss prove LOSS_RATIO: Wilson's upper bound of none lost is z²/(n + z²), 1 % at 380."""

Broke = Literal["none", "up", "down", "both", "unknown", "sender", "far_end"]
Way = Literal["up", "down"]
Fate = Literal["carried", "unproven", "broken"]


@dataclass(frozen=True)
class Step:
    """So many calls at once, and what became of their packets once the queues had filled."""

    calls: int
    sent: int
    received: int
    lost_up: int | None = None
    """None if the far end does not count, or did not answer after the step."""
    is_answered_after: bool = True
    """Whether the far end still answered when the load had ended."""
    cut: int = 0
    """Packets that the far end received and by its own account did not answer: its cap. Of the whole step, for it
    tells no more.
    """
    unsent: int = 0
    overrun: int = 0
    """Packets that our own system did not take, and those that came and found its buffers full; as `sent`, counted
    once the queues had filled.
    """
    duplicates: int = 0
    shortened: int = 0
    """Replies with fewer octets than what they answer: nothing is proven of so many calls on the way back."""
    lateness_p99_ms: float | None = None
    far_end_lateness_p99_ms: float | None = None
    """How long the far end kept packets, arrival to answer."""
    rtt_p50_ms: float | None = None
    rtt_p95_ms: float | None = None
    rtt_increase_p95_ms: float | None = None
    """95th percentile under this load, minus the median without load."""
    up_increase_p95_ms: float | None = None
    down_increase_p95_ms: float | None = None
    rtt_growth_ms: float | None = None
    """Median of the window's last third above that of its first: a queue that fills."""
    up_growth_ms: float | None = None
    down_growth_ms: float | None = None
    rtt_ms: tuple[float, ...] = ()
    """A hundred at most, evenly from all, in order of sending."""

    @property
    def broke(self) -> Broke:
        """What gave way first: an end of our own before any direction."""
        if (self.lateness_p99_ms or 0.0) > LATE_MS or self.unsent + self.overrun > LOSS_RATIO * self.sent:
            return "sender"
        if (self.far_end_lateness_p99_ms or 0.0) > LATE_MS or self.cut > LOSS_RATIO * self.sent:
            return "far_end"
        up, down = self.fate("up") == "broken", self.fate("down") == "broken"
        if up or down:
            return "both" if up and down else "up" if up else "down"
        return "unknown" if self.is_broken else "none"

    @property
    def is_by_the_network(self) -> bool:
        """Whether what became of the packets is the network's doing alone."""
        return self.broke not in ("sender", "far_end") and self.is_answered_after

    @property
    def is_carried(self) -> bool:
        """Whether the packets of both ways arrived, and in time, and would go on to."""
        if not self.is_by_the_network or self._is_slow or _grows(self.rtt_growth_ms):
            return False
        return {self.fate("up"), self.fate("down")} <= {"carried", None} and self._whole == "carried"

    @property
    def is_proven(self) -> bool:
        """Whether that is no luck: the upper bounds of the losses are within the limit too, at a call's size."""
        return self.is_carried and not self.shortened and self.proves("up") and self.proves("down")

    def proves(self, way: Way) -> bool:
        """Whether one direction lost too few for more than LOSS_RATIO; of both together where they cannot be told."""
        return (wilson(*self._lost_of(way), CONFIDENCE).high or 0.0) <= LOSS_RATIO

    @property
    def is_settled(self) -> bool:
        """Whether the network had this load and its delay does not rise any further."""
        return self.is_by_the_network and not self.shortened and not _grows(self.rtt_growth_ms)

    @property
    def is_broken(self) -> bool:
        """Whether it is proven that they did not."""
        return self._is_slow or "broken" in (self.fate("up"), self.fate("down"), self._whole)

    def fate(self, way: Way) -> Fate | None:
        """What became of one direction; None if it cannot be told."""
        if self.lost_up is None:
            return None
        if self._is_slow and self._slowed(way):
            return "broken"
        if self._is_slow and not (self._slowed("up") or self._slowed("down")):
            return "unproven"
        grows = _grows(self.up_growth_ms if way == "up" else self.down_growth_ms)
        share = _share(*self._lost(way))
        return "unproven" if grows and share == "carried" else share

    def tells(self, way: Way) -> bool:
        """Whether its packets say what one direction carries: told apart from the other, and of a call's size."""
        return self.is_by_the_network and self.lost_up is not None and not (way == "down" and self.shortened)

    def delivered_ratio(self, way: Way) -> float | None:
        """Share of what was given to one direction that it delivered."""
        if self.lost_up is None:
            return None
        lost, given = self._lost(way)
        return 1 - lost / given if given else None

    @property
    def kept_ratio(self) -> float:
        """Share of the packets that the worse direction delivered; of both together where they cannot be told apart."""
        if self.lost_up is None:
            return self.received / self.sent if self.sent else 0.0
        return min(self.delivered_ratio("up") or 0.0, self.delivered_ratio("down") or 0.0)

    def most_kept_ratio(self, way: Way) -> float:
        """The same of one direction as its packets prove it at most."""
        lost, given = self._lost_of(way)
        return 1 - (wilson(lost, given, CONFIDENCE).low or 0.0) if given else 1.0

    def offered_bps(self, way: Way, call_bps: float) -> float:
        """What was given to one direction: to the way back, no more than came out of the way out."""
        up_bps = self.calls * call_bps
        return up_bps if way == "up" else up_bps * (self.delivered_ratio("up") or 0.0)

    @property
    def _lost_between(self) -> int:
        """Packets lost there and back; what our own buffers dropped had come through."""
        return max(0, self.sent - self.received - self.overrun)

    def _lost(self, way: Way) -> tuple[int, int]:
        """Packets lost in one direction, and those given to it."""
        lost_up = self.lost_up or 0
        return (lost_up, self.sent) if way == "up" else (max(0, self._lost_between - lost_up), self.sent - lost_up)

    def _lost_of(self, way: Way) -> tuple[int, int]:
        """The same, or the round trips lost and sent where the directions cannot be told apart."""
        return self._lost(way) if self.lost_up is not None else (self._lost_between, self.sent)

    @property
    def _whole(self) -> Fate | None:
        """What became of the round trips, where the directions cannot be told apart."""
        return _share(self._lost_between, self.sent) if self.lost_up is None else "carried"

    @property
    def _is_slow(self) -> bool:
        return (self.rtt_increase_p95_ms or 0.0) > DELAY_MS

    def _slowed(self, way: Way) -> bool:
        """Whether this direction had half of the limit or more to do with it."""
        return ((self.up_increase_p95_ms if way == "up" else self.down_increase_p95_ms) or 0.0) > DELAY_MS / 2


def _grows(growth_ms: float | None) -> bool:
    return (growth_ms or 0.0) > GROWTH_MS


def _share(lost: int, of: int) -> Fate:
    """Whether a loss lies within the limit, or by its lower bound beyond it."""
    if not of:
        return "unproven"
    if lost / of <= LOSS_RATIO:
        return "carried"
    return "broken" if (wilson(lost, of, CONFIDENCE).low or 0.0) > LOSS_RATIO else "unproven"


def first_calls(asked: int) -> list[int]:
    """The steps up to what is asked, as long as nothing breaks."""
    return sorted({ceil(asked * share) for share in SHARES})


def next_calls(asked: int, steps: Sequence[Step]) -> int | None:
    """Calls of the next step; None if there is nothing more to learn.

    Upwards by shares of what is asked until something is proven to break; then what the broken step still delivered,
    then halves. An end that was late once may have stumbled and is given the same step again.
    """
    if len(steps) >= MOST_STEPS:
        return None
    if steps and not steps[-1].is_by_the_network:
        again = steps[-1].is_answered_after and not _stumbled_before(steps)
        return steps[-1].calls if again else None
    told = [one for one in steps if one.is_by_the_network]
    broken = broken_step(told)
    if broken is None:
        tried = max((one.calls for one in told), default=0)
        return next((calls for calls in first_calls(asked) if calls > tried), None)
    carried, most = carried_calls(told), most_calls(told) or 0
    doubted = min(one.calls for one in told if not one.is_carried)
    if most - carried <= max(1, NARROW * most) or doubted - carried <= 1:
        return None
    guess = int(broken.calls * broken.kept_ratio * 0.98)
    return guess if carried < guess < doubted else (carried + doubted) // 2


def _stumbled_before(steps: Sequence[Step]) -> bool:
    """Whether the step before the last was the same, and as little the network's doing."""
    return len(steps) > 1 and steps[-2].calls == steps[-1].calls and not steps[-2].is_by_the_network


def carried_calls(steps: Sequence[Step]) -> int:
    """Most calls that were carried both ways; 0 if none were."""
    return max((one.calls for one in steps if one.is_carried), default=0)


def proven_calls(steps: Sequence[Step]) -> int:
    """Most calls that were proven to be carried both ways; 0 if none were."""
    return max((one.calls for one in steps if one.is_proven), default=0)


def is_reached(asked: int, steps: Sequence[Step]) -> bool:
    """Whether the network had all that was asked of it, and its delay did not rise any further."""
    return any(one.calls >= asked and one.is_settled for one in steps)


def broken_step(steps: Sequence[Step]) -> Step | None:
    """The fewest calls that the network proved unable to carry."""
    broken = [one for one in steps if one.is_by_the_network and one.is_broken]
    return min(broken, key=lambda one: one.calls, default=None)


def most_calls(steps: Sequence[Step]) -> int | None:
    """What the network cannot exceed: of the calls that broke it, what it still delivered; None if it never broke."""
    broken = broken_step(steps)
    if broken is None:
        return None
    kept = min(broken.most_kept_ratio("up"), broken.most_kept_ratio("down"))
    delivered = int(broken.calls * kept / (1 - LOSS_RATIO))
    return max(carried_calls(steps), min(broken.calls - 1, delivered))


def stopped_by(steps: Sequence[Step]) -> Broke:
    """What gave way first; `none` if what was asked was reached, or nothing is proven."""
    first = broken_step(steps)
    if first:
        return first.broke
    return steps[-1].broke if steps and not steps[-1].is_by_the_network else "none"


@dataclass(frozen=True)
class Sustained:
    """Bits a second that one direction carried, those that are proven, and what it cannot exceed."""

    bps: float
    proven_bps: float
    most_bps: float | None
    """None where it never broke."""


def sustained(steps: Sequence[Step], way: Way, call_bps: float) -> Sustained | None:
    """What one direction carries; None if no step tells, or it carried none: less than those was not tried."""
    bps, proven_bps, most_bps = None, 0.0, None
    for step in (one for one in steps if one.tells(way)):
        offered_bps = step.offered_bps(way, call_bps)
        if step.fate(way) == "carried":
            carried_bps = offered_bps * (step.delivered_ratio(way) or 0.0)
            bps = max(bps or 0.0, carried_bps)
            proven_bps = max(proven_bps, carried_bps) if step.proves(way) else proven_bps
        elif step.fate(way) == "broken":
            high_bps = min(offered_bps, offered_bps * step.most_kept_ratio(way) / (1 - LOSS_RATIO))
            most_bps = high_bps if most_bps is None else min(most_bps, high_bps)
    if bps is None:
        return None
    return Sustained(bps, proven_bps, None if most_bps is None else max(bps, most_bps))


def settle_s(seconds: float) -> float:
    """How long queues are given to fill before so many seconds are counted."""
    return min(MOST_SETTLE_S, seconds / 3)


def call_seconds(asked: int, seconds: float) -> float:
    """Most calls times seconds that a ramp to so many sends, of whose steps so many seconds are counted."""
    planned = first_calls(asked)
    return (sum(planned) + (_most_steps(asked) - len(planned)) * asked) * (settle_s(seconds) + seconds)


def longest_s(asked: int, seconds: float, pause_s: float) -> float:
    """Most seconds that such a ramp takes, with a pause after each step."""
    return _most_steps(asked) * (settle_s(seconds) + seconds + pause_s)


def _most_steps(asked: int) -> int:
    return MOST_STEPS if asked > 1 else 2
