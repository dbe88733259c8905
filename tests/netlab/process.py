"""The link as a process: two TUN devices, everything between them by `flows.Link`, and at SIGTERM the truth in a file.

`python -m tests.netlab.process JSON` opens the devices in the namespace where it starts, says so, and works wherever
they are moved to. It runs before all else where it may (SCHED_FIFO): cables do not feel how busy a machine is.
"""

import contextlib
import fcntl
import gc
import heapq
import json
import os
import select
import signal
import struct
import sys
import time
from pathlib import Path
from typing import Any

from tests.netlab.flows import Direction, Link, Record
from tests.netlab.way import Way

NEAR, FAR = "netlab-near", "netlab-far"
DIRECTIONS: tuple[Direction, Direction] = ("up", "down")
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_BATCH, _LARGEST_BYTE, _LOOK_S = 64, 65_536, 0.1


def open_tun(name: str) -> int:
    """A TUN device without headers of its own; it is gone once this is closed."""
    opened = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(opened, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return opened


class Carrier:
    """Carries packets from one device to the other until it is told to end."""

    def __init__(self, link: Link, near: int, far: int) -> None:
        self._link = link
        self._ends = {near: ("up", far), far: ("down", near)}
        self._due: list[tuple[float, int, int, bytes, Record]] = []
        self._number = 0
        self.ended = False

    def run(self) -> None:
        """Read what comes, write what is due."""
        while not self.ended:
            wait_s = self._due[0][0] - time.perf_counter() if self._due else _LOOK_S
            readable, _, _ = select.select(self._ends, (), (), min(_LOOK_S, max(0.0, wait_s)))
            for end in readable:
                self._read(end)
            self._write()

    def _read(self, end: int) -> None:
        direction, other = self._ends[end]
        for _ in range(_BATCH):
            try:
                packet = os.read(end, _LARGEST_BYTE)
            except BlockingIOError:
                return
            record, departures = self._link.take(direction, packet, time.perf_counter())  # type: ignore[arg-type]
            for departs_at in departures:
                self._number += 1
                heapq.heappush(self._due, (departs_at, self._number, other, packet, record))

    def _write(self) -> None:
        while self._due and self._due[0][0] <= time.perf_counter():
            _, _, end, packet, record = heapq.heappop(self._due)
            now = time.perf_counter()  # writing delivers it, and takes so long
            with contextlib.suppress(OSError):  # the device was taken down: it did not leave
                os.write(end, packet)
                record.departed_s.append(now)


def main() -> None:
    """Run until SIGTERM."""
    asked: dict[str, Any] = json.loads(sys.argv[1])
    ways = {direction: Way(**asked[direction]) for direction in DIRECTIONS}
    link = Link(ways, asked["seed"])
    near, far = open_tun(NEAR), open_tun(FAR)
    carrier = Carrier(link, near, far)

    def end(*_: object) -> None:
        carrier.ended = True

    signal.signal(signal.SIGTERM, end)
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
    gc.disable()
    print("ready", flush=True)  # noqa: T201 - whoever started it waits for this
    carrier.run()
    flows = [flow.to_json() for flow in link.flows.values()]
    Path(asked["truth"]).write_text(json.dumps(flows), encoding="utf-8")


if __name__ == "__main__":
    main()
