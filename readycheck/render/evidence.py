"""Evidence as it is shown in the appendix: pretty JSON, long lists and deep nests cut; the JSON file has it all."""

import json
import math
from collections.abc import Sequence
from typing import Any

from readycheck.model.clean import clean

_LONGEST_LIST = 24
_DEEPEST = 8
_LONGEST_TEXT = 240
_LONGEST = 12_000


def shown(evidence: Any) -> str:
    """Pretty JSON text of what a probe left, shortened."""
    text = json.dumps(_shortened(evidence, 0), ensure_ascii=False, indent=1)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "\n…"


def _shortened(value: Any, depth: int) -> Any:
    match value:
        case str():
            return clean(value, _LONGEST_TEXT)
        case float():
            return value if math.isfinite(value) else None
        case dict() | list() | tuple() if depth >= _DEEPEST:
            return "…"
        case dict():
            kept = list(value.items())[: 8 * _LONGEST_LIST]
            return {clean(key, 80): _shortened(item, depth + 1) for key, item in kept}
        case list() | tuple():
            return _list(value, depth + 1)
    return value


def _list(values: Sequence[Any], depth: int) -> Any:
    items = [_shortened(item, depth) for item in values[:_LONGEST_LIST]]
    if len(items) > 1 and all(isinstance(item, int | float) or item is None for item in items):
        return f"[{', '.join(json.dumps(item) for item in items)}{_more(values)}]"
    return [*items, _more(values).lstrip(", ")] if len(values) > _LONGEST_LIST else items


def _more(values: Sequence[Any]) -> str:
    return f", … {len(values) - _LONGEST_LIST} more" if len(values) > _LONGEST_LIST else ""
