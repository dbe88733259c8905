"""The report as one line that monitoring plugins print: state, sentence, performance data.

Monitoring Plugins Development Guidelines, "Plugin Output" and "Performance data".
"""

import math
import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from readycheck.model.clean import clean
from readycheck.model.evidence import Value
from readycheck.model.failure import FailureCode
from readycheck.model.report import Metric, Report
from readycheck.model.verdict import Decision, Finding, Severity, Status
from readycheck.render import answer
from readycheck.render import format as say
from readycheck.render.words import NBSP, Words

_STATES = {Decision.GO: "OK", Decision.GO_WITH_RESERVATIONS: "WARNING", Decision.NO_GO: "CRITICAL"}
_UNITS = {"ratio": "%", "ms": "ms", "s": "s", "byte": "B"}
"""The guidelines know no other; `c` is for counters that only grow, which calls and packets of one run do not."""
_LONGEST_TEXT, _LONGEST_DATA = 600, 3_400
_LARGEST = 1e15
_EXPECTED = re.compile(r"(at most|at least|equals) (\S+)")
_NOT_OF_A_LABEL = re.compile(r"[^A-Za-z0-9_.:-]+")

Bounds = tuple[float | None, float | None]


def render_nagios(report: Report, lang: str, *, unknown: bool = False) -> str:
    """One line; `unknown` is its state if the run itself went wrong, whatever was judged."""
    words = Words(lang)
    state = "UNKNOWN" if unknown else _STATES.get(report.decision, "UNKNOWN")
    data = " ".join(_within(_performance(report), _LONGEST_DATA))
    return f"READYCHECK {state} - {_text(report, words)}" + (f" | {data}" if data else "") + "\n"


def unknown_line(sentence: str) -> str:
    """The line where there is no report."""
    return f"READYCHECK UNKNOWN - {_fit(sentence)}\n"


def _text(report: Report, words: Words) -> str:
    decision = words(f"decision_{report.decision}")
    if report.profile.lab:
        decision += f" {words('lab_only')}"
    ready = answer.ready(report, words)
    if ready:
        decision += f", {words('ready_earliest')} {ready[0]}" if report.ready_on else f", {ready[0]}"
    parts = [f"{decision}.", answer.sentence(report, words)]
    if report.run.interrupted:
        parts.append(words("terminal_interrupted"))
    return _fit(" ".join(parts))


def _fit(text: str) -> str:
    """One line without the bar that begins the performance data."""
    return clean(text.replace("|", "/").replace(NBSP, " "), _LONGEST_TEXT)


def _within(items: Iterator[str], limit: int) -> Iterator[str]:
    """As many as fit: agents cut what is longer, in the middle of a figure."""
    for item in items:
        limit -= len(item) + 1
        if limit < 0:
            return
        yield item


def _performance(report: Report) -> Iterator[str]:
    """A figure for each metric that a requirement names, so that the series of one profile stay the same."""
    told: set[str] = set()
    by_metric = sorted(enumerate(report.findings), key=lambda item: item[1].metric)
    groups = [list(group) for _, group in groupby(by_metric, key=lambda item: item[1].metric)]
    for group in sorted(groups, key=lambda group: group[0][0]):
        findings = [finding for _, finding in group]
        first = findings[0]
        metric = report.metrics.get(first.metric) or Metric(first.observed, first.unit)
        label = _NOT_OF_A_LABEL.sub("_", f"{first.metric}_{metric.scale}" if metric.scale else first.metric)[:64]
        if metric.unit != "text" and label not in told and not isinstance(metric.value, str):
            told.add(label)
            yield f"{label}={_figure(metric, findings)}"


def _figure(metric: Metric, findings: Sequence[Finding]) -> str:
    """`value[UOM];warn;crit;min;max`; U is a value that could not be determined."""
    elsewhere = any(finding.reason == FailureCode.OTHER_TARGETS for finding in findings)
    value = None if elsewhere else _number(metric.value, metric.unit)
    shown = "U" if value is None else f"{_plain(value)}{_UNITS.get(metric.unit, '')}"
    counted = [finding for finding in findings if finding.status != Status.NOT_APPLICABLE]
    warns = [finding for finding in counted if _only_warns(finding)]
    blocks = [finding for finding in counted if finding.severity == Severity.BLOCKER and not _only_warns(finding)]
    ends = ["0", "100"] if metric.unit == "ratio" else ["", ""]
    return ";".join([shown, _range(warns, metric.unit, value), _range(blocks, metric.unit, value), *ends]).rstrip(";")


def _only_warns(finding: Finding) -> bool:
    return finding.severity == Severity.WARNING or (
        finding.severity == Severity.BLOCKER and finding.status == Status.WAIVED
    )


def _range(findings: Sequence[Finding], unit: str, value: float | None) -> str:
    """What does not alert: `10` is 0 to 10, `10:` from 10 on, `~:10` up to 10; empty without a threshold."""
    bounds = [_bounds(finding.expected, unit) for finding in findings]
    low = max((low for low, _ in bounds if low is not None), default=None)
    high = min((high for _, high in bounds if high is not None), default=None)
    if low is not None:
        return f"{_plain(low)}:{_plain(high) if high is not None else ''}"
    if high is None:
        return ""
    # Many a graph reads plain numbers alone, so no `~:` where nothing is below zero.
    return _plain(high) if high >= 0 and (value is None or value >= 0) else f"~:{_plain(high)}"


def _bounds(expected: str, unit: str) -> Bounds:
    match = _EXPECTED.fullmatch(expected)
    if match is None:
        return None, None
    operand = _number(
        {"true": True, "false": False}.get(match[2]) if not say.is_number(match[2]) else float(match[2]), unit
    )
    return (None if match[1] == "at most" else operand, None if match[1] == "at least" else operand)


def _number(value: Value, unit: str) -> float | None:
    """As performance data count: yes is 1, a ratio is per cent."""
    if value is None or isinstance(value, str) or not -_LARGEST < value < _LARGEST or not math.isfinite(value):
        return None
    return float(value) * (100 if unit == "ratio" else 1)


def _plain(number: float) -> str:
    """Digits alone: no exponent, no grouping."""
    text = f"{number:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
