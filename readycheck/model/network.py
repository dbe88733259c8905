"""How this machine hangs on the network: its interfaces, and by which of them a packet would leave."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from readycheck.model.failure import FailureCode

LinkKind = Literal["ethernet", "wifi", "cellular", "loopback", "virtual", "unknown"]
"""`virtual`: made by software, as in a virtual machine, a container or a tunnel; nobody there sees the real link."""


@dataclass(frozen=True)
class Interface:
    """One network interface. `sign` is what its kind, and that it is a VPN's, rest on."""

    name: str
    kind: LinkKind = "unknown"
    is_up: bool = False
    is_vpn: bool | None = None
    """None: it could be a VPN's tunnel, and nothing proves it."""
    sign: str = ""
    description: str | None = None
    speed_bps: int | None = None
    mtu_byte: int | None = None
    addresses: tuple[str, ...] = ()
    """Without those that hold on the link alone (RFC 3927, RFC 4291 section 2.5.6)."""
    gateways: tuple[str, ...] = ()
    """Of its default routes."""
    metric: int | None = None
    """Of its default route, where the system tells it: the lowest wins."""
    dns_servers: tuple[str, ...] = ()

    @property
    def carries_others(self) -> bool:
        """Whether a tunnel may lie on it: it is up, no tunnel itself, and leads somewhere."""
        return self.is_up and self.is_vpn is False and bool(self.addresses and self.gateways)


@dataclass(frozen=True)
class Way:
    """Where a packet to an address would leave, by the routing table; nothing was sent."""

    address: str
    source: str | None = None
    """This machine's address on it; None without a failure: there is no route."""
    interface: str | None = None
    via_vpn: bool | None = None
    failure: FailureCode | None = None
    """Why nothing is known of it: a captured machine was never asked."""


@dataclass(frozen=True)
class Wifi:
    """The radio link, without its name and its access point. A signal without dBm is told in per cent."""

    signal_dbm: float | None = None
    signal_percent: int | None = None
    channel: int | None = None
    band_ghz: float | None = None
    speed_bps: int | None = None
    failure: FailureCode | None = None


@dataclass(frozen=True)
class GatewayEcho:
    """Echo requests to the first router (RFC 792, RFC 4443); `below`: its answers came within less than was shown."""

    address: str
    rtt_ms: tuple[float, ...] = ()
    below: bool = False
    failure: FailureCode | None = None


def named(interfaces: Iterable[Interface], name: str | None) -> Interface | None:
    """The interface of this name."""
    return next((one for one in interfaces if name is not None and one.name == name), None)


def carrier(interfaces: Sequence[Interface], ways: Iterable[Way]) -> Interface | None:
    """The link that carries the first of these ways, beneath a VPN if it takes one; None if nobody can tell."""
    first = next((found for way in ways if (found := named(interfaces, way.interface))), None)
    if first is None or not first.is_vpn:
        return first
    beneath = [one for one in interfaces if one.carries_others]
    metrics = sorted(one.metric for one in beneath if one.metric is not None)
    if len(beneath) > 1 and len(metrics) == len(beneath) and metrics[0] < metrics[1]:
        return next(one for one in beneath if one.metric == metrics[0])
    return beneath[0] if len(beneath) == 1 else None
