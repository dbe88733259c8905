"""The call that the link is sized for, and beside it every codec by every way."""

from dataclasses import dataclass, replace
from typing import Literal

from readycheck.profile.schema import Profile
from readycheck.rtc.ice_server import TRANSPORTS, parse_ice_url
from readycheck.rtc.wire_rate import G711, G722, G729, LARGEST_SAFE_BYTE, Codec, Relay, Vpn, Way, opus

RELAY_OF = {"udp": Relay.UDP, "tcp": Relay.TCP, "tls": Relay.TLS12}
"""TLS 1.2 stands for a TLS whose version nobody stated: it takes more."""


@dataclass(frozen=True)
class SizedCall:
    """One call in one direction; the other takes the same."""

    codec: str
    bitrate_bps: int
    ptime_ms: int
    relay: Relay
    relay_from: Literal["profile", "ice_servers", "default"]
    vpn: Vpn
    ip_version: int
    ip_packet_byte: int
    in_one_piece: bool
    """Whether a packet is no larger than every link carries without cutting it."""
    ip_bps: int
    ethernet_bps: int


@dataclass(frozen=True)
class Rate:
    """What one call of a codec takes by one way, each direction, with RTCP."""

    codec: str
    bitrate_bps: int
    ptime_ms: int
    relay: Relay
    vpn: Vpn
    ipv4_bps: int
    ipv6_bps: int
    ethernet_ipv4_bps: int
    ethernet_ipv6_bps: int
    calls_fit: bool | None
    """Whether the calls at once fit the link, at the profile's IP version; null without calls or link."""

    def ip_bps(self, ip_version: int) -> int:
        """The rate over this version of IP."""
        return self.ipv4_bps if ip_version == 4 else self.ipv6_bps  # noqa: PLR2004 - IP's version


def codec_of(profile: Profile) -> Codec:
    """The codec as the profile sends it."""
    return opus(profile.call.bitrate_bps, profile.call.ptime_ms)


def way_of(profile: Profile) -> Way:
    """The way of the media as the profile states it; the relay as its TURN URLs say, where nothing is stated."""
    site = profile.site
    relay = site.relay or _relay_of_urls(profile) or Relay.NONE
    return Way(relay, site.vpn, site.ip_version)


def sized_call(profile: Profile) -> SizedCall:
    """The call that this profile's softphone places."""
    codec, way = codec_of(profile), way_of(profile)
    stated = profile.site.relay is not None
    return SizedCall(
        codec=codec.name,
        bitrate_bps=codec.bitrate_bps,
        ptime_ms=codec.ptime_ms,
        relay=way.relay,
        relay_from="profile" if stated else "ice_servers" if way.relay != Relay.NONE else "default",
        vpn=way.vpn,
        ip_version=way.ip_version,
        ip_packet_byte=way.packet_byte(codec),
        in_one_piece=way.packet_byte(codec) <= LARGEST_SAFE_BYTE,
        ip_bps=way.bps(codec),
        ethernet_bps=way.ethernet_bps(codec),
    )


def rates(profile: Profile, call_bps_at_most: float | None) -> tuple[Rate, ...]:
    """The project's codec and those of telephones, by each relay transport, in each VPN, and by the project's way.

    What a call may take at most tells whether the calls fit: None as long as that is not known.
    """
    own = way_of(profile)
    ways = [(relay, Vpn.NONE) for relay in Relay] + [(Relay.NONE, vpn) for vpn in Vpn]
    each = dict.fromkeys([*ways, (own.relay, own.vpn)])
    codecs = (codec_of(profile), G711, G722, G729)
    found = [_rate(codec, relay, vpn) for relay, vpn in each for codec in codecs]
    if call_bps_at_most is None:
        return tuple(found)
    return tuple(replace(rate, calls_fit=rate.ip_bps(own.ip_version) <= call_bps_at_most) for rate in found)


def _rate(codec: Codec, relay: Relay, vpn: Vpn) -> Rate:
    four, six = Way(relay, vpn, 4), Way(relay, vpn, 6)
    return Rate(
        codec=codec.name,
        bitrate_bps=codec.bitrate_bps,
        ptime_ms=codec.ptime_ms,
        relay=relay,
        vpn=vpn,
        ipv4_bps=four.bps(codec),
        ipv6_bps=six.bps(codec),
        ethernet_ipv4_bps=four.ethernet_bps(codec),
        ethernet_ipv6_bps=six.ethernet_bps(codec),
        calls_fit=None,
    )


def _relay_of_urls(profile: Profile) -> Relay | None:
    """The relay that a browser prefers among the profile's TURN URLs; those that wait for a variable are left out."""
    offered = set()
    for server in profile.targets.ice_servers:
        for url in server.urls:
            try:
                parsed = parse_ice_url(url)
            except ValueError:
                continue
            if parsed.kind == "turn":
                offered.add(parsed.transport)
    return next((RELAY_OF[transport] for transport in TRANSPORTS if transport in offered), None)
