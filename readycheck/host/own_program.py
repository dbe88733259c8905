"""Our own program as a child process, for work in native code that no time limit of ours would end.

It is started as a module, and by a hidden command where the program is frozen: PyInstaller's sys.executable is the
program itself, and would not understand -m or -c.
"""

import os
import sys
from pathlib import Path


def command(module: str, hidden: str) -> list[str]:
    """How to start this module of ours as a program."""
    if getattr(sys, "frozen", False):
        return [sys.executable, hidden]
    return [sys.executable, "-P", "-m", module]  # -P: no module from the folder we stand in


def environment() -> dict[str, str]:
    """Ours, with the place where this very readycheck lies."""
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONIOENCODING": "utf-8"}
