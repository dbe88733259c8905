"""All sources in the order in which they win for a browser on this machine.

A browser's policy stands above the system's settings. Windows' and macOS' browsers never look at environment
variables; on Linux they do where no desktop says otherwise. What comes after the winner is listed all the same: other
programs follow it, and that difference is what a network team looks for.

One answer is worked out, and it is Chrome's and Edge's: what Firefox alone follows, its preferences, is named so and
stands last, behind an end of the list that is there even if nobody else says anything.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from readycheck.host.command import output_of
from readycheck.host.files import text_of_file
from readycheck.host.proxy import dhcp, firefox, linux, macos, policies, windows
from readycheck.host.proxy.environment import from_environment
from readycheck.host.registry import WindowsRegistry
from readycheck.model.proxy import ProxySettings

_NOBODY = "nothing is configured"


def proxy_settings() -> list[ProxySettings]:
    """What is configured, the winner first; empty if nobody says anything. Blocks for some seconds at most."""
    if sys.platform == "win32":
        registry = WindowsRegistry()
        account = windows.account(os.environ)
        found = [*policies.from_registry(registry), *windows.from_registry(registry, account)]
        domains = windows.search_domains(registry)
    else:
        domains = linux.resolver_domains(text_of_file(Path("/etc/resolv.conf")))
        found = _macos() if sys.platform == "darwin" else _linux()
    found += from_environment(os.environ)
    found = with_firefox(found, firefox.from_profiles(firefox.folders(sys.platform, _home(), os.environ)))
    return _with_places(found, domains)


def with_firefox(found: Sequence[ProxySettings], own: Sequence[ProxySettings]) -> list[ProxySettings]:
    """Firefox' own sources at the end, where they never win for another browser."""
    decided = any(setting.kind != "auto_detect" for setting in found)
    end = [ProxySettings(_NOBODY, "none")] if own and not decided else []
    return [*found, *end, *own]


def _with_places(found: Sequence[ProxySettings], domains: tuple[str, ...]) -> list[ProxySettings]:
    """Where automatic detection is to look; the system is asked for its DHCP lease only if anybody detects."""
    if all(setting.kind != "auto_detect" for setting in found):
        return [*found]
    url = _dhcp_pac_url()
    return [
        replace(setting, search_domains=domains, dhcp_pac_url=url) if setting.kind == "auto_detect" else setting
        for setting in found
    ]


def _dhcp_pac_url() -> str | None:
    now = datetime.now(UTC)
    if sys.platform == "win32":
        return dhcp.from_registry(WindowsRegistry(), now)
    if sys.platform == "darwin":
        command = dhcp.macos_packet_command(output_of(dhcp.ROUTE))
        return dhcp.from_macos_packet(output_of(command)) if command else None
    return dhcp.from_network_manager(output_of(dhcp.NMCLI)) or dhcp.from_lease_files(Path("/"), now)


def _macos() -> list[ProxySettings]:
    return [*policies.from_plists(Path("/")), *macos.from_scutil(output_of(macos.SCUTIL))]


def _linux() -> list[ProxySettings]:
    found = policies.from_folders(Path("/"))
    match linux.desktop(os.environ):
        case "gnome":
            found += linux.from_gsettings(output_of(linux.GSETTINGS), locked=linux.locked_keys(Path("/")))
        case "kde":
            texts = [text_of_file(path) for path in linux.kioslaverc_paths(os.environ, _home())]
            found += linux.from_kioslaverc(texts, os.environ)
    return found


def _home() -> Path:
    """The user's folder; the root for one who has none, as in a container under a number of its own."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")
