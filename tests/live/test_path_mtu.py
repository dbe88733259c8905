"""Live: the largest datagram over links that are narrower than they look."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.live.conftest import Measure
from tests.live.coturn import Coturn
from tests.live.measuring import Outcome, ice, profile
from tests.live.namespaces import SERVER, SERVER6, Site
from tests.live.reflecting import reflector_in

pytestmark = pytest.mark.live

RULES_OF_A_BLACK_HOLE = (
    "iptables -w -A OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP",
    "ip6tables -w -A OUTPUT -p icmpv6 --icmpv6-type packet-too-big -j DROP",
)
HEADERS_BYTE = {SERVER: 28, SERVER6: 48}


@contextmanager
def narrow(site: Site, mtu_byte: int, *, is_black_hole: bool) -> Iterator[None]:
    """The cable between router and server carries no larger packets; whether the router may say so."""
    try:
        site.router.ip(f"link set wan mtu {mtu_byte}")
        site.server.ip(f"link set eth0 mtu {mtu_byte}")
        if is_black_hole:
            for rule in RULES_OF_A_BLACK_HOLE:
                site.router.run(*rule.split())
        yield
    finally:
        site.router.ip("link set wan mtu 1500")
        site.server.ip("link set eth0 mtu 1500")
        for host in (site.client, site.server):
            host.ip("route flush cache")
            host.ip("-6 route flush cache")


def measured(measure: Measure, address: str, port: int) -> Outcome:
    """Towards a reflector."""
    host = f"[{address}]" if ":" in address else address
    return measure({**profile(), "targets": {"reflector": {"stamp": f"{host}:{port}"}}}, "--only=path_mtu")


@pytest.mark.parametrize("said", ["told", "black hole"])
@pytest.mark.parametrize("address", [SERVER, SERVER6], ids=["ipv4", "ipv6"])
def test_narrow_link(site: Site, measure: Measure, tmp_path: Path, address: str, said: str) -> None:
    """Found to the byte, whether the router says that a packet is too large or drops it without a word."""
    with narrow(site, 1400, is_black_hole=said == "black hole"), reflector_in(site.server, address, tmp_path) as port:
        outcome = measured(measure, address, port)

    told = outcome.report["metrics"]["path_mtu.udp_payload_byte"]
    assert told["value"] == told["low"] == told["high"] == 1400 - HEADERS_BYTE[address]
    assert outcome.value("path_mtu.family") == ("ipv6" if ":" in address else "ipv4")


def test_narrow_link_to_a_relay(coturn: Coturn, site: Site, measure: Measure) -> None:
    """The same through coturn, over a cable of its own size, and over one that carries all."""
    with narrow(site, 1340, is_black_hole=True):
        narrowed = measure(profile(ice(coturn.udp)), "--only=path_mtu")
    wide = measure(profile(ice(coturn.udp)), "--only=path_mtu")

    assert narrowed.value("path_mtu.udp_payload_byte") == 1340 - 28
    assert wide.report["metrics"]["path_mtu.udp_payload_byte"] == {
        "value": 1472,
        "low": 1472,
        "high": None,
        "unit": "byte",
        "reason": None,
    }
