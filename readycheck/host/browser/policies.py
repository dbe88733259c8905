"""Where each system keeps the policies of each browser, and which of several places counts.

Windows: the machine's keys above the user's. Linux: every JSON file of a folder, the last in the order of names
counts. macOS: what a device management wrote, the machine's above the user's; the machine's own preferences are only
recommended to Chromium, and in force for Firefox. Firefox: policies.json of the system alone where it exists, else of
the installation; on Windows its keys above that file, on macOS its preferences.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from readycheck.host.browser import linux
from readycheck.host.browser.found import Name
from readycheck.host.browser.tree import (
    TOO_LARGE,
    Tree,
    json_tree,
    plist_tree,
    registry_tree,
    strict_json_tree,
    with_part,
)
from readycheck.host.machine import Machine
from readycheck.host.paths import expanded, without_user

_KEYS: dict[Name, str] = {
    "chrome": r"SOFTWARE\Policies\Google\Chrome",
    "edge": r"SOFTWARE\Policies\Microsoft\Edge",
    "chromium": r"SOFTWARE\Policies\Chromium",
    "firefox": r"SOFTWARE\Policies\Mozilla\Firefox",
}
_HIVES = ("HKEY_CURRENT_USER", "HKEY_LOCAL_MACHINE")
_FOLDERS: dict[Name, tuple[str, ...]] = {
    "chrome": ("/etc/opt/chrome/policies",),
    "edge": ("/etc/opt/edge/policies",),
}
_ETC, _SNAP = "/etc/chromium/policies", ("/etc/chromium-browser/policies", "/var/snap/chromium/current/policies")
_FLATPAK = tuple(
    f"{root}/flatpak/extension/org.chromium.Chromium.*/*/1/policies" for root in ("/var/lib", "~/.local/share")
)
_CHROMIUM_FOLDERS = {"/usr/lib": (_ETC,), "/snap/": _SNAP, "/var/lib/flatpak/": _FLATPAK}
"""By the place of the program: Debian's and Fedora's packages, the snap, whose first folder must be connected to it,
and flatpaks, which see extensions alone."""
_ANY = (_ETC, *_SNAP, *_FLATPAK)
"""Of one in the user's folder, or in a place unknown here."""
_DOMAINS: dict[Name, str] = {
    "chrome": "com.google.Chrome",
    "edge": "com.microsoft.Edge",
    "chromium": "org.chromium.Chromium",
    "firefox": "org.mozilla.firefox",
}
_FIREFOX_FILES = {
    "linux": (
        "/etc/firefox/policies/policies.json",
        "/usr/lib/firefox-esr/distribution/policies.json",
        "/usr/lib/firefox/distribution/policies.json",
        "/usr/lib64/firefox/distribution/policies.json",
        "/opt/firefox/distribution/policies.json",
    ),
    "macos": ("/Applications/Firefox.app/Contents/Resources/distribution/policies.json",),
    "windows": (
        r"%ProgramFiles%\Mozilla Firefox\distribution\policies.json",
        r"%ProgramFiles(x86)%\Mozilla Firefox\distribution\policies.json",
    ),
}

_BETWEEN, _DEEPEST = "__", 6
"""Firefox on macOS: what stands between the names of a nested policy, each a key of its own."""


@dataclass(frozen=True)
class Placed:
    """A value and the place that it came from. `is_recommended`: the user may change it."""

    value: Any
    source: str
    is_recommended: bool = False


@dataclass
class Places:
    """What was read: settings by name, the later of two places counting, and places that hold something unreadable."""

    settings: dict[str, Placed] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    """Places that may prescribe more, or less, than what was read of them."""

    def add(self, tree: Tree | None, source: str, *, is_recommended: bool = False) -> None:
        """What a place holds, above what was read before; a recommendation never above a prescription."""
        if tree is None:
            self.unreadable.append(source)
        if tree is TOO_LARGE:
            self.undecided.append(source)
        for name, value in (tree or {}).items():
            before = self.settings.get(name)
            if not (is_recommended and before and not before.is_recommended):
                self.settings[name] = Placed(value, source, is_recommended)


def policies(machine: Machine, browser: Name) -> dict[str, Placed]:
    """Every policy of this browser by name, whatever it is about."""
    return places(machine, browser).settings


def places(machine: Machine, browser: Name) -> Places:
    """The same, with the places that could not be read."""
    found = Places()
    if browser == "firefox":
        _firefox(machine, found)
    elif machine.platform == "windows":
        _registry(machine, browser, found)
    elif machine.platform == "macos":
        _plists(machine, browser, found)
    else:
        _json_folders(machine, browser, found)
    return found


def _registry(machine: Machine, browser: Name, found: Places) -> None:
    for hive in _HIVES if browser in _KEYS else ():
        key = rf"{hive}\{_KEYS[browser]}"
        tree = registry_tree(machine.registry, key)
        recommended = tree.pop("Recommended", None)
        found.add(tree, key)
        if isinstance(recommended, dict):
            found.add(recommended, rf"{key}\Recommended", is_recommended=True)


def _plists(machine: Machine, browser: Name, found: Places) -> None:
    if browser not in _DOMAINS:
        return
    name, user = f"{_DOMAINS[browser]}.plist", machine.environment.get("USER", "")
    for folder, is_recommended in (
        ("/Library/Preferences", True),
        *([(f"/Library/Managed Preferences/{user}", False)] if user and "/" not in user else []),
        ("/Library/Managed Preferences", False),
    ):
        for path in machine.paths(f"{folder}/{name}"):
            found.add(plist_tree(machine, path), without_user(machine, path), is_recommended=is_recommended)


def _json_folders(machine: Machine, browser: Name, found: Places) -> None:
    """Where it is not told which of several folders counts, they must agree."""
    folders = _chromium_folders(machine) if browser == "chromium" else _FOLDERS.get(browser, ())
    each = [_json_folder(machine, folder) for folder in folders]
    for one in each:
        found.settings |= one.settings
        found.unreadable += one.unreadable
        found.undecided += one.undecided
    values = [{name: (held.value, held.is_recommended) for name, held in one.settings.items()} for one in each]
    if any(one != values[0] for one in values):
        found.undecided += folders


def _chromium_folders(machine: Machine) -> tuple[str, ...]:
    program = linux.program(machine, "chromium") or ""
    return next((folders for start, folders in _CHROMIUM_FOLDERS.items() if program.startswith(start)), _ANY)


def _json_folder(machine: Machine, folder: str) -> Places:
    found = Places()
    for level in ("recommended", "managed"):
        for path in machine.paths(f"{expanded(machine, folder)}/{level}/*.json"):
            source = without_user(machine, path)
            found.add(json_tree(machine, path), source, is_recommended=level == "recommended")
    return found


def _firefox(machine: Machine, found: Places) -> None:
    for pattern in _FIREFOX_FILES[machine.platform]:
        path = expanded(machine, pattern)
        if path and machine.paths(path):
            document = strict_json_tree(machine, path)
            held = document.get("policies") if document else document
            found.add(held if isinstance(held, dict) else None, path)
            break
    if machine.platform == "windows":
        _registry(machine, "firefox", found)
    elif machine.platform == "macos":
        _firefox_preferences(machine, found)


def _firefox_preferences(machine: Machine, found: Places) -> None:
    """Switched on by one of themselves; all are in force, whichever place holds them (nsMacPreferencesReader)."""
    flat = Places()
    _plists(machine, "firefox", flat)
    found.unreadable += flat.unreadable
    found.undecided += flat.undecided
    enabled = flat.settings.get("EnterprisePoliciesEnabled")
    if enabled and enabled.value in (True, 1):
        found.settings |= unflattened({name: replace(one, is_recommended=False) for name, one in flat.settings.items()})


def unflattened(flat: dict[str, Placed]) -> dict[str, Placed]:
    """With `Permissions__Microphone__Allow` as a part of Permissions, as `defaults write` sets it."""
    found = {name: one for name, one in flat.items() if _BETWEEN not in name}
    for name, one in flat.items():
        first, *parts = name.split(_BETWEEN, _DEEPEST)
        if parts:
            held = found[first].value if first in found else None
            found[first] = replace(one, value=with_part(held, parts, one.value))
    return found
