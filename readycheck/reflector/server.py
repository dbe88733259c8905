"""The session reflector's socket and its loop: one plain thread that takes what has come and answers it, in batches."""

import contextlib
import select
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from readycheck.host.clock_error import clock_error_s
from readycheck.net.arrival import (
    ANCILLARY_BYTE,
    ControlMessage,
    ask_for_arrivals,
    ask_for_destinations,
    from_destination,
    mark_packets,
    read_arrival,
)
from readycheck.net.unfragmented import is_too_long, never_fragment
from readycheck.reflector.caps import Caps
from readycheck.reflector.defaults import DEFAULT_PACKETS_PER_S, DEFAULT_PORT
from readycheck.reflector.reply import Replier
from readycheck.reflector.sessions import IDLE_S, Sessions
from readycheck.rtc.stamp import ErrorEstimate, ntp_timestamp

LARGEST_BYTE = 2048
BATCH = 256
WAIT_S = 0.2
CLOCK_AGE_S = 16.0
"""Within it the clock of a machine that nobody sets any longer goes off by 8 ms at most (500 ppm, RFC 5905)."""
BUFFER_BYTE = 4 << 20
LINES_PER_S = 10
WILDCARDS = ("", "0.0.0.0", "::")  # noqa: S104 - to be recognized, not to be bound

Datagram = tuple[bytes, list[ControlMessage], int, Any]


@dataclass
class Counts:
    """What came and what became of it."""

    received: int = 0
    reflected: int = 0
    refused: int = 0
    """Too short, too long, a reply, or not signed with the key."""
    capped: int = 0
    unsent: int = 0
    sessions: int = 0

    def sentence(self) -> str:
        """All of it in one line."""
        return (
            f"{self.received} packets received, {self.reflected} reflected, {self.refused} refused,"
            f" {self.capped} over the cap, {self.unsent} not sent; {self.sessions} sessions"
        )


@dataclass
class Reflector:
    """One socket. `serve` runs until `stop`, which any thread or signal handler may call."""

    bind: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    key: bytes | None = field(default=None, repr=False)
    packets_per_s: int = DEFAULT_PACKETS_PER_S
    tell: Callable[[str], None] = lambda _: None
    """Hears of new sessions, a line each, ten a second at most."""
    clock_error_s: Callable[[], float | None] = clock_error_s
    """How far this machine's clock may be off; None where nobody sets it."""
    counts: Counts = field(default_factory=Counts)
    sessions: Sessions = field(default_factory=Sessions)
    _stopped: bool = False

    def open(self) -> None:
        """Bind the socket; raises OSError."""
        family, *_, address = socket.getaddrinfo(self.bind, self.port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)[
            0
        ]
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTE)
            if family == socket.AF_INET6 and self.bind == "::":
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            # Bound to every address of this host, the system would choose from which one a reply leaves.
            self._tells_destinations = self.bind in WILDCARDS and ask_for_destinations(self._socket)
            self._socket.bind(address)
        except OSError:
            self._socket.close()
            raise
        self._socket.setblocking(False)
        self.port = int(self._socket.getsockname()[1])
        never_fragment(self._socket)  # a reply cut into pieces would tell of a path wider than it is
        self._tells_marks = ask_for_arrivals(self._socket)
        self._receive = self._with_control_messages if hasattr(self._socket, "recvmsg") else self._without
        self._replier = Replier(self.key)
        self._caps = Caps(self.packets_per_s)
        self._mark = 0
        self._lines: list[float] = []

    def stop(self) -> None:
        """End `serve` soon."""
        self._stopped = True

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def serve(self) -> None:
        """Answer until stopped."""
        swept_at_s, clock_read_at_s = time.monotonic(), float("-inf")
        while not self._stopped:
            ready, _, _ = select.select([self._socket], [], [], WAIT_S)
            now_s = time.monotonic()
            if now_s - clock_read_at_s > CLOCK_AGE_S:
                self._replier.error_estimate = ErrorEstimate.of(self.clock_error_s()).encode()
                clock_read_at_s = now_s
            if ready:
                self._serve_batch(now_s)
            if now_s - swept_at_s > IDLE_S / 4:
                self.sessions.expire(now_s)
                swept_at_s = now_s

    def _with_control_messages(self) -> Datagram:
        if sys.platform == "win32":  # never asked there: it has no recvmsg
            return self._without()
        return self._socket.recvmsg(LARGEST_BYTE, ANCILLARY_BYTE)

    def _without(self) -> Datagram:
        data, source = self._socket.recvfrom(LARGEST_BYTE)
        return data, [], 0, source

    def _serve_batch(self, now_s: float) -> None:
        """Everything that waits, a batch at most."""
        counts, receive, reflect = self.counts, self._receive, self._reflect
        for _ in range(BATCH):
            try:
                data, messages, flags, source = receive()
            except BlockingIOError:
                return
            except OSError as error:  # Windows tells here of an ICMP message, and of a datagram that is too long
                counts.refused += is_too_long(error)
                continue
            counts.received += 1
            if flags & socket.MSG_TRUNC:
                counts.refused += 1
                continue
            reflect(data, messages, source, now_s)

    def _reflect(self, data: bytes, messages: list[ControlMessage], source: Any, now_s: float) -> None:
        counts, replier = self.counts, self._replier
        if not replier.accepts(data):
            counts.refused += 1
            return
        session = (source, replier.ssid(data))
        if not self._caps.admit(source[0], now_s):
            counts.capped += 1
            self.sessions.cut(session)
            return
        sequence = self.sessions.next_sequence(session, now_s)
        if sequence is None:
            sequence = self._begin(session, now_s)
        counted = None if sequence is None else (sequence + 1 + self.sessions.cut_of(session), sequence + 1)
        arrived_ns, mark, ttl = read_arrival(messages)
        tail, back = replier.tail(data, mark if self._tells_marks else None, counted)
        if back is not None and back != self._mark:
            mark_packets(self._socket, back)
            self._mark = back
        now_ns = time.time_ns()
        times = (ntp_timestamp(arrived_ns or now_ns), ntp_timestamp(now_ns))
        number = int.from_bytes(data[:4]) if sequence is None else sequence
        answer = replier.reply(data, number, times, ttl & 0xFF, tail)
        try:
            if self._tells_destinations and sys.platform != "win32":  # false there: it has no sendmsg
                self._socket.sendmsg([answer], from_destination(messages), 0, source)
            else:
                self._socket.sendto(answer, source)
        except OSError:
            counts.unsent += 1
        else:
            counts.reflected += 1

    def _begin(self, session: tuple[Any, bytes], now_s: float) -> int | None:
        """The first number of a new session; None if no more sessions fit: its packets' own numbers are copied."""
        if not self.sessions.begin(session, now_s):
            return None
        self.counts.sessions += 1
        self._lines = [at for at in self._lines if now_s - at < 1.0]
        if len(self._lines) < LINES_PER_S:
            self._lines.append(now_s)
            (host, port, *_), ssid = session
            self.tell(f"session from {host} port {port}, SSID {int.from_bytes(ssid)}")
        return self.sessions.next_sequence(session, now_s)
