"""Erlang and binomial figures against published values, and against exact arithmetic."""

from fractions import Fraction
from itertools import accumulate
from math import comb, factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readycheck.rtc.teletraffic import Load, binomial_quantile, erlang_b, erlang_c


def exact_quantile(sources: int, share: Fraction, exceeded: Fraction) -> int:
    """Smallest k with P(X <= k) >= 1 - exceeded, in whole numbers."""
    up, whole = share.numerator, share.denominator
    ways = (comb(sources, k) * up**k * (whole - up) ** (sources - k) for k in range(sources + 1))
    needed = (1 - exceeded) * whole**sources
    return next(k for k, total in enumerate(accumulate(ways)) if total >= needed)


def exact_erlang_b(servers: int, offered: Fraction) -> Fraction:
    """The definition: the last term of the truncated exponential series over all of them."""
    terms = [offered**k / factorial(k) for k in range(servers + 1)]
    return terms[-1] / sum(terms)


def exact_erlang_c(agents: int, offered: Fraction) -> Fraction:
    """The definition by Erlang B."""
    blocked = exact_erlang_b(agents, offered)
    return agents * blocked / (agents - offered * (1 - blocked))


@pytest.mark.parametrize(
    ("agents", "at_70", "at_85"), [(25, 22, 25), (50, 42, 48), (100, 80, 93), (200, 155, 181), (500, 374, 443)]
)
def test_calls_exceeded_one_percent_of_the_time(agents: int, at_70: int, at_85: int) -> None:
    """Worked values at occupancies of 0.70 and 0.85."""
    assert (binomial_quantile(agents, 0.7, 0.01), binomial_quantile(agents, 0.85, 0.01)) == (at_70, at_85)


@given(
    sources=st.integers(1, 300),
    percent=st.integers(1, 99),
    exceeded=st.sampled_from((Fraction(1, 7), Fraction(1, 101), Fraction(1, 1009), Fraction(1, 100_003))),
)
def test_quantile_equals_exact_arithmetic(sources: int, percent: int, exceeded: Fraction) -> None:
    """The same number as whole-number arithmetic gives."""
    exact = exact_quantile(sources, Fraction(percent, 100), exceeded)

    assert binomial_quantile(sources, percent / 100, float(exceeded)) == exact


@given(sources=st.integers(1, 1_000_000), share=st.floats(1e-12, 1), exceeded=st.floats(1e-6, 0.5))
def test_quantile_grows_with_agents_and_occupancy(sources: int, share: float, exceeded: float) -> None:
    """More agents, busier agents, or a stricter promise: never fewer calls, and never more than agents."""
    calls = binomial_quantile(sources, share, exceeded)

    assert 0 <= calls <= sources
    assert calls <= binomial_quantile(sources + 1, share, exceeded) <= calls + 1
    assert calls <= binomial_quantile(sources, (1 + share) / 2, exceeded)
    assert calls <= binomial_quantile(sources, share, max(1e-6, exceeded / 2))


def test_quantile_of_a_million_nears_the_normal_one() -> None:
    """Mean 850,000, deviation 357.07, 3.0902 deviations up (and a part for the skew)."""
    assert binomial_quantile(1_000_000, 0.85, 0.001) == pytest.approx(851_103, abs=2)


@pytest.mark.parametrize(
    ("servers", "offered", "blocked"),
    [(10, 10.0, 0.2146), (10, 5.0, 0.01838), (1, 1.0, 0.5), (5, 3.0, 0.1101), (20, 12.0, 0.009796)],
)
def test_erlang_b_equals_the_tables(servers: int, offered: float, blocked: float) -> None:
    """Published blocking of so many lines at so many erlangs."""
    assert erlang_b(servers, offered) == pytest.approx(blocked, rel=5e-4)


@pytest.mark.parametrize(("agents", "offered", "waits"), [(10, 8.0, 0.4092), (14, 10.0, 0.1741), (1, 0.5, 0.5)])
def test_erlang_c_equals_the_tables(agents: int, offered: float, waits: float) -> None:
    """Published share of callers that wait; of one agent it is his occupancy."""
    assert erlang_c(agents, offered) == pytest.approx(waits, rel=5e-4)


@given(servers=st.integers(1, 150), tenths=st.integers(1, 2000))
def test_erlang_equals_exact_arithmetic(servers: int, tenths: int) -> None:
    """Twelve digits of the fractions that the definitions give."""
    offered = Fraction(tenths, 10)

    assert erlang_b(servers, tenths / 10) == pytest.approx(float(exact_erlang_b(servers, offered)), rel=1e-12)
    if offered < servers:
        assert erlang_c(servers, tenths / 10) == pytest.approx(float(exact_erlang_c(servers, offered)), rel=1e-11)


def test_erlang_stays_sane_far_out() -> None:
    """A hundred thousand agents, far too many, far too few."""
    recursion = 1.0
    for servers in range(1, 100_001):
        recursion = 99_500 * recursion / (servers + 99_500 * recursion)

    assert erlang_b(100_000, 99_500.0) == pytest.approx(recursion, rel=1e-9)
    assert erlang_b(1_000_000, 1.0) == 0
    assert erlang_b(1, 1e7) == pytest.approx(1 - 1e-7)
    assert erlang_c(10, 10.0) == erlang_c(10, 1e9) == 1


def test_staffing_equals_the_worked_example() -> None:
    """200 calls an hour of 240 s, 80 % in 20 s: 13.3 erlang, 17 agents."""
    load = Load(200, 240)

    assert load.erlang == pytest.approx(13.333, abs=0.001)
    assert load.agents_needed(0.8, 20) == 17
    assert load.answered_ratio(17, 20) >= 0.8 > load.answered_ratio(16, 20)
    assert load.answered_ratio(13, 20) == 0


def test_calls_in_the_system_equal_the_summed_series() -> None:
    """The quantile of the queue's states, summed one by one: 8 erlang, 10 agents, and only as many as there are."""
    weights = [8.0**k / factorial(min(k, 10)) / (10.0 ** (k - 10) if k > 10 else 1) for k in range(300)]
    within = list(accumulate(weight / sum(weights) for weight in weights))
    expected = next(k for k, total in enumerate(within) if total >= 0.999)

    assert Load(8 * 3600, 1).calls_in_system(10, 0.001) == expected
    assert Load(3600, 1).calls_in_system(100, 0.001) == 100
    assert Load(3600, 1).calls_in_system(1, 0.001) is None


@given(calls=st.floats(0.01, 1e6), handling=st.floats(1, 3600), ratio=st.floats(0.01, 0.999), within=st.floats(0, 600))
def test_staffing_is_the_fewest_agents(calls: float, handling: float, ratio: float, within: float) -> None:
    """One agent fewer misses the target, more never do."""
    load = Load(calls, handling)
    agents = load.agents_needed(ratio, within)

    assert load.answered_ratio(agents, within) >= ratio - 1e-9
    assert load.answered_ratio(agents - 1, within) < ratio + 1e-9
    assert load.answered_ratio(agents + 1, within) >= load.answered_ratio(agents, within) - 1e-9


def test_calls_beyond_all_measure_few() -> None:
    """A load that underflows to nothing needs one agent, and nobody waits."""
    nothing = Load(1e-300, 1e-300)

    assert nothing.agents_needed(0.8, 20) == 1
    assert nothing.answered_ratio(1, 20) == 1
    assert nothing.calls_in_system(1, 0.001) == 1
