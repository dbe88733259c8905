"""What the README claims, measured: `make bench`. Times beside a peer in the same run, since machines differ."""

import asyncio
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from aioice.turn import create_turn_endpoint

from readycheck.model.report import Report
from readycheck.net.turn import Trace, TurnServer, open_allocation
from readycheck.render.html import render_html
from readycheck.rtc.ice_server import Credentials

READYCHECK = Path(sys.executable).with_name("readycheck")
ROUNDS = 15
EXAMPLE = Path(__file__).parents[1] / "reports" / "examples" / "no-go.json"


def row(name: str, value: str, limit: str, *, holds: bool) -> bool:
    """Print one figure."""
    print(f"{name:<58} {value:>24}   {limit:<28} {'holds' if holds else 'DOES NOT HOLD'}")
    return holds


def seconds(*command: str) -> float:
    """Wall time of one process."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def start_up() -> Iterator[bool]:
    """`--version` beside importing typer, turn by turn."""
    version, typer = [], []
    for _ in range(ROUNDS):
        version.append(seconds(str(READYCHECK), "--version"))
        typer.append(seconds(sys.executable, "-c", "import typer"))
    ratio = median(version) / median(typer)
    value = f"{1000 * median(version):.0f} ms, {ratio:.2f} x"
    yield row("readycheck --version / python -c 'import typer'", value, "at most 1.5 x", holds=ratio <= 1.5)
    code = "import sys; from readycheck.cli.app import run_app; run_app(['--version']); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    heavy = sorted({"aiortc", "av", "httpx", "sounddevice"} & set(loaded))
    yield row("heavy modules that --version imports", ", ".join(heavy) or "none", "none", holds=not heavy)


def whole_run() -> Iterator[bool]:
    """The lab from command to report: wall time and peak memory."""
    limit = 17
    with tempfile.TemporaryDirectory() as folder:
        took = seconds(str(READYCHECK), "run", "-q", "-o", folder)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    yield row("readycheck run, the lab", f"{took:.1f} s", f"at most {limit:g} s", holds=took <= limit)
    yield row("its peak memory", f"{peak:.0f} MB", "at most 200 MB", holds=peak <= 200)


@contextmanager
def coturn() -> Iterator[int]:
    """A coturn on loopback; its port."""
    program = shutil.which("turnserver")
    if not program:
        sys.exit("turnserver is missing: apt install coturn")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        options = (
            f"listening-ip=127.0.0.1\nrelay-ip=127.0.0.1\nlistening-port={port}\nlt-cred-mech\nrealm=bench\n"
            f"user=u:p\nallow-loopback-peers\nno-tls\nno-dtls\nno-cli\nlog-file={folder}/log\nsimple-log\n"
            f"pidfile={folder}/pid\nuserdb={folder}/db\n"
        )
        Path(folder, "turn.conf").write_text(options, encoding="utf-8")
        command = [program, "-c", f"{folder}/turn.conf"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                yield port
            finally:
                process.terminate()


async def allocations(port: int) -> tuple[list[float], list[float]]:
    """Milliseconds of allocations, ours (request to success) and aioice's (with its challenge), turn by turn."""
    server = TurnServer("127.0.0.1", port, "udp", "127.0.0.1", Credentials("u", "p"))
    ours, aioice = [], []
    for _ in range(60):
        trace = Trace()
        async with open_allocation(server, trace):
            pass
        if trace.allocation_s:
            ours.append(trace.allocation_s * 1000)
        started = time.perf_counter()
        transport, _ = await create_turn_endpoint(asyncio.DatagramProtocol, ("127.0.0.1", port), "u", "p")
        aioice.append((time.perf_counter() - started) * 1000)
        transport.close()
    return ours[10:], aioice[10:]


def turn() -> Iterator[bool]:
    """TURN allocation over UDP, against coturn on this host."""
    with coturn() as port:
        time.sleep(1)
        ours, aioice = asyncio.run(allocations(port))
    value = f"{median(ours):.2f} ms, aioice {median(aioice):.2f} ms"
    yield row("TURN allocation over UDP to coturn, median of 50", value, "at most 5 ms", holds=median(ours) <= 5)


def page() -> Iterator[bool]:
    """The HTML of a saved workstation report, once the templates are read."""
    report = Report.loads(EXAMPLE.read_text(encoding="utf-8"))
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        text = render_html(report, "en")
        times.append((time.perf_counter() - started) * 1000)
    value = f"{median(times):.0f} ms, {len(text.encode()) / 1000:.0f} kB"
    holds = median(times) <= 50 and len(text.encode()) <= 300_000
    yield row("HTML of a workstation's report", value, "at most 50 ms, 300 kB", holds=holds)


def main() -> None:
    """Print every figure; status 1 if one does not hold."""
    held = [*start_up(), *whole_run(), *turn(), *page()]
    sys.exit(not all(held))


if __name__ == "__main__":
    main()
