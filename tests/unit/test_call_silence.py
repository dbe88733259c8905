"""When a call counts as broken off: literal packet counts of both ways."""

import asyncio
import time
from typing import Any

import pytest

from readycheck.engine.probe import Context
from readycheck.net.webrtc import Received
from readycheck.probes.call import CallEvidence, _talk
from readycheck.profile.schema import Profile

SECONDS, SILENCE_S = 1, 0.3


class Talk:
    """A call that lasts, or one of which nothing more is heard after its first word."""

    def __init__(self, *, lasts: bool) -> None:
        self._lasts, self._count = lasts, 0

    async def ways(self) -> tuple[Received, Received]:
        self._count += self._lasts or not self._count
        way = Received(self._count, self._count, 0, jitter_ms=1.0, round_trip_ms=1.0)
        return way, way


async def talk(monkeypatch: pytest.MonkeyPatch, call: Any) -> CallEvidence:
    monkeypatch.setattr("readycheck.probes.call.SILENCE_S", SILENCE_S)
    profile = Profile.model_validate({"schema": "readycheck.profile/1", "id": "p", "call": {"seconds": SECONDS}})
    context = Context("call", profile, None, lambda _: None, {})  # type: ignore[arg-type]
    return await _talk(context, call, CallEvidence("turn:t.example", ice_nominated=True))


async def test_a_workstation_that_stands_still_breaks_off_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """It hears afterwards what came meanwhile, also where the call's time is over by then."""
    asyncio.get_running_loop().call_later(0.6, time.sleep, SECONDS)

    assert (await talk(monkeypatch, Talk(lasts=True))).connected.value is True


async def test_a_call_of_which_nothing_more_is_heard_broke_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statistics count to the last packet that came: it would pass for one without loss."""
    connected = (await talk(monkeypatch, Talk(lasts=False))).connected

    assert (connected.value, connected.reason) == (False, "no_media")
