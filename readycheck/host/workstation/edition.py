"""Which edition of its operating system this is, and its build."""

import re
from dataclasses import dataclass

from readycheck.host.machine import Machine, text_of
from readycheck.host.registry import number_of
from readycheck.host.registry import text_of as text_of_value
from readycheck.host.system import system
from readycheck.model.clean import clean

_WINDOWS = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_FIRST_WINDOWS_11 = 22_000


@dataclass(frozen=True)
class Edition:
    """`release` is what the maker calls the version besides: 24H2, or a kernel. None for what is not told."""

    name: str | None = None
    version: str | None = None
    release: str | None = None


def edition(machine: Machine) -> Edition:
    """As the system's own files or registry tell it."""
    name, version = system(machine)
    if machine.platform == "windows":
        return _windows(machine, version)
    if machine.platform == "macos":
        return Edition(name, _told(version))
    pairs = re.findall(r"^(NAME|VERSION_ID)=[\"']?([^\"'\n]*)", text_of(machine, "/etc/os-release"), re.MULTILINE)
    told = dict(pairs)
    return Edition(_told(told.get("NAME", "")), _told(told.get("VERSION_ID", "")), _told(version))


def _windows(machine: Machine, version: str) -> Edition:
    """The monthly update's number (UBR) closes the version. ProductName still says 10 on Windows 11."""
    values = machine.registry.values(_WINDOWS)
    name, revision = text_of_value(values.get("productname")), number_of(values.get("ubr"))
    if (number_of(values.get("currentbuild")) or 0) >= _FIRST_WINDOWS_11:
        name = name.replace("Windows 10", "Windows 11")
    whole = f"{version}.{revision}" if revision is not None and _told(version) else version
    return Edition(_told(name), _told(whole), _told(text_of_value(values.get("displayversion"))))


def _told(text: str) -> str | None:
    shown = clean(text)
    return shown if shown and shown != "unknown" else None
