"""Charts of the roll-up's page: lengths in per cent, so that they fit any width; words stand beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from markupsafe import Markup

from readycheck.render import format as say
from readycheck.render.words import Words

_APART = 31.0
"""Between two dates of the axis, in per cent: what the longest takes on the narrowest screen."""
_EDGE = 15.0
_MOST_LINES = 12
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200)
_SLIVER = 0.8


@dataclass(frozen=True)
class Bar:
    """A bar of the plan, drawn."""

    drawing: Markup


@dataclass(frozen=True)
class Axis:
    """The time line: its dates, drawn once, and the lines that every row repeats."""

    span: int
    dates: Markup
    lines: Markup

    def bar(self, days: int) -> Bar:
        """From today to so many days later."""
        width = max(100 * days / self.span, _SLIVER)
        drawing = Markup(
            '<svg class="lane" aria-hidden="true">{}<rect class="long" x="0" y="50%" width="{:.2f}%"'
            ' height="14" rx="4"/></svg>'
        )
        return Bar(drawing.format(self.lines, width))


def axis(start: date, days: Sequence[int], ready: int | None, words: Words) -> Axis:
    """From the roll-up's day to the longest of these days, the day of readiness marked.

    Dates never touch: where they would, that of readiness stays, and the lines go without.
    """
    span = max([*days, ready or 0, 1])
    months = list(_months(start, span))
    lines = Markup("").join(
        Markup('<rect class="month" x="{:.2f}%" width="1" height="100%"/>').format(100 * month / span)
        for month in months
    )
    if ready is not None:
        lines += Markup('<rect class="ready" x="{:.2f}%" width="2" height="100%"/>').format(
            min(100 * ready / span, 99.6)
        )
    wanted = [*([ready] if ready is not None else []), 0, span, *months]
    placed: list[int] = []
    for day in wanted:
        if all(abs(_place(day, span) - _place(other, span)) >= _APART for other in placed):
            placed.append(day)
    dates = Markup("").join(
        Markup('<text class="{}" x="{:.2f}%" y="13" text-anchor="{}">{}</text>').format(
            "due" if day == ready else "s", 100 * day / span, _anchor(100 * day / span), _date(start, day, words)
        )
        for day in sorted(placed)
    )
    return Axis(span, Markup('<svg class="dates" aria-hidden="true">{}</svg>').format(dates), lines)


def _place(day: int, span: int) -> float:
    """Where the middle of a date's text comes to lie: at the edges it is pushed inwards."""
    return min(max(100 * day / span, _EDGE), 100 - _EDGE)


def _anchor(percent: float) -> str:
    return "start" if percent < _EDGE else "end" if percent > 100 - _EDGE else "middle"


def _date(start: date, days: int, words: Words) -> str:
    try:
        return say.day(start + timedelta(days=days), words) or ""
    except OverflowError:
        return ""


def _months(start: date, span: int) -> list[int]:
    """The first days of months, in days from the start; of every so many months only, if there are many."""
    step = next((step for step in _MONTHS if span / 30 / step <= _MOST_LINES), _MONTHS[-1])
    first = start.year * 12 + start.month
    starts = []
    for number in range(first, first + span // 28 + 2):
        year, month = divmod(number, 12)
        if number % step == 0 and year < date.max.year:
            starts.append((date(year, month + 1, 1) - start).days)
    return [days for days in starts if 0 < days < span]


@dataclass(frozen=True)
class Share:
    """A part of a whole: its look, its number and its word."""

    kind: str
    number: int
    said: str


def stacked(shares: Sequence[Share], title: str) -> Markup:
    """Parts of a whole, side by side; every part that is there can be seen."""
    whole = sum(share.number for share in shares)
    if not whole:
        return Markup("")
    widths = [max(share.number / whole, _SLIVER / 100) if share.number else 0.0 for share in shares]
    scale = 100 / sum(widths)
    ends = [scale * sum(widths[:number]) for number in range(len(widths) + 1)]
    parts = Markup("").join(
        Markup('<rect class="part {}" x="{:.2f}%" width="{:.2f}%" height="100%"/>').format(
            share.kind, left, right - left
        )
        for share, (left, right) in zip(shares, pairwise(ends), strict=True)
        if share.number
    )
    return Markup('<svg class="stacked" role="img" aria-label="{0}"><title>{0}</title>{1}</svg>').format(title, parts)


def share(part: int, whole: int, kind: str) -> Markup:
    """A thin bar as long as its share; the number stands beside it."""
    width = max(100 * part / whole, _SLIVER) if whole else 0.0
    return Markup(
        '<svg class="share {}" aria-hidden="true"><rect class="track" width="100%" height="100%"/>'
        '<rect class="done" width="{:.2f}%" height="100%"/></svg>'
    ).format(kind, min(width, 100.0))
