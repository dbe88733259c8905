"""Delay statistics of one packet stream: RFC 3550 jitter, RFC 5481 delay variation, percentiles."""

from collections.abc import Sequence
from itertools import pairwise


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that this share of the values does not exceed (nearest rank); None without values."""
    if not values:
        return None
    ordered = sorted(values)
    rank = -int(-share * len(ordered) // 1)  # ceiling
    return ordered[min(max(rank, 1), len(ordered)) - 1]


def interarrival_jitter_ms(delays_ms: Sequence[float | None]) -> float | None:
    """RFC 3550 section 6.4.1, averaged over the run; delays in order of sending, None for a lost packet.

    The last value of J alone scatters by a sixth (science: sd 0.73 around 4.5 ms), so its mean is told. D of two
    packets is the difference of their delays. None with fewer than two packets.
    """
    arrived = [delay for delay in delays_ms if delay is not None]
    if len(arrived) < 2:  # noqa: PLR2004 - a difference needs two
        return None
    jitter, total = 0.0, 0.0
    for earlier, later in pairwise(arrived):
        jitter += (abs(later - earlier) - jitter) / 16
        total += jitter
    return total / (len(arrived) - 1)


def delay_variation_ms(delays_ms: Sequence[float | None]) -> list[float]:
    """PDV of RFC 5481 section 4.2: each delay above the smallest; lost packets have none."""
    arrived = [delay for delay in delays_ms if delay is not None]
    floor = min(arrived, default=0.0)
    return [delay - floor for delay in arrived]
