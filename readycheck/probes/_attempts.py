"""Attempts at one target: one after the other, and none begun when time runs short."""

import time
from collections.abc import Iterator
from dataclasses import replace

from readycheck.model.visit import Visit

BEGIN_WITHIN_S = 3.5
"""With a visit's own limit of 6.5 s, a target that never answers has cost 10 s."""
TARGETS_AT_ONCE = 50
"""Sockets are watched with select(), which knows a thousand; other probes have theirs."""


def attempts_in_time(most: int, begin_within_s: float = BEGIN_WITHIN_S) -> Iterator[int]:
    """Numbers of the attempts to make: the first in any case, others only within this time of it."""
    begun_s = time.perf_counter()
    for number in range(most):
        if number and time.perf_counter() - begun_s > begin_within_s:
            return
        yield number


def kept(visit: Visit) -> Visit:
    """The visit as it is kept: the whole chain stands in the proxy probe's evidence; one not believed shows its end."""
    if visit.chain is None or visit.chain.verified:
        return replace(visit, chain=None)
    return replace(visit, chain=replace(visit.chain, certificates=visit.chain.certificates[:1]))
