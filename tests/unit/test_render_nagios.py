import re
from dataclasses import replace
from typing import Any

import pytest

from readycheck.model.report import Metric, ProfileReference, Report
from readycheck.model.verdict import Decision, Finding, Severity, Status
from readycheck.render.nagios import render_nagios, unknown_line
from tests.unit.report_samples import blocked, finding, no_go, report

ITEM = re.compile(r"[A-Za-z0-9_.:-]+=(U|-?\d+(\.\d+)?(%|ms|s|B)?)(;(~?-?[\d.]*:?-?[\d.]*)){0,2}(;-?[\d.]*){0,2}")


def data(whole: Report) -> str:
    """The performance data of a report."""
    return render_nagios(whole, "en").partition(" | ")[2].strip()


def asked(metric: str, metrics: dict[str, Metric], *expected: str, **changes: Any) -> str:
    """The performance data of requirements on one metric."""
    facts = {"metric": metric, "observed": metrics[metric].value, "unit": metrics[metric].unit}
    findings = [finding(expected=words, requirement=words, **(facts | changes)) for words in expected]
    return data(report(*findings, metrics=metrics))


def test_whole_line_of_a_refusal() -> None:
    """State, decision, date, causes, then the figure of each requirement with its threshold."""
    assert render_nagios(no_go(), "en") == (
        "READYCHECK CRITICAL - NO-GO, ready at the earliest 6 Jan 2027. One requirement blocks: “Media over UDP” (no "
        "answer). One more that blocks if it fails is not known yet. One other holds. | "
        "turn.udp_reachable_ratio=0%;;100:;0;100 path.loss_ratio=1.1%;;1;0;100 call.connected=1;;1:1\n"
    )


@pytest.mark.parametrize(
    ("decision", "state"),
    [("go", "OK"), ("go_with_reservations", "WARNING"), ("no_go", "CRITICAL"), ("inconclusive", "UNKNOWN")],
)
def test_each_decision_has_its_state(decision: str, state: str) -> None:
    """The states are those of --exit-map nagios; a run that went wrong is UNKNOWN."""
    judged = report(finding(), decision=Decision(decision))
    assert render_nagios(judged, "fr").startswith(f"READYCHECK {state} - ")
    assert render_nagios(judged, "fr", unknown=True).startswith("READYCHECK UNKNOWN - ")


LIMITS: list[tuple[Metric, tuple[str, ...], str]] = [
    (Metric(41.25, "ms"), ("at most 300",), "41.25ms;;300"),
    (Metric(-3.0, "ms"), ("at most 300",), "-3ms;;~:300"),
    (Metric(-71, "dBm"), ("at least -67",), "-71;;-67:"),
    (Metric(-71, "dBm"), ("at most -50",), "-71;;~:-50"),
    (Metric(0.011, "ratio"), ("at most 0.02",), "1.1%;;2;0;100"),
    (Metric(0.00001, "ratio"), ("at most 0.02", "at most 0.005"), "0.001%;;0.5;0;100"),
    (Metric(1200, "byte"), ("at least 1200", "at most 1500"), "1200B;;1200:1500"),
    (Metric(2e6, "bit/s"), ("at least 1e+06",), "2000000;;1000000:"),
    (Metric(30, "call"), ("equals 30",), "30;;30:30"),
    (Metric(8.001, "s"), ("one of 8, 9",), "8.001s"),
    (Metric(False, "bool"), ("equals false",), "0;;0:0"),
    (Metric(None, "ms"), ("at most 300",), "U;;300"),
    (Metric(10**400, "byte"), ("at most 300",), "U;;300"),
]


@pytest.mark.parametrize(("metric", "expected", "written"), LIMITS)
def test_figures_and_thresholds(metric: Metric, expected: tuple[str, ...], written: str) -> None:
    """Units and ranges are the guidelines'; of several limits the narrowest counts; U where nothing was measured."""
    item = asked("probe.figure", {"probe.figure": metric}, *expected)
    assert item == f"probe.figure={written}"
    assert ITEM.fullmatch(item)


def test_severity_chooses_the_threshold() -> None:
    """A warning and a waived failure warn, a blocker is critical, what only informs or does not apply sets none."""
    metrics = {"a.b": Metric(5.0, "ms")}
    assert asked("a.b", metrics, "at most 3", severity=Severity.WARNING) == "a.b=5ms;3"
    assert asked("a.b", metrics, "at most 3", status=Status.WAIVED) == "a.b=5ms;3"
    assert asked("a.b", metrics, "at most 3", status=Status.FAIL) == "a.b=5ms;;3"
    assert asked("a.b", metrics, "at most 3", severity=Severity.INFO) == "a.b=5ms"
    assert asked("a.b", metrics, "at most 3", status=Status.NOT_APPLICABLE) == "a.b=5ms"


def test_scale_stands_in_the_label() -> None:
    """A graph never mixes a narrowband MOS with a fullband one."""
    metrics = {"path.mos_cqe": Metric(4.2, "number", scale="fb")}
    assert asked("path.mos_cqe", metrics, "at least 3.6") == "path.mos_cqe_fb=4.2;;3.6:"


def test_figures_of_other_servers_are_not_told() -> None:
    """What was measured against other targets is no figure of these."""
    metrics = {"a.b": Metric(5.0, "ms")}
    assert asked("a.b", metrics, "at most 3", status=Status.INCONCLUSIVE, reason="other_targets") == "a.b=U;;3"


def test_texts_are_no_figures() -> None:
    """A codec has no performance data, and without any there is no bar."""
    metrics = {"call.codec": Metric("opus", "text")}
    line = render_nagios(report(finding(metric="call.codec", observed="opus", unit="text"), metrics=metrics), "en")
    assert "|" not in line


def test_lab_and_interruption_are_said() -> None:
    """Monitoring must not take the lab for the network, nor half a run for a whole one."""
    lab = report(finding(), profile=ProfileReference("lab", {}, "", lab=True))
    assert "GO for this machine alone." in render_nagios(lab, "en")
    cut = replace(lab, run=replace(lab.run, interrupted=True))
    assert "Interrupted" in render_nagios(cut, "en")


EVIL = "a | b=1;2\r\nREADYCHECK OK - \x1b[2J\u2028'<x>\u202e" + "x" * 900


def hostile(number: int) -> Finding:
    """A finding whose every text is hostile."""
    return blocked(
        requirement=f"{EVIL}{number}",
        title={"": EVIL},
        reason=EVIL,
        owner=EVIL,
        metric=f"{number}{EVIL}",
        expected=EVIL,
    )


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_hostile_texts_stay_in_their_place(lang: str) -> None:
    """One line with one bar whatever strangers wrote, and no longer than agents carry."""
    line = render_nagios(report(*map(hostile, range(10_000)), decision=Decision.NO_GO), lang)
    assert line.endswith("\n")
    assert line[:-1].isprintable()
    assert line.count("|") == 1
    assert len(line) < 4_096
    assert all(ITEM.fullmatch(item) for item in line.partition(" | ")[2].split())


def test_no_report_is_unknown() -> None:
    """A plugin that has nothing to tell says why in one line."""
    assert unknown_line("a | b\nc") == "READYCHECK UNKNOWN - a / b c\n"
