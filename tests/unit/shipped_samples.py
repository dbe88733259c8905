"""Shipped profiles for their tests: by name, by kind, and as a project extends them."""

from functools import cache
from pathlib import Path

from readycheck.engine.registry import metric_definitions
from readycheck.profile.loader import kind_of, load_profile
from readycheck.profile.schema import Profile
from readycheck.profile.sources import shipped

NAMES = sorted(set(shipped()) - {"lab"})
CREDENTIALS = {"TURN_USERNAME": "agent", "TURN_PASSWORD": "secret"}


@cache
def of_kind(kind: str) -> list[str]:
    """Names of the shipped profiles of a kind."""
    return [name for name in NAMES if kind_of(name) == kind]


def shipped_profile(name: str, **environment: str) -> Profile:
    """As `run` loads it."""
    return load_profile(name, metrics=metric_definitions(), environment=environment)


def project(folder: Path, *extends: str, more: str = "") -> Profile:
    """A project's own profile that extends shipped ones."""
    path = folder / "project.yaml"
    head = f"schema: readycheck.profile/1\nid: project\nextends: [{', '.join(extends)}]\n"
    path.write_text(head + more, encoding="utf-8")
    return load_profile(str(path), metrics=metric_definitions(), environment=CREDENTIALS)
