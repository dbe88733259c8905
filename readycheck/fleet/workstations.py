"""What the workstations of a roll-up come to: counts, causes, the heat map, whom to visit first, what they have."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from readycheck.fleet.seen import kinds, seen_at
from readycheck.fleet.summary import Entry, Outcome
from readycheck.model.failure import FailureCode
from readycheck.model.report import Metric
from readycheck.model.rollup import BrowserCount, Cause, HeadsetCount, HeatCell, Visit, Workstations
from readycheck.model.verdict import Decision, Finding, Severity, Status

VISITED_FIRST = 20
LISTED_AT_MOST = 200
"""Rows of a table of the document."""

_READY = (Decision.GO, Decision.GO_WITH_RESERVATIONS)
_TROUBLES = (Status.FAIL, Status.INCONCLUSIVE)
_SEVERITIES = list(Severity)

Asked = Mapping[str, Finding]
"""The workstation requirements of the judging profile, as findings without evidence."""


def decisions(entries: Iterable[Entry]) -> dict[Decision, int]:
    """How many workstations by decision, each decision named."""
    counted = Counter(entry.decision for entry in entries)
    return {decision: counted[decision] for decision in Decision}


def counted(entries: Sequence[Entry], agents: int | None) -> Workstations:
    """The fleet in numbers."""
    return Workstations(expected=agents, reported=len(entries), decisions=decisions(entries))


def fleet_metrics(fleet: Workstations, causes: Sequence[Cause]) -> dict[str, Metric]:
    """The roll-up's own metrics. Ready is go, with or without reservations; nothing reported is nothing measured."""
    ready = sum(fleet.decisions[decision] for decision in _READY)
    failed = [cause for cause in causes if cause.severity == Severity.BLOCKER and cause.status == Status.FAIL]
    return {
        "fleet.ready_ratio": _ratio(ready, fleet.reported, next((cause.reason for cause in failed), None)),
        "fleet.reported_ratio": _ratio(fleet.reported, fleet.expected, None)
        if fleet.expected
        else Metric(None, "ratio", reason=FailureCode.NOT_CONFIGURED),
        "fleet.inconclusive_ratio": _ratio(fleet.decisions[Decision.INCONCLUSIVE], fleet.reported, None),
    }


def _ratio(part: int, whole: int | None, reason: str | None) -> Metric:
    if not whole:
        return Metric(None, "ratio", reason=FailureCode.NOT_PROVEN)
    return Metric(part / whole, "ratio", reason=reason)


def causes(entries: Iterable[Entry], asked: Asked) -> tuple[Cause, ...]:
    """Why workstations are not ready: blockers first, failures before what is not known, the commonest first."""
    met: dict[Outcome, list[Entry]] = {}
    for entry in entries:
        for outcome in entry.outcomes:
            if outcome.status in _TROUBLES and outcome.requirement in asked:
                met.setdefault(outcome, []).append(entry)
    rows = [
        Cause(
            requirement=outcome.requirement,
            severity=asked[outcome.requirement].severity,
            status=outcome.status,
            reason=outcome.reason,
            count=len(where),
            sites=tuple(sorted({entry.site for entry in where}, key=_of_site)),
            title=asked[outcome.requirement].title,
            remedy=asked[outcome.requirement].remedy,
            owner=asked[outcome.requirement].owner,
            lead_time_days=asked[outcome.requirement].lead_time_days,
            seen=kinds(seen_at(entry, asked[outcome.requirement].metric, outcome.reason) for entry in where),
        )
        for outcome, where in met.items()
    ]
    return tuple(sorted(rows, key=_most_pressing)[:LISTED_AT_MOST])


def _most_pressing(cause: Cause) -> tuple[int, int, int, str, str]:
    first = (_SEVERITIES.index(cause.severity), _TROUBLES.index(cause.status), -cause.count)
    return (*first, cause.requirement, cause.reason or "")


def _of_site(site: str | None) -> tuple[bool, str]:
    return site is None, site or ""


def heat_map(entries: Iterable[Entry], asked: Asked) -> tuple[HeatCell, ...]:
    """Site by site and requirement by requirement, how many workstations by status."""
    cells: dict[tuple[str | None, str], Counter[Status]] = {}
    for entry in entries:
        for outcome in entry.outcomes:
            cells.setdefault((entry.site, outcome.requirement), Counter())[outcome.status] += 1
    order = {requirement: number for number, requirement in enumerate(asked)}
    return tuple(
        HeatCell(site, requirement, {status: count[status] for status in Status})
        for (site, requirement), count in sorted(
            cells.items(), key=lambda cell: (*_of_site(cell[0][0]), order.get(cell[0][1], len(order)))
        )
    )


def visit_first(entries: Iterable[Entry], asked: Asked) -> tuple[Visit, ...]:
    """The workstations with most failed blockers, then with most that are not known."""
    ranked = sorted(
        (entry for entry in entries if entry.decision not in _READY),
        key=lambda entry: (*(-count for count in _blockers(entry, asked)), *_of_site(entry.site), entry.host),
    )
    return tuple(
        Visit(
            host=entry.host,
            label=entry.label,
            site=entry.site,
            decision=entry.decision,
            started_at=entry.started_at,
            file=entry.file,
            causes=_blocking(entry, asked),
        )
        for entry in ranked[:VISITED_FIRST]
    )


def _blocking(entry: Entry, asked: Asked) -> tuple[Outcome, ...]:
    """What blocks there, failures before what is not known, with what the workstation has that it is about."""
    found = [outcome for outcome in entry.outcomes if _blocks(outcome, asked)]
    return tuple(
        replace(outcome, seen=seen_at(entry, asked[outcome.requirement].metric, outcome.reason))
        for outcome in sorted(found, key=lambda outcome: _TROUBLES.index(outcome.status))
    )


def _blocks(outcome: Outcome, asked: Asked) -> bool:
    requirement = asked.get(outcome.requirement)
    return outcome.status in _TROUBLES and requirement is not None and requirement.severity == Severity.BLOCKER


def _blockers(entry: Entry, asked: Asked) -> tuple[int, int]:
    blocking = [outcome.status for outcome in entry.outcomes if _blocks(outcome, asked)]
    return blocking.count(Status.FAIL), blocking.count(Status.INCONCLUSIVE)


def browsers(entries: Iterable[Entry]) -> tuple[BrowserCount, ...]:
    """Default browsers, the commonest first."""
    counts = Counter(entry.browser for entry in entries if entry.browser)
    rows = [BrowserCount(name, version, count) for (name, version), count in counts.items()]
    return tuple(sorted(rows, key=lambda row: (-row.count, row.name, row.version or ""))[:LISTED_AT_MOST])


def headsets(entries: Iterable[Entry]) -> tuple[HeadsetCount, ...]:
    """Headsets by model, form and link, the commonest first."""
    counts = Counter(entry.headset for entry in entries if entry.headset)
    rows = [HeadsetCount(form, link, count, model) for (form, link, model), count in counts.items()]
    ranked = sorted(rows, key=lambda row: (-row.count, row.model or "", row.form or "", row.link or ""))
    return tuple(ranked[:LISTED_AT_MOST])
