"""A session sender's stream (RFC 8762): the packets of rtc/packet_stream.py as STAMP, and what each reply tells.

Clocks of the two ends are compared with themselves alone: one-way delays are told above the smallest of their way.
"""

from collections import Counter
from dataclasses import dataclass, field

from readycheck.rtc.packet_stream import PacketStream
from readycheck.rtc.stamp import (
    COS_TLV_BYTE,
    DIRECT_TLV_BYTE,
    EXPEDITED_FORWARDING,
    TLV_HEADER_BYTE,
    ClassOfService,
    DirectMeasurement,
    Malformed,
    ReflectorPacket,
    SenderPacket,
    Tlv,
    TlvType,
    decode_reflector,
    encode_sender,
    extra_padding,
    ntp_timestamp,
    seconds_between,
)

CLOCK_STEP_S = 0.1
FEW_UNSTAMPED = 2


@dataclass
class StampStream(PacketStream):
    """Packets of at least `payload_byte` octets: TLVs and signature may need more, and `payload_byte` then says so."""

    key: bytes | None = field(default=None, repr=False)
    ssid: int = 0
    unix_started_ns: int = 0
    replies: dict[int, ReflectorPacket] = field(default_factory=dict)
    received_again: set[int] = field(default_factory=set)
    """Reflector's numbers of packets that reached it twice."""
    stamped: int = 0
    """Packets of which the system said when it had them."""
    discarded: int = 0
    """Junk, wrong signatures, answers to nothing that was sent."""
    closing: tuple[int, int] | None = None
    """The reflector's number in the first answer to a closing packet, and how many of those were sent before it."""
    cut: int = 0
    """Packets that the reflector says it received and left unanswered, as its cap on packets a second makes it do."""
    _timestamps: list[int] = field(default_factory=list)
    _closings: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        bare = len(encode_sender(SenderPacket(0, 0, tlvs=self._tlvs(0)), self.key))
        self._padding_byte = self.payload_byte - bare if self.payload_byte - bare >= TLV_HEADER_BYTE else 0
        self.payload_byte = bare + self._padding_byte

    def next_packet(self, due_at: float, now: float) -> bytes:
        """The next packet, noted as sent now."""
        self.lateness_ms.append((now - due_at) * 1000)
        self._timestamps.append(self._timestamp(now))
        self.sent_at.append(now)
        return self._packet(len(self.sent_at) - 1, self._timestamps[-1], self._padding_byte)

    def closing_packet(self, now: float) -> bytes:
        """A packet after the last whose answer tells how many the reflector received.

        It repeats a number of the middle: a stateless reflector copies that, a stateful one goes on counting.
        """
        self._closings.append(self._timestamp(now))
        counts = DirectMeasurement(len(self.sent_at) + len(self._closings))
        return self._packet(
            self.closing_number, self._closings[-1], 0, Tlv(TlvType.DIRECT_MEASUREMENT, counts.encode())
        )

    @property
    def closing_number(self) -> int:
        """The sequence number of closing packets."""
        return len(self.sent_at) // 2

    def received(self, data: bytes, at: float) -> None:
        """Take in what came; what answers nothing of this stream is counted and left alone."""
        try:
            reply = decode_reflector(data, self.key)
        except Malformed:
            self.discarded += 1
            return
        number = reply.sender_sequence
        if reply.sender_timestamp in self._closings:
            self.closing = self.closing or (reply.sequence, self._closings.index(reply.sender_timestamp))
            counted = reply.tlv(TlvType.DIRECT_MEASUREMENT)
            if counted and len(counted.value) == DIRECT_TLV_BYTE - TLV_HEADER_BYTE:
                told = DirectMeasurement.decode(counted.value)
                self.cut = max(self.cut, told.received - told.reflected)
        elif number >= len(self._timestamps) or reply.sender_timestamp != self._timestamps[number]:
            self.discarded += 1
        elif not self.take(number, at):
            if reply.sequence != self.replies[number].sequence:
                self.received_again.add(max(reply.sequence, self.replies[number].sequence))
        else:
            self.replies[number] = reply

    def sent(self, number: int, at: float) -> None:
        """The system says when it really had a packet."""
        if number < len(self.sent_at):
            self.sent_at[number] = at
            self.stamped += 1

    @property
    def has_kernel_stamps(self) -> bool:
        """Whether the system told of all but a few packets when they left; then it tells when replies came as well."""
        unstamped = len(self.sent_at) - self.stamped
        return self.stamped > 0 and unstamped <= max(FEW_UNSTAMPED, len(self.sent_at) // 100)

    def rtt_ms(self, first: int = 0) -> list[float | None]:
        """Round trips from the `first` on, without the reflector's own time; None for what has not come."""
        return [
            None if delay is None else round(delay - 1000 * self._residence_s(number, delay), 3)
            for number, delay in enumerate(super().rtt_ms(first), first)
        ]

    @property
    def is_clock_still(self) -> bool:
        """Whether a reflector's stamp is the same for most replies, as zeros of one without a clock are."""
        replies = self.replies.values()
        times = {reply.receive_timestamp for reply in replies}, {reply.timestamp for reply in replies}
        return 2 * min(map(len, times)) < len(replies)

    def behind(self) -> list[int | None]:
        """How far the reflector's count is behind ours at each packet: one more for each lost on the way out."""
        again = sorted(self.received_again)
        return [
            number - self.replies[number].sequence + sum(earlier < self.replies[number].sequence for earlier in again)
            if number in self.replies
            else None
            for number in range(len(self.sent_at))
        ]

    def one_way_ms(self) -> tuple[list[float | None], list[float | None], int]:
        """Delay of each packet on the way out and on the way back, above the smallest; steps of a clock taken out.

        The third is how many steps there were: what one way gains at once and the other loses.
        """
        numbers = [number for number in range(len(self.sent_at)) if number in self.replies]
        ways = [self._ways_s(number, numbers[0]) for number in numbers]
        steps, offset_s = 0, 0.0
        corrected: list[tuple[float, float]] = []
        for place, (up_s, down_s) in enumerate(ways):
            if place:
                up_change, down_change = up_s - ways[place - 1][0], down_s - ways[place - 1][1]
                if abs(up_change) > CLOCK_STEP_S and abs(up_change + down_change) < abs(up_change) / 10:
                    steps, offset_s = steps + 1, offset_s + up_change
            corrected.append((up_s - offset_s, down_s + offset_s))
        columns = []
        for way in (0, 1):
            least = min((one[way] for one in corrected), default=0.0)
            delays = {
                number: round((one[way] - least) * 1000, 3) for number, one in zip(numbers, corrected, strict=True)
            }
            columns.append([delays.get(number) for number in range(len(self.sent_at))])
        return columns[0], columns[1], steps

    def marks(self) -> dict[int, int]:
        """DSCP with which packets reached the reflector, and how many; empty if it does not tell."""
        seen: Counter[int] = Counter()
        for reply in self.replies.values():
            tlv = reply.tlv(TlvType.CLASS_OF_SERVICE)
            if tlv and len(tlv.value) == COS_TLV_BYTE - TLV_HEADER_BYTE:
                seen[ClassOfService.decode(tlv.value).dscp_received] += 1
        return dict(seen)

    def _ways_s(self, number: int, first: int) -> tuple[float, float]:
        """Out and back, each with an offset of its own that is the same for every packet."""
        reply, zero = self.replies[number], self.replies[first].receive_timestamp
        ptp = reply.error_estimate.ptp
        received_s = seconds_between(reply.receive_timestamp, zero, ptp=ptp)
        replied_s = seconds_between(reply.timestamp, zero, ptp=ptp)
        started = self.sent_at[first]
        return received_s - (self.sent_at[number] - started), self.received_at[number] - started - replied_s

    def _residence_s(self, number: int, delay_ms: float) -> float:
        """How long the reflector kept the packet; none where its clock jumped meanwhile."""
        reply = self.replies[number]
        stayed_s = seconds_between(reply.timestamp, reply.receive_timestamp, ptp=reply.error_estimate.ptp)
        return stayed_s if 0 <= stayed_s * 1000 <= delay_ms else 0.0

    def _packet(self, number: int, timestamp: int, padding_byte: int, *asked: Tlv) -> bytes:
        tlvs = (*self._tlvs(padding_byte), *asked)
        return encode_sender(SenderPacket(number, timestamp, ssid=self.ssid, tlvs=tlvs), self.key)

    @staticmethod
    def _tlvs(padding_byte: int) -> tuple[Tlv, ...]:
        service = Tlv(TlvType.CLASS_OF_SERVICE, ClassOfService(EXPEDITED_FORWARDING).encode())
        return (service, extra_padding(padding_byte)) if padding_byte else (service,)

    def _timestamp(self, now: float) -> int:
        return ntp_timestamp(self.unix_started_ns + round((now - self.started_at) * 1e9))
