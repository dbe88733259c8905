"""Proxies that an administrator prescribes to a browser: Chrome, Edge, Chromium, Firefox.

Policies stand above the system's settings, for that browser alone. On Windows they are registry keys, on Linux JSON
files, on macOS property lists.
"""

import json
import plistlib
from collections.abc import Mapping
from typing import Any
from xml.parsers.expat import ExpatError

from readycheck.host.machine import Machine
from readycheck.host.proxy.parsing import listed, pac_settings, server, servers_by_scheme, usable_port
from readycheck.host.registry import Registry
from readycheck.model.proxy import Hop, HopKind, ProxySettings

Policies = Mapping[str, Any]

_REGISTRY = {
    "Chrome": r"Software\Policies\Google\Chrome",
    "Edge": r"Software\Policies\Microsoft\Edge",
    "Chromium": r"Software\Policies\Chromium",
}
_FIREFOX_REGISTRY = r"Software\Policies\Mozilla\Firefox\Proxy"
_FOLDERS = {
    "Chrome": "/etc/opt/chrome/policies/managed",
    "Edge": "/etc/opt/edge/policies/managed",
    "Chromium": "/etc/chromium/policies/managed",
}
_FIREFOX_FILES = ("/etc/firefox/policies/policies.json", "/usr/lib/firefox/distribution/policies.json")
_PLISTS = {"Chrome": "com.google.Chrome", "Edge": "com.microsoft.Edge", "Chromium": "org.chromium.Chromium"}
_PREFERENCES = "/Library/Managed Preferences"
_FIREFOX_PLIST = "org.mozilla.firefox"


def from_registry(registry: Registry) -> list[ProxySettings]:
    """Windows: the machine's policies above the user's."""
    found = []
    for browser, path in _REGISTRY.items():
        found += chromium_settings(f"{browser} policy", _merged(registry, path))
    return found + firefox_settings("Firefox policy", _merged(registry, _FIREFOX_REGISTRY))


def from_folders(machine: Machine) -> list[ProxySettings]:
    """Linux: every JSON file of a browser's folder, later names winning."""
    found = []
    for browser, folder in _FOLDERS.items():
        policies: dict[str, Any] = {}
        for path in machine.paths(f"{folder}/*.json"):
            policies |= _json_file(machine, path)
        found += chromium_settings(f"{browser} policy", policies)
    for name in _FIREFOX_FILES:
        firefox = _mapping(_mapping(_json_file(machine, name).get("policies")).get("Proxy"))
        found += firefox_settings("Firefox policy", firefox)
    return found


def from_plists(machine: Machine) -> list[ProxySettings]:
    """macOS: what a device management wrote."""
    found = []
    for browser, name in _PLISTS.items():
        found += chromium_settings(f"{browser} policy", _plist_file(machine, name))
    firefox = _mapping(_plist_file(machine, _FIREFOX_PLIST).get("Proxy"))
    return found + firefox_settings("Firefox policy", firefox)


def chromium_settings(source: str, policies: Policies) -> list[ProxySettings]:
    """ProxySettings, or the older ProxyMode, ProxyServer, ProxyPacUrl, ProxyBypassList."""
    nested = policies.get("proxysettings", policies.get("ProxySettings"))
    values = {key.lower(): value for key, value in (_mapping(_parsed(nested)) or policies).items()}
    mode = str(values.get("proxymode", "")).lower()
    servers = servers_by_scheme(_text(values.get("proxyserver")))
    pac_url = _text(values.get("proxypacurl"))
    if not mode:
        mode = "pac_script" if pac_url else "fixed_servers" if servers else ""
    if mode == "direct":
        return [ProxySettings(source, "none")]
    if mode == "auto_detect":
        return [ProxySettings(source, "auto_detect"), ProxySettings(source, "none")]
    if mode == "pac_script" and pac_url:
        return [pac_settings(source, pac_url)]
    if mode == "fixed_servers" and servers:
        return [ProxySettings(source, "manual", servers, listed(_text(values.get("proxybypasslist"))))]
    return []  # "system", or nothing that makes sense: the system's settings count


def firefox_settings(source: str, policies: Policies) -> list[ProxySettings]:
    """Firefox' Proxy policy: Mode and what belongs to it."""
    values = {key.lower(): value for key, value in policies.items()}
    mode = str(values.get("mode", "")).lower()
    pac_url = _text(values.get("autoconfigurl"))
    if mode == "none":
        return [ProxySettings(source, "none")]
    if mode == "autodetect":
        return [ProxySettings(source, "auto_detect"), ProxySettings(source, "none")]
    if mode == "autoconfig" and pac_url:
        return [pac_settings(source, pac_url)]
    servers = _firefox_servers(values)
    if mode == "manual" and servers:
        return [ProxySettings(source, "manual", servers, listed(_text(values.get("passthrough"))))]
    return []


def _firefox_servers(values: Policies) -> dict[str, tuple[Hop, ...]]:
    version: HopKind = "socks4" if usable_port(values.get("socksversion")) == 4 else "socks5"  # noqa: PLR2004 - SOCKS 4
    found = {
        "http": server(_text(values.get("httpproxy"))),
        "https": server(_text(values.get("sslproxy"))),
        "socks": server(_text(values.get("socksproxy")), version),
    }
    if str(values.get("usehttpproxyforallprotocols", "")).lower() in {"1", "true"}:
        found = {"all": found["http"]}
    return {scheme: (hop,) for scheme, hop in found.items() if hop}


def _merged(registry: Registry, path: str) -> dict[str, Any]:
    return {**registry.values(rf"HKEY_CURRENT_USER\{path}"), **registry.values(rf"HKEY_LOCAL_MACHINE\{path}")}


def _text(value: object) -> str:
    return ";".join(map(str, value)) if isinstance(value, list) else value if isinstance(value, str) else ""


def _mapping(value: object) -> dict[str, Any]:
    return {str(key): inner for key, inner in value.items()} if isinstance(value, dict) else {}


def _parsed(value: object) -> object:
    """The registry holds mappings as JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _json_file(machine: Machine, path: str) -> dict[str, Any]:
    try:
        return _mapping(json.loads((machine.content(path) or b"").decode("utf-8-sig")))
    except (ValueError, RecursionError):
        return {}


def _plist_file(machine: Machine, name: str) -> dict[str, Any]:
    try:
        return _mapping(plistlib.loads(machine.content(f"{_PREFERENCES}/{name}.plist") or b""))
    except (ValueError, ExpatError, plistlib.InvalidFileException):
        return {}
