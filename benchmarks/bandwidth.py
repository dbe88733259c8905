"""Emulated calls: every packet accounted for, how many at once, iperf3 beside them, and a queue of known length.

One process sends to one `readycheck reflector`, both on this machine; as root they and iperf3 run ahead of what else
runs here (SCHED_FIFO), or lateness would tell of that. Status 1 if a figure does not hold. The queue needs root and
network namespaces, iperf3 must be installed; without them their rows say so. `--calls N` starts there.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from results import record, table

from readycheck.net.load import open_load
from readycheck.probes._load import ReflectorLoad
from readycheck.rtc.ramp import Step
from tests.live.namespaces import SERVER, SetUpFailed, Site, site_of_namespaces

CALLS, LATENESS_MS = 1_000, 1.0
MORE = (1_500, 2_000, 2_500, 3_000)
TRIES = 3
CALL_BYTE = 110
IPERF_BYTE = 172
QUEUE_MS, LINK_BPS = 200, 2_000_000
Row = tuple[str, str, str]


@contextmanager
def reflector(*command: str) -> Iterator[int]:
    """A reflector in a process of its own; its port."""
    process = subprocess.Popen(
        [*command, sys.executable, "-m", "readycheck", "reflector", "--port", "0", "--max-rate", "1000000"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr
        found = re.search(r"UDP port (\d+)", process.stderr.readline())
        assert found
        with suppress(OSError):
            process.stderr.close()
        yield int(found[1])
    finally:
        process.terminate()
        process.wait()


async def step_of(port: int, calls: int) -> tuple[Step, int]:
    """One step of so many calls, and how many packets of it nobody can account for."""
    with open_load("127.0.0.1", port, calls, CALL_BYTE) as load:
        far = ReflectorLoad(load, 20, 3.0)
        idle = await far.idle()
        if idle is None:
            sys.exit("the reflector does not answer")
        step = await far.step(calls, idle)
        unclosed = sum(not flow.closed for flow in load.flows[:calls])
    return step, unclosed


def best_of(calls: int) -> Step:
    """The least late of a few tries: on a machine that others use, lateness tells of them too."""
    found: list[Step] = []
    for _ in range(TRIES):
        with reflector() as port:
            step, unclosed = asyncio.run(step_of(port, calls))
        if unclosed or step.sent != 150 * calls or step.received != step.sent:
            print(f"{calls} calls: {step.sent - step.received} lost, {step.lost_up} of them up, {unclosed} flows open")
        found.append(step)
        if whole(step) and (step.lateness_p99_ms or 0.0) <= LATENESS_MS:
            break
    return min(found, key=lambda one: (not whole(one), one.lateness_p99_ms))


def whole(step: Step) -> bool:
    """Whether nothing was lost anywhere."""
    return step.received == step.sent and not (step.lost_up or step.unsent or step.overrun)


def iperf(per_s: int | None) -> Row:
    """What iperf3 does beside it: at the same pace, or as fast as it can (None)."""
    if not shutil.which("iperf3"):
        return "iperf3", "not installed", ""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    server = subprocess.Popen(["iperf3", "-s", "-1", "-p", port], stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        bitrate = "0" if per_s is None else str(per_s * IPERF_BYTE * 8)
        options = ("-c", "127.0.0.1", "-p", port, "-u", "-l", str(IPERF_BYTE), "-b", bitrate, "-t", "4", "-J")
        said = subprocess.run(["iperf3", *options], capture_output=True, text=True, check=False).stdout
        told = json.loads(said)["end"]["sum"]
    finally:
        server.terminate()
        server.wait()
    what = "as fast as it can" if per_s is None else f"{per_s:,} packets/s asked"
    return (
        f"`iperf3 -u -l {IPERF_BYTE}`, one way, {what}",
        f"{told['packets'] / told['seconds']:,.0f} packets/s",
        (f"{told['lost_packets']:,} of {told['packets']:,} lost"),
    )


def queue(site: Site) -> float:
    """The increase that a run reports of a link whose queue is known."""
    limit = LINK_BPS * QUEUE_MS // 8000
    site.router.run(
        "tc", "qdisc", "add", "dev", "wan", "root", *f"tbf rate {LINK_BPS} burst 2000 limit {limit}".split()
    )
    process = site.server.start(
        sys.executable, "-m", "readycheck", "reflector", "--bind", SERVER, "--port", "0", "--insecure"
    )
    assert process.stderr
    found = re.search(r"UDP port (\d+)", process.stderr.readline())
    assert found
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder) / "p.yaml"
        reflector_at = f'targets: {{reflector: {{stamp: "{SERVER}:{found[1]}"}}}}'
        profile.write_text(f"schema: readycheck.profile/1\nid: bench\n{reflector_at}\n", encoding="utf-8")
        options = ("--only", "bandwidth", "--calls", "40", "--json", "--quiet", "--format", "json", "-o", folder)
        told = site.client.start(sys.executable, "-m", "readycheck", "run", str(profile), *options)
        report: dict[str, Any] = json.loads(told.communicate()[0])
        site.client.running.remove(told)
    return float(report["metrics"]["bandwidth.rtt_increase_p95_ms"]["value"])


def bufferbloat() -> tuple[Row, bool]:
    """What is reported of a queue of 200 ms at 2 Mbit/s."""
    try:
        with site_of_namespaces() as site:
            told_ms = queue(site)
    except (SetUpFailed, FileNotFoundError) as error:
        return (f"a queue of {QUEUE_MS} ms", "not measured", str(error)), True
    off = abs(told_ms - QUEUE_MS) / QUEUE_MS
    return (
        f"a queue of {QUEUE_MS} ms at {LINK_BPS // 1_000_000} Mbit/s",
        f"{told_ms:.1f} ms told",
        f"{100 * off:.1f} % off (10 % allowed)",
    ), off <= 0.1


def run_ahead() -> str:
    """Run before all ordinary processes, where that is allowed; children inherit it."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(5))
    except (AttributeError, PermissionError):
        return "like any other process: what else runs here counts"
    return "ahead of what else runs here (SCHED_FIFO)"


def main() -> int:
    """Print a row for each figure, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS)
    calls: int = parser.parse_args().calls
    rows: list[Row] = [("sender, reflector, iperf3", run_ahead(), f"{os.cpu_count()} cores")]
    highest, holds = 0, True
    for count in (calls, *(more for more in MORE if more > calls)):
        step = best_of(count)
        good = whole(step) and (step.lateness_p99_ms or 0.0) <= LATENESS_MS
        kept = f"{step.sent:,} packets, {step.sent - step.received:,} lost, lateness p99 {step.lateness_p99_ms:.2f} ms"
        rows.append((f"{count:,} calls at once", f"{count * 50:,} packets/s each way", kept))
        holds = holds and (good or count > calls)
        if not good:
            break
        highest = count
    rows.append(("most calls with none lost and lateness p99 ≤ 1 ms", f"{highest:,}", f"best of {TRIES}"))
    rows += [iperf(calls * 50), iperf(None)]
    row, near = bufferbloat()
    rows.append(row)
    lines = table(("bandwidth", "figure", "detail"), rows)
    print("\n".join(lines))
    record("bandwidth", lines)
    return 0 if holds and near else 1


if __name__ == "__main__":
    sys.exit(main())
