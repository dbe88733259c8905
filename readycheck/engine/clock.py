"""Time as an argument: the one place where the real clocks are read."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Two clocks: one to measure with, one to tell the date with."""

    def monotonic_s(self) -> float:
        """Seconds that only ever grow."""

    def now(self) -> datetime:
        """The date and time, UTC."""


@dataclass(frozen=True)
class SystemClock:
    """The machine's own clocks."""

    def monotonic_s(self) -> float:
        """Seconds of the performance counter: the event loop's clock ticks at 15.6 ms on Windows."""
        return time.perf_counter()

    def now(self) -> datetime:
        """The date and time, UTC."""
        return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
