"""Live: what a router lets through, and what readycheck says of it."""

import pytest

from tests.live.conftest import Measure
from tests.live.coturn import PORT, TLS_PORT, Coturn
from tests.live.measuring import Outcome, ice, profile
from tests.live.namespaces import Site

pytestmark = pytest.mark.live

CLOSED_PORT = 9


def everything(coturn: Coturn, **parts: object) -> dict[str, object]:
    """The three transports of coturn and its STUN."""
    servers = ({"urls": coturn.stun}, ice(coturn.udp, coturn.tcp, coturn.tls))
    return dict(profile(*servers, ca_file=coturn.certificate.ca_file, **parts))


def unreached(outcome: Outcome, transport: str, reason: str) -> None:
    """Nothing came of this transport, for this reason."""
    assert outcome.answer(f"turn.{transport}_reachable_ratio") == (0, reason)
    assert outcome.answer(f"turn.{transport}_relay") == (False, reason)


def relayed(outcome: Outcome, *transports: str) -> None:
    """These transports were reached and relay."""
    for transport in transports:
        assert outcome.answer(f"turn.{transport}_reachable_ratio") == (1, None)
        assert outcome.answer(f"turn.{transport}_relay") == (True, None)


def test_udp_dropped(coturn: Coturn, site: Site, measure: Measure) -> None:
    """A router that swallows UDP: silence is told as such, voice would take TCP, and the blocker is UDP's."""
    site.forward("-p udp -j DROP")
    wanted = [{"id": "udp", "metric": "turn.udp_reachable_ratio", "at_least": 1}]

    outcome = measure(everything(coturn, requirements=wanted), "--only=stun,turn,path")

    unreached(outcome, "udp", "stun_timeout")
    relayed(outcome, "tcp", "tls")
    assert outcome.answer("stun.reachable_ratio") == (0, "stun_timeout")
    assert outcome.value("path.far_end") == "relay:tcp"
    assert outcome.value("path.loss_ratio") == 0
    assert (outcome.status, outcome.report["decision"]) == (1, "no_go")
    assert (outcome.finding("udp")["status"], outcome.finding("udp")["reason"]) == ("fail", "stun_timeout")


def test_only_tls_let_through(coturn: Coturn, site: Site, measure: Measure) -> None:
    """A router that lets TCP out to the TLS port alone: the path is measured through TLS."""
    site.forward(f"-i lan -p tcp --dport {TLS_PORT} -j ACCEPT")
    site.forward("-i lan -j REJECT")

    outcome = measure(everything(coturn), "--only=turn,path")

    unreached(outcome, "udp", "connection_refused")
    unreached(outcome, "tcp", "connection_refused")
    relayed(outcome, "tls")
    assert outcome.value("path.far_end") == "relay:tls"


def test_udp_rejected(coturn: Coturn, site: Site, measure: Measure) -> None:
    """ICMP port unreachable is a refusal and no silence: it is heard at once."""
    site.forward4("-p udp -m comment --comment refused -j REJECT --reject-with icmp-port-unreachable")

    outcome = measure(everything(coturn), "--only=stun,turn")

    unreached(outcome, "udp", "connection_refused")
    assert outcome.answer("stun.reachable_ratio") == (0, "connection_refused")
    relayed(outcome, "tcp", "tls")
    servers = outcome.evidence("stun")["servers"] + outcome.evidence("turn")["servers"]
    attempts = sum(len(server["attempts"]) for server in servers if server["url"] in (coturn.stun, coturn.udp))
    assert attempts <= site.router.packets("refused") < 2 * attempts  # of silence each would have met with three


def test_tcp_reset(coturn: Coturn, site: Site, measure: Measure) -> None:
    """A router that resets TCP refuses connections, and UDP goes on."""
    site.forward("-p tcp -j REJECT --reject-with tcp-reset")

    outcome = measure(everything(coturn), "--only=turn")

    relayed(outcome, "udp")
    unreached(outcome, "tcp", "connection_refused")
    unreached(outcome, "tls", "connection_refused")


def test_tcp_dropped(coturn: Coturn, site: Site, measure: Measure) -> None:
    """A router that swallows TCP: no answer to the SYN is a time-out."""
    site.forward(f"-p tcp --dport {PORT} -j DROP")

    outcome = measure(profile(ice(coturn.udp, coturn.tcp)), "--only=turn")

    relayed(outcome, "udp")
    unreached(outcome, "tcp", "connection_timeout")


def test_tls_cut_after_the_hello(coturn: Coturn, site: Site, measure: Measure) -> None:
    """A middlebox that resets at the ClientHello: the connection was made, TLS was not."""
    site.forward4(f"-p tcp --dport {TLS_PORT} -m length --length 200:1500 -j REJECT --reject-with tcp-reset")

    outcome = measure(everything(coturn), "--only=turn")

    relayed(outcome, "udp", "tcp")
    unreached(outcome, "tls", "connection_reset")
    failures = [attempt["failure"] for attempt in outcome.turn_server(coturn.tls)["attempts"]]
    assert {failure["operation"] for failure in failures} == {"tls_handshake"}


def test_closed_ports(coturn: Coturn, measure: Measure) -> None:
    """A server that is up with nothing at the port, asked over UDP, TCP and TLS."""
    urls = (
        f"turn:{coturn.host}:{CLOSED_PORT}?transport=udp",
        f"turn:{coturn.host}:{CLOSED_PORT}?transport=tcp",
        f"turns:{coturn.host}:{CLOSED_PORT}?transport=tcp",
    )

    outcome = measure(profile({"urls": f"stun:{coturn.host}:{CLOSED_PORT}"}, ice(*urls)), "--only=stun,turn,path,call")

    for transport in ("udp", "tcp", "tls"):
        unreached(outcome, transport, "connection_refused")
    assert outcome.answer("stun.reachable_ratio") == (0, "connection_refused")
    for metric in ("path.far_end", "path.loss_ratio", "call.connected", "turn.allocation_p50_ms"):
        assert outcome.answer(metric) == (None, "connection_refused")


def test_forbidden_by_the_client_itself(coturn: Coturn, site: Site, measure: Measure) -> None:
    """A local firewall that forbids sending (EPERM) is told apart from a network that swallows."""
    site.client.firewall("-A OUTPUT -p udp -j DROP")

    outcome = measure(everything(coturn), "--only=stun,turn")

    unreached(outcome, "udp", "permission_denied")
    assert outcome.answer("stun.reachable_ratio") == (0, "permission_denied")
    relayed(outcome, "tcp", "tls")


def test_no_route(coturn: Coturn, site: Site, measure: Measure) -> None:
    """A client without a way out."""
    site.client.ip("route del default")

    outcome = measure(everything(coturn), "--only=stun,turn")

    for transport in ("udp", "tcp", "tls"):
        unreached(outcome, transport, "network_unreachable")
    assert outcome.answer("stun.reachable_ratio") == (0, "network_unreachable")


def test_host_unreachable(coturn: Coturn, site: Site, measure: Measure) -> None:
    """A router that knows no way to the server says so to TCP."""
    site.forward4("-p tcp -j REJECT --reject-with icmp-host-unreachable")

    outcome = measure(everything(coturn), "--only=turn")

    relayed(outcome, "udp")
    unreached(outcome, "tcp", "host_unreachable")
    unreached(outcome, "tls", "host_unreachable")


def test_name_that_does_not_exist(coturn: Coturn, measure: Measure) -> None:
    """A name that cannot be found costs the other URLs nothing."""
    nowhere = "turn:no-such-host.invalid:3478?transport=tcp"

    outcome = measure(profile({"urls": "stun:no-such-host.invalid"}, ice(coturn.udp, nowhere)), "--only=stun,turn")

    relayed(outcome, "udp")
    unreached(outcome, "tcp", "dns_not_found")
    assert outcome.answer("stun.reachable_ratio") == (0, "dns_not_found")


def test_relayed_data_swallowed(coturn: Coturn, site: Site, measure: Measure) -> None:
    """A middlebox that lets STUN through and swallows ChannelData: allocations work, nothing is relayed."""
    channel_data = "-m u32 --u32 0>>22&0x3C@8>>30=1"  # the first two bits after the UDP header are 01
    site.forward4(f"-p udp --dport {PORT} {channel_data} -j DROP")

    outcome = measure(profile(ice(coturn.udp)), "--only=turn")

    assert outcome.answer("turn.udp_reachable_ratio") == (1, None)
    assert outcome.answer("turn.udp_relay") == (False, "relay_no_data")
