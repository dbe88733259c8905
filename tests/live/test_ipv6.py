"""Live: a client without IPv4, and servers named by IPv6 literals."""

from collections.abc import Iterator

import pytest

from tests.live.conftest import Measure, StartCoturn
from tests.live.coturn import Coturn
from tests.live.measuring import ice, profile
from tests.live.namespaces import CLIENT, SECOND6, SERVER6, Site

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def without_ipv4(site: Site) -> Iterator[None]:
    """The client has IPv6 alone, as behind a mobile network."""
    site.client.ip(f"addr del {CLIENT}/24 dev eth0")
    yield
    site.connect()


def over_ipv6(coturn: Coturn) -> tuple[str, str, str]:
    """The URLs by coturn's IPv6 literal."""
    return (
        coturn.udp.replace(coturn.host, f"[{SERVER6}]"),
        coturn.tcp.replace(coturn.host, f"[{SERVER6}]"),
        coturn.tls.replace(coturn.host, f"[{SERVER6}]"),
    )


def test_dual_stack_server(coturn: Coturn, measure: Measure) -> None:
    """A server of both families is reached over IPv6 by each transport and relays over IPv4, as softphones ask."""
    udp, tcp, tls = over_ipv6(coturn)
    wanted = profile(
        {"urls": coturn.stun.replace(coturn.host, f"[{SERVER6}]")},
        ice(udp, tcp, tls),
        ca_file=coturn.certificate.ca_file,
    )

    outcome = measure(wanted)

    assert outcome.answer("stun.reachable_ratio") == (1, None)
    for transport in ("udp", "tcp", "tls"):
        assert outcome.answer(f"turn.{transport}_reachable_ratio") == (1, None)
        assert outcome.answer(f"turn.{transport}_relay") == (True, None)
    assert outcome.value("path.far_end") == "relay:udp"
    assert outcome.value("path.loss_ratio") == 0
    assert outcome.answer("call.connected") == (True, None)
    assert outcome.answer("call.encrypted") == (True, None)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_server_without_ipv4(start_coturn: StartCoturn, measure: Measure, transport: str) -> None:
    """A relay that has IPv6 addresses only: allocated where softphones name no family, path and call included."""
    coturn = start_coturn("allocation-default-address-family=keep", addresses=(SECOND6,))
    url = {"udp": coturn.udp, "tcp": coturn.tcp}[transport]

    outcome = measure(profile(ice(url)), "--only=turn,path,call")

    assert outcome.answer(f"turn.{transport}_relay") == (True, None)
    relayed = outcome.turn_server(url)["attempts"][0]["relayed_address"]
    assert relayed.startswith(f"[{SECOND6}]:")
    assert outcome.value("path.far_end") == f"relay:{transport}"
    assert outcome.answer("call.connected") == (True, None)


def test_server_that_allocates_ipv6_only_when_asked(start_coturn: StartCoturn, measure: Measure) -> None:
    """The first Allocate, without a family, earns a 440; the second names IPv6 and is granted."""
    coturn = start_coturn(addresses=(SECOND6,))

    outcome = measure(profile(ice(coturn.udp)), "--only=turn,path")

    assert "error 440" in coturn.log
    assert outcome.answer("turn.udp_relay") == (True, None)
    assert outcome.value("path.loss_ratio") == 0


def test_ipv4_literal(coturn: Coturn, measure: Measure) -> None:
    """An IPv4 literal leads nowhere from here."""
    outcome = measure(profile(ice(coturn.udp)), "--only=turn")

    assert outcome.answer("turn.udp_reachable_ratio") == (0, "network_unreachable")
