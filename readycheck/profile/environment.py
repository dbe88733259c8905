"""`${NAME}` and `${NAME:-default}`: values of a profile that come from the environment."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from readycheck.profile.core_scalar import core_scalar
from readycheck.profile.problem import Mark, Problem
from readycheck.profile.scalars import UNRESOLVED
from readycheck.profile.yaml import Node

LAB_PREFIX = "READYCHECK_LAB_"
"""Variables of the embedded server: new in each run, so they identify nothing."""

_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>(?:(?!\$\{)[^}])*))?\}")


def nothing_stays(name: str) -> bool:  # noqa: ARG001 - one answer for any name
    """`run`: an unset variable is an error."""
    return False


def everything_stays(name: str) -> bool:  # noqa: ARG001 - one answer for any name
    """`judge`: an unset variable stays as it is written."""
    return True


def is_of_the_lab(name: str) -> bool:
    """Variables that the embedded server sets once it runs."""
    return name.startswith(LAB_PREFIX)


def variable_names(text: str) -> list[str]:
    """Names of the variables in a text, in their order."""
    return [match["name"] for match in _VARIABLE.finditer(text)]


@dataclass
class Expansion:
    """One way through a tree: with these values; `stays` says which unset variables are no problem."""

    values: Mapping[str, str]
    stays: Callable[[str], bool] = nothing_stays
    problems: list[Problem] = field(default_factory=list)

    def of(self, node: Node) -> Node:
        """The node with its variables replaced."""
        if isinstance(node.value, dict):
            entries = {key: replace(entry, node=self.of(entry.node)) for key, entry in node.entries.items()}
            return replace(node, value=entries)
        if isinstance(node.value, tuple):
            return replace(node, value=tuple(self.of(item) for item in node.value))
        if isinstance(node.value, str) and UNRESOLVED in node.value:
            return self._scalar(node, node.value)
        return node

    def _scalar(self, node: Node, written: str) -> Node:
        text = _VARIABLE.sub(lambda match: self._value(match, node.mark), written)
        if text == written:
            return node
        # a plain ${NAME} alone is read as if its value stood there; `places.settled` restores texts
        value = core_scalar(text) if node.plain and _VARIABLE.fullmatch(written) else text
        return replace(node, value=value, text=text, variables=written)

    def _value(self, match: re.Match[str], mark: Mark) -> str:
        name, default = match["name"], match["default"]
        value = self.values.get(name)
        if default is not None and not value and not (is_of_the_lab(name) and self.stays(name)):
            return default
        if value is not None:
            return value
        if not self.stays(name):
            message = f"{name} is not set in the environment: set it, or give a default with ${{{name}:-default}}"
            self.problems.append(mark.problem(message))
        return match[0]


def malformed_variables(tree: Node) -> list[Problem]:
    """A problem for each `${` that opens no variable."""
    rule = "a variable is written ${NAME} or ${NAME:-default}, NAME of letters, digits and _"
    return [node.mark.problem(rule) for node, text in _texts(tree) if UNRESOLVED in _VARIABLE.sub(" ", text)]


def all_variable_names(tree: Node) -> list[str]:
    """Names of the variables in a tree, each once, in their order."""
    return list(dict.fromkeys(name for _, text in _texts(tree) for name in variable_names(text)))


def _texts(node: Node) -> Iterator[tuple[Node, str]]:
    """Every text in a tree with its node."""
    if isinstance(node.value, str):
        yield node, node.value
    for below in (*node.items, *(entry.node for entry in node.entries.values())):
        yield from _texts(below)
