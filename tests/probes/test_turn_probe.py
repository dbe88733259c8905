"""The probes turn, stun, path and call against the embedded server, whatever it does wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable
from collections.abc import Collection as Some
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from readycheck.engine.clock import SystemClock
from readycheck.engine.events import Event, ProbeStarted
from readycheck.engine.plan import make_plan
from readycheck.engine.registry import probes
from readycheck.engine.runner import Collection
from readycheck.lab.certificate import issue
from readycheck.lab.faults import Faults
from readycheck.lab.log import Transport
from readycheck.lab.server import LabServer, lab_server
from readycheck.model.report import ObservationStatus
from readycheck.net import binding, turn
from readycheck.probes import stun as stun_probe
from readycheck.probes import turn as turn_probe
from readycheck.profile.schema import Profile
from readycheck.rtc import turn_client
from readycheck.rtc.stun import Method
from readycheck.rtc.transaction import Transaction

TRANSPORTS: tuple[Transport, ...] = ("udp", "tcp", "tls")
QUICK_S = 0.3
LEFT_BEHIND_S = 3.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is heard out for a moment, not for seconds."""
    monkeypatch.setattr(turn, "REQUEST_TIMEOUT_S", QUICK_S)
    monkeypatch.setattr(turn, "RELEASE_TIMEOUT_S", QUICK_S)
    monkeypatch.setattr(binding, "NAT_TIMEOUT_S", QUICK_S)
    monkeypatch.setattr(stun_probe, "bind_once", partial(binding.bind_once, timeout_s=QUICK_S))


class Seen:
    """What a collection of evidence says."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    def value(self, metric: str) -> Any:
        return self._collection.metrics[metric].value

    def answer(self, metric: str) -> tuple[Any, str | None]:
        return self.value(metric), self._collection.metrics[metric].reason

    def relay(self, transport: Transport = "udp") -> tuple[Any, str | None]:
        return self.answer(f"turn.{transport}_relay")

    def reached(self, transport: Transport = "udp") -> tuple[Any, str | None]:
        return self.answer(f"turn.{transport}_reachable_ratio")

    def evidence(self, probe: str) -> dict[str, Any]:
        assert self._collection.observations[probe].status == ObservationStatus.COLLECTED
        return self._collection.observations[probe].evidence

    def attempts(self, server: int = 0) -> list[dict[str, Any]]:
        attempts: list[dict[str, Any]] = self.evidence("turn")["servers"][server]["attempts"]
        return attempts


def profile_of(
    lab: LabServer, transports: Some[Transport] = TRANSPORTS, user: tuple[str, str] | None = None, **parts: Any
) -> Profile:
    """The lab's URLs, its user or another, and short measurements."""
    username, credential = user or (lab.username, lab.credential)
    turn_urls = {"urls": [lab.url(transport) for transport in transports]}
    return Profile.model_validate(
        {
            "schema": "readycheck.profile/1",
            "id": "test",
            "trust": {"ca_file": str(lab.ca_file)},
            "targets": {
                "ice_servers": [
                    {"urls": f"stun:{lab.host}:{lab.udp_port}"},
                    turn_urls | {"username": username, "credential": credential},
                ]
            },
            "path": {"min_seconds": 1},
            "call": {"seconds": 1},
            **parts,
        }
    )


def collection_of(profile: Profile, *only: str) -> Collection:
    def fault(probe: str, trace: str) -> None:
        raise AssertionError(f"{probe} is at fault: {trace}")

    return Collection(make_plan(probes(), only=only), profile, SystemClock(), on_fault=fault)


async def see(lab: LabServer, *only: str, transports: Some[Transport] = TRANSPORTS, **parts: Any) -> Seen:
    """Collect with these probes; the turn probe if none is named."""
    collection = collection_of(profile_of(lab, transports, **parts), *(only or ("turn",)))
    await collection.collect()
    return Seen(collection)


@asynccontextmanager
async def lab(**faults: Any) -> AsyncIterator[LabServer]:
    """A lab that does this wrong; in the end nothing is allocated there."""
    async with lab_server(faults=Faults(**faults)) as server:
        yield server
        await until(lambda: server.allocations == 0)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LEFT_BEHIND_S):
        while not condition():
            await asyncio.sleep(0.002)


async def test_everything_right() -> None:
    """Three transports reached, three relays, and the metrics that the contract promises."""
    async with lab() as server:
        seen = await see(server, "turn", "stun")

    for transport in TRANSPORTS:
        assert seen.reached(transport) == (1, None)
        assert seen.relay(transport) == (True, None)
    assert seen.answer("stun.reachable_ratio") == (1, None)
    assert 0 < seen.value("turn.allocation_p50_ms") < 1000
    assert server.log.error_codes(Method.ALLOCATE).count(401) == server.log.error_codes(Method.ALLOCATE).count(None)


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ({"reject_credentials": True}, "turn_unauthorized"),
        ({"allocate_error": 403}, "turn_forbidden"),
        ({"allocate_error": 437}, "turn_allocation_mismatch"),
        ({"allocate_error": 441}, "turn_unauthorized"),
        ({"allocate_error": 486}, "turn_quota_reached"),
        ({"allocate_error": 508}, "turn_insufficient_capacity"),
        ({"allocate_error": 300}, "turn_redirect_failed"),
        ({"allocate_error": 500}, "turn_bad_answer"),
        ({"challenge_error": 403}, "turn_forbidden"),
        ({"stale_nonce": 99}, "turn_bad_answer"),
        ({"max_allocations": 1}, "turn_quota_reached"),
        ({"drop_data": True}, "relay_no_data"),
        ({"lie": "wrong_transaction"}, "turn_bad_answer"),
        ({"lie": "no_relayed_address"}, "turn_bad_answer"),
        ({"lie": "bad_integrity"}, "turn_bad_answer"),
        ({"lie": "wrong_method"}, "turn_bad_answer"),
    ],
    ids=str,
)
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_reached_without_a_relay(transport: Transport, faults: dict[str, Any], code: str) -> None:
    """Whatever a server answers proves the way to it; why it does not relay is told by the closed list."""
    async with lab(**faults) as server:
        seen = await see(server, transports=[transport])

    assert seen.reached(transport) == (1, None)
    assert seen.relay(transport) == (False, code)
    assert seen.answer("turn.allocation_p50_ms") == (None, code)


async def test_own_address_forbidden_as_peer() -> None:
    """403 for the relay's own address is policy: allocations work, and nothing is known of relaying."""
    async with lab(permission_error=403) as server:
        seen = await see(server, "turn", "path", "call")

    for transport in TRANSPORTS:
        assert seen.reached(transport) == (1, None)
        assert seen.relay(transport) == (None, "turn_forbidden")
    assert [attempt["allocated"] for attempt in seen.attempts()] == [True] * 3
    assert seen.evidence("turn")["servers"][0]["relay_failure"]["detail"] == "403 Forbidden"
    assert seen.answer("path.far_end") == (None, "turn_forbidden")
    assert seen.answer("call.connected") == (None, "turn_forbidden")


@pytest.mark.parametrize("stale", [1, 3])
async def test_stale_nonce_is_followed(stale: int) -> None:
    """438 brings a new nonce; the request goes again, up to three times."""
    async with lab(stale_nonce=stale) as server:
        seen = await see(server)

    for transport in TRANSPORTS:
        assert seen.relay(transport) == (True, None)
    assert 438 in server.log.error_codes(Method.ALLOCATE)


async def test_endless_stale_nonces_are_given_up() -> None:
    """A server that never accepts its own nonces is asked four times in each attempt, and no more."""
    async with lab(stale_nonce=99) as server:
        seen = await see(server, transports=["udp"])

    assert server.log.error_codes(Method.ALLOCATE) == [401, 438, 438, 438, 438] * turn_probe.ATTEMPTS
    assert seen.attempts()[0]["failure"]["detail"] == "438 Stale Nonce"


@pytest.mark.parametrize("challenge", [False, True], ids=["to the user", "to anyone"])
async def test_redirect_is_followed(challenge: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """300 with another server leads there, and the evidence says where."""
    async with lab_server() as good:
        alternate = (good.host, good.udp_port)
        async with lab(alternate_server=alternate, challenge_error=300 if challenge else None) as sending:
            seen = await see(sending, transports=["udp"], user=(good.username, good.credential))
            refused = sending.log.error_codes(Method.ALLOCATE)

    if challenge:
        assert seen.relay() == (True, None)
        assert {attempt["redirected_to"] for attempt in seen.attempts()} == {f"{good.host}:{good.udp_port}"}
        assert set(refused) == {300}
    else:  # the first server does not know the second one's user
        assert seen.relay() == (False, "turn_unauthorized")


async def test_redirect_by_a_server_of_the_same_users(monkeypatch: pytest.MonkeyPatch) -> None:
    """300 after authentication is followed as well, and path and call go where it led."""
    monkeypatch.setattr("readycheck.lab.credentials.secrets.token_urlsafe", lambda _: "one password for all")
    async with lab() as good, lab(alternate_server=(good.host, good.udp_port)) as sending:
        seen = await see(sending, "turn", "path", "call", transports=["udp"])

    assert seen.relay() == (True, None)
    assert sending.log.error_codes(Method.ALLOCATE)[:2] == [401, 300]
    assert seen.value("path.far_end") == "relay:udp"
    assert seen.answer("call.connected") == (True, None)


async def test_second_redirect_is_not_followed() -> None:
    """A server that is sent on to and sends on in turn is one too many."""
    async with (
        lab() as never_asked,
        lab(challenge_error=300, alternate_server=(never_asked.host, never_asked.udp_port)) as second,
        lab(challenge_error=300, alternate_server=(second.host, second.udp_port)) as first,
    ):
        seen = await see(first, transports=["udp"])

    assert seen.relay() == (False, "turn_redirect_failed")
    assert seen.attempts()[0]["redirected_to"] == f"{second.host}:{second.udp_port}"
    assert never_asked.log.requests == []


async def test_redirect_to_nowhere() -> None:
    """Being sent to a server that does not answer is the redirect's failure."""
    async with lab(silent=True) as mute, lab(challenge_error=300, alternate_server=(mute.host, mute.udp_port)) as first:
        seen = await see(first, transports=["udp"])

    assert seen.relay() == (False, "turn_redirect_failed")
    assert "stun_timeout" in seen.attempts()[0]["failure"]["detail"]


async def test_silence() -> None:
    """A server that reads and never answers is not reached, by any transport."""
    async with lab(silent=True) as server:
        seen = await see(server, "turn", "stun", "path", "call")

    for transport in TRANSPORTS:
        assert seen.reached(transport) == (0, "stun_timeout")
        assert seen.relay(transport) == (False, "stun_timeout")
    assert seen.answer("stun.reachable_ratio") == (0, "stun_timeout")
    assert seen.answer("stun.rtt_p50_ms") == (None, "stun_timeout")
    assert seen.answer("path.loss_ratio") == (None, "stun_timeout")
    assert seen.answer("call.connected") == (None, "stun_timeout")


@pytest.mark.parametrize("garbage", [b"\xff", b"\x00", b"\x42", b"HTTP/1.1 400 Bad Request\r\n"], ids=repr)
async def test_garbage(monkeypatch: pytest.MonkeyPatch, garbage: bytes) -> None:
    """What is no STUN proves nothing about a TURN server, though something answers there."""
    monkeypatch.setattr("readycheck.lab.turn.secrets.token_bytes", lambda size: (garbage * size)[:size])
    async with lab(garbage=True) as server:
        seen = await see(server, "turn", "stun")

    assert seen.reached("udp") == (0, "turn_bad_answer")
    assert seen.answer("stun.reachable_ratio") == (0, "stun_bad_answer")
    for transport in ("tcp", "tls"):
        value, reason = seen.answer(f"turn.{transport}_reachable_ratio")
        assert value == 0
        # on a stream, what may be the start of a long message is waited for
        assert reason == ("stun_timeout" if garbage == b"\x42" else "turn_bad_answer")


async def test_slow_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A third of a second for each answer is slow and works; what is asked once has a round trip."""
    monkeypatch.setattr(turn, "REQUEST_TIMEOUT_S", 10.0)
    monkeypatch.setattr(turn, "RELEASE_TIMEOUT_S", 10.0)
    monkeypatch.setattr(turn_client, "Transaction", partial(Transaction, rto_s=10.0))
    monkeypatch.setattr(turn_probe, "ATTEMPTS", 1)
    async with lab(delay_s=0.3) as server:
        seen = await see(server, transports=["udp", "tls"])

    for transport in ("udp", "tls"):
        assert seen.answer(f"turn.{transport}_relay") == (True, None)
    assert seen.attempts()[0]["rtt_ms"] >= 300
    assert seen.value("turn.allocation_p50_ms") == seen.attempts()[0]["allocation_ms"] >= 300


async def test_streams_closed_at_once() -> None:
    """A listener that closes what it accepts: TCP and TLS are reset, UDP goes on."""
    async with lab(close_streams=True) as server:
        seen = await see(server)

    assert seen.relay("udp") == (True, None)
    for transport in ("tcp", "tls"):
        assert seen.answer(f"turn.{transport}_reachable_ratio") == (0, "connection_reset")
        assert seen.answer(f"turn.{transport}_relay") == (False, "connection_reset")


async def test_expired_rest_user() -> None:
    """A TURN REST name that ran out is told apart from a wrong password."""
    async with lab() as server:
        seen = await see(server, transports=["udp"], user=server.rest_credential(lifetime_s=-60))

    assert seen.relay() == (False, "turn_credential_expired")


@pytest.mark.parametrize(
    ("names", "valid_for", "code"),
    [
        (("localhost", "127.0.0.1"), timedelta(days=-1), "tls_expired"),
        (("turn.example.net",), timedelta(days=1), "tls_hostname_mismatch"),
        (("localhost", "127.0.0.1"), timedelta(days=1), "tls_untrusted"),
    ],
)
async def test_bad_certificates(tmp_path: Path, names: tuple[str, ...], valid_for: timedelta, code: str) -> None:
    """A server behind a certificate that is not to be trusted is not reached."""
    certificate = issue(tmp_path, names=names, valid_for=valid_for)
    async with lab_server(certificate=certificate) as server:
        trusted = {} if code == "tls_untrusted" else {"ca_file": str(server.ca_file)}
        seen = await see(server, transports=["tls"], trust=trusted)

    assert seen.reached("tls") == (0, code)
    assert seen.relay("tls") == (False, code)


async def test_no_nat_on_this_machine() -> None:
    """Between a machine and itself nothing is translated and nothing filtered."""
    async with lab_server(nat_behaviour=True) as server:
        seen = await see(server, "stun")

    assert seen.value("stun.nat_mapping") == "none"
    assert seen.value("stun.nat_filtering") == "endpoint_independent"


@pytest.mark.parametrize("every", [2, 7, 50])
async def test_lost_packets(every: int) -> None:
    """The loss is what the lab says that it dropped, and the bounds hold it."""
    async with lab(drop_every=every) as server:
        seen = await see(server, "path", transports=["udp"])

    sent = len(seen.evidence("path")["rtt_ms"])
    loss = seen._collection.metrics["path.loss_ratio"]
    truth = server.log.packets_dropped / sent
    assert truth == (sent // every) / sent
    assert loss.value == pytest.approx(truth, abs=1e-6)
    assert loss.low is not None
    assert loss.high is not None
    assert loss.low <= truth <= loss.high
    assert seen.value("path.longest_loss_run") == 1


async def test_duplicated_packets() -> None:
    """What comes twice counts once, is told as duplicated, and hides no loss."""
    async with lab(duplicate_every=5, drop_every=10) as server:
        seen = await see(server, "path", transports=["udp"])

    assert seen.value("path.loss_ratio") == pytest.approx(server.log.packets_dropped / 50, abs=1e-6) == 0.1
    assert seen.value("path.duplicated_ratio") == pytest.approx(5 / 45, abs=1e-6)
    assert seen.value("path.reordered_ratio") == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_path_and_call(transport: Transport) -> None:
    """The voice's path and a call, by each transport."""
    async with lab() as server:
        seen = await see(server, "path", "call", transports=[transport])

    assert seen.answer("path.far_end") == (f"relay:{transport}", None)
    assert seen.value("path.loss_ratio") == 0
    assert seen.answer("call.connected") == (True, None)
    assert seen.answer("call.encrypted") == (True, None)
    assert seen.value("call.codec") == "opus"


async def test_call_with_losses() -> None:
    """RTP's own statistics see what the relay drops."""
    async with lab(drop_every=10) as server:
        seen = await see(server, "call", transports=["udp"], call={"seconds": 2})

    assert seen.answer("call.connected") == (True, None)
    assert 0.05 < seen.value("call.loss_ratio") < 0.15


def _open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


class Belongings:
    """What this process holds at one moment: descriptors, tasks, timers."""

    def __init__(self) -> None:
        self._files = _open_files()
        self._tasks = self._running_tasks()
        self._timers = self._running_timers()

    async def nothing_more(self) -> None:
        """Nothing was added since, or it goes away by itself in a moment."""
        await until(lambda: self._running_tasks() <= self._tasks)
        await until(lambda: _open_files() <= self._files)

    async def no_more_timers(self) -> None:
        """No timer was added since that nobody cancelled; the one more is that of this very wait."""
        await until(lambda: self._running_timers() <= self._timers + 1)

    @staticmethod
    def _running_tasks() -> set["asyncio.Task[Any]"]:
        """All but aioice's consent checks: a connection closed in the 20 ms after its nomination still starts them."""
        return {task for task in asyncio.all_tasks() if "query_consent" not in repr(task.get_coro())}

    @staticmethod
    def _running_timers() -> int:
        scheduled = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined] # no public way to see timers
        return sum(not timer.cancelled() for timer in scheduled)


async def cancel(collecting: "asyncio.Task[None]") -> None:
    collecting.cancel()
    await asyncio.wait([collecting])


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="descriptors are counted in /dev/fd")
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_nothing_is_left_behind_on_cancellation(transport: Transport) -> None:
    """Whenever the TURN probe is cancelled, its sockets, tasks, timers and allocations go; all of it is walked."""
    async with lab_server() as server:
        await see(server, transports=[transport])  # what is made once is made
        await until(lambda: server.allocations == 0)
        profile, before = profile_of(server, [transport]), Belongings()
        moment, still_working, allocated = 0, True, 0
        while still_working:
            collection, started = collection_of(profile, "turn"), asyncio.Event()
            collection.listener = partial(_tell_start, "turn", started)
            collecting = asyncio.ensure_future(collection.collect())
            await started.wait()
            for _ in range(moment):
                await asyncio.sleep(0)
            still_working, allocated = not collecting.done(), max(allocated, server.allocations)
            await cancel(collecting)
            await until(lambda: server.allocations == 0)
            await before.nothing_more()
            await before.no_more_timers()
            moment += 3

    assert allocated == 2  # the moments reached the echo


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="descriptors are counted in /dev/fd")
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("probe", ["path", "call"])
async def test_nothing_is_left_behind_in_the_midst(probe: str, transport: Transport) -> None:
    """A path or a call cancelled while it is set up or runs leaves nothing, and what was measured stays."""
    async with lab_server() as server:
        await see(server, transports=[transport])
        await until(lambda: server.allocations == 0)
        profile, before = profile_of(server, [transport]), Belongings()
        for seconds in (0, 0.002, 0.005, 0.02, 0.1, 0.6):
            collection, started = collection_of(profile, probe), asyncio.Event()
            collection.listener = partial(_tell_start, probe, started)
            collecting = asyncio.ensure_future(collection.collect())
            await started.wait()
            await asyncio.sleep(seconds)
            await cancel(collecting)
            await until(lambda: server.allocations == 0)
            await before.nothing_more()

    failure = collection.observations[probe].failure
    assert failure is not None
    assert (failure.code, failure.operation) == ("interrupted", "gather")
    if probe == "path":
        assert len(collection.observations[probe].evidence["rtt_ms"]) > 5


def _tell_start(probe: str, started: asyncio.Event, event: Event) -> None:
    if isinstance(event, ProbeStarted) and event.probe == probe:
        started.set()
