"""What is wrong with a profile, and where."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, order=True)
class Problem:
    """One sentence about one place of one file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


@dataclass(frozen=True)
class Mark:
    """A place in a file."""

    file: str
    line: int = 1
    column: int = 1

    def problem(self, message: str) -> Problem:
        """Something is wrong here."""
        return Problem(self.file, self.line, self.column, message)

    def __str__(self) -> str:
        return f"{self.line}:{self.column}"


class ProfileError(Exception):
    """A profile that must not be used: everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


_USERINFO = re.compile(r"(?<=[:/])[^\s/@'\"]+@")
_LONGEST_QUOTE = 60


def quoted(value: Any) -> str:
    """A value of the profile for a message: short, on one line, no control characters, no passwords."""
    return repr(shortened(str(value), _LONGEST_QUOTE))


def shortened(text: str, longest: int) -> str:
    """A text without the user names and passwords of its URLs, cut."""
    text = _USERINFO.sub("…@", text)
    return text if len(text) <= longest else text[:longest] + "…"
