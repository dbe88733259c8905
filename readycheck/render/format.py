"""Figures with their units, bounds and dates, as a reader of this language writes them."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime

from readycheck.model.clean import clean
from readycheck.model.evidence import Value
from readycheck.model.report import Metric
from readycheck.render.readings import plain_number
from readycheck.render.words import NBSP, Words

_ASKED = re.compile(
    r"(?P<comparator>at most|at least|equals|equal to|exactly|one of|version at least|matches)[: ]+(?P<operand>.+)",
    re.DOTALL,
)
_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
_HUGE = 1e15
_DATAGRAM_BYTE = 10_000
"""Below, each byte may matter."""


def number(value: float, words: Words, decimals: int = 2) -> str:
    """A number with at most so many decimals, grouped by thousands."""
    if not math.isfinite(value):
        return words("not_measured")
    if abs(value) >= _HUGE:
        text = f"{value:.2e}"
    else:
        text = f"{value:,.{decimals}f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
    text = text.replace("-", "\u2212") if value < 0 else text
    return text.replace(",", NBSP).replace(".", ",") if words.lang == "fr" else text


def amount(value: Value, unit: str, words: Words) -> str:
    """A metric's value with its unit; None is not measured."""
    if isinstance(value, bool):
        return words("yes" if value else "no")
    if isinstance(value, str):
        return words.value(value)
    finite = plain_number(value)
    return words("not_measured") if finite is None else _with_unit(finite, unit, words)


def _with_unit(value: float, unit: str, words: Words) -> str:
    if unit == "ratio":
        return _percent(value, words)
    if unit == "byte" and abs(value) < _DATAGRAM_BYTE:
        return f"{number(value, words, 0)}{NBSP}{words('byte')}"
    if unit in {"bit/s", "byte"}:
        return _scaled(value, words, words("byte") if unit == "byte" else unit)
    if unit in {"packet", "call"}:
        return words.count(f"unit_{unit}", math.ceil(abs(value)), amount=number(value, words))
    if unit in {"ms", "s", "dBm", "dBFS"}:
        return f"{number(value, words, 1 if abs(value) >= 1 else 2)}{NBSP}{unit}"
    return number(value, words)


def _percent(ratio: float, words: Words) -> str:
    percent = ratio * 100
    if 0 < percent < 0.01:  # noqa: PLR2004 - below what two decimals show
        text = "<" + NBSP + number(0.01, words)
    elif 99.95 <= percent < 100:  # noqa: PLR2004 - nearly all is not all
        text = ">" + NBSP + number(99.9, words)
    else:
        text = number(percent, words, 2 if abs(percent) < 1 else 1)
    return f"{text}{NBSP}%"


def _scaled(value: float, words: Words, unit: str) -> str:
    for factor, prefix in _PREFIXES:
        if abs(value) >= factor:
            return f"{number(value / factor, words, 1)}{NBSP}{prefix}{unit}"
    return f"{number(value, words, 0)}{NBSP}{unit}"


def bounds(metric: Metric, words: Words) -> str | None:
    """Where the true value lies; None for a figure without bounds, or where both read as the value does."""
    if not metric.bounded or metric.value is None:
        return None
    ends = {amount(value, metric.unit, words) for value in (metric.low, metric.value, metric.high)}
    if len(ends) == 1:
        return None
    if metric.low is None and metric.high is None:
        return words("bounds_unknown")
    if metric.low is None:
        return words("bounds_up_to", high=amount(metric.high, metric.unit, words))
    if metric.high is None:
        return words("bounds_from", low=amount(metric.low, metric.unit, words))
    low, high = (amount(bound, metric.unit, words) for bound in (metric.low, metric.high))
    return words("bounds_between", low=low.removesuffix(f"{NBSP}%"), high=high)


def measured(name: str, metrics: Mapping[str, Metric], words: Words) -> str:
    """A metric that was measured, with its scale and bounds; a share of calls as the calls that it is a share of."""
    calls = metrics.get("bandwidth.asked_calls"), metrics.get("bandwidth.concurrent_calls")
    asked, carried = (one if one and one.value is not None else None for one in calls)
    if name == "bandwidth.calls_ratio" and asked and carried:
        share = words("n_of_m", n=scaled(carried, words), m=amount(asked.value, "", words))
        return ", ".join(filter(None, (share, bounds(carried, words))))
    return ", ".join(filter(None, (scaled(metrics[name], words), bounds(metrics[name], words))))


def scaled(metric: Metric, words: Words) -> str:
    """A figure with its unit, and its scale if it has one: a MOS says nothing without."""
    shown = amount(metric.value, metric.unit, words)
    return f"{shown} ({scale(metric.scale, words)})" if metric.scale and metric.value is not None else shown


def scale(name: str, words: Words) -> str:
    """The name of an E-model scale."""
    return words(f"scale_{name}") if name in {"nb", "fb"} else clean(name, 20)


def asked(expected: str, unit: str, words: Words) -> str:
    """What a requirement asks, as its finding states it in English, said in this language."""
    match = _ASKED.fullmatch(expected.strip())
    if match is None:
        return clean(expected)
    comparator = match["comparator"].replace(" ", "_")
    operand = clean(match["operand"]).removesuffix(unit).strip() or match["operand"]
    value: Value = operand
    if operand.lower() in {"true", "false", "yes", "no"}:
        return words("yes" if operand.lower() in {"true", "yes"} else "no")
    if comparator in {"at_most", "at_least", "equals", "equal_to", "exactly"} and is_number(operand):
        value = float(operand)
    if unit == "ratio" and (comparator, value) in {("at_least", 1.0), ("equals", 1.0), ("at_most", 0.0)}:
        return words("none" if value == 0 else "all")
    shown = amount(value, unit, words)
    if comparator == "one_of":
        shown = ", ".join(words.value(one) for one in operand.split(", "))
    return shown if comparator in {"equals", "equal_to", "exactly"} else words(f"asked_{comparator}", operand=shown)


def limit(expected: str) -> tuple[str, float] | None:
    """The comparator and the number of a requirement that asks for at most or at least so much."""
    match = _ASKED.fullmatch(expected.strip())
    if match is None or not match["comparator"].startswith("at ") or not is_number(match["operand"].strip()):
        return None
    asked_for = float(match["operand"])
    return (match["comparator"], asked_for) if math.isfinite(asked_for) else None


def is_number(text: str) -> bool:
    """Whether this is one plain finite number."""
    return re.fullmatch(r"[+-]?(\d{1,300}(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?", text) is not None


def day(value: date | str | None, words: Words) -> str | None:
    """A date as people write it; what is no date is shown as it stands."""
    if value is None:
        return None
    try:
        parsed = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    except ValueError:
        return clean(value, 40)
    month = words(f"month_{parsed.month}")
    first = "1er" if parsed.day == 1 and words.lang == "fr" else str(parsed.day)
    return f"{first}{NBSP}{month}{NBSP}{parsed.year}"


def day_and_month(value: date, words: Words) -> str:
    """A date without its year."""
    return (day(value, words) or "").rpartition(NBSP)[0]


def started(value: str) -> datetime | None:
    """The start of a run, in UTC; None if it is no time."""
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def moment(value: str, words: Words) -> str:
    """A time as people write it, in UTC."""
    parsed = started(value)
    return clean(value, 40) if parsed is None else f"{day(parsed.date(), words)}, {parsed:%H:%M} UTC"
