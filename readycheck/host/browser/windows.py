"""Windows: browsers by what installers and updaters leave in the registry, the default by the user's choice.

BLBeacon alone is no proof: it stays when the browser goes.
"""

import re
from dataclasses import dataclass

from readycheck.host.browser.found import Default, Installed, Name
from readycheck.host.machine import Machine
from readycheck.host.registry import text_of
from readycheck.model.clean import clean

_HKLM, _HKCU = "HKEY_LOCAL_MACHINE", "HKEY_CURRENT_USER"
_VIEWS = ("SOFTWARE", r"SOFTWARE\WOW6432Node")
_APP_PATHS = r"SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths"
_UNINSTALL = r"Microsoft\Windows\CurrentVersion\Uninstall"
_CHOICE = rf"{_HKCU}\SOFTWARE\Microsoft\Windows\Shell\Associations\UrlAssociations\https"
_CHOICES = (rf"{_CHOICE}\UserChoiceLatest\ProgId", rf"{_CHOICE}\UserChoice")
"""The first is newer Windows 11's, and counts there."""
_PROG_IDS: dict[str, Name] = {
    "chromehtml": "chrome",
    "msedgehtm": "edge",
    "firefoxurl": "firefox",
    "firefoxhtml": "firefox",
    "chromiumhtm": "chromium",
}
_VERSION = re.compile(r"\d+(?:\.\d+)+")


@dataclass(frozen=True)
class _Traces:
    """Where a browser is found: App Paths, the list of programs, its updater's key and its own."""

    program: str
    folder: str
    uninstall: str
    updater: str | None = None
    own: tuple[str, str] | None = None


_TRACES: dict[Name, _Traces] = {
    "chrome": _Traces(
        "chrome.exe",
        "\\google\\chrome\\",
        "google chrome",
        r"Google\Update\Clients\{8A69D345-D564-463C-AFF1-A69D9E530F96}",
        (r"Google\Chrome\BLBeacon", "version"),
    ),
    "edge": _Traces(
        "msedge.exe",
        "\\microsoft\\edge\\",
        "microsoft edge",
        r"Microsoft\EdgeUpdate\Clients\{56EB18F8-B008-4CBD-B6D2-8C97FE7E9062}",
        (r"Microsoft\Edge\BLBeacon", "version"),
    ),
    "firefox": _Traces(
        "firefox.exe",
        "firefox",
        "mozilla firefox*",
        own=(r"Mozilla\Mozilla Firefox", "currentversion"),
    ),
    "chromium": _Traces("chrome.exe", "\\chromium\\", "chromium", own=(r"Chromium\BLBeacon", "version")),
}


def browsers(machine: Machine, *, of_user: bool = True) -> list[Installed]:
    """Those that an installer, an updater or App Paths names, for the machine or, if that is asked, for the user."""
    hives = (_HKLM, _HKCU) if of_user else (_HKLM,)
    return [found for name, traces in _TRACES.items() if (found := _installed(machine, name, traces, hives))]


def _installed(machine: Machine, name: Name, traces: _Traces, hives: tuple[str, ...]) -> Installed | None:
    """The first hive counting; the version of what proves that it is there, else the browser's own key."""
    for hive in hives:
        proofs = [
            *_updater(machine, hive, traces),
            *_uninstall(machine, hive, traces),
            *_app_path(machine, hive, traces),
        ]
        if proofs:
            told = next(((key, version) for key, version in [*proofs, *_own(machine, traces)] if version), None)
            key, version = told or (proofs[0][0], None)
            return Installed(name, version, key, per_user=hive == _HKCU)
    return None


def _updater(machine: Machine, hive: str, traces: _Traces) -> list[tuple[str, str | None]]:
    keys = [rf"{hive}\{view}\{traces.updater}" for view in _VIEWS] if traces.updater else []
    return [(key, version) for key in keys if (version := _version(machine, key, "pv"))]


def _uninstall(machine: Machine, hive: str, traces: _Traces) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for view in _VIEWS:
        key = rf"{hive}\{view}\{_UNINSTALL}"
        names = machine.registry.subkeys(key, traces.uninstall)
        found += [(rf"{key}\{clean(name)}", _version(machine, rf"{key}\{name}", "displayversion")) for name in names]
    return found


def _app_path(machine: Machine, hive: str, traces: _Traces) -> list[tuple[str, str | None]]:
    key = rf"{hive}\{_APP_PATHS}\{traces.program}"
    path = text_of(machine.registry.values(key).get("")).lower()
    return [(key, None)] if traces.folder in path else []


def _own(machine: Machine, traces: _Traces) -> list[tuple[str, str | None]]:
    if traces.own is None:
        return []
    path, value = traces.own
    keys = [rf"{hive}\{view}\{path}" for hive in (_HKLM, _HKCU) for view in _VIEWS]
    return [(key, _version(machine, key, value)) for key in keys]


def _version(machine: Machine, key: str, value: str) -> str | None:
    found = _VERSION.search(text_of(machine.registry.values(key).get(value))[:100])
    return found[0] if found else None


def default(machine: Machine) -> Default:
    """The user's choice for https: links."""
    for key in _CHOICES:
        told = text_of(machine.registry.values(key).get("progid"))
        if told:
            names = [name for start, name in _PROG_IDS.items() if told.lower().startswith(start)]
            return Default(names[0] if names else "other", key, clean(told))
    return Default(None, _CHOICES[-1])
