"""The profile's pages, for what is switched on or off page by page: browser policies and media redirection."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from readycheck.model.evidence import Quantity
from readycheck.model.failure import FailureCode
from readycheck.profile.scalars import UNRESOLVED
from readycheck.profile.schema import Profile

_SCHEMES = {"https": "https", "http": "http", "wss": "https", "ws": "http"}
"""A WebSocket is opened by a page, which has the scheme beside."""


def pages(profile: Profile) -> tuple[str, ...]:
    """HTTPS URLs of the signalling targets without query; of WebSockets only where there is no page among them."""
    urls = [url for target in profile.targets.signalling if (url := _page(target.url))]
    own = [url for url, is_page in urls if is_page]
    return tuple(dict.fromkeys(own or [url for url, _ in urls]))


def _page(url: str) -> tuple[str, bool] | None:
    if UNRESOLVED in url:
        return None
    try:
        parts = urlsplit(url)
        scheme = _SCHEMES.get(parts.scheme.lower())
        if not (scheme and parts.hostname):
            return None
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # no port
        return None
    return f"{scheme}://{host}{port}{parts.path or '/'}", scheme == parts.scheme.lower()


def agreed(answers: Iterable[bool | None]) -> Quantity:
    """What all pages are answered. Where they differ nobody knows which one is the softphone's."""
    found = set(answers)
    if not found:
        return Quantity(None, reason=FailureCode.NOT_CONFIGURED)
    if len(found) > 1 or None in found:
        return Quantity(None, reason=FailureCode.NOT_PROVEN)
    return Quantity(found.pop())
