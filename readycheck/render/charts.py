"""The path's charts: round trips and losses over time, and how unevenly the packets came."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from readycheck.model.report import Report
from readycheck.model.verdict import Finding
from readycheck.render import format as say
from readycheck.render import svg
from readycheck.render.answer import kind, state
from readycheck.render.readings import evidence_of, figure, finite, plain_number, round_trips, sent_at_s
from readycheck.render.words import Words

MOST_SLICES = 60
"""Each has five points at most: 300 in a chart, however long was measured."""

_SLICE_S = 0.5
_STEPS = (1, 2, 4, 10, 20, 60, 120, 600, 1200, 3600, 36_000, 360_000, 3_600_000)
_BINS = 12
_TOP, _HEIGHT = 8, 120
_PDV_TOP = 22
_LOSSES_TOP, _LOSSES_HEIGHT = 152, 20
_NAMED_LOSSES = 6
_CALLS_ASKED = ("bandwidth.concurrent_calls", "bandwidth.calls_ratio")
_CARRIED = {"holds": "bar", "blocks": "lost", "warns": "lacking", "noted": "lacking", "waived": "lacking"}


@dataclass(frozen=True)
class Chart:
    """A drawing and what stands below it."""

    drawing: Markup
    caption: str


@dataclass(frozen=True)
class Slice:
    """Half a second of the measurement, or more of a long one. The delays are None if nothing came back."""

    number: int
    sent: int
    lost: int
    fast_ms: float | None
    median_ms: float | None
    slow_ms: float | None
    slowest_ms: float | None


def path_charts(report: Report, words: Words) -> tuple[Chart, ...]:
    """Both charts; none of fewer than two packets that came back."""
    evidence = evidence_of(report, "path")
    rtt_ms = round_trips(evidence)
    arrived = sorted(value for value in rtt_ms if value is not None)
    if len(arrived) < 2:  # noqa: PLR2004 - one packet makes no chart
        return ()
    times = sent_at_s(evidence, len(rtt_ms))
    measured = finite(figure(report.metrics, "path.pdv_p95_ms"))
    delays = [value - arrived[0] for value in arrived]
    p95 = measured if measured is not None else svg.percentile(delays, 0.95)
    return _over_time(rtt_ms, times, arrived, words), _variation(delays, p95, words)


def slices(rtt_ms: Sequence[float | None], times_s: Sequence[float]) -> tuple[float, list[Slice]]:
    """How long a slice is, and all of them in which something was sent."""
    span_s = max(times_s, default=0.0)
    factor = next((step for step in _STEPS if span_s < step * _SLICE_S * MOST_SLICES), _STEPS[-1])
    length_s = factor * _SLICE_S
    numbered = zip((int(time / length_s) for time in times_s), rtt_ms, strict=True)
    parts = [(number, [rtt for _, rtt in part]) for number, part in groupby(numbered, key=lambda one: one[0])]
    return length_s, [_slice(number, part) for number, part in parts[:MOST_SLICES]]


def _slice(number: int, rtt_ms: list[float | None]) -> Slice:
    arrived = sorted(value for value in rtt_ms if value is not None)
    found = [svg.percentile(arrived, share) if arrived else None for share in (0.05, 0.5, 0.95, 1)]
    return Slice(number, len(rtt_ms), len(rtt_ms) - len(arrived), *found)


def _over_time(rtt_ms: Sequence[float | None], times: Sequence[float], arrived: list[float], words: Words) -> Chart:
    length_s, parts = slices(rtt_ms, times)
    count = max(parts[-1].number + 1, 1)
    highest = svg.nice(max(arrived[-1], 0.01) * 1.05, svg.THIRDS)
    lost = len(rtt_ms) - len(arrived)
    median, p95, slowest = (
        say.amount(value, "ms", words)
        for value in (svg.percentile(arrived, 0.5), svg.percentile(arrived, 0.95), arrived[-1])
    )
    said = words.count("chart_lost", lost, m=say.number(len(rtt_ms), words)) if lost else words("chart_none_lost")
    each = say.amount(length_s, "s", words)
    description = words("chart_rtt_desc", n=len(parts), each=each, median=median, p95=p95, slowest=slowest, lost=said)
    if lost:
        description += f" {_when_lost(parts, length_s, words)}"
    drawn = svg.grid(_TOP, _HEIGHT, highest) + svg.plot(_TOP, _HEIGHT, _lines(parts, count, highest))
    drawn += _losses(parts, count, words) + _seconds(count * length_s, words)
    below = words("chart_rtt_lost", lost=said) if lost else words("chart_rtt_none_lost")
    title = words("chart_rtt_title", packets=say.number(len(rtt_ms), words), median=median, lost=said)
    return Chart(svg.described("chart", 202, title, description, drawn), words("chart_rtt", each=each, lost=below))


def _when_lost(parts: Sequence[Slice], length_s: float, words: Words) -> str:
    """When packets were lost, for who cannot see it."""
    hit = [part for part in parts if part.lost]
    told = [
        words("chart_lost_at", n=part.lost, at=say.amount(part.number * length_s, "s", words))
        for part in hit[:_NAMED_LOSSES]
    ]
    if len(hit) > _NAMED_LOSSES:
        told.append(words.count("more", len(hit) - _NAMED_LOSSES))
    return f"{words('chart_lost_label')}{words('colon')}{', '.join(told)}."


def _lines(parts: Sequence[Slice], count: int, highest: float) -> Markup:
    """Where 90 % of the packets lie, their median, and the slowest; broken where nothing came."""

    def at(part: Slice, value: float | None) -> tuple[float, float]:
        return (part.number + 0.5) / count, (value or 0.0) / highest

    drawn = Markup("")
    for run in _runs(parts):
        edge = [at(part, part.slow_ms) for part in run] + [at(part, part.fast_ms) for part in reversed(run)]
        for look, path in (
            ("band", svg.line(edge) + "Z"),
            ("slowest", svg.line(at(part, part.slowest_ms) for part in run)),
            ("trace", svg.line(at(part, part.median_ms) for part in run)),
        ):
            drawn += Markup('<path class="{}" d="{}"/>').format(look, path + ("h.1" if len(run) == 1 else ""))
    return drawn


def _runs(parts: Sequence[Slice]) -> Iterator[list[Slice]]:
    """The slices in a row in which something came back."""
    run: list[Slice] = []
    for part in parts:
        if run and (part.median_ms is None or part.number != run[-1].number + 1):
            yield run
            run = []
        if part.median_ms is not None:
            run.append(part)
    if run:
        yield run


def _losses(parts: Sequence[Slice], count: int, words: Words) -> Markup:
    """A strip of its own: a bar for each slice with losses, as high as its share, and how many if there is room."""
    base = _LOSSES_TOP + _LOSSES_HEIGHT
    drawn = Markup('<rect class="grid" x="{}" y="{}" width="90%" height="1"/>').format(svg.across(0), base)
    drawn += svg.label(svg.across(0), _LOSSES_TOP - 4, words("chart_lost_label"), "start")
    for part in parts:
        if part.lost:
            height = max(_LOSSES_HEIGHT * part.lost / part.sent, 6)
            drawn += Markup('<rect class="lost" x="{}" y="{}" width="{}%" height="{}"/>').format(
                svg.across(part.number / count), f"{base - height:.1f}", f"{90 / count * 0.8:.2f}", f"{height:.1f}"
            )
    return drawn


def _seconds(span_s: float, words: Words) -> Markup:
    step = svg.nice(span_s / 5, svg.WHOLES)
    ticks = [step * index for index in range(int(span_s / step) + 1)]
    return Markup("").join(
        svg.label(
            svg.across(tick / span_s),
            190,
            f"{say.number(tick, words)} s" if not tick else say.number(tick, words),
            "end" if tick / span_s > 0.97 else "middle",  # noqa: PLR2004 - the last would stand out of the picture
        )
        for tick in ticks
    )


def _variation(delays: list[float], p95: float, words: Words) -> Chart:
    """How many packets came how much later than the fastest, with the 95th percentile."""
    step = svg.nice(max(svg.percentile(delays, 0.995), p95, 0.01) * 1.05, svg.QUARTERS) / _BINS
    counts = [0] * _BINS
    for delay in delays:
        counts[min(int(delay / step), _BINS - 1)] += 1
    drawn = Markup("").join(_bar(index, count, counts, step, p95) for index, count in enumerate(counts) if count)
    share = p95 / (step * _BINS)
    shown = say.amount(p95, "ms", words)
    drawn += Markup('<rect class="limit" x="{}" y="4" width="2" height="{}"/>').format(
        svg.across(share), _PDV_TOP + _HEIGHT - 4
    )
    left = share < 0.6  # noqa: PLR2004 - the word stands where there is room
    x = svg.across(share + (0.02 if left else -0.02))
    drawn += svg.label(x, 13, words("chart_p95", p95=shown), "start" if left else "end", "strong")
    drawn += Markup('<rect class="grid" x="10%" y="{}" width="90%" height="1"/>').format(_PDV_TOP + _HEIGHT)
    for tick in range(4):
        drawn += svg.label(svg.across(tick / 4), _PDV_TOP + _HEIGHT + 18, say.number(tick / 4 * step * _BINS, words))
    share_said = say.amount(counts[0] / len(delays), "ratio", words)
    description = words(
        "chart_pdv_desc", share=share_said, step=say.amount(step, "ms", words), last=say.amount(delays[-1], "ms", words)
    )
    return Chart(
        svg.described("chart", 166, words("chart_pdv_title", p95=shown), description, drawn), words("chart_pdv")
    )


def _bar(index: int, count: int, counts: list[int], step: float, p95: float) -> Markup:
    height = _HEIGHT * count / max(counts)
    return Markup('<rect class="{}" x="{}" y="{}" width="{}%" height="{}"/>').format(
        "bar" if index * step < p95 else "bar tail",
        svg.across(index / _BINS),
        f"{_PDV_TOP + _HEIGHT - height:.1f}",
        f"{90 / _BINS * 0.94:.2f}",
        f"{height:.1f}",
    )


def _needed(finding: Finding, report: Report) -> float | None:
    """Calls at once that a requirement asks for: a number, or a share of those asked; one alone makes no chart."""
    limit = say.limit(finding.expected)
    if not limit or limit[0] != "at least":
        return None
    asked = plain_number(figure(report.metrics, "bandwidth.asked_calls")) or 0.0
    needed = limit[1] if finding.metric == _CALLS_ASKED[0] else limit[1] * asked
    return needed if needed > 1 else None


def calls_carried(report: Report, words: Words) -> Chart | None:
    """The calls that the link carried beside those that were asked of it; None if either was not said."""
    metric = report.metrics.get("bandwidth.concurrent_calls")
    carried = plain_number(metric.value) if metric else None
    asked = [one for one in report.findings if one.metric in _CALLS_ASKED]
    needed = next((calls for one in asked if (calls := _needed(one, report))), None)
    if metric is None or carried is None or needed is None or carried < 0 or needed <= 0:
        return None
    most = max(carried, needed) * 1.02
    drawn = Markup("")
    for row, (key, value) in enumerate((("calls_carried", carried), ("calls_needed", needed))):
        share = value / most
        look = "needed" if row else _CARRIED.get(kind(asked[0]), "unproven")
        drawn += svg.label("0", 14 + 46 * row, words(key, calls=say.amount(value, "call", words)), "start", "strong")
        drawn += Markup('<rect class="{}" x="0" y="{}" width="{}%" height="14" rx="2"/>').format(
            look, 20 + 46 * row, f"{max(100 * share, 0.5):.2f}"
        )
    if metric.bounded and metric.high is None:  # the measurement ended before the link did
        drawn += Markup('<rect class="unsaid" x="{}%" y="20" width="{}%" height="14" rx="2"/>').format(
            f"{100 * carried / most:.2f}", f"{100 - 100 * carried / most:.2f}"
        )
    bounds = say.bounds(metric, words)
    shown = f"{say.number(carried, words)} ({bounds})" if bounds else say.number(carried, words)
    said = words("calls_title", carried=shown, needed=say.number(needed, words))
    caption = f"{said}{words('colon')}{state(asked[0], words)}."
    return Chart(svg.described("chart", 84, words("calls"), caption, drawn), caption)
