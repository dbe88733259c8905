"""Calls at once towards reflectors on loopback that do all sorts of things, and to none at all."""

import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from readycheck.engine.events import Event, ProbeAnnounced
from readycheck.engine.registry import inputs_digest, probes
from readycheck.lab.server import lab_server
from readycheck.model.evidence import Interval, Quantity
from readycheck.model.failure import FailureCode
from readycheck.model.traffic import size
from readycheck.model.verdict import Scope
from readycheck.net.load import Load
from readycheck.probes.bandwidth import Bandwidth, BandwidthEvidence, counted_s
from readycheck.reflector.beside import reflecting
from readycheck.rtc.delay import percentile
from readycheck.rtc.ramp import Step
from readycheck.sizing.calls import simultaneous_calls
from readycheck.sizing.load import loaded
from tests.probes.collecting import Seen, collection_of, profile_of, see, see_interrupted
from tests.probes.made_up_reflector import faulty, number_of, reply

KEY = "a key that both ends know"
CALL_BPS = 138 * 8 * 50


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Few packets without load, a machine that may be late, and no thread left behind."""
    for module in ("_load", "_relay_load"):
        monkeypatch.setattr(f"readycheck.probes.{module}.IDLE_PACKETS", 6)
    monkeypatch.setattr("readycheck.rtc.ramp.LATE_MS", 3000.0)
    yield
    assert not [one.name for one in threading.enumerate() if one.name.startswith("load-")]


def targets_at(port: int, key: str | None = None) -> dict[str, Any]:
    return {"reflector": {"stamp": f"127.0.0.1:{port}", **({"key": key} if key else {})}}


async def load(port: int, calls: int = 1, key: str | None = None) -> Seen:
    return await see("bandwidth", targets_at(port, key), bandwidth={"seconds": 0.6, "calls": calls})


def bounds(seen: Seen, metric: str) -> tuple[float | None, float | None]:
    found = Bandwidth.evidence.from_json(seen.evidence).quantity(metric).interval
    assert found
    return found.low, found.high


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Delays that are this machine's own doing break nothing."""
    monkeypatch.setattr("readycheck.rtc.ramp.DELAY_MS", 3000.0)
    monkeypatch.setattr("readycheck.rtc.ramp.GROWTH_MS", 3000.0)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("key", [None, KEY], ids=["open", "authenticated"])
async def test_everything_carried(key: str | None) -> None:
    """As many as were asked, both ways, and no upper bound: nothing gave way. Every packet is accounted for.

    Sixty packets prove no loss of less than 1 %, so there is no lower bound either.
    """
    with reflecting(key=key.encode() if key else None) as reflector:
        seen = await load(reflector.port, 2, key)

    byte = 140 if key else 138
    assert [step["calls"] for step in seen.evidence["steps"]] == [1, 2]
    assert seen.answer("concurrent_calls") == (2, None)
    assert (bounds(seen, "concurrent_calls"), bounds(seen, "calls_ratio")) == ((0, None), (0, None))
    assert seen.answer("broke_first") == ("none", None)
    for way in ("up_bps", "down_bps"):
        assert seen.answer(way) == (2 * byte * 8 * 50, None)
        assert bounds(seen, way) == (0, None)
    p95_ms, idle_ms = max(step["rtt_p95_ms"] for step in seen.evidence["steps"]), seen.evidence["idle_rtt_ms"]
    assert seen.answer("rtt_increase_p95_ms")[0] == pytest.approx(p95_ms - percentile(idle_ms, 0.5), abs=0.01)
    assert seen.answer("has_far_end") == (True, None)
    sent, closing = 6 + 40 * (1 + 2), 1 + 1 + 2
    assert sent + closing <= reflector.counts.reflected == reflector.counts.received <= sent + 4 * closing
    assert re.match(r"2 of 2 calls at once · round trip [+-]\d+\.\d ms", seen.summary or "")


@pytest.mark.parametrize(("way", "other"), [("up", "down"), ("down", "up")])
async def test_which_way_breaks(way: str, other: str) -> None:
    """Every fifth packet gone one way: not even one call is carried, that way broke, the other did not."""
    counted = 0

    def answers(_: int, data: bytes) -> list[bytes]:
        nonlocal counted
        unlucky = number_of(data) % 5 == 4
        if unlucky and way == "up":
            return []
        counted += 1
        return [] if unlucky else [reply(data, counted - 1)]

    async with faulty(answers) as port:
        seen = await load(port)

    assert seen.answer("broke_first") == (way, None)
    assert seen.answer("concurrent_calls") == (0, None)
    assert bounds(seen, "concurrent_calls") == (0, 0)
    assert seen.answer(f"{way}_bps") == (None, "not_proven")
    assert bounds(seen, f"{other}_bps")[1] is None


async def test_twice_and_junk() -> None:
    """Duplicates, junk, foreign numbers and foreign times change no figure."""

    def answers(arrived: int, data: bytes) -> list[bytes]:
        other = (number_of(data) + 1000).to_bytes(4) + data[4:]
        stale = data[:4] + b"\0" * 8 + data[12:]
        return [b"", b"junk", reply(other, arrived), reply(stale, arrived), *[reply(data, arrived)] * 2]

    async with faulty(answers) as port:
        seen = await load(port)

    assert seen.answer("concurrent_calls") == (1, None)
    assert seen.evidence["steps"][0]["lost_up"] == 0
    assert seen.evidence["steps"][0]["duplicates"] >= 35


async def test_stateless() -> None:
    """A far end that does not count (TWAMP Light): calls are told, directions are not."""
    async with faulty(lambda _, data: [reply(data, number_of(data))]) as port:
        seen = await load(port)

    assert seen.answer("concurrent_calls") == (1, None)
    for way in ("up_bps", "down_bps"):
        assert seen.answer(way) == (None, "not_configured")


async def test_short_replies_prove_nothing_of_the_way_back() -> None:
    """Replies smaller than the calls' packets: the way back was not loaded, so its rate is not told, nor any proof."""
    counted = iter(range(10_000))
    async with faulty(lambda _, data: [reply(data, next(counted))[:44]]) as port:
        seen = await load(port)

    assert seen.evidence["steps"][0]["shortened"] == 40
    assert seen.answer("up_bps") == (CALL_BPS, "not_proven")
    assert seen.answer("down_bps") == (None, "not_proven")
    assert seen.answer("calls_ratio") == (1, "not_proven")
    assert bounds(seen, "rtt_increase_p95_ms")[1] is None
    for shortened, proven in ((0, 1), (1, 0)):
        told = loaded_with(Step(1, 400, 400, 0, shortened=shortened), asked=1)
        assert told.quantity("calls_ratio").interval == Interval(proven, None)
        assert told.quantity("up_bps").interval == Interval(CALL_BPS, None)


async def test_late_answers() -> None:
    """Answers that take 200 ms under load and none without: delay breaks, by the way that had it."""
    counted = iter(range(10_000))
    async with faulty(lambda _, data: [reply(data, next(counted))], lambda n: 0.2 if n > 6 else 0.0) as port:
        seen = await load(port)

    assert seen.answer("broke_first") == ("down", None)
    assert seen.answer("concurrent_calls") == (0, None)
    assert seen.answer("rtt_increase_p95_ms")[0] >= 180  # this machine may add to it
    low, high = bounds(seen, "rtt_increase_p95_ms")
    assert low is not None
    assert low < seen.answer("rtt_increase_p95_ms")[0] == high


async def test_silence() -> None:
    """Nothing comes back: nothing is loaded, and nothing is claimed."""
    async with faulty(lambda _arrived, _data: []) as port:
        seen = await load(port)

    assert seen.evidence["steps"] == []
    for metric in ("concurrent_calls", "up_bps", "down_bps", "rtt_increase_p95_ms", "broke_first"):
        assert seen.answer(metric) == (None, "no_media")


async def test_it_dies_halfway() -> None:
    """A far end that no longer answers after the load proves nothing against the link."""
    async with faulty(lambda arrived, data: [reply(data, arrived)] if arrived < 30 else []) as port:
        seen = await load(port, 4)

    assert len(seen.evidence["steps"]) == 1
    assert seen.answer("concurrent_calls") == (None, "no_media")
    assert seen.answer("up_bps") == (None, "no_media")


async def test_the_reflectors_cap_is_not_the_links() -> None:
    """Beyond --max-rate the reflector cuts and says so: no direction broke, what was carried is a lower bound."""
    with reflecting(packets_per_s=60) as reflector:  # 54 for one address: a step of one call
        seen = await load(reflector.port, 2)
        assert reflector.counts.capped > 0

    assert seen.answer("broke_first") == ("far_end", None)
    assert seen.answer("concurrent_calls") == (1, "not_proven")
    assert bounds(seen, "concurrent_calls") == (0, None)
    assert seen.answer("up_bps") == (CALL_BPS, "not_proven")
    assert bounds(seen, "rtt_increase_p95_ms")[1] is None


async def test_a_busy_workstation(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sender's own lateness ends the ramp after a second try, and is never blamed on the network."""
    monkeypatch.setattr("readycheck.rtc.ramp.LATE_MS", 0.0)
    with reflecting() as reflector:
        seen = await load(reflector.port, 4)

    assert [step["calls"] for step in seen.evidence["steps"]] == [1, 1]
    assert seen.answer("broke_first") == ("sender", None)
    assert seen.answer("concurrent_calls") == (None, "workstation_busy")
    assert seen.answer("up_bps") == (None, "workstation_busy")


@pytest.mark.parametrize(("full_at", "counted"), [(range(1), 0), (range(39, 40), 1)])
async def test_what_our_own_end_dropped_before_anything_counted(
    full_at: range, counted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While queues fill, a full receive queue explains no later loss; of the packets counted it does."""

    def unread(load: Load) -> list[int]:
        sent = len(load.flows[0].stamps) - 6
        return [sum(number < sent for number in full_at)]

    monkeypatch.setattr(Load, "unread", unread)
    with reflecting() as reflector:
        seen = await load(reflector.port)

    assert seen.evidence["steps"][0]["overrun"] == counted


async def test_nobody_there() -> None:
    """A closed port refuses, a name does not exist, the key cannot be read, no reflector is named: four reasons."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    assert (await load(port)).answer("concurrent_calls") == (None, "connection_refused")
    assert (await load(9, key="hex:zz")).answer("concurrent_calls") == (None, "not_configured")
    seen = await see("bandwidth", {"reflector": {"stamp": "nobody.invalid"}})
    assert seen.answer("up_bps") == (None, "dns_not_found")
    seen = await see("bandwidth", {})
    assert (seen.answer("concurrent_calls"), seen.answer("asked_calls")) == ((None, "not_configured"), (0, None))
    assert seen.answer("has_far_end") == (False, None)


async def test_cut_short() -> None:
    """Ctrl-C in the midst of a step ends the threads at once and keeps the steps before it."""
    with reflecting() as reflector:
        targets = targets_at(reflector.port)
        seen = await see_interrupted(
            "bandwidth", targets, "2 of 2 calls at once", bandwidth={"seconds": 0.6, "calls": 2}
        )

    assert seen.observation.failure
    assert seen.observation.failure.code == "interrupted"
    assert [step["calls"] for step in seen.evidence["steps"]] == [1]
    assert seen.answer("concurrent_calls") == (1, "interrupted")
    assert bounds(seen, "rtt_increase_p95_ms")[1] is None


async def test_it_is_announced_before_anything_is_sent() -> None:
    """How many megabytes at most, to whom: said before the first packet, and the same as --dry-run says."""
    told: list[tuple[str, int]] = []
    with reflecting() as reflector:

        def listen(event: Event) -> None:
            if isinstance(event, ProbeAnnounced):
                told.append((event.text, reflector.counts.received))

        profile = profile_of(targets_at(reflector.port), bandwidth={"seconds": 0.6, "calls": 3, "max_calls": 2})
        await collection_of("bandwidth", profile, listener=listen).collect()

    (row,) = Bandwidth.traffic(profile)
    ((text, before),) = told
    assert before == 0
    assert row.seconds == round(15 * 0.05 + 8 * (0.2 + 0.6) + 9 * (1.0 + 1.0 + 0.5 + 0.5 + 0.5 + 0.8), 1)
    assert text.startswith(f"2 calls at once to stamp:127.0.0.1:{reflector.port}: {size(row.byte)} at most")
    assert reflector.counts.reflected * 2 * 138 <= row.byte


async def test_never_more_than_the_profile_allows() -> None:
    """`max_calls` caps what is sent; what was asked beyond it stays open, and is no failure of the link."""
    with reflecting() as reflector:
        seen = await see(
            "bandwidth", targets_at(reflector.port), bandwidth={"seconds": 0.6, "calls": 4, "max_calls": 2}
        )

    assert max(step["calls"] for step in seen.evidence["steps"]) == 2
    assert seen.answer("calls_ratio") == (0.5, None)
    assert bounds(seen, "calls_ratio") == (0, None)
    assert bounds(seen, "rtt_increase_p95_ms")[1] is None


async def test_through_a_relay() -> None:
    """Only where the profile says `via: relay`: calls are told, directions are not."""
    async with lab_server() as lab:
        url = f"turn:127.0.0.1:{lab.udp_port}?transport=udp"
        server = {"urls": [url], "username": lab.username, "credential": lab.credential}
        targets = {"ice_servers": [server]}
        seen = await see("bandwidth", targets, bandwidth={"seconds": 0.6, "via": "relay", "calls": 2})
        untouched = await see("bandwidth", targets)

    assert seen.evidence["url"] == url
    assert seen.evidence["packet_byte"] == 142
    assert seen.answer("concurrent_calls") == (2, None)
    assert seen.answer("up_bps") == (None, "not_configured")
    assert untouched.answer("concurrent_calls") == (None, "not_configured")


def loaded_with(*steps: Step, asked: int | None) -> BandwidthEvidence:
    return BandwidthEvidence(is_far_end_configured=True, asked=asked, allowed=4, packet_byte=138, steps=steps)


def late(calls: int, **facts: Any) -> Step:
    """A step of 400 packets a call that raised the round trip by 40 ms."""
    return Step(calls, 400 * calls, 400 * calls, 0, rtt_increase_p95_ms=40.0, **facts)


@pytest.mark.parametrize(
    ("steps", "high", "reason"),
    [
        ([late(2), late(4)], 40.0, None),
        ([late(2), replace(late(3), received=600, lost_up=600)], 40.0, None),
        ([late(2)], None, None),
        ([late(2), late(4, lateness_p99_ms=3001.0)], None, "workstation_busy"),
        ([late(2), late(4, cut=400)], None, "not_proven"),
        ([late(2), replace(late(4), is_answered_after=False)], None, "no_media"),
        ([late(2), replace(late(4), rtt_growth_ms=31.0)], None, "not_proven"),
    ],
    ids=["all asked", "broken", "fewer allowed", "late sender", "cap", "cut off", "still rising"],
)
def test_the_delay_under_load_is_bounded_by_load(steps: list[Step], high: float | None, reason: str | None) -> None:
    """Only where the calls asked were on the network, or fewer broke it, does the round trip rise no higher."""
    found = loaded_with(*steps, asked=4).quantity("rtt_increase_p95_ms")

    assert found.interval
    assert (found.value, found.interval.high, found.reason) == (40.0, high, reason)


def test_a_site_whose_calls_nobody_knows() -> None:
    """What was carried is told; the share of what is needed is not, nor how high the delay rises."""
    told = loaded_with(late(1), asked=None)
    rise = told.quantity("rtt_increase_p95_ms")

    assert told.quantity("concurrent_calls") == Quantity(1, Interval(1, None))
    for metric in ("calls_ratio", "asked_calls"):
        assert told.quantity(metric) == Quantity(None, reason=FailureCode.NOT_CONFIGURED)
    assert rise == Quantity(40.0, Interval(40.0, None), FailureCode.NOT_CONFIGURED)


@pytest.mark.parametrize(
    ("site", "given", "asked"),
    [
        ({"agents": 600}, None, 536),
        ({"agents": 600}, 3, 536),
        ({"agents": 3}, None, 3),
        ({"agents": 3}, 4, 4),
        ({}, 4, 4),
        ({}, None, None),
    ],
)
def test_a_site_asks_for_the_calls_of_its_own_size(site: dict[str, Any], given: int | None, asked: int | None) -> None:
    """Four calls carried are enough for a small site, not for one that needs 536, whoever asked for four."""
    told = replace(loaded_with(late(4), asked=4), scope=Scope.SITE, given=given)
    answers = told.quantities() | Bandwidth.answered(told, profile_of({}, site=site))

    assert answers["asked_calls"].value == asked
    if asked:
        assert answers["calls_ratio"] == Quantity(4 / asked, Interval(4 / asked, None))
        rise = answers["rtt_increase_p95_ms"].interval
        assert rise
        assert rise.high == (40.0 if asked <= 4 else None)
    assert Bandwidth.answered(replace(told, scope=Scope.WORKSTATION), profile_of({}, site=site)) == {}


async def test_fewer_calls_than_the_site_needs_leave_it_open() -> None:
    """`--scope site --calls 1` of a site that is sized for more: the load is small, and so is the share."""
    with reflecting() as reflector:
        profile = profile_of(targets_at(reflector.port), bandwidth={"seconds": 0.6}, site={"agents": 60})
        run = collection_of("bandwidth", loaded(profile, "site", 1), scope=Scope.SITE, calls=1)
        await run.collect()
    seen = Seen("bandwidth", run)

    assert [step["calls"] for step in seen.evidence["steps"]] == [1]
    assert seen.answer("asked_calls") == (simultaneous_calls(profile.site), None)
    assert seen.answer("calls_ratio")[0] < 0.1
    assert (seen.metric("calls_ratio").bounded, seen.metric("calls_ratio").high) == (True, None)


def test_few_calls_are_loaded_until_they_are_proven() -> None:
    """Where a requirement asks for carried calls, one call is counted for 8 s; else as long as the profile says."""
    asks = [{"id": "carried", "metric": "bandwidth.calls_ratio", "at_least": 1}]
    one, two, many = (profile_of({}, requirements=asks, bandwidth={"calls": calls}) for calls in (1, 2, 90))

    assert [counted_s(profile) for profile in (profile_of({}), one, two, many)] == [3, 8, 4, 3]
    steps = [Step(1, round(counted_s(one) * 50), round(counted_s(one) * 50), 0)]
    assert loaded_with(*steps, asked=1).quantity("calls_ratio").interval == Interval(1, None)


def test_inputs_and_traffic() -> None:
    """The far end is what the figures are bound to, not how many calls; each is announced with its bytes."""
    relays = {"ice_servers": [{"urls": "turn:t.example", "username": "a", "credential": "b"}]}
    reflector = {"reflector": {"stamp": "[2001:db8::1]:8862", "key": "hunter2"}}
    both = relays | reflector
    one, many, relay = (
        profile_of(both),
        profile_of(both, bandwidth={"calls": 90}),
        profile_of(both, bandwidth={"seconds": 0.6, "via": "relay"}),
    )
    probe = probes()["bandwidth"]

    assert Bandwidth.inputs(one) == {"stamp": "[2001:db8::1]:8862"}
    assert inputs_digest(probe, one) == inputs_digest(probe, many) != inputs_digest(probe, relay)
    (row,) = Bandwidth.traffic(one)
    assert (row.host, row.port, row.protocol) == ("2001:db8::1", 8862, "udp")
    assert [other.host for other in Bandwidth.traffic(relay)] == ["t.example"]
    assert Bandwidth.traffic(profile_of(relays)) == []
    assert Bandwidth.traffic(many)[0].byte > 40 * row.byte
