"""A call through the relay: ICE (RFC 8445), DTLS-SRTP (RFC 5764) and Opus, both ends on this workstation."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any

from readycheck.engine.probe import Context, Probe
from readycheck.model.evidence import Evidence, Interval, Quantity, metric_of
from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.model.proxy import DIRECT
from readycheck.net.forwarder import forward
from readycheck.net.turn import open_pair
from readycheck.probes._servers import first_that_relays, milliseconds, urls
from readycheck.probes.path import payload_byte
from readycheck.probes.turn import Turn, far_end
from readycheck.rtc import emodel
from readycheck.rtc.loss import wilson
from readycheck.rtc.timekeeping import NO_DOUBT, Doubt, doubt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from readycheck.model.traffic import Traffic
    from readycheck.net.turn import TurnServer
    from readycheck.net.webrtc import Received, SoftphoneCall
    from readycheck.profile.schema import Profile

CONNECT_TIMEOUT_S = 12.0
TICK_S = 0.02
TICKS_PER_SAMPLE = 12
CONFIDENCE = 0.95
ROUND_TRIP_WAIT_S = 4.0
"""Beyond the call's own time at most: RTCP reports once in 0.5 to 1.5 s, and a pair of them makes a round trip."""
CATCHING_UP_TICKS = 25
"""A workstation that stood still reads afterwards what came meanwhile: only then is silence silence."""
SILENCE_S = 1.0
"""Fifty packets that nobody heard: the call is over."""


@dataclass(frozen=True)
class Direction:
    """One way of the call, counted by its receiver."""

    packets_sent: int
    packets_received: int
    packets_lost: int
    jitter_ms: float | None


@dataclass(frozen=True)
class CallEvidence(Evidence):
    """What became of the call. Delay is from one end to the other and back: twice the way to the relay."""

    url: str | None
    ice_nominated: bool | None = None
    dtls_srtp: bool | None = None
    first_packet_ms: float | None = None
    negotiated_codec: str | None = None
    media_s: float | None = None
    bitrate_bps: int = 32_000
    ptime_ms: int = 20
    round_trips_ms: tuple[float, ...] = ()
    forth: Direction | None = None
    back: Direction | None = None
    doubt: Doubt = NO_DOUBT
    """What of the figures may be this workstation's own doing: both ends of the call are read by one process."""
    failure: Failure | None = None

    @metric_of("bool")
    def connected(self) -> Quantity:
        """ICE nominated a pair of relay candidates and media flowed both ways."""
        if self.ice_nominated is None or (self.ice_nominated and not self._ways and not self.failure):
            return self._quantity(None)
        flowed = all(way and way.packets_received for way in (self.forth, self.back))
        lasted = flowed and not self.failure
        return Quantity(self.ice_nominated and lasted, reason=self.failure.code if self.failure else None)

    @metric_of("bool")
    def encrypted(self) -> Quantity:
        """The media was protected by DTLS-SRTP."""
        return self._quantity(self.dtls_srtp)

    @metric_of("ms")
    def setup_ms(self) -> Quantity:
        """From the offer to the first media packet received."""
        return self._quantity(self.first_packet_ms)

    @metric_of("text")
    def codec(self) -> Quantity:
        """The codec both ends agreed on."""
        return self._quantity(self.negotiated_codec)

    @metric_of("ms")
    def rtt_p50_ms(self) -> Quantity:
        """Round trip by RTCP, end to end through the relay (twice the way to it), median."""
        if not self.round_trips_ms:
            return self._quantity(None)
        value = median(self.round_trips_ms)
        return Quantity(value, Interval(max(0.0, value - 2 * self.doubt.median_ms), value), self._busy)

    @metric_of("ms")
    def interarrival_jitter_ms(self) -> Quantity:
        """RFC 3550 jitter as the receiver reports it; the worse of both ways."""
        if self._jitter_ms is None:
            return self._quantity(None)
        off_ms = 2 * self.doubt.jitter_ms
        bounds = Interval(max(0.0, self._jitter_ms - off_ms), self._jitter_ms + off_ms)
        return Quantity(self._jitter_ms, bounds, self._busy)

    @metric_of("ratio")
    def loss_ratio(self) -> Quantity:
        """RTP packets lost, both ways together, with bounds at 95 %."""
        expected = sum(way.packets_received + way.packets_lost for way in self._ways)
        if not expected or self.failure:  # a call that broke off lost what nobody counted
            return self._quantity(None)
        bounds = wilson(self._lost, expected, CONFIDENCE)
        if self._busy and self._lost:  # what leaves in bunches may be lost for that
            return Quantity(self._lost / expected, replace(bounds, low=0.0), self._busy)
        return Quantity(self._lost / expected, bounds)

    @metric_of("number")
    def mos_cqe(self) -> Quantity:
        """MOS for Opus on this call's figures, fullband scale (G.107.2)."""
        loss, rtt, jitter = self.loss_ratio, self.rtt_p50_ms, self.interarrival_jitter_ms
        if not isinstance(loss.value, float) or not isinstance(rtt.value, float) or self._jitter_ms is None:
            return self._quantity(None)

        def score(ratio: float | None, rtt_ms: float | None, jitter_ms: float | None) -> float:
            # Four times the mean deviation stands for the 95th percentile that RTCP does not tell.
            delay_ms = emodel.mouth_to_ear_ms(rtt_ms or 0.0, 4 * (jitter_ms or 0.0), self.ptime_ms)
            return emodel.mos(emodel.opus_r_value(self.bitrate_bps, delay_ms, ratio or 0.0))

        lost, delay, spread = loss.interval, rtt.interval, jitter.interval
        worst, best = score(lost.high, delay.high, spread.high), score(lost.low, delay.low, spread.low)
        return Quantity(score(loss.value, rtt.value, self._jitter_ms), Interval(worst, best), self._busy, "fb")

    @property
    def _busy(self) -> FailureCode | None:
        return FailureCode.WORKSTATION_BUSY if self.doubt.is_busy else None

    @property
    def _ways(self) -> list[Direction]:
        return [way for way in (self.forth, self.back) if way]

    @property
    def _lost(self) -> int:
        return sum(max(0, way.packets_lost) for way in self._ways)

    @property
    def _jitter_ms(self) -> float | None:
        return max((way.jitter_ms for way in self._ways if way.jitter_ms is not None), default=None)

    def _quantity(self, value: bool | float | str | None) -> Quantity:  # noqa: FBT001 - a metric's value
        if value is not None:
            return Quantity(value)
        return Quantity(None, reason=self.failure.code if self.failure else FailureCode.NOT_PROVEN)


class Call(Probe[CallEvidence]):
    """Does an encrypted Opus call come about through the relay, and what do its RTP statistics say."""

    id = "call"
    title = "Opus call through the relay"
    requires = (Turn,)
    exclusive = True

    @classmethod
    def inputs(cls, profile: Profile) -> Any:
        """The TURN URLs: the first that relays carries the call."""
        return urls(profile, "turn")

    @classmethod
    def traffic(cls, profile: Profile) -> list[Traffic]:
        """Two voices, each to the relay and back, and 20 kB to set up and watch."""
        packets = round(profile.call.seconds * 1000 / profile.call.ptime_ms)
        byte = 20_000 + 4 * packets * (payload_byte(profile.call) + 52)
        return first_that_relays(cls.id, profile, byte=byte, seconds=profile.call.seconds)

    def deadline_s(self, profile: Profile) -> float:
        """Set-up, the call, and hanging up."""
        return profile.call.seconds + 2 * CONNECT_TIMEOUT_S + 20.0

    def summary(self, evidence: CallEvidence) -> str | None:
        """What became of it."""
        figures = evidence.quantities()
        if figures["connected"].value is None:
            return "no relay to call through"
        if not figures["connected"].value:
            return "did not come about" if not evidence.ice_nominated else "connected, but no media both ways"
        mos, setup_ms = figures["mos_cqe"].value, figures["setup_ms"].value
        told = [f"connected in {setup_ms:.0f} ms" if isinstance(setup_ms, float) else "connected"]
        told += [str(evidence.negotiated_codec), "DTLS-SRTP" if evidence.dtls_srtp else "not encrypted"]
        return " · ".join(told + ([f"MOS {mos:.2f} fullband"] if isinstance(mos, float) else []))

    async def gather(self, context: Context) -> CallEvidence:
        """Call through the first relaying URL for `call.seconds`."""
        found, settings = await far_end(context), context.profile.call
        if isinstance(found, Failure):
            return CallEvidence(None, failure=found)
        url, relay = found
        base = CallEvidence(url, bitrate_bps=settings.bitrate_bps, ptime_ms=settings.ptime_ms)
        context.progress("setting up")
        async with AsyncExitStack() as stack:
            door = await stack.enter_async_context(forward(relay)) if _needs_door(relay) else _plain_url(relay)
            evidence = await _call(context, door, relay, base)
            if evidence.failure and evidence.failure.code == FailureCode.ICE_FAILED and not evidence.first_packet_ms:
                # aiortc gathers once and keeps the relay's error to itself: ask, wait for a quota, and try once more.
                why = await _why_no_candidate(relay)
                evidence = replace(evidence, failure=why) if why else await _call(context, door, relay, base)
            return evidence


def _needs_door(relay: TurnServer) -> bool:
    """Aiortc trusts no private CA, takes an IPv6 literal for a malformed URL, and knows no proxy."""
    return relay.transport == "tls" or ":" in relay.address or relay.hops[0] != DIRECT


def _plain_url(relay: TurnServer) -> str:
    return f"turn:{relay.address}:{relay.port}?transport={relay.transport}"


async def _call(context: Context, url: str, relay: TurnServer, base: CallEvidence) -> CallEvidence:
    from readycheck.net.webrtc import SoftphoneCall  # noqa: PLC0415 - aiortc costs half a second to import

    settings = {"bitrate_bps": base.bitrate_bps, "ptime_ms": base.ptime_ms}
    try:
        async with SoftphoneCall.placed(url, relay.credentials, **settings) as call:
            setup_ms = await call.until_media(CONNECT_TIMEOUT_S)
            evidence = replace(
                base,
                ice_nominated=call.nominated,
                dtls_srtp=call.encrypted,
                first_packet_ms=milliseconds(setup_ms / 1000) if setup_ms else None,
                negotiated_codec=call.codec,
            )
            if setup_ms is None:
                evidence = replace(evidence, failure=await _why_no_media(call))
                return await _with_directions(call, evidence)
            return await _talk(context, call, evidence)
    except OperationFailed as error:
        if error.failure.code != FailureCode.ICE_FAILED:
            return replace(base, failure=error.failure)
        return replace(base, ice_nominated=False, failure=error.failure)


async def _why_no_candidate(relay: TurnServer) -> Failure | None:
    """What the relay says to two allocations at once: aiortc keeps its error codes to itself."""
    try:
        async with open_pair(relay):
            return None
    except OperationFailed as error:
        return error.failure


async def _why_no_media(call: SoftphoneCall) -> Failure:
    if not call.nominated:
        return Failure(FailureCode.ICE_FAILED, "connect", f"no candidate pair within {CONNECT_TIMEOUT_S:g} s")
    heard = [way.packets_received for way in await call.ways()]
    code = FailureCode.ONE_WAY_MEDIA if any(heard) else FailureCode.NO_MEDIA
    return Failure(code, "receive", f"{heard[0]} packets forth, {heard[1]} back")


async def _talk(context: Context, call: SoftphoneCall, evidence: CallEvidence) -> CallEvidence:
    """Let the call run and read its statistics as it goes; without a round trip it has no score, so one is awaited."""
    seconds, started_at = context.profile.call.seconds, time.perf_counter()
    round_trips, late_ms = list[float](), list[float]()
    heard, heard_s = [0, 0], [0.0, 0.0]

    def hear(ways: Sequence[Received]) -> None:
        for number, count in enumerate(way.packets_received for way in ways):
            if count > heard[number]:
                heard[number], heard_s[number] = count, time.perf_counter() - started_at

    while (elapsed_s := time.perf_counter() - started_at) < seconds + (0.0 if round_trips else ROUND_TRIP_WAIT_S):
        due_s = elapsed_s + TICK_S
        await asyncio.sleep(due_s - elapsed_s)
        late_ms.append(max(0.0, time.perf_counter() - started_at - due_s) * 1000)
        if len(late_ms) % TICKS_PER_SAMPLE:
            continue
        ways = await call.ways()
        told = [way.round_trip_ms for way in ways if way.round_trip_ms is not None]
        round_trips += told
        hear(ways)
        context.keep(partial(replace, evidence, media_s=round(elapsed_s, 3), round_trips_ms=tuple(round_trips)))
        context.progress("talking", elapsed_s, seconds, rtt_ms=told[-1] if told else None)
    for _ in range(CATCHING_UP_TICKS):
        if not _broke_off(heard_s, time.perf_counter() - started_at):
            break
        await asyncio.sleep(TICK_S)
        hear(await call.ways())
    evidence = replace(evidence, doubt=doubt(late_ms, [], TICK_S * 1000))
    talked = replace(evidence, media_s=round(time.perf_counter() - started_at, 3), round_trips_ms=tuple(round_trips))
    return await _with_directions(call, replace(talked, failure=_broke_off(heard_s, talked.media_s or 0.0)))


def _broke_off(heard_s: Sequence[float], until_s: float) -> Failure | None:
    """Statistics count to the last packet that came: a call that ends early would pass for one without loss."""
    silent = [last_s for last_s in heard_s if until_s - last_s > SILENCE_S]
    if not silent:
        return None
    code = FailureCode.NO_MEDIA if len(silent) == len(heard_s) else FailureCode.ONE_WAY_MEDIA
    return Failure(code, "receive", f"nothing more after {min(silent):.1f} s of {until_s:.1f} s")


async def _with_directions(call: SoftphoneCall, evidence: CallEvidence) -> CallEvidence:
    forth, back = (
        Direction(way.packets_sent, way.packets_received, way.packets_lost, way.jitter_ms) for way in await call.ways()
    )
    return replace(evidence, forth=forth, back=back)
