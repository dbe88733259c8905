"""The roll-up: many reports as one document, versioned like the report, and all that a project's page needs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import cache
from typing import TYPE_CHECKING, Any

from readycheck.model.report import Metric, ProfileReference, Tool, UnreadableReport, parsed, require_finite, said
from readycheck.model.verdict import Decision, Finding, Severity, Status, Text

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA = "readycheck.rollup/1"


class Omission(StrEnum):
    """Why a file or a report does not count."""

    SUPERSEDED = auto()
    """A later run of the same workstation, or of the same site, counts."""
    DUPLICATE = auto()
    """The same run a second time."""
    NEWER_SCHEMA = auto()
    """Written by a later readycheck, or measured in a form that this one does not know."""
    NO_REPORT = auto()
    """JSON, but no report: an earlier roll-up, a matrix, something of another tool."""
    UNREADABLE = auto()
    """No JSON, or a report that contradicts its own schema."""
    TOO_LARGE = auto()
    NO_FILE = auto()
    """A link, a pipe, a device: nothing that a search follows."""
    NOT_ACCESSIBLE = auto()


class Notice(StrEnum):
    """What a reader must know about the roll-up as a whole."""

    NO_REPORTS = auto()
    NOTHING_ASKED = auto()
    """The profile has no requirement of scope site or project and no question: there is nothing to decide by."""
    SEVERAL_PROFILES = auto()
    """The reports were measured under profiles with different digests."""
    OTHER_TARGETS = auto()
    """Some workstations or sites were measured against other targets than this profile's: inconclusive."""
    AFTER_THE_DAY = auto()
    """Some reports that count say that they started after the roll-up's day."""
    SITES_WITHOUT_REPORT = auto()
    """Some sites have workstations but no `--scope site` report."""


class Answered(StrEnum):
    """What became of a question at a site."""

    ANSWERED = auto()
    EXPIRED = auto()
    NOT_YET = auto()
    """The answer is dated after the roll-up's day."""
    UNANSWERED = auto()


@dataclass(frozen=True)
class Workstations:
    """How many there are, and what their latest reports say."""

    expected: int | None
    """`site.agents` of the profile."""
    reported: int
    decisions: Mapping[Decision, int]


@dataclass(frozen=True)
class SiteReport:
    """The `--scope site` report that speaks for a site."""

    run: str
    started_at: str
    decision: Decision
    file: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class SiteSummary:
    """One site: its workstations, and its own report if there is one. A site of None is that of runs without a name."""

    site: str | None
    reported: int
    decisions: Mapping[Decision, int]
    report: SiteReport | None


@dataclass(frozen=True)
class HeatCell:
    """At one site, what became of one workstation requirement: how many workstations by status."""

    site: str | None
    requirement: str
    statuses: Mapping[Status, int]


@dataclass(frozen=True)
class HeatColumn:
    """A workstation requirement of the heat map, as the judging profile words it."""

    requirement: str
    severity: Severity
    title: Text


@dataclass(frozen=True)
class Seen:
    """What so many workstations have: a headset by its model, a browser by name and version, a kind of session."""

    what: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Cause:
    """One reason why workstations are not ready, and at how many."""

    requirement: str
    severity: Severity
    status: Status
    reason: str | None
    count: int
    sites: tuple[str | None, ...]
    title: Text
    remedy: Text
    owner: str | None
    lead_time_days: int | None
    seen: tuple[Seen, ...] = ()
    """What these workstations have that the requirement is about, the commonest first; not all, if they are many."""


@dataclass(frozen=True)
class VisitCause:
    """What is wrong at one workstation."""

    requirement: str
    status: Status
    reason: str | None
    seen: tuple[str, ...] = ()
    """What it has that the requirement is about."""


@dataclass(frozen=True)
class Visit:
    """A workstation to go to."""

    host: str
    label: str | None
    site: str | None
    decision: Decision
    started_at: str
    file: str
    causes: tuple[VisitCause, ...]


@dataclass(frozen=True)
class BrowserCount:
    """So many workstations have this browser as their default."""

    name: str
    version: str | None
    count: int


@dataclass(frozen=True)
class HeadsetCount:
    """So many workstations have this headset; of a model of None, one of this form and link."""

    form: str | None
    link: str | None
    count: int
    model: str | None = None


@dataclass(frozen=True)
class Attested:
    """A question of the profile as it stands at a site; a site of None is the project as a whole."""

    question: str
    site: str | None
    state: Answered
    status: Status
    severity: Severity
    title: Text
    remedy: Text
    owner: str | None
    lead_time_days: int | None
    answer: str | None = None
    by: str | None = None
    on: str | None = None
    until: str | None = None
    evidence: str | None = None
    """Where the proof is. A person wrote it: any text, not necessarily a link."""
    note: str | None = None


@dataclass(frozen=True)
class ProfileSeen:
    """A profile under which reports were measured, by id and digest."""

    id: str
    sha256: str
    count: int
    is_judging: bool
    """It is the one that judges this roll-up."""


@dataclass(frozen=True)
class LeftOutFile:
    """One file that does not count, and why in a few words."""

    file: str
    detail: str


@dataclass(frozen=True)
class LeftOut:
    """Files that do not count for one reason: how many, and the first of them by name."""

    reason: Omission
    count: int
    files: tuple[LeftOutFile, ...]


@dataclass(frozen=True)
class Change:
    """A requirement's or question's status then and now; None where it was not asked."""

    requirement: str
    then: Status | None
    now: Status | None


@dataclass(frozen=True)
class Trend:
    """An earlier roll-up beside this one."""

    on: str
    decision: Decision
    ready_on: str | None
    workstations: Workstations
    changes: tuple[Change, ...]
    """Only what changed."""


@dataclass(frozen=True)
class Rollup:
    """Everything that the reports of a project come to."""

    tool: Tool
    made_at: str
    on: str
    """The day from which lead times count, and on which answers must hold."""
    profile: ProfileReference
    decision: Decision
    ready_on: str | None
    findings: tuple[Finding, ...]
    """Of scope site (the worst site's), of scope project, and one per question."""
    blockers: tuple[str, ...]
    metrics: Mapping[str, Metric]
    workstations: Workstations
    sites: tuple[SiteSummary, ...]
    causes: tuple[Cause, ...]
    """Of all workstations, blockers first, the commonest first."""
    heat_map: tuple[HeatCell, ...]
    visit_first: tuple[Visit, ...]
    browsers: tuple[BrowserCount, ...]
    headsets: tuple[HeadsetCount, ...]
    attestations: tuple[Attested, ...]
    reports_read: int
    """Reports that could be read; of them some are superseded or duplicates."""
    profiles: tuple[ProfileSeen, ...]
    profiles_seen: int
    """How many there were; `profiles` names the commonest."""
    left_out: tuple[LeftOut, ...]
    notices: tuple[Notice, ...]
    trend: Trend | None = None
    heat_columns: tuple[HeatColumn, ...] = ()
    """In the profile's order; empty in documents that were written before it was stated."""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        values: dict[str, Any] = _adapter().dump_python(self, mode="json")
        values["metrics"] = {name: metric.to_json() for name, metric in self.metrics.items()}
        return {"schema": SCHEMA} | values

    def dumps(self) -> str:
        """As JSON text to be read by eye; never NaN."""
        return json.dumps(self.to_json(), ensure_ascii=False, allow_nan=False, indent=1) + "\n"

    @classmethod
    def loads(cls, text: str) -> "Rollup":
        """Read a roll-up's JSON text; raises UnreadableReport with one clear sentence."""
        from pydantic import ValidationError  # noqa: PLC0415 - costs 50 ms that `--version` must not pay

        values = parsed(text)
        require_finite(values)
        schema = values.get("schema") if isinstance(values, dict) else None
        if schema != SCHEMA:
            newer = isinstance(schema, str) and schema.startswith(SCHEMA.partition("/")[0] + "/")
            wanted = f"this version reads {SCHEMA}"
            raise UnreadableReport(f"it is of a newer readycheck; {wanted}" if newer else f"no roll-up; {wanted}")
        try:
            return _adapter().validate_json(json.dumps(values), strict=True)
        except ValidationError as error:
            raise UnreadableReport(said(error)) from None


@cache
def _adapter() -> "TypeAdapter[Rollup]":
    from pydantic import TypeAdapter  # noqa: PLC0415 - see Rollup.loads

    return TypeAdapter(Rollup)
