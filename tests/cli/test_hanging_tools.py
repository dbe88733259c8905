"""Tools of the system that never answer, and a user who does not wait for them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no signal to a single process there")

STUBS = ("pactl", "ping", "xdg-settings", "dpkg-query", "pw-dump", "rpm", "system_profiler", "ioreg")
RUN = ("run", "lab", "--only", "browser,session,headset,network", "-q", "--format", "json")


def left(sessions: set[int]) -> list[int]:
    """Processes of these sessions that still run."""
    found = []
    for pid in psutil.pids():
        try:
            if os.getsid(pid) in sessions and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
        except (ProcessLookupError, psutil.Error):
            continue
    return found


@pytest.mark.parametrize(
    ("command", "number"), [(("capture", "captured"), "SIGTERM"), (("capture", "captured"), "SIGINT"), (RUN, "SIGINT")]
)
def test_interruption_leaves_no_tool_behind(tmp_path: Path, command: tuple[str, ...], number: str) -> None:
    """Tools that hang end with the program, with all that they started; status 130, and no folder of a capture."""
    started = tmp_path / "started"
    started.touch()
    (tmp_path / "bin").mkdir()
    for name in STUBS:
        stub = tmp_path / "bin" / name
        stub.write_text(f"#!/bin/sh\necho $$ >>'{started}'\nsleep 300\n", encoding="utf-8")
        stub.chmod(0o755)
    with subprocess.Popen(
        [sys.executable, "-m", "readycheck", *command],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not started.read_text(encoding="utf-8") and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(getattr(signal, number))
        _, err = process.communicate(timeout=30)

    sessions = set(map(int, started.read_text(encoding="utf-8").split()))
    assert sessions
    until_s = time.monotonic() + 5  # the system takes a moment to end what was killed
    while left(sessions) and time.monotonic() < until_s:
        time.sleep(0.05)
    assert left(sessions) == []
    assert (process.returncode, "Traceback" in err) == (130, False)
    assert not (tmp_path / "captured").exists()
