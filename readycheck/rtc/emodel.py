"""The E-model: narrowband of ITU-T G.107 (2015) and fullband of G.107.2 (06/2019), delay, loss and bursts alone.

Their scales end at 93.2 and 148 and are not interchangeable. Echo is left to the browser's canceller: of the delay
impairments only Idd counts, of the others the defaults.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2
from typing import Literal

from readycheck.model.evidence import Scale
from readycheck.rtc.codecs import G711, G711_PLC, G729A, Codec, opus
from readycheck.rtc.delay import percentile

Rating = Literal[
    "very_satisfied",
    "satisfied",
    "some_dissatisfied",
    "many_dissatisfied",
    "nearly_all_dissatisfied",
    "not_recommended",
]
MAXIMUM_R = 148.0
_LOWEST_BUFFER_MS = 20.0
DEVICE_MS = 20.0
"""Capture and playing out, together: an assumption (PortAudio through PulseAudio loops a sound in 21 ms)."""


@dataclass(frozen=True)
class _Scale:
    """What tells the scales apart: R without any impairment, and what loss may take away at most (Ie + …)."""

    start: float
    worst_impairment: float
    per_narrowband: float
    """Points for one of G.107: delay weighs as much more, and MOS is that of R divided by it."""


# Ro - Is of G.107 with every parameter at its default, and the values of G.107.2.
_SCALES: dict[Scale, _Scale] = {"nb": _Scale(93.2062, 95.0, 1.0), "fb": _Scale(MAXIMUM_R, 132.0, 1.48)}
# G.107 Annex B table B.1; each band reaches up to the one before it, so no value falls between two.
_BANDS: tuple[tuple[float, Rating], ...] = (
    (90.0, "very_satisfied"),
    (80.0, "satisfied"),
    (70.0, "some_dissatisfied"),
    (60.0, "many_dissatisfied"),
    (50.0, "nearly_all_dissatisfied"),
)


@dataclass(frozen=True)
class Impairment:
    """What a line does to a call."""

    rtt_ms: float
    pdv_p95_ms: float
    ptime_ms: float
    loss_ratio: float
    late_ratio: float = 0.0
    """Came, but too late for the buffer."""
    burst_ratio: float = 1.0


@dataclass(frozen=True)
class CodecScore:
    """What one codec would give: R and MOS are of the scale beside them, and of no other."""

    codec: str
    scale: Scale
    r_value: float
    mos_cqe: float
    rating: Rating
    mouth_to_ear_ms: float
    source: str


def codec_scores(line: Impairment, opus_bitrate_bps: float) -> tuple[CodecScore, ...]:
    """What Opus at this bit rate, G.711 and G.729 would give on this line."""
    scores = []
    for codec in (opus(opus_bitrate_bps), G711_PLC, G711, G729A):
        delay_ms = mouth_to_ear_ms(line.rtt_ms, line.pdv_p95_ms, line.ptime_ms, codec.look_ahead_ms)
        r = r_value(codec, delay_ms, min(1.0, line.loss_ratio + line.late_ratio), line.burst_ratio)
        figures = round(r, 2), round(mos(r, codec.scale), 3)
        scores.append(
            CodecScore(codec.name, codec.scale, *figures, rating(r, codec.scale), round(delay_ms, 1), codec.source)
        )
    return tuple(scores)


def r_value(codec: Codec, delay_ms: float, loss_ratio: float, burst_ratio: float = 1.0) -> float:
    """R on the codec's scale, for a mouth-to-ear delay and a loss ratio: G.107 equations 7-1 and 7-29."""
    scale, loss_percent = _SCALES[codec.scale], 100 * loss_ratio
    share = loss_percent / (loss_percent / max(burst_ratio, 1.0) + codec.robustness)
    effective = codec.impairment + (scale.worst_impairment - codec.impairment) * share
    return max(0.0, scale.start - scale.per_narrowband * delay_impairment(delay_ms) - effective)


def opus_r_value(bitrate_bps: float, delay_ms: float, loss_ratio: float, burst_ratio: float = 1.0) -> float:
    """R of Opus on the fullband scale (0 to 148)."""
    return r_value(opus(bitrate_bps), delay_ms, loss_ratio, burst_ratio)


def delay_impairment(delay_ms: float) -> float:
    """Idd of G.107 (2015) with sT = 1 and mT = 100 ms: what delay alone costs, in points of R."""
    if delay_ms <= 100:  # noqa: PLR2004 - mT
        return 0.0
    x: float = log2(delay_ms / 100)
    return 25 * (_sixth_root(1 + x**6) - 3 * _sixth_root(1 + (x / 3) ** 6) + 2)


def _sixth_root(value: float) -> float:
    return float(value ** (1 / 6))


def mos(r_value: float, scale: Scale = "fb") -> float:
    """MOS-CQE of an R: G.107 Annex B, of R / 1.48 on the fullband scale. The cubic's dip below 1 is cut."""
    r = r_value / _SCALES[scale].per_narrowband
    if r <= 0:
        return 1.0
    if r >= 100:  # noqa: PLR2004 - the scale's end
        return 4.5
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def rating(r_value: float, scale: Scale) -> Rating:
    """What users say of such a call: G.107 Annex B; on the fullband scale, where its MOS is the same."""
    r = r_value / _SCALES[scale].per_narrowband
    return next((word for least, word in _BANDS if r >= least), "not_recommended")


def mouth_to_ear_ms(rtt_ms: float, pdv_p95_ms: float, ptime_ms: float, look_ahead_ms: float = 6.5) -> float:
    """Half the round trip, packetisation, look-ahead, the receiver's buffer (20 ms or the PDV), and the devices."""
    return rtt_ms / 2 + ptime_ms + look_ahead_ms + max(_LOWEST_BUFFER_MS, pdv_p95_ms) + DEVICE_MS


def late_loss_ratio(delay_variation_ms: Sequence[float]) -> float:
    """Share of packets too late for the receiver's buffer of max(20 ms, p95), grown by 20 ms; 0 without packets."""
    p95 = percentile(delay_variation_ms, 0.95)
    if p95 is None:
        return 0.0
    limit = max(_LOWEST_BUFFER_MS, p95) + 20
    return sum(variation > limit for variation in delay_variation_ms) / len(delay_variation_ms)


def twilio_style_mos(rtt_ms: float, jitter_ms: float, loss_ratio: float) -> float:
    """The figure that Twilio's SDK (voice.js 2, mos.js) would show, to compare with: no E-model."""
    latency_ms = rtt_ms + 2 * jitter_ms + 10
    if latency_ms < 160:  # noqa: PLR2004 - where its line bends
        r = 94.768 - latency_ms / 40
    elif latency_ms < 1000:  # noqa: PLR2004 - where its line ends
        r = 94.768 - (latency_ms - 120) / 10
    else:
        r = 0.0
    return mos(max(r - 250 * loss_ratio, 6.52), "nb")
