"""The roll-up as the terminal prints it: the project's verdict, what blocks it, the fleet in numbers."""

from collections.abc import Iterable, Mapping

from readycheck.model.clean import clean
from readycheck.model.rollup import Cause, Rollup
from readycheck.model.verdict import Decision, Severity, Status
from readycheck.render import answer
from readycheck.render import format as say
from readycheck.render.columns import Row, columns, sentences
from readycheck.render.marks import plain_marks
from readycheck.render.rollup_said import notice, open_answers, seen, site_name
from readycheck.render.rollup_tasks import cause_title, cause_why
from readycheck.render.text import marked, painted_decision
from readycheck.render.words import Words

_MOST_LINES, _MOST_CAUSES, _MOST_FILES = 40, 8, 3
_TROUBLES = (Status.FAIL, Status.INCONCLUSIVE)


def render_rollup_text(
    rollup: Rollup, lang: str, *, colour: bool, plain: bool = False, width: int | None = None
) -> str:
    """Decision, date, what stands in the way with owner and lead time, counts, and what was left out."""
    words = Words(lang)
    head = painted_decision(rollup.decision, words, colour=colour)
    if rollup.ready_on:
        head += f"   {words('ready_earliest')} {say.day(rollup.ready_on, words)}"
    elif rollup.decision == Decision.NO_GO:
        head += f"   {words('ready_unknown')}"
    lines = [*sentences([head], width), *_findings(rollup, words, colour=colour, width=width)]
    lines += [*_fleet(rollup, words), *_causes(rollup, words, width)]
    notices = [notice(one, rollup, words) for one in rollup.notices]
    lines += sentences([*_trend(rollup, words), *notices, *_left_out(rollup, words)], width)
    text = "\n".join(lines)
    return plain_marks(text) if plain else text


def _findings(rollup: Rollup, words: Words, *, colour: bool, width: int | None) -> list[str]:
    answers = open_answers(rollup)
    found = [(answer.kind(finding), finding) for finding in rollup.findings]
    shown = sorted(
        (row for row in found if row[0] in answer.KINDS),
        key=lambda row: (answer.KINDS.index(row[0]), -(row[1].lead_time_days or 0)),
    )
    rows = [
        Row(
            marked(kind, colour=colour),
            (
                answer.title(finding, words),
                clean(_seen(*seen(finding, answers, rollup, words)), 400),
                _who(finding.owner, finding.lead_time_days, words),
            ),
        )
        for kind, finding in shown[:_MOST_LINES]
    ]
    lines = columns(rows, width)
    more = len(shown) - len(rows)
    return [*lines, f"  {words.count('more', more)}"] if more else lines


def _seen(said: str, sites: tuple[str, ...]) -> str:
    return f"{said} ({', '.join(sites)})" if sites else said


def _who(owner: str | None, days: int | None, words: Words) -> str:
    return ", ".join(filter(None, (words.owner(owner), words.count("days", days) if days is not None else "")))


def _fleet(rollup: Rollup, words: Words) -> Iterable[str]:
    fleet = rollup.workstations
    head = words.count("rollup_reported", fleet.reported)
    if fleet.expected:
        head = words.count("rollup_of_agents", fleet.expected, text=head)
    yield f"{head}{words('colon')}{_counts(fleet.decisions, words)}" if fleet.reported else head
    sites = [site for site in rollup.sites if site.reported]
    if len(sites) > 1:
        for site in sites[:_MOST_CAUSES]:
            yield f"  {site_name(site.site, words)}{words('colon')}{_counts(site.decisions, words)}"
        if len(sites) > _MOST_CAUSES:
            yield f"  {words.count('more', len(sites) - _MOST_CAUSES)}"


def _causes(rollup: Rollup, words: Words, width: int | None) -> Iterable[str]:
    causes = [cause for cause in rollup.causes if cause.severity == Severity.BLOCKER and cause.status in _TROUBLES]
    if not causes:
        return
    yield f"{words('rollup_causes')}{words('colon').rstrip()}"
    yield from columns(
        [
            Row(f"{cause.count:>5} ", (_cause(cause, words), _who(cause.owner, cause.lead_time_days, words)))
            for cause in causes[:_MOST_CAUSES]
        ],
        width,
    )
    if len(causes) > _MOST_CAUSES:
        yield f"  {words.count('more', len(causes) - _MOST_CAUSES)}"


def _cause(cause: Cause, words: Words) -> str:
    title = cause_title(cause, words)
    return f"{title} ({cause_why(cause, words)})" if cause.reason or cause.seen else title


def _counts(decisions: Mapping[Decision, int], words: Words) -> str:
    return ", ".join(
        words(f"rollup_decision_{decision}", n=say.number(n, words)) for decision, n in decisions.items() if n
    )


def _trend(rollup: Rollup, words: Words) -> Iterable[str]:
    if (trend := rollup.trend) is None:
        return
    decision = words(f"decision_{trend.decision}")
    counts = _counts(trend.workstations.decisions, words) or words.count("rollup_reported", 0)
    yield words("rollup_then", day=say.day(trend.on, words), decision=decision, counts=counts)
    if trend.changes:
        names = ", ".join(clean(change.requirement, 40) for change in trend.changes[:_MOST_CAUSES])
        yield f"  {words('rollup_changed', names=names)}"


def _left_out(rollup: Rollup, words: Words) -> Iterable[str]:
    for tally in rollup.left_out:
        named = [f"{one.file}: {one.detail}" if one.detail else one.file for one in tally.files[:_MOST_FILES]]
        files = words("semicolon").join([clean(name, 120) for name in named] + ["…"] * (tally.count > len(named)))
        yield words(
            "rollup_left_out",
            reason=words(f"rollup_omitted_{tally.reason}"),
            n=say.number(tally.count, words),
            files=files,
        )
