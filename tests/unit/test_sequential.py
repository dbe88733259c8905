"""The stopping rule and its bounds: what they promise, shown by worked numbers, properties and simulation."""

import random
from math import inf
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readycheck.model.evidence import Interval, Quantity
from readycheck.rtc.bounds import Chain, loss_bounds, packets_without_loss
from readycheck.rtc.measured_line import MeasuredLine
from readycheck.rtc.sequential import Limit, StoppingRule, seconds_without_loss
from readycheck.rtc.spread import jitter_bounds, percentile_bounds

LOSSES = st.lists(st.booleans(), min_size=1, max_size=300)
RARE_LOSSES = st.lists(st.integers(0, 999).map(lambda number: number < 20), min_size=50, max_size=600)
TIMES = st.floats(0.1, 600)


def gilbert(generator: random.Random, truth: float, mean_run: float, count: int) -> list[bool]:
    """Losses in runs."""
    end, lost, sequence = 1 / mean_run, generator.random() < truth, []
    for _ in range(count):
        sequence.append(lost)
        lost = generator.random() >= end if lost else generator.random() < end * truth / (1 - truth)
    return sequence


def figures(**known: Quantity) -> Any:
    return known.__getitem__


@pytest.mark.parametrize(("limit", "seconds"), [(0.05, 3.6), (0.02, 9.4), (0.01, 19.3), (0.001, 203.0)])
def test_seconds_that_prove_a_limit_where_nothing_is_lost(limit: float, seconds: float) -> None:
    """At 50 packets a second and 95 %; the packet before the last does not prove it yet."""
    packets = int(packets_without_loss(limit, 0.95))

    assert seconds_without_loss(limit, 0.95, 20) == pytest.approx(seconds, abs=0.05)
    assert (loss_bounds([False] * packets, 0.95).high or 1) <= limit
    assert (loss_bounds([False] * (packets - 1), 0.95).high or 0) > limit


def test_no_limit_of_zero_is_ever_proved() -> None:
    """More packets only bring the bound nearer."""
    assert seconds_without_loss(0, 0.95, 20) == inf


def test_zero_losses_would_come_often_before_they_prove_anything() -> None:
    """Runs of three at the limit leave a link without loss for so long in less than five percent of cases."""
    packets = packets_without_loss(0.01, 0.95)
    begin = 0.01 / 0.99 / 3

    assert 0.03 < (1 - begin) ** packets < 0.05
    assert (1 - begin) ** (14 * 50) > 0.09  # why fourteen seconds are not enough


@given(LOSSES, st.floats(0.5, 0.99))
def test_bounds_hold_the_share_and_stay_between_none_and_all(lost: list[bool], confidence: float) -> None:
    """Whatever was lost."""
    bounds = loss_bounds(lost, confidence)

    assert bounds.low is not None
    assert bounds.high is not None
    assert 0 <= bounds.low <= sum(lost) / len(lost) <= bounds.high <= 1


@given(RARE_LOSSES, st.floats(0.5, 0.9))
def test_more_confidence_takes_wider_bounds(lost: list[bool], confidence: float) -> None:
    """The wider hold the narrower."""
    narrow, wide = loss_bounds(lost, confidence), loss_bounds(lost, confidence + 0.09)

    assert (wide.low or 0) <= (narrow.low or 0) + 1e-9
    assert (wide.high or 1) >= (narrow.high or 1) - 1e-9


@given(st.integers(1, 3000), st.integers(1, 500))
def test_more_packets_without_a_loss_prove_more(count: int, more: int) -> None:
    """The upper bound only falls."""
    high = Chain(0, count, 0, 0).bounds(0.95).high

    assert (Chain(0, count + more, 0, 0).bounds(0.95).high or 0) < (high or 0)


@given(RARE_LOSSES, st.floats(0.0005, 0.2))
def test_what_is_excluded_lies_outside_the_bounds(lost: list[bool], share: float) -> None:
    """The question that the rule asks and the bounds that the report shows are one."""
    chain = Chain.of(lost)
    bounds = chain.bounds(0.95)

    assert chain.excludes(share, 0.95) == (not (bounds.low or 0) - 1e-9 <= share <= (bounds.high or 1) + 1e-9)


def test_dead_links_and_outages_are_no_runs_of_losses() -> None:
    """Two seconds of silence prove that much is lost; a link that dies halfway is far from one percent."""
    dead, dying = loss_bounds([True] * 100, 0.95), loss_bounds([False] * 200 + [True] * 200, 0.95)

    assert (dead.low or 0) > 0.3
    assert dead.high == 1
    assert (dying.low or 0) > 0.05


@pytest.mark.parametrize(("truth", "mean_run"), [(0.0505, 3), (0.0505, 1.06), (0.0495, 3), (0.0495, 1.06)])
def test_wrong_decisions_are_as_rare_as_promised(truth: float, mean_run: float) -> None:
    """Looked at each quarter second up to 24 s, a truth beside 5 % is put on its other side in at most 5 % of runs.

    Of 300 runs with a chance of 5 % each, more than 27 go wrong once in a thousand (binomial).
    """
    generator, wrong = random.Random(20261122), 0
    for _ in range(300):
        lost = gilbert(generator, truth, mean_run, 1200)
        for count in range(150, 1200, 12):
            chain = Chain.of(lost[:count])
            if chain.excludes(0.05, 0.95):
                wrong += (chain.share < 0.05) == (truth > 0.05)
                break

    assert wrong <= 27


@given(TIMES, TIMES, st.booleans())
def test_never_before_min_and_always_by_max(one: float, other: float, settled: bool) -> None:  # noqa: FBT001
    """Looking whenever the rule wants to, it ends between its two times, at the first look if nothing is open."""
    least, most = sorted((one, other))
    interval = Interval(0, 0.005) if settled else Interval(0, 0.02)
    rule = StoppingRule((Limit("loss_ratio", at_most=0.01),), least, most)
    figure = figures(loss_ratio=Quantity(0.0, interval))
    now = 0.0

    assert not rule.ends(least * 0.999, figure)
    while not rule.ends(now, figure):
        later = rule.next_look_s(now)
        assert later > now
        now = later
    assert now == (least if settled else most)


def test_a_profile_without_limits_ends_at_once() -> None:
    """Nothing to settle."""
    assert StoppingRule((), 8, 60).ends(8, figures())


@pytest.mark.parametrize(
    ("limit", "quantity", "settled"),
    [
        (Limit("a", at_most=1), Quantity(0.5, Interval(0, 1)), True),
        (Limit("a", at_most=1), Quantity(0.5, Interval(0, 1.1)), False),
        (Limit("a", at_most=1), Quantity(2, Interval(1.1, 3)), True),
        (Limit("a", at_most=1), Quantity(2, Interval(1, 3)), False),
        (Limit("a", at_most=1), Quantity(2, Interval(0, None)), False),
        (Limit("a", at_least=3), Quantity(4, Interval(3, 4.5)), True),
        (Limit("a", at_least=3), Quantity(4, Interval(2.9, 4.5)), False),
        (Limit("a", at_least=3), Quantity(2, Interval(1, 2.9)), True),
        (Limit("a", at_least=3, scale="nb"), Quantity(4, Interval(2.9, 4.5), scale="fb"), True),
        (Limit("a", at_most=1), Quantity(None), True),
        (Limit("a", at_most=1), Quantity(2.0), True),
        (Limit("a"), Quantity(2, Interval(1, 3)), True),
    ],
)
def test_what_settles_a_limit(limit: Limit, quantity: Quantity, *, settled: bool) -> None:
    """All of the bounds, or none of them; and what more time would not change."""
    assert limit.settled_by(quantity) is settled


def test_percentile_bounds_hold_their_confidence() -> None:
    """The 95th percentile of independent delays is within its bounds, and they narrow with the packets."""
    generator, missed, widths = random.Random(5), 0, []
    for count in (400, 1600):
        for _ in range(100):
            bounds = percentile_bounds([generator.uniform(0, 100) for _ in range(count)], 0.95, 0.95)
            assert bounds is not None
            missed += not (bounds.low or 0) <= 95 <= (bounds.high or 0)
            widths.append((bounds.high or 0) - (bounds.low or 0))

    assert missed <= 20  # binomial, 200 times 5 %: once in a thousand
    assert fmean(widths[100:]) < fmean(widths[:100])
    assert percentile_bounds([], 0.5, 0.95) is None


@pytest.mark.parametrize(("share", "fewest"), [(0.95, 59), (0.5, 5)])
def test_few_packets_bound_no_percentile_from_above(share: float, fewest: int) -> None:
    """All of fewer packets may well lie below it, at 95 %: 0.95 to the 58th is more than one in twenty."""
    few, enough = (percentile_bounds([20.0] * count, share, 0.95) for count in (fewest - 1, fewest))

    assert few == Interval(20.0 if share > 0.5 else None, None)
    assert enough == Interval(20.0, 20.0)


def test_few_packets_leave_the_worst_score_open() -> None:
    """Where delay has no upper bound the variation has none, and the call may be as bad as any."""
    few, enough = (MeasuredLine((20.0,) * count, 20.0, 0.95) for count in (58, 59))

    for line, is_bounded in ((few, False), (enough, True)):
        (_, variation), (_, score) = line.pdv_p95, line.opus_score(32_000, lambda r_value: r_value)
        assert variation
        assert score
        assert (variation.high is not None, (score.low or 0.0) > 0) == (is_bounded, is_bounded)


def test_jitter_bounds_narrow_with_time() -> None:
    """Nothing is claimed for less than two seconds; later the mean of |D| is held, and ever more closely."""
    generator = random.Random(3)
    delays = [generator.gauss(50, 4) for _ in range(3000)]
    early, late = jitter_bounds(delays[:400], 4.51, 0.95), jitter_bounds(delays, 4.51, 0.95)

    assert jitter_bounds(delays[:90], 4.51, 0.95) is None
    assert early is not None
    assert late is not None
    assert (early.low or 0) < (late.low or 0) < 4.51 < (late.high or 0) < (early.high or 0)
    assert (late.high or 0) - (late.low or 0) < 1
