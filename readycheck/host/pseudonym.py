"""What a machine is, under a pseudonym unless its owner wants otherwise."""

import hashlib
import hmac
import locale
import platform
import socket

from readycheck.host.machine import Machine
from readycheck.host.system import system
from readycheck.model.report import Environment


def environment(
    machine: Machine, *, salt: str | None, profile_id: str, show_host: bool, captured: str | None = None
) -> Environment:
    """The machine as a report tells it; `captured` is the name of one that was, whose own is scrubbed.

    Without a salt the profile's id serves, which whoever knows it can undo.
    """
    name = captured or socket.gethostname()
    os_name, os_version = system(machine)
    return Environment(
        os=os_name,
        os_version=os_version,
        python=platform.python_version(),
        host=name if show_host else pseudonym(name, salt or profile_id),
        locale="unknown" if captured else locale.getlocale()[0] or "C",
        host_is_guessable=not show_host and not salt,
    )


def pseudonym(host: str, salt: str) -> str:
    """The same for the same host and salt, and not to be turned back without the salt: HMAC-SHA256, cut."""
    return "h" + hmac.new(salt.encode(), host.encode(), hashlib.sha256).hexdigest()[:11]
