"""Proving to a proxy who we are: Basic (RFC 7617), NTLM and Negotiate (RFC 4559, by pyspnego)."""

import base64
import os
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from readycheck.model.proxy import Hop

# In the order in which a browser prefers them.
_BY_PREFERENCE = ("negotiate", "ntlm", "basic")
# RFC 9110 section 11.6.1: a scheme stands at the start or behind a comma; a parameter has its "=" there
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_SCHEME = re.compile(r"(?:^|,)\s*([A-Za-z][\w-]*)(?=\s*(?:,|$)|\s+[^\s=,])")
Step = Callable[[str | None], str | None]


@dataclass(frozen=True, repr=False)
class ProxyLogin:
    """A user name and its password for a proxy; never shown."""

    username: str
    password: str

    def __repr__(self) -> str:
        return "ProxyLogin(…)"


def login_for(hop: Hop) -> ProxyLogin | None:
    """What the proxy's URL carries, else READYCHECK_PROXY_USERNAME and READYCHECK_PROXY_PASSWORD."""
    if hop.userinfo:
        username, _, password = hop.userinfo.partition(":")
        return ProxyLogin(unquote(username), unquote(password))
    name = os.environ.get("READYCHECK_PROXY_USERNAME")
    return ProxyLogin(name, os.environ.get("READYCHECK_PROXY_PASSWORD", "")) if name else None


def schemes(challenges: Iterable[str]) -> tuple[str, ...]:
    """The names of the schemes that Proxy-Authenticate headers offer, in lower case; one header may offer several."""
    plain = (_QUOTED.sub('""', challenge) for challenge in challenges)
    return tuple(dict.fromkeys(name.lower() for challenge in plain for name in _SCHEME.findall(challenge)))


def choose_scheme(offered: Iterable[str], login: ProxyLogin | None) -> str | None:
    """The scheme to answer with; None if there is nothing to answer with.

    Without a user name only the signed-in user can be shown, which Windows alone does for us (SSPI).
    """
    possible = _BY_PREFERENCE if login else _BY_PREFERENCE[:2] if sys.platform == "win32" else ()
    return next((scheme for scheme in possible if scheme in offered), None)


def conversation(scheme: str, login: ProxyLogin | None, proxy_host: str) -> Step:
    """A function from the proxy's token (None at first) to the next Proxy-Authorization; it ends with None.

    It raises ValueError where the scheme cannot be spoken on this machine.
    """
    if scheme == "basic" and login:
        token = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
        return lambda received: None if received else f"Basic {token}"
    return _spnego(scheme, login, proxy_host)


def _spnego(scheme: str, login: ProxyLogin | None, proxy_host: str) -> Step:
    import spnego  # noqa: PLC0415 - only where a proxy asks for it
    from spnego.exceptions import SpnegoError  # noqa: PLC0415 - the same

    try:
        client: Any = spnego.client(
            login.username if login else None,
            login.password if login else None,
            hostname=proxy_host,
            service="HTTP",
            protocol=scheme,
        )
    except (SpnegoError, ImportError, OSError) as error:
        raise ValueError(f"{scheme} cannot be spoken here: {type(error).__name__}") from None

    def step(received: str | None) -> str | None:
        if client.complete:
            return None
        try:
            token = client.step(base64.b64decode(received) if received else None)
        except (SpnegoError, ValueError) as error:
            raise ValueError(f"{scheme}: {type(error).__name__}") from None
        return (
            f"{scheme.capitalize() if scheme == 'negotiate' else 'NTLM'} {base64.b64encode(token).decode()}"
            if token
            else None
        )

    return step
