"""Sleep and another network during a run: told in the terminal and on the page, and by reports of before and after."""

import json
from dataclasses import replace

import pytest

from readycheck.model.report import Change, Report
from readycheck.render.html import render_html
from readycheck.render.text import render_text
from tests.unit.report_samples import report

HOSTILE = "<script>\x1b[31m\u202e" + "x" * 5_000


def changed(*changes: Change) -> Report:
    plain = report()
    return replace(plain, run=replace(plain.run, changes=changes))


@pytest.mark.parametrize(
    ("change", "english", "french"),
    [
        (
            Change("slept", ("path",), 312.0),
            "slept during the run (312 s); not relied on: Path of the voice.",
            "en veille",
        ),
        (
            Change("network_changed", ("turn",)),
            "changed networks during the run",
            "a changé de réseau pendant la mesure",
        ),
        (Change("slept", (), 3.0), "slept during the run (3 s).", "en veille pendant la mesure (3 s)."),
    ],
)
def test_change_is_told_in_both_languages(change: Change, english: str, french: str) -> None:
    """One line, what it was and what it spoilt, in the terminal and on the page."""
    for lang, words in (("en", english), ("fr", french)):
        told = changed(change)
        text = render_text(told, lang, colour=False).replace("\u00a0", " ")
        page = render_html(told, lang).replace("\u00a0", " ").replace("&nbsp;", " ")

        assert sum(words in line for line in text.splitlines()) == 1
        assert words in page


def test_nothing_is_said_where_nothing_changed() -> None:
    """A quiet run has no such line."""
    assert "conditions" not in render_html(report(), "en")
    assert "slept" not in render_text(report(), "en", colour=False)


def test_change_survives_json_and_old_reports_have_none() -> None:
    """What is written is read again; a report of before says nothing of it."""
    told = changed(Change("slept", ("path", "call"), 312.0))
    before = json.loads(told.dumps())
    del before["run"]["changes"]

    assert Report.loads(told.dumps()) == told
    assert Report.from_json(before).run.changes == ()


def test_change_that_a_stranger_wrote_is_harmless() -> None:
    """A saved report may say anything; a kind of a later version speaks for itself."""
    told = changed(Change(HOSTILE, (HOSTILE,) * 50), *[Change("clock_set")] * 50)
    page, text = render_html(told, "en"), render_text(told, "en", colour=False)

    assert "<script>" not in page
    assert "\x1b" not in page + text
    assert "\u202e" not in page + text
    assert text.count("clock set") == 4
