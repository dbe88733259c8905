"""How sure a figure is: its interval on a small scale, with the limit that was asked."""

from collections.abc import Iterable

from markupsafe import Markup

from readycheck.model.report import Metric
from readycheck.model.verdict import Finding
from readycheck.render import format as say
from readycheck.render.readings import plain_number
from readycheck.render.svg import described
from readycheck.render.words import Words

_MOS = (1.0, 5.0)
_SHARE = (0.0, 1.0)
_ROOM = 1.25
_WIDEST = 30.0
"""An interval so many times wider than the limit is drawn open; or the limit would be a hair's breadth from zero."""


def interval(name: str, metric: Metric | None, asking: Iterable[Finding], words: Words) -> Markup:
    """The drawing; empty for a figure without bounds."""
    value = plain_number(metric.value) if metric else None
    if metric is None or not metric.bounded or value is None:
        return Markup("")
    limits = [limit[1] for finding in asking if (limit := say.limit(finding.expected))][:2]
    low = plain_number(metric.low)
    high = plain_number(metric.high)
    first, last = _range(name, metric, [value, *limits], high)
    if last <= first:
        return Markup("")

    def at(number: float) -> float:
        return 100 * min(max((number - first) / (last - first), 0.0), 1.0)

    from_x = at(low) if low is not None else 0.0
    to_x = at(high) if high is not None else 100.0
    is_open = low is None or high is None or high > last or low < first
    drawn = Markup('<rect class="track" y="7" width="100%" height="2"/>')
    drawn += Markup('<rect class="{}" x="{}%" y="4" width="{}%" height="8" rx="2"/>').format(
        "between open" if is_open else "between", f"{from_x:.2f}", f"{max(to_x - from_x, 1.0):.2f}"
    )
    drawn += Markup('<circle class="value" cx="{}%" cy="8" r="4"/>').format(f"{at(value):.2f}")
    for mark in limits:
        drawn += Markup('<rect class="limit" x="{}%" width="2" height="16"/>').format(f"{at(mark):.2f}")
    said = say.bounds(metric, words) or say.amount(metric.value, metric.unit, words)
    asked = words("semicolon").join(say.asked(finding.expected, finding.unit, words) for finding in asking)
    title = f"{said}. {words('bounds_asked', asked=asked)}" if asked else said
    return described("sure", 16, title, words("bounds_drawn"), drawn)


def _range(name: str, metric: Metric, marks: list[float], high: float | None) -> tuple[float, float]:
    """From where to where the scale goes: all of a MOS, else from nothing to beyond what must be seen."""
    if metric.scale and "mos" in name:
        return _MOS
    first = min(0.0, *marks)
    highest = max(marks)
    if high is not None and (highest <= 0 or high <= highest * _WIDEST):
        highest = max(highest, high)
    last = highest * _ROOM
    if metric.unit == "ratio" and last > _SHARE[1]:
        last = max(_SHARE[1], highest)
    return first, last if last > first else first + 1.0
