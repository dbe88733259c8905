"""A named pipe that nobody writes to, where a file is expected."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machines import FOLDER

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")


def answer(folder: Path, *command: str, said: str = "") -> tuple[int, str]:
    """Status and stderr of a process that is ended if it waits."""
    done = subprocess.run(
        [sys.executable, "-m", "readycheck", *command],
        cwd=folder,
        input=said,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("pipe", "command"),
    [
        ("machine/machine.json", "run --machine machine"),
        ("machine/x.reg", "run --machine machine"),
        ("p.yaml", "run p.yaml"),
        ("r.json", "judge r.json --profile lab"),
    ],
)
def test_named_pipe_is_refused_at_once(tmp_path: Path, pipe: str, command: str) -> None:
    """Status 4, and one line that says what it is."""
    (tmp_path / "machine").mkdir()
    (tmp_path / "machine" / "machine.json").write_bytes((FOLDER / "rdp" / "machine.json").read_bytes())
    (tmp_path / pipe).unlink(missing_ok=True)
    os.mkfifo(tmp_path / pipe)
    status, said = answer(tmp_path, *command.split())

    assert (status, len(said.splitlines())) == (4, 1)
    assert "a named pipe" in said


def test_pipe_of_a_shell_is_read(tmp_path: Path) -> None:
    """A profile may come by stdin."""
    text = "schema: readycheck.profile/1\nid: p\nextends: [lab]\n"
    assert answer(tmp_path, "run", "/dev/stdin", "--dry-run", said=text)[0] == 0
