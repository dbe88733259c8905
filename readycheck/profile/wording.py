"""What pydantic finds wrong, in words for people who never heard of pydantic."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

from readycheck.profile.environment import variable_names
from readycheck.profile.places import SECRET_KEYS, Path, key_mark, known_keys, reached
from readycheck.profile.problem import Mark, Problem, quoted, shortened
from readycheck.profile.scalars import UNRESOLVED
from readycheck.profile.schema import Profile
from readycheck.profile.sources import did_you_mean
from readycheck.profile.yaml import Node

_KINDS = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "list_type": "a list",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "date_type": "a date like 2027-01-31",
}
_LIMITS = {
    "greater_than": "above {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "less_than": "below {lt:g}",
    "less_than_equal": "{le:g} or less",
}
_LONGEST_SENTENCE = 300
_ID_RULE = "an id starts with a letter or digit and holds letters, digits, '.', '_' and '-' only"
_TOLD_PER_FILE = ("schema",), ("id",)


Details: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Findings:
    """What is wrong with a tree; `unresolved` only matters where a profile must be built."""

    problems: list[Problem]
    unresolved: list[Problem]


def findings(error: ValidationError, tree: Node, root: type[BaseModel] = Profile) -> Findings:
    """Each error at its place in the files of schema `root`; those of one value together."""
    kinds: dict[Mark, list[str]] = defaultdict(list)
    nodes: dict[Mark, tuple[Node, list[str | int]]] = {}
    result = Findings([], [])
    for details in error.errors(include_url=False):
        node, mark, taken = reached(tree, details["loc"])
        if isinstance(node.value, str) and UNRESOLVED in node.value:
            result.unresolved.append(mark.problem(_unset(node.value, details["type"])))
        elif details["type"] in _KINDS:
            kinds[mark].append(_KINDS[details["type"]])
            nodes[mark] = node, taken
        elif problem := _problem(details, tree, node, mark, taken, root):
            result.problems.append(problem)
    for mark, expected in kinds.items():
        node, taken = nodes[mark]
        message = f"{_either(dict.fromkeys(expected))} is expected, found {found(node, taken)}"
        result.problems.append(mark.problem(message + _advice(node, expected)))
    return result


def _problem(
    details: Details, tree: Node, node: Node, mark: Mark, taken: list[str | int], root: type[BaseModel]
) -> Problem | None:
    """One error that stands alone; None if another place tells it already."""
    if details["type"] == "extra_forbidden":
        return key_mark(tree, taken).problem(_unknown_key(str(taken[-1]), known_keys(taken[:-1], root)))
    if root is Profile and details["type"] == "missing" and details["loc"] in _TOLD_PER_FILE:
        return None
    return mark.problem(_message(details, node, taken))


def _message(details: Details, node: Node, taken: Path) -> str:
    kind, context, what = details["type"], details.get("ctx", {}), found(node, taken)
    if kind in _LIMITS:
        return f"a number {_LIMITS[kind].format(**context)} is expected, found {what}"
    match kind:
        case "missing":
            message = f"{details['loc'][-1]!r} is missing"
        case "literal_error" | "enum":
            message = f"{context['expected']} is expected, found {what}"
        case "too_short":
            message = "at least one item is needed"
        case "string_pattern_mismatch" | "string_too_long":
            message = f"{_ID_RULE}, 100 characters at most; found {what}"
        case "value_error":
            message = _stated(str(context["error"]), node, taken)
        case _:
            message = str(details["msg"])
    return message


def _stated(message: str, node: Node, taken: Path) -> str:
    """A validator's own sentence, without what came from the environment."""
    if message.endswith("is expected"):
        return f"{message}, found {found(node, taken)}"
    if node.variables and node.text:
        message = message.replace(repr(node.text), repr(node.variables)).replace(node.text, node.variables)
    return shortened(message, _LONGEST_SENTENCE)


def _unknown_key(key: str, known: list[str]) -> str:
    near = did_you_mean(key, known)
    return f"unknown key {quoted(key)}{near or ('; known here: ' + ', '.join(known) if known else '')}"


def _unset(text: str, kind: str) -> str:
    names = " and ".join(dict.fromkeys(variable_names(text)))
    needed = _KINDS.get(kind, "a number" if kind in _LIMITS else "its value")
    return f"{names} is not set, and {needed} is needed here"


def found(node: Node, path: Path) -> str:
    """What stands there, in words; no secrets, nothing that came from the environment."""
    value = node.value
    if isinstance(value, dict | tuple):
        return "a mapping" if isinstance(value, dict) else "a list"
    if node.variables:
        return f"what {quoted(node.variables)} gives"
    if path and path[-1] in SECRET_KEYS:
        return "a value that is not shown"
    if isinstance(value, str):
        return f"text {quoted(value)}"
    return "nothing" if value is None else quoted(node.text)[1:-1]


def _advice(node: Node, expected: Iterable[str]) -> str:
    """How to mend a type, where that is plain."""
    value = node.value
    if isinstance(value, str) and not node.variables:
        if not node.plain and "number" in " ".join(expected) and value.replace(".", "", 1).isdigit():
            return " (leave the quotes out)"
        if node.plain and "true or false" in expected and value.lower() in ("yes", "no", "on", "off", "y", "n"):
            return " (yes, no, on and off are text in YAML 1.2)"
    if value is None and not node.text and list(expected) == ["text"]:
        return " (inside {…} a text that holds a comma stands in quotes)"
    if isinstance(value, bool | int | float) and list(expected) == ["text"]:
        return " (put it in quotes)"
    return ""


def _either(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
