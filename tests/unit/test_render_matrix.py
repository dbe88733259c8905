from collections.abc import Sequence

import pytest

from readycheck.judge import blocking
from readycheck.model.verdict import Decision, Finding, Status
from readycheck.render.matrix import Cell, render_matrix, short_names
from tests.unit.report_samples import blocked, finding, report

GO, NO_GO, OPEN, RESERVED = Decision.GO, Decision.NO_GO, Decision.INCONCLUSIVE, Decision.GO_WITH_RESERVATIONS


def cell(where: str, profile: str, decision: Decision, *findings: Finding, ready_on: str | None = None) -> Cell:
    """A report judged under a profile."""
    judged = report(*findings, decision=decision, ready_on=ready_on)
    return Cell(where, profile, judged, blocking(findings))


def lines(cells: Sequence[Cell], profiles: int, lang: str = "en") -> list[str]:
    """The matrix, line by line."""
    return render_matrix(cells, profiles, lang).replace("\u00a0", " ").splitlines()


def test_profiles_are_rows_the_best_first() -> None:
    """A word for each report, then what stands in the way: cause, requirement, in how many reports, by when."""
    unsure = finding(status=Status.INCONCLUSIVE, reason="other_targets")
    told = lines(
        [
            cell("a/lyon.json", "strict", NO_GO, blocked(), ready_on="2027-01-06"),
            cell("a/lyon.json", "p/easy.yaml", GO, finding()),
            cell("a/lyon.json", "vendor", OPEN, unsure),
            cell("a/nice.json", "strict", GO, finding()),
            cell("a/nice.json", "p/easy.yaml", RESERVED, finding()),
            cell("a/nice.json", "vendor", OPEN, unsure),
        ],
        3,
    )
    assert told == [
        "3 profiles, 2 reports: reservations 1, inconclusive 1, no-go 1. The best first.",
        "(A profile counts as its worst report.)",
        "             lyon           nice",
        "  ! easy     go             reservations",
        "  ? vendor   inconclusive   inconclusive",
        "  ✗ strict   no-go          go",
        "What stands in the way:",
        "  ? vendor   measured against other servers: A call goes through",
        "  ✗ strict   no answer (1 of 2): Media over UDP; ready at the earliest 6 Jan 2027",
    ]


def test_reports_are_rows_where_there_is_one_profile() -> None:
    """One profile asks which of these workstations is ready."""
    told = lines([cell("pc-1.json", "acme", NO_GO, blocked()), cell("pc-2.json", "acme", GO, finding())], 1, "fr")
    assert told[0] == "1 profil, 2 rapports : go 1, no-go 1. Les meilleurs d\u2019abord."
    assert told[2:] == [
        "  ✓ pc-2   go",
        "  ✗ pc-1   no-go",
        "Ce qui fait obstacle :",
        "  ✗ pc-1   pas de réponse : Média en UDP",
    ]


def test_what_fails_comes_before_what_is_not_known() -> None:
    """Within a row the failures lead, however many other requirements are open."""
    fails = blocked(title={"": "Fails"})
    opens = [finding(title={"": f"Open {number}"}, status=OPEN.value, reason="dns_timeout") for number in range(5)]
    told = lines(
        [
            cell("a", "p", OPEN, *opens),
            cell("a", "q", GO, finding()),
            cell("b", "p", NO_GO, fails),
            cell("b", "q", GO, finding()),
        ],
        2,
    )
    assert told[-1] == (
        "  ✗ p   no answer (1 of 2): Fails; name service silent (1 of 2): Open 0, Open 1, Open 2, 2 more"
    )


def test_fifteen_profiles_and_three_reports_fit_a_screen() -> None:
    """A line for each profile and one for each that is blocked, none wider than needed."""
    cells = [
        cell(
            f"reports/site-{number}.json",
            f"platform-{profile}",
            NO_GO if profile % 2 else GO,
            *([blocked()] if profile % 2 else [finding()]),
        )
        for number in range(3)
        for profile in range(15)
    ]
    told = lines(cells, 15)
    assert len(told) == 3 + 15 + 1 + 7
    assert max(map(len, told)) < 80
    assert [line.split()[0] for line in told[3:18]] == ["✓"] * 8 + ["✗"] * 7


def test_many_columns_become_counts() -> None:
    """Where a word for each report does not fit, how many of each."""
    cells = [
        cell(f"report-number-{number}.json", name, GO if number % 2 else NO_GO, finding())
        for number in range(40)
        for name in ("a", "b")
    ]
    assert lines(cells, 2)[2:] == ["  ✗ a   go 20, no-go 20", "  ✗ b   go 20, no-go 20"]


@pytest.mark.parametrize(
    ("given", "short"),
    [
        (["a/x.json", "b/y.json"], ["x", "y"]),
        (["a/x.json", "b/x.json"], ["a/x.json", "b/x.json"]),
        (["x.json", "x.json"], ["x", "x"]),
        (["five9.com", "p.yaml"], ["five9.com", "p"]),
    ],
)
def test_names_are_short_while_they_tell_apart(given: list[str], short: list[str]) -> None:
    """Folder and suffix go, unless two files are then called the same."""
    assert short_names(given) == short


EVIL = "\x1b]0;owned\x07\r\nGO\u202e<b>{x}" + "x" * 500


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_hostile_reports_stay_plain_lines(lang: str) -> None:
    """Control characters reach no terminal, and ten thousand blockers no wall of text."""
    evil = [
        blocked(requirement=f"{n}{EVIL}", title={"": f"{n}{EVIL}"}, reason=f"{n % 50}{EVIL}") for n in range(10_000)
    ]
    cells = [cell(f"{EVIL}{number}", f"{EVIL}{profile}", NO_GO, *evil) for number in range(3) for profile in range(2)]
    text = render_matrix(cells, 2, lang)

    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(text)
    assert len(text.splitlines()) < 12
    assert max(map(len, text.splitlines())) < 1_500


def test_plain_marks_are_ascii() -> None:
    """A console that knows ASCII only gets ASCII marks."""
    cells = [cell("a", str(number), decision, finding()) for number, decision in enumerate(Decision)]
    render_matrix(cells, 4, "en", plain=True).encode("ascii")
