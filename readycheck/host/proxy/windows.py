"""Windows: Internet Settings, per user or machine-wide as policy has it, and WinHTTP's own."""

import struct
from dataclasses import dataclass

from readycheck.host.proxy.parsing import listed, servers_by_scheme
from readycheck.host.registry import Registry, number_of, text_of
from readycheck.model.proxy import ProxySettings

USER = "HKEY_CURRENT_USER"
MACHINE = "HKEY_LOCAL_MACHINE"
SETTINGS = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
POLICIES = r"Software\Policies\Microsoft\Windows\CurrentVersion\Internet Settings"
_TCPIP = rf"{MACHINE}\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
_MANUAL, _PAC, _AUTO_DETECT = 2, 4, 8
_LARGEST_FIELD = 65536


@dataclass(frozen=True)
class ConnectionSettings:
    """The binary value that the settings dialogue writes (DefaultConnectionSettings, WinHttpSettings)."""

    flags: int
    servers: str
    bypass: str
    pac_url: str


def from_registry(registry: Registry) -> list[ProxySettings]:
    """Internet Settings first, which browsers follow; then WinHTTP, which services follow and browsers do not."""
    return [*_internet_settings(registry), *_winhttp(registry)]


def search_domains(registry: Registry) -> tuple[str, ...]:
    """This machine's domains: its own, that of DHCP, the search list."""
    values = registry.values(_TCPIP)
    names = [text_of(values.get(name)) for name in ("domain", "dhcpdomain", "searchlist")]
    return tuple(dict.fromkeys(domain for name in names for domain in listed(name)))


def _internet_settings(registry: Registry) -> list[ProxySettings]:
    per_machine = number_of(registry.values(rf"{MACHINE}\{POLICIES}").get("proxysettingsperuser")) == 0
    hive, whose = (MACHINE, "machine-wide") if per_machine else (USER, "per user")
    values = dict(registry.values(rf"{hive}\{SETTINGS}"))
    forced = {**registry.values(rf"{MACHINE}\{POLICIES}"), **registry.values(rf"{hive}\{POLICIES}")}
    forced.pop("proxysettingsperuser", None)
    values |= forced
    if not values:
        return []
    source = f"Windows Internet Settings, {whose}" + (" (policy)" if forced else "")
    blob = connection_settings(registry.values(rf"{hive}\{SETTINGS}\Connections").get("defaultconnectionsettings"))
    found = []
    detects = bool(blob.flags & _AUTO_DETECT) if blob else bool(number_of(values.get("autodetect")))
    if "autodetect" in forced:
        detects = bool(number_of(forced["autodetect"]))
    if detects:
        found.append(ProxySettings(source, "auto_detect"))
    pac_url = text_of(values.get("autoconfigurl"))
    if pac_url:
        found.append(ProxySettings(source, "pac", pac_url=pac_url))
    servers = servers_by_scheme(text_of(values.get("proxyserver")))
    if number_of(values.get("proxyenable")) and servers:
        bypass = listed(text_of(values.get("proxyoverride")))
        return [*found, ProxySettings(source, "manual", servers, bypass)]
    return [*found, ProxySettings(source, "none")]


def _winhttp(registry: Registry) -> list[ProxySettings]:
    values = registry.values(rf"{MACHINE}\{SETTINGS}\Connections")
    blob = connection_settings(values.get("winhttpsettings"))
    servers = servers_by_scheme(blob.servers) if blob and blob.flags & _MANUAL else {}
    return [ProxySettings("WinHTTP (services)", "manual", servers, listed(blob.bypass))] if blob and servers else []


def connection_settings(value: object) -> ConnectionSettings | None:
    """Version, counter, flags, then three texts, each after its length; None for what is cut or none at all."""
    if not isinstance(value, bytes):
        return None
    try:
        flags = struct.unpack_from("<I", value, 8)[0]
    except struct.error:
        return None
    texts, at = [], 12
    for _ in range(3):
        text = b""
        if at + 4 <= len(value):
            length = struct.unpack_from("<I", value, at)[0]
            if length > min(_LARGEST_FIELD, len(value) - at - 4):
                return None
            text, at = value[at + 4 : at + 4 + length], at + 4 + length
        texts.append(text.decode("utf-8", "replace").strip("\0 "))
    return ConnectionSettings(flags, *texts)
