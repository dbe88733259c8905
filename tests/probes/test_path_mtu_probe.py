"""The largest datagram, towards far ends that answer up to some size, lose, shorten, or say nothing."""

import socket
import sys
import time
from typing import Any

import pytest

from readycheck.engine.registry import inputs_digest, probes
from readycheck.lab.server import LabServer, lab_server
from readycheck.probes.path_mtu import PathMtu
from readycheck.reflector.reflecting import reflecting
from tests.probes.collecting import Seen, profile_of, see
from tests.probes.made_up_reflector import faulty, number_of, reply

KEY = "a key that both ends know"


def relay(lab: LabServer, transport: Any = "udp") -> dict[str, Any]:
    return {"urls": [lab.url(transport)], "username": lab.username, "credential": lab.credential}


async def mtu_to(port: int, key: str | None = None) -> Seen:
    return await see("path_mtu", {"reflector": {"stamp": f"127.0.0.1:{port}", **({"key": key} if key else {})}})


def whole(data: bytes) -> bytes:
    """An honest reply of the same size."""
    answer = reply(data, number_of(data))
    return answer + bytes(len(data) - len(answer))


@pytest.mark.parametrize("key", [None, KEY])
async def test_our_own_reflector(key: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback carries all that is asked, so the high bound is open; three packets are enough, waited for or not."""
    monkeypatch.setattr("readycheck.probes._path_mtu_search.SPACING_S", 10.0)
    with reflecting(key=key.encode() if key else None) as reflector:
        seen = await mtu_to(reflector.port, key)

    assert seen.answer("udp_payload_byte") == (1472, None)
    assert seen.answer("family") == ("ipv4", None)
    assert seen.answer("has_far_end") == (True, None)
    assert seen.evidence["are_replies_whole"] is True
    assert seen.summary == "1472 bytes of UDP payload over IPv4"
    assert reflector.counts.reflected == 3


async def test_a_long_way() -> None:
    """Answers that take a second and a half are waited for."""
    async with faulty(lambda _, data: [whole(data)], lambda _: 1.5) as port:
        seen = await mtu_to(port)

    assert seen.answer("udp_payload_byte") == (1472, None)


async def test_through_the_relay() -> None:
    """Without a reflector the relay is asked; the four octets of ChannelData are counted."""
    async with lab_server() as lab:
        seen = await see("path_mtu", {"ice_servers": [relay(lab)]})
        by_tcp = await see("path_mtu", {"ice_servers": [relay(lab, "tcp")]})

    assert seen.answer("udp_payload_byte") == (1472, None)
    assert seen.evidence["url"] == lab.url("udp")
    assert by_tcp.answer("has_far_end") == (False, None)
    assert by_tcp.answer("udp_payload_byte") == (None, "not_configured")


async def test_a_short_queue_is_no_limit() -> None:
    """A slow link whose queue holds two packets drops the largest of those that come together: 1464 still fits."""
    free_at_s = 0.0

    def answers(_: int, data: bytes) -> list[bytes]:
        nonlocal free_at_s
        now_s, takes_s = time.perf_counter(), len(data) * 8 / 512_000
        if len(data) > 1464 or free_at_s - now_s + takes_s > 0.06:
            return []
        free_at_s = max(free_at_s, now_s) + takes_s
        return [whole(data)]

    async with faulty(answers) as port:
        seen = await mtu_to(port)

    assert seen.answer("udp_payload_byte") == (1464, None)
    assert seen.evidence["too_large_byte"] == 1465


@pytest.mark.parametrize("limit", [1213, 700])
async def test_a_limit_is_found_through_loss(limit: int) -> None:
    """Two of three packets lost at random are loss; a size that never answers in three tries is too large."""
    async with faulty(lambda count, data: [whole(data)] if len(data) <= limit and count % 3 != 1 else []) as port:
        seen = await mtu_to(port)

    assert seen.answer("udp_payload_byte") == (limit, None)
    assert seen.evidence["too_large_byte"] == limit + 1


async def test_a_reflector_that_shortens_is_marked() -> None:
    """A router's reflector returns its 44 octets whatever came: that tells of the way out alone."""
    async with faulty(lambda _, data: [reply(data, number_of(data))[:44], b"junk"]) as port:
        seen = await mtu_to(port)

    assert seen.answer("udp_payload_byte") == (1472, None)
    assert seen.evidence["are_replies_whole"] is False


async def test_silence_says_nothing_of_sizes() -> None:
    """No answer is not measured, and the relay is asked in its place where there is one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        place = {"stamp": f"127.0.0.1:{silent.getsockname()[1]}"}
        alone = await see("path_mtu", {"reflector": place})
        async with lab_server() as lab:
            beside = await see("path_mtu", {"reflector": place, "ice_servers": [relay(lab)]})

    assert alone.answer("udp_payload_byte") == (None, "no_media")
    assert alone.answer("family") == ("ipv4", None)
    assert beside.answer("udp_payload_byte") == (1472, None)


async def test_a_system_that_cannot_forbid_fragments_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where datagrams may be cut their size proves nothing."""
    monkeypatch.setattr("readycheck.net.unfragmented._OPTIONS", {})
    with reflecting() as reflector:
        seen = await mtu_to(reflector.port)

    assert seen.answer("udp_payload_byte") == (None, "unsupported_platform")
    assert reflector.counts.received == 0


async def test_nothing_to_ask() -> None:
    """Neither relay nor reflector: known, and nothing measured."""
    seen = await see("path_mtu", {})

    assert seen.answer("has_far_end") == (False, None)
    assert seen.answer("udp_payload_byte") == (None, "not_configured")


def test_inputs_and_traffic() -> None:
    """Bound to reflector and relays; the reflector is asked first, a relay over UDP in its place."""
    relays = {"ice_servers": [{"urls": ["turn:t.example", "turns:t.example"], "username": "a", "credential": "b"}]}
    reflector = {"reflector": {"stamp": "r.example"}}
    both, one = profile_of(relays | reflector), profile_of(reflector)

    assert inputs_digest(probes()["path_mtu"], both) != inputs_digest(probes()["path_mtu"], one)
    rows = [(row.host, row.port, row.instead) for row in PathMtu.traffic(both)]
    assert rows == [("r.example", 862, False), ("t.example", 3478, True)]


def test_fragments_can_be_forbidden_here() -> None:
    """On this system, for both families: the option exists and is taken."""
    from readycheck.net.unfragmented import never_fragment  # noqa: PLC0415 - only here

    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as four,
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six,
    ):
        assert (never_fragment(four), never_fragment(six)) == (
            (True, True) if sys.platform in ("linux", "win32", "darwin") else (False, False)
        )
