"""A document on its way to the user: its files, its text, and what to do if either cannot be written."""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from readycheck.cli.status import ExitStatus
from readycheck.host.terminal import give_up_on_stdout, takes_marks


@dataclass(frozen=True)
class Paper:
    """A report or a roll-up, ready to be told."""

    noun: str
    """What it is called in messages."""
    dumps: Callable[[], str]
    """The whole of it, as JSON."""
    words: Callable[[bool], str]
    """What a person reads; the argument asks for ASCII marks."""
    folder: Path | None
    """Where its files go; None if none are wanted."""
    written: Callable[[Path], Iterable[Path]]
    """Writes the files into the folder, naming each once it is there; raises OSError."""
    suffixes: Sequence[str]
    """Of the files, in the order in which they are named to the user."""
    line: Callable[[bool], str] | None = None
    """The one line that monitoring reads in place of the words; the argument says that a file was not written."""


def tell_paper(paper: Paper, *, as_json: bool) -> ExitStatus | None:
    """Write the files, print the text and the paths; NOT_WRITTEN if a file could not be written."""
    status, written = None, list[Path]()
    try:
        for path in paper.written(paper.folder) if paper.folder else ():
            written.append(path)
    except OSError as error:
        status = ExitStatus.NOT_WRITTEN
        typer.echo(
            f"readycheck: {len(written)} of {len(paper.suffixes)} files could be written: "
            f"{error.filename or paper.folder}: {error.strerror or error}; the whole {paper.noun} is on stdout, "
            "choose another folder with --output",
            err=True,
        )
    whole = as_json or status is not None
    try:
        if paper.line:
            sys.stdout.write(paper.line(status is not None))
        _print(paper, written, whole=whole)
    except OSError as error:
        give_up_on_stdout()
        typer.echo(f"readycheck: stdout cannot be written: {error.strerror or error}", err=True)
        return ExitStatus.NOT_WRITTEN if whole or not written else None
    return status


def _print(paper: Paper, written: list[Path], *, whole: bool) -> None:
    """The whole document, or what a person reads; then the paths."""
    if whole:
        sys.stdout.write(paper.dumps())
    elif not paper.line:
        sys.stdout.write(paper.words(not takes_marks(sys.stdout)).rstrip() + "\n")
    asked = list(paper.suffixes)
    paths = "".join(f"{path}\n" for path in sorted(written, key=lambda path: asked.index(path.suffix)))
    (sys.stderr if whole or paper.line else sys.stdout).write(paths)
    sys.stdout.flush()


def coloured(color: str) -> bool:
    """Whether the verdict is printed in colours."""
    if color == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return color == "always"
