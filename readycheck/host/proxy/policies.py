"""Proxies that an administrator prescribes to a browser: Chrome, Edge, Chromium, Firefox.

Policies stand above the system's settings, for that browser alone.
"""

import json
from collections.abc import Mapping
from typing import Any

from readycheck.host.browser.found import Name
from readycheck.host.browser.policies import policies
from readycheck.host.machine import Machine
from readycheck.host.proxy.parsing import listed, pac_settings, server, servers_by_scheme, usable_port
from readycheck.model.proxy import Hop, HopKind, ProxySettings

Policies = Mapping[str, Any]

_CHROMIUMS: dict[str, Name] = {"Chrome": "chrome", "Edge": "edge", "Chromium": "chromium"}


def from_policies(machine: Machine) -> list[ProxySettings]:
    """What each browser is prescribed, Firefox last; what is only recommended to it is the user's own affair."""
    found = []
    for browser, name in _CHROMIUMS.items():
        found += chromium_settings(f"{browser} policy", _prescribed(machine, name))
    return found + firefox_settings("Firefox policy", _mapping(_prescribed(machine, "firefox").get("proxy")))


def _prescribed(machine: Machine, browser: Name) -> Policies:
    """By name in lower case: the registry knows no other."""
    placed = policies(machine, browser)
    return {name.lower(): one.value for name, one in placed.items() if not one.is_recommended}


def chromium_settings(source: str, policies: Policies) -> list[ProxySettings]:
    """ProxySettings, or the older ProxyMode, ProxyServer, ProxyPacUrl, ProxyBypassList."""
    single = {key.lower(): value for key, value in policies.items()}
    nested = _mapping(_parsed(single.get("proxysettings")))
    values = {key.lower(): value for key, value in nested.items()} or single
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
