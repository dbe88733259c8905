"""Texts that hold named values, read and written again: JSON as Chromium reads it, property lists."""

import json
import plistlib
from collections.abc import Callable
from typing import Any

from readycheck.host.browser.tree import json_value
from readycheck.host.property_list import property_list

_BINARY = b"bplist00"


def json_rewritten(text: str, change: Callable[[Any], Any]) -> str | None:
    """The text with its values changed, its comments left out; None for what is no JSON object or list."""
    if "{" not in text and "[" not in text:
        return None
    try:
        found = json_value(text.removeprefix("\ufeff"))
        return json.dumps(change(found), ensure_ascii=False, indent=1) if isinstance(found, dict | list) else None
    except (ValueError, RecursionError):
        return None


def plist_rewritten(content: bytes, change: Callable[[Any], Any]) -> bytes | None:
    """The property list with its values changed; None for what is none, no more than its mark for a broken binary."""
    is_binary = content.startswith(_BINARY)
    if not is_binary and b"<plist" not in content[:1000]:
        return None
    try:
        kind = plistlib.FMT_BINARY if is_binary else plistlib.FMT_XML
        return plistlib.dumps(change(property_list(content)), fmt=kind, sort_keys=False)
    except (ValueError, TypeError, OverflowError, RecursionError):  # what was changed cannot be written again
        return _BINARY if is_binary else None
