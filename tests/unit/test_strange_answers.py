"""Answers that servers and proxies should not give, and do: what they say is kept, and nothing falls over."""

import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from readycheck.engine.registry import inputs_digest
from readycheck.host.proxy.parsing import server
from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.model.proxy import DIRECT, Hop
from readycheck.net import visit, way
from readycheck.net.http1 import HttpAnswer
from readycheck.net.pac import fetch
from readycheck.net.proxy_login import login_for
from readycheck.net.resolve import resolve
from readycheck.net.tunnel import ProxyTrace, open_tunnel
from readycheck.net.turn import TurnServer
from readycheck.net.visit import note_answer
from readycheck.probes._attempts import kept
from readycheck.probes.call import CallEvidence, Direction
from readycheck.probes.proxy import Proxy
from readycheck.probes.signalling import Signalling
from readycheck.profile.schema import Profile, Trust
from readycheck.rtc.ice_server import parse_ice_url
from tests.unit.visit_samples import certificate, chain, direct

CHALLENGE = b'HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic realm="x"\r\n'


@pytest.mark.parametrize(
    ("header", "value", "key", "told"),
    [
        ("location", "https://user:pw@[bad/x?token=secret", "location", "[bad/x"),
        ("date", "Sun, 06 Nov 99999999999999999999 08:49:37 GMT", "clock_offset_ms", None),
    ],
)
def test_headers_that_are_none(header: str, value: str, key: str, told: str | None) -> None:
    """A broken Location or Date costs that figure alone."""
    said: dict[str, Any] = {}
    note_answer(HttpAnswer(302, "Found", ((header, value),), b"", 0.01, keeps_alive=True), said)
    assert (said["status"], said[key]) == (302, told)


@pytest.mark.parametrize(
    "answer",
    [
        CHALLENGE + b"Content-Length: 500\r\n\r\ncut off",
        CHALLENGE + b"\r\nuntil the connection ends",
    ],
)
@pytest.mark.parametrize("closes", [True, False])
async def test_login_asked_for_with_a_broken_page(answer: bytes, closes: bool) -> None:  # noqa: FBT001 - a case
    """A 407 is one, whatever becomes of its page; the login goes over a new connection."""
    seen = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        seen.append(b"Proxy-Authorization: Basic" in request)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" if seen[-1] else answer)
        if closes and not seen[-1]:
            writer.close()
        try:
            await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        trace = ProxyTrace()
        with pytest.raises(OperationFailed) as refused:
            await open_tunnel(Hop("http", "127.0.0.1", port), "server.example", 443, trace)
        assert refused.value.failure.code == FailureCode.PROXY_AUTHENTICATION_REQUIRED
        stream = await open_tunnel(Hop("http", "127.0.0.1", port, "user:pass"), "server.example", 443, trace)
        await stream.close()
    assert seen == [False, False, True]
    assert trace.reply.authenticated_by == "basic"


async def test_endless_line_that_is_no_http() -> None:
    """What a proxy said in place of HTTP is told, and cut: a report holds many attempts."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"x" * 30_000 + b"\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listener:
        hop = Hop("http", "127.0.0.1", listener.sockets[0].getsockname()[1])
        with pytest.raises(OperationFailed) as refused:
            await open_tunnel(hop, "server.example", 443, ProxyTrace())
    assert refused.value.failure.code == FailureCode.PROXY_BAD_ANSWER
    assert 20 < len(refused.value.failure.detail or "") <= 200


@pytest.mark.parametrize(
    ("userinfo", "login"),
    [
        ("user:100%25ab", ("user", "100%ab")),
        ("do%3Amain:p%40ss", ("do:main", "p@ss")),
        ("user:p%2541", ("user", "p%41")),
    ],
)
def test_logins_are_decoded_once(userinfo: str, login: tuple[str, str]) -> None:
    """A percent sign of a password stands as %25 in a URL, and is no beginning of another code."""
    hop = server(f"http://{userinfo}@proxy.example:8080")
    assert hop
    found = login_for(hop)
    assert found
    assert (found.username, found.password) == login


async def test_every_address_of_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections may go on to the next address; who asks for one of each family gets one."""
    addresses = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "192.0.2.2", "2001:db8::2"]
    told = [(0, 0, 0, "", (address, 0)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: told)
    assert await resolve("a.example", every=True) == list(dict.fromkeys(addresses))
    assert await resolve("a.example") == ["192.0.2.1", "2001:db8::1"]


async def test_name_with_many_silent_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time is left for all of them, and yet it is the way that is closed, and not the server that is slow."""

    async def find(_: str, **__: Any) -> list[str]:
        return ["192.0.2.1", "192.0.2.2", "192.0.2.3"]

    async def be_silent(address: str, _: int) -> None:
        if address == "192.0.2.1":
            raise OperationFailed(FailureCode.CONNECTION_TIMEOUT, "connect")
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(way, "resolve", find)
    monkeypatch.setattr(way, "open_stream", be_silent)
    monkeypatch.setattr(visit, "VISIT_LIMIT_S", 0.05)
    relay = TurnServer("turn.example", 443, "tls", "turn.example")
    for seen in (await visit.visit_url("https://a.example/", (DIRECT,), Trust()), await visit.visit_turn(relay)):
        assert seen.failure is not None
        assert (seen.failure.code, seen.failure.operation) == (FailureCode.CONNECTION_TIMEOUT, "connect")
        assert "192.0.2.2" in str(seen.failure.detail)


async def test_pac_at_a_name_that_nobody_answers_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is looked up where a dead DNS server does not hold the program's exit."""

    async def fail(_: str) -> list[str]:
        raise OperationFailed(FailureCode.DNS_TIMEOUT, "resolve", "no answer")

    monkeypatch.setattr(fetch, "resolve", fail)
    with pytest.raises(OperationFailed) as failed:
        await fetch.fetch_pac("http://pac.example/proxy.pac")
    assert (failed.value.failure.code, failed.value.failure.detail) == (FailureCode.PAC_UNREACHABLE, "dns_timeout")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
async def test_pac_in_a_pipe_that_nobody_writes_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file that never opens, as on a dead network share, holds up neither the loop nor the program's exit."""
    pipe = tmp_path / "proxy.pac"
    os.mkfifo(pipe)
    monkeypatch.setattr(fetch, "TIMEOUT_S", 0.1)
    with pytest.raises(OperationFailed) as failed:
        await fetch.fetch_pac(str(pipe))
    os.close(os.open(pipe, os.O_RDWR | os.O_NONBLOCK))  # lets the thread go
    assert failed.value.failure.code == FailureCode.PAC_UNREACHABLE


def test_turn_names_as_they_travel() -> None:
    """CONNECT and Host take ASCII alone; a name that cannot be written so is none."""
    assert parse_ice_url("turns:münchen.example").host == "xn--mnchen-3ya.example"
    for url in ("turn:ü..example", "turn:a\x7fb.example"):
        with pytest.raises(ValueError, match=r"host name|TURN URL"):
            parse_ice_url(url)


def test_call_that_breaks_off_is_none() -> None:
    """What came before it broke off counts no loss, and says nothing of the call."""
    heard = Direction(98, 98, 0, 1.0)
    broken = Failure(FailureCode.NO_MEDIA, "receive", "nothing more after 2.0 s of 5.0 s")
    quantities = CallEvidence(
        "turn:a", True, True, 50.0, "opus", 5.0, round_trips_ms=(10.0,), forth=heard, back=heard, failure=broken
    ).quantities()
    assert (quantities["connected"].value, quantities["connected"].reason) == (False, FailureCode.NO_MEDIA)
    assert quantities["loss_ratio"].value is None
    assert quantities["mos_cqe"].value is None


def test_a_changed_password_leads_nowhere_else() -> None:
    """User names and passwords are no part of what identifies a target, and in no digest of the report."""
    profiles = [
        Profile.model_validate(
            {
                "schema": "readycheck.profile/1",
                "id": "a",
                "targets": {"signalling": [{"url": f"https://agent:{password}@a.example/"}]},
            }
        )
        for password in ("one", "other")
    ]
    for probe in (Proxy, Signalling):
        assert inputs_digest(probe, profiles[0]) == inputs_digest(probe, profiles[1])


def test_chains_that_are_not_believed_are_kept_once() -> None:
    """A whole chain in every attempt at every target would be most of a report."""
    issuers = tuple(certificate(f"CA {number}", f"CA {number + 1}", f"key {number}") for number in range(6))
    seen = kept(direct(chain=chain(anchor=None, above=issuers)))
    assert seen.chain is not None
    assert [one.subject for one in seen.chain.certificates] == ["login.example.com"]
    assert kept(direct(chain=chain(above=issuers))).chain is None
