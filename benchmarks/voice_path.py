"""The path measurement beside irtt: both at once over one link of our own that keeps the truth of every packet.

In namespaces (root, /dev/net/tun, irtt), two minutes; writes its section of RESULTS.md. Status 1 if a figure does not
hold. `--seconds N` measures that long each time.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from results import record, table

from readycheck.rtc.delay import percentile
from tests.live.measuring import profile, readycheck
from tests.live.namespaces import SERVER, Host, SetUpFailed, Site, site_of_namespaces
from tests.live.reflecting import reflector_in
from tests.live.voice import REFLECTED, Expected, expected, mean_ipdv_ms
from tests.netlab.joined import joined
from tests.netlab.way import Way

IRTT_PORT, CORES = 2112, 2
Ways = tuple[Way, Way]
STEADY: Ways = (Way(delay_ms=18), Way(delay_ms=12))
# An office's line with a bad moment now and then: losses alone and in runs.
VARIED: Ways = (
    Way(delay_ms=18, jitter_ms=2, loss_ratio=0.004, burst_ratio=0.004, burst_mean_run=3),
    Way(delay_ms=12, jitter_ms=1, loss_ratio=0.004, duplicate_ratio=0.002),
)
ROUNDS = 3
Row = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Ours:
    """What readycheck told."""

    rtt_ms: list[float | None]
    lost_up: float
    lost_down: float
    lateness_p99_ms: float


@dataclass(frozen=True)
class Theirs:
    """What irtt told."""

    rtt_ms: list[float | None]
    timer_error_mean_ms: float


Told = tuple[Ours, Theirs, Expected]


def p99(values: Sequence[float | None]) -> float:
    """Of what came."""
    return percentile([value for value in values if value is not None], 0.99) or 0.0


def p50(values: Sequence[float | None]) -> float:
    """Of what came."""
    return median(value for value in values if value is not None)


@contextmanager
def running_irtt(server: Host) -> Iterator[str]:
    """An irtt server; its address."""
    process = server.start("irtt", "server", "-b", f"{SERVER}:{IRTT_PORT}")
    try:
        while process.stdout and "ListenerStart" not in process.stdout.readline():
            pass
        yield f"{SERVER}:{IRTT_PORT}"
    finally:
        server.stop(process)


def told_by_irtt(output: str) -> Theirs:
    """From its JSON."""
    told = json.loads(output)
    trips = told["round_trips"]
    rtt_ms = [trip["delay"]["rtt"] / 1e6 if trip["lost"] == "false" else None for trip in trips]
    return Theirs(rtt_ms, told["stats"]["timer_error"]["mean"] / 1e6)


def told_by_us(site: Site, directory: Path, port: int, seconds: float) -> Ours:
    """From the report."""
    wanted: dict[str, Any] = {**profile(), "targets": {"reflector": {"stamp": f"{SERVER}:{port}"}}}
    wanted["path"] = {"min_seconds": seconds, "max_seconds": seconds}
    outcome = readycheck(site, directory, wanted, "--only=path")
    evidence = outcome.evidence("path")
    rtt_ms: list[float | None] = evidence["rtt_ms"]
    up = round(outcome.value("path.loss_up_ratio") * len(rtt_ms))
    return Ours(rtt_ms, up, rtt_ms.count(None) - up, outcome.value("path.send_lateness_p99_ms"))


@contextmanager
def busy_cores(count: int) -> Iterator[None]:
    """So many loops that never wait."""
    loops = [subprocess.Popen((sys.executable, "-c", "while True: pass")) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def beside(site: Site, directory: Path, seconds: float, link: Ways, *, loops: int = 0) -> Told:
    """Both at once, and the truth of our packets."""
    asked = ("irtt", "client", "-i", "20ms", "-l", "110", "-d", f"{seconds:g}s", "-Q", "-o", "-")
    with ExitStack() as stack:
        address = stack.enter_context(running_irtt(site.server))
        port = stack.enter_context(reflector_in(site.server, SERVER, directory))
        line = stack.enter_context(joined(site, directory, up=link[0], down=link[1]))
        stack.enter_context(busy_cores(loops))
        peer = site.client.start(*asked, address)
        ours = told_by_us(site, directory, port, seconds)
        output, _ = peer.communicate()
        site.client.running.remove(peer)
        return ours, told_by_irtt(output), expected(line.truth(), port, REFLECTED)


def steady_rows(rounds: Sequence[Told]) -> Iterator[Row]:
    """On a link without variation: what each adds to its delay (the middle round), and how punctual (the quietest)."""
    ours, theirs, link = (median(p50(told[place].rtt_ms) for told in rounds) for place in (0, 1, 2))
    apart = median(abs(p50(told[0].rtt_ms) - p50(told[1].rtt_ms)) for told in rounds)
    yield row("RTT median", ms(ours), ms(theirs), ms(link), "within 0.3 ms of irtt", holds=apart <= 0.3)
    late = min(told[0].lateness_p99_ms for told in rounds)  # others' work can only add to it
    peer = min(told[1].timer_error_mean_ms for told in rounds)
    yield row("send lateness p99", ms(late), f"{ms(peer)} (mean)", "", "at most 1 ms", holds=late <= 1)


def varied_rows(ours: Ours, theirs: Theirs, truth: Expected) -> Iterator[Row]:
    """Loss and variation on a link that has both."""
    counts, link = (ours.lost_up, ours.lost_down), (truth.lost_up, truth.lost_down)
    texts = ("{} + {}".format(*counts), f"{theirs.rtt_ms.count(None)} of its own flow", "{} + {}".format(*link))
    yield row("packets lost, up + down", *texts, "the link's count", holds=counts == link)
    seen, peer, true = (mean_ipdv_ms(told.rtt_ms) for told in (ours, theirs, truth))
    yield row("mean IPDV", ms(seen), ms(peer), ms(true), "within 5 % of the link", holds=abs(seen / true - 1) <= 0.05)


def busy_row(ours: Ours, theirs: Theirs, truth: Expected) -> Row:
    """The tail of the round trips while every core is busy."""
    seen, peer, link = (p99(told.rtt_ms) for told in (ours, theirs, truth))
    texts = (ms(seen), ms(peer), ms(link))
    return row(f"RTT p99, {CORES} busy loops", *texts, "at most 1.5 x irtt", holds=seen <= 1.5 * peer)


def ms(value: float) -> str:
    """With its unit."""
    return f"{value:.2f} ms"


def row(name: str, ours: str, theirs: str, link: str, asked: str, *, holds: bool) -> Row:
    """A line of the table, and whether it holds."""
    return name, ours, theirs, link, f"{asked}: {'holds' if holds else 'DOES NOT HOLD'}"


def machine() -> str:
    """In general terms."""
    system = platform.freedesktop_os_release()
    python = ".".join(platform.python_version_tuple()[:2])
    return f"{os.cpu_count()} shared cores, {system['NAME'].split()[0]} {system.get('VERSION_ID', '')}, Python {python}"


def measured(seconds: float) -> list[Row]:
    """Every row of the table."""
    with site_of_namespaces() as site, tempfile.TemporaryDirectory() as directory:
        there = Path(directory)
        rows = list(steady_rows([beside(site, there, seconds / ROUNDS, STEADY) for _ in range(ROUNDS)]))
        rows += varied_rows(*beside(site, there, seconds, VARIED))
        return [*rows, busy_row(*beside(site, there, seconds, VARIED, loops=CORES))]


def main() -> int:
    """Measure; print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=40.0)
    seconds: float = parser.parse_args().seconds
    if os.geteuid() or not shutil.which("irtt") or not os.access("/dev/net/tun", os.R_OK):
        print("voice_path: needs root, irtt and /dev/net/tun; not measured")
        return 0
    try:
        rows = measured(seconds)
    except SetUpFailed as error:
        print(f"voice_path: {error}; not measured")
        return 0
    told = table(["", "readycheck", "irtt 0.9", "the link itself", "asked"], rows)
    print("\n".join(told))
    explained = [
        f"`benchmarks/voice_path.py`, {machine()}. Both at once, 50 packets/s of 110 octets each, over one user-space",
        "link (`tests/netlab`) of 30 ms there and back that keeps the truth of every packet: three rounds on a steady",
        "one (told: the middle one; of lateness, which others' work can only add to, the quietest), then",
        f"{seconds:g} s on one that varies and loses, and {seconds:g} s more of that with both cores busy.",
    ]
    record("The path of the voice, beside irtt", [*explained, "", *told])
    return 0 if all(line[-1].endswith(": holds") for line in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
