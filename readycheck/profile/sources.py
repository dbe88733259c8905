"""Where profiles come from: paths, and the names of those that are shipped."""

import difflib
import importlib.resources
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from readycheck.profile.problem import quoted
from readycheck.profile.regular import opened
from readycheck.profile.yaml import MAX_BYTES

_LONGEST_NAME = 60


class Unavailable(Exception):
    """There is no such profile, or it cannot be read; the sentence says why."""


@dataclass(frozen=True)
class Source:
    """One profile's file, and how it is called in messages."""

    file: str
    path: Path

    @property
    def key(self) -> Path:
        """The same for the same file."""
        return self.path.resolve()

    def read(self) -> bytes:
        """Its bytes, one more than a profile may have at most; raises Unavailable."""
        try:
            with opened(self.path) as file:
                return file.read(MAX_BYTES + 1)
        except (IsADirectoryError, PermissionError) as error:
            if self.path.is_dir():
                raise Unavailable("this is a directory, a profile is a file") from None
            raise Unavailable(f"the file cannot be read: {error.strerror}") from None
        except (OSError, ValueError) as error:
            raise Unavailable(f"the file cannot be read: {getattr(error, 'strerror', None) or error}") from None


@cache
def shipped() -> dict[str, Source]:
    """The shipped profiles by name."""
    folder = Path(str(importlib.resources.files("readycheck"))) / "data" / "profiles"
    if not folder.is_dir():
        folder = Path(__file__).parents[2] / "profiles"
    return {path.stem: Source(str(path), path) for path in sorted(folder.glob("*.yaml"))}


def find(name_or_path: str, folder: Path | None = None) -> Source:
    """The file behind a name or a path from `folder`; a path that exists wins. Raises Unavailable."""
    path = folder / name_or_path if folder else Path(name_or_path)
    if name_or_path and _exists(path):
        return Source(str(path), path)
    if name_or_path in shipped():
        return shipped()[name_or_path]
    if "/" in name_or_path or "\\" in name_or_path or path.suffix in (".yaml", ".yml"):
        raise Unavailable(f"there is no file {quoted(path)}")
    near = did_you_mean(name_or_path, shipped())
    raise Unavailable(f"unknown profile {quoted(name_or_path)}{near} (see readycheck profile list)")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # an unreadable folder on the way, or a name too long
        return False


def did_you_mean(word: str, known: Collection[str]) -> str:
    """A half-sentence with the nearest known words; empty if none is near."""
    if len(word) > _LONGEST_NAME:
        return ""
    near = _near(word, tuple(known))
    return f", did you mean {' or '.join(repr(other) for other in near)}?" if near else ""


@cache
def _near(word: str, known: tuple[str, ...]) -> list[str]:
    return difflib.get_close_matches(word, known, n=2, cutoff=0.65)
