"""What a comparison says: requirements and figures then and now, and whether it got worse."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any

from readycheck.comparison.movement import Movement
from readycheck.model.report import Metric, Report, Tool
from readycheck.model.verdict import Decision, Finding, Severity, Status

SCHEMA = "readycheck.compare/1"

_FROM_BEST = (Decision.GO, Decision.GO_WITH_RESERVATIONS, Decision.INCONCLUSIVE, Decision.NO_GO)
_FAILS = (Status.FAIL, Status.WAIVED)


class Change(StrEnum):
    """What became of a requirement, in the order in which it is told."""

    BROKEN = auto()
    FOUND_FAILING = auto()
    """Fails now; before, it was not known or did not apply."""
    WORSE = auto()
    WAIVER_OVER = auto()
    NO_LONGER_KNOWN = auto()
    MENDED = auto()
    FOUND_HOLDING = auto()
    BETTER = auto()
    WAIVED = auto()
    ASKED_DIFFERENTLY = auto()
    """Another answer, but to another question."""
    OTHER_REASON = auto()
    CHANGED = auto()
    UNPROVEN = auto()
    """The figure differs, and its bounds do not prove that anything changed."""
    INCOMPARABLE = auto()
    NEW = auto()
    GONE = auto()
    NO_LONGER_APPLIES = auto()
    UNCHANGED = auto()


class Outcome(StrEnum):
    """The answer to the question whether it got worse."""

    NO_WORSE = auto()
    WORSE = auto()
    UNKNOWN = auto()


@dataclass(frozen=True)
class Caveat:
    """Why the two reports may not be about the same thing."""

    code: str
    then: str
    now: str


@dataclass(frozen=True)
class Standing:
    """A requirement in one of the reports: its finding, and the figure with its bounds."""

    finding: Finding
    figure: Metric

    @property
    def fails(self) -> bool:
        """Whether what was asked is not met, waived or not."""
        return self.finding.status in _FAILS


@dataclass(frozen=True)
class RequirementChange:
    """One requirement then and now; None where that report does not have it."""

    requirement: str
    change: Change
    movement: Movement | None
    then: Standing | None
    now: Standing | None

    @property
    def sides(self) -> tuple[Standing | None, Standing | None]:
        """Then and now."""
        return self.then, self.now

    @property
    def severity(self) -> Severity:
        """How much it weighs: now, or then if it is gone."""
        standing = self.now or self.then
        return standing.finding.severity if standing else Severity.INFO

    @property
    def worsened(self) -> bool:
        """Whether a reader should look at it first."""
        if self.change in (Change.BROKEN, Change.FOUND_FAILING, Change.WORSE, Change.WAIVER_OVER):
            return True
        fails_now, failed_then = (bool(standing and standing.fails) for standing in (self.now, self.then))
        anew = self.change in (Change.NEW, Change.ASKED_DIFFERENTLY) and fails_now and not failed_then
        return anew or self.movement == Movement.WORSE


@dataclass(frozen=True)
class MetricChange:
    """A figure that no requirement names and that did change."""

    metric: str
    then: Metric
    now: Metric


@dataclass(frozen=True)
class Comparison:
    """What changed from one report to the other, the worst first."""

    then: Report
    now: Report
    caveats: tuple[Caveat, ...]
    requirements: tuple[RequirementChange, ...]
    metrics: tuple[MetricChange, ...]

    def outcome(self, *, strict: bool = False) -> Outcome:
        """Worse if the decision is or if a blocker that did not fail fails now; `strict` counts whatever got worse.

        Unknown if the decision is, or if a blocker lost its answer, or fails and had no answer before.
        """
        blockers = [item for item in self.requirements if item.severity == Severity.BLOCKER]
        fell = any(
            _status(item.then) in (Status.PASS, Status.NOT_APPLICABLE) and _failed(item.now) for item in blockers
        )
        slid = _FROM_BEST.index(self.now.decision) > _FROM_BEST.index(self.then.decision)
        known = self.now.decision != Decision.INCONCLUSIVE
        if fell or (slid and known) or (strict and any(item.worsened for item in self.requirements)):
            return Outcome.WORSE
        open_now = any(
            item.change == Change.NO_LONGER_KNOWN or (item.now and item.now.fails and not _answered(item.then))
            for item in blockers
        )
        return Outcome.UNKNOWN if open_now or not known else Outcome.NO_WORSE

    def as_document(self, tool: Tool, *, strict: bool = False) -> dict[str, Any]:
        """As JSON values, `readycheck.compare/1`."""
        return {
            "schema": SCHEMA,
            "tool": {"name": tool.name, "version": tool.version},
            "outcome": str(self.outcome(strict=strict)),
            "then": _origin(self.then),
            "now": _origin(self.now),
            "caveats": [{"code": item.code, "then": item.then, "now": item.now} for item in self.caveats],
            "counts": dict(Counter(str(item.change) for item in self.requirements)),
            "requirements": [
                {
                    "requirement": item.requirement,
                    "severity": str(item.severity),
                    "change": str(item.change),
                    "figure": item.movement and str(item.movement),
                    "then": _standing_json(item.then),
                    "now": _standing_json(item.now),
                }
                for item in self.requirements
            ],
            "metrics": [
                {"metric": item.metric, "then": item.then.to_json(), "now": item.now.to_json()} for item in self.metrics
            ],
        }


def _status(standing: Standing | None) -> Status | None:
    return standing.finding.status if standing else None


def _failed(standing: Standing | None) -> bool:
    return _status(standing) == Status.FAIL


def _answered(standing: Standing | None) -> bool:
    return _status(standing) not in (None, Status.INCONCLUSIVE)


def _origin(report: Report) -> dict[str, Any]:
    return {
        "run": report.run.id,
        "started_at": report.run.started_at,
        "label": report.run.label,
        "site": report.run.site,
        "scope": report.run.scope,
        "profile": {"id": report.profile.id, "sha256": report.profile.sha256},
        "host": report.environment.host,
        "tool": report.tool.version,
        "decision": str(report.decision),
        "ready_on": report.ready_on,
    }


def _standing_json(standing: Standing | None) -> dict[str, Any] | None:
    if standing is None:
        return None
    finding, figure = standing.finding, standing.figure.to_json()
    told = {"status": str(finding.status), "severity": str(finding.severity), "metric": finding.metric}
    measured = {"observed": figure.pop("value")} | figure
    return told | measured | {"expected": finding.expected, "reason": finding.reason}
