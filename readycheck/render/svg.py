"""Small charts as inline SVG: coloured by the page's style sheet, described by a title, never large."""

import math
from collections.abc import Sequence

from markupsafe import Markup

WIDTH, HEIGHT = 560, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 552, 10, 160
_COLUMNS = 300
_BINS = 12
_THIRDS = (1.2, 1.5, 3.0, 6.0, 9.0, 12.0)
_QUARTERS = (1.2, 1.6, 2.0, 4.0, 6.0, 8.0, 12.0)
_WHOLES = (1.0, 2.0, 5.0, 10.0)


def round_trips(rtt_ms: Sequence[float | None], interval_ms: float, title: str) -> Markup:
    """Round trip of each packet over time; the lost ones are red bars. Thinned out to the extremes per column."""
    top = _nice(max((value for value in rtt_ms if value is not None), default=1.0) * 1.05, _THIRDS)
    span_s = max(len(rtt_ms) * interval_ms / 1000, 0.001)
    columns = min(_COLUMNS, len(rtt_ms))
    points, lost = [], []
    for column in range(columns):
        first, last = (column * len(rtt_ms) // columns, (column + 1) * len(rtt_ms) // columns)
        x = _LEFT + (_RIGHT - _LEFT) * (column + 0.5) / columns
        part = rtt_ms[first:last]
        arrived = [value for value in part if value is not None]
        points += (
            [f"{x:.1f},{_y(value, top):.1f}" for value in dict.fromkeys((min(arrived), max(arrived)))]
            if arrived
            else []
        )
        lost += [f"M{x:.1f} {_TOP}V{_BOTTOM}"] if len(arrived) < len(part) else []
    marks = _grid(top) + _seconds(span_s)
    line = Markup('<polyline class="trace" points="{}"/>').format(" ".join(points))
    loss = Markup('<path class="lost" d="{}"/>').format("".join(lost)) if lost else Markup("")
    return _svg(title, marks + line + loss)


def delay_variation(rtt_ms: Sequence[float | None], p95_ms: float | None, title: str, label: str) -> Markup:
    """How many packets came how much later than the fastest, with the 95th percentile."""
    arrived = sorted(value for value in rtt_ms if value is not None)
    delays = [value - arrived[0] for value in arrived]
    p95 = p95_ms if p95_ms is not None else percentile(delays, 0.95)
    step = _nice(max(percentile(delays, 0.995), p95, 0.01) * 1.05, _QUARTERS) / _BINS
    counts = [0] * _BINS
    for delay in delays:
        counts[min(int(delay / step), _BINS - 1)] += 1
    width = (_RIGHT - _LEFT) / _BINS
    bars = Markup("").join(
        Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
            "bar" if index * step < p95 else "bar tail",
            f"{_LEFT + index * width + 1:.1f}",
            f"{_y(count, max(counts)):.1f}",
            f"{width - 2:.1f}",
            f"{_BOTTOM - _y(count, max(counts)):.1f}",
        )
        for index, count in enumerate(counts)
        if count
    )
    ticks = Markup("").join(_x_tick(tick / 4, f"{tick / 4 * step * _BINS:g}") for tick in range(4))
    x = min(_LEFT + (_RIGHT - _LEFT) * p95 / (step * _BINS), _RIGHT)
    mark = Markup('<path class="mark" d="M{} {}V{}"/><text class="s" x="{}" y="22" text-anchor="{}">{}</text>').format(
        *(f"{x:.1f}", _TOP, _BOTTOM, f"{x + 5:.1f}" if x < WIDTH * 0.6 else f"{x - 5:.1f}"),
        *("start" if x < WIDTH * 0.6 else "end", label),
    )
    base = Markup('<path class="grid" d="M{} {}H{}"/>').format(_LEFT, _BOTTOM, _RIGHT)
    return _svg(title, base + bars + ticks + mark)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of ordered values; 0 of none."""
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)] if ordered else 0.0


def share_bar(share: float, kind: str) -> Markup:
    """A thin bar as long as its share; the figure stands beside it."""
    width = f"{max(min(share, 1.0), 0.02) * 100:.0f}"
    return Markup(
        '<svg class="plan {}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" width="100" height="6"/><rect class="done" width="{}" height="6"/></svg>'
    ).format(kind, width)


def _svg(title: str, content: Markup) -> Markup:
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>{}</svg>').format(
        WIDTH, HEIGHT, title, title, content
    )


def _y(value: float, top: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * value / top


def _grid(top: float) -> Markup:
    return Markup("").join(
        Markup('<path class="grid" d="M{} {}H{}"/><text class="s" x="{}" y="{}" text-anchor="end">{}</text>').format(
            _LEFT, f"{_y(value, top):.1f}", _RIGHT, _LEFT - 6, f"{_y(value, top) + 4:.1f}", f"{value:g}"
        )
        for value in (0, top / 3, top * 2 / 3, top)
    )


def _seconds(span_s: float) -> Markup:
    step = _nice(span_s / 5, _WHOLES)
    ticks = [step * index for index in range(int(span_s / step) + 1)]
    return Markup("").join(_x_tick(tick / span_s, f"{tick:g} s" if not tick else f"{tick:g}") for tick in ticks)


def _x_tick(share: float, text: str) -> Markup:
    x = _LEFT + (_RIGHT - _LEFT) * share
    return Markup('<text class="s" x="{}" y="182" text-anchor="middle">{}</text>').format(f"{x:.0f}", text)


def _nice(value: float, steps: Sequence[float]) -> float:
    """The next number up that is round in these steps of a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in steps if step * power >= value), 10 * power)
