"""`attest`: asked in a terminal, written whole or not at all."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.cli.test_rollup import APPROVED, PROFILE

Cli = Callable[..., Any]


@pytest.fixture
def ask(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
    """Run `attest` on a terminal where these lines are typed; None is Ctrl-C."""
    (tmp_path / "p.yaml").write_text(PROFILE, encoding="utf-8")

    def run(lines: list[str | None], *arguments: str, output: str | None = "a.yaml") -> Any:
        waiting = iter([None if line is None else f"{line}\n" for line in lines])

        def readline() -> str:
            line = next(waiting)
            if line is None:
                raise KeyboardInterrupt
            return line

        monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True, readline=readline))
        answer = cli("attest", "p.yaml", *(("-o", output) if output else ()), *arguments)
        assert next(waiting, "nothing left") == "nothing left"
        return answer

    return run


def test_answers_are_asked_and_written(ask: Callable[..., Any]) -> None:
    """Wrong lines are asked again; the file is what the roll-up reads."""
    answer = ask(
        ["maybe", "approved", "", "CISO", "20/11/2026", "2026-11-20", "https://x/1", "2026-11-19", "2027-06-30", ""]
    )

    assert answer.status == 0
    assert answer.out == "a.yaml\n"
    assert "one of approved, refused" in answer.err
    text = Path("a.yaml").read_text(encoding="utf-8")
    assert "answer: approved\n  by: CISO\n  on: 2026-11-20\n  evidence: https://x/1\n  until: 2027-06-30\n" in text


def test_answers_are_explained_in_french(ask: Callable[..., Any]) -> None:
    """What has to be typed stands there with what it means."""
    answer = ask(["approved", "CISO", "2026-11-20", "", "", ""], "--lang", "fr")

    assert "au choix : approved (accordé), refused (refusé)" in answer.err.replace("\u00a0", " ")


def test_file_is_not_named_like_a_device(ask: Callable[..., Any]) -> None:
    """Without --output the file has the profile's id, which Windows may keep for itself."""
    Path("p.yaml").write_text(PROFILE.replace("id: acme", "id: nul"), encoding="utf-8")

    assert ask(["approved", "CISO", "2026-11-20", "", "", ""], output=None).out == "_nul.attestations.yaml\n"
    assert Path("_nul.attestations.yaml").is_file()


def test_enter_keeps_what_was_answered(ask: Callable[..., Any]) -> None:
    """Nothing changes but the file's own words; the former file is beside it."""
    ask(["approved", "CISO", "2026-11-20", "", "", ""])
    before = Path("a.yaml").read_bytes()

    assert ask([""]).status == 0
    assert Path("a.yaml").read_bytes() == before
    assert not Path("a.yaml.bak").exists()


def test_expired_answer_is_renewed(ask: Callable[..., Any]) -> None:
    """The same answer typed again is dated today, without the old end; who and which proof are offered."""
    ask(["approved", "CISO", "2024-01-01", "T-1", "2024-12-31", ""])
    assert ask(["approved", "", "", "", "", ""]).status == 0
    text = Path("a.yaml").read_text(encoding="utf-8")

    assert "by: CISO" in text
    assert "evidence: T-1" in text
    assert "2024" not in text


def test_change_keeps_other_sites_and_the_former_file(ask: Callable[..., Any]) -> None:
    """A new answer takes the old one's place; what stands for another site stays, and so does the old file."""
    ask(["approved", "CISO", "2026-11-20", "T-1", "", ""], "--site", "lyon")
    before = Path("a.yaml").read_bytes()
    assert ask(["refused", "CISO", "2026-11-21", "", "", ""]).status == 0
    text = Path("a.yaml").read_text(encoding="utf-8")

    assert text.index("site: lyon") < text.index("answer: refused")
    assert Path("a.yaml.bak").read_bytes() == before


def test_interrupt_leaves_the_file_as_it_was(ask: Callable[..., Any]) -> None:
    """Ctrl-C after a few answers: status 130, nothing written."""
    Path("a.yaml").write_text(APPROVED, encoding="utf-8")

    assert ask(["refused", "CISO", None]).status == 130
    assert Path("a.yaml").read_text(encoding="utf-8") == APPROVED
    assert sorted(path.name for path in Path().iterdir()) == ["a.yaml", "p.yaml"]


def test_change_by_somebody_else_is_not_overwritten(ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The file stays as they left it, and the answers come out on stdout."""
    Path("a.yaml").write_text(APPROVED, encoding="utf-8")
    other = APPROVED.replace("CISO", "CTO")
    monkeypatch.setattr(
        "readycheck.cli.asking.attestations_yaml",
        lambda _: Path("a.yaml").write_text(other, encoding="utf-8") and "mine\n",
    )

    answer = ask([""])
    assert (answer.status, answer.out) == (5, "mine\n")
    assert Path("a.yaml").read_text(encoding="utf-8") == other


def test_wrong_file_is_not_touched(ask: Callable[..., Any]) -> None:
    """An existing file with mistakes is told and kept."""
    Path("a.yaml").write_text(APPROVED.replace("approved", "perhaps"), encoding="utf-8")
    answer = ask([])

    assert answer.status == 4
    assert "a.yaml:3:" in answer.err


def test_without_a_terminal_there_is_a_template(cli: Cli, tmp_path: Path) -> None:
    """One line that names --template, status 2; the template is a file that the roll-up accepts."""
    (tmp_path / "p.yaml").write_text(PROFILE, encoding="utf-8")
    refused = cli("attest", "p.yaml")

    assert refused.status == 2
    assert "--template" in refused.err
    assert len(refused.err.splitlines()) == 1
    assert cli("attest", "p.yaml", "--template", "-o", "t.yaml").status == 0
    assert Path("t.yaml").read_text(encoding="utf-8") == cli("attest", "p.yaml", "--template").out
    assert cli("attest", "p.yaml", "--template", "-o", "t.yaml").status == 5
    (tmp_path / "in").mkdir()
    assert cli("rollup", "in", "--profile", "p.yaml", "--attestations", "t.yaml").status == 3


def test_profile_without_questions_says_so(cli: Cli) -> None:
    """There is nothing to attest, and no file."""
    answer = cli("attest", "lab")

    assert answer.status == 0
    assert "asks no question" in answer.out
    assert list(Path().iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal of POSIX")
def test_real_terminal(tmp_path: Path) -> None:
    """On a pseudo-terminal the questions are seen and what is typed is written."""
    import pty  # noqa: PLC0415 - POSIX only

    (tmp_path / "p.yaml").write_text(PROFILE, encoding="utf-8")
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        os.execv(sys.executable, [sys.executable, "-m", "readycheck", "attest", "p.yaml", "--lang", "fr"])
    os.write(terminal, b"refused\nRSSI\n\n\n\n\n")
    seen = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert "réponse" in seen.decode()
    assert "by: RSSI" in (tmp_path / "acme.attestations.yaml").read_text(encoding="utf-8")
