import random
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readycheck.model.report import Metric, Report
from readycheck.model.verdict import Decision, Finding, Severity, Status
from readycheck.render.bounds import interval
from readycheck.render.charts import MOST_SLICES, calls_carried, path_charts, slices
from readycheck.render.html import render_html
from readycheck.render.words import Words
from tests.unit.report_samples import blocked, finding, no_go, observation, report

EN = Words("en")


def measured(rtt_ms: list[float | None], **evidence: Any) -> Report:
    """A report of these round trips."""
    return report(observations={"path": observation({"rtt_ms": rtt_ms, "interval_ms": 20.0} | evidence)})


def points(drawing: str, look: str) -> list[tuple[float, float]]:
    """The points of a path with this look, as shares from the left and from below."""
    paths = re.findall(rf'<path class="{look}" d="([^"]*)"', drawing)
    pairs = re.findall(r"[ML]([\d.]+) ([\d.]+)", "".join(paths))
    return [(float(x) / 1000, 1 - float(y) / 1000) for x, y in pairs]


def widths(drawing: str, look: str) -> list[float]:
    """The widths of the rectangles with this look, in per cent."""
    return [float(width) for width in re.findall(rf'<rect class="{look}"[^>]* width="([\d.]+)%"', drawing)]


def test_median_of_each_half_second_is_drawn() -> None:
    """The line's points lie where the medians of the evidence's half seconds are."""
    rtt_ms: list[float | None] = [value for value in (10.0, 40.0, 25.0) for _ in range(25)]
    drawing = str(path_charts(measured(rtt_ms), EN)[0].drawing)
    highest = float(re.findall(r">([\d.]+)</text>", drawing)[3])
    heights = [round(y * highest, 1) for _, y in points(drawing, "trace")]
    assert heights == pytest.approx([10, 40, 25], abs=0.1)


def test_slowest_packet_is_seen() -> None:
    """One late packet in a thousand stands out of the line of the slowest, and not of the median."""
    rtt_ms: list[float | None] = [20.0] * 1000
    rtt_ms[500] = 400.0
    drawing = str(path_charts(measured(rtt_ms), EN)[0].drawing)
    slowest, median = points(drawing, "slowest"), points(drawing, "trace")
    assert max(y for _, y in slowest) > 0.6
    assert max(y for _, y in median) < 0.1


@pytest.mark.parametrize("packets", [2, 30, 400, 3000, 100_000])
def test_points_are_few_however_long_the_measurement(packets: int) -> None:
    """No chart of round trips has more than 300 points, losses included."""
    random.seed(packets)
    rtt_ms = [None if number % 10 == 9 else random.uniform(20, 90) for number in range(packets)]
    drawing = str(path_charts(measured(rtt_ms), EN)[0].drawing)
    drawn = sum(len(points(drawing, look)) for look in ("band", "slowest", "trace"))
    assert drawn + len(re.findall('class="lost"', drawing)) <= 300
    assert len(slices(rtt_ms, [number * 0.02 for number in range(packets)])[1]) <= MOST_SLICES


def test_losses_are_counted_in_words_and_drawn_where_they_were() -> None:
    """The strip below shows a bar for each half second with losses; the description says when."""
    rtt_ms: list[float | None] = [30.0] * 100
    rtt_ms[60:63] = [None] * 3
    chart = path_charts(measured(rtt_ms), EN)[0]
    drawing = str(chart.drawing).replace("\u00a0", " ")
    assert "3 of 100 lost" in chart.caption
    assert "lost: 3 at 1 s." in drawing
    assert len(widths(drawing, "lost")) == 1


def test_line_breaks_where_nothing_came() -> None:
    """A second without any packet is a gap, not a straight line."""
    rtt_ms: list[float | None] = [30.0] * 50 + [None] * 50 + [30.0] * 50
    drawing = str(path_charts(measured(rtt_ms), EN)[0].drawing)
    assert len(re.findall('<path class="trace"', drawing)) == 2


def test_send_times_of_the_evidence_count() -> None:
    """Packets are drawn when they were sent; where the column is broken, at the interval."""
    rtt_ms: list[float | None] = [30.0] * 100
    late = measured(rtt_ms, sent_after_ms=[100.0] * 100)
    broken = measured(rtt_ms, sent_after_ms=[100.0, None])
    assert len(points(str(path_charts(late, EN)[0].drawing), "trace")) == 21
    assert len(points(str(path_charts(broken, EN)[0].drawing), "trace")) == 4


def test_variation_counts_every_packet() -> None:
    """The bars of the histogram are as high as their shares, and the 95 % line stands at its value."""
    rtt_ms: list[float | None] = [10.0] * 80
    rtt_ms += [21.0] * 20
    metrics = {"path.pdv_p95_ms": Metric(11.0, "ms")}
    drawing = str(path_charts(replace(measured(rtt_ms), metrics=metrics), EN)[1].drawing)
    heights = [float(height) for height in re.findall(r'<rect class="bar[^>]* height="([\d.]+)"', drawing)]
    assert heights == [120.0, 30.0]
    last_tick = float(re.findall(r">([\d.]+)</text>", drawing)[-1])
    [mark] = re.findall(r'<rect class="limit" x="([\d.]+)%"', drawing)
    assert (float(mark) - 10) / 90 == pytest.approx(11 / (last_tick * 4 / 3), abs=0.001)


def test_interval_and_limit_lie_to_scale() -> None:
    """Bounds, figure and limit are drawn on one scale from nothing upwards."""
    metric = Metric(0.011, "ratio", bounded=True, low=0.005, high=0.023)
    drawing = str(interval("path.loss_ratio", metric, [finding(unit="ratio", expected="at most 0.01")], EN))
    [low] = re.findall(r'<rect class="between" x="([\d.]+)%"', drawing)
    [width] = widths(drawing, "between")
    [value] = re.findall(r'cx="([\d.]+)%"', drawing)
    [limit] = re.findall(r'<rect class="limit" x="([\d.]+)%"', drawing)
    unit = float(value) / 0.011
    assert [float(low) / unit, width / unit, float(limit) / unit] == pytest.approx([0.005, 0.018, 0.01], rel=0.01)


def test_unbounded_side_is_drawn_open() -> None:
    """A figure that ended at its own cap has an interval that is open to the right."""
    metric = Metric(38, "call", bounded=True, low=36, high=None)
    drawing = str(interval("bandwidth.concurrent_calls", metric, [finding(expected="at least 60")], EN))
    assert 'class="between open"' in drawing
    assert interval("path.rtt_p50_ms", Metric(41.0, "ms"), [], EN) == ""


def test_calls_carried_stand_beside_calls_needed() -> None:
    """Where a report has them, the calls that were carried are drawn to the scale of those that are needed."""
    asked = blocked(metric="bandwidth.concurrent_calls", observed=30, unit="call", expected="at least 60", reason=None)
    carried = {"bandwidth.concurrent_calls": Metric(30, "call", bounded=True, low=30, high=30)}
    chart = calls_carried(report(asked, metrics=carried, decision=Decision.NO_GO), EN)
    assert chart
    [bar] = widths(str(chart.drawing), "lost")
    [needed] = widths(str(chart.drawing), "needed")
    assert bar / needed == pytest.approx(0.5, abs=0.01)
    assert "30 " in chart.caption
    assert "60 needed: blocks." in chart.caption
    warning = replace(asked, severity=Severity.WARNING)
    warned = calls_carried(report(warning, metrics=carried), EN)
    assert warned
    assert widths(str(warned.drawing), "lacking") == [bar]
    unproven = replace(asked, status=Status.INCONCLUSIVE, reason="not_proven")
    capped = {"bandwidth.concurrent_calls": Metric(30, "call", bounded=True, low=30, high=None)}
    open_ended = calls_carried(report(unproven, metrics=capped), EN)
    assert open_ended
    assert 'class="bar"' not in str(open_ended.drawing)
    assert 'class="unsaid"' in str(open_ended.drawing)
    assert calls_carried(report(asked, decision=Decision.NO_GO), EN) is None


def _findings() -> st.SearchStrategy[Finding]:
    return st.builds(
        finding,
        metric=st.sampled_from(["path.loss_ratio", "bandwidth.concurrent_calls", "turn.udp_relay", "odd"]),
        status=st.sampled_from(list(Status)),
        expected=st.sampled_from(["at most 0", "at least 1e99", "at least -3", "equals x", "at most", ""]),
        lead_time_days=st.none() | st.integers(-(10**9), 10**9),
        owner=st.none() | st.text(max_size=8),
    )


_NUMBERS = st.integers() | st.floats() | st.floats(0, 100)
_JUNK = st.recursive(
    st.none() | st.booleans() | _NUMBERS | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
_ATTEMPT = st.fixed_dictionaries(
    {},
    optional={
        "via": _JUNK | st.sampled_from(["DIRECT", "PROXY p:1", "SOCKS5 [::1]:1"]),
        "reached": _JUNK,
        "rtt_ms": _JUNK,
        "allocation_ms": _JUNK,
        "redirected_to": _JUNK,
        "failure": _JUNK | st.just({"code": "proxy_unreachable"}),
    },
)
_SERVER = st.fixed_dictionaries(
    {},
    optional={
        "url": _JUNK | st.sampled_from(["turn:a:1", "turns:[::1]:1"]),
        "transport": _JUNK | st.sampled_from(["udp", "tcp", "tls", "UDP"]),
        "attempts": _JUNK | st.lists(_ATTEMPT, max_size=3),
        "relay": _JUNK,
        "relay_failure": _JUNK,
        "route_failure": _JUNK,
        "has_credentials": _JUNK,
    },
)
_EVIDENCE = st.fixed_dictionaries(
    {},
    optional={
        "servers": _JUNK | st.lists(_SERVER, max_size=4),
        "rtt_ms": _JUNK | st.lists(_NUMBERS | st.none(), max_size=40),
        "sent_after_ms": _JUNK | st.lists(_NUMBERS, max_size=40),
        "interval_ms": _JUNK,
        "url": _JUNK,
    },
)


@settings(max_examples=60)
@given(
    turn=_EVIDENCE,
    path=_EVIDENCE,
    value=st.none() | st.booleans() | _NUMBERS | st.text(max_size=12) | st.just(10**400),
    bounds=st.tuples(_NUMBERS | st.none(), _NUMBERS | st.none()),
    findings=st.lists(_findings(), max_size=4),
    day=st.sampled_from([None, "2027-01-06", "9999-12-31", "0001-01-01", "soon"]),
    start=st.sampled_from(["2026-11-22T08:04:11Z", "9999-12-31T23:00:00Z", "never"]),
)
def test_no_evidence_breaks_the_page(
    turn: Any, path: Any, value: Any, bounds: Any, findings: Any, day: Any, start: str
) -> None:
    """Whatever stands in a report's evidence and figures, a page comes of it, and it says nothing of NaN."""
    metric = Metric(value, "ratio", bounded=True, low=bounds[0], high=bounds[1], scale="fb")
    names = ("path.loss_ratio", "path.mos_cqe", "bandwidth.concurrent_calls", "path.pdv_p95_ms", "stun.nat_mapping")
    whole = report(
        *findings,
        decision=Decision.NO_GO,
        ready_on=day,
        metrics=dict.fromkeys(names, metric),
        observations={"turn": observation(turn), "path": observation(path), "call": observation(path)},
        run=replace(no_go().run, started_at=start),
    )
    text = render_html(whole, "en").split("<h2>Appendix")[0]
    assert not re.search(r'="[^"]*\bnan\b', text)
