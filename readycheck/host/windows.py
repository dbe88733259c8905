"""Windows: its registry, and what its own API tells of this process' session, user and adapters."""

import sys
from collections.abc import Callable
from typing import Any

from readycheck.host.local import LocalMachine
from readycheck.host.machine import Fact, Platform
from readycheck.host.registry import Registry, WindowsRegistry


class WindowsMachine(LocalMachine):
    """See Machine."""

    platform: Platform = "windows"
    registry: Registry = WindowsRegistry()

    def facts(self) -> dict[Fact, Callable[[], Any]]:
        """See LocalMachine."""
        found = super().facts()
        if sys.platform == "win32":
            from readycheck.host import windows_api  # noqa: PLC0415 - only there on Windows

            found |= {
                "session_id": windows_api.session_id,
                "session_user": windows_api.session_user,
                "wts_client_protocol": windows_api.wts_client_protocol,
                "citrix_active_protocol": windows_api.citrix_active_protocol,
                "remote_session": windows_api.remote_session,
                "user_sid": windows_api.user_sid,
                "slept_s": windows_api.slept_s,
                "interfaces": windows_api.interfaces,
            }
        return found
