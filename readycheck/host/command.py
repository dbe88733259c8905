"""Tools of the operating system, asked for their output: never a hang, never an exception."""

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from readycheck.host.machine import COMMAND_TIMEOUT_S, Output
from readycheck.model.failure import FailureCode

_LARGEST_BYTE = 8 * 1024 * 1024
_GRACE_S = 1.0
_SYSTEM_FOLDER = f"{os.environ.get('SYSTEMROOT', 'C:/Windows')}/System32" if sys.platform == "win32" else None

_running: "set[subprocess.Popen[bytes]]" = set()
_starting = threading.Lock()


def run(
    command: Sequence[str],
    timeout_s: float = COMMAND_TIMEOUT_S,
    *,
    environment: Mapping[str, str] = os.environ,
    input_open: bool = False,
) -> Output:
    """What the tool printed, in the language of programs where it can be had.

    Into a file and not a pipe, since what the tool started may hold a pipe open for ever. With `input_open` its input
    ends when it is over or when we are: a program of ours then leaves.
    """
    program = _located(command[0])
    if program is None:
        return Output(failure=FailureCode.COMPONENT_MISSING)
    try:
        with tempfile.TemporaryFile() as printed:
            process = _started([program, *command[1:]], printed, environment, input_open=input_open)
            status = _ended(process, timeout_s)
            printed.seek(0)
            return Output(_text(printed.read(_LARGEST_BYTE)), status)
    except subprocess.TimeoutExpired:
        return Output(failure=FailureCode.DEADLINE_EXCEEDED)
    except PermissionError:
        return Output(failure=FailureCode.PERMISSION_DENIED)
    except (OSError, ValueError):  # no program after all, no folder for temporary files, a NUL among the words
        return Output(failure=FailureCode.COMPONENT_MISSING)


def _located(name: str, folder: str | None = _SYSTEM_FOLDER) -> str | None:
    """Where a tool is: Windows' own in their folder, since shutil.which looks in the current one first, anybody's."""
    is_path = Path(name).name != name
    return shutil.which(name if is_path or folder is None else str(Path(folder, f"{name}.exe")))


def _started(
    command: Sequence[str], printed: IO[bytes], environment: Mapping[str, str], *, input_open: bool
) -> "subprocess.Popen[bytes]":
    with _starting:
        process = subprocess.Popen(  # noqa: S603 - fixed commands of our own
            command,
            stdin=subprocess.PIPE if input_open else subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.DEVNULL,
            env={**environment, "LC_ALL": "C.UTF-8", "LANGUAGE": "C"},
            start_new_session=sys.platform != "win32",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        _running.add(process)
    return process


def _ended(process: "subprocess.Popen[bytes]", timeout_s: float) -> int:
    """Its status; raises TimeoutExpired. In any case it runs no more."""
    try:
        return process.wait(timeout_s)
    finally:
        if process.poll() is None:
            _end(process)
        _running.discard(process)
        if process.stdin:
            process.stdin.close()


def end_all() -> None:
    """End the tools that run now: who asked them waits in a thread that ends with the program, and before them."""
    for process in list(_running):
        if process.poll() is None:
            _end(process)


@atexit.register
def _end_for_good() -> None:
    """At the program's end no thread may start another one."""
    _starting.acquire(timeout=_GRACE_S)
    end_all()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the tool and what it started: a session of its own on POSIX, those of whom it is the parent on Windows."""
    if sys.platform != "win32":
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:  # nothing of it is left
            pass
        except PermissionError:  # macOS says so of what is a zombie
            process.kill()
    else:
        _end_children(process.pid)
        process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):  # in a call that can't be broken: it ends when that returns
        process.wait(_GRACE_S)


def _end_children(pid: int) -> None:
    import psutil  # noqa: PLC0415 - 20 ms that only a tool that hangs needs

    with contextlib.suppress(psutil.Error, OSError):
        for child in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.Error, OSError):
                child.kill()


def _text(octets: bytes, code_page: str = "oem" if sys.platform == "win32" else "utf-8") -> str:
    """UTF-16 with its mark, UTF-8, or else what a console of Windows speaks."""
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        return octets.decode("utf-16", "replace")
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return octets.decode(code_page, "replace")
