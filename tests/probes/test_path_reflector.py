"""The path to reflectors on loopback that do all sorts of things, and to none at all."""

import socket
import sys
from typing import Any

import pytest

from readycheck.engine.registry import inputs_digest, probes
from readycheck.lab.server import lab_server
from readycheck.probes._reflector import CLOSING_WAITS_S
from readycheck.probes.path import Path
from readycheck.reflector.reflecting import reflecting
from tests.probes.collecting import Seen, profile_of, see, see_interrupted
from tests.probes.made_up_reflector import faulty, number_of, reply

PACKETS = 30
PATH = {"min_seconds": PACKETS / 50, "max_seconds": PACKETS / 50}
"""Exactly so many: by min_seconds alone one more is sent where a look at the figures takes its time."""
KEY = "a key that both ends know"
ON_LINUX = sys.platform == "linux"


async def path_to(port: int, key: str | None = None) -> Seen:
    reflector = {"stamp": f"127.0.0.1:{port}", **({"key": key} if key else {})}
    return await see("path", {"reflector": reflector}, path=PATH)


async def path_by_the_relay(reflector: dict[str, Any]) -> Seen:
    async with lab_server() as lab:
        relay = {"urls": [lab.url("udp")], "username": lab.username, "credential": lab.credential}
        targets = {"ice_servers": [relay], "reflector": reflector}
        return await see("path", targets, path=PATH)


@pytest.fixture(autouse=True)
def punctual(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a busy workstation does to its own figures is told elsewhere; here it is on time, however busy it is."""
    monkeypatch.setattr("readycheck.probes._measured_packets.lateness_ms", lambda sent, _: [0.0] * len(sent))


def longest_ms(seen: Seen) -> float:
    """The slowest round trip, however late this machine was: one way varies by no more."""
    delays_ms: list[float | None] = seen.evidence["rtt_ms"]
    return max(delay for delay in delays_ms if delay is not None)


async def test_reflector_beside_a_relay() -> None:
    """Voice takes the relay, so the path does; the reflector beside it tells what becomes of the mark."""
    with reflecting() as reflector:
        seen = await path_by_the_relay({"stamp": f"127.0.0.1:{reflector.port}"})

    assert seen.answer("far_end") == ("relay:udp", None)
    assert seen.answer("dscp_preserved") == ((True, None) if ON_LINUX else (None, "not_configured"))
    assert seen.answer("loss_up_ratio") == (None, "not_configured")
    assert reflector.counts.reflected == 5


@pytest.mark.parametrize("key", [None, "hex:a number it is not"])
async def test_silent_reflector_beside_a_relay(key: str | None) -> None:
    """A reflector that is not there, and a key that is none, cost the mark's fate and nothing else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        place = {"stamp": f"127.0.0.1:{silent.getsockname()[1]}"}
        seen = await path_by_the_relay({**place, **({"key": key} if key else {})})

    assert seen.answer("loss_ratio") == (0, None)
    assert seen.answer("dscp_preserved") == (None, "not_configured" if key else "no_media")


async def test_no_address_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a name with several addresses none of which answers, a silent one is measured and not one that refuses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]

        async def both(host: str, *, every: bool) -> list[str]:
            return ["::1", "127.0.0.1"]

        monkeypatch.setattr("readycheck.probes._reflector.addresses", both)
        seen = await see("path", {"reflector": {"stamp": f"far.example.test:{port}"}}, path=PATH)

    assert seen.evidence["url"] == f"stamp:127.0.0.1:{port}"
    assert seen.answer("loss_ratio") == (1, "no_media")


@pytest.mark.parametrize("probe", ["path", "path_mtu", "bandwidth"])
async def test_the_first_of_several_addresses_is_dead(monkeypatch: pytest.MonkeyPatch, probe: str) -> None:
    """Every address of the reflector's name is tried, also those of one family: the one that answers is measured."""

    async def found(host: str, *, every: bool = False, look_up: object = None) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"] if every else ["127.0.0.2"]

    monkeypatch.setattr("readycheck.probes._servers.resolve", found)
    with reflecting() as reflector:
        target = {"reflector": {"stamp": f"far.example.test:{reflector.port}"}}
        seen = await see(probe, target, path=PATH, bandwidth={"seconds": 1})

    assert seen.evidence["url"] == f"stamp:127.0.0.1:{reflector.port}"
    assert seen.evidence["failure"] is None


@pytest.mark.parametrize(("key", "byte"), [(None, 110), (KEY, 140)])
async def test_our_own_reflector(key: str | None, byte: int) -> None:
    """Every figure, both ways, with and without a key; an authenticated packet's true size is told."""
    with reflecting(key=key.encode() if key else None) as reflector:
        seen = await path_to(reflector.port, key)

    assert seen.answer("has_far_end") == (True, None)
    assert seen.answer("far_end") == ("reflector", None)
    assert seen.evidence["payload_byte"] == byte
    assert len(seen.evidence["rtt_ms"]) == PACKETS
    for metric in ("loss_ratio", "loss_up_ratio", "loss_down_ratio", "reordered_ratio", "duplicated_ratio"):
        assert seen.answer(metric) == (0, None)
    assert 0 < longest_ms(seen) < 1000 * seen.evidence["duration_s"]
    for metric in ("rtt_p50_ms", "interarrival_jitter_ms", "jitter_up_ms", "jitter_down_ms"):
        value, reason = seen.answer(metric)
        assert 0 <= value <= longest_ms(seen)
        assert reason is None
    expected = (True, None) if ON_LINUX else (None, "not_configured")
    assert seen.answer("dscp_preserved") == expected
    assert seen.evidence["reflection"]["received_count"] == PACKETS
    assert PACKETS < reflector.counts.reflected <= PACKETS + len(CLOSING_WAITS_S)


async def test_stateless_reflector() -> None:
    """A router that copies the number (TWAMP Light) cannot tell the ways apart; the round trip it can."""
    async with faulty(lambda _, data: [reply(data, number_of(data))[:41]]) as port:
        seen = await path_to(port)

    assert seen.evidence["reflection"]["is_stateful"] is False
    assert seen.answer("loss_ratio") == (0, None)
    for metric in ("loss_up_ratio", "loss_down_ratio", "jitter_up_ms", "jitter_down_ms"):
        assert seen.answer(metric) == (None, "not_configured")
    assert seen.answer("dscp_preserved") == (
        None,
        "not_configured" if sys.platform != "win32" else "unsupported_platform",
    )


@pytest.mark.parametrize(("up", "down"), [(3, 0), (0, 4), (2, 5)])
async def test_ways_told_apart(up: int, down: int) -> None:
    """Packets that never reached it, and answers that got lost, in the midst and at the end."""
    lost_up = set(range(PACKETS - 1, 5, -4)[:up]) if up else set()
    lost_down = set(range(PACKETS - 2, 3, -4)[:down]) if down else set()
    counted = 0

    def answers(_: int, data: bytes) -> list[bytes]:
        nonlocal counted
        closing, number = len(data) < 110, number_of(data)
        if not closing and number in lost_up:
            return []
        counted += 1
        return [] if not closing and number in lost_down else [reply(data, counted - 1)]

    async with faulty(answers) as port:
        seen = await path_to(port)

    assert seen.answer("loss_ratio")[0] == pytest.approx((up + down) / PACKETS, abs=1e-6)
    assert seen.answer("loss_up_ratio") == (pytest.approx(up / PACKETS, abs=1e-6), None)
    assert seen.answer("loss_down_ratio") == (pytest.approx(down / (PACKETS - up), abs=1e-6), None)


async def test_twice_and_out_of_order() -> None:
    """Duplicates and swapped answers are told as such, and are no loss."""
    held: list[bytes] = []

    def answers(arrived: int, data: bytes) -> list[bytes]:
        answer = reply(data, arrived)
        if number_of(data) == 10:
            held.append(answer)
            return []
        if number_of(data) == 11:
            return [answer, *held]
        return [answer, answer, answer] if number_of(data) == 20 else [answer]

    async with faulty(answers) as port:
        seen = await path_to(port)

    assert seen.answer("loss_ratio") == (0, None)
    assert seen.answer("loss_up_ratio") == (0, None)
    assert seen.answer("duplicated_ratio")[0] == pytest.approx(1 / PACKETS, abs=1e-6)
    assert seen.answer("reordered_ratio")[0] == pytest.approx(1 / PACKETS, abs=1e-6)


async def test_junk_beside_the_answers() -> None:
    """Junk, foreign numbers and foreign times change no figure, and are counted."""

    def answers(arrived: int, data: bytes) -> list[bytes]:
        other = (number_of(data) + 1000).to_bytes(4) + data[4:]
        stale = data[:4] + b"\0" * 8 + data[12:]
        return [b"", b"junk", reply(other, arrived), reply(stale, arrived), reply(data, arrived)]

    async with faulty(answers) as port:
        seen = await path_to(port)

    assert seen.answer("loss_ratio") == (0, None)
    assert seen.evidence["reflection"]["discarded"] >= 3 * PACKETS


@pytest.mark.parametrize("is_lossy", [False, True])
async def test_wrong_numbers_are_no_loss_of_the_network(is_lossy: bool) -> None:  # noqa: FBT001 - a case
    """Every third reply tells another number: so many losses stay open, what is lost beyond was the network."""
    counted = iter(range(10_000))

    def answers(_: int, data: bytes) -> list[bytes]:
        wrong = (number_of(data) + 1).to_bytes(4) + data[4:]
        if is_lossy and number_of(data) % 3 == 1:
            return []
        return [reply(data if number_of(data) % 3 else wrong, next(counted))]

    async with faulty(answers) as port:
        seen = await path_to(port)

    loss = seen.metric("loss_ratio")
    assert loss.value == pytest.approx(2 / 3 if is_lossy else 1 / 3, abs=1e-6)
    assert loss.reason == "stun_bad_answer"
    assert loss.low is not None
    assert (loss.low > 0.01) == is_lossy


async def test_wrong_signature() -> None:
    """A reflector with another key is silent, as a firewall is; answers that cannot be believed measure nothing."""
    with reflecting(key=b"another") as reflector:
        seen = await path_to(reflector.port, KEY)
        assert reflector.counts.refused == PACKETS
    assert seen.answer("loss_ratio") == (1, "no_media")

    async with faulty(lambda arrived, data: [reply(data, arrived, key=b"another")]) as port:
        seen = await path_to(port, KEY)
    for metric in ("loss_ratio", "rtt_p50_ms", "loss_up_ratio", "mos_cqe"):
        assert seen.answer(metric) == (None, "stun_bad_answer")
    assert seen.evidence["reflection"]["discarded"] == PACKETS


@pytest.mark.parametrize("key", [None, KEY])
async def test_what_the_reflectors_cap_cut(key: str | None) -> None:
    """Packets that it received and left unanswered are no loss of the network: the figures stay, nothing is proven."""
    with reflecting(key=key.encode() if key else None, packets_per_s=10) as reflector:
        seen = await path_to(reflector.port, key)
        capped = reflector.counts.capped

    lost = sum(delay is None for delay in seen.evidence["rtt_ms"])
    assert PACKETS / 3 < lost <= PACKETS - 9
    assert seen.answer("loss_ratio") == (pytest.approx(lost / PACKETS, abs=1e-6), "not_proven")
    assert seen.answer("loss_up_ratio")[1] == seen.answer("mos_cqe")[1] == "not_proven"
    assert {seen.metric(metric).low for metric in ("loss_ratio", "loss_up_ratio")} == {0}
    assert lost <= seen.evidence["reflection"]["cut_count"] <= capped


async def test_silence() -> None:
    """Zero packets back: loss 1, no round trip, no one-way figure, no_media."""
    async with faulty(lambda _arrived, _data: []) as port:
        seen = await path_to(port)

    assert seen.answer("loss_ratio") == (1, "no_media")
    for metric in (
        "rtt_p50_ms",
        "interarrival_jitter_ms",
        "loss_up_ratio",
        "jitter_down_ms",
        "dscp_preserved",
        "mos_cqe",
    ):
        assert seen.answer(metric) == (None, "no_media")
    assert seen.summary == "nothing came back"


async def test_it_dies_halfway() -> None:
    """What was measured is kept; where the rest was lost nobody can tell, so the bounds are wide."""
    async with faulty(lambda arrived, data: [reply(data, arrived)] if arrived < PACKETS // 2 else []) as port:
        seen = await path_to(port)

    assert seen.answer("loss_ratio")[0] == pytest.approx(0.5)
    assert 0 < seen.answer("rtt_p50_ms")[0] <= longest_ms(seen) < 1000 * seen.evidence["duration_s"]
    assert seen.answer("loss_up_ratio") == (None, "not_proven")


async def test_a_clock_that_jumps() -> None:
    """A step of the reflector's clock is no jitter."""
    async with faulty(lambda arrived, data: [reply(data, arrived, 3600.0 if arrived > 12 else 0.0)]) as port:
        seen = await path_to(port)

    assert seen.evidence["reflection"]["clock_steps"] == 1
    assert seen.answer("jitter_up_ms")[0] <= longest_ms(seen)
    assert seen.answer("jitter_down_ms")[0] <= longest_ms(seen)


async def test_nobody_there() -> None:
    """A closed port refuses; a name that does not exist is not found; no reflector at all is not configured."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    seen = await path_to(port)
    assert seen.answer("rtt_p50_ms") == (None, "connection_refused")
    assert seen.answer("loss_ratio") == (1, "connection_refused")
    seen = await see("path", {"reflector": {"stamp": "nobody.invalid"}})
    assert seen.answer("rtt_p50_ms") == (None, "dns_not_found")
    seen = await see("path", {})
    assert seen.answer("far_end") == (None, "not_configured")


async def test_a_key_that_cannot_be_read() -> None:
    """It is told without the key's own words."""
    seen = await path_to(9, "hex:zz")

    assert seen.answer("rtt_p50_ms") == (None, "not_configured")
    assert "zz" not in str(seen.evidence)


async def test_a_clock_that_stands_still() -> None:
    """Time stamps of zero are no jitter of 20 ms; losses and the round trip do not need them."""
    still = bytes(8)

    def answers(arrived: int, data: bytes) -> list[bytes]:
        honest = reply(data, arrived)
        return [honest[:4] + still + honest[12:16] + still + honest[24:]]

    async with faulty(answers) as port:
        seen = await path_to(port)

    for metric in ("jitter_up_ms", "jitter_down_ms"):
        assert seen.answer(metric) == (None, "not_proven")
    assert seen.answer("loss_up_ratio") == (0, None)
    assert 0 < seen.answer("rtt_p50_ms")[0] <= longest_ms(seen) < 1000 * seen.evidence["duration_s"]


async def test_cut_short() -> None:
    """Ctrl-C keeps what was measured, and rests no verdict on it."""
    with reflecting() as reflector:
        targets = {"reflector": {"stamp": f"127.0.0.1:{reflector.port}"}}
        seen = await see_interrupted("path", targets, "measuring", path={"min_seconds": 30})

    assert seen.observation.failure
    assert seen.observation.failure.code == "interrupted"
    assert seen.answer("loss_ratio")[1] == "interrupted"


def test_inputs_and_traffic() -> None:
    """The reflector is part of what the figures are bound to, and is announced; the key is in neither."""
    relays = {"ice_servers": [{"urls": "turn:t.example", "username": "a", "credential": "b"}]}
    reflector = {"reflector": {"stamp": "[2001:db8::1]:8862", "key": "hunter2"}}
    both, one, none = (profile_of(targets) for targets in (relays | reflector, reflector, relays))

    assert Path.inputs(both) == {"turn": ["turn:t.example"], "stamp": "[2001:db8::1]:8862"}
    assert len({inputs_digest(probes()["path"], profile) for profile in (both, one, none)}) == 3
    (row,) = Path.traffic(one)
    assert (row.host, row.port, row.protocol, row.instead) == ("2001:db8::1", 8862, "udp", False)
    rows = [(row.host, row.instead) for row in Path.traffic(both)]
    assert rows == [("t.example", False), ("2001:db8::1", True), ("2001:db8::1", False)]  # the mark is asked for anyway
    (default,) = Path.traffic(profile_of({"reflector": {"stamp": "reflector.example"}}))
    assert default.port == 862
