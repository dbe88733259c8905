"""What is known of this workstation's network, and the metrics that a profile may name."""

from dataclasses import dataclass
from statistics import median
from typing import ClassVar, Literal

from readycheck.model.evidence import Evidence, Interval, Quantity, metric_of
from readycheck.model.failure import Failure, FailureCode, commonest
from readycheck.model.network import GatewayEcho, Interface, Way, Wifi, named

Role = Literal["media", "signalling"]


@dataclass(frozen=True)
class Target:
    """One host of the profile, or the first address of a network of its media, and the ways to its addresses."""

    role: Role
    host: str
    ways: tuple[Way, ...] = ()
    failure: Failure | None = None


@dataclass(frozen=True)
class NetworkEvidence(Evidence):
    """Interfaces that are up, and which of them a packet would take; `carrier` is the link beneath media."""

    sparse: ClassVar[bool] = True

    interfaces: tuple[Interface, ...] = ()
    default_ways: tuple[Way, ...] = ()
    targets: tuple[Target, ...] = ()
    carrier: str | None = None
    gateway: GatewayEcho | None = None
    wifi: Wifi | None = None
    dns_servers: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    """Running products that may take packets elsewhere than the routing table says."""
    failures: tuple[Failure, ...] = ()
    interfaces_left_out: int = 0
    """Those that are up as well, none of which carries a target."""

    @metric_of("text")
    def link(self) -> Quantity:
        """Link that media takes, beneath a VPN: ethernet, wifi, cellular, loopback, virtual (a virtual machine's)."""
        kind = self._carrier.kind if self._carrier else "unknown"
        return self._unknown() if kind == "unknown" else Quantity(kind)

    @metric_of("bit/s")
    def link_speed_bps(self) -> Quantity:
        """Speed at which that link says it sends."""
        told = (self.wifi and self.wifi.speed_bps) or (self._carrier and self._carrier.speed_bps)
        return Quantity(told) if told else self._unknown()

    @metric_of("dBm")
    def wifi_signal_dbm(self) -> Quantity:
        """Wi-Fi signal of that link; with bounds where the system tells per cent alone (-100 dBm to -50 dBm)."""
        seen = self.wifi
        if seen is None or (seen.signal_dbm is None and seen.signal_percent is None):
            return self._no_wifi()
        if seen.signal_dbm is not None:
            return Quantity(seen.signal_dbm)
        percent = seen.signal_percent or 0
        value = percent / 2 - 100
        low, high = value - 0.25 if percent > 0 else None, value + 0.25 if percent < 100 else None  # noqa: PLR2004
        return Quantity(value, Interval(low, high))

    @metric_of("number")
    def wifi_band_ghz(self) -> Quantity:
        """Wi-Fi band of that link: 2.4, 5 or 6."""
        return Quantity(self.wifi.band_ghz) if self.wifi and self.wifi.band_ghz else self._no_wifi()

    @metric_of("number")
    def wifi_channel(self) -> Quantity:
        """Wi-Fi channel of that link."""
        return Quantity(self.wifi.channel) if self.wifi and self.wifi.channel else self._no_wifi()

    @metric_of("ms")
    def gateway_rtt_ms(self) -> Quantity:
        """Echo of the first router on that link, median; null if it does not answer, as many do not."""
        if self.gateway is None:
            in_lab = self._carrier is not None and self._carrier.kind == "loopback"
            return Quantity(None, reason=FailureCode.NOT_CONFIGURED if in_lab else FailureCode.NETWORK_UNREACHABLE)
        if not self.gateway.rtt_ms:
            return Quantity(None, reason=self.gateway.failure)
        value = median(self.gateway.rtt_ms)
        return Quantity(value, Interval(0.0, value) if self.gateway.below else None)

    @metric_of("bool")
    def vpn_active(self) -> Quantity:
        """Whether a VPN's tunnel is up; null where something may be one, or may steer packets without one."""
        taken = {way.interface for way in (*self.default_ways, *(way for one in self.targets for way in one.ways))}
        used = [one for one in self.interfaces if one.is_up and (one.addresses or one.name in taken)]
        tunnels = [one.is_vpn for one in used if one.kind != "loopback"]
        if any(tunnels):
            return Quantity(value=True)
        if not self.interfaces or None in tunnels or not self._sees_all:
            return self._unknown(FailureCode.NOT_PROVEN)
        return Quantity(value=False)

    @metric_of("text")
    def vpn_tunnel(self) -> Quantity:
        """What the VPN takes: none (there is none), full (all without a route of its own, IPv4 and IPv6), split."""
        active = self.vpn_active
        if active.value is not True:
            return Quantity("none") if active.value is False else active
        ways = [way.via_vpn for way in self.default_ways if way.source]
        return Quantity("full" if ways and all(ways) else "split")

    @metric_of("bool")
    def media_via_vpn(self) -> Quantity:
        """Whether media goes through the VPN: to every relay and network of media, or to none; null if to some."""
        return _all_or_none(self._vpn_ratio("media"))

    @metric_of("ratio")
    def media_via_vpn_ratio(self) -> Quantity:
        """Share of the ways to relays and networks of media that go through the VPN."""
        return self._vpn_ratio("media")

    @metric_of("bool")
    def signalling_via_vpn(self) -> Quantity:
        """Whether signalling goes through the VPN where it takes no proxy: to every target, or to none."""
        return _all_or_none(self._vpn_ratio("signalling"))

    @property
    def _carrier(self) -> Interface | None:
        return named(self.interfaces, self.carrier)

    @property
    def _sees_all(self) -> bool:
        """Whether the routing table alone says where packets go."""
        return not self.agents and not any(failure.operation == "list processes" for failure in self.failures)

    def _vpn_ratio(self, role: Role) -> Quantity:
        own = [target for target in self.targets if target.role == role]
        if not own:
            return Quantity(None, reason=FailureCode.NOT_CONFIGURED)
        if failed := commonest([target.failure for target in own if target.failure]):
            return Quantity(None, reason=failed)
        ways = [way.via_vpn for target in own for way in target.ways if way.source or way.failure]
        if not ways and all(target.ways for target in own):
            return Quantity(None, reason=FailureCode.NETWORK_UNREACHABLE)
        if not ways or None in ways or (not all(ways) and not self._sees_all):
            return self._unknown(FailureCode.NOT_PROVEN)
        return Quantity(sum(map(bool, ways)) / len(ways))

    def _no_wifi(self) -> Quantity:
        return Quantity(None, reason=(self.wifi and self.wifi.failure) or FailureCode.COMPONENT_MISSING)

    def _unknown(self, otherwise: FailureCode = FailureCode.UNSUPPORTED_PLATFORM) -> Quantity:
        listing = [failure for failure in self.failures if failure.operation == "list interfaces"]
        return Quantity(None, reason=commonest(listing) or otherwise)


def _all_or_none(ratio: Quantity) -> Quantity:
    if isinstance(ratio.value, float) and 0 < ratio.value < 1:
        return Quantity(None, reason=FailureCode.NOT_PROVEN)
    return Quantity(None if ratio.value is None else ratio.value == 1, reason=ratio.reason)
