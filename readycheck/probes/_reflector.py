"""A STAMP reflector as the path's far end: the stream towards it, and what its replies tell of each way alone."""

import asyncio
import math
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from readycheck.model.evidence import Interval, Quantity
from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.model.traffic import Traffic
from readycheck.net.stamp import StampLink, open_stamp_link
from readycheck.probes._servers import addresses, targets
from readycheck.profile.scalars import UNRESOLVED
from readycheck.profile.schema import Profile
from readycheck.rtc.bounds import loss_bounds
from readycheck.rtc.delay import interarrival_jitter_ms, percentile
from readycheck.rtc.packet_stream import PacketStream
from readycheck.rtc.stamp import EXPEDITED_FORWARDING, key_octets
from readycheck.rtc.stamp_stream import StampStream

STAMP_PORT = 862
_PORT = re.compile(r"[^:]:[^:\]]+$")
CLOSING_WAITS_S = (0.1, 0.1, 0.2, 0.2, 0.4, 0.4)
"""After each closing packet; all together longer than the second in which a cap counts."""
SILENCE_S, SILENCE_STEP_S, PACKET_EVERY_STEPS = 2.0, 0.02, 25
LARGEST_PACKET_BYTE = 140 + 48  # authenticated with its TLVs, and headers
GONE_S = 1.0
"""So long after its last answer a reflector that refuses is gone; before, it may only restart."""
Way = Literal["up", "down"]


@dataclass(frozen=True)
class Reflection:
    """What a reflector's replies tell beside the round trip: columns of the packets, in order of sending."""

    is_authenticated: bool
    behind: tuple[tuple[int, int], ...] = ()
    """The reflector's own count behind ours, one more for each packet that did not reach it: where it changes, the
    packet's number and the count from there on; 0 before."""
    received_count: int | None = None
    """Packets of ours that reached it, as its answer after the last one says."""
    is_stateful: bool | None = None
    """Whether it counts itself; None if that never showed."""
    up_ms: tuple[float | None, ...] = ()
    """One-way delay above the smallest, on the way out; the way back is what the round trip leaves."""
    clock_steps: int = 0
    is_clock_still: bool = False
    """Whether its time stamps hardly move: they tell nothing of each way alone."""
    dscp_counts: dict[int, int] = field(default_factory=dict)
    """DSCP values with which our packets reached it; they left with 46 (EF) if `is_marked`."""
    is_marked: bool = False
    discarded: int = 0
    """What came and answered nothing of ours, or was not signed: replies, perhaps, that cannot be believed."""
    cut_count: int = 0
    """Packets that reached it and by its own account were left unanswered (RFC 8972 section 4.5): its cap."""
    stamp_delay_p99_ms: float | None = None
    """By how much our clock readings differ from the kernel's time stamps; None without those."""
    send_queue_p99_ms: float | None = None
    """How long packets waited in this machine's own queue, which is part of the path; None without such stamps."""

    def loss(self, way: Way, lost: Sequence[bool], confidence: float, own: Collection[int] = ()) -> Quantity:
        """Loss of one way with its bounds: of what was sent, or of what the reflector sent back.

        `own` are packets that an end may have lost itself: they count for the upper bound alone.
        """
        if all(lost):
            return Quantity(None, reason=FailureCode.NO_MEDIA)
        if not self.is_stateful:
            unknown = self.is_stateful is None
            return Quantity(None, reason=FailureCode.NOT_PROVEN if unknown else FailureCode.NOT_CONFIGURED)
        numbered = [(number, fate) for number, fate in enumerate(self._fates(lost)) if way == "up" or fate != "up"]
        told = [fate == way for _, fate in numbered]
        least = [fate == way and number not in own for number, fate in numbered]
        most = [fate in (way, "unknown") for _, fate in numbered]
        bounds = Interval(loss_bounds(least, confidence).low, loss_bounds(most, confidence).high)
        its_own = sum(told) and 2 * sum(least) <= sum(told)
        return Quantity(sum(told) / len(told), bounds, self.not_the_network if its_own else None)

    @property
    def unanswered_or_discarded(self) -> int:
        """How many packets may seem lost although the network lost none of them."""
        return self.cut_count + self.discarded

    @property
    def not_the_network(self) -> FailureCode:
        """Why losses say little of the network: answers not to be believed, or an end lost them, as it says itself."""
        if self.discarded > self.cut_count:
            return FailureCode.STUN_BAD_ANSWER
        return FailureCode.NOT_PROVEN if self.cut_count else FailureCode.WORKSTATION_BUSY

    def jitter_ms(self, way: Way, rtt_ms: Sequence[float | None]) -> Quantity:
        """RFC 3550 jitter of one way."""
        if self.is_clock_still:
            return Quantity(None, reason=FailureCode.NOT_PROVEN)
        if not self.is_stateful:
            unknown = self.is_stateful is None
            return Quantity(None, reason=FailureCode.NOT_PROVEN if unknown else FailureCode.NOT_CONFIGURED)
        down_ms = [
            None if up is None or whole is None else whole - up for up, whole in zip(self.up_ms, rtt_ms, strict=True)
        ]
        return Quantity(interarrival_jitter_ms(self.up_ms if way == "up" else down_ms))

    def dscp_preserved(self) -> Quantity:
        """Whether every packet that the reflector tells of still had its mark; not for a path without any reply."""
        if not self.is_marked:
            return Quantity(None, reason=FailureCode.UNSUPPORTED_PLATFORM)
        if not self.dscp_counts:
            return Quantity(None, reason=FailureCode.NOT_CONFIGURED)
        return Quantity(set(self.dscp_counts) == {EXPEDITED_FORWARDING})

    def _counts(self, packets: int) -> list[int]:
        """`behind` at every packet."""
        counts, latest, changes = [], 0, dict(self.behind)
        for number in range(packets):
            latest = changes.get(number, latest)
            counts.append(latest)
        return counts

    def _fates(self, lost: Sequence[bool]) -> list[Way | Literal["unknown"] | None]:
        """Where each packet was lost, None if it was not.

        How many of a run were lost on the way out is what the reflector's count fell behind; which of them is not
        told, so the first. What came out of order makes its count waver: the smallest that follows is taken.
        """
        count = len(lost)
        fates: list[Way | Literal["unknown"] | None] = [None] * count
        known = self.received_count
        last = max(number for number in range(count) if not lost[number])
        following = count - known if known is not None else None
        behind: list[int | None] = [following] * count
        counts = self._counts(count)
        for number in range(count - 1, -1, -1):
            seen = None if lost[number] else counts[number]
            after = behind[number + 1] if number + 1 < count else following
            behind[number] = after if seen is None else seen if after is None else min(seen, after)
        assigned = 0
        for number in range(count):
            if not lost[number]:
                continue
            fallen = behind[number]
            if fallen is None or (number > last and known is None):
                fates[number] = "unknown"
            elif assigned < fallen:
                fates[number], assigned = "up", assigned + 1
            else:
                fates[number] = "down"
        return fates


def _changes(behind: Sequence[int | None]) -> Iterator[tuple[int, int]]:
    """Where the count changes, and to what."""
    latest = 0
    for number, count in enumerate(behind):
        if count is not None and count != latest:
            latest = count
            yield number, count


def reflection_of(stream: StampStream, link: StampLink) -> Reflection:
    """What is kept of a stream."""
    behind = stream.behind()
    origin = min((count for count in behind if count is not None), default=0)
    if origin < 0:  # a count that did not begin at zero (RFC 8762 section 4.3 says it does)
        behind = [None if count is None else count - origin for count in behind]
    fell_behind = any(behind)
    stateful, received = (True if fell_behind else None), None
    if stream.closing:
        number, unanswered = stream.closing
        stateful = fell_behind or number != stream.closing_number
        reached = number + min(0, origin) - len(stream.received_again)
        # Closing packets without an answer were counted as well unless they were lost on the way out.
        mostly_up = (max((count for count in behind if count), default=0)) * 2 > behind.count(None)
        received = min(len(behind), max(len(stream.replies), reached - (0 if mostly_up else unanswered)))
    up_ms, _, steps = stream.one_way_ms()
    return Reflection(
        is_authenticated=stream.key is not None,
        behind=tuple(_changes(behind)),
        received_count=received if stateful else None,
        is_stateful=stateful,
        up_ms=tuple(up_ms),
        clock_steps=steps,
        is_clock_still=stream.is_clock_still,
        dscp_counts=stream.marks(),
        is_marked=link.marks,
        discarded=stream.discarded,
        cut_count=stream.cut,
        stamp_delay_p99_ms=percentile(link.stamp_delays_ms, 0.99),
        send_queue_p99_ms=percentile(link.send_queue_ms, 0.99),
    )


async def _nothing_more() -> None:
    pass


@dataclass(frozen=True)
class FarEnd:
    """Where a stream goes: how to send, and why that may make no sense any more."""

    stream: PacketStream
    send: Callable[[bytes], None]
    failure: Callable[[], Failure | None]
    end: Callable[[], Awaitable[None]] = _nothing_more
    """What is to be asked after the last packet."""
    told: Callable[[PacketStream], Reflection | None] = lambda _: None
    """What the far end itself tells of a stream."""
    unread: Callable[[], int] = lambda: 0
    """How many replies found no room in our receive queue."""


@asynccontextmanager
async def reach(address: str, port: int, key: bytes | None, byte: int) -> AsyncIterator[FarEnd]:
    """A stream to a reflector that begins now, over a link of its own; raises OperationFailed."""
    async with open_stamp_link(address, port) as link:
        stream = StampStream(
            *(b"", byte, time.perf_counter()),
            key=key,
            ssid=int.from_bytes(os.urandom(2)) or 1,
            unix_started_ns=time.time_ns(),
        )

        def received(data: bytes, at: float) -> None:
            """Whoever answers again had restarted: what was refused meanwhile are losses."""
            before = len(stream.arrivals)
            stream.received(data, at)
            if len(stream.arrivals) > before:
                link.failure = None

        link.on_reply, link.on_sent = received, stream.sent

        def failure() -> Failure | None:
            """What refuses, once it has lasted for a while after the latest answer."""
            latest = stream.received_at[stream.arrivals[-1]] if stream.arrivals else -math.inf
            return link.failure if time.perf_counter() - latest >= GONE_S else None

        def told(settled: PacketStream) -> Reflection | None:
            return reflection_of(settled, link) if isinstance(settled, StampStream) else None

        def send(packet: bytes) -> None:
            if not link.send(packet):
                stream.unsent.append(len(stream.sent_at) - 1)

        yield FarEnd(stream, send, failure, lambda: _close(stream, link), told, lambda: link.unread)


async def answering_first(addresses: list[str], port: int, key: bytes | None) -> list[str]:
    """The reflector's addresses: those that answer within two seconds, then the silent, then those that refuse."""
    if len(addresses) == 1:
        return addresses
    ranks = await asyncio.gather(*(_rank(address, port, key) for address in addresses))
    return [address for _, address in sorted(zip(ranks, addresses, strict=True), key=lambda one: one[0])]


async def _rank(address: str, port: int, key: bytes | None) -> int:
    try:
        async with reach(address, port, key, 0) as far:
            for number in range(round(SILENCE_S / SILENCE_STEP_S)):
                if number % PACKET_EVERY_STEPS == 0:
                    now = time.perf_counter()
                    far.send(far.stream.next_packet(now, now))
                await asyncio.sleep(SILENCE_STEP_S)
                if far.stream.arrivals:
                    return 0
                if far.failure():
                    return 2
    except OperationFailed:
        return 2
    return 1


async def _close(stream: StampStream, link: StampLink) -> None:
    """After the last packet, ask how many came: a few times, each as long as the slowest round trip twice."""
    longest_ms = max((delay for delay in stream.rtt_ms() if delay is not None), default=None)
    if longest_ms is None:
        return
    for wait_s in CLOSING_WAITS_S:
        link.send(stream.closing_packet(time.perf_counter()))
        ends_at = time.perf_counter() + min(1.0, max(wait_s, 2 * longest_ms / 1000))
        while not stream.closing and time.perf_counter() < ends_at:
            await asyncio.sleep(0.01)
        if stream.closing:
            return


def place(profile: Profile) -> tuple[str, int] | None:
    """Host and port of the profile's reflector; None without one, and where only the lab will know its port."""
    written = written_place(profile)
    if written is None or UNRESOLVED in written:
        return None
    host, _, port = written.rpartition(":")
    return host.strip("[]"), int(port)


def written_place(profile: Profile) -> str | None:
    """The reflector as the profile writes it, with its port; None without one."""
    reflector = profile.targets.reflector
    if reflector is None or not reflector.stamp:
        return None
    text = reflector.stamp
    return text if _PORT.search(text) else f"{text}:{STAMP_PORT}"


def has_far_end(profile: Profile) -> bool:
    """Whether the profile gives credentials for a relay, or names a reflector."""
    relays = any(target.has_credentials for target in targets(profile, "turn"))
    return relays or written_place(profile) is not None


async def ways_to(profile: Profile) -> tuple[list[str], int, bytes | None] | Failure | None:
    """Every address, port and key of the profile's reflector; None without one."""
    found = place(profile)
    if found is None or profile.targets.reflector is None:
        return None
    host, port = found
    literals = await addresses(host, every=True)
    if isinstance(literals, Failure):
        return literals
    secret = profile.targets.reflector.key
    text = secret.get_secret_value() if secret else ""
    try:
        return literals, port, key_octets(text) if text.strip() else None
    except ValueError:  # its words could quote the key
        return Failure(FailureCode.NOT_CONFIGURED, "read the reflector's key", "octets after hex: are expected")


def traffic(probe: str, profile: Profile, packets: int, byte: int, *, instead: bool) -> list[Traffic]:
    """What goes to the reflector and comes back, for `--dry-run`."""
    found = place(profile)
    if found is None:
        return []
    host, port = found
    most = 2 * packets * max(byte + 48, LARGEST_PACKET_BYTE)
    return [Traffic(probe, host, port, "udp", most, profile.path.max_seconds, instead=instead)]
