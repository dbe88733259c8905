"""Whose packets pass a link, and when each departs: IP packets in, times and truth out, without sockets."""

from collections import Counter
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Literal

from tests.netlab.way import Bottleneck, Fates, Way

Direction = Literal["up", "down"]
TCP, UDP = 6, 17
HEAD_BYTE = 80


@dataclass(frozen=True)
class Endpoints:
    """The five-tuple of a packet; ports are 0 where the protocol has none."""

    protocol: int
    source: bytes
    source_port: int
    destination: bytes
    destination_port: int

    def reversed(self) -> "Endpoints":
        """Of the answers."""
        return Endpoints(self.protocol, self.destination, self.destination_port, self.source, self.source_port)


def endpoints_of(packet: bytes) -> Endpoints:
    """Of an IPv4 or IPv6 packet without extension headers."""
    if packet[0] >> 4 == 4:
        protocol, source, destination = packet[9], packet[12:16], packet[16:20]
        transport = 4 * (packet[0] & 15)
    else:
        protocol, source, destination, transport = packet[6], packet[8:24], packet[24:40], 40
    if protocol not in (TCP, UDP):
        return Endpoints(protocol, source, 0, destination, 0)
    ports = packet[transport : transport + 4]
    return Endpoints(protocol, source, int.from_bytes(ports[:2]), destination, int.from_bytes(ports[2:]))


@dataclass
class Record:
    """What happened to one packet. Times are seconds of the link's clock."""

    arrived_s: float
    byte: int
    head: bytes
    """The first octets of the IP packet."""
    cause: str | None = None
    departed_s: list[float] = field(default_factory=list)
    """One for each copy that really left."""


@dataclass
class Flow:
    """Packets with the same endpoints, one direction."""

    direction: Direction
    endpoints: Endpoints
    began_at: float
    fates: Fates
    records: list[Record] = field(default_factory=list)
    latest_at: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        ends, records = self.endpoints, self.records
        return {
            "direction": self.direction,
            "protocol": ends.protocol,
            "source": [str(ip_address(ends.source)), ends.source_port],
            "destination": [str(ip_address(ends.destination)), ends.destination_port],
            "forwarded": sum(bool(record.departed_s) for record in records),
            "dropped": dict(Counter(record.cause for record in records if record.cause)),
            "duplicated": sum(len(record.departed_s) > 1 for record in records),
            "packets": [{**vars(record), "head": record.head.hex()} for record in records],
        }


class Link:
    """Both directions and all flows. Times are seconds of one clock that only grows."""

    def __init__(self, ways: dict[Direction, Way], seed: int) -> None:
        self._ways = ways
        self._seed = seed
        self._bottlenecks = {direction: Bottleneck(way) for direction, way in ways.items()}
        self._met: Counter[tuple[Direction, int, bytes, int]] = Counter()
        self.flows: dict[tuple[Direction, Endpoints], Flow] = {}

    def take(self, direction: Direction, packet: bytes, now: float) -> tuple[Record, list[float]]:
        """A packet that comes now: its record, and when each of its copies is to depart."""
        ends = endpoints_of(packet)
        flow = self.flows.get((direction, ends)) or self._new_flow(direction, ends, now)
        record = Record(now, len(packet), packet[:HEAD_BYTE])
        flow.records.append(record)
        fate = flow.fates.following(now - flow.began_at, len(packet))
        record.cause = fate.cause
        if fate.cause:
            return record, []
        left_at = self._bottlenecks[direction].leaves_at(now, len(packet))
        if left_at is None:
            record.cause = "queue"
            return record, []
        departs_at = left_at + fate.delay_s
        if self._ways[direction].keeps_order:
            departs_at = flow.latest_at = max(departs_at, flow.latest_at)
        return record, [departs_at + fate.held_s] * fate.copies

    def _new_flow(self, direction: Direction, ends: Endpoints, now: float) -> Flow:
        """The client's port is another each time: its fate follows from the server's, and how many came before."""
        answered = self.flows.get(("down" if direction == "up" else "up", ends.reversed()))
        server = (ends.destination, ends.destination_port) if direction == "up" else (ends.source, ends.source_port)
        met = (direction, ends.protocol, *server)
        seed = f"{self._seed} {direction} {ends.protocol} {server[0].hex()} {server[1]} {self._met[met]}"
        self._met[met] += 1
        began_at = answered.began_at if answered else now
        flow = Flow(direction, ends, began_at, Fates(self._ways[direction], seed))
        self.flows[direction, ends] = flow
        return flow
