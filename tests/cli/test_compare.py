"""`readycheck compare` from the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
ROOT = Path(__file__).parents[2]
GO = ROOT / "tests" / "golden" / "report-1.json"
NO_GO = ROOT / "reports" / "examples" / "no-go.json"


def test_status_says_whether_it_got_worse(cli: Cli) -> None:
    """0 if nothing did, 1 if the decision did; the first line says so, too."""
    worse, better, same = cli("compare", GO, NO_GO), cli("compare", NO_GO, GO), cli("compare", NO_GO, NO_GO)

    assert [answer.status for answer in (worse, better, same)] == [1, 0, 0]
    assert [answer.out.split("   ")[0] for answer in (worse, better, same)] == [
        "WORSE THAN BEFORE",
        "BETTER THAN BEFORE",
        "NOTHING GOT WORSE",
    ]


def test_what_cannot_be_told_is_status_three(cli: Cli, tmp_path: Path) -> None:
    """An inconclusive report after a go is neither better nor worse."""
    cli("judge", GO, "--profile", ROOT / "tests" / "golden" / "other-servers.yaml", "-o", "elsewhere")
    (saved,) = (tmp_path / "elsewhere").glob("*.json")

    assert cli("compare", GO, saved).status == 3


def test_json_alone_on_stdout(cli: Cli) -> None:
    """The status is the same, and stdout holds one JSON document."""
    answer = cli("compare", GO, NO_GO, "--json")
    document = json.loads(answer.out)

    assert answer.status == 1
    assert document["schema"] == "readycheck.compare/1"
    assert document["outcome"] == "worse"
    assert {item["code"] for item in document["caveats"]} == {"other_profile", "other_targets", "host_unknown"}


def test_strict_counts_whatever_got_worse(cli: Cli, tmp_path: Path) -> None:
    """A warning that broke is status 1 with --strict alone; --lang changes no status."""
    saved = json.loads(GO.read_text(encoding="utf-8"))
    slow = next(item for item in saved["findings"] if item["requirement"] == "path-rtt")
    slow["severity"] = "info"
    slow["status"] = "fail"
    (tmp_path / "slow.json").write_text(json.dumps(saved), encoding="utf-8")

    assert cli("compare", GO, "slow.json", "--lang", "fr").status == 0
    assert cli("compare", GO, "slow.json", "--strict").status == 1


@pytest.mark.parametrize("names", [("none.json", GO), (GO, "none.json"), (GO, "b.json")])
def test_unreadable_report_is_status_four(cli: Cli, tmp_path: Path, names: tuple[str, str]) -> None:
    """One line on stderr that names the file, whichever of the two it is."""
    (tmp_path / "b.json").write_text("{")
    answer = cli("compare", *names)

    assert (answer.status, answer.out) == (4, "")
    assert len(answer.err.splitlines()) == 1


def test_one_report_is_no_comparison(cli: Cli) -> None:
    """Two files are needed; one is a wrong command line."""
    assert cli("compare", GO).status == 2
