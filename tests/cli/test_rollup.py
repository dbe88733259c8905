"""`rollup` from the command line: one verdict of many reports, hostile ones included."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from readycheck.model.rollup import Rollup

Cli = Callable[..., Any]
GOLDEN = Path(__file__).parent.parent / "golden" / "report-2.json"
PROFILE = """\
schema: readycheck.profile/1
id: acme
extends: [lab]
site: {agents: 2}
questions:
  - {id: bypass, title: Proxy bypass, ask: "Approved?", answers: {approved: pass, refused: fail}, lead_time: 45d}
requirements:
  - {id: fleet-ready, scope: project, metric: fleet.ready_ratio, at_least: 0.9, owner: workplace IT, lead_time: 20d}
"""
APPROVED = """\
schema: readycheck.attestations/1
profile: acme
answers: [{question: bypass, answer: approved, by: CISO, on: 2025-11-20}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for reports, beside a profile and its answers."""
    (tmp_path / "p.yaml").write_text(PROFILE, encoding="utf-8")
    (tmp_path / "a.yaml").write_text(APPROVED, encoding="utf-8")
    (tmp_path / "in" / "floor-2").mkdir(parents=True)
    return tmp_path / "in"


def saved(path: Path, host: str = "h1", site: str | None = "lyon", **changes: Any) -> dict[str, Any]:
    """Write a report like the golden one, but for what is changed."""
    report: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    report["environment"]["host"] = host
    report["run"]["site"] = site
    report |= changes
    path.write_text(json.dumps(report), encoding="utf-8")
    return report


def document(cli: Cli, *more: Any) -> dict[str, Any]:
    """The roll-up of the folder as JSON."""
    answer = cli("rollup", "in", "--profile", "p.yaml", "--attestations", "a.yaml", "--json", *more)
    assert answer.status in (0, 1, 3), answer.err
    made: dict[str, Any] = json.loads(answer.out)
    assert Rollup.loads(answer.out).decision == made["decision"]
    return made


def left_out(made: dict[str, Any]) -> dict[str, list[str]]:
    return {tally["reason"]: [file["file"] for file in tally["files"]] for tally in made["left_out"]}


def test_folder_becomes_one_verdict(cli: Cli, folder: Path) -> None:
    """Folders are searched, the verdict is told in words, the document is written, its path printed last."""
    saved(folder / "1.json")
    saved(folder / "floor-2" / "2.json", "h2")
    answer = cli("rollup", "in", "--profile", "p.yaml", "--attestations", "a.yaml", "-o", "out")
    *told, page, path = answer.out.splitlines()

    assert answer.status == 0
    assert Path(page).with_suffix("") == Path(path).with_suffix("")
    assert "All 2 workstations that reported are ready." in Path(page).read_text(encoding="utf-8")
    assert told[0].strip() == "GO"
    assert "2 workstations reported, of 2 agents: 2 go" in told
    assert Path(path).name.startswith("rollup-")
    assert json.loads(Path(path).read_text(encoding="utf-8"))["schema"] == "readycheck.rollup/1"


def test_page_speaks_the_language_asked_for(cli: Cli, folder: Path) -> None:
    """--lang is the language of the page too."""
    saved(folder / "1.json")
    answer = cli("rollup", "in", "--profile", "p.yaml", "-o", "out", "--lang", "fr")
    page = next(Path("out").glob("*.html")).read_text(encoding="utf-8")

    assert answer.status == 3
    assert '<html lang="fr">' in page
    assert "Peut-on démarrer" in page


def test_blockers_are_told_with_owner_and_lead_time(cli: Cli, folder: Path) -> None:
    """No-go, the earliest date, who owns what blocks; in French too."""
    report = saved(folder / "1.json")
    report["metrics"]["turn.udp_relay"] |= {"value": False, "reason": "stun_timeout"}
    (folder / "1.json").write_text(json.dumps(report), encoding="utf-8")
    answer = cli("rollup", "in", "--profile", "p.yaml", "--on", "2026-11-22", "--attestations", "a.yaml")
    french = cli("rollup", "in", "--profile", "p.yaml", "--attestations", "a.yaml", "--lang", "fr")

    assert answer.status == french.status == 1
    assert "NO-GO   ready at the earliest 12\u00a0Dec\u00a02026" in answer.out
    assert "Workplace IT, 20 days" in answer.out
    assert "Relay over UDP (no answer)" in answer.out
    assert "1 poste remonté, pour 2 agents" in french.out
    assert "Informatique des postes, 20 jours" in french.out


def test_statuses(cli: Cli, folder: Path) -> None:
    """Go, inconclusive without an answer, no-go where it is refused, four for what is wrong."""
    saved(folder / "1.json")
    args = ("rollup", "in", "--profile", "p.yaml")

    assert cli(*args, "--attestations", "a.yaml").status == 0
    assert cli(*args).status == 3
    assert cli(*args, "--exit-map", "nagios").status == 3
    Path("a.yaml").write_text(APPROVED.replace("approved", "refused"), encoding="utf-8")
    assert cli(*args, "--attestations", "a.yaml").status == 1
    assert cli(*args, "--attestations", "a.yaml", "--exit-map", "nagios").status == 2
    Path("a.yaml").write_text(APPROVED.replace("approved", "perhaps"), encoding="utf-8")
    wrong = cli(*args, "--attestations", "a.yaml")
    assert (wrong.status, wrong.out) == (4, "")
    assert wrong.err.startswith("a.yaml:3:")
    assert cli("rollup", "nowhere", "--profile", "p.yaml").status == 4
    assert cli("rollup", "in", "--profile", "nothing").status == 4
    assert cli(*args, "--against", "p.yaml").status == 4
    assert cli(*args, "--on", "20261122").status == 2


def test_json_is_alone_on_stdout(cli: Cli, folder: Path) -> None:
    """With --json the paths go to stderr; a folder that cannot be written is status 5, and nothing is lost."""
    saved(folder / "1.json")
    args = ("rollup", "in", "--profile", "p.yaml", "--attestations", "a.yaml")
    answer = cli(*args, "--json", "-o", "out")

    assert json.loads(answer.out)["decision"] == "go"
    assert answer.err.strip().endswith(".json")
    lost = cli(*args, "-o", "p.yaml/out")
    assert lost.status == 5
    assert json.loads(lost.out)["decision"] == "go"


def test_trend_is_told(cli: Cli, folder: Path) -> None:
    """--against an earlier roll-up shows what changed; that file in the folder is no report."""
    saved(folder / "1.json")
    cli("rollup", "in", "--profile", "p.yaml", "-o", "in")
    (earlier,) = folder.glob("rollup-*.json")
    answer = cli("rollup", "in", "--profile", "p.yaml", "--attestations", "a.yaml", "--against", earlier)

    assert answer.status == 0
    assert "changed since: bypass" in answer.out
    assert "Left out, no report: 1 (rollup-" in answer.out


def test_other_profiles_prove_nothing_here(cli: Cli, folder: Path) -> None:
    """Measured against other targets: inconclusive, counted as such, and the profiles are named."""
    report = saved(folder / "1.json")
    for observation in report["observations"].values():
        observation["inputs"] = "0" * 64
    saved(folder / "1.json", observations=report["observations"])
    saved(folder / "2.json", "h2", profile=report["profile"] | {"id": "other", "sha256": "f" * 64})
    made = document(cli)

    assert made["workstations"]["decisions"] == {"go": 1, "go_with_reservations": 0, "no_go": 0, "inconclusive": 1}
    assert {(one["id"], one["count"]) for one in made["profiles"]} == {("lab", 1), ("other", 1)}
    assert {"several_profiles", "other_targets"} <= set(made["notices"])
    assert {cause["reason"] for cause in made["causes"]} == {"other_targets"}


def test_site_scope_is_known_by_the_findings_too(cli: Cli, folder: Path) -> None:
    """A report whose run does not state its scope shows it by its findings."""
    Path("p.yaml").write_text(
        PROFILE + "  - {id: link, scope: site, metric: path.loss_ratio, at_most: 0.02}\n", encoding="utf-8"
    )
    report = saved(folder / "1.json")
    del report["run"]["scope"]
    for finding in report["findings"]:
        finding["scope"] = "site"
    (folder / "site.json").write_text(json.dumps(report), encoding="utf-8")
    made = document(cli)

    assert [(site["site"], site["report"] is not None) for site in made["sites"]] == [("lyon", True)]
    assert {finding["requirement"]: finding["status"] for finding in made["findings"]}["link"] == "pass"


HOSTILE = {
    "empty": b"",
    "half": b'{"schema": "readycheck.report/1", "run',
    "bytes": b"\xff\xfe\x00\x01",
    "deep": b'{"schema": "readycheck.report/1", "a": ' + b"[" * 200_000,
    "deeper": b'{"schema": "readycheck.report/1", "a": ' + b"[" * 500 + b"]" * 500 + b"}",
    "nan": b'{"schema": "readycheck.report/1", "a": NaN}',
    "huge-number": b'{"schema": "readycheck.report/1", "a": 1e999}',
    "long-number": b'{"schema": "readycheck.report/1", "a": ' + b"9" * 10_000 + b"}",
    "surrogate": b'{"schema": "readycheck.report/1", "a": "\\ud800"}',
    "bomb": b'{"schema": "readycheck.report/1", "findings": [' + b"{}," * 1_000_000 + b"{}]}",
    "fields": b'{"schema": "readycheck.report/1"}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_report_is_left_out(cli: Cli, folder: Path, name: str) -> None:
    """Half files, bytes, depth, numbers beyond numbers: told by name, and the others still count."""
    saved(folder / "good.json")
    (folder / "bad.json").write_bytes(HOSTILE[name])
    made = document(cli)

    assert made["workstations"]["reported"] == 1
    assert made["decision"] == "go"
    assert left_out(made) == {"unreadable": ["bad.json"]} or name == "empty"
    assert all(file["detail"] for tally in made["left_out"] for file in tally["files"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"schema": "readycheck.report/2"}, "newer_schema"),
        ({"schema": "readycheck.report/1; rm -rf /"}, "newer_schema"),
        ({"schema": "readycheck.matrix/1"}, "no_report"),
        ({"schema": ["readycheck.report/1"]}, "no_report"),
        ({"decision": "perfect"}, "unreadable"),
        ({"metrics": {"stun.rtt_p50_ms": {"value": "0.1", "unit": "s", "reason": None}}}, "unreadable"),
        ({"metrics": {"a.b": {"value": 10**400, "unit": "ms", "reason": None}}}, "unreadable"),
        ({"metrics": {"a.b": {"value": 1, "low": 2, "high": 3, "unit": "ms", "reason": None}}}, "unreadable"),
        ({"findings": [{"scope": ["site"]}]}, "unreadable"),
        ({"run": {"id": "x", "started_at": "yesterday", "duration_s": 1}}, "unreadable"),
        ({"run": {"id": "x", "started_at": "0001-01-01T00:00:00+14:00", "duration_s": 1}}, "unreadable"),
        ({"run": {"id": "x", "started_at": "2026-11-22T08:00:00Z", "duration_s": "long"}}, "unreadable"),
    ],
)
def test_forged_reports_are_left_out(cli: Cli, folder: Path, change: dict[str, Any], reason: str) -> None:
    """Newer or invented schema numbers, numbers as text, bounds that exclude their value, impossible times."""
    saved(folder / "good.json")
    saved(folder / "bad.json", "h2", **change)

    assert left_out(document(cli)) == {reason: ["bad.json"]}


def test_newer_evidence_is_left_out(cli: Cli, folder: Path) -> None:
    """Evidence in a form of a later version is not guessed at."""
    report = saved(folder / "1.json")
    report["observations"]["turn"]["evidence_version"] = 99
    saved(folder / "1.json", observations=report["observations"])

    assert left_out(document(cli)) == {"newer_schema": ["1.json"]}


def test_large_files_are_not_read(cli: Cli, folder: Path) -> None:
    """A gigabyte costs nothing."""
    saved(folder / "good.json")
    with (folder / "large.json").open("wb") as file:
        file.truncate(2**30)

    assert left_out(document(cli)) == {"too_large": ["large.json"]}


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and links of POSIX")
def test_links_and_pipes_are_not_followed(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """A search waits for no pipe and leaves no folder; a folder called .json is a folder."""
    saved(folder / "good.json")
    saved(tmp_path / "outside.json", "h2")
    os.mkfifo(folder / "pipe.json")
    (folder / "link.json").symlink_to(tmp_path / "outside.json")
    (folder / "loop.json").symlink_to(folder / "loop.json")
    (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    (folder / "dir.json").mkdir()
    made = document(cli)

    assert made["workstations"]["reported"] == 1
    assert left_out(made) == {"no_file": ["link.json", "loop.json", "pipe.json"]}


@pytest.mark.skipif(sys.platform == "win32", reason="names of POSIX")
def test_hostile_names_go_nowhere(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """Paths, markup, formulas and escape codes in names are shown as text; files stay in the output folder."""
    for number, name in enumerate(("../../../etc/x", "<script>alert(1)</script>", "=1+1", "\x1b]0;t\x07a\nb", "con")):
        report = saved(folder / f"{number}.json", name, name)
        report["run"]["label"] = name
        saved(folder / f"{number}.json", name, name, run=report["run"] | {"site": name})
    (folder / os.fsdecode(b"\xff\x1b[31m.json")).write_bytes(b"{")
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    answer = cli("rollup", "in", "--profile", "p.yaml", "--attestations", "a.yaml", "-o", "out")
    new = {path for path in tmp_path.rglob("*") if path.is_file()} - before

    assert answer.status == 0
    assert "\x1b" not in answer.out
    assert "5 workstations reported" in answer.out
    assert {path.parent for path in new} == {tmp_path / "out"}
    assert sorted(path.suffix for path in new) == [".html", ".json"]
    page = next(path for path in new if path.suffix == ".html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_every_file_is_read_once(cli: Cli, folder: Path) -> None:
    """A folder and a file in it, or the same folder twice, count once."""
    saved(folder / "1.json")
    made = document(cli, "in", "in/1.json")

    assert made["reports_read"] == 1
    assert made["left_out"] == []


def test_empty_folder_proves_nothing(cli: Cli, folder: Path) -> None:
    """No report: inconclusive, and said so."""
    answer = cli("rollup", folder, "--profile", "p.yaml", "--attestations", "a.yaml")

    assert answer.status == 3
    assert "No report counts" in answer.out
