"""What this machine is, under a pseudonym unless its owner wants otherwise."""

import hashlib
import hmac
import locale
import platform
import socket

from readycheck.model.report import Environment


def environment(*, salt: str | None, profile_id: str, show_host: bool) -> Environment:
    """The machine as a report tells it. Without a salt the profile's id serves, which whoever knows it can undo."""
    name = socket.gethostname()
    return Environment(
        os=platform.system() or "unknown",
        os_version=platform.version() if platform.system() == "Windows" else platform.release(),
        python=platform.python_version(),
        host=name if show_host else pseudonym(name, salt or profile_id),
        locale=locale.getlocale()[0] or "C",
        host_is_guessable=not show_host and not salt,
    )


def pseudonym(host: str, salt: str) -> str:
    """The same for the same host and salt, and not to be turned back without the salt: HMAC-SHA256, cut."""
    return "h" + hmac.new(salt.encode(), host.encode(), hashlib.sha256).hexdigest()[:11]
