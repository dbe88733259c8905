"""Loss statistics: runs, burst ratio, reordering, Wilson's interval; bounds.py has those for repeated looks."""

from collections.abc import Sequence
from itertools import groupby
from math import sqrt
from statistics import NormalDist

from readycheck.model.evidence import Interval


def wilson(failures: float, trials: float, confidence: float) -> Interval:
    """The Wilson score interval of a share (Wilson 1927), two-sided; (0, 1) without trials."""
    if trials <= 0:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = failures / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    low = 0.0 if failures == 0 else max(0.0, centre - half)
    return Interval(low, 1.0 if failures == trials else min(1.0, centre + half))


def loss_runs(lost: Sequence[bool]) -> list[int]:
    """Lengths of the runs of consecutive losses, in order."""
    return [len(list(run)) for is_lost, run in groupby(lost) if is_lost]


def burst_ratio(lost: Sequence[bool]) -> float | None:
    """BurstR of G.107: mean loss run over what independent losses of the same share would show.

    None without losses, and when nothing arrived.
    """
    runs, count = loss_runs(lost), len(lost)
    if not runs or sum(runs) == count:
        return None
    share = sum(runs) / count
    return sum(runs) / len(runs) * (1 - share)


def reordered_ratio(arrivals: Sequence[int]) -> float | None:
    """Share of packets that arrived after a later one (RFC 4737 section 3.3); sequence numbers in order of arrival.

    Duplicates are to be left out by the caller. None without packets.
    """
    if not arrivals:
        return None
    highest, late = -1, 0
    for number in arrivals:
        if number < highest:
            late += 1
        highest = max(highest, number)
    return late / len(arrivals)
