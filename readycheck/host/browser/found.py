"""What is found of browsers: each fact beside the place that tells it."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from readycheck.model.clean import LONGEST, clean
from readycheck.model.failure import FailureCode

Name = Literal["chrome", "edge", "firefox", "chromium", "safari"]
Effect = Literal["in_force", "recommended", "misspelt", "dead", "wrong_type"]
"""Only what is in force prescribes anything; a user may change what is recommended; the rest has no effect at all."""

_MOST_ENTRIES = 200
_DEEPEST = 4
_LONGEST_TEXT = 10 * LONGEST
_USERINFO = re.compile(r"(?<=://)[^\s/?#]*@|[^\s/@;=,]+@")
_QUERY = re.compile(r"[?#]\S+")
"""A query or fragment, where addresses of PAC files carry tokens; patterns for pages have none that count."""


@dataclass(frozen=True)
class Installed:
    """A browser and its version, None where no place tells it. `per_user`: installed by this user, for this user."""

    name: Name
    version: str | None
    source: str
    per_user: bool = False


@dataclass(frozen=True)
class Default:
    """What opens https: links for this user: `name` is `other` for a browser not known here, None if nobody tells."""

    name: Name | Literal["other"] | None
    source: str
    told: str = ""
    """What the source said: an identifier of the system."""
    failure: FailureCode | None = None


@dataclass(frozen=True)
class Policy:
    """One setting, its value as JSON, and whether it counts. `is_cut`: something in it is too long to be kept whole."""

    name: str
    value: Any
    source: str
    effect: Effect
    is_cut: bool = False


def policy(name: str, value: Any, source: str, effect: Effect) -> Policy:
    """A setting whose value, which may be anything, is made fit to keep."""
    return Policy(kept_text(name), kept(value), source, effect, _is_cut(value))


def _is_cut(value: Any, depth: int = _DEEPEST) -> bool:
    """Whether `kept` leaves entries out, at any depth that a browser looks into."""
    if not (isinstance(value, list | dict) and depth):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return len(value) > _MOST_ENTRIES or any(_is_cut(one, depth - 1) for one in inner)


def kept(value: Any, depth: int = _DEEPEST) -> Any:
    """A JSON value without control characters, cut where it is endless; what is none becomes text."""
    if isinstance(value, list) and depth:
        return [kept(one, depth - 1) for one in value[:_MOST_ENTRIES]]
    if isinstance(value, dict) and depth:
        return {kept_text(key): kept(one, depth - 1) for key, one in list(value.items())[:_MOST_ENTRIES]}
    return value if value is None or isinstance(value, bool | int) else kept_text(value)


def kept_text(text: object) -> str:
    """As it stands where harmless, a space at its end too, which may make a pattern fail; no userinfo, no query."""
    shown = _QUERY.sub("?…", _USERINFO.sub("…@", str(text)[:_LONGEST_TEXT]))
    return shown if shown.isprintable() and len(shown) <= LONGEST else clean(shown)
