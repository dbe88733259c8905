"""`extends`: the files behind one profile become one tree, what comes later wins."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from readycheck.profile.problem import Mark, Problem, quoted
from readycheck.profile.schema import COMPARATORS, SCHEMA
from readycheck.profile.sources import Source, Unavailable, find
from readycheck.profile.yaml import Entry, Node, read_yaml

_OWN_KEYS = ("id", "title", "description", "kind", "extends")
_LISTS_BY_ID = ("requirements", "questions")
_DEEPEST = 100


@dataclass
class Family:
    """A profile and all that it extends, each file read once."""

    problems: list[Problem] = field(default_factory=list)
    _own: dict[Path, Node | None] = field(default_factory=dict)
    _merged: dict[Path, Node | None] = field(default_factory=dict)

    def tree(self, source: Source) -> Node | None:
        """The merged tree; None if nothing can be made of it. What is wrong is added to `problems`."""
        try:
            return self._tree(source, ())
        except Unavailable as error:
            self.problems.append(Mark(source.file).problem(str(error)))
            return None

    def _tree(self, source: Source, heirs: tuple[Source, ...]) -> Node | None:
        if source.key not in self._merged:
            own = self._read(source)
            bases = self._bases(own, (*heirs, source)) if own else []
            self._merged[source.key] = _joined(bases, own) if own else None
        return self._merged[source.key]

    def _read(self, source: Source) -> Node | None:
        node, problems = read_yaml(source.read(), source.file)
        self.problems += problems
        if node is None and problems:
            return None
        if node is None or not isinstance(node.value, dict):
            found = "empty" if node is None or node.value is None else "no mapping of keys"
            self.problems.append(
                Mark(source.file).problem(f"a profile starts with schema: {SCHEMA}; this file is {found}")
            )
            return None
        return node if self._is_profile(node) else None

    def _is_profile(self, node: Node) -> bool:
        """Whether this file says that it is a profile of this version; names what is missing."""
        schema = node.get("schema")
        if schema is None:
            self.problems.append(node.mark.problem(f"'schema' is missing: write schema: {SCHEMA}"))
        elif schema.value != SCHEMA:
            written = schema.text or "no text"
            message = f"this is {quoted(written)[1:-1]}, this version of readycheck reads {SCHEMA}"
            self.problems.append(schema.mark.problem(message))
            return False
        if node.get("id") is None:
            self.problems.append(node.mark.problem("'id' is missing"))
        for key in _LISTS_BY_ID:
            self.problems += _repeated_ids(node.get(key))
        return True

    def _bases(self, own: Node, heirs: tuple[Source, ...]) -> list[Node]:
        extends = own.get("extends")
        found = [self._base(item, heirs) for item in (extends.items if extends else ())]
        return [base for base in found if base]

    def _base(self, item: Node, heirs: tuple[Source, ...]) -> Node | None:
        if not isinstance(item.value, str):
            return None  # the schema says what is wrong with it
        try:
            if "${" in item.value:
                raise Unavailable("extends takes no variables")  # noqa: TRY301 - one place reports them all
            source = find(item.value, heirs[-1].path.parent)
            keys = [heir.key for heir in heirs]
            if source.key in keys:
                circle = [heir.path.name for heir in heirs[keys.index(source.key) :]]
                raise Unavailable(f"extends goes round in a circle: {' → '.join([*circle, circle[0]])}")  # noqa: TRY301
            if len(heirs) >= _DEEPEST:
                raise Unavailable(f"extends goes through more than {_DEEPEST} files")  # noqa: TRY301
            return self._tree(source, heirs)
        except Unavailable as error:
            self.problems.append(item.mark.problem(str(error)))
            return None


def _repeated_ids(items: Node | None) -> list[Problem]:
    seen: dict[str, Mark] = {}
    problems = []
    for item in items.items if items else ():
        node = item.get("id")
        if node is None or not isinstance(node.value, str):
            continue
        if first := seen.get(node.value):
            message = f"the id {quoted(node.value)} stands here a second time; the first is at {first}"
            problems.append(node.mark.problem(message))
        seen.setdefault(node.value, node.mark)
    return problems


def _joined(bases: list[Node], own: Node) -> Node:
    tree = Node({}, own.mark)
    for base in bases:
        tree = merged(tree, _without(base, _OWN_KEYS))
    return merged(tree, own)


def _without(node: Node, keys: tuple[str, ...]) -> Node:
    return replace(node, value={key: entry for key, entry in node.entries.items() if key not in keys})


def merged(base: Node, over: Node) -> Node:
    """Mappings key by key, lists by the ids of their items; all else is replaced by what is over it."""
    if isinstance(base.value, dict) and isinstance(over.value, dict):
        return _merged_mappings(base, over)
    if _has_ids(base) and _has_ids(over):
        return _merged_lists(base, over)
    return over


def _merged_mappings(base: Node, over: Node) -> Node:
    if any(key in over.entries for key in COMPARATORS):
        base = _without(base, COMPARATORS)
    entries = dict(base.entries)
    for key, entry in over.entries.items():
        below = entries.get(key)
        entries[key] = Entry(entry.mark, merged(below.node, entry.node)) if below else entry
    return replace(over, value=entries)


def _has_ids(node: Node) -> bool:
    return any(_id(item) for item in node.items)


def _id(item: Node) -> str | None:
    node = item.get("id")
    return node.value if node and isinstance(node.value, str) else None


def _merged_lists(base: Node, over: Node) -> Node:
    """Inherited items keep their places, new ones follow."""
    items = list(base.items)
    places = {_id(item): index for index, item in enumerate(items)}
    for item in over.items:
        place = places.get(_id(item)) if _id(item) else None
        if place is None:
            items.append(item)
        else:
            items[place] = merged(items[place], item)
    return replace(over, value=tuple(items))


def without_disabled(tree: Node) -> tuple[Node, list[Problem]]:
    """The tree without what `disabled: true` takes out; a problem for each that takes out nothing."""
    problems: list[Problem] = []
    entries = dict(tree.entries)
    for key, needed in zip(_LISTS_BY_ID, ("metric", "ask"), strict=True):
        if (entry := entries.get(key)) and isinstance(entry.node.value, tuple):
            disabled = [item for item in entry.node.items if _is_disabled(item)]
            problems += [
                item.mark.problem(f"disabled: nothing defines {quoted(_id(item))}")
                for item in disabled
                if needed not in item.entries
            ]
            kept = tuple(item for item in entry.node.items if not _is_disabled(item))
            entries[key] = replace(entry, node=replace(entry.node, value=kept))
    return replace(tree, value=entries), problems


def _is_disabled(item: Node) -> bool:
    disabled = item.get("disabled")
    return disabled is not None and disabled.value is True
