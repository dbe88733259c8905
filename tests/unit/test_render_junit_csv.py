import csv
import io
from xml.etree.ElementTree import fromstring

import pytest

from readycheck.model.verdict import Decision, Status
from readycheck.render.csv import cell, render_csv
from readycheck.render.junit import render_junit
from tests.unit.report_samples import blocked, finding, no_go, report

HOSTILE = "<a>&\"']]>\x00\x08\ud800\ufffe\u202e=cmd|' /C calc'!A0"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("pass", None),
        ("fail", "failure"),
        ("inconclusive", "error"),
        ("not_applicable", "skipped"),
        ("waived", "skipped"),
    ],
)
def test_each_status_has_its_outcome(status: str, outcome: str | None) -> None:
    """A failure is a failure, what is not known an error; only what does not count is skipped."""
    suite = fromstring(render_junit(report(blocked(status=status)), "en"))[0]
    case = suite.find("testcase")
    assert case is not None
    assert case.get("name") == "turn-udp"
    assert [child.tag for child in case] == ([outcome] if outcome else [])
    assert suite.get("tests") == "1"


def test_failure_tells_cause_owner_and_what_was_asked() -> None:
    """The failure's message and text suffice to act."""
    failure = fromstring(render_junit(no_go(), "fr")).find(".//failure")
    assert failure is not None
    assert "pas de réponse" in (failure.get("message") or "")
    assert failure.get("type") == "stun_timeout"
    assert "security" in (failure.text or "")


def test_junit_survives_hostile_texts() -> None:
    """Characters that XML cannot hold are left out, and markup stays text."""
    hostile = blocked(
        requirement=HOSTILE, title={"": HOSTILE}, owner=HOSTILE, reason=HOSTILE, metric=HOSTILE, expected=HOSTILE
    )
    text = render_junit(report(hostile, decision=Decision.NO_GO), "en")
    assert fromstring(text).find(".//failure") is not None
    text.encode()


def test_waived_says_so() -> None:
    """A waived failure is skipped with a message that still tells of the failure."""
    skipped = fromstring(render_junit(report(blocked(status=Status.WAIVED)), "en")).find(".//skipped")
    assert skipped is not None
    assert (skipped.get("message") or "").startswith("fails, waived")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+33 1 23", "'+33 1 23"),
        ("-rm", "'-rm"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'x"),
        ("\rx", "'x"),
        ("\u200b=1+1", "'=1+1"),
        (" =1+1", "'=1+1"),
        ("-72", "-72"),
        (-72, "-72"),
        (-1.5e-05, "-1.5e-05"),
        ("+4.5", "+4.5"),
        ("-1+cmd", "'-1+cmd"),
        ("plain", "plain"),
        (True, "true"),
        (None, ""),
    ],
)
def test_no_cell_is_a_formula(value: str | float | None, written: str) -> None:
    """Cells that a spreadsheet would run get an apostrophe; plain numbers stay numbers."""
    assert cell(value) == written


def test_csv_has_a_row_for_each_finding() -> None:
    """Each finding is one row under one header, whatever its texts hold."""
    hostile = finding(requirement=HOSTILE, title={"en": 'a,"b"\nc'}, remedy={"en": "=HYPERLINK(1)"})
    rows = list(csv.DictReader(io.StringIO(render_csv(report(blocked(), hostile), "en"), newline="")))
    assert len(rows) == 2
    assert rows[0]["observed"] == "0.0"
    assert rows[0]["reason"] == "stun_timeout"
    assert rows[0]["cause"] == "no answer"
    assert rows[1]["title"] == 'a,"b" c'
    assert rows[1]["remedy"] == "'=HYPERLINK(1)"
