"""A report reduced to what a roll-up needs, and the merge of such summaries: in any order and grouping the same."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import TypeAlias

from readycheck.judge import left_out
from readycheck.model.clean import clean
from readycheck.model.failure import FailureCode
from readycheck.model.report import Report
from readycheck.model.rollup import LeftOutFile, Omission, VisitCause
from readycheck.model.verdict import Decision, Finding, Scope, Severity, Status

NAMED_AT_MOST = 20
"""Files named per reason; the rest are counted."""

_LONGEST_NAME = 100
_READY = (Decision.GO, Decision.GO_WITH_RESERVATIONS)

Outcome: TypeAlias = VisitCause
"""What became of a requirement at one workstation."""


@dataclass(frozen=True)
class Entry:
    """One report, reduced. Strings of strangers are cut: they become keys."""

    scope: Scope
    site: str | None
    host: str
    label: str | None
    started_at: str
    """In UTC, so that the order of texts is that of time."""
    run: str
    digest: str
    """Of the file: decides between two that claim to be the same run."""
    file: str
    decision: Decision
    outcomes: tuple[Outcome, ...] = ()
    """Of a workstation."""
    findings: tuple[Finding, ...] = ()
    """Of a site."""
    browser: tuple[str, str | None] | None = None
    headset: tuple[str | None, str | None, str | None] | None = None
    """Form, link and model."""
    session: str | None = None

    @property
    def key(self) -> "Key":
        """Whom it speaks for: a workstation, which may move from site to site, or a site."""
        of_site = self.scope == Scope.SITE
        return self.scope, self.site if of_site else None, None if of_site else self.host

    @property
    def _rank(self) -> tuple[str, str, str, str, str]:
        return self.started_at, self.run, self.digest, self.file, self.site or ""


Key: TypeAlias = tuple[Scope, str | None, str | None]


@dataclass(frozen=True)
class Tally:
    """So many files, and the first of them by name."""

    count: int = 0
    files: tuple[LeftOutFile, ...] = ()

    def __add__(self, other: "Tally") -> "Tally":
        if not other.count:
            return self
        files = sorted({*self.files, *other.files}, key=attrgetter("file", "detail"))
        return Tally(self.count + other.count, tuple(files[:NAMED_AT_MOST]))


@dataclass(frozen=True)
class Latest:
    """What counts for one key, and copies of the same run."""

    entry: Entry
    copies: Tally = Tally()


@dataclass(frozen=True)
class Summary:
    """Any number of reports, reduced; of one, of a folder, of all."""

    latest: Mapping[Key, Latest] = field(default_factory=dict)
    profiles: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Reports by id and digest of the profile under which they were measured."""
    left_out: Mapping[Omission, Tally] = field(default_factory=dict)
    read: int = 0


def summary_of(report: Report, *, profile: tuple[str, str], file: str, digest: str) -> Summary:
    """A report that was judged under the roll-up's profile; `profile` is the id and digest it was measured under."""
    run, scope = report.run, Scope(report.run.scope)
    of_site = scope == Scope.SITE
    entry = Entry(
        scope=scope,
        site=_name(run.site),
        host=_name(report.environment.host) or "",
        label=_name(run.label),
        started_at=f"{run.started.isoformat(timespec='milliseconds')[:23]}Z",
        run=_name(run.id) or "",
        digest=digest,
        file=file,
        decision=_whole(report.decision, report.findings),
        outcomes=() if of_site else _shared(tuple(map(_outcome, report.findings))),
        findings=tuple(_cut(_promised(finding, report)) for finding in report.findings) if of_site else (),
        browser=None if of_site else _browser(report),
        headset=None if of_site else _headset(report),
        session=None if of_site else _text(report, "session.kind"),
    )
    seen = (_name(profile[0]) or "", _name(profile[1]) or "")
    return Summary(latest={entry.key: Latest(entry)}, profiles={seen: 1}, read=1)


def omitted(reason: Omission, file: str, detail: str) -> Summary:
    """A file that does not count."""
    return Summary(left_out={reason: Tally(1, (LeftOutFile(file, clean(detail)),))})


def merged(summaries: Iterable[Summary]) -> Summary:
    """One summary of all: associative and commutative, in memory of the workstations and not of the reports."""
    latest: dict[Key, Latest] = {}
    profiles: dict[tuple[str, str], int] = {}
    tallies: dict[Omission, Tally] = {}
    read = 0
    for summary in summaries:
        read += summary.read
        for seen, count in summary.profiles.items():
            profiles[seen] = profiles.get(seen, 0) + count
        superseded = []
        for key, one in summary.latest.items():
            if key in latest:
                latest[key], older = _later(latest[key], one)
                superseded.append((Omission.SUPERSEDED, older))
            else:
                latest[key] = one
        for reason, tally in chain(summary.left_out.items(), superseded):
            if tally.count:
                tallies[reason] = tallies.get(reason, Tally()) + tally
    return Summary(latest, profiles, tallies, read)


def _later(one: Latest, other: Latest) -> tuple[Latest, Tally]:
    """The one that counts, and what it supersedes."""
    first, second = sorted((one, other), key=lambda latest: latest.entry._rank)  # noqa: SLF001 - of this file
    loser = Tally(1, (LeftOutFile(first.entry.file, ""),)) + first.copies
    if (first.entry.started_at, first.entry.run) == (second.entry.started_at, second.entry.run):
        return Latest(second.entry, second.copies + loser), Tally()
    return second, loser


def _whole(decision: Decision, findings: Iterable[Finding]) -> Decision:
    """A run that left out what a blocker asks proves nothing here: it may be all that is known of this workstation."""
    partial = any(finding.severity == Severity.BLOCKER and left_out(finding) for finding in findings)
    return Decision.INCONCLUSIVE if partial and decision in _READY else decision


def _promised(finding: Finding, report: Report) -> Finding:
    """What an interrupted run saw hold is not proven of its site: such a run is inconclusive at best."""
    is_open = report.run.interrupted and finding.status == Status.PASS
    return replace(finding, status=Status.INCONCLUSIVE, reason=FailureCode.INTERRUPTED) if is_open else finding


def _outcome(finding: Finding) -> Outcome:
    reason = None if finding.status == Status.PASS else _name(finding.reason)
    return Outcome(finding.requirement, finding.status, reason)


def _cut(finding: Finding) -> Finding:
    """A finding without the endless texts that a forged report may hold."""
    observed = _name(finding.observed) if isinstance(finding.observed, str) else finding.observed
    return replace(finding, observed=observed, unit=_name(finding.unit) or "", reason=_name(finding.reason))


@lru_cache(maxsize=4096)
def _shared(outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """The same for the same: a fleet has few kinds of workstations."""
    return outcomes


def _name(text: str | None) -> str | None:
    """A name as a key: one line of printable characters; None if nothing is left of it."""
    return (clean(text, _LONGEST_NAME) if text else "") or None


def _text(report: Report, metric: str) -> str | None:
    found = report.metrics.get(metric)
    return _name(found.value) if found and isinstance(found.value, str) else None


def _browser(report: Report) -> tuple[str, str | None] | None:
    name = _text(report, "browser.default_name")
    return (name, _text(report, "browser.default_version")) if name else None


def _headset(report: Report) -> tuple[str | None, str | None, str | None] | None:
    """Form, link and model; without the name that a person may have given to a Bluetooth headset."""
    hands_free = report.metrics.get("headset.hands_free")
    model = _text(report, "headset.model") if hands_free and hands_free.value is False else None
    found = _text(report, "headset.form"), _text(report, "headset.link"), model
    return found if any(found) else None
