"""Calls at once, as the evidence of bandwidth tells them: what was carried, what gave way, step by step."""

from dataclasses import dataclass
from typing import Any

from readycheck.model.failure import FailureCode
from readycheck.model.report import Report
from readycheck.render import format as say
from readycheck.render.causes import failure_code, failure_words
from readycheck.render.readings import evidence_of, figure, finite, mappings, plain_number
from readycheck.render.words import Words

_MOST_ROWS = 12
_GAVE_WAY = ("up", "down", "both", "unknown", "sender", "far_end")


@dataclass(frozen=True)
class LoadRow:
    """One step: so many calls at once, and what became of them."""

    calls: str
    lost_up: str
    lost_down: str
    rise: str
    outcome: str


@dataclass(frozen=True)
class LinkLoad:
    """What is said of the link under load, and the steps if there was more than one."""

    sentence: str
    rows: tuple[LoadRow, ...]


def link_load(report: Report, words: Words) -> LinkLoad | None:
    """The sentence and its table; None if there is no far end to load."""
    evidence = evidence_of(report, "bandwidth")
    if not evidence or figure(report.metrics, "bandwidth.has_far_end") is not True:
        return None
    steps = mappings(evidence.get("steps"))[:_MOST_ROWS]
    if not steps:
        code = failure_code(evidence.get("failure"))
        why = failure_words(code, "bandwidth", report, words).what if code else ""
        return LinkLoad(f"{words('nothing_measured')} {why}".rstrip(), ())
    rows = tuple(_row(step, report, words) for step in steps) if len(steps) > 1 else ()
    return LinkLoad(load_sentence(report, words), rows)


def load_sentence(report: Report, words: Words) -> str:
    """What was carried of what was asked, what gave way first and at how many, how far the round trip rose."""
    metrics = report.metrics
    carried, asked = (
        plain_number(figure(metrics, f"bandwidth.{name}")) for name in ("concurrent_calls", "asked_calls")
    )
    rise = plain_number(figure(metrics, "bandwidth.rtt_increase_p95_ms"))
    parts = []
    if carried is not None and asked is not None:
        key = "load_all" if carried >= asked else "load_some"
        parts.append(words(key, carried=say.amount(carried, "call", words), asked=say.number(asked, words)))
    elif carried is not None and _reason(report, "bandwidth.asked_calls") == FailureCode.NOT_CONFIGURED:
        parts.append(words("load_unasked", carried=say.amount(carried, "call", words)))
    parts += filter(None, [_gave_way(report, carried, words)])
    if any(finite(step.get("shortened")) for step in _steps(report)):
        parts.append(words("load_shortened"))
    if rise is not None:
        parts.append(words("load_rise", rise=say.amount(max(rise, 0.0), "ms", words)))
    return " ".join(parts)


def _gave_way(report: Report, carried: float | None, words: Words) -> str:
    """What broke, at the fewest calls that broke it."""
    broke = figure(report.metrics, "bandwidth.broke_first")
    steps = _steps(report)
    if steps and steps[-1].get("is_answered_after") is False and broke in ("unknown", "none"):
        return words("load_died", calls=say.amount(finite(steps[-1].get("calls")), "call", words))
    if broke not in _GAVE_WAY:
        return _left_open(report, carried, words)
    metric = report.metrics.get("bandwidth.concurrent_calls")
    high = plain_number(metric.high) if metric and metric.bounded else None
    held = carried or 0.0 if high is None else high
    beyond = [calls for step in steps if (calls := finite(step.get("calls"))) and calls > held]
    at = say.amount(min(beyond), "call", words) if beyond else ""
    return words(f"load_broke_{broke}_at", calls=at) if at else words(f"load_broke_{broke}")


def _left_open(report: Report, carried: float | None, words: Words) -> str:
    """Why fewer were carried than asked although nothing gave way."""
    asked, allowed = _asked(report), finite(evidence_of(report, "bandwidth").get("allowed"))
    if carried is None or carried >= asked:
        return ""
    if allowed is not None and carried == allowed < asked:
        return words("load_allowed", allowed=say.amount(allowed, "call", words))
    return words("load_unproven")


def _reason(report: Report, name: str) -> str | None:
    metric = report.metrics.get(name)
    return metric.reason if metric else None


def _asked(report: Report) -> float:
    return plain_number(figure(report.metrics, "bandwidth.asked_calls")) or 0.0


def _steps(report: Report) -> list[dict[str, Any]]:
    return mappings(evidence_of(report, "bandwidth").get("steps"))


def _row(step: dict[str, Any], report: Report, words: Words) -> LoadRow:
    sent, received, lost_up = (plain_number(step.get(name)) for name in ("sent", "received", "lost_up"))
    calls, rise = (plain_number(step.get(name)) for name in ("calls", "rtt_increase_p95_ms"))
    up = down = None
    if sent and received is not None and lost_up is not None and 0 <= lost_up < sent:
        up, down = lost_up / sent, (sent - received - lost_up) / (sent - lost_up)
    return LoadRow(
        calls=words("not_measured") if calls is None else say.number(calls, words),
        lost_up=say.amount(up, "ratio", words),
        lost_down=say.amount(down, "ratio", words),
        rise=say.amount(None if rise is None else max(rise, 0.0), "ms", words),
        outcome=_outcome(calls, report, words),
    )


def _outcome(calls: float | None, report: Report, words: Words) -> str:
    """By the metric's value and bounds: carried, too many, or between."""
    metric = report.metrics.get("bandwidth.concurrent_calls")
    carried = plain_number(metric.value) if metric else None
    high = plain_number(metric.high) if metric and metric.bounded else None
    if calls is not None and carried is not None and calls <= carried:
        return words("load_carried")
    return words("load_too_many" if calls is not None and high is not None and calls > high else "load_open")
