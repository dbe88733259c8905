"""Linux desktops: GNOME and its kin (gsettings), KDE (kioslaverc)."""

import ast
import re
from collections.abc import Mapping

from readycheck.host.proxy.environment import from_environment
from readycheck.host.proxy.parsing import listed, server, suffix_rules, usable_port
from readycheck.model.proxy import Hop, HopKind, ProxySettings

GSETTINGS = ("gsettings", "list-recursively", "org.gnome.system.proxy")
_GNOME_DESKTOPS = {"gnome", "unity", "x-cinnamon", "cinnamon", "pantheon", "deepin", "ukui", "budgie"}
_GNOME_KINDS: dict[str, HopKind] = {"http": "http", "https": "http", "socks": "socks5"}
_KDE_NONE, _KDE_MANUAL, _KDE_PAC, _KDE_AUTO_DETECT, _KDE_ENVIRONMENT = "01234"


def desktop(environment: Mapping[str, str]) -> str:
    """`gnome`, `kde` or "", from the session's variables, as Chromium decides whom to ask."""
    names = set(environment.get("XDG_CURRENT_DESKTOP", "").lower().split(":"))
    if "kde" in names or environment.get("KDE_FULL_SESSION"):
        return "kde"
    return "gnome" if names & _GNOME_DESKTOPS else ""


def from_gsettings(output: str) -> list[ProxySettings]:
    """What `gsettings list-recursively org.gnome.system.proxy` printed; mode decides what counts."""
    values: dict[str, object] = {}
    for line in output.splitlines():
        schema, _, rest = line.partition(" ")
        key, _, text = rest.strip().partition(" ")
        values[f"{schema.removeprefix('org.gnome.system.proxy').lstrip('.')}/{key}"] = _variant(text)
    source, mode = "GNOME settings", values.get("/mode")
    pac_url = values.get("/autoconfig-url")
    if mode == "none":
        return [ProxySettings(source, "none")]
    if mode == "auto" and pac_url and isinstance(pac_url, str):
        return [ProxySettings(source, "pac", pac_url=pac_url)]
    if mode == "auto":
        return [ProxySettings(source, "auto_detect"), ProxySettings(source, "none")]
    servers = _gnome_servers(values) if mode == "manual" else {}
    ignored = values.get("/ignore-hosts")
    bypass = tuple(map(str, ignored)) if isinstance(ignored, list) else ()
    return [ProxySettings(source, "manual", servers, bypass)] if servers else []


def _gnome_servers(values: Mapping[str, object]) -> dict[str, tuple[Hop, ...]]:
    found: dict[str, tuple[Hop, ...]] = {}
    for scheme, kind in _GNOME_KINDS.items():
        host, port = values.get(f"{scheme}/host"), usable_port(values.get(f"{scheme}/port"))
        hop = server(f"{host}:{port}", kind) if host and port and isinstance(host, str) else None
        if hop:
            found[scheme] = (hop,)
    return found


def _variant(text: str) -> object:
    """A GVariant's text, which for texts, numbers and lists is Python's too."""
    plain = re.sub(r"^(@\w+|u?int(16|32|64))\s+", "", text.strip())
    try:
        return {"true": True, "false": False}[plain] if plain in {"true", "false"} else ast.literal_eval(plain)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def from_kioslaverc(text: str, environment: Mapping[str, str]) -> list[ProxySettings]:
    """What KDE's kioslaverc says; its type 4 names environment variables."""
    values = _section(text, "Proxy Settings")
    source, kind = "KDE settings", values.get("ProxyType", "")
    if kind == _KDE_NONE:
        return [ProxySettings(source, "none")]
    if kind == _KDE_PAC and (pac_url := values.get("Proxy Config Script", "")):
        place = f"file://{pac_url}" if pac_url.startswith("/") else pac_url
        return [ProxySettings(source, "pac", pac_url=place)]
    if kind == _KDE_AUTO_DETECT:
        return [ProxySettings(source, "auto_detect"), ProxySettings(source, "none")]
    if kind == _KDE_ENVIRONMENT:
        return _kde_environment(source, values, environment)
    servers = _kde_servers(values) if kind == _KDE_MANUAL else {}
    return [ProxySettings(source, "manual", servers, _kde_bypass(values))] if servers else []


def _kde_servers(values: Mapping[str, str]) -> dict[str, tuple[Hop, ...]]:
    kinds: dict[str, HopKind] = {"http": "http", "https": "http", "socks": "socks5"}
    # KDE separates the port by a space: "http://proxy 8080"
    found = {scheme: server(values.get(f"{scheme}Proxy", "").replace(" ", ":"), kind) for scheme, kind in kinds.items()}
    return {scheme: (hop,) for scheme, hop in found.items() if hop}


def _kde_bypass(values: Mapping[str, str]) -> tuple[str, ...]:
    return suffix_rules(listed(values.get("NoProxyFor", "")))


def _kde_environment(source: str, values: Mapping[str, str], environment: Mapping[str, str]) -> list[ProxySettings]:
    """Each value names the variables to look into."""
    names = {
        "httpProxy": "http_proxy",
        "httpsProxy": "https_proxy",
        "socksProxy": "socks_server",
        "NoProxyFor": "no_proxy",
    }
    meant = {
        plain: next((environment[name] for name in listed(values.get(key, "")) if environment.get(name)), "")
        for key, plain in names.items()
    }
    return [
        ProxySettings(f"{source}, {found.source}", found.kind, found.servers, found.bypass)
        for found in from_environment(meant)
    ]


def _section(text: str, name: str) -> dict[str, str]:
    """A section of a KDE file, without the [$e] marks of its keys."""
    values: dict[str, str] = {}
    inside = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            inside = line == f"[{name}]"
        elif inside and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            values[key.partition("[")[0].strip()] = value.strip()
    return values


def resolver_domains(resolv_conf: str) -> tuple[str, ...]:
    """The domains that /etc/resolv.conf searches."""
    words = [line.split() for line in resolv_conf.splitlines()]
    found = [domain for line in words if line and line[0] in {"search", "domain"} for domain in line[1:]]
    return tuple(dict.fromkeys(domain for domain in found if domain != "."))
