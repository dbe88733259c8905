"""Emulated calls between two allocations with made-up sockets: what an end of our own lost is never the relay's."""

import asyncio
import time
from typing import Any

import pytest

from readycheck.probes._load import Idle
from readycheck.probes._relay_load import RelayLoad
from readycheck.rtc.ramp import Step

EVERY, ROOM = 5, 9


class Session:
    """An allocation. What it sends comes to the other one in the loop's next round, and waits in a queue until then."""

    failure = None
    relayed_address = ("192.0.2.1", 49152)

    def __init__(self, other: "Session | None" = None, fault: str | None = None) -> None:
        self.on_data: Any = None
        self.unsent = self.unread = 0
        self._other, self._fault = other, fault
        self._given = self._waiting = 0

    def send(self, _peer: Any, data: bytes) -> None:
        assert self._other
        self._given += 1
        is_at_fault = self._given % EVERY == 0
        if is_at_fault and self._fault == "unsent":
            self.unsent += 1
        elif (is_at_fault and self._fault == "unread") or self._waiting >= ROOM:
            self._other.unread += 1
        else:
            self._waiting += 1
            asyncio.get_running_loop().call_soon(self._deliver, data)

    def _deliver(self, data: bytes) -> None:
        assert self._other
        self._waiting -= 1
        self._other.on_data(data, time.perf_counter())


async def step_of(calls: int, seconds: float, fault: str | None = None) -> Step:
    there: Any = Session()
    here: Any = Session(there, fault)
    return await RelayLoad(here, there, 110, 20, seconds).step(calls, Idle((1.0,)))


@pytest.mark.parametrize("fault", ["unsent", "unread"])
async def test_what_our_own_queues_had_no_room_for(fault: str) -> None:
    """Refused to be sent, or come and not read: the sender gave way, and nobody lost anything on the way."""
    step = await step_of(5, 0.3, fault)

    assert step.unsent + step.overrun > 0
    assert step.sent - step.received == step.overrun
    assert step.broke == "sender"


async def test_what_comes_is_read_even_while_late() -> None:
    """A sender that cannot keep its schedule reads between any two packets: its queue does not fill."""
    step = await step_of(2000, 0.02)

    assert (step.overrun, step.unsent) == (0, 0)
    assert step.received == step.sent > 0
