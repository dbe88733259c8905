"""When a measurement may end: once the bounds of its figures settle every limit that was set, between two times."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from readycheck.model.evidence import Quantity, Scale
from readycheck.rtc.bounds import packets_without_loss

FIRST_LOOKS_S = 0.25
LATER_LOOKS = 0.01
"""Share of the time so far: later looks are dearer and tell less."""


@dataclass(frozen=True)
class Limit:
    """What a requirement asks of one figure, by the figure's name within its probe."""

    metric: str
    at_most: float | None = None
    at_least: float | None = None
    scale: Scale | None = None

    def settled_by(self, quantity: Quantity) -> bool:
        """Whether more of the same would change nothing: all of the bounds meet the limit, or none of them does.

        Settled as well is what time cannot help: a figure that is not measured, one on another scale, one without
        bounds.
        """
        interval = quantity.interval
        if quantity.value is None or not interval or (self.scale and self.scale != quantity.scale):
            return True
        low = float("-inf") if interval.low is None else interval.low
        high = float("inf") if interval.high is None else interval.high
        if self.at_most is not None:
            return high <= self.at_most or low > self.at_most
        return self.at_least is None or low >= self.at_least or high < self.at_least


@dataclass(frozen=True)
class StoppingRule:
    """Not before `min_seconds`, never after `max_seconds`, in between as soon as no limit is open.

    It looks as often as it likes, since the bounds allow for that.
    """

    limits: tuple[Limit, ...]
    min_seconds: float
    max_seconds: float

    def expected_s(self, elapsed_s: float) -> float:
        """How long it may yet take, for whoever watches."""
        return self.min_seconds if elapsed_s < self.min_seconds else self.max_seconds

    def next_look_s(self, elapsed_s: float) -> float:
        """When to ask again."""
        if elapsed_s < self.min_seconds:
            return self.min_seconds
        return min(self.max_seconds, elapsed_s + max(FIRST_LOOKS_S, LATER_LOOKS * elapsed_s))

    def ends(self, elapsed_s: float, figure: Callable[[str], Quantity]) -> bool:
        """Whether the measurement ends now; `figure` gives a metric as it stands."""
        if elapsed_s < self.min_seconds:
            return False
        return elapsed_s >= self.max_seconds or not any(self.open_limits(figure))

    def open_limits(self, figure: Callable[[str], Quantity]) -> Iterable[Limit]:
        """The limits that the figures leave open."""
        return (limit for limit in self.limits if not limit.settled_by(figure(limit.metric)))


def seconds_without_loss(limit: float, confidence: float, interval_ms: float) -> float:
    """How long a link without loss must be measured to prove a limit of the loss ratio; inf for a limit of none."""
    return packets_without_loss(limit, confidence) * interval_ms / 1000
