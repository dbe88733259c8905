"""A run under an account that may do nothing: what it leaves, and where."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import SHORT_LAB

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("root_on_linux")]

ACCOUNT = 64999
"""Nobody's number: whatever has it is of this test."""
ANYBODYS = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/var/lock", "/home")
"""Where Linux lets every account write, or look for a place to."""


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that the account alone owns, where it can be reached."""
    folder = Path(tempfile.mkdtemp(prefix="readycheck-plain-"))
    folder.chmod(0o755)
    try:
        (folder / "profile.yaml").write_text(SHORT_LAB)
        for name in ("home", "tmp"):
            (folder / name).mkdir()
            os.chown(folder / name, ACCOUNT, ACCOUNT)
        yield folder
    finally:
        shutil.rmtree(folder)


def left_by_the_account(*places: str | Path) -> set[Path]:
    """Everything of the account's in the folders where it could have made something."""
    found: set[Path] = set()
    for place in places:
        for folder, below, files in os.walk(place):
            entries = [Path(folder) / name for name in (*below, *files)]
            owners = {path: path.lstat() for path in entries if path.is_symlink() or path.exists()}
            found |= {path for path, about in owners.items() if about.st_uid == ACCOUNT}
            below[:] = [
                path.name
                for path, about in owners.items()
                if path.name in below and (about.st_uid == ACCOUNT or about.st_mode & 0o002)
            ]
    return found


def as_the_account(*command: str | Path) -> list[str | Path]:
    """Without groups and rights; where Python itself lies in somebody's own folder, with the right to read it."""
    interpreter = Path(sys.executable).resolve()
    reachable = all(folder.stat().st_mode & 0o001 for folder in (*interpreter.parents, Path(__file__).resolve().parent))
    rights = "-all" if reachable else "-all,+dac_read_search"
    account = [f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups"]
    return ["setpriv", *account, f"--inh-caps={rights}", f"--ambient-caps={rights}", *command]


def test_plain_account_leaves_its_reports_and_nothing_else(home: Path) -> None:
    """The whole lab is measured; the output folder apart, no file and no process of the account's is left."""
    before = left_by_the_account(*ANYBODYS, home)
    run = subprocess.run(
        as_the_account(sys.executable, "-m", "readycheck", "run", home / "profile.yaml", "-o", "reports", "-q"),
        cwd=home / "home",
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home / "home"),
            "TMPDIR": str(home / "tmp"),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    left = left_by_the_account(*ANYBODYS, home) - before
    reports = sorted(path.suffix for path in left if path.parent == home / "home" / "reports")
    report = json.loads(next((home / "home" / "reports").glob("*.json")).read_text(encoding="utf-8"))

    assert (run.returncode in {0, 1, 3}, run.stderr) == (True, "")
    assert reports == [".html", ".json"]
    assert {path for path in left if path.parent != home / "home" / "reports"} == {home / "home" / "reports"}
    assert [one.pid for one in psutil.process_iter() if ACCOUNT in one.uids()] == []
    assert {probe for probe, one in report["observations"].items() if one["status"] == "failed"} == set()
