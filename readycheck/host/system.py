"""Which system a machine runs, and which version of it."""

from readycheck.host.machine import Machine, Platform, text_of
from readycheck.host.property_list import property_list
from readycheck.host.registry import number_of
from readycheck.host.registry import text_of as text_of_value
from readycheck.model.clean import clean

_NAMES: dict[Platform, str] = {"windows": "Windows", "macos": "macOS", "linux": "Linux"}
_WINDOWS = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_MACOS = "/System/Library/CoreServices/SystemVersion.plist"
_LINUX = "/proc/sys/kernel/osrelease"


def system(machine: Machine) -> tuple[str, str]:
    """The system's name and version; "unknown" for a version that it does not tell."""
    version = {"windows": _windows, "macos": _macos, "linux": _linux}[machine.platform](machine)
    return _NAMES[machine.platform], clean(version) or "unknown"


def _windows(machine: Machine) -> str:
    """Three numbers, as `ver` prints them."""
    values = machine.registry.values(_WINDOWS)
    numbers = [number_of(values.get(f"current{part}versionnumber")) for part in ("major", "minor")]
    build = text_of_value(values.get("currentbuild"))
    return f"{numbers[0]}.{numbers[1]}.{build}" if build and None not in numbers else build


def _macos(machine: Machine) -> str:
    try:
        told = property_list(machine.content(_MACOS) or b"")
    except ValueError:
        return ""
    return str(told.get("ProductVersion", "")) if isinstance(told, dict) else ""


def _linux(machine: Machine) -> str:
    return text_of(machine, _LINUX)
