"""Programs that hang until somebody ends them."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil

T = TypeVar("T")
_LIMITS_S = (1.0, 5.0, 25.0)


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def ends(pid: int, within_s: float = 5.0) -> bool:
    """Whether it is gone; the system takes a moment to end what was killed."""
    until_s = time.monotonic() + within_s
    while alive(pid) and time.monotonic() < until_s:
        time.sleep(0.01)
    return not alive(pid)


def hung(ask: Callable[[float], T], kept: Path) -> tuple[T, int]:
    """The answer within the first limit that let the program start, however slow this machine is, and what it kept.

    `kept` is the file into which it writes the number of the process that hangs.
    """
    for limit_s in _LIMITS_S:
        answer = ask(limit_s)
        number = kept.read_text(encoding="utf-8") if kept.exists() else ""
        if number:
            return answer, int(number)
    raise AssertionError(f"not started within {_LIMITS_S[-1]:g} s")
