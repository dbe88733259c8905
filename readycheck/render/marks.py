"""Marks of the terminal, for consoles that do not have them."""

_PLAIN = {"✗": "x", "✓": "+", "…": "...", "·": "-", "→": "->", "\u2013": "-", "\u00a0": " ", "\u2212": "-"}


def plain_marks(text: str) -> str:
    """The same with ASCII marks; letters stay as they are."""
    return "".join(_PLAIN.get(character, character) for character in text)
