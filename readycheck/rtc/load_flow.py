"""One flow of emulated calls: a STAMP session (RFC 8762) whose packets are laid out ahead and recorded as they come.

Many calls share the sending thread, so a packet costs two fields and a reply nothing until somebody counts. Times are
nanoseconds of a clock that only grows; the counts compare each end's clock with itself alone.
"""

from array import array
from bisect import bisect_left
from collections import deque
from dataclasses import dataclass
from struct import Struct

from readycheck.rtc.stamp import (
    AUTHENTICATED_BYTE,
    BASE_BYTE,
    DIRECT_TLV_BYTE,
    SIGNED_BYTE,
    TLV_HEADER_BYTE,
    DirectMeasurement,
    ErrorEstimate,
    Malformed,
    SenderPacket,
    Tlv,
    TlvType,
    decode_reflector,
    digest,
    encode_sender,
    extra_padding,
    ntp_timestamp,
    reflector_fields,
    seconds_between,
)

_STAMP, _STAMP_SIGNED = Struct("!IQ"), Struct("!I12xQ")
CLOSING_NUMBER = 0
"""What every closing packet repeats: a stateless reflector copies it, a stateful one has counted further."""


def flow_byte(payload_byte: int, key: bytes | None) -> int:
    """Octets of UDP payload of a flow's packets: a call's, or the base packet where that is larger."""
    base = AUTHENTICATED_BYTE if key else BASE_BYTE
    return payload_byte if payload_byte - base >= TLV_HEADER_BYTE else base


@dataclass(frozen=True)
class FlowCount:
    """What became of the packets that a flow sent in a window."""

    sent: int
    received: int
    lost_up: int | None
    """None if the reflector does not count, or does not answer any more."""
    cut: int
    """Received and left unanswered, as the reflector itself says: over its cap."""
    duplicates: int
    shortened: int
    """Replies with fewer octets than what they answer: the way back did not carry the load of the way out."""
    rtt_ms: tuple[float, ...]
    """In order of sending, without the reflector's own time."""
    up_ms: tuple[float, ...]
    """One way, above an offset that is the same for all packets of the run."""
    down_ms: tuple[float, ...]
    stayed_ms: tuple[float, ...]
    """How long the reflector kept each."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reflector's answer: its number, and its times in NTP's format or PTP's; the arrival in NTP's."""

    sequence: int
    received: int
    sent: int
    arrived: int
    ptp: bool

    def rtt_ms(self, stamp: int) -> float:
        """There and back without the time that the reflector kept it."""
        return round(1000 * (seconds_between(self.arrived, stamp) - self.stayed_s(stamp)), 3)

    def stayed_s(self, stamp: int) -> float:
        """From arrival at the reflector to its answer; none where its clock jumped meanwhile."""
        stayed_s = seconds_between(self.sent, self.received, ptp=self.ptp)
        return stayed_s if 0 <= stayed_s <= seconds_between(self.arrived, stamp) else 0.0

    def up_ms(self, stamp: int) -> float:
        """Out, above the difference of the clocks."""
        return 1000 * seconds_between(_ntp(self.received, ptp=self.ptp), stamp)

    def down_ms(self) -> float:
        """Back, above the difference of the clocks."""
        return 1000 * seconds_between(self.arrived, _ntp(self.sent, ptp=self.ptp))


def _ntp(timestamp: int, *, ptp: bool) -> int:
    return ((timestamp >> 32) << 32) + (timestamp & 0xFFFFFFFF) * (1 << 32) // 1_000_000_000 if ptp else timestamp


class LoadFlow:
    """A session sender's side. `unix_ns` is the Unix time at zero of the clock that the others are given in."""

    def __init__(self, payload_byte: int, ssid: int, unix_ns: int, key: bytes | None = None) -> None:
        base, byte = AUTHENTICATED_BYTE if key else BASE_BYTE, flow_byte(payload_byte, key)
        padding = (extra_padding(byte - base),) if byte > base else ()
        self._packet = bytearray(encode_sender(SenderPacket(0, 0, ssid=ssid, tlvs=padding), key))
        self._write = (_STAMP_SIGNED if key else _STAMP).pack_into
        self._key, self._ssid, self._unix_ns = key, ssid, unix_ns
        self.stamps = array("Q")
        """T1 of each packet sent, by its number."""
        self.arrivals: deque[tuple[int, bytes]] = deque()
        """What came and when, not yet read."""
        self.discarded = 0
        """Junk, wrong signatures, answers to nothing that was sent, and what came after its step was counted."""
        self.is_stateful: bool | None = None
        self.closed = False
        """Whether a closing packet of this step was answered."""
        self._first = 0
        self._shortened = 0
        self._reached = 0
        """Packets that reached the reflector, as its latest answer to a closing packet says."""
        self._behind = 0
        """How many had not, when the step began."""
        self._cut = self._cut_before = 0
        self._closings: list[int] = []
        self._closings_before = 0
        self._replies: dict[int, Reply] = {}
        self._again: list[int] = []

    def begin(self) -> None:
        """A new step: what is sent from now on is counted anew."""
        self._first, self._cut_before, self._closings_before = len(self.stamps), self._cut, len(self._closings)
        self._behind = self._first - self._reached
        self._replies, self._again, self.closed, self._shortened = {}, [], False, 0

    def next_packet(self, now_ns: int) -> bytearray:
        """The next packet, noted as sent now."""
        stamp = ntp_timestamp(now_ns + self._unix_ns)
        self._write(self._packet, 0, len(self.stamps), stamp)
        self.stamps.append(stamp)
        if self._key:
            self._packet[SIGNED_BYTE:AUTHENTICATED_BYTE] = digest(self._key, bytes(self._packet[:SIGNED_BYTE]))
        return self._packet

    def unsent(self) -> None:
        """The system refused the latest packet: it was never sent."""
        self.stamps.pop()

    def closing_packet(self, now_ns: int) -> bytes:
        """A packet after a step's last, whose answer tells how many the reflector received and answered."""
        stamp = ntp_timestamp(now_ns + self._unix_ns)
        self._closings.append(stamp)
        asked = Tlv(TlvType.DIRECT_MEASUREMENT, DirectMeasurement(len(self.stamps)).encode())
        return encode_sender(SenderPacket(CLOSING_NUMBER, stamp, ssid=self._ssid, tlvs=(asked,)), self._key)

    def read(self) -> None:
        """Read what came; what answers nothing of this step is counted and left alone."""
        while self.arrivals:
            at_ns, data = self.arrivals.popleft()
            try:
                sequence, sent, estimate, _, received, number, stamp, *_ = reflector_fields(data, self._key)
            except Malformed:
                self.discarded += 1
                continue
            if stamp in self._closings:
                self._close(data, sequence, self._closings.index(stamp))
            elif not self._first <= number < len(self.stamps) or self.stamps[number] != stamp:
                self.discarded += 1
            elif number not in self._replies:
                self._shortened += len(data) < len(self._packet)
                clock = ErrorEstimate.decode(estimate).ptp
                self._replies[number] = Reply(sequence, received, sent, ntp_timestamp(at_ns + self._unix_ns), clock)
            else:
                self._again.append(sequence)

    @property
    def was_answered(self) -> bool:
        """Whether anything that this step sent has come back."""
        return bool(self._replies)

    @property
    def complete(self) -> bool:
        """Whether everything that this step sent has come back."""
        return len(self._replies) == len(self.stamps) - self._first

    def count(self, from_ns: int) -> FlowCount:
        """What became of the packets sent since, as exactly as whole packets can be told.

        The window begins after the last reply to anything sent before it: there the reflector's count is known.
        """
        begin = bisect_left(self.stamps, ntp_timestamp(from_ns + self._unix_ns), lo=self._first)
        anchor = max((number for number in self._replies if number < begin), default=self._first - 1)
        inside = sorted(number for number in self._replies if number > anchor)
        replies = [(self.stamps[number], self._replies[number]) for number in inside]
        sent = len(self.stamps) - 1 - anchor
        return FlowCount(
            sent=sent,
            received=len(inside),
            lost_up=self._lost_up(anchor, sent - len(inside)),
            cut=self._cut - self._cut_before,
            duplicates=len(self._again),
            shortened=self._shortened,
            rtt_ms=tuple(reply.rtt_ms(stamp) for stamp, reply in replies),
            up_ms=tuple(reply.up_ms(stamp) for stamp, reply in replies),
            down_ms=tuple(reply.down_ms() for _, reply in replies),
            stayed_ms=tuple(1000 * reply.stayed_s(stamp) for stamp, reply in replies),
        )

    def _lost_up(self, anchor: int, lost: int) -> int | None:
        """By how much the reflector's count fell behind ours since the anchor; what came to it twice hid as many."""
        if not self.closed or self.is_stateful is False:
            return None
        known = self._replies.get(anchor)
        behind = self._behind if known is None else anchor - known.sequence + self._closings_before
        twice = sum(sequence > (known.sequence if known else -1) for sequence in self._again)
        return min(max(len(self.stamps) - self._reached - behind + twice, 0), lost)

    def _close(self, data: bytes, sequence: int, closing: int) -> None:
        """The reflector's number in an answer to a closing packet is how many had come, earlier closing ones too."""
        if closing < self._closings_before or self.closed:
            return
        self.closed = True
        if sequence > CLOSING_NUMBER:
            self.is_stateful = True
        elif self._replies:
            self.is_stateful = False
        self._reached = sequence - closing
        counted = decode_reflector(data, self._key).tlv(TlvType.DIRECT_MEASUREMENT)
        if counted and len(counted.value) == DIRECT_TLV_BYTE - TLV_HEADER_BYTE:
            told = DirectMeasurement.decode(counted.value)
            self._cut = max(self._cut, told.received - told.reflected)
