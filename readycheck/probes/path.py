"""The path of the voice: 50 packets a second of a call's size through two allocations of one relay, or to a reflector.

The first URL that relays is the far end, since the voice takes that way; where none does, the STAMP reflector is.
"""

import asyncio
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from readycheck.engine.probe import Context, Probe
from readycheck.model.evidence import Interval, Quantity, Scale, metric_of
from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.model.traffic import Traffic
from readycheck.net.turn import open_pair
from readycheck.probes import _marking, _reflector
from readycheck.probes._ending import TAIL_S, alive_s, drain
from readycheck.probes._looks import Looks
from readycheck.probes._marking import Marking
from readycheck.probes._measured_packets import PacketMetrics
from readycheck.probes._one_way import OneWayMetrics
from readycheck.probes._reflector import FarEnd, Reflection
from readycheck.probes._servers import first_that_relays, urls
from readycheck.probes.turn import Turn, far_end
from readycheck.profile.limits import limits
from readycheck.profile.measuring import CallSettings
from readycheck.profile.schema import Profile
from readycheck.rtc import emodel
from readycheck.rtc.delay import interarrival_jitter_ms, percentile
from readycheck.rtc.ice_server import Transport
from readycheck.rtc.measured_line import Bounded
from readycheck.rtc.packet_stream import PacketStream
from readycheck.rtc.sequential import StoppingRule
from readycheck.rtc.stun import hostport
from readycheck.rtc.wire_rate import Way, opus

PROGRESS_EVERY = 10


@dataclass(frozen=True)
class PathEvidence(OneWayMetrics, PacketMetrics):
    """Every packet, in order of sending: columns of one length. A delay of None is a packet that never came."""

    relay_transport: Transport | None
    url: str | None = None
    payload_byte: int = 0
    interval_ms: float = 20.0
    confidence: float = 0.95
    bitrate_bps: int = 32_000
    duration_s: float | None = None
    sent_after_ms: tuple[float, ...] = ()
    """Send times as differences: the first counts from the start."""
    rtt_ms: tuple[float | None, ...] = ()
    arrivals: tuple[int, ...] = ()
    """Sequence numbers in order of arrival, where that differs from the order of sending."""
    duplicates: int = 0
    """Packets that came more than once."""
    has_kernel_stamps: bool = False
    """Times of sending and arrival are the kernel's own."""
    unsent: tuple[int, ...] = ()
    """Numbers of packets that this system had no room to send."""
    unread_count: int = 0
    """Packets that came and found no room in our receive queue."""
    codecs: tuple[emodel.CodecScore, ...] = ()
    """What each codec would give on this path, the scale beside every number."""
    twilio_style_mos: float | None = None
    """For comparison with browser SDKs: no E-model figure."""
    failure: Failure | None = None
    is_far_end_configured: bool | None = None
    truncated: bool = False
    """Whether the far end failed or fell silent before the measurement ended: such losses are no chance."""
    alive_s: float | None = None
    """If so: when the last packet that came back was sent, from the start."""
    reflection: Reflection | None = None
    """What a reflector's replies tell; None if the far end was a relay."""
    marking: Marking | None = None
    """What a reflector beside that relay told of the mark; None without one."""

    @metric_of("bool")
    def has_far_end(self) -> Quantity:
        """Whether the profile names something to measure against: a relay with credentials, or a reflector."""
        return Quantity(self.is_far_end_configured)

    @metric_of("text")
    def far_end(self) -> Quantity:
        """Against what was measured: relay:udp, relay:tcp, relay:tls, or reflector."""
        relay = f"relay:{self.relay_transport}" if self.relay_transport else None
        return self._quantity("reflector" if self.reflection else relay)

    @metric_of("ms")
    def rtt_p50_ms(self) -> Quantity:
        """Round trip to the far end and back, median."""
        return self._bounded(self.line.rtt_p50)

    @metric_of("ms")
    def rtt_p95_ms(self) -> Quantity:
        """Round trip that 95 % of the packets do not exceed."""
        return self._bounded(self.line.rtt_p95)

    @metric_of("ms")
    def interarrival_jitter_ms(self) -> Quantity:
        """RFC 3550 section 6.4.1 averaged over the run, there and back (about √2 of one way)."""
        return self._bounded(self.line.jitter)

    @metric_of("ms")
    def pdv_p95_ms(self) -> Quantity:
        """RFC 5481 delay variation: 95 % of the packets stay within this of the fastest."""
        return self._bounded(self.line.pdv_p95)

    @metric_of("ratio")
    def loss_ratio(self) -> Quantity:
        """Packets lost, there and back, with bounds that allow for bursts and for ending at any time."""
        if not self.rtt_ms or self._silence == FailureCode.STUN_BAD_ANSWER:
            return self._quantity(None)
        bounds = self.line.loss_bounds
        if self.failure and self.truncated:  # what would have followed was not sent: that it is lost is not excluded
            bounds = Interval(bounds.low, None)
        return Quantity(self.line.loss, bounds, self._silence or self._loss_doubt)

    @metric_of("s")
    def seconds(self) -> Quantity:
        """How long was needed to be sure, between min_seconds and max_seconds."""
        return self._quantity(self.duration_s)

    @metric_of("number")
    def r_value(self) -> Quantity:
        """E-model R for Opus on this path, fullband scale up to 148 (G.107.2)."""
        return self._score(lambda r_value: r_value)

    @metric_of("number")
    def mos_cqe(self) -> Quantity:
        """MOS for Opus on this path, fullband scale (G.107.2)."""
        return self._score(emodel.mos)

    def _score(self, of_r_value: Callable[[float], float]) -> Quantity:
        value, bounds = self.line.opus_score(self.bitrate_bps, of_r_value)
        if bounds and self.failure and self.truncated:  # as the loss: how bad it would have got is unknown
            bounds = Interval(of_r_value(0.0), bounds.high)
        return self._bounded((value, bounds), "fb")

    def _bounded(self, bounded: Bounded, scale: Scale | None = None) -> Quantity:
        value, bounds = bounded
        busy = FailureCode.WORKSTATION_BUSY if self.line.doubt.is_busy else None
        why = busy or (self._loss_doubt if scale else None)
        return self._quantity(None) if value is None else Quantity(value, bounds, why, scale)


class Path(Probe[PathEvidence]):
    """Delay, variation and loss on the way that the voice would take."""

    id = "path"
    title = "Path of the voice"
    requires = (Turn,)
    exclusive = True

    @classmethod
    def inputs(cls, profile: Profile) -> Any:
        """The TURN URLs, the first that relays is the far end; and the reflector, if there is one."""
        relays, reflector = urls(profile, "turn"), _reflector.written_place(profile)
        return {"turn": relays, "stamp": reflector} if reflector else relays

    @classmethod
    def traffic(cls, profile: Profile) -> list[Traffic]:
        """At most: every packet goes to the far end and comes back, with 4 bytes of channel and up to 48 of headers."""
        seconds = profile.path.max_seconds
        packets, byte = round(seconds * 1000 / profile.call.ptime_ms), payload_byte(profile.call)
        relays = first_that_relays(cls.id, profile, byte=2 * packets * (byte + 52), seconds=seconds)
        reflector = _reflector.traffic(cls.id, profile, packets, byte, instead=bool(relays))
        return relays + reflector + (_marking.traffic(cls.id, profile) if relays else [])

    def deadline_s(self, profile: Profile) -> float:
        """The measurement, two allocations, and the tail."""
        return profile.path.max_seconds + 20.0

    def summary(self, evidence: PathEvidence) -> str | None:
        """The figures."""
        figures = evidence.quantities()
        rtt, jitter, loss = (figures[name] for name in ("rtt_p50_ms", "interarrival_jitter_ms", "loss_ratio"))
        if evidence.failure and not evidence.rtt_ms:
            return "no far end to measure against"
        if rtt.value is None or jitter.value is None or loss.value is None or not loss.interval:
            return "nothing came back"
        high = "" if loss.interval.high is None else f" (at most {100 * loss.interval.high:.1f})"
        return f"{rtt.value:.3g} ms · jitter {jitter.value:.2g} ms · loss {100 * float(loss.value):.1f} %{high}"

    async def gather(self, context: Context) -> PathEvidence:
        """Send through the first relaying URL, or to the reflector, until no requirement is open."""
        found = await far_end(context)
        if isinstance(found, Failure):
            return await _by_reflector(context, found)
        url, relay = found
        base = PathEvidence(relay.transport, url=url, **_settings(context.profile))
        try:
            async with open_pair(relay) as (here, there):
                stream = PacketStream(os.urandom(8), base.payload_byte, time.perf_counter())
                there.on_data, peer = stream.received, there.relayed_address

                def send(data: bytes) -> None:
                    before = here.unsent
                    here.send(peer, data)
                    if here.unsent > before:
                        stream.unsent.append(len(stream.sent_at) - 1)

                far = FarEnd(
                    stream, send, lambda: here.failure or there.failure, unread=lambda: here.unread + there.unread
                )
                measured = await _measure(context, base, far)
            return replace(measured, marking=await _marking.gather_marking(context.profile))
        except OperationFailed as error:
            return replace(base, failure=error.failure)


async def _by_reflector(context: Context, no_relay: Failure) -> PathEvidence:
    """The path to the profile's reflector, by the first of its addresses that answers, or at least does not refuse."""
    ways = await _reflector.ways_to(context.profile)
    if ways is None:
        return PathEvidence(None, **_settings(context.profile), failure=no_relay)
    base = PathEvidence(None, **_settings(context.profile))
    if isinstance(ways, Failure):
        return replace(base, failure=ways)
    literals, port, key = ways
    for address in await _reflector.answering_first(literals, port, key):
        base = replace(base, url=f"stamp:{hostport(address, port)}")
        try:
            async with _reflector.reach(address, port, key, base.payload_byte) as far:
                measured = await _measure(context, replace(base, payload_byte=far.stream.payload_byte), far)
        except OperationFailed as error:
            measured = replace(base, failure=error.failure)
        if measured.line.arrived or not measured.failure:  # another address would tell nothing of this one's end
            break
    return measured


def _settings(profile: Profile) -> dict[str, Any]:
    call = profile.call
    return {
        "payload_byte": payload_byte(call),
        "interval_ms": float(call.ptime_ms),
        "confidence": profile.path.confidence,
        "bitrate_bps": call.bitrate_bps,
        "is_far_end_configured": _reflector.has_far_end(profile),
    }


def payload_byte(call: CallSettings) -> int:
    """Octets in a datagram of this call: the codec's share of one packet, RTP and SRTP."""
    return Way().payload_byte(opus(call.bitrate_bps, call.ptime_ms))


async def _measure(context: Context, base: PathEvidence, far: FarEnd) -> PathEvidence:
    def evidence(stream: PacketStream) -> PathEvidence:
        failure = far.failure()
        if failure and stream.arrivals:  # what was sent to an end that was gone is no loss of the network
            stream = stream.settled(time.perf_counter(), math.inf)
        measured = _evidence(base, stream, failure)
        return replace(measured, reflection=far.told(stream), unread_count=far.unread())

    context.keep(lambda: evidence(far.stream.settled(time.perf_counter(), TAIL_S)))
    await _send(context, far, base)
    await drain(far.stream)
    duration_s = round(time.perf_counter() - far.stream.started_at, 3)
    await far.end()
    return _with_scores(replace(evidence(far.stream), duration_s=duration_s))


async def _send(context: Context, far: FarEnd, base: PathEvidence) -> None:
    """One packet per interval on an absolute schedule: what is late is caught up, nothing drifts."""
    stream, settings, interval_s = far.stream, context.profile.path, base.interval_ms / 1000
    rule = StoppingRule(limits(context.profile, "path", context.scope), settings.min_seconds, settings.max_seconds)
    looks = Looks(rule, lambda: partial(_evidence, base, stream.settled(time.perf_counter(), TAIL_S), None))
    for number in range(round(settings.max_seconds / interval_s)):
        elapsed_s = round(number * interval_s, 6)
        looks.begin(elapsed_s)
        due_at = stream.started_at + elapsed_s
        await asyncio.sleep(max(0.0, due_at - time.perf_counter()))
        if looks.say_enough() or far.failure():
            return
        far.send(stream.next_packet(due_at, time.perf_counter()))
        if number % PROGRESS_EVERY == 0:
            _tell(context, stream, rule.expected_s(elapsed_s))


def _tell(context: Context, stream: PacketStream, seconds: float) -> None:
    settled = stream.settled(time.perf_counter(), TAIL_S)
    recent = settled.rtt_ms(max(0, len(settled.sent_at) - 100))
    arrived = [delay for delay in recent if delay is not None]
    lost = len(recent) - len(arrived)
    context.progress(
        "measuring",
        time.perf_counter() - stream.started_at,
        seconds,
        rtt_ms=percentile(arrived, 0.5),
        jitter_ms=interarrival_jitter_ms(recent),
        loss_ratio=lost / len(recent) if recent else None,
    )


def _evidence(base: PathEvidence, stream: PacketStream, failure: Failure | None) -> PathEvidence:
    in_order = stream.arrivals == sorted(stream.arrivals)
    alive_until_s = alive_s(stream, failure)
    return replace(
        base,
        duration_s=round(time.perf_counter() - stream.started_at, 3),
        sent_after_ms=tuple(stream.sent_after_ms()),
        rtt_ms=tuple(stream.rtt_ms()),
        arrivals=() if in_order else tuple(stream.arrivals),
        duplicates=stream.duplicates,
        has_kernel_stamps=stream.has_kernel_stamps,
        unsent=tuple(stream.unsent),
        failure=failure,
        truncated=alive_until_s is not None,
        alive_s=alive_until_s,
    )


def _with_scores(evidence: PathEvidence) -> PathEvidence:
    scores = evidence.line.codec_scores(evidence.bitrate_bps)
    return replace(evidence, codecs=scores, twilio_style_mos=evidence.line.twilio_style_mos)
