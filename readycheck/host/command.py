"""Tools of the operating system, asked for their output: never a hang, never an exception."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from readycheck.host.machine import COMMAND_TIMEOUT_S, Output
from readycheck.model.failure import FailureCode

_LARGEST_BYTE = 8 * 1024 * 1024
_GRACE_S = 1.0


def run(command: Sequence[str], timeout_s: float = COMMAND_TIMEOUT_S) -> Output:
    """What the tool printed, in the language of programs where it can be had.

    Into a file and not a pipe, since what the tool started may hold a pipe open for ever.
    """
    program = shutil.which(command[0])
    if program is None:
        return Output(failure=FailureCode.COMPONENT_MISSING)
    with tempfile.TemporaryFile() as printed:
        try:
            process = subprocess.Popen(  # noqa: S603 - fixed commands of our own
                [program, *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "C"},
                start_new_session=sys.platform != "win32",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except PermissionError:
            return Output(failure=FailureCode.PERMISSION_DENIED)
        except OSError:
            return Output(failure=FailureCode.COMPONENT_MISSING)
        try:
            status = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return Output(failure=FailureCode.DEADLINE_EXCEEDED)
        finally:
            if process.poll() is None:
                _end(process)
        printed.seek(0)
        return Output(_text(printed.read(_LARGEST_BYTE)), status)


def output_of(command: Sequence[str], timeout_s: float = COMMAND_TIMEOUT_S) -> str:
    """What the tool printed; "" if it is not there, fails, or takes too long."""
    output = run(command, timeout_s)
    return output.text if output.status == 0 else ""


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the tool, and on POSIX what it started; on Windows that has no session to be found by."""
    if sys.platform != "win32":
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:  # nothing of it is left
            pass
        except PermissionError:  # macOS says so of what is a zombie
            process.kill()
    else:
        process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):  # in a call that can't be broken: it ends when that returns
        process.wait(_GRACE_S)


def _text(octets: bytes) -> str:
    """UTF-8, or UTF-16 with its mark, as some of Windows' tools write into files."""
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        return octets.decode("utf-16", "replace")
    return octets.decode("utf-8-sig", "replace")
