"""Files of a roll-up: found without following links, read without waiting, never more than a report may be."""

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from readycheck.fleet.summary import Summary, omitted, summary_of
from readycheck.model.clean import clean
from readycheck.model.report import SCHEMA, NewerReport, Report, UnreadableReport, parsed
from readycheck.model.rollup import Omission

LARGEST_BYTE = 5 * 2**20

_LONGEST_PATH = 200


@dataclass(frozen=True)
class Place:
    """A file to read, and how the roll-up calls it; `is_named` if the user named it and a search did not find it."""

    path: str
    name: str
    is_named: bool


def places(paths: Iterable[Path]) -> Iterator[Place]:
    """The files named, and below each folder every *.json, in the order of names; each file once.

    Files are called by their path in the folder; by the whole path where there are several.
    """
    seen: set[str] = set()
    paths = list(paths)
    start = None if len(paths) > 1 else paths[0]
    for path in paths:
        for place in _below(str(path), start) if os.path.isdir(path) else [_named(str(path))]:  # noqa: PTH112 - never raises
            absolute = os.path.abspath(place.path)  # noqa: PTH100 - links stay links
            if absolute not in seen:
                seen.add(absolute)
                yield place


def _named(path: str) -> Place:
    return Place(path, _shown(path), is_named=True)


def _below(folder: str, start: Path | None) -> Iterator[Place]:
    closed: list[OSError] = []
    for parent, folders, files in os.walk(folder, onerror=closed.append):
        folders.sort()
        for name in sorted(files):
            if name.lower().endswith(".json"):
                path = os.path.join(parent, name)  # noqa: PTH118 - millions of files
                yield Place(path, _shown(os.path.relpath(path, start) if start else path), is_named=False)
    yield from (_named(error.filename) for error in closed if isinstance(error.filename, str))


def _shown(path: str) -> str:
    """A path for people: names on disk hold any byte."""
    return clean(os.fsencode(path).decode("utf-8", "replace"), _LONGEST_PATH)


class _LeftOut(Exception):
    def __init__(self, reason: Omission, detail: str = "") -> None:
        self.reason, self.detail = reason, detail


def summarised(place: Place, judged: Callable[[Report], Report]) -> Summary:
    """The summary of one file; whatever is in it. `judged` judges a report anew, or raises UnreadableReport."""
    try:
        content = _content(place)
        report = _report(content)
        return summary_of(
            judged(report),
            profile=(report.profile.id, report.profile.sha256),
            file=place.name,
            digest=hashlib.sha256(content).hexdigest(),
        )
    except _LeftOut as why:
        return omitted(why.reason, place.name, why.detail)
    except NewerReport as error:
        return omitted(Omission.NEWER_SCHEMA, place.name, str(error))
    except UnreadableReport as error:
        return omitted(Omission.UNREADABLE, place.name, str(error))
    except OSError as error:
        is_link = error.errno == errno.ELOOP
        return omitted(
            Omission.NO_FILE if is_link else Omission.NOT_ACCESSIBLE,
            place.name,
            "a link" if is_link else error.strerror or type(error).__name__,
        )


def _content(place: Place) -> bytes:
    """Bytes of a regular file; opening a pipe must not wait for its writer."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if not place.is_named:
        if Path(place.path).is_symlink():
            raise _LeftOut(Omission.NO_FILE, "a link")
        flags |= getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(place.path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise _LeftOut(Omission.NO_FILE, "a pipe, a device or a socket")
        content = b"" if status.st_size > LARGEST_BYTE else file.read(LARGEST_BYTE + 1)
        if max(status.st_size, len(content)) > LARGEST_BYTE:
            raise _LeftOut(Omission.TOO_LARGE, f"over {LARGEST_BYTE // 2**20} MiB")
        return content


def _report(content: bytes) -> Report:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _LeftOut(Omission.UNREADABLE, "not UTF-8 text") from None
    values = parsed(text)
    schema = _schema(values)
    if not schema.startswith(SCHEMA.partition("/")[0] + "/"):
        raise _LeftOut(Omission.NO_REPORT, f"its schema is {schema}" if schema else "no schema")
    return Report.from_json(values)


def _schema(values: Any) -> str:
    schema = values.get("schema") if isinstance(values, dict) else None
    return clean(schema, 60) if isinstance(schema, str) else ""
