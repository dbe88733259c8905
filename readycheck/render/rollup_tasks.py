"""What stands between the project and its start, as tasks: what, what to do, who, by when; and the plan they make."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from readycheck.model.clean import clean
from readycheck.model.rollup import Cause, Notice, Rollup
from readycheck.model.verdict import Finding, Scope, Severity, Status
from readycheck.render import answer
from readycheck.render import format as say
from readycheck.render.rollup_said import open_answers, seen, why
from readycheck.render.rollup_svg import Axis, Bar, axis
from readycheck.render.words import Words

_LONGEST_LEAD = 36_500
_LONGEST_TITLE = 160
_MOST_REASONS = 3
_MOST_TITLES = 4
_MOST_BARS = 14


@dataclass(frozen=True)
class Task:
    """Something to be done, for the project as a whole or at so many workstations."""

    id: str
    kind: str
    """One of answer.KINDS."""
    state: str
    title: str
    seen: str
    do: str
    owner: str
    days: int | None
    until: str | None
    workstations: int | None = None
    is_supposed: bool = False
    """The time is needed only if what is not known yet turns out to fail."""

    @property
    def pressing(self) -> tuple[int, int]:
        """What blocks before what warns, the longest first."""
        return answer.KINDS.index(self.kind), -(self.days if self.days is not None else -1)


def project_tasks(rollup: Rollup, words: Words) -> list[Task]:
    """One for each requirement of site or project, and each question, that is not fulfilled."""
    answers = open_answers(rollup)
    tasks = [
        Task(
            id=clean(finding.requirement),
            kind=answer.kind(finding),
            state=answer.state(finding, words),
            title=clean(answer.title(finding, words), _LONGEST_TITLE),
            seen=_seen(*seen(finding, answers, rollup, words), words),
            do=_do(finding, rollup, words),
            owner=words.owner(finding.owner),
            days=finding.lead_time_days,
            until=_until(rollup, finding.lead_time_days, words),
            is_supposed=finding.status == Status.INCONCLUSIVE and not finding.metric.startswith("question."),
        )
        for finding in rollup.findings
        if answer.kind(finding) in answer.KINDS
    ]
    return sorted(tasks, key=lambda task: task.pressing)


def _seen(said: str, sites: tuple[str, ...], words: Words) -> str:
    """What was seen, and where; a figure is that of the worst of several sites."""
    if len(sites) > 1:
        return words("seen_at_sites", said=said, names=", ".join(sites))
    return f"{sites[0]}{words('colon')}{said}" if sites else said


def _do(finding: Finding, rollup: Rollup, words: Words) -> str:
    """The profile's own remedy; else what this kind of finding calls for."""
    own = words.choose(finding.remedy)
    if finding.status == Status.WAIVED:
        return own or words("waived_remedy")
    open_ = finding.status == Status.INCONCLUSIVE
    if finding.metric.startswith("question."):
        return (
            words("do_ask", who=words.owner(finding.owner) or words("do_ask_somebody"))
            if open_
            else own or words("do_refused")
        )
    if finding.scope == Scope.SITE:
        if open_:
            return words("do_measure_site")
        return own or (words.failure(finding.reason).remedy if finding.reason else "") or words("do_mend_site")
    if Notice.NO_REPORTS in rollup.notices:
        return words("do_collect")
    known = {"fleet.ready_ratio": "do_mend", "fleet.inconclusive_ratio": "do_again"}
    if finding.metric == "fleet.reported_ratio":
        own = f"{_collect(rollup, words)} {own}".rstrip()
    return own or words(known.get(finding.metric, "no_remedy"))


def _collect(rollup: Rollup, words: Words) -> str:
    """How many are missing, which no profile can say; or how to have them counted."""
    fleet = rollup.workstations
    return words.count("do_missing", max(fleet.expected - fleet.reported, 0)) if fleet.expected else words("do_count")


def fleet_tasks(rollup: Rollup, words: Words) -> list[Task]:
    """One for each requirement that workstations do not fulfil, whatever the reasons; most workstations first."""
    groups: dict[str, list[Cause]] = {}
    for one in rollup.causes:
        groups.setdefault(one.requirement, []).append(one)
    alike: dict[tuple[str, str, str, int | None], list[Task]] = {}
    for task in (_fleet_task(causes, rollup, words) for causes in groups.values()):
        alike.setdefault((task.kind, task.do, task.owner, task.days), []).append(task)
    return sorted(
        (_one_of(tasks, words) for tasks in alike.values()),
        key=lambda task: (answer.KINDS.index(task.kind), -(task.workstations or 0)),
    )


def _one_of(tasks: Sequence[Task], words: Words) -> Task:
    """Tasks that the same person does in the same way, as one; how many workstations they share is not known."""
    if len(tasks) == 1:
        return tasks[0]
    number = max(task.workstations or 0 for task in tasks)
    more = [words.count("more", len(tasks) - _MOST_TITLES)] if len(tasks) > _MOST_TITLES else []
    return replace(
        tasks[0],
        id=", ".join(task.id for task in tasks[:_MOST_TITLES]),
        state=words.count("at_least_workstations", number),
        title=" · ".join([*(task.title for task in tasks[:_MOST_TITLES]), *more]),
        seen=words("semicolon").join(dict.fromkeys(task.seen for task in tasks[:_MOST_TITLES])),
        workstations=number,
    )


def _fleet_task(causes: Sequence[Cause], rollup: Rollup, words: Words) -> Task:
    first = causes[0]
    failed = [one for one in causes if one.status == Status.FAIL]
    counted = failed or causes
    number = sum(one.count for one in counted)
    unknown = sum(one.count for one in causes) - number
    state = words.count("at_workstations", number)
    days = first.lead_time_days
    return Task(
        id=clean(first.requirement),
        kind=cause_kind(counted[0]),
        state=words.count("and_unknown", unknown, state=state) if unknown else state,
        title=cause_title(first, words),
        seen=_reasons(causes, words),
        do=_mend(counted[0], words),
        owner=words.owner(first.owner),
        days=days,
        until=_until(rollup, days, words),
        workstations=number,
        is_supposed=not failed,
    )


def _mend(cause: Cause, words: Words) -> str:
    of_failure = words.failure(cause.reason).remedy if cause.reason else ""
    if cause.status == Status.INCONCLUSIVE:
        return of_failure or words("do_again")
    return words.choose(cause.remedy) or of_failure or words("do_see_reports")


def _reasons(causes: Iterable[Cause], words: Words) -> str:
    """Why, and at how many; a plain miss of the threshold needs no number of its own."""
    listed = list(causes)
    said = [
        words("seen_at", why=cause_why(one, words), n=say.number(one.count, words)) for one in listed[:_MOST_REASONS]
    ]
    if len(listed) == 1:
        return cause_why(listed[0], words)
    more = [words.count("more", len(listed) - _MOST_REASONS)] if len(listed) > _MOST_REASONS else []
    return ", ".join(said + more)


def cause_kind(cause: Cause) -> str:
    """How a cause looks: as its finding would on the workstation's own page."""
    if cause.status == Status.FAIL:
        return {Severity.BLOCKER: "blocks", Severity.WARNING: "warns", Severity.INFO: "noted"}[cause.severity]
    return "unknown" if cause.severity == Severity.BLOCKER else "unknown_warning"


def cause_title(cause: Cause, words: Words) -> str:
    """What the requirement is called."""
    return clean(words.choose(cause.title) or cause.requirement, _LONGEST_TITLE)


def cause_why(cause: Cause, words: Words) -> str:
    """Why it is so, in a few words: what these workstations have, or the reason."""
    return why(cause.status, cause.reason, [one.what for one in cause.seen], words)


def _until(rollup: Rollup, days: int | None, words: Words) -> str | None:
    ends = _later(rollup.on, days)
    return say.day(ends, words) if ends else None


def _later(on: str, days: int | None) -> date | None:
    if days is None or not 0 <= days <= _LONGEST_LEAD:
        return None
    try:
        return date.fromisoformat(on[:10]) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True)
class Step:
    """One line of the plan."""

    task: Task
    bar: Bar


@dataclass(frozen=True)
class Plan:
    """Who mends what until when, on one time line."""

    axis: Axis
    steps: tuple[Step, ...]
    more: int
    untimed: tuple[str, ...]
    """Titles of what blocks and has no duration."""
    is_dashed: bool
    """Some lines stand for what is not known yet."""
    is_late: bool
    """Work at workstations is planned beyond the date, which counts the project's own requirements."""


def plan(rollup: Rollup, tasks: Sequence[Task], words: Words) -> Plan | None:
    """The tasks that have a duration, on one time line; None if none has.

    Workstations of which nothing is known are to be measured again, which takes no time to speak of.
    """
    planned = [task for task in tasks if not (task.workstations and task.is_supposed)]
    timed = sorted((task for task in planned if task.until is not None), key=lambda task: task.pressing)
    blocking = [task for task in planned if task.kind in {"blocks", "unknown"}]
    if not timed:
        return None
    days = [task.days or 0 for task in timed[:_MOST_BARS]]
    ready = _days_until(rollup)
    line = axis(date.fromisoformat(rollup.on[:10]), days, ready, words)
    late = [task for task in blocking if task.workstations and ready is not None and (task.days or 0) > ready]
    return Plan(
        axis=line,
        steps=tuple(Step(task, line.bar(task.days or 0)) for task in timed[:_MOST_BARS]),
        more=max(len(timed) - _MOST_BARS, 0),
        untimed=tuple(task.title for task in blocking if task.until is None),
        is_late=bool(late),
        is_dashed=any(task.kind.startswith("unknown") for task in timed),
    )


def _days_until(rollup: Rollup) -> int | None:
    try:
        days = (date.fromisoformat((rollup.ready_on or "")[:10]) - date.fromisoformat(rollup.on[:10])).days
    except ValueError:
        return None
    return days if 0 <= days <= _LONGEST_LEAD else None
