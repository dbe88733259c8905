import json
from dataclasses import replace
from typing import Any

import pytest

from readycheck.comparison.compare import compare
from readycheck.comparison.difference import Change, Outcome, RequirementChange
from readycheck.comparison.movement import Movement, movement
from readycheck.model.report import Metric, Report, Tool
from readycheck.model.verdict import Decision, Finding, Severity, Status
from readycheck.render.compare import render_compare
from tests.unit.report_samples import blocked, finding, no_go, observation, report

EVIL = "\x1b]0;owned\x07\r\nGO\u202e<b>|{x}" + "x" * 500


def loss(status: Status, value: float, low: float, high: float, **changes: Any) -> tuple[Finding, dict[str, Metric]]:
    """A finding on the loss of packets with its bounded figure."""
    facts: dict[str, Any] = {
        "requirement": "loss",
        "status": status,
        "metric": "path.loss_ratio",
        "observed": value,
        "unit": "ratio",
        "expected": "at most 0.02",
        "title": {"en": "Packets arrive"},
    }
    return finding(**(facts | changes)), {"path.loss_ratio": Metric(value, "ratio", bounded=True, low=low, high=high)}


def with_loss(*facts: Any, decision: Decision = Decision.GO, **changes: Any) -> Report:
    """A report of that one finding."""
    judged, metrics = loss(*facts, **changes)
    return report(judged, decision=decision, metrics=metrics)


def only(then: Report, now: Report) -> RequirementChange:
    """What became of the one requirement."""
    (change,) = compare(then, now).requirements
    return change


STATUSES = {
    ("pass", "fail"): Change.BROKEN,
    ("pass", "waived"): Change.BROKEN,
    ("pass", "inconclusive"): Change.NO_LONGER_KNOWN,
    ("pass", "not_applicable"): Change.NO_LONGER_APPLIES,
    ("fail", "pass"): Change.MENDED,
    ("fail", "waived"): Change.WAIVED,
    ("fail", "inconclusive"): Change.NO_LONGER_KNOWN,
    ("fail", "not_applicable"): Change.NO_LONGER_APPLIES,
    ("inconclusive", "pass"): Change.FOUND_HOLDING,
    ("inconclusive", "fail"): Change.FOUND_FAILING,
    ("inconclusive", "waived"): Change.FOUND_FAILING,
    ("inconclusive", "not_applicable"): Change.NO_LONGER_APPLIES,
    ("not_applicable", "pass"): Change.FOUND_HOLDING,
    ("not_applicable", "fail"): Change.FOUND_FAILING,
    ("not_applicable", "waived"): Change.FOUND_FAILING,
    ("not_applicable", "inconclusive"): Change.NO_LONGER_KNOWN,
    ("waived", "pass"): Change.MENDED,
    ("waived", "fail"): Change.WAIVER_OVER,
    ("waived", "inconclusive"): Change.NO_LONGER_KNOWN,
    ("waived", "not_applicable"): Change.NO_LONGER_APPLIES,
} | {(str(status), str(status)): Change.UNCHANGED for status in Status}


@pytest.mark.parametrize(("statuses", "change"), STATUSES.items())
def test_each_pair_of_statuses_has_its_word(statuses: tuple[str, str], change: Change) -> None:
    """What was not known before is found, not broken or mended; a waiver mends nothing."""
    then, now = (report(finding(status=Status(status))) for status in statuses)
    assert len(STATUSES) == len(Status) ** 2
    assert only(then, now).change == change


@pytest.mark.parametrize(
    ("then", "now", "change"),
    [
        ((0.0, 0.0, 0.005), (0.001, 0.0, 0.006), Change.UNPROVEN),
        ((0.0, 0.0, 0.005), (0.012, 0.007, 0.018), Change.WORSE),
        ((0.012, 0.007, 0.018), (0.0, 0.0, 0.005), Change.BETTER),
        ((0.0, 0.0, 0.005), (0.005, 0.005, 0.01), Change.UNPROVEN),
        ((0.0, 0.0, 0.005), (0.0, 0.0, 0.009), Change.UNCHANGED),
    ],
)
def test_a_change_is_one_if_the_bounds_prove_it(
    then: tuple[float, float, float], now: tuple[float, float, float], change: Change
) -> None:
    """Intervals that overlap or touch prove nothing; apart, the requirement says which way is better."""
    assert only(with_loss(Status.PASS, *then), with_loss(Status.PASS, *now)).change == change


def moved(name: str, then: Metric, now: Metric, **others: float) -> Movement | None:
    """How a figure moved with these other figures on both sides, `then_…` and `now_…`."""
    sides = [
        {key.removeprefix(f"{side}_"): Metric(value, "ms") for key, value in others.items() if key.startswith(side)}
        for side in ("then", "now")
    ]
    metrics = [{f"path.{key}": metric for key, metric in side.items()} for side in sides]
    return movement(name, (then, metrics[0] | {name: then}), (now, metrics[1] | {name: now}))


def test_figures_without_bounds() -> None:
    """Counted targets speak for themselves; a delay may be chance unless half of it lies beyond nearly all before."""
    p50, p95 = "path.rtt_p50_ms", "path.rtt_p95_ms"
    assert moved("turn.udp_reachable_ratio", Metric(0.5, "ratio"), Metric(1.0, "ratio")) == Movement.CHANGED
    assert moved("path.reordered_ratio", Metric(0.0, "ratio"), Metric(0.01, "ratio")) == Movement.UNPROVEN
    assert moved("stun.rtt_p50_ms", Metric(20.0, "ms"), Metric(90.0, "ms")) == Movement.UNPROVEN
    assert moved(p50, Metric(20.0, "ms"), Metric(90.0, "ms"), then_rtt_p95_ms=40, now_rtt_p95_ms=99) == Movement.CHANGED
    assert moved(p95, Metric(40.0, "ms"), Metric(99.0, "ms"), then_rtt_p50_ms=20, now_rtt_p50_ms=90) == Movement.CHANGED
    assert (
        moved(p50, Metric(20.0, "ms"), Metric(30.0, "ms"), then_rtt_p95_ms=40, now_rtt_p95_ms=50) == Movement.UNPROVEN
    )
    assert moved("call.codec", Metric("opus", "text"), Metric("pcmu", "text")) == Movement.CHANGED
    assert moved("call.codec", Metric("opus", "text"), Metric(None, "text")) is None
    assert moved("x.flag", Metric(True, "bool"), Metric(1, "bool")) == Movement.CHANGED


def test_a_cap_that_was_reached_has_no_end() -> None:
    """An unbounded interval overlaps whatever lies above it."""
    capped = Metric(5e6, "bit/s", bounded=True, low=5e6, high=None)
    more = Metric(9e6, "bit/s", bounded=True, low=8e6, high=1e7)
    less = Metric(2e6, "bit/s", bounded=True, low=1e6, high=3e6)
    assert moved("bandwidth.up_bps", capped, more) == Movement.UNPROVEN
    assert moved("bandwidth.up_bps", capped, less) == Movement.CHANGED


def test_scales_are_never_mixed() -> None:
    """A MOS on another scale is another figure."""
    narrow, full = (Metric(value, "number", scale=scale) for value, scale in ((4.2, "nb"), (4.3, "fb")))
    assert moved("path.mos_cqe", narrow, full) == Movement.INCOMPARABLE


def test_another_question_is_no_change_of_the_answer() -> None:
    """A limit that was lowered breaks nothing, and the text says what was asked then and now."""
    then = with_loss(Status.PASS, 0.012, 0.01, 0.015)
    now = with_loss(Status.FAIL, 0.012, 0.01, 0.015, expected="at most 0.005", decision=Decision.NO_GO)
    change = only(then, now)
    assert (change.change, change.movement, change.worsened) == (Change.ASKED_DIFFERENTLY, Movement.SAME, True)
    assert "at most 2 % → at most 0.5 %" in render_compare(compare(then, now), "en").replace("\u00a0", " ")


def test_a_figure_of_other_servers_is_no_figure_of_these() -> None:
    """Nothing is called better or worse by what was measured against other targets."""
    then = with_loss(Status.INCONCLUSIVE, 0.0, 0.0, 0.005, reason="other_targets")
    now = with_loss(Status.INCONCLUSIVE, 0.3, 0.2, 0.4, reason="other_targets")
    assert only(then, now).change == Change.INCOMPARABLE
    assert not only(then, now).worsened


def test_a_looser_question_leaves_nothing_open() -> None:
    """A figure that got worse and still holds is known: what was unknown before has its answer."""
    then = with_loss(Status.INCONCLUSIVE, 0.011, 0.005, 0.014, expected="at most 0.01", decision=Decision.INCONCLUSIVE)
    now = with_loss(Status.PASS, 0.02, 0.018, 0.025, expected="at most 0.05")
    assert only(then, now).change == Change.FOUND_HOLDING
    assert compare(then, now).outcome() == Outcome.NO_WORSE


def test_another_cause_is_told() -> None:
    """A drop that became a reject is still a failure, but somebody changed something."""
    then, now = (
        report(blocked(reason=reason), decision=Decision.NO_GO) for reason in ("stun_timeout", "connection_refused")
    )
    assert only(then, now).change == Change.OTHER_REASON
    assert "no answer → " in render_compare(compare(then, now), "en")


def test_the_worst_comes_first() -> None:
    """What broke, blockers before warnings, then what is newly failing, then what was mended, then the rest."""
    then = report(
        finding(requirement="same"),
        finding(requirement="mended", status=FAILS),
        finding(requirement="warned", severity=Severity.WARNING),
        finding(requirement="broken"),
        finding(requirement="gone"),
    )
    now = report(
        finding(requirement="same"),
        finding(requirement="mended"),
        blocked(requirement="new"),
        finding(requirement="warned", severity=Severity.WARNING, status=FAILS),
        finding(requirement="broken", status=FAILS),
        decision=Decision.NO_GO,
    )
    order = [(item.requirement, item.change) for item in compare(then, now).requirements]
    assert [name for name, _ in order] == ["broken", "warned", "new", "mended", "gone", "same"]
    assert [change for _, change in order][2:] == [Change.NEW, Change.MENDED, Change.GONE, Change.UNCHANGED]


GO, NO_GO, OPEN, RESERVED = Decision.GO, Decision.NO_GO, Decision.INCONCLUSIVE, Decision.GO_WITH_RESERVATIONS
HOLDS, FAILS, UNSURE = Status.PASS, Status.FAIL, Status.INCONCLUSIVE


@pytest.mark.parametrize(
    ("then", "now", "outcome"),
    [
        ((GO, HOLDS), (GO, HOLDS), Outcome.NO_WORSE),
        ((NO_GO, FAILS), (NO_GO, FAILS), Outcome.NO_WORSE),
        ((NO_GO, FAILS), (GO, HOLDS), Outcome.NO_WORSE),
        ((OPEN, UNSURE), (GO, HOLDS), Outcome.NO_WORSE),
        ((GO, HOLDS), (NO_GO, FAILS), Outcome.WORSE),
        ((NO_GO, HOLDS), (NO_GO, FAILS), Outcome.WORSE),
        ((GO, HOLDS), (RESERVED, HOLDS), Outcome.WORSE),
        ((OPEN, UNSURE), (NO_GO, FAILS), Outcome.WORSE),
        ((GO, HOLDS), (OPEN, UNSURE), Outcome.UNKNOWN),
        ((NO_GO, FAILS), (OPEN, UNSURE), Outcome.UNKNOWN),
        ((NO_GO, HOLDS), (NO_GO, UNSURE), Outcome.UNKNOWN),
        ((NO_GO, UNSURE), (NO_GO, FAILS), Outcome.UNKNOWN),
        ((OPEN, UNSURE), (OPEN, UNSURE), Outcome.UNKNOWN),
    ],
)
def test_outcome(then: tuple[Decision, Status], now: tuple[Decision, Status], outcome: Outcome) -> None:
    """Worse needs a blocker that fell or a decision that slid; what lost its answer cannot be told."""
    before, after = (report(finding(status=status), decision=decision) for decision, status in (then, now))
    assert compare(before, after).outcome() == outcome


def test_strict_counts_warnings_and_figures() -> None:
    """A figure that is provably worse and still holds counts with `strict` alone."""
    comparison = compare(with_loss(HOLDS, 0.0, 0.0, 0.004), with_loss(HOLDS, 0.012, 0.01, 0.015))
    assert comparison.outcome() == Outcome.NO_WORSE
    assert comparison.outcome(strict=True) == Outcome.WORSE


def test_what_makes_the_two_incomparable_is_told() -> None:
    """Other profile, targets, host, version, scope, order and probes: one line each."""
    then = no_go()
    now = replace(
        then,
        tool=Tool("readycheck", "0.2.0"),
        run=replace(then.run, id="other", started_at="2026-11-21T08:00:00Z", scope="site", interrupted=True),
        profile=replace(then.profile, id="acme-paris"),
        environment=replace(then.environment, host="h000"),
        observations={"turn": replace(then.observations["turn"], inputs="ff"), "stun": observation({})},
    )
    codes = [caveat.code for caveat in compare(then, now).caveats]
    assert codes == [
        *("older", "other_profile", "other_scope", "other_targets"),
        *("other_host", "other_version", "interrupted", "other_probes"),
    ]
    assert "measured only now: STUN and address translation" in render_compare(compare(then, now), "en")
    for lang, word in (("en", "Careful: "), ("fr", "Attention\u00a0: ")):
        assert render_compare(compare(then, now), lang).count(word) == 9  # probes: only then, only now


def test_a_guessable_pseudonym_of_another_profile_proves_no_other_host() -> None:
    """Without a salt, the same machine has another pseudonym under another profile."""
    then = report(finding())
    guessable = replace(then.environment, host="h000", host_is_guessable=True)
    now = replace(then, profile=replace(then.profile, id="b"), environment=guessable, run=replace(then.run, id="2"))
    assert [caveat.code for caveat in compare(then, now).caveats] == ["other_profile", "host_unknown"]


def test_the_same_report_twice_changes_nothing() -> None:
    """No row but the count of what is unchanged, and one line that says why."""
    comparison = compare(no_go(), no_go())
    lines = render_compare(comparison, "en").splitlines()
    assert {item.change for item in comparison.requirements} == {Change.UNCHANGED}
    assert comparison.metrics == ()
    assert lines[0].replace("\u00a0", " ") == "NOTHING GOT WORSE   still NO-GO (ready at the earliest 6 Jan 2027)"
    assert lines[-2:] == [
        "  Careful: both are the same run, judged twice",
        "  · 3 unchanged: blocks 1, not proven 1, holds 1",
    ]


def test_a_row_says_then_now_asked_and_cause() -> None:
    """One line suffices: what it was, what it is, what was asked, why."""
    then = report(
        finding(
            requirement="turn-udp", metric="turn.udp_reachable_ratio", observed=1.0, unit="ratio", expected="at least 1"
        )
    )
    now = report(blocked(), decision=Decision.NO_GO)
    rows = render_compare(compare(then, now), "en").replace("\u00a0", " ").splitlines()
    assert rows[0] == "WORSE THAN BEFORE   GO, then NO-GO (date unknown)"
    assert rows[-1] == "  ✗ broke   Media over UDP   100 %, holds → 0 %, blocks, no answer; asked: all"


def test_figures_that_nothing_asks_of() -> None:
    """Only those whose change is proven, and not those that a requirement names."""
    metrics = {
        "path.far_end": Metric("relay:udp", "text"),
        "path.rtt_p50_ms": Metric(20.0, "ms"),
        "call.connected": Metric(True, "bool"),
    }
    other = {
        "path.far_end": Metric("relay:tls", "text"),
        "path.rtt_p50_ms": Metric(25.0, "ms"),
        "call.connected": Metric(False, "bool"),
    }
    comparison = compare(report(finding(), metrics=metrics), report(finding(), metrics=other))
    assert [item.metric for item in comparison.metrics] == ["path.far_end"]
    assert "far end   through the relay over UDP → through the relay over TLS" in render_compare(comparison, "en")


def test_document_carries_both_sides() -> None:
    """Status, figure, bounds, unit, scale and reason then and now; null where a report does not have it."""
    document = compare(report(finding()), no_go()).as_document(Tool("readycheck", "1"))
    by_id = {item["requirement"]: item for item in document["requirements"]}
    json.dumps(document, allow_nan=False)
    assert document["schema"] == "readycheck.compare/1"
    assert document["outcome"] == "worse"
    assert by_id["loss"]["then"] is None
    assert by_id["loss"]["now"] == {
        "status": "inconclusive",
        "severity": "blocker",
        "metric": "path.loss_ratio",
        "observed": 0.011,
        "low": 0.005,
        "high": 0.023,
        "unit": "ratio",
        "reason": "not_proven",
        "expected": "at most 0.01",
    }
    assert document["counts"] == {"new": 2, "unchanged": 1}
    assert (document["then"]["ready_on"], document["now"]["ready_on"]) == (None, "2027-01-06")


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_hostile_reports_stay_plain_lines(lang: str) -> None:
    """Control characters and markup of strangers reach no terminal, and ten thousand findings no wall of text."""
    evil = [
        blocked(
            requirement=f"{EVIL}{number}",
            title={"en": EVIL},
            metric=f"{EVIL}.{number}",
            reason=EVIL,
            expected=EVIL,
            unit=EVIL,
        )
        for number in range(10_000)
    ]
    origin = report(finding())
    then = replace(origin, run=replace(origin.run, label=EVIL), environment=replace(origin.environment, host=EVIL))
    now = report(*evil, decision=Decision.NO_GO, metrics={f"{EVIL}.{i}": Metric(EVIL, EVIL) for i in range(100)})
    text = render_compare(compare(then, replace(now, profile=replace(now.profile, id=EVIL))), lang)
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(text)
    assert len(text.splitlines()) < 60
    assert max(map(len, text.splitlines())) < 1000


def test_the_same_requirement_twice_is_told_twice() -> None:
    """A report that states an id twice loses none of its findings."""
    then, now = report(finding(), finding()), report(finding(), finding(status=FAILS))
    assert [item.change for item in compare(then, now).requirements] == [Change.BROKEN, Change.UNCHANGED]


def test_plain_marks_are_ascii() -> None:
    """A console that knows ASCII only gets ASCII marks."""
    render_compare(compare(report(finding()), no_go()), "en", plain=True).encode("ascii")
