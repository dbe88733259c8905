"""macOS: what differs from other POSIX systems; most of it is asked of files and tools."""

import sys
import time
from collections.abc import Callable
from typing import Any

from readycheck.host.local import LocalMachine
from readycheck.host.machine import Fact, Platform


class MacMachine(LocalMachine):
    """See Machine."""

    platform: Platform = "macos"

    def facts(self) -> dict[Fact, Callable[[], Any]]:
        """See LocalMachine."""
        found = super().facts()
        if sys.platform == "darwin":
            found["slept_s"] = _slept_s
        return found


def _slept_s() -> float:
    """How long the machine slept since it started: CLOCK_UPTIME_RAW stands still meanwhile (clock_gettime(3))."""
    if sys.platform != "darwin":
        return 0.0
    return max(0.0, time.clock_gettime(time.CLOCK_MONOTONIC) - time.clock_gettime(time.CLOCK_UPTIME_RAW))
