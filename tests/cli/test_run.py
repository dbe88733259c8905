"""`readycheck run`: every exit status of the contract, in every format; files, streams, secrets."""

import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from readycheck.engine.probe import Context
from readycheck.engine.registry import probes
from readycheck.model.report import Report
from readycheck.probes.stun import Stun
from tests.cli.conftest import SHORT_LAB

Cli = Callable[..., Any]
Writer = Callable[..., Path]

NO_GO = "  - {id: impossible, metric: turn.udp_relay, equals: false, lead_time: 45d, owner: network}\n"
RESERVED = "  - {id: impossible, metric: turn.udp_relay, equals: false, severity: warning}\n"
OPEN = "  - {id: open, metric: path.loss_up_ratio, at_most: 1}\n"
CASES = [
    ("", "go", 0, 0),
    (RESERVED, "go_with_reservations", 0, 1),
    (NO_GO, "no_go", 1, 2),
    (OPEN, "inconclusive", 3, 3),
]


@pytest.mark.parametrize(("more", "decision", "status", "nagios"), CASES)
def test_status_follows_the_decision_in_every_format(
    cli: Cli, profile_file: Writer, more: str, decision: str, status: int, nagios: int
) -> None:
    """Whatever is written, the status is the verdict's; another map reads the same verdict its own way."""
    path = profile_file(more)
    answer = cli("run", path, "--only", "turn,path", "--format", "html,json,junit,csv", "-o", "out")
    (saved,) = Path("out").glob("*.json")
    report = Report.loads(saved.read_text(encoding="utf-8"))

    assert answer.status == status
    assert report.decision == decision
    assert answer.out.splitlines()[-4:] == [str(saved.with_suffix(end)) for end in (".html", ".json", ".xml", ".csv")]
    assert all(saved.with_suffix(end).stat().st_size for end in (".html", ".xml", ".csv"))
    assert ET.fromstring(saved.with_suffix(".xml").read_text(encoding="utf-8")).tag == "testsuites"
    rows = list(csv.DictReader(io.StringIO(saved.with_suffix(".csv").read_text(encoding="utf-8-sig"))))
    assert len(rows) == len(report.findings)
    for form in ("--json", "--strict", "--exit-map=nagios"):
        expected = {"--json": status, "--strict": status or int(bool(more)), "--exit-map=nagios": nagios}[form]
        assert cli("judge", saved, "--profile", path, form).status == expected


def test_whole_lab_ends_in_go(cli: Cli, profile_file: Writer) -> None:
    """The default job: all probes, a call, go; progress on stderr, the verdict and the paths on stdout."""
    answer = cli("run", profile_file(), "--label", "Poste 12/é", "--site", "Lyon")
    html, saved = (Path(line) for line in answer.out.splitlines()[-2:])
    report = Report.loads(saved.read_text(encoding="utf-8"))

    assert answer.status == 0
    assert html.parent == Path("reports")
    assert saved.name.endswith("Z-Poste12.json")
    assert answer.out.startswith("GO")
    assert "path" in answer.err
    assert (report.run.label, report.run.site, report.profile.lab) == ("Poste 12/é", "Lyon", True)
    assert set(report.observations) == set(probes())
    skipped = {name for name, one in report.observations.items() if one.status != "collected"}
    assert skipped == {"nat_binding"}  # it takes minutes, and nothing asks for it
    assert report.metrics["call.connected"].value is True
    assert report.metrics["path.far_end"].value == "relay:udp"


def test_the_path_is_measured_for_the_scope_of_the_run(cli: Cli, profile_file: Writer) -> None:
    """What is asked of a site keeps the measurement going until it is proven, as it does for a workstation."""
    site = "  - {id: site-loss, scope: site, metric: path.loss_ratio, at_most: 0.1}\n"
    path = profile_file(site, text=SHORT_LAB.replace("max_seconds: 1", "max_seconds: 20"))
    report = Report.loads(cli("run", path, "--only", "turn,path", "--scope", "site", "--json").out)

    assert [(one.requirement, one.status) for one in report.findings] == [("site-loss", "pass")]


def test_json_is_alone_on_stdout(cli: Cli, profile_file: Writer) -> None:
    """With --json stdout is the report to the last byte; the paths go to stderr; no secret is in either."""
    answer = cli("run", profile_file(), "--only", "stun", "--json", "-q")
    report = json.loads(answer.out)

    assert report["schema"] == "readycheck.report/1"
    assert answer.err.splitlines() == [f"reports/{Path(line).name}" for line in answer.err.splitlines()]
    assert report["observations"]["turn"]["failure"]["code"] == "not_selected"
    assert report["observations"]["turn"]["status"] == "skipped"


def test_what_was_not_selected_does_not_count(cli: Cli, profile_file: Writer) -> None:
    """--only stun: requirements on the rest are inconclusive, not_selected, and the decision is go."""
    report = json.loads(cli("run", profile_file(), "--only", "stun", "--json").out)
    reasons = {finding["requirement"]: finding["reason"] for finding in report["findings"]}

    assert report["decision"] == "go"
    assert reasons["turn-udp"] == "not_selected"
    assert reasons["stun"] is None


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--nonsense"],
        ["run", "--format", "pdf"],
        ["run", "--format", ","],
        ["run", "--only", "trun"],
        ["run", "--lang", "de"],
        ["nonsense"],
        ["judge"],
        [],
    ],
)
def test_wrong_command_line_is_status_two(cli: Cli, arguments: list[str]) -> None:
    """One line says what is wrong, and nothing is measured."""
    answer = cli(*arguments)

    assert answer.status == 2
    assert len(answer.err.splitlines()) == 1
    assert answer.err.startswith("readycheck: ")
    assert not Path("reports").exists()


def test_wrong_command_line_wins_over_wrong_profile(cli: Cli) -> None:
    """2 before 4."""
    assert cli("run", "no-such-profile", "--only", "trun").status == 2
    assert cli("run", "no-such-profile", "--exit-map", "nagios").status == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("schema: readycheck.profile/1\nid: a\nrequirments: []\n", "p.yaml:3:1: unknown key 'requirments'"),
        ("schema: readycheck.profile/1\nid: a\nid: b\n", "p.yaml:3:1:"),
        ("{", "p.yaml:"),
        ("schema: readycheck.profile/1\nid: a\ntitle: ${NOT_SET_ANYWHERE}\n", "NOT_SET_ANYWHERE is not set"),
        (
            "schema: readycheck.profile/1\nid: a\nrequirements: [{id: r, metric: turn.udp_rely, equals: true}]\n",
            "did you mean 'turn.udp_relay'",
        ),
    ],
)
def test_wrong_profile_is_status_four(cli: Cli, profile_file: Writer, text: str, expected: str) -> None:
    """Each mistake is a line with its place; nothing is measured."""
    answer = cli("run", profile_file(text=text))

    assert answer.status == 4
    assert expected in answer.err
    assert answer.out == ""
    assert not Path("reports").exists()


def test_unknown_profile_names_its_neighbours(cli: Cli) -> None:
    """`labb` suggests `lab`."""
    answer = cli("run", "labb")

    assert answer.status == 4
    assert "lab" in answer.err.replace("labb", "")


def test_unwritable_output_is_status_five_and_loses_nothing(cli: Cli, profile_file: Writer, tmp_path: Path) -> None:
    """Where the folder cannot be, the report is on stdout."""
    (tmp_path / "taken").write_text("a file")
    answer = cli("run", profile_file(), "--only", "stun", "-o", "taken/below")

    assert answer.status == 5
    assert Report.loads(answer.out).decision == "go"
    assert "taken" in answer.err


def test_full_disk_is_status_five_and_leaves_no_part(
    cli: Cli, profile_file: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No space left: the report is on stdout, and no half file stays."""

    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    answer = cli("run", profile_file(), "--only", "stun")

    assert answer.status == 5
    assert "No space left" in answer.err
    assert json.loads(answer.out)["decision"] == "go"
    assert list(Path("reports").iterdir()) == []


def test_fault_is_status_seventy_with_details_in_a_file(
    cli: Cli, profile_file: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A probe's own fault: one line, no traceback, the rest of the report is written."""

    async def broken(self: Stun, context: Context) -> None:
        raise ZeroDivisionError("division")

    monkeypatch.setattr(Stun, "gather", broken)
    answer = cli("run", profile_file(), "--only", "stun,turn", "-q")
    (saved,) = Path("reports").glob("*.json")
    report = Report.loads(saved.read_text(encoding="utf-8"))
    details = Path(answer.err.split()[-1])

    assert answer.status == 70
    assert "Traceback" not in answer.err
    assert "ZeroDivisionError" in details.read_text(encoding="utf-8")
    assert report.observations["turn"].status == "collected"
    assert report.decision == "inconclusive"
    details.unlink()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to a single process there")
def test_interruption_is_status_130_and_keeps_what_was_measured(profile_file: Writer, tmp_path: Path) -> None:
    """Ctrl-C in the middle of the path: the report is written, inconclusive at best, with the samples so far."""
    path = profile_file(text=SHORT_LAB.replace("0.4, max_seconds: 1", "50, max_seconds: 60"))
    process = subprocess.Popen(
        [sys.executable, "-m", "readycheck", "run", str(path), "--only", "stun,path", "-o", str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "path" in line:
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    (saved,) = (tmp_path / "out").glob("*.json")
    report = Report.loads(saved.read_text(encoding="utf-8"))

    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert report.run.interrupted
    assert report.decision == "inconclusive"
    assert report.observations["stun"].status == "collected"
    path_observation = report.observations["path"]
    assert path_observation.failure is not None
    assert path_observation.failure.code == "interrupted"
    assert len(path_observation.evidence["rtt_ms"]) > 5


def test_nothing_is_ever_written_over(cli: Cli, profile_file: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of one second and one label get -2 and -3."""
    monkeypatch.setattr("readycheck.cli.session.timestamp", lambda _: "2026-11-22T08:00:00.000Z")
    for _ in range(3):
        cli("run", profile_file(), "--only", "stun", "--label", "a", "--format", "json")

    assert sorted(path.name for path in Path("reports").iterdir()) == [
        "20261122T080000Z-a-2.json",
        "20261122T080000Z-a-3.json",
        "20261122T080000Z-a.json",
    ]


def test_secrets_never_leave_memory(cli: Cli, profile_file: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the name nor the password of a refused credential is in any output."""
    monkeypatch.setenv("TURN_USERNAME", "agent-4711")
    monkeypatch.setenv("TURN_PASSWORD", "hunter2-hunter2")
    text = """\
schema: readycheck.profile/1
id: refused
lab: true
targets:
  ice_servers:
    - urls: ["turn:127.0.0.1:${READYCHECK_LAB_UDP_PORT}"]
      username: ${TURN_USERNAME}
      credential: ${TURN_PASSWORD}
requirements: [{id: relay, metric: turn.udp_relay, equals: true}]
"""
    answer = cli("run", profile_file(text=text), "--format", "html,json,junit,csv", "--json", "--show-host")
    everything = answer.out + answer.err + "".join(path.read_text("utf-8") for path in Path("reports").iterdir())

    assert answer.status == 1
    assert json.loads(answer.out)["findings"][0]["reason"] == "turn_unauthorized"
    for secret in ("agent-4711", "hunter2-hunter2"):
        assert secret not in everything


def test_output_survives_a_narrow_console(profile_file: Writer, tmp_path: Path) -> None:
    """A cp1252 console, as on Windows, gets the verdict and no traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "readycheck", "run", str(profile_file()), "--only", "stun", "-o", str(tmp_path / "o")],
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    assert done.stdout.startswith(b"GO")


def test_host_is_shown_only_on_demand(cli: Cli, profile_file: Writer) -> None:
    """A pseudonym that is the same in every run, the name only with --show-host."""
    first, again, shown = (
        json.loads(cli("run", profile_file(), "--only", "stun", "--json", *more).out)["environment"]["host"]
        for more in ([], [], ["--show-host"])
    )

    assert first == again != shown
    assert shown == socket.gethostname()


def test_version_imports_nothing_heavy() -> None:
    """`--version` answers without aiortc, av, httpx, sounddevice, psutil, pydantic's models or the probes."""
    code = (
        "import sys; from readycheck.cli.app import run_app; run_app(['--version'])\n"
        "heavy = ('aiortc', 'av', 'httpx', 'sounddevice', 'psutil', 'comtypes', 'aioice', 'jinja2', 'rich.live')\n"
        "heavy += ('yaml', 'asyncio')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.splitlines() == ["readycheck 0.1.0", "[]"]


def test_probes_load_no_drivers() -> None:
    """Even the probes load neither PortAudio nor psutil nor comtypes until they run: a driver may hang."""
    code = (
        "import sys; from readycheck.cli.app import run_app; run_app(['probes', '--json'])\n"
        "print([name for name in ('sounddevice', 'psutil', 'comtypes') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.splitlines()[-1] == "[]"
