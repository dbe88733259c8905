import pytest

from readycheck.model.verdict import Decision
from readycheck.render.columns import Row, columns, sentences
from readycheck.render.text import render_text
from tests.unit.report_samples import blocked, report

LONG = {"en": "The browser may use the microphone of whoever sits at the workstation today and tomorrow"}
ROWS = [
    Row("\x1b[31m✗\x1b[0m", ("The browser may use it", "no: NotAllowedError", "Workplace IT")),
    Row("?", ("b", "c", "d")),
]


def test_columns_stand_one_below_the_other() -> None:
    """Where there is room each row is one line, whatever the colour of its mark, and its cells are aligned."""
    assert columns(ROWS, None) == [
        "  \x1b[31m✗\x1b[0m The browser may use it   no: NotAllowedError   Workplace IT",
        "  ? b                        c                     d",
    ]


def test_narrow_terminal_breaks_cells_between_words() -> None:
    """What does not fit is told on further lines of the same column, and no word is lost or split."""
    assert columns(ROWS, 46) == [
        "  \x1b[31m✗\x1b[0m The          no:               Workplace",
        "    browser      NotAllowedError   IT",
        "    may use it",
        "  ? b            c                 d",
    ]


@pytest.mark.parametrize("width", [46, 80, 120])
def test_verdict_is_no_wider_than_the_terminal(width: int) -> None:
    """No line of the verdict is wider than the terminal, and every word of it is there."""
    long = report(blocked(title=LONG, owner="the team that looks after browsers"), decision=Decision.NO_GO)
    text = render_text(long, "en", colour=False, width=width)

    assert max(map(len, text.splitlines())) <= width
    assert set(LONG["en"].split()) <= set(text.split())


def test_pipe_gets_whole_lines() -> None:
    """Where there is no terminal nothing is cut or broken: a file or another program reads it."""
    text = render_text(report(blocked(title=LONG), decision=Decision.NO_GO), "en", colour=False)

    assert LONG["en"] in text


def test_nothing_to_show_is_no_line() -> None:
    """No rows are no lines; an empty sentence stays one."""
    assert columns([], 80) == []
    assert sentences(["a b", ""], 2) == ["a", "b", ""]
