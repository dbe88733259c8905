"""Whether a link carries so many calls, how much is left, and what would make it fit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

from readycheck.profile.site import Link, Site
from readycheck.rtc.wire_rate import Codec, Relay, Vpn, Way, opus
from readycheck.sizing.calls import Demand, agents_within

_LOWER_BITRATE_BPS = 24_000
_LONGER_PTIME_MS = 40


@dataclass(frozen=True)
class Need:
    """What the calls take in each direction."""

    ip_bps: int
    ethernet_bps: int
    every_agent_ip_bps: int
    """If all agents were on a call at the same moment."""
    link_bps: int
    """The link that this needs at the profile's share for voice."""


@dataclass(frozen=True)
class Direction:
    """One direction of the link; the last two are null as long as the calls are not known."""

    link_bps: int
    for_voice_bps: int
    calls_at_most: int
    headroom_bps: int | None
    fits: bool | None


@dataclass(frozen=True)
class Room:
    """What the link holds; what it is compared with is null as long as the calls are not known."""

    kind: str | None
    voice_share_ratio: float
    down: Direction
    up: Direction
    calls_at_most: int
    agents_at_most: int
    fits: bool | None
    fits_with_ethernet_frames: bool | None
    fits_every_agent: bool | None


@dataclass(frozen=True)
class Remedy:
    """One change, and whether it alone is enough; what it does not touch is null."""

    id: str
    fits: bool
    down_bps: int | None = None
    up_bps: int | None = None
    agents: int | None = None
    voice_share_ratio: float | None = None
    bitrate_bps: int | None = None
    ptime_ms: int | None = None
    call_ip_bps: int | None = None


@dataclass(frozen=True)
class Load:
    """Calls at once of one codec by one way."""

    demand: Demand
    codec: Codec
    way: Way

    def need(self, link: Link | None) -> Need:
        """What the calls take, and the link for it."""
        calls, each = self.demand.simultaneous_calls, self.way.bps(self.codec)
        return Need(
            ip_bps=calls * each,
            ethernet_bps=calls * self.way.ethernet_bps(self.codec),
            every_agent_ip_bps=self.demand.agents * each,
            link_bps=ceil(calls * each / (link.voice_share if link else 1)),
        )


def room(link: Link, site: Site, call_bps: int, need: Need | None) -> Room:
    """How many calls and agents the link holds, and whether these fit."""
    down, up = (_direction(bps, link.voice_share, call_bps, need) for bps in (link.down_bps, link.up_bps))
    calls, voice_bps = min(down.calls_at_most, up.calls_at_most), min(down.for_voice_bps, up.for_voice_bps)
    return Room(
        kind=link.kind,
        voice_share_ratio=link.voice_share,
        down=down,
        up=up,
        calls_at_most=calls,
        agents_at_most=agents_within(calls, site),
        fits=need.ip_bps <= voice_bps if need else None,
        fits_with_ethernet_frames=need.ethernet_bps <= voice_bps if need else None,
        fits_every_agent=need.every_agent_ip_bps <= voice_bps if need else None,
    )


def _direction(link_bps: int, share: float, call_bps: int, need: Need | None) -> Direction:
    voice_bps = for_voice_bps(link_bps, share)
    return Direction(
        link_bps=link_bps,
        for_voice_bps=voice_bps,
        calls_at_most=voice_bps // call_bps,
        headroom_bps=voice_bps - need.ip_bps if need else None,
        fits=need.ip_bps <= voice_bps if need else None,
    )


def for_voice_bps(link_bps: int, share: float) -> int:
    """What of a link may be voice; to the nearest bit, for shares are decimal and floats are not."""
    return round(link_bps * share)


def remedies(load: Load, link: Link, need: Need, agents_at_most: int) -> tuple[Remedy, ...]:
    """What would make the calls fit: the link, its share for voice, fewer agents, or smaller calls."""
    narrow = min(link.down_bps, link.up_bps)
    wider = Remedy("wider_link", True, max(link.down_bps, need.link_bps), max(link.up_bps, need.link_bps))
    found = [wider]
    if need.ip_bps <= narrow:
        found.append(Remedy("more_voice_share", True, voice_share_ratio=ceil(1000 * need.ip_bps / narrow) / 1000))
    if agents_at_most:
        found.append(Remedy("fewer_agents", True, agents=agents_at_most))
    changed = list(_smaller(load.codec, load.way))
    narrow_bps = for_voice_bps(narrow, link.voice_share)

    def _remedy(name: str, codec: Codec, way: Way) -> Remedy:
        each = way.bps(codec)
        return Remedy(
            id=name,
            fits=load.demand.simultaneous_calls * each <= narrow_bps,
            bitrate_bps=codec.bitrate_bps if codec.bitrate_bps != load.codec.bitrate_bps else None,
            ptime_ms=codec.ptime_ms if codec.ptime_ms != load.codec.ptime_ms else None,
            call_ip_bps=each,
        )

    found += [_remedy(*change) for change in changed]
    if len(changed) > 1 and not any(remedy.fits and remedy.call_ip_bps for remedy in found):
        found.append(_remedy("all_together", *_together(load.codec, load.way)))
    return tuple(found)


def _smaller(codec: Codec, way: Way) -> Iterator[tuple[str, Codec, Way]]:
    """Changes that make a call smaller, one at a time."""
    if way.vpn != Vpn.NONE:
        yield "media_outside_vpn", codec, replace(way, vpn=Vpn.NONE)
    if way.relay in (Relay.TCP, Relay.TLS12, Relay.TLS13):
        yield "relay_over_udp", codec, replace(way, relay=Relay.UDP)
    if codec.ptime_ms < _LONGER_PTIME_MS:
        yield "longer_packets", opus(codec.bitrate_bps, _LONGER_PTIME_MS), way
    if codec.bitrate_bps > _LOWER_BITRATE_BPS:
        yield "lower_bitrate", opus(_LOWER_BITRATE_BPS, codec.ptime_ms), way


def _together(codec: Codec, way: Way) -> tuple[Codec, Way]:
    smaller = opus(min(codec.bitrate_bps, _LOWER_BITRATE_BPS), max(codec.ptime_ms, _LONGER_PTIME_MS))
    relay = way.relay if way.relay == Relay.NONE else Relay.UDP
    return smaller, replace(way, relay=relay, vpn=Vpn.NONE)
