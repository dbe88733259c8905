"""All sources in the order in which they win for a browser on this machine.

A browser's policy stands above the system's settings. Windows' and macOS' browsers never look at environment
variables; on Linux they do where no desktop says otherwise. What comes after the winner is listed all the same: other
programs follow it, and that difference is what a network team looks for.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

from readycheck.host.command import output_of
from readycheck.host.proxy import linux, macos, policies, windows
from readycheck.host.proxy.environment import from_environment
from readycheck.host.registry import WindowsRegistry
from readycheck.model.proxy import ProxySettings

_LARGEST_BYTE = 256 * 1024


def proxy_settings() -> list[ProxySettings]:
    """What is configured, the winner first; empty if nobody says anything. Blocks for some seconds at most."""
    if sys.platform == "win32":
        registry = WindowsRegistry()
        found = [*policies.from_registry(registry), *windows.from_registry(registry)]
        domains = windows.search_domains(registry)
    else:
        domains = linux.resolver_domains(_text(Path("/etc/resolv.conf")))
        found = _macos() if sys.platform == "darwin" else _linux()
    found += from_environment(os.environ)
    return [replace(setting, search_domains=domains) if setting.kind == "auto_detect" else setting for setting in found]


def _macos() -> list[ProxySettings]:
    return [*policies.from_plists(Path("/")), *macos.from_scutil(output_of(macos.SCUTIL))]


def _linux() -> list[ProxySettings]:
    found = policies.from_folders(Path("/"))
    match linux.desktop(os.environ):
        case "gnome":
            found += linux.from_gsettings(output_of(linux.GSETTINGS))
        case "kde":
            folder = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
            found += linux.from_kioslaverc(_text(Path(folder) / "kioslaverc"), os.environ)
    return found


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST_BYTE).decode("utf-8", "replace")
    except OSError:
        return ""
