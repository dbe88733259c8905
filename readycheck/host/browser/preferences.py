"""Firefox' preferences that a call feels: about:config as policies and the user's profile set it.

A policy's preference counts above the user's where it is locked, which one without Status is; otherwise it is only the
default that the user's replaces.
"""

import json
import re
from configparser import ConfigParser
from configparser import Error as IniError
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Any

from readycheck.host.browser.found import Policy, policy
from readycheck.host.machine import Machine, home, text_of

SOURCE = "policy Preferences"
_FELT = re.compile(r"media\.(peerconnection|navigator|autoplay)\.[A-Za-z0-9_.-]{1,100}")
_LINE = re.compile(r"^\s*user_pref\(\s*\"(?P<name>media\.[^\"]+)\"\s*,\s*(?P<value>.+?)\s*\)\s*;", re.MULTILINE)
_LARGEST_BYTE = 4 * 1024 * 1024


def preferences(machine: Machine, prescribed: Any, *, with_user: bool) -> list[Policy]:
    """Each preference that counts, with the place that sets it; `prescribed` is the policy Preferences."""
    locked, default = _prescribed(prescribed)
    user = _of_user(machine) if with_user else {}
    found = {name: (value, SOURCE) for name, value in default.items()} | user
    found |= {name: (value, SOURCE) for name, value in locked.items()}
    return [policy(name, value, source, "in_force") for name, (value, source) in sorted(found.items())]


def _prescribed(tree: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Those locked, and those that are defaults."""
    locked, default = {}, {}
    for name, entry in tree.items() if isinstance(tree, dict) else ():
        if not _FELT.fullmatch(str(name)):
            continue
        if not isinstance(entry, dict):
            locked[str(name)] = entry
        elif entry.get("Status") == "locked":
            locked[str(name)] = entry.get("Value")
        elif "Value" in entry:
            default[str(name)] = entry["Value"]
    return locked, default


def _of_user(machine: Machine) -> dict[str, tuple[Any, str]]:
    """prefs.js, and user.js above it, of the profile that Firefox opens."""
    profile = next(filter(None, (_profile(machine, folder) for folder in _folders(machine))), None)
    found: dict[str, tuple[Any, str]] = {}
    for name in ("prefs.js", "user.js") if profile else ():
        for match in _LINE.finditer(text_of(machine, profile / name if profile else name, _LARGEST_BYTE)):
            value = _value(match["value"])
            if _FELT.fullmatch(match["name"]) and value is not None:
                found[match["name"]] = (value, name)
    return found


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _folders(machine: Machine) -> list[PurePath]:
    """Where Firefox keeps profiles.ini, by system and by the way in which it was installed."""
    if machine.platform == "windows":
        roaming = machine.environment.get("APPDATA")
        return [PureWindowsPath(roaming, "Mozilla", "Firefox")] if roaming else []
    if machine.platform == "macos":
        return [home(machine) / "Library" / "Application Support" / "Firefox"]
    configuration = machine.environment.get("XDG_CONFIG_HOME") or str(home(machine) / ".config")
    return [
        home(machine) / ".mozilla" / "firefox",
        PurePosixPath(configuration) / "mozilla" / "firefox",
        home(machine) / "snap" / "firefox" / "common" / ".mozilla" / "firefox",
        home(machine) / ".var" / "app" / "org.mozilla.firefox" / ".mozilla" / "firefox",
    ]


def _profile(machine: Machine, folder: PurePath) -> PurePath | None:
    """That of an installation, else the one marked so, else the only one."""
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text_of(machine, folder / "profiles.ini"))
    except IniError:
        return None
    sections = [parser[name] for name in parser.sections()]
    profiles = [section for section in sections if section.name.startswith("Profile") and section.get("path")]
    of_installation = [section.get("default") for section in sections if section.name.startswith("Install")]
    marked = [section["path"] for section in profiles if section.get("default") == "1"]
    only = [section["path"] for section in profiles] if len(profiles) == 1 else []
    path = next(filter(None, (*of_installation, *marked, *only)), None)
    return folder / path if path else None  # an absolute path replaces the folder
