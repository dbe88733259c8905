"""Settings as a tree of JSON values: from the registry, from property lists, from JSON as Chromium or Firefox reads."""

import json
import re
from collections.abc import Callable
from typing import Any

from readycheck.host.browser.vocabulary import spelt
from readycheck.host.machine import Machine
from readycheck.host.property_list import property_list
from readycheck.host.registry import Registry

Tree = dict[str, Any]
TOO_LARGE: Tree = {}
"""Stands for a file that was not read to its end: the browser may see more of it."""

_LARGEST_BYTE = 32 * 1024 * 1024
_DEEPEST = 6
_MOST_KEYS = 2_000
_NUMBER = re.compile(r"[0-9]{1,9}")
_STRING = r'("(?:[^"\\]|\\.)*")'
_COMMENT = re.compile(_STRING + r"|//[^\n]*|/\*.*?\*/", re.DOTALL)
_LAST_COMMA = re.compile(_STRING + r"|,(?=\s*[}\]])")


def registry_tree(registry: Registry, key: str, depth: int = _DEEPEST) -> Tree:
    """Values and sub-keys of a key; a sub-key whose values are numbered is a list."""
    found: Tree = {spelt(name): value for name, value in registry.values(key).items()}
    for name in registry.subkeys(key)[:_MOST_KEYS] if depth else []:
        below = registry_tree(registry, rf"{key}\{name}", depth - 1)
        is_list = bool(below) and all(map(_NUMBER.fullmatch, below))
        found[spelt(name)] = [below[one] for one in sorted(below, key=int)] if is_list else below
    return found


def json_tree(machine: Machine, path: str) -> Tree | None:
    """An object in a file, with the comments and last commas that Chromium lets pass; None for what it refuses too."""
    return _tree(machine, path, lambda content: json_value(content.decode("utf-8-sig")))


def strict_json_tree(machine: Machine, path: str) -> Tree | None:
    """An object in a file as Firefox reads it: strict JSON without a BOM, whatever octets its texts hold; else None."""
    return _tree(machine, path, lambda content: json.loads(content.decode(errors="replace"), parse_constant=_refuse))


def plist_tree(machine: Machine, path: str) -> Tree | None:
    """A property list, XML or binary; None for what is none."""
    return _tree(machine, path, property_list)


def _tree(machine: Machine, path: str, parse: Callable[[bytes], Any]) -> Tree | None:
    content = machine.content(path, _LARGEST_BYTE) or b""
    if len(content) == _LARGEST_BYTE:
        return TOO_LARGE
    try:
        found = parse(content)
    except (ValueError, RecursionError):
        return None
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else None


def _refuse(name: str) -> Any:
    """NaN and Infinity, which are Python's own."""
    raise ValueError(name)


def json_value(text: str) -> Any:
    """JSON values of a text with such comments and commas; raises ValueError or RecursionError."""
    return json.loads(_LAST_COMMA.sub(_string, _COMMENT.sub(_string, text)))


def _string(match: "re.Match[str]") -> str:
    return match[1] or " "


def with_part(tree: Any, names: list[str], value: Any) -> Any:
    """The same tree with a value below it, by the names on the way; a number for a name makes a list."""
    if not names:
        return value
    name, *rest = names
    if name.isdecimal():
        return [*(tree if isinstance(tree, list) else []), with_part(None, rest, value)]
    held = tree if isinstance(tree, dict) else {}
    return held | {name: with_part(held.get(name), rest, value)}
