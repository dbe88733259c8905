"""Pages that a browser does not open at all: URLBlocklist and URLAllowlist, as Chromium weighs them (live test).

The entry with the host to the letter counts above one with the hosts below it, then the longer host, then the one
with a path, and what is allowed above what is blocked.
An entry with a path may be about the softphone's page or about another.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from readycheck.probes._url_pattern import Page

_ENTRY = re.compile(
    r"(?:(?P<scheme>\*|[a-z][a-z0-9+.-]*)://)?(?P<host>\*|\.?[^\s*@/:?]+)(?::(?P<port>\*|\d{1,5}))?(?P<path>[/?].*)?"
)
_Weight = tuple[bool, int, bool, bool]


def blocked(given: Mapping[str, Any], at: Page) -> bool | None:
    """Whether the page is never opened; None where that depends on its path."""
    block, allow = given.get("URLBlocklist", ()), given.get("URLAllowlist", ())
    most = _wins(block, allow, at, block_paths=True)
    least = _wins(block, allow, at, block_paths=False)
    return most if most is least else None


def _wins(block: Iterable[object], allow: Iterable[object], at: Page, *, block_paths: bool) -> bool:
    """Whether the weightiest entry blocks, paths of one list taken for the page's and those of the other for not."""
    found = [weight for one in block if (weight := _weight(one, at, paths=block_paths, allows=False))]
    found += [weight for one in allow if (weight := _weight(one, at, paths=not block_paths, allows=True))]
    return bool(found) and not max(found)[-1]


def _weight(entry: object, at: Page, *, paths: bool, allows: bool) -> _Weight | None:
    """How much an entry counts; None if it is about other pages."""
    match = _ENTRY.fullmatch(str(entry).strip().lower())
    if not match or match["scheme"] not in {None, "*", at.scheme} or match["port"] not in {None, "*", str(at.port)}:
        return None
    has_path = bool((match["path"] or "").strip("/*"))
    if has_path and not paths:
        return None
    host = match["host"].rstrip(".")
    exact, name = host.startswith("."), host.lstrip(".")
    if host == "*":
        return False, 0, has_path, allows
    if at.host == name or (not exact and at.host.endswith(f".{name}")):
        return exact, len(name), has_path, allows
    return None
