"""What strangers wrote, made fit to show: one line, no control or direction characters, never endless."""

import re
import unicodedata

from markupsafe import Markup

LONGEST = 200

_BREAKS = re.compile(r"(?<=[\w/:])(?=\.\w)|(?<=/)(?=\w)|(?<=[:_])(?=\w)")


def clean(text: object, limit: int = LONGEST) -> str:
    """One line of printable characters, cut with an ellipsis; escaping is left to who writes it down."""
    shown = str(text)
    if len(shown) > 8 * limit:  # most of it is cut anyhow
        shown = shown[: 8 * limit]
    if not shown.isprintable():
        shown = "".join(_printable(character) for character in shown)
    shown = " ".join(shown.split())
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def breakable(text: object) -> Markup:
    """Escaped, with a place to break a long name before each dot and after each slash, colon and underscore."""
    escaped = [str(Markup.escape(part)) for part in _BREAKS.split(clean(text))]
    return Markup("<wbr>".join(escaped))  # noqa: S704 - each part is escaped


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() or unicodedata.category(character) == "Cc" else ""
