"""A measuring stream of numbered packets (irtt's way: record first, compute after); time is an argument."""

import struct
from dataclasses import dataclass, field, replace

_HEADER = struct.Struct("!8sI")


@dataclass
class PacketStream:
    """Packets under way: what was sent when, and what came when. Times are seconds of one clock that only grows."""

    mark: bytes
    """Eight octets that tell this stream's packets from any others."""
    payload_byte: int
    started_at: float
    sent_at: list[float] = field(default_factory=list)
    lateness_ms: list[float] = field(default_factory=list)
    received_at: dict[int, float] = field(default_factory=dict)
    arrivals: list[int] = field(default_factory=list)
    repeated: set[int] = field(default_factory=set)
    """Numbers of packets that came more than once."""
    unsent: list[int] = field(default_factory=list)
    """Numbers of packets that the system refused to send."""

    def next_packet(self, due_at: float, now: float) -> bytes:
        """The next packet, noted as sent now."""
        header = _HEADER.pack(self.mark, len(self.sent_at))
        self.lateness_ms.append((now - due_at) * 1000)
        self.sent_at.append(now)
        return header + bytes(self.payload_byte - len(header))

    def received(self, data: bytes, at: float) -> None:
        """Take in what came; what is not of this stream is left alone."""
        if len(data) != self.payload_byte or not data.startswith(self.mark):
            return
        _, number = _HEADER.unpack_from(data)
        if number < len(self.sent_at):
            self.take(number, at)

    def take(self, number: int, at: float) -> bool:
        """Note the arrival of a packet that was sent; whether it is its first."""
        if number in self.received_at:
            self.repeated.add(number)
            return False
        self.received_at[number] = at
        self.arrivals.append(number)
        return True

    def settled(self, now: float, after_s: float) -> "PacketStream":
        """The stream without its last packets that may still be on their way: sent less than `after_s` ago.

        What comes later leaves it as it is, so that another thread may read it.
        """
        sent = len(self.sent_at)
        while sent and sent - 1 not in self.received_at and now - self.sent_at[sent - 1] < after_s:
            sent -= 1
        return replace(
            self,
            sent_at=self.sent_at[:sent],
            received_at=dict(self.received_at),
            repeated=set(self.repeated),
            unsent=[number for number in self.unsent if number < sent],
        )

    @property
    def duplicates(self) -> int:
        """How many packets came more than once, however often."""
        return len(self.repeated)

    @property
    def has_kernel_stamps(self) -> bool:
        """Whether the times are the kernel's own, so that it does not matter how busy this process was."""
        return False

    @property
    def complete(self) -> bool:
        """Whether everything sent has come."""
        return len(self.received_at) == len(self.sent_at)

    def rtt_ms(self, first: int = 0) -> list[float | None]:
        """Delay of each packet in order of sending, from the `first` on; None for what has not come."""
        return [
            round((self.received_at[number] - sent) * 1000, 3) if number in self.received_at else None
            for number, sent in enumerate(self.sent_at[first:], first)
        ]

    def sent_after_ms(self) -> list[float]:
        """Send times as differences; the first counts from the start."""
        earlier = [self.started_at, *self.sent_at]
        return [round((now - before) * 1000, 3) for before, now in zip(earlier, self.sent_at, strict=False)]
