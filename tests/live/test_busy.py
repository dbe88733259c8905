"""Live: a workstation that is too busy to measure says so, and does not blame the network."""

import signal
import threading
import time
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
TIMES, STOPPED_S = 4, 0.15
EASY_MS, IMPOSSIBLE_MS = 1000, 0.001
"""Round trips here take some tenths of a millisecond, and a little longer where the machine itself is busy."""


def stand_still(site: Site, measured: threading.Event) -> None:
    """Once voice flows, stop the measuring process for a while, several times."""
    while site.router.packets("voice") < 30 and not measured.is_set():
        time.sleep(0.02)
    process = site.client.running[-1]
    for _ in range(TIMES):
        process.send_signal(signal.SIGSTOP)
        time.sleep(STOPPED_S)
        process.send_signal(signal.SIGCONT)
        if measured.wait(STOPPED_S):
            return


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
    standing = threading.Thread(target=stand_still, args=(site, measured))
    with reflector_in(site.server, SERVER, tmp_path) as port:
        wanted = {**profile(**parts), "targets": {"reflector": {"stamp": f"{SERVER}:{port}"}}}
        standing.start()
        try:
            outcome = measure(profile(ice(coturn.udp), **parts) if far_end != "reflector" else wanted, "--only=path")
        finally:
            measured.set()
            standing.join()

    easy, impossible = ((one["status"], one["reason"]) for one in map(outcome.finding, ("easy", "impossible")))
    assert outcome.value("path.far_end") == far_end
    assert outcome.value("path.send_lateness_p99_ms") > 1000 * STOPPED_S / 2
    if far_end == "reflector":
        assert (easy, impossible) == (("pass", None), ("fail", None))
    else:
        assert impossible == ("inconclusive", "workstation_busy")
        assert easy in (("pass", None), ("inconclusive", "workstation_busy"))
