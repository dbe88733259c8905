"""The voice's packets as the link saw them: sizes, numbers, and what a measurement of them ought to tell."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from readycheck.rtc.loss import reordered_ratio
from tests.netlab.joined import Packet, Truth


@dataclass(frozen=True)
class Voice:
    """How a path's packets look on the link: IP octets, and where their numbers stand, on the way out and back."""

    byte: int
    number_at: tuple[int, int]


REFLECTED = Voice(138, (28, 52))
"""STAMP (RFC 8762) on IPv4: its own number first; the reflector repeats it as the sender's, 24 octets in."""
RELAYED = Voice(142, (40, 40))
"""ChannelData on IPv4: 4 octets of channel, the stream's mark of 8, the number."""


@dataclass(frozen=True)
class Expected:
    """What the link did to the voice, for each packet in order of sending."""

    rtt_ms: tuple[float | None, ...]
    """The link's own part, there and back; None is a packet that it dropped."""
    lost_up: int
    lost_down: int
    duplicates: int
    reordered: float
    alive_s: float
    """When the last packet that came back had come to the link, after the first one did."""

    @property
    def lost(self) -> int:
        """Both ways together."""
        return self.lost_up + self.lost_down


def expected(truth: Truth, server_port: int, voice: Voice) -> Expected:
    """The truth of the voice on this port."""
    up, down = (truth.packets(direction, server_port, voice.byte) for direction in ("up", "down"))
    # A doubled packet has two answers: the first to leave counts, and it may have come second.
    back: dict[int, Packet] = {}
    for packet in sorted((packet for packet in down if packet.departed_s), key=lambda packet: packet.departed_s):
        back.setdefault(packet.number(voice.number_at[1]), packet)
    came = sorted((at, packet.number(voice.number_at[1])) for packet in down for at in packet.departed_s)
    order = list(dict.fromkeys(number for _, number in came))
    rtt_ms = tuple(
        packet.delay_ms + back[number].delay_ms if (number := packet.number(voice.number_at[0])) in back else None
        for packet in up
    )
    last = max((number for number in range(len(up)) if rtt_ms[number] is not None), default=0)
    return Expected(
        rtt_ms=rtt_ms,
        lost_up=sum(not packet.departed_s for packet in up),
        lost_down=sum(bool(packet.departed_s) for packet in up) - len(order),
        duplicates=sum(often > 1 for often in Counter(number for _, number in came).values()),
        reordered=reordered_ratio(order) or 0.0,
        alive_s=up[last].arrived_s - up[0].arrived_s,
    )


def mean_ipdv_ms(delays_ms: Sequence[float | None]) -> float:
    """Mean of |IPDV| (RFC 5481 section 4.1), of pairs that both came."""
    return fmean(
        abs(later - earlier) for earlier, later in pairwise(delays_ms) if earlier is not None and later is not None
    )
