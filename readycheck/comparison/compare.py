"""Two reports held against each other: a pure function of both."""

from collections import Counter
from collections.abc import Iterable, Iterator

from readycheck.comparison.caveats import caveats
from readycheck.comparison.difference import Change, Comparison, MetricChange, RequirementChange, Standing
from readycheck.comparison.movement import Movement, movement
from readycheck.model.failure import FailureCode
from readycheck.model.report import Metric, Report
from readycheck.model.verdict import Severity, Status

_UNANSWERED = {Status.NOT_APPLICABLE: Change.NO_LONGER_APPLIES, Status.INCONCLUSIVE: Change.NO_LONGER_KNOWN}


def compare(then: Report, now: Report) -> Comparison:
    """Hold two reports against each other, requirement by requirement."""
    before, after = dict(_standings(then)), dict(_standings(now))
    changes = [
        _requirement_change(key[0], before.get(key), after.get(key), then, now)
        for key in dict.fromkeys([*after, *before])
    ]
    rank = {change: place for place, change in enumerate(Change)}
    weight = {severity: place for place, severity in enumerate(Severity)}
    changes.sort(key=lambda item: (not item.worsened, rank[item.change], weight[item.severity]))
    named = {standing.finding.metric for standing in (*before.values(), *after.values())}
    return Comparison(then, now, tuple(caveats(then, now)), tuple(changes), tuple(_unnamed(then, now, named)))


def _standings(report: Report) -> Iterator[tuple[tuple[str, int], Standing]]:
    """Findings by requirement; one that a report states twice is told twice."""
    seen: Counter[str] = Counter()
    for finding in report.findings:
        metric = report.metrics.get(finding.metric)
        fits = metric is not None and metric.value == finding.observed and metric.unit == finding.unit
        figure = metric if metric is not None and fits else Metric(finding.observed, finding.unit)
        yield (finding.requirement, seen[finding.requirement]), Standing(finding, figure)
        seen[finding.requirement] += 1


def _requirement_change(
    requirement: str, before: Standing | None, after: Standing | None, then: Report, now: Report
) -> RequirementChange:
    if before is None or after is None:
        change = Change.NEW if before is None else Change.GONE
        return RequirementChange(requirement, change, None, before, after)
    moved = None
    if FailureCode.OTHER_TARGETS in (before.finding.reason, after.finding.reason):
        moved = Movement.INCOMPARABLE  # a figure of servers that the requirement is not about
    elif before.finding.metric == after.finding.metric:
        moved = movement(
            before.finding.metric,
            (before.figure, then.metrics),
            (after.figure, now.metrics),
            upwards=_upwards(after.finding.expected),
        )
    return RequirementChange(requirement, _change(before, after, moved), moved, before, after)


def _change(before: Standing, after: Standing, moved: Movement | None) -> Change:
    """The word for what became of it: by the statuses, and by the figure where they are the same."""
    was, became = before.finding, after.finding
    if was.status == became.status:
        return _of_figure(moved, same_reason=was.reason == became.reason)
    if before.fails and after.fails:
        return Change.WAIVED if became.status == Status.WAIVED else Change.WAIVER_OVER
    if became.status in _UNANSWERED:
        return _UNANSWERED[became.status]
    if was.status in _UNANSWERED:
        return Change.FOUND_FAILING if after.fails else Change.FOUND_HOLDING
    if (was.metric, was.expected) != (became.metric, became.expected):
        return Change.ASKED_DIFFERENTLY
    return Change.BROKEN if after.fails else Change.MENDED


def _of_figure(moved: Movement | None, *, same_reason: bool) -> Change:
    if moved in (Movement.BETTER, Movement.WORSE, Movement.INCOMPARABLE, Movement.CHANGED):
        return Change(str(moved))
    if not same_reason:
        return Change.OTHER_REASON
    return Change.UNPROVEN if moved == Movement.UNPROVEN else Change.UNCHANGED


def _upwards(expected: str) -> bool | None:
    """Whether more is better, by what is asked; None if neither is."""
    return True if expected.startswith("at least") else False if expected.startswith("at most") else None


def _unnamed(then: Report, now: Report, named: Iterable[str]) -> Iterator[MetricChange]:
    """Figures of both reports that did change though nothing is asked of them."""
    for name in sorted(now.metrics.keys() & then.metrics.keys() - set(named)):
        before, after = then.metrics[name], now.metrics[name]
        if movement(name, (before, then.metrics), (after, now.metrics)) in (Movement.CHANGED, Movement.INCOMPARABLE):
            yield MetricChange(name, before, after)
