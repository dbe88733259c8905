"""Live: how long a router keeps an idle binding, against what its connection tracking was told."""

from collections.abc import Iterator

import pytest

from tests.live.conftest import Measure, StartCoturn
from tests.live.coturn import Coturn
from tests.live.measuring import Outcome, ice, profile
from tests.live.namespaces import SECOND, THIRD, Site

pytestmark = pytest.mark.live

UNTALKED_S, LIFETIME_S, LONGEST_S = 1, 2, 5
SETTINGS = ("net.netfilter.nf_conntrack_udp_timeout", "net.netfilter.nf_conntrack_udp_timeout_stream")


@pytest.fixture
def forgetful(site: Site) -> Iterator[None]:
    """A router that translates, lets nothing in unasked, and forgets a silent UDP flow after LIFETIME_S.

    One over which a single exchange was made is forgotten sooner.
    """
    site.masquerade()
    site.router.firewall("-A INPUT -i wan -p udp -j DROP")
    before = [site.router.run("sysctl", "-n", setting).strip() for setting in SETTINGS]
    site.router.run("sysctl", "-qw", *(f"{one}={s}" for one, s in zip(SETTINGS, (UNTALKED_S, LIFETIME_S), strict=True)))
    yield
    site.router.run("sysctl", "-qw", *(f"{setting}={value}" for setting, value in zip(SETTINGS, before, strict=True)))


def bounds(outcome: Outcome) -> tuple[float, float | None]:
    """Of the lifetime."""
    told = outcome.report["metrics"]["nat_binding.lifetime_s"]
    return told["low"], told["high"]


@pytest.mark.usefixtures("forgetful")
def test_by_a_relay(coturn: Coturn, measure: Measure) -> None:
    """The router's setting lies within the bounds, and they are no wider than the steps between the silences."""
    asking = profile(ice(coturn.udp), nat_binding={"max_seconds": LONGEST_S})
    outcome = measure(asking, "--skip=path,call")

    low, high = bounds(outcome)
    assert outcome.evidence("nat_binding")["method"] == "relay"
    assert high
    assert low <= LIFETIME_S <= high
    *survived, died = outcome.evidence("nat_binding")["silences"]
    assert all(one["survived"] for one in survived)
    assert (low, high) == (survived[-1]["seconds"], died["seconds"])


@pytest.mark.usefixtures("forgetful")
def test_by_a_stun_server(start_coturn: StartCoturn, measure: Measure) -> None:
    """The same without any allocation, by a server that answers to another port; --only asks for it."""
    coturn = start_coturn("alt-listening-port=3479", addresses=(SECOND, THIRD))
    asking = profile({"urls": coturn.stun}, nat_binding={"max_seconds": LONGEST_S})
    outcome = measure(asking, "--only=nat_binding")

    low, high = bounds(outcome)
    assert outcome.evidence("nat_binding")["method"] == "response_port"
    assert high
    assert low <= LIFETIME_S <= high


def test_cap(coturn: Coturn, measure: Measure) -> None:
    """Nothing dies where nothing is translated nor tracked: no upper bound; and unasked it is not selected."""
    asked = measure(profile(ice(coturn.udp), nat_binding={"max_seconds": 1}), "--only=nat_binding")
    unasked = measure(profile(ice(coturn.udp)), "--skip=path,call,path_mtu")

    low, high = bounds(asked)
    assert low >= 1
    assert high is None
    assert unasked.answer("nat_binding.lifetime_s") == (None, "not_selected")
