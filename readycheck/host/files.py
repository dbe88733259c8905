"""Files written whole or not at all, and never over another."""

import contextlib
import errno
import os
import re
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

_RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(1, 10))}
_LONGEST_NAME = 64


def safe_name(label: str) -> str:
    """Of a label only [A-Za-z0-9._-], 64 characters at most, none of Windows' reserved names; "" if nothing is left."""
    name = re.sub(r"[^A-Za-z0-9._-]", "", label)[:_LONGEST_NAME].strip(".")
    return f"_{name}"[:_LONGEST_NAME] if name.partition(".")[0].lower() in _RESERVED else name


def free_stems(folder: Path, stem: str, suffixes: list[str]) -> Iterator[str]:
    """Of stem, stem-2, stem-3 … those under which none of the files exists; raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        candidate = stem if number == 1 else f"{stem}-{number}"
        if not any((folder / (candidate + suffix)).exists() for suffix in suffixes):
            yield candidate


def write_new(path: Path, text: str) -> None:
    """Create a file with this text in one step; raises FileExistsError if the name is taken, or another OSError.

    A link is refused where a name exists, on every system; where links are not allowed (FAT, network shares, OneDrive),
    the name is created empty first, exclusively, and then replaced; where it may not be replaced either, filled.
    """
    with _beside(path, text) as temporary:
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            raise
        except OSError:
            _claim(temporary, path)
        else:
            umask = os.umask(0)
            os.umask(umask)
            with contextlib.suppress(OSError):  # mkstemp's files are its owner's alone; some shares know no permissions
                path.chmod(0o666 & ~umask)


def replace_whole(path: Path, text: str) -> Path:
    """Put this text in a file's place in one step, with the file's permissions; NAME.bak, returned, is what it was.

    Raises OSError, and then the file is as it was.
    """
    path = path.resolve()
    before = path.read_bytes()
    kept = path.with_name(f"{path.name}.bak")
    mode = path.stat().st_mode & 0o777
    for target, content in ((kept, before), (path, text.encode("utf-8", "replace"))):
        with _beside(target, content) as temporary:
            temporary.chmod(mode)
            temporary.replace(target)
    return kept


@contextlib.contextmanager
def _beside(path: Path, content: str | bytes) -> Iterator[Path]:
    """A new file with this content in the folder of `path`; gone in the end, unless it was moved."""
    handle, name = tempfile.mkstemp(prefix=".readycheck-", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode("utf-8", "replace") if isinstance(content, str) else content)
            file.flush()
            _sync(file.fileno())
        yield Path(name)
    finally:
        with contextlib.suppress(OSError):  # moved, or held by what watches the folder
            os.unlink(name)  # noqa: PTH108 - the name came from tempfile


def _claim(temporary: Path, path: Path) -> None:
    with path.open("xb"):
        pass
    try:
        try:
            temporary.replace(path)
        except OSError:  # whoever watches the folder holds the empty file already
            with path.open("r+b") as file:
                file.write(temporary.read_bytes())
                file.flush()
                _sync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _sync(handle: int) -> None:
    """Onto the disk, where the file system knows how (fsync(2): EINVAL)."""
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
