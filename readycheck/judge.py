"""The judge: profile and evidence in, verdict out. No clock but the run's start, no I/O."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from readycheck.model.failure import FailureCode
from readycheck.model.report import Metric, Observation, ObservationStatus
from readycheck.model.verdict import Decision, Finding, Scope, Severity, Status, Verdict, Waived
from readycheck.model.version import version
from readycheck.profile.schema import Comparison, Profile, Requirement


@dataclass(frozen=True)
class Case:
    """What is judged: the figures, what became of each probe, and what this profile's targets would digest to."""

    metrics: Mapping[str, Metric]
    observations: Mapping[str, Observation]
    inputs: Mapping[str, str]
    """Digest of the judging profile's targets, by probe."""
    started_on: date
    interrupted: bool = False


Outcome = tuple[Status, str | None]


def judge(profile: Profile, case: Case, scope: Scope = Scope.WORKSTATION) -> Verdict:
    """Judge every requirement of the scope, and decide."""
    findings = tuple(
        _finding(requirement, profile, case)
        for requirement in profile.requirements
        if requirement.scope == scope and not requirement.disabled
    )
    decision = decide(findings)
    if case.interrupted and decision in (Decision.GO, Decision.GO_WITH_RESERVATIONS):
        decision = Decision.INCONCLUSIVE
    return Verdict(decision, findings, ready_on(decision, findings, case.started_on))


def decide(findings: Iterable[Finding]) -> Decision:
    """What findings come to; those on probes that were not selected do not count."""
    counted = [finding for finding in findings if not left_out(finding)]

    def any_of(severity: Severity, *statuses: Status) -> bool:
        return any(finding.severity == severity and finding.status in statuses for finding in counted)

    if any_of(Severity.BLOCKER, Status.FAIL):
        return Decision.NO_GO
    answered = (Status.PASS, Status.FAIL)
    if any_of(Severity.BLOCKER, Status.INCONCLUSIVE) or not any(finding.status in answered for finding in counted):
        return Decision.INCONCLUSIVE
    waived = any(finding.status == Status.WAIVED for finding in counted)
    if waived or any_of(Severity.WARNING, Status.FAIL, Status.INCONCLUSIVE):
        return Decision.GO_WITH_RESERVATIONS
    return Decision.GO


def left_out(finding: Finding) -> bool:
    """Whether a finding is on a probe that was not selected: it does not count for the decision."""
    return finding.status == Status.INCONCLUSIVE and finding.reason == FailureCode.NOT_SELECTED


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    """What stands between the project and a go: failed blockers, or else those left open."""
    blockers = [finding for finding in findings if finding.severity == Severity.BLOCKER and not left_out(finding)]
    failed = [finding for finding in blockers if finding.status == Status.FAIL]
    return failed or [finding for finding in blockers if finding.status == Status.INCONCLUSIVE]


def ready_on(decision: Decision, findings: Iterable[Finding], started_on: date) -> str | None:
    """Start plus the longest lead time among what blocks; None on go, or if one of them has none."""
    if decision == Decision.GO:
        return None
    lead_times = [finding.lead_time_days for finding in blocking(findings)]
    known = [days for days in lead_times if days is not None]
    if not known or len(known) < len(lead_times):
        return None
    try:
        return (started_on + timedelta(days=max(known))).isoformat()
    except OverflowError:  # a report may state any date
        return None


def _finding(requirement: Requirement, profile: Profile, case: Case) -> Finding:
    status, reason = _outcome(requirement, case)
    waiver = _waiver(requirement, profile, case.started_on) if status == Status.FAIL else None
    metric = case.metrics.get(requirement.metric)
    return Finding(
        requirement=requirement.id,
        scope=requirement.scope,
        severity=requirement.severity,
        status=Status.WAIVED if waiver else status,
        metric=requirement.metric,
        observed=metric.value if metric else None,
        unit=metric.unit if metric else requirement.unit or "",
        expected=expected(requirement),
        reason=reason,
        title=requirement.title or {"": requirement.id},
        remedy=requirement.remedy or {},
        owner=requirement.owner,
        lead_time_days=requirement.lead_time,
        waiver=waiver,
    )


def _waiver(requirement: Requirement, profile: Profile, on: date) -> Waived | None:
    """The waiver that holds the longest, if one still holds."""
    holding = [one for one in profile.waivers if one.requirement == requirement.id and on <= one.until]
    last = max(holding, key=lambda one: one.until, default=None)
    return Waived(last.reason, last.approved_by, last.until.isoformat()) if last else None


def _outcome(requirement: Requirement, case: Case) -> Outcome:
    if requirement.when:
        status, reason = _compared(requirement.when, case, None)
        if status == Status.FAIL:
            return Status.NOT_APPLICABLE, None
        if status == Status.INCONCLUSIVE:
            return status, reason
    return _compared(requirement, case, requirement.scale)


def _compared(comparison: Comparison, case: Case, scale: str | None) -> Outcome:
    """Pass or fail by the figure and its bounds; inconclusive with the reason why there is none."""
    metric = case.metrics.get(comparison.metric)
    unusable, why = _unusable(comparison.metric.partition(".")[0], metric, case)
    if unusable or metric is None:
        return Status.INCONCLUSIVE, why
    met = _meets(comparison, metric) if not scale or metric.scale == scale else None
    if met is None:
        return Status.INCONCLUSIVE, metric.reason or FailureCode.NOT_PROVEN
    # What is missed however much of it is put down to a busy workstation is simply missed.
    why_missed = None if metric.reason == FailureCode.WORKSTATION_BUSY else metric.reason
    return (Status.PASS, None) if met else (Status.FAIL, why_missed)


def _unusable(probe: str, metric: Metric | None, case: Case) -> tuple[bool, str | None]:
    """Whether there is nothing to compare, and why: not run, failed, other targets, not measured."""
    observation = case.observations.get(probe)
    if observation is None:
        return True, FailureCode.COMPONENT_MISSING
    if observation.status != ObservationStatus.COLLECTED:
        return True, observation.failure.code if observation.failure else FailureCode.INTERNAL_ERROR
    if observation.inputs != case.inputs.get(probe):
        return True, FailureCode.OTHER_TARGETS
    if metric is None:
        return True, FailureCode.COMPONENT_MISSING
    return metric.value is None, metric.reason or FailureCode.NOT_PROVEN


def _meets(comparison: Comparison, metric: Metric) -> bool | None:
    """Whether the whole of the interval meets the comparison, or none of it; None if neither."""
    name, operand = comparison.comparator
    if name not in ("at_most", "at_least"):
        if metric.bounded and name in ("equals", "one_of"):
            return _is_among(metric, operand if isinstance(operand, list) else [operand])
        return _COMPARE[name](metric.value, operand)
    value = metric.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    low, high = (metric.low, metric.high) if metric.bounded else (float(value), float(value))
    low, high = float("-inf") if low is None else low, float("inf") if high is None else high
    if name == "at_most":
        return _all_or_nothing(all_meet=high <= operand, none_meets=low > operand)
    return _all_or_nothing(all_meet=low >= operand, none_meets=high < operand)


def _all_or_nothing(*, all_meet: bool, none_meets: bool) -> bool | None:
    return True if all_meet else False if none_meets else None


def _is_among(metric: Metric, operands: list[Any]) -> bool | None:
    """Whether an interval is one of these numbers: only if it is a point, and not if none lies in it."""
    low = float("-inf") if metric.low is None else metric.low
    high = float("inf") if metric.high is None else metric.high
    inside = any(isinstance(one, int | float) and low <= one <= high for one in operands)
    return _all_or_nothing(all_meet=inside and low == high, none_meets=not inside)


def _same(value: Any, operand: Any) -> bool:
    return isinstance(value, bool) == isinstance(operand, bool) and value == operand


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "equals": _same,
    "one_of": lambda value, operand: any(_same(value, one) for one in operand),
    "version_at_least": lambda value, operand: version(str(value)) >= version(operand),
    "matches": lambda value, operand: re.search(operand, str(value)) is not None,
}


def expected(comparison: Comparison) -> str:
    """The comparison in a few words."""
    name, operand = comparison.comparator
    if name in ("at_most", "at_least"):
        return f"{name.replace('_', ' ')} {operand:g}"
    if isinstance(operand, list):
        return "one of " + ", ".join(_word(one) for one in operand)
    return f"{name.replace('_', ' ')} {_word(operand)}"


def _word(operand: Any) -> str:
    if isinstance(operand, bool):
        return str(operand).lower()
    return f"{operand:g}" if isinstance(operand, float) else str(operand)
