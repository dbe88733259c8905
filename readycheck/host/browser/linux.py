"""Linux: browsers by their folders, versions by their own files or the package, the default by the MIME associations.

A browser is asked itself, with `--version` alone, only where neither file nor package tells.
"""

import glob
import re
from dataclasses import dataclass
from typing import Literal

from readycheck.host.browser.found import Default, Installed, Name
from readycheck.host.machine import Machine, home, text_of
from readycheck.host.paths import expanded, without_user
from readycheck.model.clean import clean
from readycheck.model.failure import FailureCode

_VERSION = re.compile(r"\d+(?:\.\d+)+")
_TOOL_TIMEOUT_S = 2.0
_XDG = ("xdg-settings", "get", "default-web-browser")


@dataclass(frozen=True)
class _Place:
    """Where a browser's program may be, and what tells its version: a file's line, a package, or itself.

    `~` is the user's folder.
    """

    name: Name
    program: str
    file: str | None = None
    package: str | None = None
    is_runnable: bool = True
    """A flatpak's program is none outside its sandbox."""

    @property
    def per_user(self) -> bool:
        return self.program.startswith("~")


def _flatpaks(name: Name, application: str) -> tuple[_Place, ...]:
    """The system's and the user's; the first release of the metadata is the newest."""
    found = (f"{root}/flatpak/app/{application}/current/active" for root in ("/var/lib", "~/.local/share"))
    return tuple(
        _Place(name, f"{one}/metadata", f"{one}/files/share/metainfo/{application}.metainfo.xml", is_runnable=False)
        for one in found
    )


_PLACES = (
    _Place("chrome", "/opt/google/chrome/chrome", package="google-chrome-stable"),
    _Place("chrome", "/opt/google/chrome-beta/chrome", package="google-chrome-beta"),
    _Place("chrome", "/opt/google/chrome-unstable/chrome", package="google-chrome-unstable"),
    *_flatpaks("chrome", "com.google.Chrome"),
    _Place("edge", "/opt/microsoft/msedge/msedge", package="microsoft-edge-stable"),
    _Place("edge", "/opt/microsoft/msedge-beta/msedge", package="microsoft-edge-beta"),
    _Place("edge", "/opt/microsoft/msedge-dev/msedge", package="microsoft-edge-dev"),
    *_flatpaks("edge", "com.microsoft.Edge"),
    _Place("firefox", "/usr/lib/firefox-esr/firefox-esr", "/usr/lib/firefox-esr/application.ini"),
    _Place("firefox", "/usr/lib/firefox/firefox", "/usr/lib/firefox/application.ini"),
    _Place("firefox", "/usr/lib64/firefox/firefox", "/usr/lib64/firefox/application.ini"),
    _Place("firefox", "/opt/firefox/firefox", "/opt/firefox/application.ini"),
    _Place("firefox", "/snap/firefox/current/usr/lib/firefox/firefox", "/snap/firefox/current/meta/snap.yaml"),
    _Place(
        "firefox",
        "/var/lib/flatpak/app/org.mozilla.firefox/current/active/files/lib/firefox/firefox",
        "/var/lib/flatpak/app/org.mozilla.firefox/current/active/files/lib/firefox/application.ini",
    ),
    *_flatpaks("firefox", "org.mozilla.firefox"),
    _Place("chromium", "/usr/lib/chromium/chromium", package="chromium"),
    _Place("chromium", "/usr/lib64/chromium-browser/chromium-browser", package="chromium"),
    _Place(
        "chromium", "/snap/chromium/current/usr/lib/chromium-browser/chrome", "/snap/chromium/current/meta/snap.yaml"
    ),
    *_flatpaks("chromium", "org.chromium.Chromium"),
)
_DESKTOP_FILES: tuple[tuple[str, Name], ...] = (
    ("google-chrome", "chrome"),
    ("com.google.chrome", "chrome"),
    ("microsoft-edge", "edge"),
    ("com.microsoft.edge", "edge"),
    ("firefox", "firefox"),
    ("org.mozilla.firefox", "firefox"),
    ("chromium", "chromium"),
    ("org.chromium.chromium", "chromium"),
)
_LINE = re.compile(r"^(?:Version=|version:\s*|\s*<release\s[^>\n]{0,200}?\bversion=)['\"]?([^'\"\s]+)", re.MULTILINE)


def browsers(machine: Machine, *, of_user: bool = True) -> list[Installed]:
    """One of each name, the first place counting; without those in the user's folder if it is not to be looked into."""
    there = _there(machine, of_user=of_user)
    packages = _packages(machine, [place.package for place in there.values() if place.package])
    return [Installed(name, *_version(machine, place, packages), place.per_user) for name, place in there.items()]


def program(machine: Machine, name: Name) -> str | None:
    """Where the program of this browser is; None if it is in no place known here, or in the user's folder."""
    place = _there(machine, of_user=False).get(name)
    return place.program if place else None


def _there(machine: Machine, *, of_user: bool) -> dict[Name, _Place]:
    there: dict[Name, _Place] = {}
    for place in _PLACES:
        if place.per_user and not of_user:
            continue
        if place.name not in there and machine.paths(_full(machine, place.program)):
            there[place.name] = place
    return there


def _full(machine: Machine, path: str) -> str:
    return expanded(machine, path) or path


def _version(machine: Machine, place: _Place, packages: dict[str, str]) -> tuple[str | None, str]:
    """The version, and what told it."""
    line = _LINE.search(text_of(machine, _full(machine, place.file))) if place.file else None
    if line and place.file and (version := _VERSION.search(line[1][:100])):
        return version[0], place.file
    if place.package and (version := _VERSION.search(packages.get(place.package, ""))):
        return version[0], f"package {place.package}"
    version = _VERSION.search(_printed(machine, place.program, "--version")[:200]) if place.is_runnable else None
    return (version[0], f"{place.program} --version") if version else (None, place.program)


def _packages(machine: Machine, names: list[str]) -> dict[str, str]:
    """Versions of packages without their epochs, of dpkg or else of rpm, asked once for all."""
    if not names:
        return {}
    answer = machine.output("dpkg-query", "-W", "-f=${Package}=${Version};", *names, timeout_s=_TOOL_TIMEOUT_S)
    if answer.failure == FailureCode.COMPONENT_MISSING:
        answer = machine.output("rpm", "-q", "--qf=%{NAME}=%{VERSION};", *names, timeout_s=_TOOL_TIMEOUT_S)
    pairs = [entry.partition("=") for entry in answer.text.split(";")]
    return {name.strip(): version.rpartition(":")[2] for name, _, version in pairs}


def _printed(machine: Machine, *command: str) -> str:
    answer = machine.output(*command, timeout_s=_TOOL_TIMEOUT_S)
    return answer.text if answer.status == 0 else ""


def default(machine: Machine) -> Default:
    """The first association of https: links in the order of the MIME applications specification, else xdg-settings'.

    What is associated and not installed is passed over, as the specification says.
    """
    for path in _association_files(machine):
        for told in _associations(text_of(machine, path)):
            if _has_desktop_file(machine, told):
                return Default(_named(told), without_user(machine, path), clean(told))
    answer = machine.output(*_XDG, timeout_s=_TOOL_TIMEOUT_S)
    told = clean(answer.text)
    if answer.status != 0 or not told:
        return Default(None, " ".join(_XDG), failure=answer.failure)
    return Default(_named(told), " ".join(_XDG), told)


def _association_files(machine: Machine) -> list[str]:
    own = machine.environment.get("XDG_CONFIG_HOME") or f"{home(machine)}/.config"
    system = (machine.environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
    desktops = machine.environment.get("XDG_CURRENT_DESKTOP", "").lower().split(":")
    names = [*(f"{desktop}-mimeapps.list" for desktop in desktops if desktop.isalnum()), "mimeapps.list"]
    folders = [own, *system, f"{home(machine)}/.local/share/applications", "/usr/share/applications"]
    return [f"{folder}/{name}" for folder in folders for name in names]


def _associations(text: str) -> list[str]:
    """Those of `x-scheme-handler/https=` under [Default Applications]."""
    section = re.search(r"^\[Default Applications\]$(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    line = re.search(r"^x-scheme-handler/https=([^\r\n]+)", section[1], re.MULTILINE) if section else None
    return [one.strip() for one in line[1].split(";") if one.strip()] if line else []


def _has_desktop_file(machine: Machine, told: str) -> bool:
    """In the data folders of the base directory specification, and those that a session adds for flatpaks and snaps."""
    own = machine.environment.get("XDG_DATA_HOME") or f"{home(machine)}/.local/share"
    system = (machine.environment.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    flatpaks = (f"{own}/flatpak/exports/share", "/var/lib/flatpak/exports/share")
    folders = (own, *system, *flatpaks, "/var/lib/snapd/desktop")
    return any(machine.paths(f"{folder}/applications/{glob.escape(told)}") for folder in folders)


def _named(told: str) -> Name | Literal["other"]:
    names = [name for start, name in _DESKTOP_FILES if told.lower().startswith(start)]
    return names[0] if names else "other"
