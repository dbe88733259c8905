"""A comparison as plain lines: the answer, what to beware of, then each requirement, the worst first."""

from collections import Counter
from collections.abc import Iterator

from readycheck.comparison.difference import (
    Caveat,
    Change,
    Comparison,
    MetricChange,
    Outcome,
    RequirementChange,
    Standing,
)
from readycheck.model.clean import clean
from readycheck.model.report import Metric, Report
from readycheck.model.verdict import Decision, Status
from readycheck.render import answer
from readycheck.render import format as say
from readycheck.render.columns import Row, columns, sentences
from readycheck.render.marks import plain_marks
from readycheck.render.words import Words

_MOST_ROWS, _MOST_METRICS = 40, 12
_CELL_WIDTH, _LABEL_WIDTH, _LONGEST_IDS = 64, 40, 1000
_GOOD = {Change.MENDED, Change.BETTER, Change.FOUND_HOLDING}
_UNSURE = {Change.NO_LONGER_KNOWN, Change.UNPROVEN, Change.INCOMPARABLE}


def render_compare(
    comparison: Comparison, lang: str, *, strict: bool = False, plain: bool = False, width: int | None = None
) -> str:
    """The whole comparison, without colour; `plain` keeps to ASCII marks, `width` is the terminal's."""
    words = Words(lang, "compare")
    lines = sentences([*_head(comparison, words, strict=strict)], width)
    lines += [*_requirements(comparison, words, width), *_metrics(comparison, words, width)]
    text = "\n".join(lines)
    return plain_marks(text) if plain else text


def _head(comparison: Comparison, words: Words, *, strict: bool) -> Iterator[str]:
    yield f"{_outcome(comparison, words, strict=strict)}   {_decisions(comparison, words)}"
    for key, report in (("then", comparison.then), ("now", comparison.now)):
        yield f"  {words(key)}{words('colon')}{_named(report, words)}"
    for caveat in comparison.caveats:
        for text in _caveat(caveat, words):
            yield f"  {words('careful')}{words('colon')}{text}"


def _outcome(comparison: Comparison, words: Words, *, strict: bool) -> str:
    outcome = comparison.outcome(strict=strict)
    improved = any(item.change in _GOOD for item in comparison.requirements)
    slipped = any(item.worsened for item in comparison.requirements)
    if outcome == Outcome.NO_WORSE and improved and not slipped:
        return words("outcome_better")
    return words(f"outcome_{outcome}")


def _decisions(comparison: Comparison, words: Words) -> str:
    then, now = (
        f"{words(f'decision_{report.decision}')}{_ready(report, words)}" for report in (comparison.then, comparison.now)
    )
    return words("decision_still", now=now) if then == now else words("decision_then_now", then=then, now=now)


def _ready(report: Report, words: Words) -> str:
    """When it would be ready, in brackets; nothing on a go."""
    ready = answer.ready(report, words) if report.decision != Decision.GO else None
    if ready is None:
        return ""
    return f" ({words('ready_earliest')} {ready[0]})" if report.ready_on else f" ({ready[0]})"


def _named(report: Report, words: Words) -> str:
    label = clean(report.run.label or report.environment.host, _LABEL_WIDTH)
    return f"{say.moment(report.run.started_at, words)} · {clean(report.profile.id, _LABEL_WIDTH)} · {label}"


def _caveat(caveat: Caveat, words: Words) -> Iterator[str]:
    values = {"then": clean(caveat.then, 80), "now": clean(caveat.now, 80)}
    if caveat.code == "other_probes":
        sides = (("then", caveat.then), ("now", caveat.now))
        yield from (words(f"caveat_only_{key}", probes=_probes(ids, words)) for key, ids in sides if ids)
    elif caveat.code == "interrupted":
        yield from (words(f"caveat_interrupted_{key}") for key, text in values.items() if text == "true")
    elif caveat.code == "other_targets":
        yield words("caveat_other_targets", probes=_probes(caveat.now, words))
    else:
        yield words(f"caveat_{caveat.code}", **values)


def _probes(ids: str, words: Words) -> str:
    return clean(", ".join(map(words.probe, ids[:_LONGEST_IDS].split(", "))))


def _requirements(comparison: Comparison, words: Words, width: int | None) -> Iterator[str]:
    told = [item for item in comparison.requirements if item.change != Change.UNCHANGED]
    rows = [_row(item, words) for item in told[:_MOST_ROWS]]
    yield from columns(rows, width)
    if len(told) > len(rows):
        yield f"  {words.count('more', len(told) - len(rows))}"
    if any(item.change == Change.UNPROVEN for item in told):
        yield f"    {words('unproven_note')}"
    unchanged = [item.now for item in comparison.requirements if item.change == Change.UNCHANGED and item.now]
    if unchanged:
        yield f"  · {_unchanged(unchanged, words)}"
    if not comparison.requirements:
        yield f"  ? {words('nothing_asked')}"


def _unchanged(standings: list[Standing], words: Words) -> str:
    states = Counter(answer.state(standing.finding, words) for standing in standings)
    told = ", ".join(f"{state} {number}" for state, number in states.most_common())
    return f"{words.count('unchanged', len(standings))}{words('colon')}{told}"


def _row(item: RequirementChange, words: Words) -> Row:
    standing = item.now or item.then
    title = answer.title(standing.finding, words) if standing else ""
    return Row(_mark(item), (words(f"change_{item.change}"), title, _seen(item, words)))


def _mark(item: RequirementChange) -> str:
    if item.worsened:
        return "✗"
    if item.change in _GOOD or (item.change == Change.NEW and item.now and item.now.finding.status == Status.PASS):
        return "✓"
    return "?" if item.change in _UNSURE else "·"


def _seen(item: RequirementChange, words: Words) -> str:
    """Figure and state then and now, what was asked, and the cause behind what does not hold."""
    sides = [(_figure_and_state(standing, words) if standing else (words("not_there"), "")) for standing in item.sides]
    (was, stood), (became, stands) = sides
    if stood == stands:
        seen = _joined(was if was == became else words("arrow", then=was, now=became), stands)
    else:
        seen = words("arrow", then=_joined(was, stood), now=_joined(became, stands))
    asked = list(dict.fromkeys(_asked(standing, words) for standing in item.sides if standing))
    return words("seen", seen=seen, asked=asked[0] if len(asked) == 1 else words("arrow", then=asked[0], now=asked[1]))


def _figure_and_state(standing: Standing, words: Words) -> tuple[str, str]:
    finding, shown = standing.finding, figure(standing.figure, words)
    cause = words.failure(finding.reason).short if finding.reason and finding.status != Status.PASS else ""
    # “Not measured” and “not proven” may be figure, state and cause at once.
    return shown, ", ".join(
        dict.fromkeys(text for text in (answer.state(finding, words), cause) if text not in ("", shown))
    )


def _joined(shown: str, state: str) -> str:
    return f"{shown}, {state}" if state else shown


def _asked(standing: Standing, words: Words) -> str:
    return clean(say.asked(standing.finding.expected, standing.finding.unit, words), _CELL_WIDTH)


def figure(metric: Metric, words: Words) -> str:
    """A figure with its unit; its scale and its bounds in brackets."""
    shown = clean(say.amount(metric.value, metric.unit, words), _CELL_WIDTH)
    if metric.value is None:
        return shown
    notes = (say.scale(metric.scale, words) if metric.scale else "", say.bounds(metric, words))
    told = ", ".join(filter(None, notes))
    return f"{shown} ({told})" if told else shown


def _metrics(comparison: Comparison, words: Words, width: int | None) -> Iterator[str]:
    rows = [
        Row("·", (words.metric(item.metric), _then_now(item, words))) for item in comparison.metrics[:_MOST_METRICS]
    ]
    if not rows:
        return
    yield f"{words('metrics_title')}{words('colon')}".rstrip()
    yield from columns(rows, width)
    if len(comparison.metrics) > len(rows):
        yield f"  {words.count('more', len(comparison.metrics) - len(rows))}"


def _then_now(item: MetricChange, words: Words) -> str:
    return words("arrow", then=figure(item.then, words), now=figure(item.now, words))
