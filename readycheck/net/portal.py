"""Captive portals: whoever answers in a target's place is asked in the clear, where a portal shows its door."""

import asyncio
from urllib.parse import urlsplit

from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.model.proxy import DIRECT
from readycheck.net.http1 import HttpAnswer, exchange
from readycheck.net.way import open_way

LIMIT_S = 2.0
_LOGIN_NEEDED = 511
# Temporary ones: a portal goes away once it has its login, a site that moved does not come back.
_REDIRECTS = (302, 303, 307)


async def captive_portal(host: str) -> Failure | None:
    """A portal's failure if port 80 of this host leads to a login page elsewhere (RFC 6585 section 6, RFC 8952)."""
    try:
        async with asyncio.timeout(LIMIT_S), open_way(host, 80, (DIRECT,)) as stream:
            shown_host = f"[{host}]" if ":" in host else host
            answer = await exchange(stream, "GET", "/", [("Host", shown_host)], operation="look_for_portal")
    except (OperationFailed, TimeoutError):
        return None
    door = _door(answer, host)
    if door is None:
        return None
    return Failure(FailureCode.CAPTIVE_PORTAL, "look_for_portal", f"http://{shown_host}/ answers {answer.status}{door}")


def _door(answer: HttpAnswer, host: str) -> str | None:
    """Where the portal is; None if there is none to be seen."""
    try:
        there = urlsplit(answer.header("location") or "").hostname
    except ValueError:  # no URL, and so no door
        there = None
    if answer.status == _LOGIN_NEEDED:
        return ""
    if answer.status in _REDIRECTS and there and _site(there) != _site(host):
        return f" and leads to {there}"[:200]
    return None


def _site(host: str) -> str:
    """The last two labels: enough to tell a site's own names from a stranger's."""
    return ".".join(host.lower().rstrip(".").split(".")[-2:])
