"""A machine answers what is asked, captured or real, and never raises or hangs."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil
import pytest

from readycheck.host import command
from readycheck.host.local import LocalMachine
from readycheck.host.machine import Fact, Output, Told, home, text_of
from readycheck.host.recorded import RecordedMachine, UnreadableMachine, load
from readycheck.host.system import system
from readycheck.host.this import this_machine
from readycheck.model.failure import FailureCode
from tests.unit.hanging import alive, ends, hung

WINDOWS: dict[str, Any] = {
    "schema": "readycheck.machine/1",
    "platform": "windows",
    "provenance": "documented",
    "environment": {"USERPROFILE": r"C:\Users\user", "SessionName": "Console"},
    "files": {r"C:\Program Files\Acme\a.txt": "one", r"C:\Program Files\Beta\a.bin": {"base64": "AP8="}},
    "commands": {"netsh wlan show interfaces": {"text": "", "status": 1}, "slow": {"failure": "deadline_exceeded"}},
    "processes": ["Explorer.EXE", "wfshell.exe"],
    "facts": {"session_id": 2, "user_sid": {"failure": "permission_denied"}},
    "source_addresses": {"203.0.113.9": "192.0.2.10", "2001:db8::1": None, "*": "192.0.2.10"},
}
REGISTRY = 'Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\Software\\Acme]\n"Name"="value"\n'


def test_captured_windows_answers_in_any_case() -> None:
    """Paths, variables, keys and processes are found however they are spelt."""
    machine = RecordedMachine(WINDOWS, REGISTRY)

    assert text_of(machine, r"c:\PROGRAM FILES\acme\A.TXT") == "one"
    assert machine.content(r"C:\Program Files\Beta\a.bin") == b"\x00\xff"
    assert machine.paths(r"C:\Program Files\*\a.*") == [
        r"C:\Program Files\Acme\a.txt",
        r"C:\Program Files\Beta\a.bin",
    ]
    assert machine.environment["SESSIONNAME"] == "Console"
    assert machine.registry.values(r"HKEY_LOCAL_MACHINE\SOFTWARE\ACME") == {"name": "value"}
    assert machine.processes() == frozenset({"explorer", "wfshell"})
    assert str(home(machine)) == r"C:\Users\user"


def test_captured_machine_looks_up_what_was_looked_up_there() -> None:
    """A name that was not asked for there is not asked for here either."""
    machine = RecordedMachine(
        WINDOWS | {"names": {"turn.example.com": ["192.0.2.7", "2001:db8::7"], "odd": "192.0.2.7"}}
    )

    assert machine.look_up("turn.example.com") == ["192.0.2.7", "2001:db8::7"]
    for name in ("localhost", "odd"):
        with pytest.raises(socket.gaierror, match=f"knows no address of {name}"):
            machine.look_up(name)


def test_captured_machine_says_why_it_has_no_answer() -> None:
    """A tool that failed, one that hung and one that was never asked differ; so do facts."""
    machine = RecordedMachine(WINDOWS)

    assert machine.output("netsh", "wlan", "show", "interfaces") == Output("", 1)
    assert machine.output("slow").failure == FailureCode.DEADLINE_EXCEEDED
    assert machine.output("other").failure == FailureCode.COMPONENT_MISSING
    assert machine.fact("session_id") == Told(2)
    assert machine.fact("user_sid") == Told(None, FailureCode.PERMISSION_DENIED)
    assert machine.fact("cpu_cores") == Told(None, FailureCode.COMPONENT_MISSING)


@pytest.mark.parametrize(
    ("provenance", "elsewhere"),
    [("documented", Told("192.0.2.10")), ("seen", Told(failure=FailureCode.NOT_PROVEN))],
)
def test_way_that_was_not_asked_is_not_known(provenance: str, elsewhere: Told) -> None:
    """Only who describes a machine can speak of every destination; that there is no route is an answer."""
    machine = RecordedMachine(WINDOWS | {"provenance": provenance})

    assert machine.source_address("203.0.113.9") == Told("192.0.2.10")
    assert machine.source_address("2001:db8::1") == Told()
    assert machine.source_address("10.9.9.9") == elsewhere


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"schema": "readycheck.machine/1"}',
        '{"schema": "readycheck.machine/1", "platform": "amiga"}',
        '{"schema": "readycheck.machine/1", "platform": "linux", "files": []}',
        '{"schema": "readycheck.machine/1", "platform": "linux", "folders": 5}',
        '{"schema": "readycheck.machine/1", "platform": "linux", "files": {"/a": {"base64": "?"}}}',
        "[" * 100_000,
    ],
)
def test_folder_that_is_no_machine_is_refused(text: str, tmp_path: Path) -> None:
    """One error of one kind, which names the file."""
    (tmp_path / "machine.json").write_text(text)
    with pytest.raises(UnreadableMachine, match=r"machine\.json"):
        load(tmp_path)


def test_captured_folder_of_odd_content_is_read(tmp_path: Path) -> None:
    """What somebody edited by hand: numbers for texts, halves of characters, a status that is none."""
    document = WINDOWS | {
        "environment": {"USERNAME": 5},
        "folders": [7, "C:\\a"],
        "files": {"C:\\b": "\ud800", "C:\\c": 9},
        "commands": {"a": {"text": 3, "status": "none"}, "b": 4},
        "processes": "all",
    }
    (tmp_path / "machine.json").write_text(json.dumps(document))
    machine = load(tmp_path)

    assert (machine.environment["USERNAME"], machine.content("C:\\c")) == ("5", b"9")
    assert machine.content("C:\\b") == b"\xed\xa0\x80"
    assert machine.paths("C:\\a") == ["C:\\a"]
    assert (machine.output("a"), machine.output("b").failure) == (Output("3"), FailureCode.COMPONENT_MISSING)
    assert machine.processes() is None


def test_captured_folder_is_read_whole(tmp_path: Path) -> None:
    """The registry's export counts in UTF-16 as regedit writes it."""
    (tmp_path / "machine.json").write_text(json.dumps(WINDOWS))
    (tmp_path / "registry.reg").write_bytes(REGISTRY.encode("utf-16"))

    assert load(tmp_path).registry.subkeys(r"HKEY_LOCAL_MACHINE\Software") == ["Acme"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
def test_real_machine_never_waits_for_a_file(tmp_path: Path) -> None:
    """A FIFO, a folder and a path that is none are as if they were not there."""
    os.mkfifo(tmp_path / "fifo")
    machine = LocalMachine()

    assert [machine.content(str(path)) for path in (tmp_path / "fifo", tmp_path, "\0")] == [None] * 3
    (tmp_path / "link").symlink_to(tmp_path / "fifo")
    assert machine.target(str(tmp_path / "link")) == str((tmp_path / "fifo").resolve())
    assert machine.target(str(tmp_path)) is None
    assert machine.paths(str(tmp_path / "*")) == [str(tmp_path / "fifo"), str(tmp_path / "link")]


def test_real_machine_tells_of_itself() -> None:
    """Cores, memory, interfaces, processes and the way to this machine are had without any right."""
    machine = LocalMachine()
    loopback = [one for one in machine.fact("interfaces").value if "127.0.0.1" in one["addresses"]]

    assert machine.fact("cpu_cores").value == os.cpu_count()
    assert 0 < machine.fact("memory_free_byte").value < machine.fact("memory_total_byte").value
    assert [one["is_up"] for one in loopback] == [True]
    assert machine.source_address("127.0.0.1") == Told("127.0.0.1")
    assert machine.source_address("no address") == Told()
    assert machine.fact("user_sid").failure == FailureCode.UNSUPPORTED_PLATFORM
    assert any(name.startswith("python") or name == "pytest" for name in machine.processes() or ())


CHILD = "import subprocess, sys; c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"


def test_tool_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    """Its child is gone as well, and the answer is that it took too long."""
    kept = tmp_path / "pid"
    tool = [sys.executable, "-c", f"{CHILD}; open({str(kept)!r}, 'w').write(str(c.pid)); c.wait()"]
    answer, child = hung(lambda limit_s: command.run(tool, limit_s), kept)

    assert answer == Output(failure=FailureCode.DEADLINE_EXCEEDED)
    assert ends(child)


@pytest.mark.parametrize("words", [["no such tool"], [sys.executable, "-c", "\0"]])
def test_tool_that_cannot_be_started_is_missing(words: list[str]) -> None:
    """None of that name, and a word that no system takes: an answer, and no exception."""
    assert command.run(words) == Output(failure=FailureCode.COMPONENT_MISSING)


def test_without_a_folder_for_temporary_files_no_tool_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A full disk or a folder that is gone: an answer, and no exception."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    assert command.run([sys.executable, "-c", ""]) == Output(failure=FailureCode.COMPONENT_MISSING)


def test_tools_of_windows_come_from_its_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the folder we stand in nor the path counts, however they look; a path that is told stays."""
    for folder in (system32 := tmp_path / "System32", share := tmp_path / "share"):
        folder.mkdir()
        (folder / "ping.exe").touch(mode=0o755)
    (share / "netsh.exe").touch(mode=0o755)
    monkeypatch.chdir(share)
    monkeypatch.setenv("PATH", str(share))

    assert command._located("ping", str(system32)) == str(system32 / "ping.exe")
    assert command._located("netsh", str(system32)) is None
    assert command._located(sys.executable, str(system32)) == sys.executable


def test_tool_that_leaves_a_child_does_not_hold_us() -> None:
    """What it printed is the answer, though its child still holds its output open."""
    answer = command.run([sys.executable, "-c", f"{CHILD.replace('60', '3')}; print('done', end='')"], 20.0)

    assert answer == Output("done", 0)


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"\xff\xfeS\x00\xe9\x00", "Sé"),
        ("\ufeffSé".encode(), "Sé"),
        (b"Qualit\x82 du signal", "Qualité du signal"),
        (b"\x82\xff\x00", "é\xa0\0"),
    ],
)
def test_tools_of_windows_speak_several_encodings(octets: bytes, text: str) -> None:
    """UTF-16 and UTF-8 are known by themselves; the rest is the console's code page."""
    assert command._text(octets, "cp850") == text


def test_what_a_tool_started_is_found_by_its_parent() -> None:
    """Where there are no sessions of processes, the children of a tool that hangs are ended one by one."""
    script = f"{CHILD}; print(c.pid, flush=True); c.wait()"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as tool:
        assert tool.stdout is not None
        child = int(tool.stdout.readline())
        command._end_children(tool.pid)
        assert tool.wait() == 0

    assert not alive(child)


def test_this_machine_tells_what_its_system_alone_knows() -> None:
    """Windows its session and its user's SID, every other system the number of its user; and each its version."""
    machine = this_machine()
    told = {name: machine.fact(name) for name in ("user_sid", "session_id", "wts_client_protocol", "remote_session")}
    if sys.platform == "win32":
        assert str(told["user_sid"].value).startswith("S-1-5-")
        assert [told[name].failure for name in told] == [None] * 4
        assert machine.fact("slept_s").value >= 0
    else:
        assert [told[name].failure for name in told] == [FailureCode.UNSUPPORTED_PLATFORM] * 4
        assert machine.fact("user_id").value == os.geteuid()
    assert system(machine)[1][0].isdecimal()
    assert any("127.0.0.1" in one["addresses"] for one in machine.fact("interfaces").value)


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (PermissionError(13, "no"), FailureCode.PERMISSION_DENIED),
        (psutil.AccessDenied(1), FailureCode.PERMISSION_DENIED),
        (FileNotFoundError(2, "wfapi64.dll"), FailureCode.COMPONENT_MISSING),
        (psutil.NoSuchProcess(1), FailureCode.COMPONENT_MISSING),
        (NotImplementedError(), FailureCode.COMPONENT_MISSING),
    ],
)
def test_refused_answer_is_none_with_its_reason(refusal: Exception, code: FailureCode) -> None:
    """Whatever the system's call raises, the fact is a value."""

    def refuse() -> None:
        raise refusal

    class Refusing(LocalMachine):
        def facts(self) -> dict[Fact, Any]:
            return {"session_id": refuse}

    assert Refusing().fact("session_id") == Told(failure=code)
