"""Linux desktops: GNOME and its kin (gsettings), KDE (kioslaverc)."""

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath, PurePosixPath

from readycheck.host.machine import Machine, home, text_of
from readycheck.host.proxy.environment import from_environment
from readycheck.host.proxy.parsing import listed, pac_settings, server, suffix_rules, usable_port
from readycheck.model.proxy import Hop, HopKind, ProxySettings

GSETTINGS = ("gsettings", "list-recursively", "org.gnome.system.proxy")
_GNOME_DESKTOPS = {"gnome", "unity", "x-cinnamon", "cinnamon", "pantheon", "deepin", "ukui", "budgie"}
_GNOME_KINDS: dict[str, HopKind] = {"http": "http", "https": "http", "socks": "socks5"}
_DCONF = "/system/proxy/"
_EVERY_KEY = "*"
_KDE_TRUE = {"true", "1", "yes", "on"}
_KDE_NONE, _KDE_MANUAL, _KDE_PAC, _KDE_AUTO_DETECT, _KDE_ENVIRONMENT = "01234"


def desktop(environment: Mapping[str, str]) -> str:
    """`gnome`, `kde` or "", from the session's variables, as Chromium decides whom to ask."""
    names = set(environment.get("XDG_CURRENT_DESKTOP", "").lower().split(":"))
    if "kde" in names or environment.get("KDE_FULL_SESSION"):
        return "kde"
    return "gnome" if names & _GNOME_DESKTOPS else ""


def locked_keys(machine: Machine) -> set[str]:
    """The proxy keys that an administrator locked: GNOME's policies."""
    paths = machine.paths("/etc/dconf/db/*.d/locks/*")
    lines = [line.strip() for path in paths for line in text_of(machine, path).splitlines()]
    return {line.removeprefix(_DCONF) for line in lines if line.startswith(_DCONF)}


def from_gsettings(output: str, *, locked: Iterable[str] = ()) -> list[ProxySettings]:
    """What `gsettings list-recursively org.gnome.system.proxy` printed; mode decides what counts.

    It prints what is in force: a locked key's mandatory value and not the user's. `use-same-proxy` and each scheme's
    `enabled` are written by nobody's dialogue, and Chromium ignores them as well.
    """
    values: dict[str, object] = {}
    for line in output.splitlines():
        schema, _, rest = line.partition(" ")
        key, _, text = rest.strip().partition(" ")
        values[f"{schema.removeprefix('org.gnome.system.proxy').lstrip('.')}/{key}"] = _variant(text)
    source, mode = "GNOME settings (policy)" if {*locked} else "GNOME settings", values.get("/mode")
    pac_url = values.get("/autoconfig-url")
    if mode == "none":
        return [ProxySettings(source, "none")]
    if mode == "auto" and pac_url and isinstance(pac_url, str):
        return [pac_settings(source, pac_url)]
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


def kioslaverc_paths(machine: Machine) -> list[PurePath]:
    """The system's files, those that win last, then the user's."""
    system = (machine.environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
    user = machine.environment.get("XDG_CONFIG_HOME") or str(home(machine) / ".config")
    return [PurePosixPath(folder) / "kioslaverc" for folder in (*reversed(system), user) if folder]


def from_kioslaverc(texts: Sequence[str], environment: Mapping[str, str]) -> list[ProxySettings]:
    """What KDE's kioslaverc files say, later ones winning; type 4 names environment variables."""
    values, source = _kde_values(texts)
    kind = values.get("ProxyType", "")
    if kind == _KDE_NONE:
        return [ProxySettings(source, "none")]
    if kind == _KDE_PAC and (pac_url := values.get("Proxy Config Script", "")):
        place = f"file://{pac_url}" if pac_url.startswith("/") else pac_url
        return [pac_settings(source, place)]
    if kind == _KDE_AUTO_DETECT:
        return [ProxySettings(source, "auto_detect"), ProxySettings(source, "none")]
    if kind == _KDE_ENVIRONMENT:
        return _kde_environment(source, values, environment)
    servers = _kde_servers(values) if kind == _KDE_MANUAL else {}
    only_listed = values.get("ReversedException", "").lower() in _KDE_TRUE
    source += ", for the listed hosts alone" if only_listed else ""
    found = ProxySettings(source, "manual", servers, _kde_bypass(values), bypass_reversed=only_listed)
    return [found] if servers else []


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


def _kde_values(texts: Sequence[str]) -> tuple[dict[str, str], str]:
    """The merged section and its source; what an earlier file marks immutable, [$i], no later one changes."""
    values: dict[str, str] = {}
    locked: set[str] = set()
    for text in texts:
        found, marked = _section(text, "Proxy Settings")
        values |= {key: value for key, value in found.items() if not locked & {key, _EVERY_KEY}}
        locked |= marked
    return values, "KDE settings (policy)" if locked else "KDE settings"


def _section(text: str, name: str) -> tuple[dict[str, str], set[str]]:
    """A section of a KDE file without the marks of its keys, and the keys marked immutable ("*" for all)."""
    values: dict[str, str] = {}
    marked: set[str] = set()
    inside = False
    for number, line in enumerate(map(str.strip, text.splitlines())):
        if line.startswith("["):
            plain, _, mark = line.partition("[$")
            inside = plain == f"[{name}]"
            if "i" in mark and (inside or (number == 0 and not plain)):
                marked.add(_EVERY_KEY)
        elif inside and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            plain, _, mark = key.partition("[$")
            values[plain.partition("[")[0].strip()] = value.strip()
            if "i" in mark:
                marked.add(plain.strip())
    return values, marked


def resolver_domains(resolv_conf: str) -> tuple[str, ...]:
    """The domains that /etc/resolv.conf searches."""
    words = [line.split() for line in resolv_conf.splitlines()]
    found = [domain for line in words if line and line[0] in {"search", "domain"} for domain in line[1:]]
    return tuple(dict.fromkeys(domain for domain in found if domain != "."))
