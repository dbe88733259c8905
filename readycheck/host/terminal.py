"""Standard streams that can take any text, and whose breaking costs nobody a measurement."""

import contextlib
import io
import os
import shutil
import sys
from typing import Any, TextIO


class _Forgiving(io.TextIOWrapper):
    """A stream for progress and messages: whoever stopped reading them must not stop the measuring."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            super().flush()


def prepare_streams() -> None:
    """Write UTF-8 where the stream allows it, never fail on a character, and stand in for a closed stream.

    A Windows console speaks cp1252, a redirected one too. A closed stdout fails when it is written to, as a full
    disk would; a closed stderr swallows.
    """
    if sys.stdout is None:
        sys.stdout = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - not writable: an honest closed stream
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for the program's life
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.writable():
            stream.reconfigure(errors="replace", encoding=None if stream.isatty() else "utf-8")
    if sys.stderr is sys.__stderr__ and isinstance(sys.stderr, io.TextIOWrapper):
        options: dict[str, Any] = {"encoding": sys.stderr.encoding, "errors": "replace", "line_buffering": True}
        sys.stderr = _Forgiving(sys.stderr.detach(), **options)


def give_up_on_stdout() -> None:
    """Whoever read it has gone, or its disk is full: the interpreter must not fail on it again at its end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def takes_marks(stream: TextIO) -> bool:
    """Whether ✓ and ✗ come out as such."""
    try:
        "✓✗·…".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def width(stream: TextIO) -> int | None:
    """How many characters a line of this terminal holds; None where it is none."""
    return shutil.get_terminal_size().columns if stream.isatty() else None
