"""Which operating system this is, and its build."""

import plistlib
import re
from dataclasses import dataclass
from typing import Any
from xml.parsers.expat import ExpatError

from readycheck.host.machine import Machine, text_of
from readycheck.host.registry import number_of
from readycheck.host.registry import text_of as registry_text
from readycheck.model.clean import clean

_WINDOWS_KEY = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_FIRST_WINDOWS_11 = 22_000
_MACOS_FILE = "/System/Library/CoreServices/SystemVersion.plist"


@dataclass(frozen=True)
class System:
    """Name and version; `release` is what its maker calls the version besides. None for what is not told."""

    name: str | None = None
    version: str | None = None
    release: str | None = None


def system(machine: Machine) -> System:
    """As the system's own files or registry tell it."""
    if machine.platform == "windows":
        return _windows(machine)
    return _macos(machine) if machine.platform == "macos" else _linux(machine)


def _windows(machine: Machine) -> System:
    r"""10.0.26100.6899 is major, minor, build and UBR. ProductName still says 10 on Windows 11."""
    values = machine.registry.values(_WINDOWS_KEY)
    build, revision = number_of(values.get("currentbuild")), number_of(values.get("ubr"))
    major = number_of(values.get("currentmajorversionnumber"))
    name = registry_text(values.get("productname"))
    if build and build >= _FIRST_WINDOWS_11:
        name = name.replace("Windows 10", "Windows 11")
    version = ".".join(str(part) for part in (major or 10, 0, build, revision) if part is not None) if build else None
    return System(_text(name), _text(version), _text(registry_text(values.get("displayversion"))))


def _macos(machine: Machine) -> System:
    try:
        told: Any = plistlib.loads(machine.content(_MACOS_FILE) or b"")
    except (ValueError, ExpatError, KeyError, IndexError, OverflowError, RecursionError):  # what plistlib raises
        return System()
    if not isinstance(told, dict):
        return System()
    return System(*(_text(told.get(f"Product{part}")) for part in ("Name", "Version", "BuildVersion")))


def _linux(machine: Machine) -> System:
    """os-release(5), and the kernel's own version."""
    pairs = re.findall(r"^(NAME|VERSION_ID)=[\"']?([^\"'\n]*)", text_of(machine, "/etc/os-release"), re.MULTILINE)
    told = dict(pairs)
    kernel = text_of(machine, "/proc/sys/kernel/osrelease")
    return System(_text(told.get("NAME")), _text(told.get("VERSION_ID")), _text(kernel))


def _text(value: Any) -> str | None:
    return clean(value) or None if isinstance(value, str) else None
