from dataclasses import replace

import pytest

from readycheck.model.report import ProfileReference
from readycheck.model.verdict import Decision, Severity, Status
from readycheck.render.text import render_text
from tests.unit.report_samples import blocked, finding, no_go, report


def test_no_go_lists_what_blocks() -> None:
    """A refusal shows its date, then a line for each thing to do with cause, owner and days."""
    lines = render_text(no_go(), "en", colour=False).replace("\u00a0", " ").splitlines()
    assert lines[0] == "NO-GO   ready at the earliest 6 Jan 2027"
    assert lines[1].split("  ")[1].strip() == "✗ Media over UDP"
    assert "turn.example.com:3478, no answer, 3 of 3" in lines[1]
    assert lines[1].endswith("Security, 45 days")
    assert lines[2].startswith("  ? Packets arrive")


def test_go_is_one_glad_line() -> None:
    """When everything holds, one line says so."""
    text = render_text(report(finding(), finding(requirement="b")), "en", colour=False)
    assert text == "GO   Good news: all 2 requirements hold. There is nothing to do."


def test_lab_says_what_was_measured() -> None:
    """The lab's verdict says that this machine alone was measured."""
    lab = report(finding(), profile=ProfileReference("lab", {}, "", lab=True))
    assert "This machine alone was measured" in render_text(lab, "en", colour=False)
    assert "Seul ce poste" in render_text(lab, "fr", colour=False)


@pytest.mark.parametrize("decision", Decision)
@pytest.mark.parametrize("lang", ["en", "fr"])
def test_colour_changes_nothing_but_colour(decision: Decision, lang: str) -> None:
    """Colour adds only codes that set and reset it."""
    whole = replace(no_go(), decision=decision)
    plain, painted = render_text(whole, lang, colour=False), render_text(whole, lang, colour=True)
    assert "\x1b" not in plain
    assert painted.count("\x1b[0m") * 2 == painted.count("\x1b[")


def test_inconclusive_without_findings_says_why() -> None:
    """Where the profile asks nothing of this scope, that is said, once; the measurement is not blamed."""
    of_desk = report(decision=Decision.INCONCLUSIVE)
    of_site = replace(of_desk, run=replace(of_desk.run, scope="site"))
    shown = [render_text(of_desk, "en", colour=False), render_text(of_site, "en", colour=False)]

    assert shown == [
        "INCONCLUSIVE   This profile asks nothing of a workstation: extend voice-baseline.",
        "INCONCLUSIVE   This profile asks nothing of a site: extend on-site.",
    ]
    assert "Ce profil ne demande rien" in render_text(of_site, "fr", colour=False)


def test_inconclusive_without_an_answer_says_so_once() -> None:
    """Requirements that found no answer are blamed on the measuring, in one line."""
    text = render_text(
        report(finding(status=Status.NOT_APPLICABLE), decision=Decision.INCONCLUSIVE), "en", colour=False
    )
    assert text == "INCONCLUSIVE   Nothing that was asked could be answered, so nothing can be promised."


def test_interrupted_run_does_not_deny_what_it_saw() -> None:
    """All that was asked holds, but the run was cut short: that is the reason, and not that nothing was answered."""
    cut = report(finding(), decision=Decision.INCONCLUSIVE)
    text = render_text(replace(cut, run=replace(cut.run, interrupted=True)), "en", colour=False)
    assert "did not come to its end" in text
    assert "Nothing that was asked" not in text


def test_hostile_texts_print_no_control_characters() -> None:
    """Escape sequences and line breaks from a report never reach the terminal."""
    evil = "\x1b]0;owned\x07\r\nGO\u202e" + "x" * 500
    text = render_text(
        report(blocked(title={"en": evil}, owner=evil, reason=evil), decision=Decision.NO_GO), "en", colour=False
    )
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(text)
    assert len(text.splitlines()) == 2


def test_plain_marks_are_ascii() -> None:
    """A console that knows ASCII only gets ASCII marks."""
    title = {"en": "Media"}
    kinds = [
        blocked(title=title),
        blocked(title=title, severity=Severity.WARNING),
        blocked(title=title, status=Status.WAIVED),
    ]
    render_text(report(*kinds, decision=Decision.NO_GO), "en", colour=False, plain=True).encode("ascii")
