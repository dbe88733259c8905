"""A fault of readycheck's own: one line for the user, the details in a file."""

import os
import sys
import tempfile
import traceback

from readycheck import __version__


def write_fault(details: str | None = None) -> str:
    """Write these details, or the traceback of what is being handled, into a new file of the user's, and name it."""
    details = details or traceback.format_exc()
    handle, name = tempfile.mkstemp(prefix="readycheck-fault-", suffix=".txt", text=True)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"readycheck {__version__}, Python {sys.version}\n\n{details}")
    return name


def sentence(name: str) -> str:
    """What the user is told."""
    return f"readycheck: a fault in readycheck itself; the details are in {name}"
