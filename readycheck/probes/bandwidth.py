"""How many calls at once the link carries, both ways: emulated ones, more and more, until something gives way.

Towards the STAMP reflector, which tells up from down; through a relay only where the profile says so.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

from readycheck.engine.probe import Context, Probe
from readycheck.model.evidence import Evidence, Interval, Quantity, metric_of
from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.model.traffic import Traffic, size
from readycheck.model.verdict import Scope
from readycheck.net.load import open_load
from readycheck.net.turn import open_pair
from readycheck.probes import _reflector
from readycheck.probes._load import IDLE_INTERVAL_MS, IDLE_PACKETS, LONGEST_PAUSE_S, Idle, Loaded, ReflectorLoad
from readycheck.probes._relay_load import RelayLoad
from readycheck.probes._servers import first_that_relays, targets, urls
from readycheck.probes.path import payload_byte
from readycheck.probes.turn import Turn, far_end
from readycheck.profile.schema import Profile
from readycheck.rtc import ramp, wire_rate
from readycheck.rtc.load_flow import flow_byte
from readycheck.rtc.ramp import Step, Way
from readycheck.rtc.stun import hostport
from readycheck.rtc.wire_rate import IP, UDP, opus
from readycheck.sizing.calls import simultaneous_calls
from readycheck.sizing.media import RELAY_OF

PROVEN = tuple(f"bandwidth.{name}" for name in ("concurrent_calls", "calls_ratio", "up_bps", "down_bps"))
"""What a requirement can ask that too few packets would leave open."""


@dataclass(frozen=True)
class BandwidthEvidence(Evidence):
    """Every step of the ramp. Rates are those of the IP layer."""

    is_far_end_configured: bool
    via: Literal["reflector", "relay"] = "reflector"
    url: str | None = None
    asked: int | None = 1
    """Calls at once: of a workstation, of the site, or of `--calls`; None of a site whose agents nobody stated."""
    allowed: int = 1
    """What of them the profile lets us send."""
    packet_byte: int = 0
    """Octets of one packet with all its headers from IP on; TLS as version 1.2, which takes more."""
    packets_per_s: float = 50.0
    """Of each call, each way."""
    seconds: float = 3.0
    """Counted of each step."""
    idle_rtt_ms: tuple[float, ...] = ()
    steps: tuple[Step, ...] = ()
    failure: Failure | None = None
    scope: Scope = Scope.WORKSTATION
    """Whose calls at once they were: of one workstation, or of the whole site."""
    given: int | None = None
    """`--calls`: asked, however few the site needs."""

    @metric_of("bool")
    def has_far_end(self) -> Quantity:
        """The profile names what is to be loaded: targets.reflector.stamp, or with via: relay one with credentials."""
        return Quantity(self.is_far_end_configured)

    @metric_of("call")
    def asked_calls(self) -> Quantity:
        """Calls at once asked: bandwidth.calls, of a site as sized, --calls if that is more; 0 with nothing to load.

        Not configured for a site where neither site.agents nor --calls says how many.
        """
        if not self.is_far_end_configured:
            return Quantity(0)
        return Quantity(self.asked, reason=FailureCode.NOT_CONFIGURED if self.asked is None else None)

    @metric_of("call")
    def concurrent_calls(self) -> Quantity:
        """Calls carried both ways before loss or delay broke; no upper bound where neither did.

        The lower bound is what is proven: no more than 1 % lost by the upper bound of the loss, either way.
        """
        return self._carried(1)

    @metric_of("ratio")
    def calls_ratio(self) -> Quantity:
        """Calls carried, of those asked; open where fewer were loaded than the profile needs."""
        if self.asked is None and not self.failure:
            return Quantity(None, reason=FailureCode.NOT_CONFIGURED)
        return self._carried(self.asked or 1)

    @metric_of("bit/s")
    def up_bps(self) -> Quantity:
        """Sustained on the way out at 1 % loss or less, IP layer; no upper bound where it never broke."""
        return self._sustained("up")

    @metric_of("bit/s")
    def down_bps(self) -> Quantity:
        """Sustained on the way back at 1 % loss or less, IP layer; no upper bound where it never broke."""
        return self._sustained("down")

    @metric_of("ms")
    def rtt_increase_p95_ms(self) -> Quantity:
        """Round trip's 95th percentile under the load that raised it most, minus the median without load.

        The lower bound leaves out as much as this machine itself was late then. No upper bound where the calls asked
        were never on the network: more of them may raise it more.
        """
        told = [one for one in self.steps if one.broke != "sender" and one.rtt_increase_p95_ms is not None]
        most = max(told, key=lambda one: one.rtt_increase_p95_ms or 0.0, default=None)
        if most is None or most.rtt_increase_p95_ms is None:
            return self._or_why(None)
        increase_ms = most.rtt_increase_p95_ms
        low_ms = round(increase_ms - (most.lateness_p99_ms or 0.0), 3)
        if ramp.broken_step(self.steps) or (self.asked and ramp.is_reached(self.asked, self.steps)):
            return Quantity(increase_ms, Interval(low_ms, increase_ms))
        why = self._stopped if self.asked else FailureCode.NOT_CONFIGURED
        return Quantity(increase_ms, Interval(low_ms, None), why)

    @metric_of("text")
    def broke_first(self) -> Quantity:
        """What gave way first: up, down, both, unknown (a direction that was not told), sender, far_end, none."""
        return self._or_why(ramp.stopped_by(self.steps) if self.steps else None)

    def under(self, profile: Profile) -> "BandwidthEvidence":
        """The same, asked for what this profile's site needs: one of another size asks for other calls."""
        if self.scope != Scope.SITE:
            return self
        return replace(self, asked=max(filter(None, (simultaneous_calls(profile.site), self.given)), default=None))

    @property
    def call_bps(self) -> float:
        """What one call takes in one direction."""
        return self.packet_byte * 8 * self.packets_per_s

    def _carried(self, asked: int) -> Quantity:
        carried, most = ramp.carried_calls(self.steps), ramp.most_calls(self.steps)
        if not carried and most is None:
            return self._or_why(None)
        low, high = ramp.proven_calls(self.steps) / asked, None if most is None else most / asked
        return Quantity(_whole(carried / asked), Interval(low, high), self._stopped)

    def _sustained(self, way: Way) -> Quantity:
        found = ramp.sustained(self.steps, way, self.call_bps)
        if found is None:
            return self._or_why(None)
        high = None if found.most_bps is None else round(found.most_bps)
        return Quantity(round(found.bps), Interval(round(found.proven_bps), high), self._stopped)

    def _or_why(self, value: float | str | None) -> Quantity:
        """A value, or why there is none."""
        if value is not None:
            return Quantity(value)
        if self.failure:
            return Quantity(None, reason=self.failure.code)
        stateless = bool(self.steps) and not any(one.lost_up is not None for one in self.steps)
        return Quantity(
            None, reason=self._stopped or (FailureCode.NOT_CONFIGURED if stateless else FailureCode.NOT_PROVEN)
        )

    @property
    def _stopped(self) -> FailureCode | None:
        """Why the ramp proves no more; None if it was asked no more, or the network broke."""
        last = self.steps[-1] if self.steps else None
        if last is None or ramp.broken_step(self.steps):
            return None
        if not last.is_answered_after:
            return FailureCode.NO_MEDIA
        if last.broke == "sender":
            return FailureCode.WORKSTATION_BUSY
        return None if last.is_carried and not last.shortened else FailureCode.NOT_PROVEN


def _whole(value: float) -> float:
    return int(value) if value == int(value) else value


class Bandwidth(Probe[BandwidthEvidence]):
    """Calls at once, until loss, delay or an end of our own gives way."""

    id = "bandwidth"
    title = "Calls at once"
    requires = (Turn,)
    exclusive = True
    loads = True
    answers_by_profile = True

    @classmethod
    def answered(cls, evidence: BandwidthEvidence, profile: Profile) -> dict[str, Quantity]:
        """What rests on how many calls a site needs, where that is not what was asked when it was measured."""
        needed = evidence.under(profile)
        if needed == evidence:
            return {}
        return {name: needed.quantity(name) for name in ("asked_calls", "calls_ratio", "rtt_increase_p95_ms")}

    @classmethod
    def inputs(cls, profile: Profile) -> Any:
        """The far end: the reflector, or the TURN URLs where the load goes through a relay."""
        if profile.bandwidth.via == "relay":
            return {"turn": urls(profile, "turn")}
        place = _reflector.written_place(profile)
        return {"stamp": place} if place else None

    @classmethod
    def traffic(cls, profile: Profile) -> list[Traffic]:
        """At most: every packet of every step goes there and comes back, with the larger of the two IP headers."""
        ask, place = (profile.bandwidth.calls_sent, counted_s(profile)), _reflector.place(profile)
        packets = IDLE_PACKETS + ramp.call_seconds(*ask) * 1000 / profile.call.ptime_ms
        without_load_s = IDLE_PACKETS * IDLE_INTERVAL_MS / 1000 + LONGEST_PAUSE_S
        seconds = round(without_load_s + ramp.longest_s(*ask, LONGEST_PAUSE_S), 1)
        if profile.bandwidth.via == "relay":
            relays = first_that_relays(cls.id, profile, byte=0, seconds=seconds)
            return [replace(one, byte=round(2 * packets * _relayed_byte(profile, one.protocol, 6))) for one in relays]
        if place is None:
            return []
        byte = IP[6].around(UDP.around(payload_byte(profile.call)))
        byte = max(byte, _reflector.LARGEST_PACKET_BYTE) if _has_key(profile) else byte
        return [Traffic(cls.id, *place, "udp", round(2 * packets * byte), seconds)]

    def deadline_s(self, profile: Profile) -> float:
        """The longest ramp, to each of the far end's addresses that does not answer, and a reserve."""
        return ramp.longest_s(profile.bandwidth.calls_sent, counted_s(profile), LONGEST_PAUSE_S) + 30.0

    def summary(self, evidence: BandwidthEvidence) -> str | None:
        """What was carried, and what gave way."""
        figures = evidence.quantities()
        carried, increase = figures["concurrent_calls"].value, figures["rtt_increase_p95_ms"].value
        if carried is None:
            return (
                "no far end to load" if not evidence.is_far_end_configured else "nothing could be told of calls at once"
            )
        broke = figures["broke_first"].value
        gave_way = "" if broke == "none" else f", {str(broke).replace('_', ' ')} broke first"
        rtt = f" · round trip {increase:+.1f} ms" if isinstance(increase, float) else ""
        asked = "nobody knows how many" if evidence.asked is None else evidence.asked
        return f"{carried} of {asked} calls at once{gave_way}{rtt}"

    def summary_under(self, evidence: BandwidthEvidence, profile: Profile) -> str | None:
        """The same, of the calls that the profile needs."""
        return self.summary(evidence.under(profile))

    async def gather(self, context: Context) -> BandwidthEvidence:
        """Raise the load step by step; what was measured until Ctrl-C is kept."""
        settings = context.profile.bandwidth
        base = BandwidthEvidence(
            is_far_end_configured=_is_named(context.profile),
            via=settings.via,
            asked=settings.calls,
            allowed=settings.calls_sent,
            given=context.calls,
            scope=context.scope,
            packets_per_s=1000 / context.profile.call.ptime_ms,
            seconds=counted_s(context.profile),
        )
        if settings.via == "relay":
            return await _through_relay(context, base)
        ways = await _reflector.ways_to(context.profile)
        if ways is None:
            return replace(base, failure=Failure(FailureCode.NOT_CONFIGURED, "find a reflector"))
        if isinstance(ways, Failure):
            return replace(base, failure=ways)
        literals, port, key = ways
        for address in await _reflector.answering_first(literals, port, key):
            measured = await _to_reflector(context, base, address, port, key)
            if measured.steps:
                break
        return measured


def counted_s(profile: Profile) -> float:
    """What is counted of each step: where a requirement has few calls proven, as long as that takes."""
    settings = profile.bandwidth
    if not any(one.metric in PROVEN and not one.disabled for one in profile.requirements):
        return settings.seconds
    return max(settings.seconds, ramp.PROVING_PACKETS * profile.call.ptime_ms / 1000 / settings.calls_sent)


def _is_named(profile: Profile) -> bool:
    if profile.bandwidth.via == "relay":
        return any(target.has_credentials for target in targets(profile, "turn"))
    return _reflector.place(profile) is not None


def _has_key(profile: Profile) -> bool:
    return bool(profile.targets.reflector and profile.targets.reflector.key)


def _ip_version(address: str) -> int:
    return 6 if ":" in address else 4


def _relayed_byte(profile: Profile, transport: str, ip_version: int) -> int:
    """Octets of one packet to the relay with all its headers."""
    call = profile.call
    return wire_rate.Way(RELAY_OF[transport], ip_version=ip_version).packet_byte(opus(call.bitrate_bps, call.ptime_ms))


async def _to_reflector(
    context: Context, base: BandwidthEvidence, address: str, port: int, key: bytes | None
) -> BandwidthEvidence:
    call = context.profile.call
    byte = flow_byte(payload_byte(call), key)
    packet_byte = IP[_ip_version(address)].around(UDP.around(byte))
    base = replace(base, url=f"stamp:{hostport(address, port)}", packet_byte=packet_byte)
    try:
        with open_load(address, port, base.allowed, payload_byte(call), key) as load:
            return await _measure(context, base, ReflectorLoad(load, call.ptime_ms, base.seconds))
    except OperationFailed as error:
        return replace(base, failure=error.failure)


async def _through_relay(context: Context, base: BandwidthEvidence) -> BandwidthEvidence:
    found = await far_end(context)
    if isinstance(found, Failure):
        return replace(base, failure=found)
    url, relay = found
    call = context.profile.call
    packet_byte = _relayed_byte(context.profile, relay.transport, _ip_version(relay.address))
    base = replace(base, url=url, packet_byte=packet_byte)
    try:
        async with open_pair(relay) as (here, there):
            far = RelayLoad(here, there, payload_byte(call), call.ptime_ms, base.seconds)
            return await _measure(context, base, far)
    except OperationFailed as error:
        return replace(base, failure=error.failure)


async def _measure(context: Context, base: BandwidthEvidence, far: Loaded) -> BandwidthEvidence:
    """Round trips without load, then step by step."""
    steps: list[Step] = []
    idle: Idle | None = None

    def evidence() -> BandwidthEvidence:
        return replace(base, idle_rtt_ms=idle.rtt_ms if idle else (), steps=tuple(steps))

    context.keep(evidence)
    (row, *_) = Bandwidth.traffic(context.profile)
    calls = f"{base.allowed} call" + ("" if base.allowed == 1 else "s at once")
    context.announce(
        f"{calls} to {base.url}: {size(row.byte)} at most, both ways together, {row.seconds:.0f} s at most"
    )
    context.progress("without load", 0.0, row.seconds)
    idle = await far.idle()
    if idle is None:
        silent = Failure(FailureCode.NO_MEDIA, "receive", f"0 of {IDLE_PACKETS} packets came back")
        return replace(evidence(), failure=far.failure or silent)
    while (count := ramp.next_calls(base.allowed, steps)) is not None:
        context.progress(f"{count} of {base.allowed} calls at once", None, row.seconds)
        steps.append(await far.step(count, idle))
    return evidence()
