"""macOS: the settings of the network service in use, as `scutil --proxy` prints them."""

import re

from readycheck.host.proxy.parsing import pac_settings, server, usable_port
from readycheck.model.proxy import Hop, HopKind, ProxySettings

SCUTIL = ("scutil", "--proxy")
_SOURCE = "macOS network settings"
_ENTRY = re.compile(r"(?P<key>\S+) : (?P<value>.*)")
_KINDS: dict[str, tuple[str, HopKind]] = {
    "http": ("HTTP", "http"),
    "https": ("HTTPS", "http"),
    "socks": ("SOCKS", "socks5"),
}


def from_scutil(output: str) -> list[ProxySettings]:
    """Automatic discovery before a PAC file before servers, as the system tries them."""
    values, exceptions = _dictionary(output)
    if not values and not exceptions:
        return []
    found = []
    if values.get("ProxyAutoDiscoveryEnable") == "1":
        found.append(ProxySettings(_SOURCE, "auto_detect"))
    pac_url = values.get("ProxyAutoConfigURLString", "")
    if values.get("ProxyAutoConfigEnable") == "1" and pac_url:
        found.append(pac_settings(_SOURCE, pac_url))
    servers = {scheme: (hop,) for scheme in _KINDS if (hop := _server(values, scheme))}
    if not servers:
        return [*found, ProxySettings(_SOURCE, "none")]
    bypass = [_network(entry) for entry in exceptions]
    if values.get("ExcludeSimpleHostnames") == "1":
        bypass.append("<local>")
    return [*found, ProxySettings(_SOURCE, "manual", servers, tuple(bypass))]


def _server(values: dict[str, str], scheme: str) -> Hop | None:
    word, kind = _KINDS[scheme]
    host, port = values.get(f"{word}Proxy", ""), usable_port(values.get(f"{word}Port", ""))
    if values.get(f"{word}Enable") != "1" or not host:
        return None
    host = f"[{host}]" if ":" in host else host
    return server(host if port is None else f"{host}:{port}", kind)


def _dictionary(output: str) -> tuple[dict[str, str], list[str]]:
    """The entries of the outermost dictionary, and its list of exceptions; what is per interface is left out."""
    values: dict[str, str] = {}
    exceptions: list[str] = []
    opened: list[str] = []
    for line in map(str.strip, output.splitlines()):
        entry = _ENTRY.fullmatch(line)
        if line.endswith("{"):
            opened.append(entry["key"] if entry else "")
        elif line == "}":
            opened = opened[:-1]
        elif entry and len(opened) == 1:
            values[entry["key"]] = entry["value"]
        elif entry and opened[1:] == ["ExceptionsList"]:
            exceptions.append(entry["value"])
    return values, exceptions


def _network(entry: str) -> str:
    """`169.254/16` with all its octets."""
    match = re.fullmatch(r"(\d+(?:\.\d+){0,3})/(\d+)", entry)
    if not match:
        return entry
    octets = [*match[1].split("."), "0", "0", "0"][:4]
    return f"{'.'.join(octets)}/{match[2]}"
