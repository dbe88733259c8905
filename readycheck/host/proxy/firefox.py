"""Firefox' own preferences: prefs.js and user.js of the profile that it opens.

They stand below its policies and above the system's settings, for Firefox alone: Chrome and Edge never read them.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from configparser import ConfigParser
from configparser import Error as IniError
from pathlib import PurePath, PurePosixPath, PureWindowsPath

from readycheck.host.machine import Machine, home, text_of
from readycheck.host.proxy.parsing import listed, pac_settings, server, suffix_rules, usable_port
from readycheck.model.proxy import Hop, HopKind, ProxySettings

SOURCE = "Firefox preferences (for Firefox alone)"
Preferences = Mapping[str, object]
_LARGEST_BYTE = 4 * 1024 * 1024
_PREFIX = "network.proxy."
_LINE = re.compile(r"^\s*user_pref\(\s*\"(?P<name>[^\"\n]+)\"\s*,\s*(?P<value>.+?)\s*\)\s*;", re.MULTILINE)
_DIRECT, _MANUAL, _PAC, _DIRECT_TOO, _AUTO_DETECT = range(5)  # 3 is what old versions wrote for 0; 5 is the system's
_SOCKS_4 = 4


def folders(machine: Machine) -> list[PurePath]:
    """Where Firefox keeps profiles.ini, by platform and by the way in which it was installed."""
    user = home(machine)
    if machine.platform == "windows":
        roaming = machine.environment.get("APPDATA")
        return [PureWindowsPath(roaming) / "Mozilla" / "Firefox"] if roaming else []
    if machine.platform == "macos":
        return [user / "Library" / "Application Support" / "Firefox"]
    configuration = PurePosixPath(machine.environment.get("XDG_CONFIG_HOME") or user / ".config")
    return [
        user / ".mozilla" / "firefox",
        configuration / "mozilla" / "firefox",
        user / "snap" / "firefox" / "common" / ".mozilla" / "firefox",
        user / ".var" / "app" / "org.mozilla.firefox" / ".mozilla" / "firefox",
    ]


def from_profiles(machine: Machine, places: Sequence[PurePath]) -> list[ProxySettings]:
    """What the default profile of the first Firefox found says; user.js is read last and wins, as at its start."""
    for folder in places:
        profile = default_profile(machine, folder)
        if profile is not None:
            found = user_preferences(machine, profile, _PREFIX)
            return from_preferences({name.removeprefix(_PREFIX): value for name, value, _ in found})
    return []


def default_profile(machine: Machine, folder: PurePath) -> PurePath | None:
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


def from_preferences(values: Preferences) -> list[ProxySettings]:
    """By network.proxy.type; without it, or with 5, Firefox follows the system and says nothing of its own."""
    kind, pac_url = values.get("type"), values.get("autoconfig_url")
    if kind in {_DIRECT, _DIRECT_TOO}:
        return [ProxySettings(SOURCE, "none")]
    if kind == _PAC and isinstance(pac_url, str) and pac_url:
        return [pac_settings(SOURCE, pac_url)]
    if kind == _AUTO_DETECT:
        return [ProxySettings(SOURCE, "auto_detect"), ProxySettings(SOURCE, "none")]
    if kind not in {_MANUAL, _PAC}:
        return []
    servers = _servers(values) if kind == _MANUAL else {}
    bypass = values.get("no_proxies_on")
    rules = suffix_rules(listed(bypass)) if isinstance(bypass, str) else ()
    return [ProxySettings(SOURCE, "manual", servers, rules) if servers else ProxySettings(SOURCE, "none")]


def _servers(values: Preferences) -> dict[str, tuple[Hop, ...]]:
    version: HopKind = "socks4" if values.get("socks_version") == _SOCKS_4 else "socks5"
    shared = values.get("share_proxy_settings") is True
    found = {
        "http": _server(values, "http", "http"),
        "https": _server(values, "http" if shared else "ssl", "http"),
        "socks": _server(values, "socks", version),
    }
    return {scheme: (hop,) for scheme, hop in found.items() if hop}


def _server(values: Preferences, name: str, kind: HopKind) -> Hop | None:
    host, port = values.get(name), usable_port(values.get(f"{name}_port"))
    if not isinstance(host, str) or not host or port is None:
        return None
    return server(f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}", kind)


def user_preferences(machine: Machine, profile: PurePath, prefix: str) -> Iterator[tuple[str, object, str]]:
    """Name, value and file of those that begin so: prefs.js, then user.js, which is read last and wins."""
    for file in ("prefs.js", "user.js"):
        for match in _LINE.finditer(text_of(machine, profile / file, _LARGEST_BYTE)):
            if not match["name"].startswith(prefix):
                continue
            try:
                # the file is JavaScript: its \xNN is all that JSON does not know
                value = json.loads(re.sub(r"\\x([0-9A-Fa-f]{2})", r"\\u00\1", match["value"]))
            except (ValueError, RecursionError):
                continue
            yield match["name"], value, file
