"""What strangers wrote, made fit to keep and to show: one line, no control or direction characters, never endless."""

import unicodedata

LONGEST = 200


def clean(text: object, limit: int = LONGEST) -> str:
    """One line of printable characters, cut with an ellipsis; escaping is left to who writes it down."""
    shown = str(text)
    if len(shown) > 8 * limit:  # most of it is cut anyhow
        shown = shown[: 8 * limit]
    if not shown.isprintable():
        shown = "".join(_printable(character) for character in shown)
    shown = " ".join(shown.split())
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() or unicodedata.category(character) == "Cc" else ""
