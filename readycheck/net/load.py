"""The sockets of emulated calls: one thread that sends on an absolute schedule, one that receives.

Threads and batches, for a task per call could not keep 50,000 packets a second. Each call has its own 5-tuple up to
MOST_FLOWS of them, so that links and queues that sort by flow see many; more would not fit into the 256 files of a
process on macOS and the 512 sockets of `select` on Windows.
"""

import contextlib
import gc
import os
import selectors
import socket
import threading
import time
from array import array
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from readycheck.model.failure import Failure, OperationFailed
from readycheck.net.arrival import mark_packets, unread_count
from readycheck.net.failures import datagram_failure_of
from readycheck.rtc.load_flow import LoadFlow
from readycheck.rtc.stamp import EXPEDITED_FORWARDING

MOST_FLOWS = 128
LARGEST_BYTE = 2048
BUFFER_BYTE = 1 << 20
WAIT_S = 0.05
MANY, PAUSE_S = 4, 0.0005
"""So many at once show a heavy load: then packets are let gather, or both threads would fight for the interpreter at
each of them. Round trips are read as much later, without load as never.
"""
OVERTIME_S = 1.0
"""How long a sender that cannot keep its schedule goes on trying."""

Slot = list[tuple[socket.socket, LoadFlow]]
"""What sends in the same millisecond."""


class Load:
    """Flows towards one reflector. Every method is called from one thread; the two that it starts are its own."""

    def __init__(self, flows: Slot) -> None:
        self.flows = [flow for _, flow in flows]
        self.failure: Failure | None = None
        """The latest error; a reflector that restarts causes some."""
        self.lateness_ms = array("d")
        """Of each packet since `send`: how much later than scheduled it was given to the system."""
        self.unsent = 0
        """Packets since `send` that the system did not take."""
        self._flows = flows
        self._ended = False
        self._sender: threading.Thread | None = None
        self._receiver = threading.Thread(target=self._receive, name="load-receiver")
        self._receiver.start()

    def send(self, calls: int, seconds: float, interval_ms: int) -> float:
        """Begin to send so many calls for so long, a packet each per interval; when it began."""
        self.lateness_ms, self.unsent = array("d"), 0
        slots: list[Slot] = [[] for _ in range(interval_ms)]
        for call in range(calls):
            slots[call * interval_ms // calls].append(self._flows[call % len(self._flows)])
        rounds, began_at = round(seconds * 1000 / interval_ms), time.perf_counter()
        schedule = [(number / 1000, slot) for number, slot in enumerate(slots) if slot]
        self._sender = threading.Thread(
            target=self._send, args=(schedule, rounds, interval_ms / 1000, began_at), name="load-sender"
        )
        self._sender.start()
        return began_at

    @property
    def sending(self) -> bool:
        """Whether the schedule is not done yet."""
        return self._sender is not None and self._sender.is_alive()

    def ask(self, flows: list[LoadFlow]) -> None:
        """Send a closing packet of each of these flows."""
        for opened, flow in self._flows:
            if flow in flows:
                try:
                    opened.send(flow.closing_packet(time.perf_counter_ns()))
                except OSError as error:
                    self._note(error, "send")

    def unread(self) -> list[int]:
        """Of each flow: packets that came and found no room in its receive queue, since it opened."""
        return [unread_count(opened) for opened, _ in self._flows]

    def end(self) -> None:
        """End both threads; returns once they are gone."""
        self._ended = True
        if self._sender:
            self._sender.join()
        self._receiver.join()

    def _send(
        self,
        schedule: list[tuple[float, Slot]],
        rounds: int,
        interval_s: float,
        began_at: float,
    ) -> None:
        clock, clock_ns, late = time.perf_counter, time.perf_counter_ns, self.lateness_ms
        ends_at = began_at + rounds * interval_s + OVERTIME_S
        for number in range(rounds):
            for offset_s, slot in schedule:
                due_at = began_at + number * interval_s + offset_s
                if (wait_s := due_at - clock()) > 0:
                    time.sleep(wait_s)
                if self._ended or clock() > ends_at:
                    return
                due_ns = round(due_at * 1e9)
                for opened, flow in slot:
                    now_ns = clock_ns()
                    try:
                        opened.send(flow.next_packet(now_ns))
                    except OSError as error:
                        flow.unsent()
                        self.unsent += 1
                        self._note(error, "send")
                    late.append((now_ns - due_ns) / 1e6)

    def _receive(self) -> None:
        with selectors.DefaultSelector() as selector:
            for opened, flow in self._flows:
                selector.register(opened, selectors.EVENT_READ, (opened.recv, flow.arrivals.append))
            while not self._ended:
                ready = selector.select(WAIT_S)
                for key, _ in ready:
                    receive, keep = key.data
                    try:
                        data = receive(LARGEST_BYTE)
                    except BlockingIOError:
                        continue
                    except OSError as error:  # Windows tells here of an ICMP message
                        self._note(error, "receive")
                        continue
                    keep((time.perf_counter_ns(), data))
                if len(ready) >= MANY:
                    time.sleep(PAUSE_S)

    def _note(self, error: OSError, operation: str) -> None:
        if not isinstance(error, BlockingIOError):
            self.failure = datagram_failure_of(error, operation)


@contextmanager
def open_load(address: str, port: int, calls: int, payload_byte: int, key: bytes | None = None) -> Iterator[Load]:
    """Sockets for so many calls towards a reflector; raises OperationFailed. Gone afterwards, and their threads."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    unix_ns, ssid = time.time_ns() - time.perf_counter_ns(), int.from_bytes(os.urandom(2)) or 1
    with ExitStack() as stack:
        stack.enter_context(_without_collector())
        flows = []
        for _ in range(min(calls, MOST_FLOWS)):
            try:
                opened = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
                _set_up(opened, address, port)
            except OSError as error:
                failure = datagram_failure_of(error, "connect")
                raise OperationFailed(failure.code, failure.operation, failure.detail) from None
            flows.append((opened, LoadFlow(payload_byte, ssid, unix_ns, key)))
        load = Load(flows)
        stack.callback(load.end)
        yield load


@contextmanager
def _without_collector() -> Iterator[None]:
    """No garbage collection meanwhile: a full one holds both threads up for longer than a packet's interval."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _set_up(opened: socket.socket, address: str, port: int) -> None:
    opened.setblocking(False)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        with contextlib.suppress(OSError):
            opened.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTE)
    mark_packets(opened, EXPEDITED_FORWARDING << 2)
    opened.connect((address, port))
