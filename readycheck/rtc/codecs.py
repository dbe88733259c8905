"""Codecs as the E-model sees them: equipment impairment and robustness to loss, each on its own scale.

A fullband impairment never goes with the narrowband 93.2, nor the other way round.
"""

from dataclasses import dataclass

from readycheck.model.evidence import Scale

G113 = "ITU-T G.113 (2007) Appendix I"
OPUS_SET = "Alahmadi, Pocta and Melvin, ACM TOMM 17(4) article 133 (2021), doi 10.1145/3458751, super-wideband VBR"


@dataclass(frozen=True)
class Codec:
    """Ie and Bpl of G.107 (random loss), the codec's own delay, and who published them."""

    name: str
    scale: Scale
    impairment: float
    robustness: float
    look_ahead_ms: float
    source: str


G711_PLC = Codec("G.711 + PLC", "nb", 0.0, 25.1, 0.0, G113)
G711 = Codec("G.711", "nb", 0.0, 4.3, 0.0, G113)
G729A = Codec("G.729A + VAD", "nb", 11.0, 19.0, 5.0, G113)
# bit rate in kbit/s: (Ie,fb, Bpl for random loss). No ITU value exists for Opus.
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


def opus(bitrate_bps: float) -> Codec:
    """Opus at the published bit rate nearest to this one: 14 to 40 kbit/s, nothing is extrapolated."""
    nearest = min(_OPUS, key=lambda kbps: abs(kbps - bitrate_bps / 1000))
    impairment, robustness = _OPUS[nearest]
    return Codec(f"Opus {nearest} kbit/s", "fb", impairment, robustness, 6.5, OPUS_SET)  # libopus in voip mode
