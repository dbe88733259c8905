"""Delay and loss statistics against worked numbers and published values."""

import random
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readycheck.rtc import codecs, emodel
from readycheck.rtc.bounds import loss_bounds
from readycheck.rtc.delay import delay_variation_ms, interarrival_jitter_ms, percentile
from readycheck.rtc.loss import burst_ratio, loss_runs, reordered_ratio, wilson


def test_percentile_is_the_nearest_rank() -> None:
    """The 95th percentile of 1 to 100 is 95, the median of an odd count its middle."""
    hundred = [float(value) for value in range(1, 101)]

    assert percentile(hundred, 0.95) == 95
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2
    assert percentile([], 0.5) is None


def test_jitter_follows_rfc_3550() -> None:
    """J grows by a sixteenth of each difference: 16 ms, then 0, gives 1 and 15/16, averaged."""
    assert interarrival_jitter_ms([10.0, 26.0, 26.0]) == pytest.approx((1 + 15 / 16) / 2)


def test_jitter_skips_lost_packets() -> None:
    """D is taken between packets that arrived."""
    assert interarrival_jitter_ms([10.0, None, 26.0]) == pytest.approx(1.0)
    assert interarrival_jitter_ms([10.0, None]) is None


def test_jitter_of_gaussian_delay_nears_its_expectation() -> None:
    """For a deviation of 4 ms, J averages near twice that over the root of pi, 4.5 ms."""
    generator = random.Random(1)
    delays: list[float | None] = [generator.gauss(50, 4) for _ in range(20_000)]

    assert interarrival_jitter_ms(delays) == pytest.approx(4.51, rel=0.03)


def test_delay_variation_counts_from_the_fastest() -> None:
    """PDV of RFC 5481 is one-sided."""
    assert delay_variation_ms([12.0, None, 10.0, 15.0]) == [2.0, 0.0, 5.0]


@pytest.mark.parametrize(
    ("failures", "trials", "low", "high"),
    [(0, 400, 0.0, 0.009512), (4, 400, 0.003895, 0.025427), (5, 500, 0.004279, 0.023193), (10, 10, 0.722467, 1.0)],
)
def test_wilson_equals_worked_intervals(failures: int, trials: int, low: float, high: float) -> None:
    """Wilson's interval at 95 %."""
    interval = wilson(failures, trials, 0.95)

    assert interval.low == pytest.approx(low, abs=1e-6)
    assert interval.high == pytest.approx(high, abs=1e-6)


def test_wilson_without_trials_knows_nothing() -> None:
    """No packet, no knowledge."""
    assert (wilson(0, 0, 0.95).low, wilson(0, 0, 0.95).high) == (0.0, 1.0)


def test_bursts_widen_the_bounds() -> None:
    """Twelve losses in three runs say less than twelve scattered ones."""
    scattered = [index % 50 == 0 for index in range(600)]
    bursty = [index % 200 < 4 for index in range(600)]
    assert sum(scattered) == sum(bursty) == 12
    wide, narrow = loss_bounds(bursty, 0.95), loss_bounds(scattered, 0.95)
    assert wide.high is not None
    assert narrow.high is not None

    assert wide.high > 1.3 * narrow.high


@pytest.mark.parametrize("mean_run", [1, 3])
def test_bounds_hold_their_confidence(mean_run: int) -> None:
    """95 % bounds miss the truth in at most about 5 % of runs, also when losses come in runs of three."""
    generator, misses, truth = random.Random(7), 0, 0.03
    leave = 1 / mean_run
    enter = leave * truth / (1 - truth)
    for _ in range(400):
        lost, run = False, []
        for _ in range(1000):
            lost = generator.random() >= leave if lost else generator.random() < enter
            run.append(lost)
        bounds = loss_bounds(run, 0.95)
        misses += not (bounds.low or 0) <= truth <= (bounds.high or 1)

    assert misses / 400 < 0.09


def test_loss_runs_and_burst_ratio() -> None:
    """Two runs of two among ten packets: mean run 2, expected 1/(1-0.4)."""
    lost = [False, True, True, False, False, True, True, False, False, False]

    assert loss_runs(lost) == [2, 2]
    assert burst_ratio(lost) == pytest.approx(2 * 0.6)
    assert burst_ratio([False] * 5) is None
    assert burst_ratio([True] * 5) is None


def test_reordering_counts_late_packets() -> None:
    """One packet overtaken twice is one reordered packet."""
    assert reordered_ratio([0, 2, 3, 1, 4]) == 0.2
    assert reordered_ratio([]) is None


@pytest.mark.parametrize(("delay_ms", "idd"), [(100, 0), (150, 0.164), (200, 3.044), (250, 8.917), (800, 40.832)])
def test_delay_impairment_equals_g107(delay_ms: float, idd: float) -> None:
    """Idd of G.107 at reference delays."""
    assert emodel.delay_impairment(delay_ms) == pytest.approx(idd, abs=5e-4)


@pytest.mark.parametrize(
    ("loss", "r_value", "mos"), [(0, 131.2, 4.30), (0.01, 121.1, 4.09), (0.02, 112.7, 3.87), (0.05, 93.9, 3.28)]
)
def test_opus_scores_equal_reference_values(loss: float, r_value: float, mos: float) -> None:
    """Opus at 31 kbit/s, 50 ms, on the fullband scale."""
    r = emodel.opus_r_value(31_000, 50, loss)

    assert r == pytest.approx(r_value, abs=0.05)
    assert emodel.mos(r) == pytest.approx(mos, abs=0.005)


@pytest.mark.parametrize(
    ("delay_ms", "narrow", "narrow_mos", "full", "full_mos"),
    [
        (100, 93.21, 4.409, 148.00, 4.500),
        (150, 93.04, 4.406, 147.76, 4.499),
        (177.3, 92.03, 4.386, 146.27, 4.490),
        (250, 84.29, 4.175, 134.80, 4.365),
        (400, 69.14, 3.556, 112.38, 3.861),
        (800, 52.37, 2.700, 87.57, 3.057),
    ],
)
def test_delay_alone_equals_reference_values(
    delay_ms: float, narrow: float, narrow_mos: float, full: float, full_mos: float
) -> None:
    """Without impairment by the codec, on both scales."""
    clean = replace(codecs.G711, scale="fb")

    assert emodel.r_value(codecs.G711, delay_ms, 0) == pytest.approx(narrow, abs=0.006)
    assert emodel.mos(emodel.r_value(codecs.G711, delay_ms, 0), "nb") == pytest.approx(narrow_mos, abs=6e-4)
    assert emodel.r_value(clean, delay_ms, 0) == pytest.approx(full, abs=0.006)
    assert emodel.mos(emodel.r_value(clean, delay_ms, 0), "fb") == pytest.approx(full_mos, abs=6e-4)


@pytest.mark.parametrize(
    ("codec", "loss", "mos"),
    [
        *((codecs.G711_PLC, loss, mos) for loss, mos in ((0.01, 4.328), (0.02, 4.235), (0.03, 4.134), (0.05, 3.923))),
        *((codecs.G711, loss, mos) for loss, mos in ((0.01, 3.834), (0.03, 2.794), (0.05, 2.170))),
        *((codecs.G729A, loss, mos) for loss, mos in ((0, 4.105), (0.02, 3.788), (0.05, 3.340))),
    ],
)
def test_narrowband_codecs_equal_reference_values(codec: codecs.Codec, loss: float, mos: float) -> None:
    """Random loss and no delay, G.113 Appendix I."""
    assert emodel.mos(emodel.r_value(codec, 0, loss), "nb") == pytest.approx(mos, abs=6e-4)


def test_bursts_weigh_as_g107_says() -> None:
    """G.711 with concealment at 3 %: 83.06 for independent losses, 82.49 for a burst ratio of two."""
    assert emodel.r_value(codecs.G711_PLC, 0, 0.03) == pytest.approx(83.06, abs=0.006)
    assert emodel.r_value(codecs.G711_PLC, 0, 0.03, 2) == pytest.approx(82.49, abs=0.03)


def test_each_codec_is_scored_on_its_own_scale() -> None:
    """Opus fullband, the others narrowband; a better line is never worse."""
    good = emodel.codec_scores(emodel.Impairment(20, 5, 20, 0.0), 32_000)
    bad = emodel.codec_scores(emodel.Impairment(300, 40, 20, 0.02, 0.01, 2.0), 32_000)

    assert [score.scale for score in good] == ["fb", "nb", "nb", "nb"]
    assert all(score.r_value <= (148 if score.scale == "fb" else 93.21) for score in good)
    assert all(worse.r_value < better.r_value for worse, better in zip(bad, good, strict=True))
    assert [score.mouth_to_ear_ms for score in good] == [76.5, 70.0, 70.0, 75.0]


@pytest.mark.parametrize(
    ("line", "mos"), [((0, 0, 0), 4.43), ((100, 10, 0.01), 4.31), ((200, 20, 0.01), 4.00), ((300, 30, 0.03), 3.22)]
)
def test_twilio_style_figure_equals_its_vectors(line: tuple[float, float, float], mos: float) -> None:
    """Round trip, jitter, loss ratio."""
    assert emodel.twilio_style_mos(*line) == pytest.approx(mos, abs=0.005)
    assert 1 <= emodel.twilio_style_mos(5000, 0, 0) < 1.1


@given(st.floats(0, 148), st.floats(0, 148))
def test_word_bands_leave_no_gap(one: float, other: float) -> None:
    """Every R has a word, and a higher one never a worse; a word means the same MOS on both scales."""
    low, high = sorted((one, other))
    words = get_args(emodel.Rating)

    assert words.index(emodel.rating(high, "fb")) <= words.index(emodel.rating(low, "fb"))
    assert [emodel.rating(r, "nb") for r in (90, 89.999, 80, 79.9, 70, 60, 50, 49.9)] == [
        *(words[0], words[1], words[1], words[2], words[2], words[3], words[4], words[5])
    ]
    assert emodel.rating(90 * 1.48, "fb") == "very_satisfied"


def test_mos_stays_on_its_scale() -> None:
    """1 at the bottom, 4.5 at the top, and no dip below 1 on the way."""
    assert emodel.mos(-5) == emodel.mos(3) == 1.0
    assert emodel.mos(148) == 4.5


def test_late_loss_needs_more_than_the_buffer_and_twenty() -> None:
    """With a buffer at p95, five percent are late by construction; only what is 20 ms beyond counts."""
    assert emodel.late_loss_ratio([0.0] * 99 + [30.0]) == 0.0
    assert emodel.late_loss_ratio([0.0] * 99 + [41.0]) == 0.01
    assert emodel.late_loss_ratio([]) == 0.0
