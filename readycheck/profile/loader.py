"""Loads a profile: reads, extends, expands, validates; everything that is wrong with it at once."""

import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from readycheck.profile.effective import digest, shown
from readycheck.profile.environment import (
    Expansion,
    all_variable_names,
    everything_stays,
    is_of_the_lab,
    malformed_variables,
    nothing_stays,
)
from readycheck.profile.merge import Family, without_disabled
from readycheck.profile.places import plain, settled
from readycheck.profile.problem import Mark, Problem, ProfileError, quoted
from readycheck.profile.scalars import UNRESOLVED
from readycheck.profile.schema import KINDS, Kind, Profile
from readycheck.profile.semantics import FLEET_METRICS, Metrics, semantic_problems
from readycheck.profile.sources import Unavailable, find
from readycheck.profile.wording import findings
from readycheck.profile.yaml import Entry, Node


@dataclass(frozen=True)
class _Draft:
    """A profile's files as one tree, variables as they are written."""

    tree: Node
    ids: frozenset[str]
    """Requirements, those taken out included: a waiver may name them."""
    problems: list[Problem]

    @property
    def lab(self) -> bool:
        node = self.tree.get("lab")
        return node is not None and node.value is True


@dataclass(frozen=True)
class Checked:
    """A profile without mistakes; `profile` is None where a variable must be known first (`unresolved`)."""

    tree: Node
    profile: Profile | None
    unresolved: list[Problem]

    def built(self) -> Profile:
        """The profile; raises ProfileError if it waits for a variable."""
        if self.profile is None:
            raise ProfileError(self.unresolved)
        return self.profile

    def summary(self) -> str:
        """What the profile holds, and the variables that it takes from the environment."""
        counts = [
            (_length(self.tree, "requirements"), "requirement"),
            (_length(self.tree, "questions"), "question"),
        ]
        counts += [(_length(self.tree, "waivers"), "waiver"), (_length(self.tree, "flows"), "flow")]
        parts = [
            f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count or word == "requirement"
        ]
        names = all_variable_names(self.tree)
        return "; ".join([", ".join(parts), *(["from the environment: " + ", ".join(names)] if names else [])])


def _length(tree: Node, key: str) -> int:
    node = tree.get(key)
    return len(node.items) if node else 0


def load_profile(
    name_or_path: str,
    *,
    metrics: Metrics,
    environment: Mapping[str, str] | None,
    extra_environment: Mapping[str, str] | None = None,
    lenient: bool = False,
) -> Profile:
    """A profile ready for use; raises ProfileError with everything that is wrong with it.

    `run` gives its environment: an unset variable is an error, but for READYCHECK_LAB_… in a lab's profile,
    which stay as they are until `extra_environment` brings them. `judge` adds `lenient=True`: what is unset
    stays. Without an environment every variable stays.
    """
    draft = _draft(name_or_path)
    if environment is None:
        return _finished(_checked(draft, draft.tree, metrics), None)
    values = {**environment, **(extra_environment or {})}
    stays = everything_stays if lenient else is_of_the_lab if draft.lab else nothing_stays
    expanded = _expanded(draft, values, stays)
    if not lenient:
        draft.problems.extend(_missing_files(expanded))
    checked = _checked(draft, expanded, metrics)
    return _finished(checked, _identity(draft, values, stays, metrics) if draft.lab else None)


def check_profile(name_or_path: str, *, metrics: Metrics) -> Checked:
    """The profile, its variables as they are written; raises ProfileError with everything that is wrong."""
    draft = _draft(name_or_path)
    return _checked(draft, draft.tree, metrics)


def effective_mapping(name_or_path: str, *, metrics: Metrics) -> dict[str, Any]:
    """The profile after `extends`, literal secrets masked, variables as written; raises ProfileError."""
    return shown(check_profile(name_or_path, metrics=metrics).tree)


def _draft(name_or_path: str) -> _Draft:
    try:
        source = find(name_or_path)
    except Unavailable as error:
        raise ProfileError([Mark(name_or_path).problem(str(error))]) from None
    family = Family()
    tree = family.tree(source)
    if tree is None:
        raise ProfileError(family.problems)
    requirements = tree.get("requirements")
    named = [item.get("id") for item in (requirements.items if requirements else ())]
    ids = frozenset(node.value for node in named if node and isinstance(node.value, str))
    tree, problems = without_disabled(tree)
    return _Draft(_titled(tree), ids, family.problems + problems + malformed_variables(tree))


def _titled(tree: Node) -> Node:
    """A profile without a title is called by its id."""
    name = tree.entries.get("id")
    if name is None or "title" in tree.entries:
        return tree
    return replace(tree, value=tree.entries | {"title": name})


def _expanded(draft: _Draft, values: Mapping[str, str], stays: Callable[[str], bool]) -> Node:
    expansion = Expansion(values, stays)
    tree = expansion.of(draft.tree)
    draft.problems.extend(expansion.problems)
    return tree


def _checked(draft: _Draft, expanded: Node, metrics: Metrics) -> Checked:
    tree = settled(expanded)
    problems = list(draft.problems)
    problems += semantic_problems(tree, {**metrics, **FLEET_METRICS}, draft.ids)
    profile, unresolved = None, list[Problem]()
    try:
        profile = Profile.model_validate(plain(_with_absolute_paths(tree)))
    except ValidationError as error:
        wrong = findings(error, tree)
        problems += wrong.problems
        unresolved = wrong.unresolved
    if problems:
        raise ProfileError(problems)
    return Checked(tree, profile, unresolved)


def _with_absolute_paths(tree: Node) -> Node:
    """A path counts from the folder of the file that states it."""
    trust = tree.get("trust")
    file = trust.get("ca_file") if trust else None
    if not (trust and file and file.value and isinstance(file.value, str)) or UNRESOLVED in file.value:
        return tree
    entry = Entry(file.mark, replace(file, value=_absolute(file)))
    trust = replace(trust, value=trust.entries | {"ca_file": entry})
    return replace(tree, value=tree.entries | {"trust": Entry(trust.mark, trust)})


def _absolute(file: Node) -> str:
    return os.path.abspath(Path(file.mark.file).parent / str(file.value))  # noqa: PTH100 - takes out `..` as well


def _missing_files(tree: Node) -> list[Problem]:
    """Files that must be there before anything is measured."""
    trust = tree.get("trust")
    file = trust.get("ca_file") if trust else None
    if not (file and file.value and isinstance(file.value, str)) or UNRESOLVED in file.value:
        return []
    if not Path(_absolute(file)).is_file():
        return [file.mark.problem(f"there is no file {quoted(file.value)}")]
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=_absolute(file))
    except OSError:  # ssl.SSLError is one
        return [file.mark.problem(f"{quoted(file.value)} cannot be read as certificates in PEM form")]
    return []


def _identity(draft: _Draft, values: Mapping[str, str], stays: Callable[[str], bool], metrics: Metrics) -> Checked:
    """The lab's profile without what is new in each run: the ports and passwords of its server."""
    lasting = {name: value for name, value in values.items() if not is_of_the_lab(name)}
    return _checked(draft, Expansion(lasting, lambda name: is_of_the_lab(name) or stays(name)).of(draft.tree), metrics)


def _finished(checked: Checked, identity: Checked | None) -> Profile:
    profile = checked.built()
    sha256 = digest((identity or checked).tree)
    profile._sha256 = sha256  # noqa: SLF001 - the loader completes what the schema declares
    if identity:
        profile._identity = identity.built()  # noqa: SLF001 - the same
        profile._identity._sha256 = sha256  # noqa: SLF001 - the same
    return profile


def kind_of(name_or_path: str) -> Kind | None:
    """What a profile is for, without a look at the rest; raises ProfileError if it cannot be read."""
    kind = _draft(name_or_path).tree.get("kind")
    return next((known for known in KINDS if kind and known == kind.value), None)


def title_of(name_or_path: str) -> dict[str, str]:
    """A profile's title by language, without a look at the rest; raises ProfileError if it cannot be read."""
    title = _draft(name_or_path).tree.get("title")
    value = plain(title) if title else ""
    return value if isinstance(value, dict) else {"": str(value)}
