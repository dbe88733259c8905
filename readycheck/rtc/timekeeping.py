"""What a busy workstation did to its own figures.

A packet that this process reads late seems to have been under way for longer, and one that it sends late, on the heels
of others, may be lost where an even stream would not be. How late the process is shows in its own sending, which has a
schedule. The kernel's time stamps know nothing of all that.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from readycheck.rtc.delay import interarrival_jitter_ms, percentile

ORDINARY_MS = 1.0
"""Timers are late by this on an idle machine; a packet that comes wakes a process without one."""


@dataclass(frozen=True)
class Doubt:
    """By how much figures may be the workstation's own doing; by nothing, unless stated."""

    median_ms: float = 0.0
    """What a median round trip may be too high by."""
    tail_ms: float = 0.0
    """The same of a 95th percentile."""
    jitter_ms: float = 0.0
    """What the jitter may be off by, either way."""
    is_busy: bool = False
    """Too busy to tell delays of the network from its own."""
    own_losses: frozenset[int] = frozenset()
    """Numbers of lost packets that the workstation may have lost itself."""


NO_DOUBT = Doubt()


def doubt(
    lateness_ms: Sequence[float],
    lost: Sequence[bool],
    interval_ms: float,
    *,
    has_kernel_stamps: bool = False,
    unsent: Collection[int] = (),
    unread: int = 0,
) -> Doubt:
    """The rule.

    - Delays are right with the kernel's time stamps. Without them a median may be too high by the median lateness of
      sending, a high percentile by the 99th, and the jitter off by the jitter of the lateness; up to `ORDINARY_MS` a
      lateness is the timer's and no doubt.
    - Once that 99th is above a packet's interval the workstation was too busy: any delay may be too high by it.
    - Of the lost packets these may be its own: those that the system refused (`unsent`), those that left more than an
      interval late, in a bunch, and as many as its receive queue had no room for (`unread`).
    """
    bunched = (number for number, late_ms in enumerate(lateness_ms[: len(lost)]) if late_ms > interval_ms)
    own = {number for number in (*bunched, *unsent) if lost[number]}
    others = [number for number, is_lost in enumerate(lost) if is_lost and number not in own]
    own_losses = frozenset(own | set(others[:unread]))
    worst_ms, median_ms = percentile(lateness_ms, 0.99) or 0.0, percentile(lateness_ms, 0.5) or 0.0
    if has_kernel_stamps or worst_ms <= ORDINARY_MS:
        return Doubt(own_losses=own_losses)
    is_busy = worst_ms > interval_ms
    return Doubt(
        median_ms=worst_ms if is_busy else median_ms if median_ms > ORDINARY_MS else 0.0,
        tail_ms=worst_ms,
        jitter_ms=interarrival_jitter_ms(lateness_ms) or 0.0,
        is_busy=is_busy,
        own_losses=own_losses,
    )


def lateness_ms(sent_after_ms: Sequence[float], interval_ms: float) -> list[float]:
    """How late each packet of an even schedule left, from the differences of the times of sending."""
    late, at_ms = [], 0.0
    for number, after_ms in enumerate(sent_after_ms):
        at_ms += after_ms
        late.append(max(0.0, at_ms - number * interval_ms))
    return late
