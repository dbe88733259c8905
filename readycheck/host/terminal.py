"""Standard streams that can take any text: a Windows console speaks cp1252, a redirected one too."""

import io
import sys
from typing import TextIO


def prepare_streams() -> None:
    """Write UTF-8 where the stream allows it, and never fail on a character."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace", encoding=None if stream.isatty() else "utf-8")


def takes_marks(stream: TextIO) -> bool:
    """Whether ✓ and ✗ come out as such."""
    try:
        "✓✗·…".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
