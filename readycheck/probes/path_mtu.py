"""The largest UDP payload that reaches the far end and comes back whole (RFC 8899): a tunnel on the way makes it small.

Asked of the profile's reflector, else of a relay over UDP. The reply is never larger than the request.
"""

from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any

from readycheck.engine.probe import Context, Probe
from readycheck.model.evidence import Evidence, Interval, Quantity, metric_of
from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.model.traffic import Traffic
from readycheck.net.stamp import open_stamp_link
from readycheck.net.turn import TurnServer, open_pair
from readycheck.probes import _reflector
from readycheck.probes._path_mtu_search import Sizes, searched
from readycheck.probes._servers import first_that_relays
from readycheck.probes.path import Path
from readycheck.probes.turn import Turn, far_end
from readycheck.profile.schema import Profile
from readycheck.rtc.plpmtu import Search, largest_payload_byte
from readycheck.rtc.stun import hostport

MOST_BYTE = 3 * 60 * 2 * 1_500
SECONDS = 16.0
"""At most, over a path as slow as two seconds there and back; mostly less than one."""
ADDRESSES = 2
UNSUPPORTED = Failure(FailureCode.UNSUPPORTED_PLATFORM, "forbid fragments")


@dataclass(frozen=True)
class PathMtuEvidence(Evidence):
    """Sizes are UDP payloads: 28 bytes more are on the wire over IPv4, 48 over IPv6."""

    is_far_end_known: bool | None = None
    url: str | None = None
    ip_version: int | None = None
    asked_byte: tuple[int, ...] = ()
    """Every size that was asked, ascending; each up to three times, the last one also alone."""
    answered_byte: int | None = None
    """The largest of them that was answered."""
    too_large_byte: int | None = None
    """The smallest that never was; above the cap if the cap itself was answered."""
    are_replies_whole: bool | None = None
    """Whether every reply was as large as what it answers; a reflector that shortens tells of the way out alone."""
    failure: Failure | None = None

    @metric_of("byte")
    def udp_payload_byte(self) -> Quantity:
        """Largest UDP payload answered, without fragments; without a high bound where no larger one was asked."""
        if not self.answered_byte or not self.ip_version or not self.too_large_byte:
            return Quantity(None, reason=self.failure.code if self.failure else FailureCode.NO_MEDIA)
        at_cap = self.answered_byte >= largest_payload_byte(self.ip_version)
        return Quantity(self.answered_byte, Interval(self.answered_byte, None if at_cap else self.too_large_byte - 1))

    @metric_of("text")
    def family(self) -> Quantity:
        """The version of IP by which it was asked: ipv4, ipv6."""
        known = f"ipv{self.ip_version}" if self.ip_version else None
        return Quantity(known, reason=self.failure.code if self.failure and not known else None)

    @metric_of("bool")
    def has_far_end(self) -> Quantity:
        """Whether there is something to ask: a reflector in the profile, or a relay that relays over UDP."""
        return Quantity(self.is_far_end_known)


class PathMtu(Probe[PathMtuEvidence]):
    """How large a datagram may be on the way that the voice takes."""

    id = "path_mtu"
    title = "Largest datagram of the path"
    requires = (Turn,)

    @classmethod
    def inputs(cls, profile: Profile) -> Any:
        """As the path's: the TURN URLs, and the reflector."""
        return Path.inputs(profile)

    @classmethod
    def traffic(cls, profile: Profile) -> list[Traffic]:
        """At most: sixty sizes, three times each, there and back."""
        relays = first_that_relays(cls.id, profile, byte=MOST_BYTE, seconds=SECONDS)
        place = _reflector.place(profile)
        if place is None:
            return relays
        asked_first = Traffic(cls.id, *place, "udp", MOST_BYTE, SECONDS)
        return [asked_first, *(replace(one, instead=True) for one in relays if one.protocol == "udp")]

    def summary(self, evidence: PathMtuEvidence) -> str | None:
        """The size."""
        if evidence.answered_byte:
            return f"{evidence.answered_byte} bytes of UDP payload over IPv{evidence.ip_version}"
        return "no answer at any size" if evidence.url else "no far end to measure against"

    async def gather(self, context: Context) -> PathMtuEvidence:
        """Ask the reflector, and the relay where that does not answer."""
        found, ways = await far_end(context), await _reflector.ways_to(context.profile)
        relay = None if isinstance(found, Failure) or found[1].transport != "udp" else found
        base = PathMtuEvidence(is_far_end_known=bool(ways or relay))
        evidence = replace(base, failure=Failure(FailureCode.NOT_CONFIGURED, "find a far end"))
        if isinstance(ways, Failure):
            evidence = replace(base, failure=ways)
        elif ways:
            literals, port, key = ways
            for address in (await _reflector.answering_first(literals, port, key))[:ADDRESSES]:
                evidence = await _by_reflector(base, address, port, key)
                if evidence.answered_byte:
                    return evidence
        return await _by_relay(base, *relay) if relay else evidence


async def _by_reflector(base: PathMtuEvidence, address: str, port: int, key: bytes | None) -> PathMtuEvidence:
    base = replace(
        base, url=f"stamp:{hostport(address, port)}", ip_version=ip_address(address.partition("%")[0]).version
    )
    try:
        async with open_stamp_link(address, port) as link:
            if not link.never_fragment():
                return replace(base, failure=UNSUPPORTED)
            sizes = Sizes.of_reflector(link, key)
            return _with(base, sizes, await searched(base.ip_version or 0, sizes), link.failure)
    except OperationFailed as error:
        return replace(base, failure=error.failure)


async def _by_relay(base: PathMtuEvidence, url: str, relay: TurnServer) -> PathMtuEvidence:
    base = replace(base, url=url, ip_version=ip_address(relay.address.partition("%")[0]).version)
    try:
        async with open_pair(relay) as (here, there):
            if not here.never_fragment():
                return replace(base, failure=UNSUPPORTED)
            sizes = Sizes.of_relay(here, there)
            return _with(base, sizes, await searched(base.ip_version or 0, sizes), here.failure or there.failure)
    except OperationFailed as error:
        return replace(base, failure=error.failure)


def _with(base: PathMtuEvidence, sizes: Sizes, search: Search, failure: Failure | None) -> PathMtuEvidence:
    if not search.answered:
        return replace(base, asked_byte=sizes.asked, failure=failure or Failure(FailureCode.NO_MEDIA, "receive"))
    return replace(
        base,
        asked_byte=sizes.asked,
        answered_byte=search.answered,
        too_large_byte=search.too_large,
        are_replies_whole=sizes.are_replies_whole,
    )
