"""Live: a client behind a router, with and without a VPN's tunnel, as the system's own routing table has it."""

from collections.abc import Callable

import pytest

from tests.live.conftest import Measure
from tests.live.coturn import Coturn
from tests.live.measuring import Outcome, ice, profile
from tests.live.namespaces import CLIENT, LAN, SERVER, Site
from tests.live.tunnel import TUNNEL_ADDRESS, open_tunnel

pytestmark = pytest.mark.live

WANTED = profile(ice(f"turn:{SERVER}:3478"))
ALL_IPV4 = ("0.0.0.0/1", "128.0.0.0/1")  # as OpenVPN takes all without touching the default route
CASES = [
    ((*ALL_IPV4, "::/1", "8000::/1"), "full"),
    (ALL_IPV4, "split"),  # IPv6 goes past it
    ((f"{SERVER}/32",), "split"),
]


def test_without_a_vpn_the_router_answers(site: Site, measure: Measure) -> None:
    """The way out, the first router's echo, and that nothing here is a VPN."""
    outcome = measure(WANTED, "--only=network")

    assert outcome.answer("network.link") == ("virtual", None)  # one end of a veth pair
    assert outcome.answer("network.vpn_active") == (False, None)
    assert outcome.answer("network.vpn_tunnel") == ("none", None)
    assert outcome.answer("network.media_via_vpn") == (False, None)
    assert outcome.evidence("network")["gateway"]["address"] == LAN
    assert outcome.value("network.gateway_rtt_ms") > 0
    assert outcome.evidence("network")["targets"][0]["ways"][0]["source"] == CLIENT


@pytest.mark.parametrize(("networks", "tunnel"), CASES)
def test_tunnel_that_takes_media(site: Site, measure: Measure, networks: tuple[str, ...], tunnel: str) -> None:
    """All of both families, all of one, or the relay alone: the VPN is seen, and the link beneath it."""
    with open_tunnel(site.client, *networks):
        outcome = measure(WANTED, "--only=network")

    assert outcome.answer("network.vpn_active") == (True, None)
    assert outcome.answer("network.vpn_tunnel") == (tunnel, None)
    assert outcome.answer("network.media_via_vpn") == (True, None)
    assert outcome.evidence("network")["targets"][0]["ways"][0]["source"] == TUNNEL_ADDRESS
    assert outcome.evidence("network")["carrier"] == "eth0"
    assert outcome.evidence("network")["gateway"]["address"] == LAN


def test_tunnel_beside_media_and_a_router_that_is_silent(site: Site, measure: Measure) -> None:
    """A VPN for the company's network alone leaves media direct; no echo is no figure, and no failure."""
    site.router.firewall4("-A INPUT -p icmp -j DROP")
    with open_tunnel(site.client, "10.0.0.0/8"):
        outcome = measure(WANTED, "--only=network")

    assert outcome.answer("network.vpn_tunnel") == ("split", None)
    assert outcome.answer("network.media_via_vpn") == (False, None)
    assert outcome.answer("network.gateway_rtt_ms") == (None, "connection_timeout")


@pytest.fixture
def voice_flows(site: Site) -> Callable[[], bool]:
    """Whether the router has passed a second of voice on: the path is being measured."""
    site.router.firewall4("-A FORWARD -p udp -m length --length 100:200 -m comment --comment voice")
    return lambda: site.router.packets("voice") > 100


def spoilt_by_a_change(outcome: Outcome) -> list[str]:
    """The probes that the one change of the network spoilt: they keep their evidence, and no verdict rests on it."""
    (change,) = outcome.report["run"]["changes"]
    spoilt: list[str] = change["probes"]
    doubted = {
        probe: seen["failure"]["code"]
        for probe, seen in outcome.report["observations"].items()
        if seen["evidence"] and seen["failure"]
    }
    assert change["kind"] == "network_changed"
    assert doubted == dict.fromkeys(spoilt, "interrupted")
    return spoilt


def test_vpn_that_comes_up_during_a_run(
    site: Site, coturn: Coturn, measure: Measure, voice_flows: Callable[[], bool]
) -> None:
    """What met the relay meanwhile keeps its evidence, and no verdict rests on it; the change is told.

    Where the look after the probe before came to nothing, that one is doubted too.
    """
    requirement = {"id": "relay", "metric": "turn.udp_relay", "equals": True}
    wanted = profile(ice(coturn.udp), requirements=[requirement], path={"min_seconds": 6})
    with open_tunnel(site.client):
        site.client.ip("link set tun0 down")

        def connect() -> bool:
            """Once something is measured; never press Ctrl-C."""
            if voice_flows():
                site.client.ip("link set tun0 up")
            return False

        outcome = measure(wanted, "--only=path", interrupt_when=connect)

    spoilt = spoilt_by_a_change(outcome)
    assert "path" in spoilt
    assert outcome.finding("relay")["status"] == ("inconclusive" if "turn" in spoilt else "pass")


def test_route_into_a_tunnel_that_was_up_before(
    site: Site, coturn: Coturn, measure: Measure, voice_flows: Callable[[], bool]
) -> None:
    """A VPN client that takes a network of media while the path is measured is told, though no default way changed."""
    wanted = profile(ice(coturn.udp), path={"min_seconds": 6})
    wanted = {**wanted, "targets": {**wanted["targets"], "media": {"cidrs": ["198.18.0.0/15"]}}}
    with open_tunnel(site.client, "10.0.0.0/8"):

        def take() -> bool:
            """Once something is measured; never press Ctrl-C."""
            if voice_flows():
                site.client.ip("route replace 198.18.0.0/15 dev tun0")
            return False

        outcome = measure(wanted, "--only=path", interrupt_when=take)

    assert "path" in spoilt_by_a_change(outcome)
