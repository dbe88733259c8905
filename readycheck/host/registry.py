"""The Windows registry behind one interface: the real one, or an export (`reg export`) read anywhere."""

import re
import sys
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Protocol

Value = str | int | bytes | list[str]


class Registry(Protocol):
    r"""Keys by their full path, `HKEY_CURRENT_USER\Software\…`; names and paths in any case."""

    def values(self, key: str) -> Mapping[str, Value]:
        """The values of a key by their names in lower case; empty if it is not there or may not be read."""

    def subkeys(self, key: str, pattern: str = "*") -> list[str]:
        """The names of the keys right below a key; empty if it is not there or may not be read.

        Those that match `pattern`, which is in lower case: `*`, `?`, `[]`.
        """


class WindowsRegistry:
    """The registry of this machine, its 64-bit view, as the signed-in user sees it."""

    def values(self, key: str) -> dict[str, Value]:
        """See Registry."""
        if sys.platform != "win32":
            return {}
        import winreg  # noqa: PLC0415 - only there on Windows

        hive, _, path = key.partition("\\")
        try:
            with winreg.OpenKey(getattr(winreg, hive), path, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY) as opened:
                count = winreg.QueryInfoKey(opened)[1]
                found = [winreg.EnumValue(opened, index) for index in range(count)]
        except OSError:
            return {}
        return {name.lower(): value for name, value, _ in found if value is not None}

    def subkeys(self, key: str, pattern: str = "*") -> list[str]:
        """See Registry."""
        if sys.platform != "win32":
            return []
        import winreg  # noqa: PLC0415 - only there on Windows

        hive, _, path = key.partition("\\")
        try:
            with winreg.OpenKey(getattr(winreg, hive), path, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY) as opened:
                names = [winreg.EnumKey(opened, index) for index in range(winreg.QueryInfoKey(opened)[0])]
        except OSError:
            return []
        return [name for name in names if fnmatchcase(name.lower(), pattern)]


class ExportedRegistry:
    """What `reg export` or regedit wrote (UTF-16 or UTF-8); lines that are none are skipped."""

    def __init__(self, text: str) -> None:
        self._keys: dict[str, dict[str, Value]] = {}
        self._names: dict[str, str] = {}
        values: dict[str, Value] = {}
        for line in map(str.strip, re.sub(r"\\\r?\n\s*", "", text).splitlines()):
            if line.startswith("[") and line.endswith("]"):
                self._names.setdefault(line[1:-1].lower(), line[1:-1])
                values = self._keys.setdefault(line[1:-1].lower(), {})
            elif (pair := re.fullmatch(r'(@|"(?:[^"\\]|\\.)*")=(.*)', line)) and (value := _value(pair[2])) is not None:
                values[_unquoted(pair[1]).lower()] = value

    def values(self, key: str) -> dict[str, Value]:
        """See Registry."""
        return self._keys.get(key.lower(), {})

    def subkeys(self, key: str, pattern: str = "*") -> list[str]:
        """See Registry."""
        start = f"{key.lower()}\\"
        found: dict[str, str] = {}
        for name, spelt in self._names.items():
            if name.startswith(start):
                below = spelt[len(start) :].partition("\\")[0]
                found.setdefault(below.lower(), below)
        return [found[name] for name in sorted(found) if fnmatchcase(name, pattern)]  # as Windows lists them


def _unquoted(text: str) -> str:
    return "" if text == "@" else re.sub(r"\\(.)", r"\1", text[1:-1])


def _value(text: str) -> Value | None:
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        return _unquoted(text)
    kind, _, digits = text.partition(":")
    try:
        if kind == "dword":
            return int(digits, 16)
        content = bytes.fromhex(digits.replace(",", " "))
    except ValueError:
        return None
    return _DECODED.get(kind, bytes)(content) if kind.startswith("hex") else None


def _wide(content: bytes) -> str:
    return content.decode("utf-16-le", "replace").rstrip("\0")


_DECODED: dict[str, Callable[[bytes], Value]] = {
    "hex(1)": _wide,
    "hex(2)": _wide,
    "hex(7)": lambda content: [part for part in _wide(content).split("\0") if part],
    "hex(b)": lambda content: int.from_bytes(content, "little"),
}


def text_of(value: Value | None) -> str:
    """Text, whatever the type; "" for what is none."""
    if isinstance(value, list):
        return ";".join(value)
    return value.strip("\0 ") if isinstance(value, str) else ""


def number_of(value: Value | None) -> int | None:
    """A number, from a DWORD or from text, as some tools write it; None for what is none."""
    if isinstance(value, bytes):
        return int.from_bytes(value[:4], "little") if value else None
    try:
        return int(value, 0) if isinstance(value, str) else value if isinstance(value, int) else None
    except ValueError:
        return None
