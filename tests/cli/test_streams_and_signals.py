"""Broken streams and impatient users: nothing measured is lost, and the status stays true."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from readycheck.model.report import Report
from tests.cli.conftest import SHORT_LAB

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX shells and signals")
Cli = Callable[..., Any]
Writer = Callable[..., Path]
GOLDEN = Path(__file__).parent.parent / "golden"


def shell(command: str, folder: Path) -> int:
    """The status of readycheck in a shell line, `RC` standing for the program."""
    line = command.replace("RC", f"'{sys.executable}' -m readycheck")
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, check=False, timeout=60, stderr=subprocess.DEVNULL
    ).returncode


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("RC run p.yaml --only stun -o out 2>&1 >/dev/null | true; exit ${PIPESTATUS[0]}", 0),
        ("RC run p.yaml --only stun -o out | true; exit ${PIPESTATUS[0]}", 0),
        ("RC run p.yaml --only stun -o out 2>/dev/full >/dev/null", 0),
        ("RC run p.yaml --only stun -o out >/dev/full", 0),
        ("RC run p.yaml --only stun -o out --json >/dev/full", 5),
        ("RC run p.yaml --only stun -o out >&-", 0),
        ("RC run p.yaml --only stun -o out 2>&- >/dev/null", 0),
        ("RC run p.yaml --only stun -o out <&- 2>&- >&-", 0),
    ],
)
def test_broken_streams_cost_no_report(tmp_path: Path, profile_file: Writer, line: str, status: int) -> None:
    """Whoever stops reading, whatever is full or closed: the files are there, and a go is not called a no-go."""
    profile_file()

    assert shell(line, tmp_path) == status
    (saved,) = (tmp_path / "out").glob("*.json")
    assert Report.loads(saved.read_text(encoding="utf-8")).decision == "go"


@pytest.mark.parametrize(
    "command", ["probes --json", "profile show lab", f"judge '{GOLDEN}/report-2.json' --profile lab --json"]
)
def test_unwritable_stdout_is_status_five(tmp_path: Path, command: str) -> None:
    """A document that nobody could read was not written."""
    assert shell(f"RC {command} >/dev/full", tmp_path) == 5


@pytest.mark.parametrize("pause_s", [0.0, 0.05])
def test_impatient_interruption_still_writes(profile_file: Writer, tmp_path: Path, pause_s: float) -> None:
    """A second and third Ctrl-C, and SIGTERM, do not cost the report."""
    path = profile_file(text=SHORT_LAB.replace("0.4, max_seconds: 1", "50, max_seconds: 60"))
    command = [sys.executable, "-m", "readycheck", "run", str(path), "--only", "path", "-o", str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "path" in line:
                break
        for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
            process.send_signal(number)
            time.sleep(pause_s)
        out, err = process.communicate(timeout=20)

    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert len(list((tmp_path / "out").glob("*.json"))) == 1


PRESSED_AT_FIRST_SIGHT = """
import importlib.abc, signal, sys
class Press(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == sys.argv[1]:
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                pass
sys.meta_path.insert(0, Press())
import readycheck.__main__
if sys.argv[1] == "nothing":
    signal.raise_signal(signal.SIGINT)
readycheck.__main__.main()
"""


@pytest.mark.parametrize("module", ["nothing", "readycheck.cli", "typer", "readycheck.host.interrupts"])
def test_interruption_at_the_start_is_never_lost(module: str) -> None:
    """Ctrl-C while something is imported ends the program, whatever becomes of an exception in there."""
    done = subprocess.run(
        [sys.executable, "-c", PRESSED_AT_FIRST_SIGHT, module], capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.2, 0.4])
def test_interruption_at_the_start_shows_no_traceback(tmp_path: Path, after_s: float) -> None:
    """While the program loads, Ctrl-C is just the end."""
    with subprocess.Popen(
        [sys.executable, "-c", "import readycheck.__main__ as m; print(1, flush=True); m.main()", "run", "-o", "out"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(after_s)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "Traceback" not in err


def test_half_characters_in_a_label_cost_nothing(tmp_path: Path, profile_file: Writer) -> None:
    """A label that is no text is written as far as it is."""
    profile_file()

    assert (
        shell("RC run p.yaml --only stun -q --label=$'a\\xff' --site=$'\\xff' -o out --json >report.json", tmp_path)
        == 0
    )
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["run"]["label"].startswith("a")
    assert len(list((tmp_path / "out").iterdir())) == 2


def edited(tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    report = json.loads((GOLDEN / "report-2.json").read_text(encoding="utf-8"))
    change(report)
    path = tmp_path / "edited.json"
    path.write_text(json.dumps(report), encoding="utf-8")
    return path


def set_in(*keys: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(report: dict[str, Any]) -> None:
        for key in keys[:-1]:
            report = report[key]
        report[keys[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (set_in("run", "started_at", value="yesterday"), "no date and time"),
        (set_in("run", "started_at", value="2026-13-45T08:00:00Z"), "no date and time"),
        (set_in("run", "scope", value="galaxy"), "run.scope"),
        (set_in("run", "interrupted", value="false"), "run.interrupted"),
        (set_in("metrics", "path.loss_ratio", "high", value="0.001"), "path.loss_ratio"),
        (set_in("metrics", "path.loss_ratio", "low", value=0.5), "bounds are not around its value"),
        (set_in("metrics", "path.loss_ratio", "value", value=0.9), "bounds are not around its value"),
        (set_in("metrics", "path.rtt_p95_ms", "unit", value="s"), "its unit is 's'"),
        (set_in("observations", "turn", "evidence_version", value=2), "use a newer readycheck"),
    ],
)
def test_forged_reports_are_refused(cli: Cli, tmp_path: Path, change: Callable[..., None], sentence: str) -> None:
    """What cannot be what it says is status 4 with one line, never a verdict."""
    answer = cli("judge", edited(tmp_path, change), "--profile", "lab")

    assert answer.status == 4
    assert sentence in answer.err
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize("number", ["1e400", "1" + "0" * 400, "-1" + "0" * 400])
def test_number_beyond_any_is_refused(cli: Cli, tmp_path: Path, number: str) -> None:
    """1e400 is infinity to a parser, written out it fits no division, and neither is a measurement."""
    text = (GOLDEN / "report-2.json").read_text(encoding="utf-8")
    measured = json.loads(text)["metrics"]["path.rtt_p95_ms"]["value"]
    text = text.replace(f'"value": {measured}', f'"value": {number}')
    assert number in text
    (tmp_path / "r.json").write_text(text, encoding="utf-8")

    assert cli("judge", "r.json", "--profile", "lab").status == 4


def test_report_without_a_probe_is_inconclusive(cli: Cli, tmp_path: Path) -> None:
    """An observation cut out of a report is missing evidence: it counts, and never as a pass."""
    path = edited(tmp_path, lambda report: report["observations"].pop("turn"))
    answer = cli("judge", path, "--profile", "lab", "--json")

    assert answer.status == 3
    assert {one["reason"] for one in json.loads(answer.out)["findings"] if one["metric"].startswith("turn.")} == {
        "component_missing"
    }


def test_a_late_date_has_no_later_one(cli: Cli, tmp_path: Path) -> None:
    """A report from the last day of the calendar is judged all the same."""
    path = edited(tmp_path, set_in("run", "started_at", value="9999-12-31T08:00:00Z"))
    answer = cli("judge", path, "--profile", GOLDEN / "lab-strict.yaml", "--json")

    assert answer.status == 1
    assert json.loads(answer.out)["ready_on"] is None


def test_server_that_quotes_the_credential_is_not_quoted(cli: Cli, tmp_path: Path, monkeypatch: Any) -> None:
    """A phrase that repeats user name and password reaches no file."""
    import socket  # noqa: PLC0415 - one hand-made server
    import threading  # noqa: PLC0415 - the same

    from readycheck.rtc.stun import Class, Message, Method, decode  # noqa: PLC0415 - the same

    monkeypatch.setenv("U", "SECRETUSER")
    monkeypatch.setenv("P", "SECRETPASS")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)

        def answer() -> None:
            for _ in range(3):
                data, source = server.recvfrom(2000)
                phrase = (500, "no user SECRETUSER with SECRETPASS")
                error = Message(Method.ALLOCATE, Class.ERROR, decode(data).transaction_id, {"ERROR-CODE": phrase})
                server.sendto(bytes(error), source)

        thread = threading.Thread(target=answer)
        thread.start()
        port = server.getsockname()[1]
        (tmp_path / "p.yaml").write_text(
            "schema: readycheck.profile/1\nid: p\ntargets:\n  ice_servers:\n"
            f"  - {{urls: 'turn:127.0.0.1:{port}', username: '${{U}}', credential: '${{P}}'}}\n"
            "requirements: [{id: r, metric: turn.udp_relay, equals: true}]\n"
        )
        said = cli("run", "p.yaml", "--only", "turn", "--json")
        thread.join()
    everything = said.out + said.err + "".join(path.read_text("utf-8") for path in Path("reports").iterdir())

    assert json.loads(said.out)["findings"][0]["reason"] == "turn_bad_answer"
    assert "no user" in everything
    assert "SECRET" not in everything.replace(os.sep, "")


def test_small_disk_keeps_the_evidence_first(cli: Cli, profile_file: Writer, monkeypatch: Any) -> None:
    """The JSON is written before the page; what was written is named apart from the report on stdout."""
    real, calls = os.fsync, 0

    def room_for_one(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", room_for_one)
    answer = cli("run", profile_file(), "--only", "stun", "-q", "-o", "out", "--format", "html,json")

    assert answer.status == 5
    assert json.loads(answer.out)["decision"] == "go"
    assert "1 of 2 files" in answer.err
    assert [path.suffix for path in Path("out").iterdir()] == [".json"]
    assert ".json" in answer.err
