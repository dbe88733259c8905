"""Live: a workstation that is too busy to measure says so, and does not blame the network."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.live.conftest import Measure
from tests.live.coturn import Coturn
from tests.live.measuring import ice, profile
from tests.live.namespaces import SERVER, Site
from tests.live.reflecting import reflector_in

pytestmark = pytest.mark.live

VOICE = "-p udp -m length --length 138:142 -m comment --comment voice"
PROCESSOR, STARVED_S = 0, 1.2
EASY_MS, IMPOSSIBLE_MS = 100, 0.001
"""Round trips here take some tenths of a millisecond, if nothing else takes the router's and the far end's time."""


@contextmanager
def busy_loops(count: int) -> Iterator[None]:
    """Processes that do nothing but take one processor's time."""
    loops = [subprocess.Popen((sys.executable, "-c", "while True: pass")) for _ in range(count)]
    try:
        for loop in loops:
            os.sched_setaffinity(loop.pid, {PROCESSOR})
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def schedule(process: int, niceness: int, processors: set[int]) -> None:
    """Where and how urgently every thread of a process runs."""
    for thread in Path(f"/proc/{process}/task").iterdir():
        os.sched_setaffinity(int(thread.name), processors)
        os.setpriority(os.PRIO_PROCESS, int(thread.name), niceness)


def starve(site: Site, measured: threading.Event) -> None:
    """Once voice flows, leave the measuring process what the loops do not want; give it all back after a while."""
    while site.router.packets("voice") < 30 and not measured.is_set():
        time.sleep(0.02)
    process, everywhere = site.client.running[-1].pid, os.sched_getaffinity(0)
    with busy_loops(2):
        schedule(process, 19, {PROCESSOR})
        measured.wait(STARVED_S)
    schedule(process, 0, everywhere)


@pytest.mark.parametrize("far_end", ["relay:udp", "reflector"])
def test_too_busy_to_measure(coturn: Coturn, site: Site, measure: Measure, tmp_path: Path, far_end: str) -> None:
    """Round trips that this process may have read late fail no limit; by the kernel's stamps they are what they are."""
    site.forward4(VOICE)
    requirements = [
        {"id": name, "metric": "path.rtt_p95_ms", "at_most": limit_ms}
        for name, limit_ms in (("easy", EASY_MS), ("impossible", IMPOSSIBLE_MS))
    ]
    parts: dict[str, Any] = {"path": {"min_seconds": 3, "max_seconds": 3}, "requirements": requirements}
    measured = threading.Event()
    starving = threading.Thread(target=starve, args=(site, measured))
    with reflector_in(site.server, SERVER, tmp_path) as port:
        wanted = {**profile(**parts), "targets": {"reflector": {"stamp": f"{SERVER}:{port}"}}}
        starving.start()
        try:
            outcome = measure(profile(ice(coturn.udp), **parts) if far_end != "reflector" else wanted, "--only=path")
        finally:
            measured.set()
            starving.join()

    easy, impossible = ((one["status"], one["reason"]) for one in map(outcome.finding, ("easy", "impossible")))
    assert outcome.value("path.far_end") == far_end
    assert outcome.value("path.send_lateness_p99_ms") > 20
    if far_end == "reflector":
        assert (easy, impossible) == (("pass", None), ("fail", None))
    else:
        assert impossible == ("inconclusive", "workstation_busy")
        assert easy in (("pass", None), ("inconclusive", "workstation_busy"))
