"""URL patterns as Chromium's policies take them, checked against Chromium itself (tests/live/test_browser_policies.py).

Content settings (microphone, notifications, HID, IP handling): `[*.]example.com`, `https://*`, scheme, host and port,
each of which may be left out; a path is ignored. Tabs' exceptions are of another kind, where a host stands for all
below it and `.example.com` for itself alone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

PORTS = {"http": 80, "https": 443}
_PATTERN = re.compile(
    r"(?:(?P<scheme>\*|[a-z][a-z0-9+.-]*)://)?"
    r"(?P<host>\*|(?:\[\*\.\])?[^\s*@/:\[\]]+|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>\*|\d{0,5}))?(?:/.*)?"
)
_FILTER = re.compile(r"(?:(?P<scheme>\*|[a-z]+)://)?(?P<host>\*|\.?[^\s*@/:]+)(?::(?P<port>\*|\d{1,5}))?(?:/\**)?")
Specificity = tuple[int, int, int]


@dataclass(frozen=True)
class Page:
    """Scheme, host and port of a page."""

    scheme: str
    host: str
    port: int | None

    @property
    def origin(self) -> str:
        """As RFC 6454 section 6.2 writes it, without the port that the scheme has."""
        port = "" if self.port in {None, PORTS.get(self.scheme)} else f":{self.port}"
        return f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}{port}"


def page(url: str) -> Page | None:
    """The page of an absolute URL; None if it is none."""
    try:
        parts: SplitResult = urlsplit(url.strip().lower())
        port = parts.port
    except ValueError:
        return None
    if not (parts.scheme and parts.hostname):
        return None
    return Page(parts.scheme, parts.hostname, port or PORTS.get(parts.scheme))


def specificity(pattern: object, found: Page) -> Specificity | None:
    """How closely a pattern of content settings matches, host before scheme before port; None if it does not."""
    match = _PATTERN.fullmatch(str(pattern).lower())
    if not match:
        return None
    host = _host_matches(match["host"].rstrip("."), found.host)
    scheme, port = match["scheme"] or "*", match["port"] or "*"
    if host is None or scheme not in {"*", found.scheme} or port not in {"*", str(found.port)}:
        return None
    return host, int(scheme != "*"), int(port != "*")


def _host_matches(pattern: str, host: str) -> int | None:
    """0 for any host, above for a domain and what is below it, the more the longer, and at most for this host alone."""
    if pattern == "*":
        return 0
    if pattern.startswith("[*."):
        domain = pattern[4:]
        return len(domain) if host == domain or host.endswith(f".{domain}") else None
    return 10_000 if pattern.strip("[]") == host else None


def closest(patterns: Iterable[object], found: Page) -> Specificity | None:
    """The closest match of several."""
    return max((close for one in patterns if (close := specificity(one, found))), default=None)


def exempts(entries: Iterable[object], found: Page) -> bool:
    """Whether a list of tabs' exceptions names the page; entries with a path or query are of pages unknown here."""
    for entry in entries:
        match = _FILTER.fullmatch(str(entry).lower())
        if not match or match["scheme"] not in {None, "*", found.scheme}:
            continue
        if match["port"] not in {None, "*", str(found.port)}:
            continue
        host = match["host"]
        below = not host.startswith(".") and found.host.endswith(f".{host}")
        if host == "*" or below or host.lstrip(".") == found.host:
            return True
    return False
