"""The words of a verdict: severities, statuses, findings, decisions."""

from dataclasses import dataclass, field
from enum import StrEnum, auto

from readycheck.model.evidence import Value

Text = dict[str, str]
"""A text by language; the key "" serves any language."""


class Scope(StrEnum):
    """Whom a requirement is about."""

    WORKSTATION = auto()
    SITE = auto()
    PROJECT = auto()


class Severity(StrEnum):
    """How much a failed requirement weighs."""

    BLOCKER = auto()
    WARNING = auto()
    INFO = auto()


class Status(StrEnum):
    """What became of a requirement."""

    PASS = auto()
    FAIL = auto()
    INCONCLUSIVE = auto()
    NOT_APPLICABLE = auto()
    WAIVED = auto()


class Decision(StrEnum):
    """What the findings come to."""

    GO = auto()
    GO_WITH_RESERVATIONS = auto()
    NO_GO = auto()
    INCONCLUSIVE = auto()


@dataclass(frozen=True)
class Waived:
    """Who accepted a failure, why, and until which day (UTC, inclusive)."""

    reason: str
    approved_by: str
    until: str


@dataclass(frozen=True)
class Finding:
    """One requirement judged."""

    requirement: str
    scope: Scope
    severity: Severity
    status: Status
    metric: str
    observed: Value
    unit: str
    expected: str
    reason: str | None = None
    title: Text = field(default_factory=dict)
    remedy: Text = field(default_factory=dict)
    owner: str | None = None
    lead_time_days: int | None = None
    waiver: Waived | None = None
    """Only of a finding that is waived."""


@dataclass(frozen=True)
class Verdict:
    """What the judge says: the decision, the findings behind it, and the earliest date of readiness."""

    decision: Decision
    findings: tuple[Finding, ...]
    ready_on: str | None = None
