"""Live: what coturn says to credentials, and what readycheck makes of it."""

import re
import time

import pytest

from readycheck.lab.credentials import rest_password
from tests.live.conftest import Measure, StartCoturn
from tests.live.coturn import CREDENTIAL, SHARED_SECRET, USERNAME, Coturn
from tests.live.measuring import ice, profile
from tests.live.namespaces import SECOND

pytestmark = pytest.mark.live

REST = ("use-auth-secret", f"static-auth-secret={SHARED_SECRET}")


def test_user_and_password_relay_over_every_transport(coturn: Coturn, measure: Measure) -> None:
    """A good user allocates over UDP, TCP and TLS, data echoes through each relay, and the verdict is go."""
    wanted = [
        {"id": f"{transport}-{what}", "metric": f"turn.{transport}_{what}"} | comparator
        for transport in ("udp", "tcp", "tls")
        for what, comparator in (("reachable_ratio", {"at_least": 1}), ("relay", {"equals": True}))
    ]

    outcome = measure(
        profile(ice(coturn.udp, coturn.tcp, coturn.tls), ca_file=coturn.certificate.ca_file, requirements=wanted),
        "--only=turn",
    )

    assert (outcome.status, outcome.report["decision"]) == (0, "go")
    assert [finding["status"] for finding in outcome.report["findings"]] == ["pass"] * 6
    assert 0 < outcome.value("turn.allocation_p50_ms") < 200
    for url in (coturn.udp, coturn.tcp, coturn.tls):
        attempts = outcome.turn_server(url)["attempts"]
        assert [attempt["allocated"] for attempt in attempts] == [True] * 3
        assert all(attempt["relayed_address"].startswith(f"{coturn.host}:") for attempt in attempts)
    assert CREDENTIAL not in str(outcome.report)


def test_wrong_password(coturn: Coturn, measure: Measure) -> None:
    """A wrong password proves the way and not the relay: reached, relay false, unauthorized."""
    outcome = measure(
        profile(ice(coturn.udp, coturn.tcp, coturn.tls, credential="wrong"), ca_file=coturn.certificate.ca_file),
        "--only=turn",
    )

    for transport in ("udp", "tcp", "tls"):
        assert outcome.answer(f"turn.{transport}_reachable_ratio") == (1, None)
        assert outcome.answer(f"turn.{transport}_relay") == (False, "turn_unauthorized")


def test_no_credentials(coturn: Coturn, measure: Measure) -> None:
    """Without credentials the 401 challenge proves the way, and nothing is said about the relay."""
    outcome = measure(profile({"urls": [coturn.udp, coturn.tcp]}), "--only=turn")

    for transport in ("udp", "tcp"):
        assert outcome.answer(f"turn.{transport}_reachable_ratio") == (1, None)
        assert outcome.answer(f"turn.{transport}_relay") == (None, "not_configured")


def test_shared_secret_from_the_environment(start_coturn: StartCoturn, measure: Measure) -> None:
    """Credentials made from a TURN REST secret relay, and the secret stands nowhere in the report."""
    coturn = start_coturn(*REST, addresses=(SECOND,), users=False)

    outcome = measure(
        profile({"urls": [coturn.udp], "shared_secret": "${TURN_SECRET}"}),
        "--only=turn",
        env={"TURN_SECRET": SHARED_SECRET},
    )

    assert outcome.answer("turn.udp_relay") == (True, None)
    assert SHARED_SECRET not in str(outcome.report) + outcome.stderr


def test_expired_rest_credential(start_coturn: StartCoturn, measure: Measure) -> None:
    """A TURN REST name whose time is over is told apart from a wrong password."""
    coturn = start_coturn(*REST, addresses=(SECOND,), users=False)
    username = f"{int(time.time()) - 7200}:agent"

    outcome = measure(
        profile(ice(coturn.udp, username=username, credential=rest_password(SHARED_SECRET, username))),
        "--only=turn",
    )

    assert outcome.answer("turn.udp_reachable_ratio") == (1, None)
    assert outcome.answer("turn.udp_relay") == (False, "turn_credential_expired")


def test_user_quota(start_coturn: StartCoturn, measure: Measure) -> None:
    """A user with one allocation at a time cannot relay to itself, and is told that the quota is why."""
    coturn = start_coturn("user-quota=1", addresses=(SECOND,))

    outcome = measure(profile(ice(coturn.udp)), "--only=turn")

    assert outcome.answer("turn.udp_reachable_ratio") == (1, None)
    assert outcome.answer("turn.udp_relay") == (False, "turn_quota_reached")


@pytest.mark.parametrize("last_port", [50000, 50001])
def test_no_relay_port_left(start_coturn: StartCoturn, measure: Measure, last_port: int) -> None:
    """A server with one or two relay ports soon has no capacity: 508."""
    coturn = start_coturn("min-port=50000", f"max-port={last_port}", addresses=(SECOND,))

    outcome = measure(profile(ice(coturn.udp)), "--only=turn")

    assert outcome.answer("turn.udp_reachable_ratio") == (1, None)
    assert outcome.answer("turn.udp_relay") == (False, "turn_insufficient_capacity")


def test_relay_that_denies_its_own_address(start_coturn: StartCoturn, measure: Measure) -> None:
    """A relay that forbids itself as a peer (403) allocates, but cannot be proven by an echo: null, not false."""
    coturn = start_coturn(f"denied-peer-ip={SECOND}", addresses=(SECOND,))

    outcome = measure(profile(ice(coturn.udp)), "--only=turn")

    assert outcome.answer("turn.udp_reachable_ratio") == (1, None)
    assert outcome.answer("turn.udp_relay") == (None, "turn_forbidden")
    server = outcome.turn_server(coturn.udp)
    assert [attempt["allocated"] for attempt in server["attempts"]] == [True] * 3
    assert server["relay_failure"]["code"] == "turn_forbidden"
    assert server["relay_failure"]["detail"].startswith("403")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_stale_nonces_are_followed(start_coturn: StartCoturn, measure: Measure, transport: str) -> None:
    """A server that renews its nonce every second is followed through each 438: the old allocation is given back."""
    coturn = start_coturn("stale-nonce=1", addresses=(SECOND,))
    url = {"udp": coturn.udp, "tcp": coturn.tcp}[transport]

    outcome = measure(profile(ice(url)), "--only=turn,path")

    assert outcome.answer(f"turn.{transport}_relay") == (True, None)
    assert outcome.value("path.far_end") == f"relay:{transport}"
    assert outcome.value("path.loss_ratio") == 0
    stale = set(re.findall(r"session (\d+): .*error 438", coturn.log))
    assert len(stale) == 2  # the path's two allocations, released with a nonce that had run out
    for session in stale:
        assert re.search(rf"session {session}: refreshed, .*lifetime=0\b", coturn.log)


def test_two_urls_at_one_address(coturn: Coturn, measure: Measure) -> None:
    """Two URLs that lead to one socket, with two users, are two servers: one good, one refused."""
    other = coturn.udp.replace("?transport=udp", "")

    outcome = measure(profile(ice(coturn.udp), ice(other, username="stranger")), "--only=turn")

    assert outcome.answer("turn.udp_reachable_ratio") == (1, None)
    assert outcome.answer("turn.udp_relay") == (True, None)
    assert outcome.turn_server(coturn.udp)["relay"] is True
    assert outcome.turn_server(other)["relay"] is False
    assert USERNAME not in str(outcome.report["observations"])
