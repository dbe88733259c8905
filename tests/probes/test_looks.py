"""Looks at the figures beside the loop."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from readycheck.model.evidence import Evidence
from readycheck.probes._looks import Looks
from readycheck.rtc.sequential import StoppingRule

RULE = StoppingRule((), min_seconds=2, max_seconds=60)


async def answer_of(looks: Looks) -> bool:
    """What the look that is under way says."""
    assert looks._look
    await asyncio.wait([looks._look])
    return looks.say_enough()


async def test_nothing_waits_for_a_look() -> None:
    """While one takes its time nothing is said and no other begins; then it counts, once."""
    may_end, snapshots = threading.Event(), 0

    def work_out() -> Evidence:
        may_end.wait(10)
        return Evidence()

    def snapshot() -> Callable[[], Evidence]:
        nonlocal snapshots
        snapshots += 1
        return work_out

    looks = Looks(RULE, snapshot)
    looks.begin(1.9)
    assert snapshots == 0
    for elapsed_s in (2.0, 2.5, 3.0):
        looks.begin(elapsed_s)
        assert not looks.say_enough()
    may_end.set()

    assert await answer_of(looks)
    assert not looks.say_enough()
    assert snapshots == 1


async def test_a_fault_in_a_look_is_no_silence() -> None:
    """It comes out where the look is asked for its answer."""

    def work_out() -> Evidence:
        raise ZeroDivisionError

    looks = Looks(RULE, lambda: work_out)
    looks.begin(2.0)
    with pytest.raises(ZeroDivisionError):
        await answer_of(looks)
