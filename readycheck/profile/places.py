"""Places of a profile: from the path of a value to its node, and to what the schema allows there."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import UnionType
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from readycheck.profile.problem import Mark
from readycheck.profile.schema import Profile
from readycheck.profile.yaml import Entry, Node

Path: TypeAlias = Sequence[str | int]
SECRET_KEYS = frozenset({"username", "credential", "shared_secret", "key"})


def reached(tree: Node, path: Path) -> tuple[Node, Mark, list[str | int]]:
    """The node at a path, the mark to show, and the steps taken; steps that name a type are left out."""
    node, mark, taken = tree, tree.mark, list[str | int]()
    for step in path:
        if isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            mark = node.mark
        elif isinstance(step, str) and (entry := node.entries.get(step)):
            node = entry.node
            mark = entry.mark if node.value is None else node.mark
        else:
            continue
        taken.append(step)
    return node, mark, taken


def key_mark(tree: Node, path: Path) -> Mark:
    """Where the last key of a path stands."""
    parent, mark, _ = reached(tree, path[:-1])
    entry = parent.entries.get(str(path[-1]))
    return entry.mark if entry else mark


def known_keys(path: Path, root: type[BaseModel] = Profile) -> list[str]:
    """The keys that the schema of `root` allows in the mapping at a path."""
    shapes = list(_shapes(root))
    for step in path:
        shapes = [below for shape in shapes for below in _below(shape, step)]
    models = [shape for shape in shapes if isinstance(shape, type) and issubclass(shape, BaseModel)]
    return [field.alias or name for model in models for name, field in model.model_fields.items()]


def _shapes(annotation: Any) -> Iterator[Any]:
    """The alternatives of an annotation."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _shapes(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for alternative in get_args(annotation):
            yield from _shapes(alternative)
    else:
        yield annotation


def _below(shape: Any, step: str | int) -> Iterator[Any]:
    """What may stand one step further down."""
    if get_origin(shape) is list and isinstance(step, int):
        yield from _shapes(get_args(shape)[0])
    elif get_origin(shape) is dict and isinstance(step, str):
        yield from _shapes(get_args(shape)[1])
    elif isinstance(shape, type) and issubclass(shape, BaseModel):
        for name, field in shape.model_fields.items():
            if step == (field.alias or name):
                yield from _shapes(field.annotation)


def settled(tree: Node, root: type[BaseModel] = Profile) -> Node:
    """The tree with numbers as they were written where the schema asks for text: `02e9` is an id."""
    return _settled(tree, list(_shapes(root)))


def _settled(node: Node, shapes: list[Any]) -> Node:
    if isinstance(node.value, dict):
        entries = {
            key: Entry(entry.mark, _settled(entry.node, _all_below(shapes, key))) for key, entry in node.entries.items()
        }
        return replace(node, value=entries)
    if isinstance(node.value, tuple):
        below = _all_below(shapes, 0)
        return replace(node, value=tuple(_settled(item, below) for item in node.value))
    if _is_text(shapes) and (hasattr(node.value, "text") or (node.variables and node.text)):
        return replace(node, value=node.text)
    return node


def _all_below(shapes: list[Any], step: str | int) -> list[Any]:
    return [below for shape in shapes for below in _below(shape, step)]


def _is_text(shapes: list[Any]) -> bool:
    """Whether only text may stand here."""
    return bool(shapes) and all(shape in (str, SecretStr, type(None)) for shape in shapes) and shapes != [type(None)]


def plain(node: Node) -> Any:
    """The tree as plain values."""
    if isinstance(node.value, dict):
        return {key: plain(entry.node) for key, entry in node.entries.items()}
    if isinstance(node.value, tuple):
        return [plain(item) for item in node.value]
    return node.value
