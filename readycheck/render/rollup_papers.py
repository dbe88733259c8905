"""What else a roll-up's page shows: what people attested, what has changed, what was left out, where it comes from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from readycheck.model.clean import clean
from readycheck.model.rollup import Answered, Attested, LeftOut, Rollup, Trend, Workstations
from readycheck.model.verdict import Decision, Severity, Status
from readycheck.render import answer
from readycheck.render import format as say
from readycheck.render.rollup_fleet import Fleet, fleet
from readycheck.render.rollup_said import site_name
from readycheck.render.voice import Tag
from readycheck.render.words import Words

_MOST_ANSWERS = 40
_MOST_CHANGES = 20
_MOST_FILES = 5
_MOST_PROFILES = 10
_READY = (Decision.GO, Decision.GO_WITH_RESERVATIONS)


@dataclass(frozen=True)
class AnswerRow:
    """A question, and what was answered."""

    id: str
    question: str
    where: str
    tag: Tag
    answer: str
    by: str
    when: str
    until: str
    evidence: str
    note: str
    owner: str


def attestations(rollup: Rollup, words: Words) -> tuple[list[AnswerRow], int]:
    """What is open or against comes first; and how many rows more there are."""
    ordered = sorted(rollup.attestations, key=lambda row: _order(_kind(row)))
    return [_answer_row(row, words) for row in ordered[:_MOST_ANSWERS]], max(len(ordered) - _MOST_ANSWERS, 0)


def _order(kind: str) -> int:
    return answer.KINDS.index(kind) if kind in answer.KINDS else len(answer.KINDS)


def _kind(row: Attested) -> str:
    if row.status == Status.FAIL:
        return {Severity.BLOCKER: "blocks", Severity.WARNING: "warns", Severity.INFO: "noted"}[row.severity]
    if row.status == Status.INCONCLUSIVE:
        return "unknown" if row.severity == Severity.BLOCKER else "unknown_warning"
    return {Status.PASS: "holds", Status.WAIVED: "waived"}.get(row.status, "not_applicable")


def _answer_row(row: Attested, words: Words) -> AnswerRow:
    until = say.day(row.until, words)
    return AnswerRow(
        id=clean(row.question),
        question=words.choose(row.title) or clean(row.question),
        where=site_name(row.site, words) if row.site else "",
        tag=Tag(_kind(row), _state(row, words)),
        answer=words.answer(row.answer or ""),
        by=clean(row.by, 80) if row.by else "",
        when=say.day(row.on, words) or "",
        until=words("valid_until", day=until) if until else "",
        evidence=clean(row.evidence, 300) if row.evidence else "",
        note=clean(row.note, 300) if row.note else "",
        owner=words.owner(row.owner),
    )


def _state(row: Attested, words: Words) -> str:
    if row.state != Answered.ANSWERED:
        return words(f"answer_{row.state}")
    return words(f"answered_{row.status}")


@dataclass(frozen=True)
class ChangeRow:
    """What became of one requirement since."""

    id: str
    title: str
    then: Tag
    now: Tag


@dataclass(frozen=True)
class Moment:
    """One of the two roll-ups."""

    day: str
    tag: Tag
    ready: str
    fleet: Fleet
    reported: str
    ready_on: str


@dataclass(frozen=True)
class Since:
    """An earlier roll-up and this one, side by side."""

    said: str
    moments: tuple[Moment, Moment]
    changes: tuple[ChangeRow, ...]
    more: int


def since(rollup: Rollup, trend: Trend, words: Words) -> Since:
    """What has changed since the earlier roll-up."""
    then = _moment(trend.on, trend.decision, trend.ready_on, trend.workstations, words)
    now = _moment(rollup.on, rollup.decision, rollup.ready_on, rollup.workstations, words)
    named = {finding.requirement: answer.title(finding, words) for finding in rollup.findings}
    rows = [
        ChangeRow(
            id=clean(one.requirement),
            title=named.get(one.requirement) or clean(one.requirement),
            then=_status(one.then, words),
            now=_status(one.now, words),
        )
        for one in trend.changes[:_MOST_CHANGES]
    ]
    return Since(_pace(rollup, trend, words), (then, now), tuple(rows), max(len(trend.changes) - _MOST_CHANGES, 0))


def _status(status: Status | None, words: Words) -> Tag:
    if status is None:
        return Tag("left_out", words("then_not_asked"))
    looks = {
        Status.PASS: "holds",
        Status.FAIL: "blocks",
        Status.INCONCLUSIVE: "unknown",
        Status.WAIVED: "waived",
        Status.NOT_APPLICABLE: "not_applicable",
    }
    return Tag(looks[status], words(f"status_{status}"))


def _moment(on: str, decision: Decision, ready_on: str | None, stations: Workstations, words: Words) -> Moment:
    ready = _ready_share(stations)
    shown = say.day(ready_on, words)
    return Moment(
        day=say.day(on, words) or "",
        tag=Tag(decision, words(f"decision_{decision}")),
        ready=words("not_measured")
        if ready is None
        else words("ready_share", share=say.amount(round(ready, 3), "ratio", words)),
        fleet=fleet(stations, words),
        reported=words.count("rollup_reported", stations.reported),
        ready_on=f"{words('ready_earliest')} {shown}" if shown else "",
    )


def _ready_share(stations: Workstations) -> float | None:
    ready = sum(stations.decisions.get(decision, 0) for decision in _READY)
    return ready / stations.reported if stations.reported else None


def _pace(rollup: Rollup, trend: Trend, words: Words) -> str:
    """The two shares and the two dates, compared in a sentence or two."""
    then, now = _ready_share(trend.workstations), _ready_share(rollup.workstations)
    parts = []
    if then is not None and now is not None:
        points = round(100 * (now - then))
        key = "pace_same" if not points else "pace_up" if points > 0 else "pace_down"
        parts.append(words.count(key, abs(points)) if points else words(key))
    if trend.ready_on and rollup.ready_on:
        try:
            moved = (date.fromisoformat(rollup.ready_on[:10]) - date.fromisoformat(trend.ready_on[:10])).days
        except ValueError:
            moved = 0
        parts += [words.count("date_later" if moved > 0 else "date_earlier", abs(moved))] if moved else []
    return " ".join(parts)


@dataclass(frozen=True)
class OmissionRow:
    """Files that do not count for one reason."""

    why: str
    number: str
    files: tuple[str, ...]
    more: int


def omissions(left_out: Iterable[LeftOut], words: Words) -> list[OmissionRow]:
    """What does not count, why, and the first files by name."""
    return [
        OmissionRow(
            why=words(f"rollup_omitted_{one.reason}"),
            number=words.count("files", one.count),
            files=tuple(
                clean(f"{file.file}{words('colon')}{file.detail}" if file.detail else file.file, 160)
                for file in one.files[:_MOST_FILES]
            ),
            more=max(one.count - min(len(one.files), _MOST_FILES), 0),
        )
        for one in left_out
    ]


def provenance(rollup: Rollup, words: Words) -> list[tuple[str, str]]:
    """What this page was made from, by what, and when."""
    profile = rollup.profile
    rows = [
        ("from_profile", f"{clean(profile.id, 80)} · {words('digest', digest=clean(profile.sha256, 12))}"),
        ("from_day", say.day(rollup.on, words) or ""),
        (
            "from_made",
            f"{say.moment(rollup.made_at, words)} · {clean(rollup.tool.name, 40)} {clean(rollup.tool.version, 40)}",
        ),
        ("from_read", _read(rollup, words)),
    ]
    under = [
        f"{clean(one.id, 60)} · {words('digest', digest=clean(one.sha256, 12))} · {words.count('reports', one.count)}"
        + (f" · {words('from_judging')}" if one.is_judging else "")
        for one in rollup.profiles[:_MOST_PROFILES]
    ]
    more = rollup.profiles_seen - len(under)
    if under:
        rest = [words.count("more", more)] if more > 0 else []
        rows.append(("from_under", words("semicolon").join([*under, *rest])))
    return [(words(key), text) for key, text in rows]


def _read(rollup: Rollup, words: Words) -> str:
    sites = sum(1 for site in rollup.sites if site.report)
    counts = (
        words.count("reports", rollup.reports_read),
        words.count("counting", rollup.workstations.reported),
        words.count("counting_sites", sites),
    )
    return ", ".join(counts)
