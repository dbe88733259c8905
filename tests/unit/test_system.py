"""Which system a machine runs."""

import plistlib
from typing import Any

import pytest

from readycheck.host.machine import Platform
from readycheck.host.system import system
from tests.machines import NAMES, machine, made

KEY = r"[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion]"
NUMBERS = '"CurrentMajorVersionNumber"=dword:0000000a\n"CurrentMinorVersionNumber"=dword:00000000\n'
MACOS = "/System/Library/CoreServices/SystemVersion.plist"


@pytest.mark.parametrize("name", NAMES)
def test_documented_machines_tell_their_version(name: str) -> None:
    """Each of them says which system it runs, and its version is a number."""
    name_of_system, version = system(machine(name))
    assert name_of_system == ("macOS" if name.startswith("macos") else "Windows")
    assert version[0].isdecimal()


@pytest.mark.parametrize(
    ("platform", "registry", "files", "expected"),
    [
        ("windows", f'{KEY}\n{NUMBERS}"CurrentBuild"="26100"\n', {}, "10.0.26100"),
        ("windows", f'{KEY}\n"CurrentBuild"="7601"\n', {}, "7601"),
        ("windows", f'{KEY}\n{NUMBERS}"CurrentBuild"=dword:00000001\n', {}, "unknown"),
        ("windows", "", {}, "unknown"),
        ("macos", "", {MACOS: plistlib.dumps({"ProductVersion": "26.1"}).decode()}, "26.1"),
        ("macos", "", {MACOS: plistlib.dumps(["26.1"]).decode()}, "unknown"),
        ("macos", "", {MACOS: "<plist>"}, "unknown"),
        ("macos", "", {MACOS: "<plist><date>yesterday</date></plist>"}, "unknown"),
        ("linux", "", {"/proc/sys/kernel/osrelease": "6.1.0-18-amd64\n"}, "6.1.0-18-amd64"),
        ("linux", "", {"/proc/sys/kernel/osrelease": "6\u202e\x1b[31m"}, "6 [31m"),
        ("linux", "", {}, "unknown"),
    ],
)
def test_versions(platform: Platform, registry: str, files: dict[str, Any], expected: str) -> None:
    """From each system's own place; what is not told, or is of the wrong type, is unknown."""
    assert system(made(platform, registry, files=files))[1] == expected
