"""Interfaces, name servers and ways of whatever machine is asked."""

from dataclasses import replace

from readycheck.host.machine import Machine
from readycheck.host.network import linux, macos, windows
from readycheck.host.network.known import steering_agents
from readycheck.host.network.listed import listed, literal
from readycheck.model.failure import FailureCode
from readycheck.model.network import Interface, Way

_ELSEWHERE = ("203.0.113.1", "2001:db8::1")
"""For documentation alone (RFC 5737, RFC 3849): nobody routes them apart from the rest, and nothing is sent there."""


def interfaces(machine: Machine) -> tuple[Interface, ...] | FailureCode:
    """Every interface, or why none is known."""
    entries = listed(machine)
    if isinstance(entries, FailureCode):
        return entries
    if machine.platform == "windows":
        found = windows.interfaces(entries)
    elif machine.platform == "macos":
        found = macos.interfaces(machine, entries)
    else:
        found = linux.interfaces(machine, entries)
    return tuple(_told_ppp(one, found) for one in found)


def _told_ppp(interface: Interface, others: list[Interface]) -> Interface:
    """PPP is a VPN's where another link has a gateway to carry it; alone it may be a modem or a DSL line."""
    if interface.sign != "ppp" or not interface.is_up:
        return interface
    carried = any(one.carries_others for one in others)
    return replace(interface, kind="virtual", is_vpn=True, sign="ppp over another link") if carried else interface


def dns_servers(machine: Machine, found: tuple[Interface, ...]) -> tuple[str, ...]:
    """The servers that are asked for names."""
    if machine.platform == "windows":
        return tuple(dict.fromkeys(server for one in found if one.is_up for server in one.dns_servers))
    return macos.dns_servers(machine) if machine.platform == "macos" else linux.dns_servers(machine)


def agents(machine: Machine) -> tuple[str, ...] | FailureCode:
    """Running products that may carry packets elsewhere than the routing table says."""
    processes = machine.processes()
    return FailureCode.COMPONENT_MISSING if processes is None else steering_agents(processes)


def way_to(machine: Machine, address: str, found: tuple[Interface, ...]) -> Way:
    """Where a packet to this literal address would leave; nothing is sent.

    The source address tells the interface, unless a tunnel borrows another's. Policies by port or program are not seen.
    """
    told = machine.source_address(address)
    if told.failure:
        return Way(address, failure=told.failure)
    source = literal(told.value)
    owners = [one for one in found if one.is_up and source and source in one.addresses]
    if source and machine.platform == "linux":
        unnumbered = [one for one in found if one.is_up and one.is_vpn is not False and not one.addresses]
        if unnumbered or len(owners) > 1:
            device = linux.device_to(machine, address)
            asked = [one for one in found if one.name == device]
            owners = asked or ([] if unnumbered else owners)
    vpn = {one.is_vpn for one in owners}
    return Way(address, source, owners[0].name if len(owners) == 1 else None, vpn.pop() if len(vpn) == 1 else None)


def default_ways(machine: Machine, found: tuple[Interface, ...]) -> tuple[Way, ...]:
    """Where whatever has no route of its own would leave, over IPv4 and over IPv6."""
    return tuple(way_to(machine, address, found) for address in _ELSEWHERE)


def default_sources(machine: Machine) -> tuple[str | None, ...]:
    """This machine's addresses on those ways."""
    return tuple(literal(machine.source_address(address).value) for address in _ELSEWHERE)
