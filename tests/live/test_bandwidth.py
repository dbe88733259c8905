"""Live: calls at once through a router that is narrow one way, and queues."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.conftest import Measure
from tests.live.measuring import Outcome, profile
from tests.live.namespaces import SERVER, Site

pytestmark = pytest.mark.live

REPOSITORY = Path(__file__).parents[2]
ETHERNET_BYTE = 14  # what the router's queue counts beside the IP packet
CALL_BPS = 138 * 8 * 50


@pytest.fixture(autouse=True)
def urgent() -> Iterator[None]:
    """What is started now goes before other work of this machine: an end that is late tells nothing of the link."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, -15)
    yield
    os.setpriority(os.PRIO_PROCESS, 0, before)


@pytest.fixture
def port(site: Site) -> Iterator[int]:
    """A reflector in the data centre, and its port; afterwards the router is as wide as before."""
    process = site.server.start(
        *(sys.executable, "-m", "readycheck", "reflector", "--bind", SERVER, "--port", "0", "--insecure"),
        environment={"PYTHONPATH": str(REPOSITORY)},
    )
    assert process.stderr
    found = re.search(r"UDP port (\d+)", process.stderr.readline())
    assert found
    yield int(found[1])
    site.server.stop(process)
    for device in ("lan", "wan"):
        site.router.run("tc", "qdisc", "replace", "dev", device, "root", "pfifo")


def narrow(site: Site, device: str, rate_bps: int, queue_ms: int) -> None:
    """Have the router send no more than this on a device, with a queue of so long."""
    limit_byte = rate_bps * queue_ms // 8000
    options = f"rate {rate_bps} burst 2000 limit {limit_byte}"
    site.router.run("tc", "qdisc", "replace", "dev", device, "root", "tbf", *options.split())


def measured(measure: Measure, port: int, calls: int) -> Outcome:
    """So many calls at once towards the reflector."""
    targets = {"reflector": {"stamp": f"{SERVER}:{port}"}}
    return measure({**profile(), "targets": targets}, "--only=bandwidth", "--calls", str(calls))


def test_queue_of_a_narrow_uplink(site: Site, measure: Measure, port: int) -> None:
    """Up at 2 Mbit/s with a queue of 200 ms: up breaks first, the rate is the link's, the increase is the queue."""
    narrow(site, "wan", 2_000_000, 200)

    outcome = measured(measure, port, 40)

    truth = 2_000_000 / ((138 + ETHERNET_BYTE) * 8 * 50)
    told = outcome.report["metrics"]
    assert outcome.value("bandwidth.broke_first") == "up"
    increase = told["bandwidth.rtt_increase_p95_ms"]
    assert increase["low"] <= 200 * 1.1  # less what this machine itself was late
    assert increase["high"] >= 200 * 0.9
    assert told["bandwidth.concurrent_calls"]["low"] <= truth <= told["bandwidth.concurrent_calls"]["high"] + 1
    assert 0.9 * truth <= outcome.value("bandwidth.concurrent_calls")
    assert told["bandwidth.up_bps"]["low"] <= truth * CALL_BPS <= told["bandwidth.up_bps"]["high"]
    assert told["bandwidth.down_bps"]["high"] is None


def test_narrow_downlink(site: Site, measure: Measure, port: int) -> None:
    """Down at one call and a half: the first is carried, the second breaks it; nothing is held against the way up."""
    narrow(site, "lan", 90_000, 100)

    outcome = measured(measure, port, 2)

    told = outcome.report["metrics"]
    assert [step["calls"] for step in outcome.evidence("bandwidth")["steps"]] == [1, 2]
    assert outcome.value("bandwidth.broke_first") == "down"
    assert (outcome.value("bandwidth.concurrent_calls"), told["bandwidth.concurrent_calls"]["high"]) == (1, 1)
    assert told["bandwidth.down_bps"]["low"] <= 90_000 * 138 / 152 <= told["bandwidth.down_bps"]["high"]
    assert (outcome.value("bandwidth.up_bps"), told["bandwidth.up_bps"]["high"]) == (2 * CALL_BPS, None)
