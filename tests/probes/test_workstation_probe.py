"""The workstation probe on captured machines, wrong users, machines that hang, and against clocks that are off."""

import threading
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from readycheck.host.local import LocalMachine
from readycheck.host.machine import Fact, Machine, Told
from readycheck.host.recorded import RecordedMachine
from readycheck.model.failure import Failure, FailureCode
from readycheck.probes import workstation
from readycheck.probes._clock import ClockReading, best, dated_urls
from readycheck.reflector.reflecting import reflecting
from readycheck.rtc.stamp import ErrorEstimate, ReflectorPacket, decode_sender, encode_reflector, ntp_timestamp
from tests.machines import machine
from tests.probes.collecting import Seen, collection_of, configure_proxy, profile_of
from tests.probes.made_up_reflector import faulty
from tests.probes.web_server import DATE, Web, listener, stay_silent, web_server

AHEAD_S = 3_600.0


@pytest.fixture
async def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Web]:
    configure_proxy(monkeypatch)
    async with web_server(tmp_path) as server:
        yield server


def laptop_here() -> RecordedMachine:
    """The documented laptop, as if this ran on it."""
    at = machine("laptop-jabra")
    at.is_here = True
    return at


async def seen_on(at: Machine, targets: dict[str, Any] | None = None, **parts: Any) -> Seen:
    collection = collection_of("workstation", profile_of(targets or {}, **parts), machine=at)
    await collection.collect()
    return Seen("workstation", collection)


async def test_documented_laptop() -> None:
    """Cores, load, memory, power, build and restart of a machine that was captured."""
    seen = await seen_on(machine("laptop-jabra"))

    assert seen.answer("cpu_cores") == (8, None)
    assert seen.answer("cpu_load_ratio") == (0.07, None)
    assert seen.answer("memory_free_bytes") == (6_979_321_856, None)
    assert seen.answer("memory_total_bytes") == (17_179_869_184, None)
    assert seen.answer("on_battery") == (False, None)
    assert seen.answer("os_version") == ("10.0.26100.6899", None)
    assert seen.answer("restart_pending") == (False, None)
    assert seen.answer("udp_filter_count") == (0, None)
    assert seen.answer("user_context_ok") == (True, None)
    assert seen.answer("clock_offset_ms") == (None, "not_configured")
    assert seen.evidence["edition"]["name"] == "Windows 11 Enterprise"
    assert seen.summary == "8 cores · load 7% · 7.0 GB free"


async def test_deployment_tool_is_not_the_agent() -> None:
    """As SYSTEM the machine's own facts stand, and that this is nobody's session is told."""
    seen = await seen_on(machine("intune-system"))

    assert seen.answer("user_context_ok") == (False, None)
    assert seen.evidence["run_as"] == "system"
    assert seen.answer("cpu_cores") == (8, None)
    assert seen.answer("on_battery") == (None, "component_missing")


async def test_signs_of_trouble_are_named() -> None:
    """A restart that is due and a driver that holds UDP, each with its sign."""
    seen = await seen_on(machine("edge-non-proxied-udp"))

    assert seen.answer("restart_pending") == (True, None)
    assert seen.answer("udp_filter_count") == (1, None)
    assert seen.evidence["udp_filters"] == [{"product": "Kaspersky", "sign": "service klwfp"}]
    assert (await seen_on(machine("laptop-poly-dongle"))).answer("restart_pending") == (None, "not_proven")


async def test_this_machine() -> None:
    """The real one tells its cores, its memory, and a load that is a share."""
    seen = await seen_on(LocalMachine())

    assert seen.answer("cpu_cores")[0] >= 1
    assert 0 <= seen.answer("cpu_load_ratio")[0] <= 1
    assert 0 < seen.answer("memory_free_bytes")[0] <= seen.answer("memory_total_bytes")[0]


@pytest.mark.parametrize("value", ["8", None, True, -1, [8], {"a": 1}, 10**40])
async def test_facts_of_the_wrong_type(value: Any) -> None:
    """A number that is none is null, and the rest stands."""
    at = RecordedMachine({"platform": "linux", "facts": {"cpu_cores": value, "memory_free_byte": 5}})
    seen = await seen_on(at)

    assert seen.answer("cpu_cores") == (None, "component_missing")
    assert seen.answer("memory_free_bytes") == (5, None)


@pytest.mark.parametrize("value", [10**400, float("inf"), float("nan"), 1.5, -0.1])
async def test_number_out_of_its_range(value: float) -> None:
    """A load that no machine has, memory without end: null, and nothing breaks."""
    facts = {"cpu_load_ratio": value, "memory_total_byte": value if value > 2 else None, "slept_s": value}
    seen = await seen_on(RecordedMachine({"platform": "linux", "facts": facts}))

    assert seen.answer("cpu_load_ratio") == (None, "component_missing")
    assert seen.answer("memory_total_bytes") == (None, "component_missing")


class Hanging(RecordedMachine):
    """A machine one of whose facts never comes."""

    def __init__(self, stuck: str) -> None:
        super().__init__({"platform": "linux", "facts": {"cpu_cores": 4, "cpu_load_ratio": 0.5, "on_battery": False}})
        self.stuck, self.let_go = stuck, threading.Event()

    def fact(self, name: Fact) -> Told:
        if name == self.stuck:
            self.let_go.wait()
        return super().fact(name)


@pytest.mark.parametrize("stuck", ["cpu_load_ratio", "on_battery", "cpu_cores"])
async def test_fact_that_never_comes_costs_its_own_limit(stuck: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is null with the reason; the others are there."""
    monkeypatch.setattr(workstation, "_ANSWER_LIMIT_S", 0.2)
    at = Hanging(stuck)
    try:
        seen = await seen_on(at)
    finally:
        at.let_go.set()
    values = {name: seen.answer(name) for name in ("cpu_load_ratio", "on_battery", "cpu_cores")}

    assert seen.observation.status == "collected"
    assert values.pop(stuck) == (None, "deadline_exceeded")
    assert [reason for _, reason in values.values()] == [None, None]


async def test_date_of_the_signalling_server(web: Web) -> None:
    """The server's Date against this clock, with bounds that hold the truth."""
    collection = collection_of(
        "workstation",
        profile_of({"signalling": [{"url": web.url()}]}, trust=web.trust),
        machine=laptop_here(),
    )
    before = datetime.now(UTC)
    await collection.collect()
    after = datetime.now(UTC)
    metric = collection.metrics["workstation.clock_offset_ms"]
    written = parsedate_to_datetime(DATE)
    truth = [(written - moment).total_seconds() * 1000 for moment in (after, before)]

    assert metric.low is not None
    assert metric.high is not None
    assert metric.low <= truth[1]
    assert metric.high >= truth[0]
    assert metric.high - metric.low == pytest.approx(1000, abs=100)


def clock_reply(data: bytes, *, synchronized: bool) -> bytes:
    sent, now = decode_sender(data), ntp_timestamp(time.time_ns() + round(AHEAD_S * 1e9))
    estimate = ErrorEstimate(synchronized=synchronized)
    return encode_reflector(ReflectorPacket(0, now, now, sent.sequence, sent.timestamp, estimate))


async def test_reflector_whose_clock_is_set_is_believed_before_a_date(web: Web) -> None:
    """An hour ahead, told to milliseconds; the Date, which is cut, stands beside it."""
    async with faulty(lambda _, data: [b"junk", clock_reply(data, synchronized=True)]) as port:
        targets = {"signalling": [{"url": web.url()}], "reflector": {"stamp": f"127.0.0.1:{port}"}}
        seen = await seen_on(laptop_here(), targets, trust=web.trust)

    assert seen.answer("clock_offset_ms")[0] == pytest.approx(AHEAD_S * 1000, abs=50)
    assert [reading["source"] for reading in seen.evidence["clocks"]] == ["stamp", "date"]


async def test_our_own_reflector_vouches_for_a_clock_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the error that its kernel tells, at whichever address answers: one machine's clock is off by nothing."""
    configure_proxy(monkeypatch)
    with reflecting(clock_error_s=lambda: 0.004) as reflector:
        seen = await seen_on(laptop_here(), {"reflector": {"stamp": f"localhost:{reflector.port}"}})

    (reading,) = seen.evidence["clocks"]
    assert reading["source"] == "stamp"
    assert abs(reading["offset_ms"]) <= reading["doubt_ms"]
    assert reading["doubt_ms"] > 4


async def test_clocks_that_tell_nothing_have_their_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reflector whose clock nobody sets, a server that is silent: null, and within the limit."""
    configure_proxy(monkeypatch)
    monkeypatch.setattr("readycheck.probes._clock.LIMIT_S", 0.5)
    async with faulty(lambda _, data: [clock_reply(data, synchronized=False)]) as port:
        unset = await seen_on(laptop_here(), {"reflector": {"stamp": f"127.0.0.1:{port}"}})
    async with listener(stay_silent) as port:
        silent = await seen_on(laptop_here(), {"signalling": [{"url": f"http://127.0.0.1:{port}/"}]})

    assert unset.answer("clock_offset_ms") == (None, "not_proven")
    assert silent.answer("clock_offset_ms") == (None, "deadline_exceeded")


async def test_captured_machine_has_no_clock_to_ask(web: Web) -> None:
    """Nothing is sent on behalf of a machine that is not here."""
    seen = await seen_on(machine("laptop-jabra"), {"signalling": [{"url": web.url()}]}, trust=web.trust)

    assert seen.answer("clock_offset_ms") == (None, "not_configured")
    assert web.requests == []


def test_middle_of_three_dates_is_taken() -> None:
    """One server of three that is a day off does not move the figure."""
    late = ClockReading("c", "date", failure=Failure(FailureCode.DEADLINE_EXCEEDED, "read clock"))
    readings = [ClockReading("a", "date", 86_400_000.0, 500.0), ClockReading("b", "date", 12.0, 500.0), late]
    third = ClockReading("d", "date", -80.0, 510.0)

    assert best([*readings, third]) == readings[1]
    assert best([late]) is None


def test_three_hosts_are_asked_pages_first() -> None:
    """One request a host, and never more than three hosts, whatever the profile names."""
    urls = [
        "wss://a.example/ws",
        "https://b.example/1",
        "https://b.example/2",
        "https://a.example/",
        "https://c.example/",
    ]
    profile = profile_of({"signalling": [{"url": url} for url in [*urls, "https://d.example/"]]})

    assert dated_urls(profile) == ["https://b.example/1", "https://a.example/", "https://c.example/"]
