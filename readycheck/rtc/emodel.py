"""The fullband E-model for Opus: ITU-T G.107.2 (06/2019) with the impairments of Alahmadi, Pocta and Melvin (2021).

The scale ends at 148 and is not interchangeable with the narrowband one. No ITU value exists for Opus; the set is
ACM TOMM 17(4) article 133, doi 10.1145/3458751, super-wideband VBR.
"""

from collections.abc import Sequence
from math import log2

from readycheck.rtc.delay import percentile

MAXIMUM_R = 148.0
LOOK_AHEAD_MS = 6.5  # libopus in voip mode
_LOWEST_BUFFER_MS = 20.0
# bit rate in kbit/s: (Ie,fb, Bpl for random loss)
_OPUS = {
    14: (38.06, 16.51),
    16: (30.16, 11.83),
    19: (23.81, 10.67),
    22: (20.22, 10.47),
    25: (20.21, 11.28),
    28: (18.48, 10.63),
    31: (16.83, 10.44),
    34: (14.76, 10.12),
    37: (12.08, 10.38),
    40: (10.67, 9.79),
}


def opus_r_value(bitrate_bps: float, delay_ms: float, loss_ratio: float, burst_ratio: float = 1.0) -> float:
    """R on the fullband scale (0 to 148) for a mouth-to-ear delay and a loss ratio."""
    # Nothing is published beyond 14 to 40 kbit/s: the nearest value holds, it is not extrapolated.
    nearest = min(_OPUS, key=lambda kbps: abs(kbps - bitrate_bps / 1000))
    impairment, robustness = _OPUS[nearest]
    loss_percent = 100 * loss_ratio
    effective = impairment + (132 - impairment) * loss_percent / (loss_percent / max(burst_ratio, 1.0) + robustness)
    return max(0.0, MAXIMUM_R - 1.48 * delay_impairment(delay_ms) - effective)


def delay_impairment(delay_ms: float) -> float:
    """Idd of G.107 (2015) with sT = 1 and mT = 100 ms: what delay alone costs, in points of R."""
    if delay_ms <= 100:  # noqa: PLR2004 - mT
        return 0.0
    x: float = log2(delay_ms / 100)
    return 25 * (_sixth_root(1 + x**6) - 3 * _sixth_root(1 + (x / 3) ** 6) + 2)


def _sixth_root(value: float) -> float:
    return float(value ** (1 / 6))


def mos(r_value: float) -> float:
    """MOS-CQE of a fullband R: G.107 Annex B on R / 1.48."""
    r = r_value / 1.48
    if r <= 0:
        return 1.0
    if r >= 100:  # noqa: PLR2004 - the scale's end
        return 4.5
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def mouth_to_ear_ms(rtt_ms: float, pdv_p95_ms: float, ptime_ms: float) -> float:
    """Half the round trip, packetisation, look-ahead and the receiver's buffer: the larger of 20 ms and the PDV."""
    return rtt_ms / 2 + ptime_ms + LOOK_AHEAD_MS + max(_LOWEST_BUFFER_MS, pdv_p95_ms)


def late_loss_ratio(delay_variation_ms: Sequence[float]) -> float:
    """Share of packets too late for the receiver's buffer of max(20 ms, p95), grown by 20 ms; 0 without packets."""
    p95 = percentile(delay_variation_ms, 0.95)
    if p95 is None:
        return 0.0
    limit = max(_LOWEST_BUFFER_MS, p95) + 20
    return sum(variation > limit for variation in delay_variation_ms) / len(delay_variation_ms)
