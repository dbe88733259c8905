"""The session sender's socket: EF-marked, with the kernel's own times of sending and arrival where it has them.

Linux stamps each datagram as it leaves and arrives (SO_TIMESTAMPING, Documentation/networking/timestamping.rst); the
difference to our own clock readings is how wrong those would have been. What it says of leaving counts only as far as
our own reading after the system call: later than that a packet waits in this machine's queue, as a call's would.
"""

import asyncio
import math
import socket
import struct
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.net.arrival import ON_LINUX, TIMESPEC, ControlMessage, mark_packets, unread_count
from readycheck.net.failures import datagram_failure_of
from readycheck.net.unfragmented import is_too_long, never_fragment
from readycheck.rtc.stamp import EXPEDITED_FORWARDING

LARGEST_BYTE = 2048
_ANCILLARY_BYTE = 256
_SO_TIMESTAMPING, _MSG_ERRQUEUE = 37, 0x2000
_IP_RECVERR, _IPV6_RECVERR = (0, 11), (41, 25)
_TX_SOFTWARE, _RX_SOFTWARE, _SOFTWARE, _OPT_ID, _OPT_TSONLY = 1 << 1, 1 << 3, 1 << 4, 1 << 7, 1 << 11
_EXTENDED_ERROR = struct.Struct("@IBBBBII")
_ORIGIN_TIMESTAMPING = 4
_PLAUSIBLE_S = 1.0
_MOMENT_S, _MOST_READINGS = 20e-6, 5


class StampLink:
    """A connected UDP socket in the running loop. Times are seconds of the performance counter."""

    def __init__(self, opened: socket.socket) -> None:
        self.on_reply: Callable[[bytes, float], None] = lambda _data, _at: None
        self.on_sent: Callable[[int, float], None] = lambda _number, _at: None
        self.failure: Failure | None = None
        """The latest error; a reflector that restarts causes some."""
        self.marks = mark_packets(opened, EXPEDITED_FORWARDING << 2)
        self.stamp_delays_ms: list[float] = []
        """By how much our own clock readings differ from the kernel's."""
        self.send_queue_ms: list[float] = []
        """How long each packet waited in this machine's own queue, from the system call to the wire."""
        self._socket = opened
        self._sent = 0
        self._asked_at: dict[int, tuple[float, float]] = {}
        """Our clock before and after each call; the kernel had the packet at some moment between."""
        self._stamps = _ask_for_stamps(opened)

    def send(self, packet: bytes) -> bool:
        """Send one datagram; whether the system had room for it. What else it refuses `failure` tells."""
        number, before = self._sent, time.perf_counter()
        self._sent += 1
        try:
            self._socket.send(packet)
            self._asked_at[number] = before, time.perf_counter()
        except OSError as error:
            self._stamps = False  # the kernel's count of datagrams may differ from ours now
            if is_too_long(error):
                return True
            failure = datagram_failure_of(error, "send")
            if isinstance(error, BlockingIOError) or failure.code == FailureCode.WORKSTATION_BUSY:
                return False
            self.failure = failure
        return True

    def never_fragment(self) -> bool:
        """From now on send whole datagrams or none; whether that can be had here."""
        return never_fragment(self._socket)

    @property
    def unread(self) -> int:
        """Replies that came and found no room in the receive queue."""
        return unread_count(self._socket)

    def ready(self) -> None:
        """Read what waits: replies, then times of sending."""
        while (got := self._receive(0)) is not None:
            data, messages = got
            now = time.perf_counter()
            at = _perf_counter_of(messages) if self._stamps else None
            if at is not None:
                self.stamp_delays_ms.append((now - at) * 1000)
            if data:
                self.on_reply(data, now if at is None else at)
        while ON_LINUX and (got := self._receive(_MSG_ERRQUEUE)) is not None:
            self._left(got[1])

    def _receive(self, flags: int) -> tuple[bytes, list[ControlMessage]] | None:
        """One datagram with its control messages; nothing in it if there was an error; None if none waits."""
        try:
            if sys.platform == "linux":  # as ON_LINUX, in the words that type checkers know
                data, messages, _, _ = self._socket.recvmsg(LARGEST_BYTE, _ANCILLARY_BYTE, flags)
                return data, messages
            return self._socket.recv(LARGEST_BYTE), []
        except BlockingIOError:
            return None
        except OSError as error:  # Windows tells here that a reply of ours was too long, or of an ICMP message
            if not is_too_long(error):
                self.failure = datagram_failure_of(error, "receive")
            return b"", []

    def _left(self, messages: list[ControlMessage]) -> None:
        """The error queue tells when a datagram left, and which."""
        at = _perf_counter_of(messages)
        for level, kind, content in messages:
            if (level, kind) not in (_IP_RECVERR, _IPV6_RECVERR) or at is None or not self._stamps:
                continue
            _, origin, _, _, _, _, number = _EXTENDED_ERROR.unpack_from(content)
            before, after = self._asked_at.pop(number, (math.inf, math.inf))
            if origin == _ORIGIN_TIMESTAMPING and 0 <= at - before < _PLAUSIBLE_S:
                handed_over_at = min(at, after)
                self.stamp_delays_ms.append((handed_over_at - before) * 1000)
                self.send_queue_ms.append((at - handed_over_at) * 1000)
                self.on_sent(number, handed_over_at)


def _ask_for_stamps(opened: socket.socket) -> bool:
    if not ON_LINUX:
        return False
    try:
        flags = _TX_SOFTWARE | _RX_SOFTWARE | _SOFTWARE | _OPT_ID | _OPT_TSONLY
        opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPING, flags)
    except OSError:
        return False
    return True


def _perf_counter_of(messages: list[ControlMessage]) -> float | None:
    """The kernel's stamp on our clock: so long ago; None without one, and where the date was set meanwhile."""
    for level, kind, content in messages:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPING):
            seconds, nanoseconds = TIMESPEC.unpack_from(content)
            now, unix_ns = _both_clocks()
            ago_s = (unix_ns - seconds * 1_000_000_000 - nanoseconds) / 1e9
            return now - ago_s if 0 <= ago_s < _PLAUSIBLE_S else None
    return None


def _both_clocks() -> tuple[float, int]:
    """Performance counter, and Unix clock in nanoseconds, at one moment: read again where a pause came in between."""
    for _ in range(_MOST_READINGS):
        before, unix_ns, after = time.perf_counter(), time.time_ns(), time.perf_counter()
        if after - before < _MOMENT_S:
            break
    return (before + after) / 2, unix_ns


@asynccontextmanager
async def open_stamp_link(address: str, port: int) -> AsyncIterator[StampLink]:
    """A session sender's socket towards a reflector; raises OperationFailed."""
    opened = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        opened.setblocking(False)
        try:
            opened.connect((address, port))
        except OSError as error:
            failure = datagram_failure_of(error, "connect")
            raise OperationFailed(failure.code, failure.operation, failure.detail) from None
        link, loop = StampLink(opened), asyncio.get_running_loop()
        loop.add_reader(opened, link.ready)
        try:
            yield link
        finally:
            loop.remove_reader(opened)
    finally:
        opened.close()
