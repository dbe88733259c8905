"""Under which conditions a run measures, and whether they stayed: sleep or another network spoils what is measured."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from readycheck.host.machine import Machine
from readycheck.host.network.interfaces import default_sources, interfaces, way_to
from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.model.network import Interface
from readycheck.model.report import Change
from readycheck.net.beside import within

SLEPT_S = 2.0
"""Less is no sleep, but two clocks that tick apart."""
_LIMIT_S = 2.0
_LONGEST_S = 1e10
"""No machine slept for three centuries."""
_NETWORK_BITS = 64  # of an IPv6 address: the rest is drawn anew every day (RFC 8981)


@dataclass(frozen=True)
class Conditions:
    """A look at the machine; None for what could not be told, which is never a change."""

    slept_s: float | None = None
    """Since it started."""
    tunnels: frozenset[str] | None = None
    """Those that are up and have an address, a VPN's or what could be one: other interfaces come and go for others."""
    sources: tuple[str | None, ...] | None = None
    """By which addresses packets leave by default."""
    ways: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    """By which address and interface packets leave for media's addresses."""

    def after(self, before: "Conditions") -> "Conditions":
        """These, and what could not be told now as it was told before."""
        return Conditions(
            slept_s=before.slept_s if self.slept_s is None else self.slept_s,
            tunnels=before.tunnels if self.tunnels is None else self.tunnels,
            sources=before.sources if self.sources is None else self.sources,
            ways={**before.ways, **self.ways},
        )


async def look(machine: Machine, destinations: Sequence[str] = ()) -> Conditions:
    """The conditions now. A machine that does not answer costs two seconds, and tells nothing."""
    try:
        return await within(_LIMIT_S, partial(_conditions, machine, destinations), "look at conditions")
    except OperationFailed:
        return Conditions()


def changes(before: Conditions, after: Conditions, probes: tuple[str, ...]) -> Iterator[Change]:
    """What changed between two looks, with the probes that it spoilt."""
    if before.slept_s is not None and after.slept_s is not None and after.slept_s - before.slept_s > SLEPT_S:
        yield Change("slept", probes, round(after.slept_s - before.slept_s, 1))
    tunnels = None not in (before.tunnels, after.tunnels) and before.tunnels != after.tunnels
    sources = None not in (before.sources, after.sources) and before.sources != after.sources
    both = before.ways.keys() & after.ways.keys()
    if tunnels or sources or any(_differ(before.ways[one], after.ways[one]) for one in both):
        yield Change("network_changed", probes)


def _differ(before: tuple[str | None, str | None], after: tuple[str | None, str | None]) -> bool:
    """Another source address, or another interface where both are told: an unnumbered tunnel borrows the address."""
    return before[0] != after[0] or (None not in (before[1], after[1]) and before[1] != after[1])


def _conditions(machine: Machine, destinations: Sequence[str]) -> Conditions:
    slept = machine.fact("slept_s").value
    entries = interfaces(machine)
    ways = [way_to(machine, address, () if isinstance(entries, FailureCode) else entries) for address in destinations]
    return Conditions(
        slept_s=float(slept) if _is_duration(slept) else None,
        tunnels=None if isinstance(entries, FailureCode) else frozenset(one.name for one in entries if _is_tunnel(one)),
        sources=tuple(_network(address) for address in default_sources(machine)),
        ways={way.address: (_network(way.source), way.interface) for way in ways},
    )


def _is_duration(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LONGEST_S


def _is_tunnel(interface: Interface) -> bool:
    return interface.is_up and interface.is_vpn is not False and bool(interface.addresses)


def _network(address: str | None) -> str | None:
    """An IPv4 address, or an IPv6 address's network."""
    if address is None or ":" not in address:
        return address
    return str(ipaddress.ip_network(f"{address}/{_NETWORK_BITS}", strict=False))
