"""`readycheck letter` from the command line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
ROOT = Path(__file__).parents[2]
PROFILE = """\
schema: readycheck.profile/1
id: acme-lyon
title: {en: Acme in Lyon, fr: Acme à Lyon}
targets:
  signalling: [{url: "wss://${REGION}.example.com/ws"}]
  ice_servers:
    - urls: ["turn:turn.example.com:3478?transport=udp", "turns:turn.example.com:443?transport=tcp"]
      username: ${TURN_USERNAME}
      credential: ${TURN_PASSWORD}
"""
SUFFIXES = ("html", "md", "csv")


@pytest.fixture(autouse=True)
def _acme(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the folder where the command runs."""
    Path("acme.yaml").write_text(PROFILE, encoding="utf-8")
    monkeypatch.setenv("TURN_PASSWORD", "hunter2hunter2")
    monkeypatch.delenv("REGION", raising=False)


def test_letter_is_printed(cli: Cli) -> None:
    """Without a folder the letter is Markdown on stdout, unset variables as they are written, set secrets nowhere."""
    answer = cli("letter", "acme.yaml")

    assert (answer.status, answer.err) == (0, "")
    assert answer.out.startswith("# Request to open network flows: Acme in Lyon\n")
    assert "| `turn.example.com` | UDP | `3478` |" in answer.out
    assert "`${REGION}.example.com`" in answer.out
    assert "hunter2" not in answer.out
    assert "TURN_" not in answer.out


def test_one_format_is_printed_in_either_language(cli: Cli) -> None:
    """--format and --lang choose what goes to stdout."""
    assert cli("letter", "acme.yaml", "--format", "html", "--lang", "fr").out.startswith("<!doctype html>\n<html lang")
    assert "postes des agents" in cli("letter", "acme.yaml", "--format", "csv", "--lang", "fr").out


def test_files_are_written_and_named_last(cli: Cli) -> None:
    """With a folder there are three files, never over another; their paths are the only output."""
    first, second = cli("letter", "acme.yaml", "-o", "out"), cli("letter", "acme.yaml", "-o", "out", "--format", "md")

    assert (first.status, first.err) == (0, "")
    assert first.out.split() == [str(Path("out", f"letter-acme-lyon.{suffix}")) for suffix in SUFFIXES]
    assert second.out.split() == [str(Path("out", "letter-acme-lyon-2.md"))]
    assert all(path.stat().st_size for path in Path("out").iterdir())


def test_folder_that_cannot_be_written_is_status_five(cli: Cli) -> None:
    """The letter is on stdout instead, and one line says why."""
    Path("out").write_text("a file")
    answer = cli("letter", "acme.yaml", "-o", "out")

    assert answer.status == 5
    assert answer.out.startswith("# Request")
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize(
    "options",
    [
        ["--format", "pdf"],
        ["--format", ""],
        ["--lang", "de"],
        ["--wanted-by", "tomorrow"],
        ["--wanted-by", "20270131"],
        ["--wanted-by", "2027-02-30"],
    ],
)
def test_wrong_command_lines_are_status_two(cli: Cli, options: list[str]) -> None:
    """One line, and nothing on stdout."""
    answer = cli("letter", "acme.yaml", *options)

    assert (answer.status, answer.out) == (2, "")
    assert len(answer.err.splitlines()) == 1


def test_wrong_profiles_and_reports_are_status_four(cli: Cli) -> None:
    """An unknown profile, and a report that is none."""
    Path("r.json").write_text("{")
    answers = [
        cli("letter", "no-such"),
        cli("letter", "acme.yaml", "--report", "r.json"),
        cli("letter", "acme.yaml", "--report", "none.json"),
    ]

    assert [(answer.status, answer.out) for answer in answers] == [(4, "")] * 3
    assert [len(answer.err.splitlines()) for answer in answers] == [1] * 3


@pytest.mark.parametrize("profile", ["empty.yaml", "lab"])
def test_nothing_to_ask_for(cli: Cli, profile: str) -> None:
    """A profile that needs nothing of the network needs no letter, and nothing is wrong with it."""
    Path("empty.yaml").write_text("schema: readycheck.profile/1\nid: empty\n")
    answer = cli("letter", profile)

    assert (answer.status, answer.out) == (0, "")
    assert "there is nothing to ask for" in answer.err


def test_several_formats_go_into_files(cli: Cli) -> None:
    """More than one format cannot share stdout: they go where reports go."""
    answer = cli("letter", "acme.yaml", "--format", "md,csv")

    assert answer.status == 0
    assert sorted(path.suffix for path in Path("reports").iterdir()) == [".csv", ".md"]


def test_report_gives_evidence(cli: Cli) -> None:
    """The example report stands behind its flows, in French as in English."""
    saved = ROOT / "reports" / "examples" / "no-go.json"
    answer = cli("letter", "acme.yaml", "--report", saved, "--lang", "fr", "--wanted-by", "2027-06-01")
    text = answer.out.replace("\u00a0", " ")

    assert answer.status == 0
    assert "pas de réponse, 3 sur 3 (rapport du 22 nov. 2026)" in text
    assert "Souhaité pour le 1er juin 2027" in text
