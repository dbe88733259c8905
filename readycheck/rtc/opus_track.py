"""A track of Opus packets as a softphone would send them: mono, at the bit rate asked for.

aiortc's own encoder sends 96 kbit/s stereo. A track whose recv() returns av.Packet is sent as it is.
"""

import asyncio
import math
import time
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
from aiortc import MediaStreamTrack
from av.packet import Packet

SAMPLE_RATE = 48_000
_LOOP_S = 2


class OpusTrack(MediaStreamTrack):
    """Sends a voice that `encode_voice` encoded beforehand, for as long as it is asked."""

    kind = "audio"

    def __init__(self, payloads: Sequence[bytes], ptime_ms: int) -> None:
        super().__init__()
        self._ptime_ms = ptime_ms
        self._payloads = payloads
        self._sent = 0
        self._started_at: float | None = None

    async def recv(self) -> "Packet[Any]":
        """The next packet, when it is due on an absolute schedule."""
        now = time.perf_counter()
        if self._started_at is None:
            self._started_at = now
        await asyncio.sleep(max(0.0, self._started_at + self._sent * self._ptime_ms / 1000 - now))
        packet = Packet(self._payloads[self._sent % len(self._payloads)])
        packet.pts = self._sent * SAMPLE_RATE * self._ptime_ms // 1000
        packet.time_base = Fraction(1, SAMPLE_RATE)
        self._sent += 1
        return packet


def encode_voice(bitrate_bps: int, ptime_ms: int) -> list[bytes]:
    """Opus payloads of two seconds of a synthetic voice; raises av.FFmpegError or ValueError without libopus."""
    payloads = []
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate = SAMPLE_RATE
    encoder.layout = "mono"
    encoder.format = "s16"
    encoder.bit_rate = bitrate_bps
    encoder.options = {"application": "voip", "frame_duration": str(ptime_ms)}
    samples_per_frame = SAMPLE_RATE * ptime_ms // 1000
    for start in range(0, SAMPLE_RATE * _LOOP_S, samples_per_frame):
        frame = av.AudioFrame(format="s16", layout="mono", samples=samples_per_frame)
        frame.planes[0].update(_voice(start, samples_per_frame))
        frame.sample_rate = SAMPLE_RATE
        frame.pts = start
        payloads += [bytes(packet) for packet in encoder.encode(frame)]
    return payloads


def _voice(start: int, count: int) -> bytes:
    """Harmonics of 140 Hz under a syllable's rise and fall: enough for the encoder to spend its bits."""
    samples = bytearray()
    for index in range(start, start + count):
        t = index / SAMPLE_RATE
        tone = sum(math.sin(2 * math.pi * 140 * harmonic * t) / harmonic for harmonic in (1, 2, 3, 5, 8, 13))
        level = 6000 * (0.3 + 0.7 * abs(math.sin(2 * math.pi * 2 * t)))
        samples += int(level * tone / 2).to_bytes(2, "little", signed=True)
    return bytes(samples)
