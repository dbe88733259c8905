"""Live: what a router does to addresses (RFC 4787), told by a coturn on two addresses (RFC 5780)."""

import pytest

from tests.live.conftest import Measure, StartCoturn
from tests.live.measuring import Outcome, profile
from tests.live.namespaces import CLIENT, SECOND, THIRD, WAN, Site

pytestmark = pytest.mark.live


@pytest.fixture
def behaviour(start_coturn: StartCoturn, measure: Measure) -> "Behaviour":
    return Behaviour(start_coturn, measure)


class Behaviour:
    """Asks a coturn on two addresses."""

    def __init__(self, start_coturn: StartCoturn, measure: Measure) -> None:
        self._start_coturn = start_coturn
        self._measure = measure

    def __call__(self) -> Outcome:
        coturn = self._start_coturn("alt-listening-port=3479", addresses=(SECOND, THIRD))
        return self._measure(profile({"urls": coturn.stun}), "--only=stun")


def nat(outcome: Outcome) -> tuple[str, str]:
    """Mapping and filtering."""
    return outcome.value("stun.nat_mapping"), outcome.value("stun.nat_filtering")


def mapped_hosts(outcome: Outcome) -> set[str]:
    """The client's addresses as the server saw them."""
    attempts = outcome.evidence("stun")["servers"][0]["attempts"]
    return {attempt["mapped_address"].rpartition(":")[0] for attempt in attempts}


def test_no_nat(behaviour: Behaviour) -> None:
    """A router that only routes."""
    outcome = behaviour()

    assert nat(outcome) == ("none", "endpoint_independent")
    assert mapped_hosts(outcome) == {CLIENT}


def test_stateful_firewall_without_nat(behaviour: Behaviour, site: Site) -> None:
    """A router that lets answers in from where something was sent, and translates nothing."""
    site.forward("-i wan -p udp -m conntrack --ctstate NEW -j DROP")

    assert nat(behaviour()) == ("none", "address_and_port_dependent")


def test_masquerade(behaviour: Behaviour, site: Site) -> None:
    """Linux keeps a port while it can: one mapping for all servers, answers only from whom was asked."""
    site.masquerade()

    outcome = behaviour()

    assert nat(outcome) == ("endpoint_independent", "address_and_port_dependent")
    assert mapped_hosts(outcome) == {WAN}


def test_symmetric_nat(behaviour: Behaviour, site: Site) -> None:
    """With a random port for each connection every server sees another mapping."""
    site.masquerade("--random-fully")

    assert nat(behaviour()) == ("address_and_port_dependent", "address_and_port_dependent")


def test_server_with_one_address(start_coturn: StartCoturn, measure: Measure) -> None:
    """A server that has nowhere else to answer from cannot tell."""
    coturn = start_coturn(addresses=(SECOND,))

    outcome = measure(profile({"urls": coturn.stun}), "--only=stun")

    assert outcome.answer("stun.reachable_ratio") == (1, None)
    assert nat(outcome) == ("unknown", "unknown")
