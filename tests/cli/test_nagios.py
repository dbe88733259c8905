"""`--format nagios`: the line that monitoring plugins print."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
GOLDEN = Path(__file__).parents[1] / "golden"
REPORT = GOLDEN / "report-2.json"


@pytest.mark.parametrize(
    ("profile", "state", "status"),
    [("lab", "OK", 0), ("lab-strict.yaml", "CRITICAL", 2), ("other-servers.yaml", "UNKNOWN", 3)],
)
def test_judge_prints_one_line(cli: Cli, profile: str, state: str, status: int) -> None:
    """The state agrees with the exit status of --exit-map nagios, and nothing else is on stdout."""
    name = profile if profile == "lab" else GOLDEN / profile
    answer = cli("judge", REPORT, "--profile", name, "--format", "nagios", "--exit-map", "nagios")

    assert answer.status == status
    assert len(answer.out.splitlines()) == 1
    assert answer.out.startswith(f"READYCHECK {state} - ")


def test_the_status_does_not_depend_on_the_format(cli: Cli) -> None:
    """Without --exit-map the statuses stay readycheck's own."""
    assert cli("judge", REPORT, "--profile", GOLDEN / "lab-strict.yaml", "--format", "nagios").status == 1


def test_files_beside_the_line(cli: Cli, tmp_path: Path) -> None:
    """Other formats become files, and their paths go to stderr."""
    answer = cli("judge", REPORT, "--profile", "lab", "--format", "nagios,json", "-o", "kept")
    (path,) = (tmp_path / "kept").iterdir()

    assert answer.out.startswith("READYCHECK OK")
    assert len(answer.out.splitlines()) == 1
    assert answer.err.split() == [str(Path("kept") / path.name)]


def test_an_unwritable_file_keeps_the_line_first(cli: Cli, tmp_path: Path) -> None:
    """The report follows the line so that nothing is lost; the state is UNKNOWN, as the status is."""
    (tmp_path / "taken").write_text("")
    answer = cli("judge", REPORT, "--profile", "lab", "--format", "nagios,json", "-o", "taken", "--exit-map", "nagios")
    line, _, rest = answer.out.partition("\n")

    assert answer.status == 3
    assert line.startswith("READYCHECK UNKNOWN - GO")
    assert json.loads(rest)["schema"] == "readycheck.report/1"


@pytest.mark.parametrize(
    "arguments",
    [
        ("judge", "none.json", "--profile", "lab"),
        ("judge", REPORT, "--profile", "none.yaml"),
        ("judge", REPORT),
        ("run", "none.yaml"),
        ("run", "lab", "--only", "nothing"),
    ],
)
def test_without_a_verdict_the_line_is_unknown(cli: Cli, arguments: tuple[str, ...]) -> None:
    """Monitoring reads stdout alone: what is wrong on the command line or in a file is told there as well."""
    answer = cli(*arguments, "--format=nagios", "--exit-map=nagios")

    assert answer.status == 3
    assert len(answer.out.splitlines()) == 1
    assert answer.out.startswith("READYCHECK UNKNOWN - ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--json", "--format", "nagios"),
        ("judge", REPORT, "--profile", "lab", "--profile", "lab", "--format", "nagios"),
    ],
)
def test_what_does_not_go_with_the_line(cli: Cli, arguments: tuple[str, ...]) -> None:
    """Two documents for one stdout, or several verdicts for one line, are a wrong command line."""
    assert cli(*arguments).status == 2


def test_run_prints_the_line_and_writes_no_file(cli: Cli, profile_file: Callable[..., Path], tmp_path: Path) -> None:
    """A plugin that is run every hour leaves nothing behind unless it is told to."""
    answer = cli("run", profile_file(), "--only", "stun", "--quiet", "--format", "nagios", "--exit-map", "nagios")

    assert answer.status == 0
    assert answer.out.startswith("READYCHECK OK - GO for this machine alone.")
    assert "stun.reachable_ratio=100%;;100:;0;100" in answer.out
    assert not (tmp_path / "reports").exists()
