"""Windows: Internet Settings, per user or machine-wide as policy has it, and WinHTTP's own."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from readycheck.host.context import WrongUser
from readycheck.host.proxy.parsing import listed, pac_settings, servers_by_scheme
from readycheck.host.registry import Registry, Value, number_of, text_of
from readycheck.model.proxy import ProxySettings

USER = "HKEY_CURRENT_USER"
MACHINE = "HKEY_LOCAL_MACHINE"
SETTINGS = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
POLICIES = r"Software\Policies\Microsoft\Windows\CurrentVersion\Internet Settings"
_TCPIP = rf"{MACHINE}\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
_NAMES = ("proxyenable", "proxyserver", "proxyoverride", "autoconfigurl", "autodetect")
_MANUAL, _PAC, _AUTO_DETECT = 2, 4, 8
_LARGEST_FIELD = 65536
_WINHTTP = "WinHTTP (services)"
_ACCOUNTS: dict[WrongUser, str] = {
    "system": "the account SYSTEM",
    "service": "a service's account",
    "root": "the account root",
    "other_user": "another account",
}


@dataclass(frozen=True)
class ConnectionSettings:
    """The binary value that the settings dialogue writes (DefaultConnectionSettings, WinHttpSettings)."""

    flags: int
    servers: str
    bypass: str
    pac_url: str


def from_registry(registry: Registry, wrong: WrongUser | None = None) -> list[ProxySettings]:
    """Internet Settings first, which browsers follow; then WinHTTP, which services follow and browsers do not."""
    return [*_internet_settings(registry, wrong), *_winhttp(registry)]


def search_domains(registry: Registry) -> tuple[str, ...]:
    """This machine's domains: its own, that of DHCP, the search list."""
    values = registry.values(_TCPIP)
    names = [text_of(values.get(name)) for name in ("domain", "dhcpdomain", "searchlist")]
    return tuple(dict.fromkeys(domain for name in names for domain in listed(name)))


def _internet_settings(registry: Registry, wrong: WrongUser | None) -> list[ProxySettings]:
    per_machine = number_of(registry.values(rf"{MACHINE}\{POLICIES}").get("proxysettingsperuser")) == 0
    hive, whose = (MACHINE, "machine-wide") if per_machine else (USER, "per user")
    if wrong and not per_machine:
        whose = f"of {_ACCOUNTS[wrong]}, not of the person who works here"
    held = registry.values(rf"{hive}\{SETTINGS}")
    forced = _named(registry.values(rf"{MACHINE}\{POLICIES}")) | _named(registry.values(rf"{hive}\{POLICIES}"))
    blob = _dialogue(registry.values(rf"{hive}\{SETTINGS}\Connections"))
    values = {**_mirrored(blob), **_named(held), **forced}
    if not held and not values:
        return []
    source = f"Windows Internet Settings, {whose}" + (" (policy)" if forced else "")
    detects = bool(blob.flags & _AUTO_DETECT) if blob else bool(number_of(values.get("autodetect")))
    if "autodetect" in forced:
        detects = bool(number_of(forced["autodetect"]))
    found = [ProxySettings(source, "auto_detect")] if detects else []
    pac_url = text_of(values.get("autoconfigurl"))
    if pac_url:
        found.append(pac_settings(source, pac_url))
    servers = servers_by_scheme(text_of(values.get("proxyserver")))
    if number_of(values.get("proxyenable")) and servers:
        bypass = listed(text_of(values.get("proxyoverride")))
        return [*found, ProxySettings(source, "manual", servers, bypass)]
    return [*found, ProxySettings(source, "none")]


def _named(values: Mapping[str, Value]) -> dict[str, Value]:
    """What is about proxies: the key holds much else."""
    return {name: values[name] for name in _NAMES if name in values}


def _dialogue(values: Mapping[str, Value]) -> ConnectionSettings | None:
    """The local network's binary value; SavedLegacySettings is its older twin."""
    return connection_settings(values.get("defaultconnectionsettings")) or connection_settings(
        values.get("savedlegacysettings")
    )


def _mirrored(blob: ConnectionSettings | None) -> dict[str, Value]:
    """The single values that the dialogue writes beside the binary one: what a script that wrote just that left out."""
    if blob is None or not (blob.servers or blob.pac_url):
        return {}
    mirrored: dict[str, Value] = {"proxyenable": int(bool(blob.flags & _MANUAL))}
    mirrored |= {"proxyserver": blob.servers, "proxyoverride": blob.bypass} if blob.servers else {}
    return mirrored | ({"autoconfigurl": blob.pac_url} if blob.flags & _PAC else {})


def _winhttp(registry: Registry) -> list[ProxySettings]:
    """What `netsh winhttp` sets. Flags 1 and 3 were seen by others; that 4 and 8 mean the same here is assumed."""
    blob = connection_settings(registry.values(rf"{MACHINE}\{SETTINGS}\Connections").get("winhttpsettings"))
    if blob is None:
        return []
    found = [ProxySettings(_WINHTTP, "auto_detect")] if blob.flags & _AUTO_DETECT else []
    if blob.flags & _PAC and blob.pac_url:
        found.append(pac_settings(_WINHTTP, blob.pac_url))
    servers = servers_by_scheme(blob.servers) if blob.flags & _MANUAL else {}
    return [*found, ProxySettings(_WINHTTP, "manual", servers, listed(blob.bypass))] if servers else found


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
