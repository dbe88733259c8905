"""The judge: metrics and a profile in, a verdict out."""

from datetime import date
from typing import Any

import pytest

from readycheck.judge import Case, decide, judge
from readycheck.model.failure import Failure, FailureCode
from readycheck.model.report import Metric, Observation, ObservationStatus
from readycheck.model.verdict import Decision, Finding, Scope, Severity, Status, Waived
from readycheck.model.version import version
from readycheck.profile.schema import Profile

START = date(2026, 11, 22)


def profile(*requirements: dict[str, Any], **more: Any) -> Profile:
    full = [{"id": f"r{index}", "metric": "probe.value"} | one for index, one in enumerate(requirements)]
    return Profile.model_validate({"schema": "readycheck.profile/1", "id": "p", "requirements": full} | more)


def case(
    value: Any = 1.0,
    *,
    status: ObservationStatus = ObservationStatus.COLLECTED,
    code: FailureCode | None = None,
    inputs: str = "d",
    interrupted: bool = False,
    **metric: Any,
) -> Case:
    failure = Failure(code, "gather") if code else None
    return Case(
        metrics={"probe.value": Metric(value, "ratio", **metric), "probe.remote": Metric(True, "bool")},
        observations={"probe": Observation(status, 1, inputs, failure=failure)},
        inputs={"probe": "d"},
        started_on=START,
        interrupted=interrupted,
    )


def outcome(requirement: dict[str, Any], evidence: Case) -> tuple[Status, str | None]:
    (finding,) = judge(profile(requirement), evidence).findings
    return finding.status, finding.reason


@pytest.mark.parametrize(
    ("comparator", "value", "status"),
    [
        ({"at_most": 1}, 1.0, Status.PASS),
        ({"at_most": 1}, 1.01, Status.FAIL),
        ({"at_least": 1}, 1, Status.PASS),
        ({"at_least": 1}, 0.99, Status.FAIL),
        ({"equals": True}, True, Status.PASS),
        ({"equals": True}, False, Status.FAIL),
        ({"equals": 1.0}, True, Status.FAIL),
        ({"equals": "opus"}, "opus", Status.PASS),
        ({"one_of": ["a", "b"]}, "b", Status.PASS),
        ({"one_of": ["a", "b"]}, "c", Status.FAIL),
        ({"version_at_least": "120"}, "120.0.6099.71", Status.PASS),
        ({"version_at_least": "120"}, "99.9", Status.FAIL),
        ({"matches": "^edge"}, "edge 1", Status.PASS),
        ({"matches": "^edge"}, "my edge", Status.FAIL),
    ],
)
def test_comparators(comparator: dict[str, Any], value: Any, status: Status) -> None:
    """Each comparator says pass or fail of a plain value."""
    assert outcome(comparator, case(value))[0] == status


@pytest.mark.parametrize(
    ("comparator", "low", "high", "status"),
    [
        ({"at_most": 0.01}, 0.0, 0.009, Status.PASS),
        ({"at_most": 0.01}, 0.011, 0.02, Status.FAIL),
        ({"at_most": 0.01}, 0.009, 0.011, Status.INCONCLUSIVE),
        ({"at_most": 0.01}, 0.0, None, Status.INCONCLUSIVE),
        ({"at_most": 0.01}, 0.02, None, Status.FAIL),
        ({"at_least": 10}, 11, None, Status.PASS),
        ({"at_least": 10}, 9, None, Status.INCONCLUSIVE),
        ({"at_least": 10}, 1, 9, Status.FAIL),
        ({"equals": 0.0}, 0.0, 0.009, Status.INCONCLUSIVE),
        ({"equals": 0.0}, 0.0, 0.0, Status.PASS),
        ({"equals": 0.0}, 0.001, 0.009, Status.FAIL),
        ({"one_of": [0.0, 1.0]}, 0.5, None, Status.INCONCLUSIVE),
        ({"one_of": [0.0, 0.1]}, 0.5, None, Status.FAIL),
    ],
)
def test_bounds_decide_and_not_the_value(
    comparator: dict[str, Any], low: float | None, high: float | None, status: Status
) -> None:
    """Pass if the whole interval meets, fail if none of it does, else not proven; null is unbounded."""
    found, reason = outcome(comparator, case(0.01, bounded=True, low=low, high=high))

    assert found == status
    assert reason == (FailureCode.NOT_PROVEN if status == Status.INCONCLUSIVE else None)


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (case(None, reason="stun_timeout"), "stun_timeout"),
        (case(1.0, status=ObservationStatus.FAILED, code=FailureCode.DEADLINE_EXCEEDED), "deadline_exceeded"),
        (case(1.0, status=ObservationStatus.SKIPPED, code=FailureCode.NOT_SELECTED), "not_selected"),
        (case(1.0, inputs="other"), "other_targets"),
        (Case({}, {}, {}, START), "component_missing"),
    ],
)
@pytest.mark.parametrize("comparator", [{"at_most": 5}, {"at_least": 5}])
def test_missing_evidence_neither_passes_nor_fails(evidence: Case, reason: str, comparator: dict[str, Any]) -> None:
    """Not measured, failed, not selected, other targets: inconclusive, with the reason."""
    assert outcome(comparator, evidence) == (Status.INCONCLUSIVE, reason)


def test_failure_carries_the_metrics_reason() -> None:
    """A ratio below its limit is explained by the commonest failure behind it."""
    assert outcome({"at_least": 1}, case(0.5, reason="stun_timeout")) == (Status.FAIL, "stun_timeout")


def test_other_scale_is_inconclusive() -> None:
    """A fullband MOS is not judged against a narrowband limit."""
    requirement = {"at_least": 3.6, "scale": "nb"}

    assert outcome(requirement, case(4.2, scale="fb"))[0] == Status.INCONCLUSIVE
    assert outcome(requirement, case(4.2, scale="nb"))[0] == Status.PASS


@pytest.mark.parametrize(
    ("when", "status"),
    [
        ({"metric": "probe.remote", "equals": True}, Status.FAIL),
        ({"metric": "probe.remote", "equals": False}, Status.NOT_APPLICABLE),
        ({"metric": "other.unknown", "equals": True}, Status.INCONCLUSIVE),
    ],
)
def test_condition(when: dict[str, Any], status: Status) -> None:
    """False makes a requirement not applicable, unknown makes it inconclusive."""
    assert outcome({"at_most": 0.5, "when": when}, case(1.0))[0] == status


@pytest.mark.parametrize(("until", "status"), [("2026-11-22", Status.WAIVED), ("2026-11-21", Status.FAIL)])
def test_waiver_holds_through_its_last_day(until: str, status: Status) -> None:
    """A waived failure stays visible and stops blocking until its date, inclusive."""
    waiver = {"requirement": "r0", "reason": "known", "approved_by": "CISO", "until": until}
    verdict = judge(profile({"at_most": 0.5}, {"at_most": 2}, waivers=[waiver]), case(1.0))

    assert verdict.findings[0].status == status
    waived = status == Status.WAIVED
    assert verdict.findings[0].waiver == (Waived("known", "CISO", until) if waived else None)
    assert verdict.decision == (Decision.GO_WITH_RESERVATIONS if waived else Decision.NO_GO)


def finding(severity: Severity, status: Status, reason: str | None = None, days: int | None = None) -> Finding:
    return Finding("r", Scope.WORKSTATION, severity, status, "m", 1, "ratio", "", reason, lead_time_days=days)


B, W = Severity.BLOCKER, Severity.WARNING


@pytest.mark.parametrize(
    ("findings", "decision"),
    [
        ([], Decision.INCONCLUSIVE),
        ([(B, Status.PASS)], Decision.GO),
        ([(B, Status.PASS), (B, Status.FAIL)], Decision.NO_GO),
        ([(B, Status.INCONCLUSIVE), (B, Status.FAIL)], Decision.NO_GO),
        ([(B, Status.PASS), (B, Status.INCONCLUSIVE)], Decision.INCONCLUSIVE),
        ([(B, Status.PASS), (W, Status.FAIL)], Decision.GO_WITH_RESERVATIONS),
        ([(B, Status.PASS), (W, Status.INCONCLUSIVE)], Decision.GO_WITH_RESERVATIONS),
        ([(W, Status.INCONCLUSIVE)], Decision.INCONCLUSIVE),
        ([(B, Status.PASS), (Severity.INFO, Status.FAIL)], Decision.GO),
        ([(B, Status.NOT_APPLICABLE)], Decision.INCONCLUSIVE),
        ([(B, Status.WAIVED)], Decision.INCONCLUSIVE),
        ([(B, Status.PASS), (B, Status.WAIVED)], Decision.GO_WITH_RESERVATIONS),
        ([(B, Status.PASS), (B, Status.NOT_APPLICABLE)], Decision.GO),
    ],
)
def test_decision(findings: list[tuple[Severity, Status]], decision: Decision) -> None:
    """What findings come to, by the contract's order."""
    assert decide(finding(*one) for one in findings) == decision


def test_requirements_not_selected_do_not_count() -> None:
    """What --only left out leaves the decision alone."""
    left_out = finding(B, Status.INCONCLUSIVE, "not_selected")

    assert decide([finding(B, Status.PASS), left_out]) == Decision.GO


@pytest.mark.parametrize(
    ("lead_times", "ready_on"), [([45, 10], "2027-01-06"), ([45, None], None), ([0], "2026-11-22")]
)
def test_ready_on_is_the_longest_lead_time(lead_times: list[int | None], ready_on: str | None) -> None:
    """Start plus the longest lead time of what blocks; unknown if one of them is unknown."""
    failing = [{"at_most": 0.5} | ({"lead_time": f"{days}d"} if days is not None else {}) for days in lead_times]
    verdict = judge(profile(*failing, {"at_most": 2, "lead_time": "90d"}), case(1.0))

    assert verdict.decision == Decision.NO_GO
    assert verdict.ready_on == ready_on


def test_interrupted_run_is_inconclusive_at_best() -> None:
    """A run cut short never ends in go, and a failure in it stands."""
    assert judge(profile({"at_most": 2}), case(1.0, interrupted=True)).decision == Decision.INCONCLUSIVE
    assert judge(profile({"at_most": 0}), case(1.0, interrupted=True)).decision == Decision.NO_GO


def test_other_scopes_are_absent() -> None:
    """A workstation run says nothing of the site's requirements."""
    both = profile({"at_most": 2}, {"at_most": 2, "scope": "site"})

    assert [one.requirement for one in judge(both, case(1.0)).findings] == ["r0"]
    assert [one.requirement for one in judge(both, case(1.0), Scope.SITE).findings] == ["r1"]


@pytest.mark.parametrize(
    ("smaller", "larger"), [("99.9", "100"), ("120.0.1", "120.0.10"), ("", "1"), ("1.2", "1.2.0.1")]
)
def test_versions_compare_as_numbers(smaller: str, larger: str) -> None:
    """100 is above 99.9, and 1.2 equals 1.2.0."""
    assert version(smaller) < version(larger)
    assert version("1.2") == version("1.2.0")
