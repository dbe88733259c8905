"""Live: a whole call through coturn, ICE, DTLS-SRTP and Opus."""

import pytest

from tests.live.conftest import Measure
from tests.live.coturn import Coturn
from tests.live.measuring import Outcome, ice, profile
from tests.live.namespaces import Site

pytestmark = pytest.mark.live

SLOW_MS = 100
"""No line of namespaces has such a delay: the machine itself, both ends of the call included, was too slow."""


def call(coturn: Coturn, measure: Measure, *urls: str) -> Outcome:
    """A call of one second by the first of these URLs that relays: too short for a round trip by RTCP, most times."""
    return measure(profile(ice(*urls), ca_file=coturn.certificate.ca_file, call={"seconds": 1}), "--only=call")


def talked(outcome: Outcome) -> None:
    """The call came about, encrypted, and its statistics are those of a good line."""
    assert outcome.answer("call.connected") == (True, None)
    assert outcome.answer("call.encrypted") == (True, None)
    assert outcome.value("call.codec") == "opus"
    assert 0 < outcome.value("call.setup_ms") < 5000
    assert outcome.value("call.loss_ratio") == 0
    delay_ms = outcome.value("call.rtt_p50_ms") + 4 * outcome.value("call.interarrival_jitter_ms")
    assert outcome.value("call.mos_cqe") > 4 or delay_ms > SLOW_MS
    for way in ("forth", "back"):
        assert outcome.evidence("call")[way]["packets_received"] > 40


def test_call_over_udp(coturn: Coturn, measure: Measure) -> None:
    """The relay over UDP carries the call."""
    outcome = call(coturn, measure, coturn.tcp, coturn.udp)

    talked(outcome)
    assert outcome.evidence("call")["url"] == coturn.udp


def test_call_over_tls_with_a_private_ca(coturn: Coturn, site: Site, measure: Measure) -> None:
    """Where UDP is rejected, TLS to a server of a private CA carries it; aiortc alone could not."""
    site.forward("-p udp -j REJECT")

    outcome = call(coturn, measure, coturn.udp, coturn.tls)

    talked(outcome)
    assert outcome.evidence("call")["url"] == coturn.tls


def test_dtls_swallowed(coturn: Coturn, site: Site, measure: Measure) -> None:
    """A middlebox that swallows all but small packets: ICE finds its pair, DTLS never ends, and nobody hears a word."""
    site.forward4("-i wan -p udp -m length --length 150:1500 -m comment --comment dtls -j DROP")

    outcome = call(coturn, measure, coturn.udp)

    assert site.router.packets("dtls") > 0
    assert outcome.answer("call.connected") == (False, "no_media")
    assert outcome.value("call.encrypted") is False
    assert outcome.evidence("call")["ice_nominated"] is True
