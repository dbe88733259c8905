"""YAML text as a tree of nodes with positions: YAML 1.2 core scalars, no tags, nothing that explodes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.reader import Reader

from readycheck.profile.core_scalar import Scalar, core_scalar
from readycheck.profile.problem import Mark, Problem, quoted

MAX_BYTES = 2**20
MAX_DEPTH = 64
MAX_NODES = 100_000
"""Values once aliases are expanded; 32 characters of text weigh as much as a value."""


@dataclass(frozen=True)
class Node:
    """A value and its place. `text` is a scalar as written; `variables` what it was before expansion."""

    value: "Scalar | tuple[Node, ...] | dict[str, Entry]"
    mark: Mark
    text: str = ""
    plain: bool = False
    variables: str | None = None

    @property
    def entries(self) -> "dict[str, Entry]":
        """The keys of a mapping; none of anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> "tuple[Node, ...]":
        """The items of a list; none of anything else."""
        return self.value if isinstance(self.value, tuple) else ()

    def get(self, key: str) -> "Node | None":
        """The node under a mapping's key."""
        entry = self.entries.get(key)
        return entry.node if entry else None


@dataclass(frozen=True)
class Entry:
    """One key of a mapping: where the key stands, and its value."""

    mark: Mark
    node: Node


def _syntax_hint(lines: list[str], column: int) -> str:
    """What most often lies behind a syntax error in this line."""
    line = lines[0] if lines else ""
    if "\t" in line[:column]:
        return " (indent with spaces, not with tabs)"
    if "${" in line and ("{" in line[: line.index("${")] or "[" in line[: line.index("${")]):
        return ' (inside {…} and […] a variable stands in quotes: "${NAME}")'
    return ""


class _Refused(Exception):
    """Reading ends here."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def read_yaml(data: bytes, file: str, what: str = "profile") -> tuple[Node | None, list[Problem]]:
    """Read one YAML document; the tree is None if nothing can be made of it. `what` it should be, for messages."""
    builder = _Builder(file, what)
    try:
        return builder.build(_decode(data, file, what)), builder.problems
    except _Refused as refused:
        return None, [*builder.problems, refused.problem]


def _decode(data: bytes, file: str, what: str) -> str:
    if len(data) > MAX_BYTES:
        raise _Refused(Mark(file).problem(f"the file is over 1 MiB: that is no {what}"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        mark = _mark_at(data[: error.start].decode("utf-8", "replace"), file)
        raise _Refused(mark.problem("the file is not UTF-8 text: save it as UTF-8")) from None
    if match := Reader.NON_PRINTABLE.search(text):
        mark = _mark_at(text[: match.start()], file)
        raise _Refused(mark.problem(f"the character U+{ord(match[0]):04X} is not allowed in YAML"))
    return text


def _mark_at(before: str, file: str) -> Mark:
    return Mark(file, before.count("\n") + 1, len(before) - before.rfind("\n"))


@dataclass
class _Frame:
    """A mapping or list that is being read."""

    mark: Mark
    is_mapping: bool
    anchor: str | None
    nodes: list[Node] = field(default_factory=list)
    weight: int = 1
    height: int = 0


@dataclass(frozen=True)
class _Anchored:
    node: Node
    weight: int
    height: int


class _Builder:
    """Makes nodes of parser events without recursion, so that no depth can crash it."""

    def __init__(self, file: str, what: str) -> None:
        self.file = file
        self.what = what
        self.problems: list[Problem] = []
        self.stack: list[_Frame] = []
        self.anchors: dict[str, _Anchored | None] = {}
        self.root: Node | None = None
        self.documents = 0

    def build(self, text: str) -> Node | None:
        for event in self._events(text):
            match event:
                case yaml.DocumentStartEvent():
                    self._start_document(event)
                case yaml.ScalarEvent():
                    self._scalar(event)
                case yaml.AliasEvent():
                    self._alias(event)
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    self._open(event)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self._close()
                case _:
                    pass
        return self.root

    def _events(self, text: str) -> Iterator[yaml.Event]:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            yield from yaml.parse(text, Loader=loader)
        except yaml.MarkedYAMLError as error:
            mark = self._mark(error.problem_mark)
            hint = _syntax_hint(text.split("\n")[mark.line - 1 : mark.line], mark.column)
            raise _Refused(mark.problem(f"this is no valid YAML: {error.problem}{hint}")) from None
        except yaml.YAMLError as error:
            raise _Refused(Mark(self.file).problem(f"this is no valid YAML: {quoted(error)}")) from None

    def _mark(self, mark: Any) -> Mark:
        """The parser's own mark, which counts from 0 and has two classes."""
        return Mark(self.file, mark.line + 1, mark.column + 1) if mark else Mark(self.file)

    def _start_document(self, event: yaml.DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            mark = self._mark(event.start_mark)
            raise _Refused(mark.problem(f"a second document starts here: one file, one {self.what}"))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        mark = self._mark(event.start_mark)
        self._refuse_tag(event, mark)
        plain = not event.style
        node = Node(core_scalar(event.value) if plain else event.value, mark, event.value, plain)
        self._place(_Anchored(node, 1 + len(event.value) // 32, 0), event.anchor)

    def _alias(self, event: yaml.AliasEvent) -> None:
        mark = self._mark(event.start_mark)
        if event.anchor not in self.anchors:
            raise _Refused(mark.problem(f"the alias *{event.anchor} names no anchor above it"))
        anchored = self.anchors[event.anchor]
        if anchored is None:
            raise _Refused(mark.problem(f"the alias *{event.anchor} stands inside what it repeats"))
        if len(self.stack) + anchored.height > MAX_DEPTH:
            raise _Refused(mark.problem(f"nested deeper than {MAX_DEPTH} levels"))
        self._place(anchored, None, mark)

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        mark = self._mark(event.start_mark)
        self._refuse_tag(event, mark)
        if len(self.stack) >= MAX_DEPTH:
            raise _Refused(mark.problem(f"nested deeper than {MAX_DEPTH} levels"))
        if event.anchor:
            self.anchors[event.anchor] = None
        self.stack.append(_Frame(mark, isinstance(event, yaml.MappingStartEvent), event.anchor))

    def _close(self) -> None:
        frame = self.stack.pop()
        value = self._mapping(frame.nodes) if frame.is_mapping else tuple(frame.nodes)
        self._place(_Anchored(Node(value, frame.mark), frame.weight, frame.height + 1), frame.anchor)

    def _place(self, made: _Anchored, anchor: str | None, mark: Mark | None = None) -> None:
        """Hand a finished node to what it stands in."""
        if anchor:
            self.anchors[anchor] = made
        if not self.stack:
            self.root = made.node
            return
        frame = self.stack[-1]
        frame.nodes.append(made.node)
        frame.weight += made.weight
        frame.height = max(frame.height, made.height)
        if frame.weight > MAX_NODES:
            where = mark or made.node.mark
            message = f"over {MAX_NODES:,} values once aliases are expanded: that is no {self.what}"
            raise _Refused(where.problem(message))

    def _mapping(self, nodes: list[Node]) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for key, node in zip(nodes[::2], nodes[1::2], strict=True):
            if not isinstance(key.value, str):
                text = key.text if isinstance(key.value, int | float | bool) else ""
                hint = f': write it in quotes, "{text}"' if text else ""
                self.problems.append(key.mark.problem(f"a key must be text{hint}"))
            elif key.value == "<<" and key.plain:
                self.problems.append(key.mark.problem("the merge key << is not read: use extends"))
            elif key.value in entries:
                first = entries[key.value].mark
                message = f"the key {quoted(key.value)} stands here a second time; the first is at {first}"
                self.problems.append(key.mark.problem(message))
            else:
                entries[key.value] = Entry(key.mark, node)
        return entries

    def _refuse_tag(self, event: yaml.NodeEvent, mark: Mark) -> None:
        if tag := getattr(event, "tag", None):
            self.problems.append(mark.problem(f"the tag {quoted(tag)} is refused: a {self.what} holds no tags"))
