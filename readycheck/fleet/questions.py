"""What people attested, judged: each question at each site that it concerns, and the finding that comes of it."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from readycheck.model.clean import clean
from readycheck.model.failure import FailureCode
from readycheck.model.rollup import Answered, Attested
from readycheck.model.verdict import Finding, Scope, Status
from readycheck.profile.attestations import Answer, Attestations
from readycheck.profile.schema import Profile, Question

_FROM_WORST = (Status.FAIL, Status.INCONCLUSIVE, Status.WAIVED, Status.PASS, Status.NOT_APPLICABLE)
_LONGEST_SITE, _LONGEST = 100, 400


def severest(status: Status) -> int:
    """The order in which statuses speak for several: the worst first."""
    return _FROM_WORST.index(status)


def attested(profile: Profile, attestations: Attestations, sites: Collection[str], on: date) -> tuple[Attested, ...]:
    """Every question as it stands on this day; `sites` are those that the reports name."""
    return tuple(
        row
        for question in profile.questions
        if not question.disabled
        for row in _of_question(question, attestations.answers, sites, on)
    )


def question_findings(profile: Profile, rows: Iterable[Attested]) -> list[Finding]:
    """One finding per question: the worst of its sites. A refusal has no lead time, so no date of readiness follows."""
    by_question: dict[str, list[Attested]] = {}
    for row in rows:
        by_question.setdefault(row.question, []).append(row)
    asked = {question.id: question for question in profile.questions}
    return [
        _finding(asked[name], min(of_it, key=lambda row: severest(row.status))) for name, of_it in by_question.items()
    ]


def _of_question(question: Question, answers: Iterable[Answer], sites: Collection[str], on: date) -> Iterable[Attested]:
    """One row per site with an answer of its own; one for the rest, or where nobody answered, for each of the rest."""
    given: dict[str | None, Answer] = {}
    for answer in answers:
        site = clean(answer.site, _LONGEST_SITE) or None if answer.site else None
        if answer.question == question.id and answer.answer is not None:
            before = given.get(site)
            if before is None or (before.on or on) <= (answer.on or on):
                given[site] = answer
    own = sorted(site for site in given if site is not None)
    rest = sorted(set(sites) - set(own))
    for site in own:
        yield _row(question, site, given[site], on)
    if rest or not own:
        if None in given or not own:
            yield _row(question, None, given.get(None), on)
        else:
            yield from (_row(question, site, None, on) for site in rest)


def _row(question: Question, site: str | None, answer: Answer | None, on: date) -> Attested:
    state = _state(answer, on)
    said = question.answers.get(answer.answer or "") if answer and state == Answered.ANSWERED else None
    status = Status(said) if said else Status.INCONCLUSIVE
    return Attested(
        question=question.id,
        site=site,
        state=state,
        status=status,
        severity=question.severity,
        title=question.title or question.ask,
        remedy=question.remedy or {},
        owner=question.owner,
        lead_time_days=None if status == Status.FAIL else question.lead_time,
        answer=answer.answer if answer else None,
        by=clean(answer.by, _LONGEST) if answer and answer.by else None,
        on=answer.on.isoformat() if answer and answer.on else None,
        until=answer.until.isoformat() if answer and answer.until else None,
        evidence=clean(answer.evidence, _LONGEST) if answer and answer.evidence else None,
        note=clean(answer.note, _LONGEST) if answer and answer.note else None,
    )


def _state(answer: Answer | None, on: date) -> Answered:
    if answer is None:
        return Answered.UNANSWERED
    if answer.until and answer.until < on:
        return Answered.EXPIRED
    # East of Greenwich it is already tomorrow.
    return Answered.NOT_YET if answer.on and answer.on > on + timedelta(days=1) else Answered.ANSWERED


def _finding(question: Question, worst: Attested) -> Finding:
    passing = [answer for answer, status in question.answers.items() if status == "pass"]
    return Finding(
        requirement=question.id,
        scope=Scope.PROJECT,
        severity=question.severity,
        status=worst.status,
        metric=f"question.{question.id}",
        observed=worst.answer,
        unit="text",
        expected=f"one of {', '.join(passing)}",
        reason=FailureCode.NOT_PROVEN if worst.status == Status.INCONCLUSIVE else None,
        title=worst.title,
        remedy=worst.remedy,
        owner=worst.owner,
        lead_time_days=worst.lead_time_days,
    )
