"""All sources in the order in which they win for a browser on this machine.

A browser's policy stands above the system's settings. Windows' and macOS' browsers never look at environment
variables; on Linux they do where no desktop says otherwise. What comes after the winner is listed all the same: other
programs follow it, and that difference is what a network team looks for.

One answer is worked out, and it is Chrome's and Edge's: what Firefox alone follows, its preferences, is named so and
stands last, behind an end of the list that is there even if nobody else says anything.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from readycheck.host.context import wrong_user
from readycheck.host.machine import Machine, printed, text_of
from readycheck.host.proxy import dhcp, firefox, linux, macos, policies, windows
from readycheck.host.proxy.environment import from_environment
from readycheck.model.proxy import ProxySettings

_NOBODY = "nothing is configured"


def proxy_settings(machine: Machine) -> list[ProxySettings]:
    """What is configured, the winner first; empty if nobody says anything. Blocks for some seconds at most."""
    found = policies.from_policies(machine)
    if machine.platform == "windows":
        found += windows.from_registry(machine.registry, wrong_user(machine))
        domains = windows.search_domains(machine.registry)
    else:
        domains = linux.resolver_domains(text_of(machine, "/etc/resolv.conf"))
        found += (
            macos.from_scutil(printed(machine, *macos.SCUTIL)) if machine.platform == "macos" else _desktop(machine)
        )
    found += from_environment(machine.environment)
    found = with_firefox(found, firefox.from_profiles(machine, firefox.folders(machine)))
    return _with_places(machine, found, domains)


def with_firefox(found: Sequence[ProxySettings], own: Sequence[ProxySettings]) -> list[ProxySettings]:
    """Firefox' own sources at the end, where they never win for another browser."""
    decided = any(setting.kind != "auto_detect" for setting in found)
    end = [ProxySettings(_NOBODY, "none")] if own and not decided else []
    return [*found, *end, *own]


def _with_places(machine: Machine, found: Sequence[ProxySettings], domains: tuple[str, ...]) -> list[ProxySettings]:
    """Where automatic detection is to look; the system is asked for its DHCP lease only if anybody detects."""
    if all(setting.kind != "auto_detect" for setting in found):
        return [*found]
    url = _dhcp_pac_url(machine)
    return [
        replace(setting, search_domains=domains, dhcp_pac_url=url) if setting.kind == "auto_detect" else setting
        for setting in found
    ]


def _dhcp_pac_url(machine: Machine) -> str | None:
    now = datetime.now(UTC)
    if machine.platform == "windows":
        return dhcp.from_registry(machine.registry, now)
    if machine.platform == "macos":
        command = dhcp.macos_packet_command(printed(machine, *dhcp.ROUTE))
        return dhcp.from_macos_packet(printed(machine, *command)) if command else None
    return dhcp.from_network_manager(printed(machine, *dhcp.NMCLI)) or dhcp.from_lease_files(machine, now)


def _desktop(machine: Machine) -> list[ProxySettings]:
    match linux.desktop(machine.environment):
        case "gnome":
            return linux.from_gsettings(printed(machine, *linux.GSETTINGS), locked=linux.locked_keys(machine))
        case "kde":
            texts = [text_of(machine, path) for path in linux.kioslaverc_paths(machine)]
            return linux.from_kioslaverc(texts, machine.environment)
    return []
