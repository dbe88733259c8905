"""The roll-up as one page for the project manager: the answer first, then what to do, then why, then everything."""

from collections.abc import Sequence

from readycheck.model.clean import clean
from readycheck.model.rollup import Notice, Rollup
from readycheck.model.verdict import Decision, Severity, Status
from readycheck.render import answer, rollup_fleet, rollup_papers
from readycheck.render import format as say
from readycheck.render.html import render_page
from readycheck.render.rollup_heat import heat_map
from readycheck.render.rollup_said import notice
from readycheck.render.rollup_tasks import Task, cause_title, cause_why, fleet_tasks, plan, project_tasks
from readycheck.render.words import Words

_NAMED_AT_MOST = 3
_SPELT_UP_TO = 9
_SENTENCE = 90
"""The longest name in a sentence; it stands whole further down."""
_MOST_TASKS = 30
_MOST_FLEET_TASKS = 12
_SAID_ELSEWHERE = (Notice.NO_REPORTS, Notice.NOTHING_ASKED)


def render_rollup_html(rollup: Rollup, lang: str) -> str:
    """The whole page, in English or French."""
    words = Words(lang, "rollup")
    of_project, of_fleet = project_tasks(rollup, words), fleet_tasks(rollup, words)
    is_empty = Notice.NO_REPORTS in rollup.notices
    causes, more_causes = rollup_fleet.causes(rollup, words)
    sites, more_sites = rollup_fleet.sites(rollup, words)
    answers, more_answers = rollup_papers.attestations(rollup, words)
    return render_page(
        "rollup.html.j2",
        words,
        sheet="rollup.css",
        rollup=rollup,
        title=words.choose(rollup.profile.title) or clean(rollup.profile.id, 80),
        word=words(f"decision_{rollup.decision}"),
        small=words("not_yet") if rollup.decision == Decision.NO_GO and rollup.ready_on else "",
        sentence=sentence(rollup, of_project, words),
        ready=_ready(rollup, words),
        about=_about(rollup, words),
        notices=[notice(one, rollup, words) for one in rollup.notices if one not in _SAID_ELSEWHERE],
        is_empty=is_empty,
        is_glad=rollup.decision == Decision.GO and not of_project and not of_fleet,
        fleet=rollup_fleet.fleet(rollup.workstations, words),
        of_project=of_project[:_MOST_TASKS],
        of_fleet=of_fleet[:_MOST_FLEET_TASKS],
        more_tasks=max(len(of_project) - _MOST_TASKS, 0) + max(len(of_fleet) - _MOST_FLEET_TASKS, 0),
        plan=plan(rollup, [*of_project, *of_fleet], words),
        heat=heat_map(rollup, words),
        causes=causes,
        more_causes=more_causes,
        sites=sites,
        more_sites=more_sites,
        visits=rollup_fleet.visits(rollup, words),
        inventory=rollup_fleet.inventory(rollup, words),
        answers=answers,
        more_answers=more_answers,
        since=rollup_papers.since(rollup, rollup.trend, words) if rollup.trend else None,
        omissions=rollup_papers.omissions(rollup.left_out, words),
        provenance=rollup_papers.provenance(rollup, words),
    )


def sentence(rollup: Rollup, tasks: Sequence[Task], words: Words) -> str:
    """The causes of the decision; then how the workstations stand."""
    by_kind = {kind: [task for task in tasks if task.kind == kind] for kind in answer.KINDS}
    open_ = by_kind["unknown"]
    if Notice.NOTHING_ASKED in rollup.notices:
        parts = [notice(Notice.NOTHING_ASKED, rollup, words)]
    elif rollup.decision == Decision.NO_GO:
        parts = [_counted("blocks", by_kind["blocks"], words)]
        parts += [_counted("also_open", open_, words)] if open_ else []
    elif rollup.decision == Decision.INCONCLUSIVE:
        if Notice.NO_REPORTS in rollup.notices:
            parts = [words("nothing_reported")]
        else:
            parts = [_counted("open", open_, words) if open_ else words("answer_nothing_judged")]
    elif rollup.decision == Decision.GO_WITH_RESERVATIONS:
        parts = [words("reservations", causes=_listed(list(tasks), words))]
    else:
        held = sum(1 for finding in rollup.findings if finding.status == Status.PASS)
        parts = [words.count("all_fulfilled", held)]
    return " ".join([*parts, *_stations(rollup, words)])


def _counted(key: str, tasks: Sequence[Task], words: Words) -> str:
    """A sentence that begins with a number, as people write it, and names the causes."""
    number = len(tasks)
    many = words(f"number_{number}") if 1 < number <= _SPELT_UP_TO else say.number(number, words)
    return words.count(key, number, many=many, causes=_listed(tasks, words))


def _listed(tasks: Sequence[Task], words: Words) -> str:
    named = [
        f"{words('quoted', text=clean(task.title, _SENTENCE))} ({clean(task.seen, _SENTENCE)})"
        for task in tasks[:_NAMED_AT_MOST]
    ]
    if len(tasks) > _NAMED_AT_MOST:
        named.append(words.count("more", len(tasks) - _NAMED_AT_MOST))
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])}{words('and')}{named[-1]}" if named else ""


def _stations(rollup: Rollup, words: Words) -> list[str]:
    """How many workstations cannot work yet, mostly why; or that they all can."""
    fleet = rollup.workstations
    if not fleet.reported:
        return []
    bad = [one for one in rollup.causes if (one.severity, one.status) == (Severity.BLOCKER, Status.FAIL)]
    number = fleet.decisions.get(Decision.NO_GO, 0)
    if number and bad:
        named = [
            words(
                "cause_at",
                title=clean(cause_title(one, words), _SENTENCE),
                why=cause_why(one, words),
                n=say.number(one.count, words),
            )
            for one in sorted(bad, key=lambda one: -one.count)[:2]
        ]
        of = say.number(fleet.reported, words)
        return [words.count("cannot_work", number, of=of, causes=words("and").join(named))]
    open_ = fleet.decisions.get(Decision.INCONCLUSIVE, 0)
    if number + open_:
        return [words.count("not_known_to_work", open_, of=say.number(fleet.reported, words))] if open_ else []
    return [words.count("all_ready", fleet.reported)]


def _ready(rollup: Rollup, words: Words) -> tuple[str, str] | None:
    """The date of readiness and what it rests on; None where there is nothing to wait for."""
    if Notice.NO_REPORTS in rollup.notices and rollup.decision != Decision.NO_GO:
        return None
    if rollup.ready_on:
        return say.day(rollup.ready_on, words) or "", words("ready_if", day=say.day(rollup.on, words))
    if rollup.decision != Decision.NO_GO:
        return None
    refused = any(
        finding.metric.startswith("question.")
        and finding.status == Status.FAIL
        and finding.severity == Severity.BLOCKER
        for finding in rollup.findings
    )
    return words("ready_unknown"), words("ready_refused" if refused else "ready_unknown_why")


def _about(rollup: Rollup, words: Words) -> list[str]:
    fleet = rollup.workstations
    reported = words.count("rollup_reported", fleet.reported)
    if fleet.expected:
        reported = words.count("rollup_of_agents", fleet.expected, text=reported)
    return [
        clean(words.choose(rollup.profile.title) or rollup.profile.id, 60),
        say.day(rollup.on, words) or "",
        reported,
    ]
