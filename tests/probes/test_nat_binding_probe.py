"""The lifetime of idle bindings: bounds by literal numbers, and the probe towards servers of this machine."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from readycheck.engine.plan import make_plan
from readycheck.engine.registry import probes
from readycheck.lab.faults import Faults
from readycheck.lab.server import LabServer, lab_server
from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.net.idle_binding import IdleBinding
from readycheck.net.turn import TurnServer, TurnSession, open_allocation
from readycheck.probes.nat_binding import SHARES, NatBinding, Silence, _knock, lifetime
from tests.probes.collecting import Seen, profile_of, see

SHORT = {"nat_binding": {"max_seconds": 0.6}}


@pytest.fixture(autouse=True)
def talkative_for_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection tracking stands between this machine and itself: what was let in comes, late as it may be."""
    monkeypatch.setattr("readycheck.net.idle_binding.TALK_S", 0.25)
    monkeypatch.setattr("readycheck.probes.nat_binding.KNOCK_WAITS_S", (2.0,))


def silences(*told: tuple[float, bool]) -> list[Silence]:
    return [Silence(seconds, survived) for seconds, survived in told]


@pytest.mark.parametrize(
    ("told", "bounds"),
    [
        (silences((15, True), (30, True), (45, False)), (30, 45)),
        (silences((15, True), (180, True)), (180, None)),
        (silences((15, False)), (0, 15)),
        (silences((15, False), (30, True), (45, False)), (30, 45)),
        ([], (0, None)),
    ],
)
def test_bounds(told: list[Silence], bounds: tuple[float, float | None]) -> None:
    """The longest survived and the shortest beyond it that was not; a death below a survival was a loss."""
    assert lifetime(told) == bounds


def test_only_where_it_is_asked_for() -> None:
    """It takes minutes: the profile says so, or --only names it; else it is not selected."""
    asking, silent = profile_of({}, **SHORT), profile_of({})

    assert NatBinding in make_plan(probes(), profile=asking).selected
    assert NatBinding in make_plan(probes(), profile=silent).not_selected
    assert NatBinding in make_plan(probes(), only=["nat_binding"], profile=silent).selected
    assert NatBinding not in make_plan(probes(), skip=["stun"], profile=asking).selected


def relay(lab: LabServer) -> dict[str, Any]:
    return {"urls": [lab.url("udp")], "username": lab.username, "credential": lab.credential}


async def survived(targets: dict[str, Any]) -> Seen:
    """Nothing stands between this machine and itself, so every binding lives."""
    seen = await see("nat_binding", targets, **SHORT)

    waited = [one["seconds"] for one in seen.evidence["silences"]]
    asked = [0.6 * share for share in sorted(SHARES[: len(waited)])]
    metric = seen.metric("lifetime_s")
    assert (metric.value, metric.low, metric.high, metric.reason) == (waited[-1], waited[-1], None, None)
    assert all(seconds > at_least - 0.02 for seconds, at_least in zip(waited, asked, strict=True))
    assert waited[-1] < (seen.observation.elapsed_ms or 0) / 1000
    assert seen.summary == f"at least {waited[-1]:.0f} s"
    return seen


async def test_by_a_stun_server() -> None:
    """A server with RESPONSE-PORT is asked, seven silences side by side."""
    async with lab_server(nat_behaviour=True) as lab:
        seen = await survived({"ice_servers": [{"urls": [f"stun:127.0.0.1:{lab.udp_port}"]}, relay(lab)]})

    assert seen.evidence["method"] == "response_port"
    assert [one["survived"] for one in seen.evidence["silences"]] == [True] * 7


async def test_by_a_relay() -> None:
    """A STUN server that knows no RESPONSE-PORT leaves it to the relay; every allocation is given back."""
    async with lab_server() as lab:
        seen = await survived({"ice_servers": [{"urls": [f"stun:127.0.0.1:{lab.udp_port}"]}, relay(lab)]})
        assert lab.allocations == 0

    assert seen.evidence["method"] == "relay"
    assert len(seen.evidence["silences"]) == 7


async def test_a_relay_that_grants_little_time() -> None:
    """Its client speaks up after 5/6 of 4 s: no silence lasts as long, so none is claimed and no bound is made up."""
    async with lab_server(faults=Faults(lifetime_s=4)) as lab:
        seen = await see("nat_binding", {"ice_servers": [relay(lab)]}, nat_binding={"max_seconds": 3})

    assert 0 < seen.answer("lifetime_s")[0] < 2.5
    assert (seen.metric("lifetime_s").bounded, seen.metric("lifetime_s").high) == (True, None)


async def test_a_quota_leaves_the_most_telling_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay that grants four allocations at once has three silences waited for, the longest among them."""
    opened: list[TurnServer] = []

    @asynccontextmanager
    async def granted(server: TurnServer) -> AsyncIterator[TurnSession]:
        if len(opened) == 4:
            raise OperationFailed(FailureCode.TURN_QUOTA_REACHED, "allocate")
        opened.append(server)
        async with open_allocation(server) as session:
            yield session

    monkeypatch.setattr("readycheck.net.idle_binding.open_allocation", granted)
    async with lab_server() as lab:
        seen = await survived({"ice_servers": [relay(lab)]})

    waited = [one["seconds"] for one in seen.evidence["silences"]]
    assert len(waited) == 3
    assert waited == sorted(waited)


async def test_an_answer_that_is_read_as_time_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A workstation that stood still while it waited, and then finds what was let in, tells of a binding that lives."""
    monkeypatch.setattr("readycheck.probes.nat_binding.KNOCK_WAITS_S", (0.01,))

    loop = asyncio.get_running_loop()

    def stand_still() -> None:
        time.sleep(0.05)
        loop.call_soon(binding.on_arrival)  # as a socket that is found readable

    def knock() -> None:
        loop.call_soon(stand_still)

    binding = IdleBinding(knock, lambda: None)

    assert (await _knock(binding)).survived


async def test_nothing_to_measure_with() -> None:
    """Neither STUN nor relay: not configured, and no time is lost."""
    seen = await see("nat_binding", {}, **SHORT)

    assert seen.answer("lifetime_s") == (None, "not_configured")
    assert seen.summary == "no far end to measure with"


def test_traffic() -> None:
    """One far end of those that the profile names, for as long as the longest silence."""
    servers = [{"urls": "stun:s.example"}, {"urls": "turn:t.example", "username": "a", "credential": "b"}]
    rows = NatBinding.traffic(profile_of({"ice_servers": servers}, nat_binding={"max_seconds": 60}))

    assert [(row.host, row.seconds, row.instead) for row in rows] == [
        ("s.example", 60, False),
        ("t.example", 60, True),
    ]
