"""Scalars of a profile: texts by language, durations, bit rates, ids read from their text."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

UNRESOLVED = "${"
"""Marks a value whose environment variable is not known: kept as it stands, not validated further."""

_DURATION = re.compile(r"(\d+)\s*([wdh])")
_DURATION_HOURS = {"w": 7 * 24, "d": 24, "h": 1}
_BIT_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([kMG]?)")
_LONGEST_BIT_RATE = 100  # longer ones could overflow
_BIT_RATE_FACTOR = {"": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000}


def _text_of_scalar(value: Any) -> Any:
    """A number's own text as it was written: `02e9` and `1395` are ids, `120` is a version."""
    return getattr(value, "text", value)


def _by_language(value: Any) -> Any:
    text = _text_of_scalar(value)
    if isinstance(value, dict):
        return _rejoined(value)
    return {"": text} if isinstance(text, str) else value


def _rejoined(words: dict[str, Any]) -> dict[str, Any]:
    """`{en: Acme, Lyon, fr: …}`: inside braces a comma ends a text, and what follows is a key without a value."""
    joined: dict[str, Any] = {}
    for key, value in words.items():
        last = next(reversed(joined), None)
        if value is None and last is not None:
            joined[last] = f"{_text_of_scalar(joined[last])}, {key}"
        else:
            joined[key] = value
    return joined


def _lead_time(value: Any) -> Any:
    if isinstance(value, str) and (match := _DURATION.fullmatch(value)):
        hours = int(match[1]) * _DURATION_HOURS[match[2]]
        return -(-hours // 24)
    raise ValueError("a duration like 45d, 6w or 12h is expected")


def _bit_rate(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and len(value) <= _LONGEST_BIT_RATE and (match := _BIT_RATE.fullmatch(value)):
        return round(float(match[1]) * _BIT_RATE_FACTOR[match[2]])
    raise ValueError("a bit rate like 100M, 512k or 2000000 is expected")


_DurationText = Annotated[str, StringConstraints(pattern=rf"^{_DURATION.pattern}$")]
_BitRateText = Annotated[str, StringConstraints(pattern=rf"^{_BIT_RATE.pattern}$")]

ScalarText = Annotated[str, BeforeValidator(_text_of_scalar, json_schema_input_type=str | float)]
Words = Annotated[dict[str, ScalarText], BeforeValidator(_by_language, json_schema_input_type=str | dict[str, str])]
"""A text: a string, or a mapping by language; a plain string is kept under ""."""
Days = Annotated[int, BeforeValidator(_lead_time, json_schema_input_type=_DurationText), Field(le=3650)]
BitRate = Annotated[int, BeforeValidator(_bit_rate, json_schema_input_type=int | _BitRateText), Field(gt=0, le=10**15)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
