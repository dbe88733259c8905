"""What one core reflects: packets a second with and without a key, and memory over millions of them.

The sender keeps a window of packets under way, so that nothing is lost to it. Rates are per second of the reflector's
own processor time: on a machine that does other work too, the wall clock would tell of that. Status 1 if a figure does
not hold. `--packets N` sends more: memory is asked to be flat over ten million.
"""

import argparse
import multiprocessing
import os
import resource
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from results import record, table

from readycheck.reflector.server import Reflector
from readycheck.rtc.stamp import ClassOfService, SenderPacket, Tlv, TlvType, encode_sender, extra_padding

UNAUTHENTICATED_AT_LEAST = 80_000
GROWTH_AT_MOST_KB = 2_048
LEAST_PACKETS, ASKED_PACKETS = 1_000_000, 10_000_000
SECTION = "The reflector"
WINDOW = 384
SESSIONS = 1_000
KEY = b"a key that both ends know"
COS = Tlv(TlvType.CLASS_OF_SERVICE, ClassOfService(46).encode())
NO_CAP = 10_000_000


def packets(key: bytes | None) -> list[bytes]:
    """A call's packets of a thousand sessions: 110 octets, 140 with a key."""
    tlvs = (COS,) if key else (COS, extra_padding(58))
    return [encode_sender(SenderPacket(7, 1 << 63, ssid=ssid, tlvs=tlvs), key) for ssid in range(1, SESSIONS + 1)]


def flood(port: int, count: int, key: bytes | None) -> None:
    """Send so many packets, never more than the window ahead of the replies."""
    made = packets(key)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 46 << 2)
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sender.connect(("127.0.0.1", port))
        sender.settimeout(1.0)
        sent = came = 0
        while came < count:
            while sent < count and sent - came < WINDOW:
                sender.send(made[sent % SESSIONS])
                sent += 1
            sender.recv(2048)
            came += 1


def resident_kb() -> int:
    """This process's resident memory now; its peak where the system does not tell."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def reflect(reflector: Reflector, count: int, key: bytes | None) -> tuple[float, float]:
    """Reflect so many packets: per second of processor time, and of the wall clock."""
    before = reflector.counts.reflected
    process = multiprocessing.get_context("spawn").Process(target=flood, args=(reflector.port, count, key))
    process.start()
    while reflector.counts.reflected == before:
        time.sleep(0.001)
    used_s, started_s = time.process_time(), time.perf_counter()
    process.join()
    used_s, lasted_s = time.process_time() - used_s, time.perf_counter() - started_s
    if process.exitcode or reflector.counts.reflected - before != count:
        sys.exit(f"{reflector.counts.sentence()}: some were lost, which is no figure")
    return count / used_s, count / lasted_s


def measured(count: int, key: bytes | None, then: Callable[[Reflector], None] = lambda _: None) -> tuple[float, float]:
    """A reflector of its own for one figure."""
    reflector = Reflector(port=0, key=key, packets_per_s=NO_CAP)
    reflector.open()
    thread = threading.Thread(target=reflector.serve)
    thread.start()
    try:
        rates = reflect(reflector, count, key)
        then(reflector)
    finally:
        reflector.stop()
        thread.join()
        reflector.close()
    return rates


def growth_of(reflector: Reflector, count: int) -> int:
    """Growth of memory over so many packets, kB."""
    before = resident_kb()
    reflect(reflector, count, None)
    return resident_kb() - before


def main() -> int:
    """Print a row for each figure, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=LEAST_PACKETS)
    count: int = parser.parse_args().packets
    grown: list[int] = []
    by_core, by_clock = measured(count, None, lambda reflector: grown.append(growth_of(reflector, count)))
    signed_by_core, signed_by_clock = measured(count // 3, KEY)
    fast, flat = by_core >= UNAUTHENTICATED_AT_LEAST, grown[0] <= GROWTH_AT_MOST_KB
    short = (
        "" if count >= ASKED_PACKETS else f", over {count:,} packets only: --packets {ASKED_PACKETS} is what is asked"
    )
    rows = [
        (
            f"unauthenticated, 110 octets, {count:,} packets",
            f"{by_core:,.0f} /s",
            f"{by_clock:,.0f} /s",
            f"at least {UNAUTHENTICATED_AT_LEAST:,} /s on one core",
            "holds" if fast else "does not hold",
        ),
        (
            f"authenticated, 140 octets, {count // 3:,} packets",
            f"{signed_by_core:,.0f} /s",
            f"{signed_by_clock:,.0f} /s",
            "told beside it",
            "",
        ),
        (
            f"memory over {count:,} packets more",
            f"{grown[0]:+,} kB",
            "",
            f"flat (at most {GROWTH_AT_MOST_KB:,} kB) over {ASKED_PACKETS:,} packets",
            ("holds" if flat else "does not hold") + short,
        ),
    ]
    lines = [
        f"`benchmarks/reflector.py`, {os.cpu_count()} shared cores, {SESSIONS:,} sessions, one process that reflects.",
        "",
        *table(("reflector", "of processor time", "of the clock", "asked", ""), rows),
    ]
    print("\n".join(lines))
    record(SECTION, lines)
    return 0 if fast and flat else 1


if __name__ == "__main__":
    sys.exit(main())
