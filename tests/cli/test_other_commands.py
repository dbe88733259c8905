"""`judge`, `profile` and `probes` from the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from readycheck.engine.registry import metric_definitions
from readycheck.profile.sources import shipped

Cli = Callable[..., Any]
GOLDEN = Path(__file__).parent.parent / "golden"
REPORT = GOLDEN / "report-2.json"


def test_one_report_and_one_profile_give_the_report_anew(cli: Cli) -> None:
    """The evidence and its figures stay, the verdict is the other profile's."""
    answer = cli("judge", REPORT, "--profile", GOLDEN / "lab-strict.yaml", "--json")
    anew, saved = json.loads(answer.out), json.loads(REPORT.read_text(encoding="utf-8"))

    assert answer.status == 1
    assert anew["decision"] == "no_go"
    assert anew["profile"]["id"] == "lab-strict"
    for metric in anew["metrics"].values():  # was not written yet when this report was saved
        metric.pop("decided_by", None)
    assert {name: anew["metrics"][name] for name in saved["metrics"]} == saved["metrics"]
    assert anew["observations"] == saved["observations"]
    assert anew["run"] == saved["run"] | {"machine": "this", "changes": []}


def test_more_give_a_matrix(cli: Cli) -> None:
    """One cell per report and profile; the status is the worst cell's."""
    answer = cli("judge", REPORT, "--profile", "lab", "--profile", GOLDEN / "lab-strict.yaml", "--json")
    matrix = json.loads(answer.out)

    assert answer.status == 1
    assert matrix["schema"] == "readycheck.matrix/1"
    assert [(cell["decision"], cell["blockers"]) for cell in matrix["cells"]] == [
        ("go", []),
        ("no_go", ["impossible-rtt"]),
    ]
    assert cli("judge", REPORT, "--profile", "lab", "--profile", GOLDEN / "other-servers.yaml").status == 3
    assert cli("judge", REPORT, REPORT, "--profile", "lab").status == 0


def test_matrix_for_people(cli: Cli) -> None:
    """Without --json: a line for each profile, the best first, then what stands in the way, in the language asked."""
    profiles = ("--profile", GOLDEN / "lab-strict.yaml", "--profile", "lab")
    answer = cli("judge", REPORT, *profiles, "--lang", "fr")

    assert answer.status == 1
    assert answer.out.splitlines() == [
        "2 profils, 1 rapport\u00a0: go 1, no-go 1. Les meilleurs d\u2019abord.",
        "                 report-2",
        "  ✓ lab          go",
        "  ✗ lab-strict   no-go",
        "Ce qui fait obstacle\u00a0:",
        "  ✗ lab-strict   impossible-rtt\u00a0; prêt au plus tôt le 13\u00a0déc.\u00a02026",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ('{"schema": "readycheck.report/2"}', "newer readycheck"),
        ('{"schema": "readycheck.report/1"}', "Field required"),
        ("[]", "no readycheck report"),
        ("[" * 50_000, "no JSON"),
    ],
)
def test_unreadable_report_is_status_four(cli: Cli, tmp_path: Path, text: str, sentence: str) -> None:
    """One line that names the file and says why."""
    (tmp_path / "r.json").write_text(text)
    answer = cli("judge", "r.json", "--profile", "lab")

    assert answer.status == 4
    assert answer.err.startswith("r.json: ")
    assert sentence in answer.err
    assert len(answer.err.splitlines()) == 1


def test_missing_and_binary_reports_are_status_four(cli: Cli, tmp_path: Path) -> None:
    """A file that is not there, a folder, and one that is no text."""
    (tmp_path / "b.json").write_bytes(b"\xff\xfe\x00")

    assert [cli("judge", name, "--profile", "lab").status for name in ("none.json", ".", "b.json")] == [4, 4, 4]


@pytest.mark.parametrize(
    "line",
    [
        ("judge", GOLDEN / "report-2.json", "--profile", "lab"),
        ("compare", GOLDEN / "report-2.json", GOLDEN / "report-2.json"),
        ("letter", "genesys-cloud", "--report", GOLDEN / "report-2.json"),
        ("rollup", GOLDEN, "--profile", "lab", "--against", GOLDEN / "report-2.json"),
    ],
)
def test_forbidden_report_is_status_four(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, line: tuple[str | Path, ...]
) -> None:
    """A file that may not be read is a wrong report, and no wrong command line."""

    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.access", lambda *_: False)
    monkeypatch.setattr("readycheck.cli.loading._text", refuse)
    answer = cli(*line)

    assert answer.status == 4
    assert "Permission denied" in answer.err


def test_report_can_be_written_anew(cli: Cli) -> None:
    """--output writes page and JSON beside the printed verdict."""
    assert cli("judge", REPORT, "--profile", "lab", "-o", "anew").status == 0
    assert sorted(path.suffix for path in Path("anew").iterdir()) == [".html", ".json"]


def test_profile_list_names_what_is_shipped(cli: Cli) -> None:
    """The lab is always there."""
    answer = cli("profile", "list")

    assert answer.status == 0
    assert any(line.split()[0] == "lab" for line in answer.out.splitlines())


def test_profile_show_is_a_profile(cli: Cli, tmp_path: Path) -> None:
    """What is shown passes the check, variables as they are written."""
    shown = cli("profile", "show", "lab")
    (tmp_path / "shown.yaml").write_text(shown.out, encoding="utf-8")

    assert "${READYCHECK_LAB_UDP_PORT}" in shown.out
    assert cli("profile", "check", "shown.yaml").status == 0
    assert json.loads(cli("profile", "show", "lab", "--json").out)["id"] == "lab"


def test_starter_passes_the_check(cli: Cli) -> None:
    """`profile new` writes what `profile check` accepts, and never over a file."""
    assert cli("profile", "new", "-o", "mine.yaml").status == 0
    assert cli("profile", "check", "mine.yaml").status == 0
    before = Path("mine.yaml").read_text(encoding="utf-8")
    assert cli("profile", "new", "-o", "mine.yaml").status == 5
    assert Path("mine.yaml").read_text(encoding="utf-8") == before


def test_profile_check_tells_everything(cli: Cli, tmp_path: Path) -> None:
    """All mistakes at once, each with its place."""
    (tmp_path / "p.yaml").write_text("schema: readycheck.profile/1\nid: a\ntarget: {}\npath: {min_seconds: yes}\n")
    answer = cli("profile", "check", "p.yaml")

    assert answer.status == 4
    assert [line.split(":")[1] for line in answer.err.splitlines()] == ["3", "4"]


def test_profile_check_warns_of_limits_that_no_run_could_prove(cli: Cli, tmp_path: Path) -> None:
    """0.1 % takes 203 s without a loss, more than max_seconds; the profile is right nevertheless."""
    loss = "  - {{id: {}, metric: path.loss_ratio, at_most: {}}}\n"
    text = "schema: readycheck.profile/1\nid: a\npath: {max_seconds: 120}\nrequirements:\n"
    (tmp_path / "p.yaml").write_text(text + loss.format("a", 0.001) + loss.format("b", 0.01) + loss.format("c", 0))
    answer = cli("profile", "check", "p.yaml")

    assert answer.status == 0
    assert [line.partition(" warning: ")[0] for line in answer.err.splitlines()] == ["p.yaml:5:47:", "p.yaml:7:47:"]
    assert "at most 0.001 takes 203 s" in answer.err
    assert "at most 0 cannot be proved" in answer.err


@pytest.mark.parametrize("name", shipped())
def test_shipped_profiles_ask_nothing_that_cannot_be_proved(cli: Cli, name: str) -> None:
    """Their loss limits fit their times."""
    assert cli("profile", "check", name).err == ""


def test_profile_schema_is_json_schema(cli: Cli) -> None:
    """Editors can use it."""
    assert json.loads(cli("profile", "schema").out)["type"] == "object"


def test_probes_lists_every_metric(cli: Cli) -> None:
    """Unit and meaning of everything that a profile may name."""
    answer = cli("probes", "--json")
    text = cli("probes").out

    assert {probe["id"] for probe in json.loads(answer.out)["probes"]} == {
        "bandwidth", "browser", "call", "fallback", "headset", "identity", "nat_binding", "network", "path", "path_mtu",
        "proxy", "session", "signalling", "stun", "turn", "workstation"
    }  # fmt: skip
    assert all(name.partition(".")[2] in text for name in metric_definitions())
