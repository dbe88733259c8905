"""Live: the path to our reflector through a router that loses, and marks anew, and counts what it did."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.conftest import KnowNames, Measure
from tests.live.measuring import Outcome, profile
from tests.live.namespaces import SERVER, SERVER6, THIRD, Site
from tests.live.reflecting import reflector_in

pytestmark = pytest.mark.live

SECONDS = 4
KEY = "a key that both ends know"
# IPv4 and UDP 28, and a call's 110: the packet that asks for the count at the end is shorter
VOICE = "-p udp -m length --length 138"


@pytest.fixture(params=[None, KEY], ids=["open", "authenticated"])
def key(request: pytest.FixtureRequest) -> str | None:
    """With and without a shared key."""
    return request.param  # type: ignore[no-any-return] # pytest types it so


@pytest.fixture(params=[SERVER])
def address(request: pytest.FixtureRequest) -> str:
    """Where the reflector listens."""
    return str(request.param)


@pytest.fixture
def port(site: Site, address: str, key: str | None, tmp_path: Path) -> Iterator[int]:
    """A reflector in the data centre, and its port."""
    with reflector_in(site.server, address, tmp_path, key) as port:
        yield port


def measured(measure: Measure, address: str, port: int, key: str | None) -> Outcome:
    """The path to the reflector for a few seconds."""
    host = f"[{address}]" if ":" in address else address
    targets = {"reflector": {"stamp": f"{host}:{port}", **({"key": key} if key else {})}}
    return measure({**profile(), "targets": targets, "path": {"min_seconds": SECONDS}}, "--only=path")


@pytest.mark.parametrize(("way", "metric"), [("--dport", "loss_up_ratio"), ("--sport", "loss_down_ratio")])
@pytest.mark.parametrize("key", [None], ids=["open"])
def test_each_way_alone(
    site: Site, measure: Measure, address: str, port: int, key: str | None, way: str, metric: str
) -> None:
    """What the router dropped one way is what is told of that way, to the packet; the other way lost nothing."""
    site.forward4(
        f"{VOICE} {way} {port} -m statistic --mode random --probability 0.05 -m comment --comment lost -j DROP"
    )

    outcome = measured(measure, address, port, key)

    lost, sent = site.router.packets("lost"), len(outcome.evidence("path")["rtt_ms"])
    other = "loss_down_ratio" if metric == "loss_up_ratio" else "loss_up_ratio"
    assert (lost > 0, sent) == (True, SECONDS * 50)
    assert outcome.value("path.far_end") == "reflector"
    assert outcome.value("path.loss_ratio") == pytest.approx(lost / sent, abs=1e-6)
    assert outcome.value(f"path.{metric}") == pytest.approx(lost / sent, abs=1e-6)
    assert outcome.value(f"path.{other}") == 0
    told = outcome.report["metrics"][f"path.{metric}"]
    assert told["low"] <= lost / sent <= told["high"]


@pytest.mark.parametrize("address", [SERVER, SERVER6], ids=["ipv4", "ipv6"], indirect=True)
def test_mark_kept(site: Site, measure: Measure, address: str, port: int, key: str | None) -> None:
    """Nothing on the way changes the mark: EF arrives, with and without a key, by both families."""
    outcome = measured(measure, address, port, key)

    assert outcome.answer("path.dscp_preserved") == (True, None)
    assert outcome.evidence("path")["payload_byte"] == (140 if key else 110)
    for metric in ("loss_ratio", "loss_up_ratio", "loss_down_ratio"):
        assert outcome.value(f"path.{metric}") == 0
    assert 0 < outcome.value("path.rtt_p50_ms") < 20
    assert site.client.sockets() == []


@pytest.mark.parametrize("key", [None], ids=["open"])
def test_mark_bleached(site: Site, measure: Measure, address: str, port: int, key: str | None) -> None:
    """A router that sets DSCP to zero is found out."""
    site.router.run("iptables", "-w", "-t", "mangle", "-A", "FORWARD", "-p", "udp", "-j", "DSCP", "--set-dscp", "0")
    try:
        outcome = measured(measure, address, port, key)
    finally:
        site.router.run("iptables", "-w", "-t", "mangle", "-F")

    assert outcome.answer("path.dscp_preserved") == (False, None)
    assert outcome.evidence("path")["reflection"]["dscp_counts"] == {"0": SECONDS * 50}


@pytest.mark.parametrize("bind", ["0.0.0.0", "::"])
def test_a_host_of_several_addresses(
    site: Site, measure: Measure, know_names: KnowNames, tmp_path: Path, bind: str
) -> None:
    """The family that stays silent is passed over, and a reflector bound to all answers from where it was asked."""
    know_names(site.client, {"far.example.test": f"{SERVER6} far.example.test\n{THIRD}"})
    site.router.run("ip6tables", "-w", "-A", "FORWARD", "-p", "udp", "-j", "DROP")
    with reflector_in(site.server, bind, tmp_path) as port:
        targets = {"reflector": {"stamp": f"far.example.test:{port}"}}
        outcome = measure({**profile(), "targets": targets, "path": {"min_seconds": 1}}, "--only=path")

    assert outcome.evidence("path")["url"] == f"stamp:{THIRD}:{port}"
    assert outcome.answer("path.loss_ratio") == (0, None)
    assert outcome.answer("path.dscp_preserved") == (True, None)
