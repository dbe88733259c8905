"""The machine that this runs on."""

import sys

from readycheck.host.local import LocalMachine
from readycheck.host.machine import Machine


def this_machine() -> Machine:
    """The implementation for this system."""
    if sys.platform == "win32":
        from readycheck.host.windows import WindowsMachine  # noqa: PLC0415 - only there on Windows

        return WindowsMachine()
    if sys.platform == "darwin":
        from readycheck.host.macos import MacMachine  # noqa: PLC0415 - only there on macOS

        return MacMachine()
    return LocalMachine()
