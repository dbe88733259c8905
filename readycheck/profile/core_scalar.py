"""Plain scalars as YAML 1.2 reads them (core schema, section 10.3.2); numbers remember how they were written."""

import re
from typing import Self, TypeAlias

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_BASES = {"0o": 8, "0x": 16}
_LONGEST_INT = 300
_WORDS = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
} | dict.fromkeys(("", "~", "null", "Null", "NULL"))


class Int(int):
    """A whole number that remembers how it was written."""

    text: str

    def __new__(cls, text: str) -> Self:
        """Read a YAML 1.2 core integer."""
        base = _BASES.get(text[:2], 10)
        number = super().__new__(cls, text, base) if base == 10 else super().__new__(cls, text[2:], base)  # noqa: PLR2004
        number.text = text
        return number


class Float(float):
    """A number that remembers how it was written; `.inf`, `.nan` and what overflows are not finite."""

    text: str

    def __new__(cls, text: str) -> Self:
        """Read a YAML 1.2 core float."""
        number = super().__new__(cls, text.replace(".", "", 1) if _NOT_FINITE.fullmatch(text) else text)
        number.text = text
        return number


Scalar: TypeAlias = str | int | float | bool | None


def core_scalar(text: str) -> Scalar:
    """What a plain scalar means in YAML 1.2 (section 10.3.2): `yes`, `22:30` and dates are text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text) and len(text) <= _LONGEST_INT:
        return Int(text)
    if _FLOAT.fullmatch(text) or _NOT_FINITE.fullmatch(text):
        return Float(text)
    return text
