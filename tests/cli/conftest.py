"""The command line as a user has it: in this process for speed, as a process of its own where signals matter."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from readycheck.cli.app import run_app

SHORT_LAB = """\
schema: readycheck.profile/1
id: short-lab
extends: [lab]
path: {min_seconds: 0.4, max_seconds: 1}
call: {seconds: 0.3, ptime_ms: 10}
requirements:
  - {id: path-loss, at_most: 0.5}
"""


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str


Cli = Callable[..., Answer]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run one command in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Answer:
        capsys.readouterr()
        status = run_app([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Answer(status, captured.out, captured.err)

    return run


@pytest.fixture
def profile_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a profile: the short lab, changed by what is given."""

    def write(more: str = "", name: str = "p.yaml", text: str = SHORT_LAB) -> Path:
        path = tmp_path / name
        path.write_text(text + more, encoding="utf-8")
        return path

    return write
