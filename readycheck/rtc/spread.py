"""How sure delay figures are: bounds of percentiles and of the jitter, valid however often they are looked at."""

from collections.abc import Sequence
from itertools import pairwise
from math import log, sqrt
from statistics import fmean, stdev

from readycheck.model.evidence import Interval
from readycheck.rtc.bounds import COMMON, Chain
from readycheck.rtc.delay import percentile

_BLOCK = 25
_FEWEST_BLOCKS = 4
_TUNING = 0.44
"""Narrowest near twenty blocks, ten seconds of a call: (2 ln 20 + ln(2 ln 20) + 1) / 20."""


def percentile_bounds(values: Sequence[float], share: float, confidence: float) -> Interval | None:
    """Bounds of a percentile (Woodruff 1952): those of the share of values above it, read from the values again.

    Delays depend on their neighbours, so the share above is bounded as the losses are, runs and all. A side is
    unbounded while all values may well lie on the other side of the percentile: above a 95th, fewer than 59 at 95 %
    (Wilks 1941). None without values.
    """
    middle = percentile(values, share)
    if middle is None:
        return None
    above = Chain.of([value > middle for value in values], COMMON).bounds(confidence)
    low, high = percentile(values, 1 - (above.high or 0.0)), percentile(values, 1 - (above.low or 0.0))
    count, doubt = len(values), 1 - confidence
    return Interval(low if (1 - share) ** count <= doubt else None, high if share**count <= doubt else None)


def jitter_bounds(delays_ms: Sequence[float], jitter_ms: float, confidence: float) -> Interval | None:
    """Bounds of the mean jitter, from the scatter of its means over half seconds.

    The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024); None for
    less than two seconds.
    """
    steps = [abs(later - earlier) for earlier, later in pairwise(delays_ms)]
    means = [fmean(steps[start : start + _BLOCK]) for start in range(0, len(steps) - _BLOCK + 1, _BLOCK)]
    count = len(means)
    if count < _FEWEST_BLOCKS:
        return None
    growth = count * _TUNING + 1
    half = stdev(means) * sqrt(2 * growth / (count * count * _TUNING) * log(sqrt(growth) / (1 - confidence)))
    return Interval(max(0.0, jitter_ms - half), jitter_ms + half)
