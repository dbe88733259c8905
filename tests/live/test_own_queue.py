"""Live: the queue of this machine's own interface is part of the path, as it is of a call's."""

from pathlib import Path

import pytest

from tests.live.conftest import Measure
from tests.live.measuring import profile
from tests.live.namespaces import SERVER, Site
from tests.live.reflecting import reflector_in

pytestmark = pytest.mark.live

SECONDS = 4
RATE_BPS, QUEUE_BYTE = 40_000, 2_000
PACKET_BYTE = 110 + 28 + 14
"""With UDP, IPv4 and Ethernet: 50 a second are 61 kbit/s, so the queue is full after a second and a half."""


def test_a_full_queue_on_the_way_out_of_this_machine(site: Site, measure: Measure, tmp_path: Path) -> None:
    """Packets wait in it before they are on the wire: the round trip has that delay, and the queue is told."""
    queue = f"tbf rate {RATE_BPS} burst 2000 limit {QUEUE_BYTE}"
    site.client.run("tc", "qdisc", "replace", "dev", "eth0", "root", *queue.split())
    try:
        with reflector_in(site.server, SERVER, tmp_path) as port:
            targets = {"reflector": {"stamp": f"{SERVER}:{port}"}}
            asked = {"min_seconds": SECONDS, "max_seconds": SECONDS}
            outcome = measure({**profile(), "targets": targets, "path": asked}, "--only=path")
    finally:
        site.client.run("tc", "qdisc", "replace", "dev", "eth0", "root", "pfifo")

    full_ms = QUEUE_BYTE * 8000 / RATE_BPS
    one_ms = PACKET_BYTE * 8000 / RATE_BPS
    assert full_ms - 2 * one_ms < outcome.value("path.rtt_p95_ms") < full_ms + 2 * one_ms
    assert outcome.evidence("path")["reflection"]["send_queue_p99_ms"] > full_ms - 3 * one_ms
