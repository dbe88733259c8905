"""The path to a relay that goes away, to a reflector that answers late, on a machine whose date is set."""

import asyncio
import os
import sys
import time
from contextlib import AsyncExitStack
from typing import Any

import pytest

from readycheck.lab.server import lab_server
from readycheck.model.failure import Failure, FailureCode
from readycheck.probes._ending import alive_s
from readycheck.probes.path import PathEvidence
from readycheck.reflector.beside import reflecting
from readycheck.rtc.packet_stream import PacketStream
from tests.probes.collecting import see
from tests.probes.made_up_reflector import reply

LIMIT_S = 15
ANSWERED = 30
PATH = {"min_seconds": 0.6, "max_seconds": 0.6}
REFUSED = Failure(FailureCode.CONNECTION_REFUSED, "send")


@pytest.mark.parametrize(("transport", "code"), [("udp", "connection_refused"), ("tcp", "connection_reset")])
async def test_a_relay_that_goes_away(transport: str, code: str) -> None:
    """It ends at once; what was measured stays and is marked; no bound is claimed for what was not sent."""
    async with AsyncExitStack() as stack:
        lab = await stack.enter_async_context(lab_server())
        port = {"udp": lab.udp_port, "tcp": lab.tcp_port}[transport]
        url = f"turn:127.0.0.1:{port}?transport={transport}"
        server = {"urls": url, "username": lab.username, "credential": lab.credential}
        asked: dict[str, Any] = {"path": {"min_seconds": 30, "max_seconds": 30}}
        measuring = asyncio.create_task(see("path", {"ice_servers": [server]}, **asked))
        async with asyncio.timeout(LIMIT_S):
            while lab.log.packets_to_peers < 40:
                await asyncio.sleep(0.01)
            await stack.aclose()
            seen = await measuring

    loss = seen.metric("loss_ratio")
    assert 20 <= len(seen.evidence["rtt_ms"]) < 500
    assert seen.evidence["failure"]["code"] == code
    assert seen.evidence["truncated"] is True
    assert 0.2 < seen.evidence["alive_s"] <= seen.evidence["duration_s"]
    assert seen.answer("rtt_p50_ms")[0] > 0
    assert 0 <= seen.answer("loss_ratio")[0] < 0.2
    assert (loss.bounded, loss.high) == (True, None)


async def test_it_stops_halfway(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that refuses from then on is a failure, not a loss: what was measured stays, no upper bound is claimed.

    The other address of the reflector's name, where nobody ever answered, takes nothing of that away.
    """

    async def found(*_: object, **__: object) -> list[str]:
        return ["127.0.0.1", "127.0.0.2"]

    monkeypatch.setattr("readycheck.probes._servers.resolve", found)
    with reflecting() as reflector:
        targets = {"reflector": {"stamp": f"far.example.test:{reflector.port}"}}
        measuring = asyncio.create_task(see("path", targets, path={"min_seconds": 30, "max_seconds": 30}))
        async with asyncio.timeout(LIMIT_S):
            while reflector.counts.reflected < ANSWERED:
                await asyncio.sleep(0.01)
    async with asyncio.timeout(LIMIT_S):
        seen = await measuring

    assert seen.evidence["failure"]["code"] == "connection_refused"
    assert seen.evidence["truncated"] is True
    assert ANSWERED - 1 <= len(seen.evidence["rtt_ms"]) < 3 * ANSWERED  # one answer told which address to take
    loss = seen.metric("loss_ratio")
    assert (loss.value, loss.low, loss.bounded, loss.high) == (0, 0, True, None)
    assert 0 < seen.answer("rtt_p50_ms")[0] < 1000 * seen.evidence["alive_s"]
    assert seen.metric("mos_cqe").low == 1


async def test_a_restart_is_no_failure() -> None:
    """Packets that are refused while the reflector restarts are lost; it answers again, and the measurement goes on."""
    port = 20_000 + os.getpid() % 10_000  # which no system gives meanwhile to a socket that asks for any
    with reflecting(port=port) as reflector:
        targets = {"reflector": {"stamp": f"127.0.0.1:{port}"}}
        measuring = asyncio.create_task(see("path", targets, path={"min_seconds": 2, "max_seconds": 2}))
        async with asyncio.timeout(LIMIT_S):
            while reflector.counts.reflected < ANSWERED:
                await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    with reflecting(port=port):
        seen = await measuring

    assert seen.evidence["failure"] is None
    assert 0 < seen.answer("loss_ratio")[0] < 0.5


class Late(asyncio.DatagramProtocol):
    """A reflector whose answers wait so long."""

    def __init__(self, late_s: float) -> None:
        self._late_s = late_s
        self._arrived = 0
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        answer = reply(data, self._arrived)
        self._arrived += 1
        asyncio.get_running_loop().call_later(self._late_s, self.transport.sendto, answer, addr)


@pytest.mark.parametrize(("late_s", "loss"), [(0.4, 0), (2.5, 1)])
async def test_answers_that_come_late(late_s: float, loss: int) -> None:
    """They count with their delay while the measurement waits for them; then they are lost, and harm nothing."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Late(late_s), local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    try:
        seen = await see("path", {"reflector": {"stamp": f"127.0.0.1:{port}"}}, path=PATH)
    finally:
        transport.close()

    assert seen.answer("loss_ratio") == (loss, "no_media" if loss else None)
    if not loss:
        assert seen.evidence["reflection"]["received_count"] == 30


async def test_a_date_that_is_set_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps of this machine's own date, there and back by an hour, are no delays."""
    real, asked = time.time_ns, 0

    def stepping() -> int:
        nonlocal asked
        asked += 1
        return real() + (3_600_000_000_000 if asked // 20 % 2 else 0)

    monkeypatch.setattr("readycheck.net.stamp.time.time_ns", stepping)
    with reflecting() as reflector:
        target = {"reflector": {"stamp": f"127.0.0.1:{reflector.port}"}}
        seen = await see("path", target, path=PATH)

    assert asked > 40 or sys.platform != "linux"
    assert seen.answer("loss_ratio") == (0, None)
    assert all(0 <= rtt < 1000 for rtt in seen.evidence["rtt_ms"])


def stream_of(sent: int, answered: set[int]) -> PacketStream:
    """Packets each 20 ms, some answered."""
    stream = PacketStream(b"01234567", 110, started_at=100.0)
    for number in range(sent):
        stream.next_packet(100 + number * 0.02, 100 + number * 0.02)
    for number in answered:
        stream.take(number, 200.0)
    return stream


@pytest.mark.parametrize(
    ("answered", "failure", "alive"),
    [
        (set(range(300)), None, None),
        (set(range(201)), None, None),  # 1.98 s of silence: a burst, for all that is known
        (set(range(200)), None, 3.98),
        (set(range(299)), REFUSED, 5.96),
        (set(), None, None),  # never alive: no_media tells that
        (set(), REFUSED, None),
        ({0}, None, 0.0),
    ],
)
def test_when_a_line_counts_as_dead(answered: set[int], failure: Failure | None, alive: float | None) -> None:
    """Two seconds of silence up to the end, or a failure, after something came back."""
    assert alive_s(stream_of(300, answered), failure) == alive


def test_silence_keeps_its_bounds_and_a_failure_does_not() -> None:
    """Packets sent into silence are lost, and counted; those that a failure left unsent are unknown."""
    rtt_ms = (20.0,) * 100 + (None,) * 100
    silent = PathEvidence("udp", rtt_ms=rtt_ms, truncated=True, alive_s=1.98).quantity("loss_ratio")
    failed = PathEvidence("udp", rtt_ms=rtt_ms, truncated=True, alive_s=1.98, failure=REFUSED).quantity("loss_ratio")

    assert silent.value == failed.value == 0.5
    assert silent.interval
    assert failed.interval
    assert silent.interval.high is not None
    assert failed.interval.low == silent.interval.low
    assert failed.interval.high is None
