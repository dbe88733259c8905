"""How a figure moved from one report to another, as far as its bounds prove it."""

import math
from collections.abc import Mapping
from enum import StrEnum, auto
from typing import TypeGuard

from readycheck.model.report import Metric

_SAMPLING = {"path", "call", "bandwidth", "workstation"}
"""Probes that sample what never stands still: their figures without bounds may differ by chance alone."""

Interval = tuple[float, float]


class Movement(StrEnum):
    """How a figure stands to the one before it, as far as bounds prove it."""

    SAME = auto()
    BETTER = auto()
    WORSE = auto()
    CHANGED = auto()
    UNPROVEN = auto()
    INCOMPARABLE = auto()


Measured = tuple[Metric, Mapping[str, Metric]]
"""A figure, and the figures measured beside it."""


def movement(name: str, then: Measured, now: Measured, *, upwards: bool | None = None) -> Movement | None:
    """How a figure moved; None if it was not measured both times.

    A difference counts where the two intervals have no point in common. A pair of median and 95th percentile serves
    as an interval: half of the one lot then lies beyond nearly all of the other.
    """
    before, after = then[0], now[0]
    if before.value is None or after.value is None:
        return None
    if (before.unit, before.scale) != (after.unit, after.scale):
        return Movement.INCOMPARABLE
    if before.value == after.value and isinstance(before.value, bool) == isinstance(after.value, bool):
        return Movement.SAME
    if not (_is_number(before.value) and _is_number(after.value)):
        return Movement.CHANGED
    return _apart(_interval(name, *then), _interval(name, *now), upwards=upwards)


def _apart(was: Interval | None, became: Interval | None, *, upwards: bool | None) -> Movement:
    """How one interval stands to the other."""
    if was is None or became is None or (was[0] <= became[1] and became[0] <= was[1]):
        return Movement.UNPROVEN
    if upwards is None:
        return Movement.CHANGED
    return Movement.BETTER if (became[0] > was[1]) == upwards else Movement.WORSE


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _interval(name: str, metric: Metric, others: Mapping[str, Metric]) -> Interval | None:
    """Where the figure lies; None if nothing says how far chance may move it."""
    if metric.bounded:
        return (-math.inf if metric.low is None else metric.low, math.inf if metric.high is None else metric.high)
    pair = [others.get(name.replace("_p95_", "_p50_")), others.get(name.replace("_p50_", "_p95_"))]
    low, high = (item.value if item and item.unit == metric.unit else None for item in pair)
    if pair[0] is not pair[1] and _is_number(low) and _is_number(high):
        return low, high
    counted = metric.unit == "ratio" or isinstance(metric.value, int)
    if counted and name.partition(".")[0] not in _SAMPLING and _is_number(metric.value):
        return metric.value, metric.value
    return None
