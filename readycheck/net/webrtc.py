"""A relay-only WebRTC call between two ends on this machine, with aiortc."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import av
from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)

from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.rtc.ice_server import Credentials
from readycheck.rtc.opus_track import SAMPLE_RATE, OpusTrack, encode_voice

POLL_S = 0.01
HANG_UP_TIMEOUT_S = 2.0


@dataclass(frozen=True)
class Received:
    """What one end counted of what the other sent, in RTP's units made plain."""

    packets_sent: int
    packets_received: int
    packets_lost: int
    jitter_ms: float | None
    round_trip_ms: float | None


class SoftphoneCall:
    """Two peers, one call. Use `placed`."""

    def __init__(self, url: str, credentials: Credentials | None, bitrate_bps: int, ptime_ms: int) -> None:
        self._caller, self._callee = _peer(url, credentials), _peer(url, credentials)
        self._bitrate_bps = bitrate_bps
        self._ptime_ms = ptime_ms
        self.codec: str | None = None
        self.offered_at: float | None = None

    @classmethod
    @asynccontextmanager
    async def placed(
        cls, url: str, credentials: Credentials | None, *, bitrate_bps: int, ptime_ms: int
    ) -> AsyncIterator["SoftphoneCall"]:
        """A call offered and answered, hung up on the way out; raises OperationFailed (codec, ICE)."""
        call = cls(url, credentials, bitrate_bps, ptime_ms)
        negotiating = asyncio.ensure_future(call._negotiate())
        try:
            await asyncio.shield(negotiating)
            yield call
        finally:
            # aioice forgets the allocation of a gathering that is cancelled (aioice #111): it is let come to its end.
            await asyncio.wait([negotiating], timeout=HANG_UP_TIMEOUT_S)
            negotiating.cancel()
            # Nor does a relay that has fallen silent hold the call: aioice asks it for half a minute.
            hanging_up = [asyncio.ensure_future(peer.close()) for peer in (call._caller, call._callee)]
            await asyncio.wait(hanging_up, timeout=HANG_UP_TIMEOUT_S)
            for closing in hanging_up:
                closing.cancel()
            await asyncio.gather(*hanging_up, return_exceptions=True)

    async def _negotiate(self) -> None:
        try:
            # a third of a second, in which Ctrl-C and timers are to be heard
            voice = await asyncio.to_thread(encode_voice, self._bitrate_bps, self._ptime_ms)
        except (av.FFmpegError, ValueError) as error:
            raise OperationFailed(FailureCode.CODEC_UNAVAILABLE, "encode", str(error)) from None
        for peer in (self._caller, self._callee):
            peer.addTrack(OpusTrack(voice, self._ptime_ms))
        for transceiver in self._caller.getTransceivers():
            codecs = RTCRtpSender.getCapabilities("audio").codecs
            transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType.lower() == "audio/opus"])
        self.offered_at = time.perf_counter()
        await self._caller.setLocalDescription(await self._caller.createOffer())
        await self._callee.setRemoteDescription(_with_candidates(self._caller))
        await self._callee.setLocalDescription(await self._callee.createAnswer())
        answer = _with_candidates(self._callee)
        self.codec = "opus" if "opus/48000" in answer.sdp else None
        await self._caller.setRemoteDescription(answer)

    @property
    def nominated(self) -> bool:
        """Whether ICE found a pair on both ends."""
        states = ("connected", "completed")
        return all(peer.iceConnectionState in states for peer in (self._caller, self._callee))

    @property
    def encrypted(self) -> bool:
        """Whether DTLS keyed the media on both ends."""
        senders = [*self._caller.getSenders(), *self._callee.getSenders()]
        return all(sender.transport.state == "connected" for sender in senders)

    async def until_media(self, timeout_s: float) -> float | None:
        """Milliseconds from the offer to the first packet on the slower end; None if one end heard nothing."""
        try:
            async with asyncio.timeout(timeout_s):
                while not all(way.packets_received for way in await self.ways()):
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            return None
        return (time.perf_counter() - (self.offered_at or 0.0)) * 1000

    async def ways(self) -> tuple[Received, Received]:
        """What the callee heard of the caller, and the caller of the callee."""
        caller, callee = await self._caller.getStats(), await self._callee.getStats()
        return _received(caller, callee), _received(callee, caller)


def _peer(url: str, credentials: Credentials | None) -> RTCPeerConnection:
    server = RTCIceServer(
        urls=[url],
        username=credentials.username if credentials else None,
        credential=credentials.password if credentials else None,
    )
    return RTCPeerConnection(RTCConfiguration(iceServers=[server], iceTransportPolicy=RTCIceTransportPolicy.RELAY))


def _with_candidates(peer: RTCPeerConnection) -> RTCSessionDescription:
    """The local description; without a candidate aiortc would wait for ever, so that is the failure."""
    description = peer.localDescription
    if "a=candidate" not in description.sdp:
        raise OperationFailed(FailureCode.ICE_FAILED, "gather_candidates", "the relay gave no candidate")
    return description


def _received(sender: Any, receiver: Any) -> Received:
    """From aiortc's statistics: jitter is in ticks of the RTP clock, packets lost may be below zero (duplicates)."""
    outbound = _one(sender, "outbound-rtp")
    inbound = _one(receiver, "inbound-rtp")
    remote = _one(sender, "remote-inbound-rtp")
    round_trip_s = getattr(remote, "roundTripTime", None)
    return Received(
        packets_sent=getattr(outbound, "packetsSent", 0),
        packets_received=getattr(inbound, "packetsReceived", 0),
        packets_lost=getattr(inbound, "packetsLost", 0),
        jitter_ms=round(inbound.jitter * 1000 / SAMPLE_RATE, 3) if inbound else None,
        round_trip_ms=round(round_trip_s * 1000, 3) if round_trip_s is not None else None,
    )


def _one(stats: Any, kind: str) -> Any:
    return next((item for item in stats.values() if item.type == kind), None)
