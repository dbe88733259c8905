"""Tools of the operating system, asked for their output: never a hang, never an exception."""

import shutil
import subprocess
from collections.abc import Sequence

TIMEOUT_S = 3.0


def output_of(command: Sequence[str], timeout_s: float = TIMEOUT_S) -> str:
    """What the tool printed; "" if it is not there, fails, or takes too long."""
    program = shutil.which(command[0])
    if program is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands of our own
            [program, *command[1:]], stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace")
