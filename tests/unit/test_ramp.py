"""The ramp's arithmetic with literal steps."""

from dataclasses import replace
from typing import Any

import pytest

from readycheck.rtc.ramp import (
    MOST_STEPS,
    PROVING_PACKETS,
    Step,
    Sustained,
    broken_step,
    call_seconds,
    carried_calls,
    first_calls,
    is_reached,
    longest_s,
    most_calls,
    next_calls,
    proven_calls,
    stopped_by,
    sustained,
)

CALL_BPS = 55_200


def step(calls: int, lost_up: int = 0, lost_down: int = 0, **facts: Any) -> Step:
    """A step of three seconds at 50 packets a second."""
    sent = 150 * calls
    return replace(Step(calls, sent, sent - lost_up - lost_down, lost_up), **facts)


def ramp_over(asked: int, capacity: float) -> list[Step]:
    """A whole ramp over a link that loses on the way up what is beyond its capacity."""
    steps: list[Step] = []
    while (calls := next_calls(asked, steps)) is not None:
        steps.append(step(calls, lost_up=round(150 * max(0.0, calls - capacity))))
    return steps


@pytest.mark.parametrize(
    ("asked", "calls"),
    [(1, [1]), (2, [1, 2]), (4, [1, 2, 3, 4]), (10, [1, 3, 5, 8, 10]), (1000, [100, 250, 500, 750, 1000])],
)
def test_steps_while_nothing_breaks(asked: int, calls: list[int]) -> None:
    """One call is one step; many are reached by shares, and nothing beyond what was asked is ever sent."""
    assert first_calls(asked) == calls
    assert [one.calls for one in ramp_over(asked, asked)] == calls


@pytest.mark.parametrize(("asked", "capacity"), [(60, 32.9), (100, 36), (1000, 5), (181, 150.5), (2, 1.5), (7, 2.2)])
def test_after_a_break(asked: int, capacity: float) -> None:
    """What the broken step still delivered leads close to the truth within few steps; the truth is in the bounds."""
    steps = ramp_over(asked, capacity)
    carried, most = carried_calls(steps), most_calls(steps)

    assert len(steps) <= MOST_STEPS
    assert len({one.calls for one in steps}) == len(steps)
    assert most is not None
    assert carried <= capacity * 1.01
    assert carried >= int(capacity * 0.93)
    assert int(capacity) <= most <= capacity * 1.1 + 1


def test_one_call() -> None:
    """Two losses of 150 are no proof of more than 1 %, a tenth is; nothing smaller than one call is tried."""
    assert (carried_calls([step(1, 1)]), most_calls([step(1, 1)])) == (1, None)
    assert (carried_calls([step(1, 2)]), most_calls([step(1, 2)]), stopped_by([step(1, 2)])) == (0, None, "none")
    assert (carried_calls([step(1, 15)]), most_calls([step(1, 15)]), stopped_by([step(1, 15)])) == (0, 0, "up")
    assert next_calls(1, [step(1, 15)]) is None


@pytest.mark.parametrize(
    ("lost_up", "lost_down", "broke"), [(0, 0, "none"), (300, 0, "up"), (0, 300, "down"), (300, 300, "both")]
)
def test_which_way_broke(lost_up: int, lost_down: int, broke: str) -> None:
    """Each direction by what was lost of what it was given."""
    assert step(10, lost_up, lost_down).broke == broke


def test_what_our_own_buffers_dropped_had_come_through() -> None:
    """Packets that found our receive buffers full are no loss of the way back."""
    dropped = step(10, lost_down=20)

    assert dropped.fate("down") == "unproven"
    assert replace(dropped, overrun=10).fate("down") == "carried"
    assert not replace(dropped, lost_up=None).is_carried
    assert replace(dropped, lost_up=None, overrun=10).is_carried


def test_delay_breaks_too() -> None:
    """Nothing lost, but 151 ms more than without load: broken, by the way that had them."""
    late = step(10, rtt_increase_p95_ms=151.0, up_increase_p95_ms=2.0, down_increase_p95_ms=149.0)

    assert (late.broke, late.is_carried) == ("down", False)
    assert replace(late, rtt_increase_p95_ms=149.0).is_carried
    assert replace(late, down_increase_p95_ms=None, up_increase_p95_ms=None).broke == "unknown"


def test_a_delay_that_grows_proves_nothing() -> None:
    """A queue that fills has not lost anything yet: neither carried nor broken, and the ramp goes on."""
    growing = step(30, rtt_growth_ms=67.0, up_growth_ms=67.0)

    assert (growing.is_carried, growing.is_broken) == (False, False)
    assert (growing.fate("up"), growing.fate("down")) == ("unproven", "carried")
    assert next_calls(60, [step(6), step(15), growing]) == 45
    assert carried_calls([step(15), growing]) == 15


@pytest.mark.parametrize(
    ("facts", "broke"),
    [
        ({"lateness_p99_ms": 21.0}, "sender"),
        ({"unsent": 16}, "sender"),
        ({"overrun": 16}, "sender"),
        ({"far_end_lateness_p99_ms": 21.0}, "far_end"),
        ({"cut": 16}, "far_end"),
    ],
)
def test_our_own_ends_are_never_the_network(facts: dict[str, Any], broke: str) -> None:
    """A late sender, full buffers and a reflector's cap end the ramp, once tried again; its losses bound nothing."""
    stumbled = step(10, 500, **facts)

    assert stumbled.broke == broke
    assert next_calls(20, [step(2), step(5), stumbled]) == 10
    assert next_calls(20, [step(2), step(5), stumbled, step(10)]) == 15
    steps = [step(2), step(5), stumbled, stumbled]
    assert next_calls(20, steps) is None
    assert (carried_calls(steps), most_calls(steps), stopped_by(steps)) == (5, None, broke)
    assert sustained(steps, "up", CALL_BPS) == Sustained(5 * CALL_BPS, 5 * CALL_BPS, None)


def test_a_far_end_that_fell_silent() -> None:
    """Where it does not answer after the load either, nobody can say what became of the packets."""
    silent = replace(step(5, 300), is_answered_after=False, lost_up=None)

    assert next_calls(20, [step(2), silent]) is None
    assert (carried_calls([step(2), silent]), broken_step([step(2), silent])) == (2, None)


def test_directions_apart() -> None:
    """The way back is credited with what came out of the way out, and is unbounded as long as it held."""
    steps = [step(10), step(20, lost_up=1500)]
    up, down = sustained(steps, "up", CALL_BPS), sustained(steps, "down", CALL_BPS)

    assert up is not None
    assert up.proven_bps == up.bps == 10 * CALL_BPS
    assert up.most_bps == pytest.approx(10 * CALL_BPS / 0.99, rel=0.05)
    assert down == Sustained(10 * CALL_BPS, 10 * CALL_BPS, None)


def test_directions_untold() -> None:
    """A relay or a stateless reflector: round trips alone decide, and no direction has a rate."""
    steps = [replace(step(1), lost_up=None), replace(step(2, 150), lost_up=None)]

    assert (carried_calls(steps), most_calls(steps), stopped_by(steps)) == (1, 1, "unknown")
    assert sustained(steps, "up", CALL_BPS) is None


def test_what_is_sustained_is_not_zero_for_want_of_a_smaller_step() -> None:
    """One call that lost a tenth says nothing of less than one call."""
    assert sustained([step(1, 15)], "up", CALL_BPS) is None
    assert sustained([step(1, 15)], "down", CALL_BPS) == Sustained(0.9 * CALL_BPS, 0.0, None)


@pytest.mark.parametrize(
    ("packets", "lost", "proven"),
    [(150, 0, 0), (379, 0, 0), (PROVING_PACKETS, 0, 1), (PROVING_PACKETS, 1, 0), (1500, 7, 1), (1500, 8, 0)],
)
@pytest.mark.parametrize("way", ["up", "down"])
def test_carried_is_proven_by_the_upper_bound(way: str, packets: int, lost: int, proven: int) -> None:
    """Within 1 % by luck is carried and not proven: the upper bound of what either way lost counts."""
    lucky = [Step(1, packets, packets - lost, lost if way == "up" else 0)]

    assert (carried_calls(lucky), proven_calls(lucky)) == (1, proven)
    assert proven_calls([replace(lucky[0], lost_up=None)]) == proven


def test_what_was_asked_was_on_the_network() -> None:
    """Fewer calls tell nothing of the delay under all of them, nor does a late sender or a queue that still fills."""
    late, growing = step(10, lateness_p99_ms=21.0), step(10, rtt_growth_ms=31.0)

    assert is_reached(10, [step(5), step(10)])
    assert not any(is_reached(10, [step(5), last]) for last in (step(8), late, growing))


@pytest.mark.parametrize("asked", [1, 2, 10, 60, 1000])
@pytest.mark.parametrize("capacity", [0.0, 0.3, 0.62, 0.98, 2.0])
def test_never_more_than_was_announced(asked: int, capacity: float) -> None:
    """Whatever the link does, calls times seconds and steps stay within what is said beforehand."""
    steps = ramp_over(asked, capacity * asked)

    assert sum(one.calls for one in steps) * 4.0 <= call_seconds(asked, 3.0)
    assert len(steps) * 6.5 <= longest_s(asked, 3.0, 2.5)


def test_a_busy_workstation_ends_in_time_too() -> None:
    """Each step once again takes no more steps than are announced."""
    steps: list[Step] = []
    while (calls := next_calls(1000, steps)) is not None:
        again = bool(steps) and steps[-1].calls == calls
        steps.append(step(calls, lateness_p99_ms=None if again else 21.0))

    assert len(steps) == MOST_STEPS
