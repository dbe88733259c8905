"""The probe signalling against real servers: HTTPS, WebSockets, a proxy, and what goes wrong with each."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from websockets.utils import accept_key

from readycheck.engine.registry import inputs_digest
from readycheck.model.evidence import Interval
from readycheck.model.proxy import DIRECT, ProxySettings
from readycheck.model.visit import Visit
from readycheck.net import http1, stream
from readycheck.net.visit import visit_url
from readycheck.probes import signalling
from readycheck.probes.signalling import Signalling, SignallingEvidence, Target
from readycheck.profile.schema import Trust
from tests.probes.collecting import Seen, configure_proxy, profile_of, see, see_interrupted
from tests.probes.web_server import NAME, Web, listener, proxy, stay_silent, web_server

HOLD_S = 0.2


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is heard out for a moment, WebSockets are held for a moment, and nobody names a proxy."""
    monkeypatch.setattr(signalling, "HOLD_S", HOLD_S)
    monkeypatch.setattr(stream, "HANDSHAKE_TIMEOUT_S", 0.3)
    monkeypatch.setattr(http1, "ANSWER_TIMEOUT_S", 0.3)
    configure_proxy(monkeypatch)


@pytest_asyncio.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    async with web_server(tmp_path) as server:
        yield server


async def see_urls(web: Web, *urls: str, expect: list[int] | None = None, **parts: Any) -> Seen:
    targets = [{"url": url} | ({"expect_status": expect} if expect else {}) for url in urls]
    return await see("signalling", {"signalling": targets}, **({"trust": web.trust} | parts))


async def test_everything_right(web: Web) -> None:
    """HTTPS answers, a WebSocket opens and is held once, and every time of the contract is there."""
    seen = await see_urls(web, web.url(host="localhost"), web.url("/ws", "wss"))

    assert seen.answer("reachable_ratio") == (1, None)
    assert seen.answer("websocket_ratio") == (1, None)
    for metric in ("connect_p50_ms", "tls_p50_ms"):
        assert 0 < seen.answer(metric)[0] < 1000
    assert seen.summary == "2 of 2 answer · WebSocket held"
    held = [attempt["websocket"]["held_s"] >= HOLD_S for attempt in seen.target(1)["attempts"]]
    assert held == [True, False, False]
    assert seen.attempt(1)["websocket"]["ping_ms"] > 0
    assert {lookup["family"] for lookup in seen.target(0)["lookups"]} == {4, 6}
    assert "127.0.0.1" in seen.target(0)["lookups"][0]["addresses"]
    assert seen.target(1)["lookups"] == []


@pytest.mark.parametrize(
    ("path", "expect", "value", "reason"),
    [
        ("/status/404", None, 1, None),
        ("/status/499", None, 1, None),
        ("/status/500", None, 0, "http_status"),
        ("/status/407", None, 0, "http_status"),
        ("/status/302", [200], 0, "http_status"),
        ("/status/503", [503], 1, None),
        ("/status/511", None, 0, "captive_portal"),
        ("/silent", None, 0, "deadline_exceeded"),
    ],
)
async def test_status(web: Web, path: str, expect: list[int] | None, value: int, reason: str | None) -> None:
    """Any status below 500 but 407 is an answer, unless the profile says which."""
    seen = await see_urls(web, web.url(path), expect=expect)

    assert seen.answer("reachable_ratio") == (value, reason)
    assert seen.answer("websocket_ratio") == (None, "not_configured")


@pytest.mark.parametrize(
    ("path", "expect", "value", "reason"),
    [
        ("/ws-close", None, 1, None),
        ("/ws-break", None, 0, "connection_reset"),
        ("/status/200", None, 0, "websocket_refused"),
        ("/status/401", None, 0, "websocket_refused"),
        ("/status/401", [401], 1, None),
        ("/ws", [101], 1, None),
    ],
)
async def test_websocket(web: Web, path: str, expect: list[int] | None, value: int, reason: str | None) -> None:
    """A Close frame is the far end's own word, a broken connection is not; another status only if it is expected."""
    seen = await see_urls(web, web.url(path, "wss"), expect=expect)

    assert seen.answer("websocket_ratio") == (value, reason)
    assert seen.answer("reachable_ratio") == (None, "not_configured")
    if path == "/ws-close":
        assert seen.attempt()["websocket"]["close_code"] == 1001


async def test_url_as_a_browser_takes_it(web: Web) -> None:
    """A fragment is not sent, a user without a password neither, and no user, password or query is written down."""
    url = web.url("/ws?token=s3cret#here", "wss").replace("wss://", "wss://agent@")
    seen = await see_urls(web, url, url.replace("agent@", "agent:hunter22@"))

    assert seen.answer("websocket_ratio") == (1, None)
    assert set(web.requests) == {"/ws?token=s3cret"}
    for secret in ("s3cret", "agent", "hunter22"):
        assert secret not in str(seen.evidence)


async def test_one_good_attempt_is_enough(web: Web) -> None:
    """A target that breaks the first connection and then answers is reached, and the evidence has both."""
    web.drop_first = 1
    seen = await see_urls(web, web.url())

    assert seen.answer("reachable_ratio") == (1, None)
    first, *others = seen.codes()
    assert first is not None
    assert others == [None, None]


async def test_refused_untrusted_and_silent(web: Web, tmp_path: Path) -> None:
    """Each target fails for its own reason, and what stands first in the profile breaks the tie."""
    async with listener(stay_silent) as silent:
        seen = await see_urls(web, web.url(), f"https://127.0.0.1:{silent}/", "http://127.0.0.1:9/", trust={})

    assert [seen.codes(target)[0] for target in range(3)] == [
        "tls_untrusted",
        "tls_handshake_failed",
        "connection_refused",
    ]
    assert seen.answer("reachable_ratio")[0] == 0
    assert seen.attempt(0)["chain"]["certificates"]
    assert {one.code for one in seen.sightings()} >= {"tls_untrusted", "connection_refused"}
    assert seen.summary == "0 of 3 answer"


async def test_through_the_proxy(monkeypatch: pytest.MonkeyPatch, web: Web) -> None:
    """Where a proxy is configured the target is its to look up, and the evidence says which way was taken."""
    async with proxy(web) as (hop, asked):
        configure_proxy(monkeypatch, [ProxySettings("a test", "manual", {"all": (hop,)})])
        seen = await see_urls(web, web.url(host=NAME), web.url("/ws", "wss", host=NAME))

    assert seen.answer("reachable_ratio") == seen.answer("websocket_ratio") == (1, None)
    assert set(asked) == {f"CONNECT {NAME}:{web.port} HTTP/1.1"}
    assert seen.attempt()["via"] == str(hop)
    assert seen.attempt()["proxy"]["status"] == 200
    assert seen.attempt()["connected_ms"] > 0
    assert seen.target()["lookups"] == []


async def test_proxy_refuses(monkeypatch: pytest.MonkeyPatch, web: Web) -> None:
    """What the proxy says is why the target is not reached."""
    async with proxy(web, 403) as (hop, _):
        configure_proxy(monkeypatch, [ProxySettings("a test", "manual", {"all": (hop,)})])
        seen = await see_urls(web, web.url(host=NAME))

    assert seen.answer("reachable_ratio") == (0, "proxy_denied")
    assert seen.answer("tls_p50_ms") == (None, "proxy_denied")


async def test_route_that_nobody_can_tell(monkeypatch: pytest.MonkeyPatch, web: Web) -> None:
    """A PAC file that cannot be had leaves nothing measured, and says why."""
    configure_proxy(monkeypatch, [ProxySettings("a test", "pac", pac_url="http://127.0.0.1:9/proxy.pac")])
    seen = await see_urls(web, f"https://{NAME}/")

    assert seen.answer("reachable_ratio") == (None, "pac_unreachable")
    assert seen.answer("connect_p50_ms") == (None, "pac_unreachable")
    assert seen.target()["failure"]["code"] == "pac_unreachable"
    assert web.requests == []


async def test_clock_offset() -> None:
    """The median server's word, with half a second and half its round trip to either side."""
    visits = tuple(
        Visit("DIRECT", reached=True, status=200, answered_ms=trip, clock_offset_ms=offset)
        for offset, trip in ((-100.0, 10.0), (90_000.0, 80.0), (90_100.0, 40.0))
    )
    quantity = SignallingEvidence((Target("https://a/", attempts=visits),)).quantities()["clock_offset_ms"]

    assert quantity.value == 90_000.0
    assert quantity.interval == Interval(89_460.0, 90_540.0)


async def test_clock_offset_comes_from_the_date(web: Web) -> None:
    """What the server's Date says against this machine's clock."""
    seen = await see_urls(web, web.url())

    assert seen.answer("clock_offset_ms")[0] == pytest.approx(seen.attempt()["clock_offset_ms"], abs=5_000)
    assert seen.answer("clock_offset_ms")[0] is not None


async def test_nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile without targets costs nothing, not even a look at the proxy configuration."""
    monkeypatch.setattr("readycheck.probes._routes.proxy_settings", lambda _machine: 1 / 0)
    seen = await see("signalling", {})

    assert seen.evidence == {"targets": []}
    for metric in ("reachable_ratio", "websocket_ratio", "connect_p50_ms", "tls_p50_ms", "clock_offset_ms"):
        assert seen.answer(metric) == (None, "not_configured")
    assert seen.summary == "no signalling target in the profile"


async def test_interruption_keeps_what_was_seen(web: Web) -> None:
    """Ctrl-C while one target is silent: the other's attempts are in the evidence, and no ratio is claimed."""
    targets = {"signalling": [{"url": web.url()}, {"url": web.url("/silent")}]}
    seen = await see_interrupted("signalling", targets, "1 of 2 asked", trust=web.trust)

    assert seen.observation.failure is not None
    assert seen.observation.failure.code == "interrupted"
    assert seen.codes(0) == [None] * 3
    assert seen.answer("reachable_ratio") == (None, "interrupted")


async def test_silence_costs_ten_seconds_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """No attempt begins once the first ones have taken their time."""
    now_s = 0.0
    monkeypatch.setattr("readycheck.probes._attempts.time.perf_counter", lambda: now_s)

    async def slow(*_: object, **__: object) -> Visit:
        nonlocal now_s
        now_s += 3.0
        return Visit("DIRECT", reached=False)

    monkeypatch.setattr(signalling, "visit_url", slow)
    seen = await see("signalling", {"signalling": [{"url": "https://127.0.0.1/"}]})

    assert len(seen.target()["attempts"]) == 2


def test_inputs_and_traffic() -> None:
    """The digest depends on what is expected and not on a password; a dry run names host, port and protocol."""

    def digest(url: str, *expect: int) -> str:
        targets = {"signalling": [{"url": url, "expect_status": [*expect] or None}]}
        return inputs_digest(Signalling, profile_of(targets))

    assert digest("wss://u:one@h/ws") == digest("wss://u:two@h/ws") != digest("wss://u:one@h/ws", 401)
    targets = {"signalling": [{"url": "wss://h:8443/ws"}, {"url": "http://h/"}]}
    rows = [(one.host, one.port, one.protocol) for one in Signalling.traffic(profile_of(targets))]
    assert rows == [("h", 8443, "tls"), ("h", 80, "tcp"), ("h", 80, "tcp")]


async def test_junk_after_the_upgrade() -> None:
    """A far end that agrees to the upgrade and then speaks something else is no WebSocket, and no fault of ours."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line.split(": ")[1] for line in request.splitlines() if line.startswith("Sec-WebSocket-Key"))
        upgraded = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        writer.write(f"{upgraded}Sec-WebSocket-Accept: {accept_key(key)}\r\n\r\n".encode() + b"\xff" * 40)
        await reader.read()

    async with listener(talk) as port:
        seen = await visit_url(f"ws://127.0.0.1:{port}/", (DIRECT,), Trust(), hold_s=1.0)

    assert seen.failure is not None
    assert (seen.failure.code, seen.failure.operation) == ("websocket_refused", "hold_websocket")


@pytest.mark.parametrize("scheme", ["http", "ws"])
async def test_closed_without_a_word(scheme: str) -> None:
    """A server that takes the request and hangs up broke the connection; that is no status and no refusal."""

    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async with listener(talk) as port:
        seen = await visit_url(f"{scheme}://user@127.0.0.1:{port}/#there", (DIRECT,), Trust())

    assert seen.failure is not None
    assert seen.failure.code == "connection_reset"
    assert not seen.reached
