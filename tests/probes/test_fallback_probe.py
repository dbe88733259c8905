"""The probe fallback against a SIP server over UDP, TCP and TLS, whatever it does wrong."""

from pathlib import Path
from typing import Any

import pytest

from readycheck import __version__
from readycheck.net import sip
from readycheck.net import stream as tcp
from readycheck.probes.fallback import Fallback
from readycheck.rtc import sip as codec
from tests.probes.collecting import configure_proxy, profile_of, see, see_interrupted
from tests.probes.sip_responder import sip_responder
from tests.probes.web_server import listener, stay_silent

TRANSPORTS = ("udp", "tcp", "tls")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is heard out for a moment; asking the proxy configuration would be a fault."""
    monkeypatch.setattr(sip, "ANSWER_TIMEOUT_S", 0.4)
    monkeypatch.setattr(tcp, "HANDSHAKE_TIMEOUT_S", 0.4)
    monkeypatch.setattr(codec, "T1_S", 0.05)
    monkeypatch.setattr("readycheck.probes._routes.proxy_settings", lambda _machine: 1 / 0)


def fallback(*uris: str) -> dict[str, Any]:
    return {"fallback": [{"sip": uri} for uri in uris]}


async def test_everything_right(tmp_path: Path) -> None:
    """All three transports answer, with the server's own name and the round trip."""
    async with sip_responder(tmp_path) as pbx:
        seen = await see("fallback", fallback(*map(pbx.uri, TRANSPORTS)), trust=pbx.trust)

    assert seen.answer("answered_ratio") == (1, None)
    assert seen.summary == "3 of 3 answer OPTIONS"
    for index, transport in enumerate(TRANSPORTS):
        assert seen.target(index)["transport"] == transport
        attempt = seen.attempt(index)
        assert (attempt["status"], attempt["phrase"], attempt["server"]) == (200, "OK", "a test/1")
        assert attempt["rtt_ms"] > 0
        assert attempt["requests"] == 1


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_what_is_sent(tmp_path: Path, transport: str) -> None:
    """A request of section 11.1: our own address alone, a neutral user, no password, no word of this project."""
    async with sip_responder(tmp_path) as pbx:
        uri = pbx.uri(transport, user="reception:hunter22@")
        seen = await see("fallback", fallback(uri), trust=pbx.trust)
        request, port = pbx.requests[0], pbx.ports[transport]

    lines = request.split("\r\n")
    assert lines[0] == f"OPTIONS sip:reception@127.0.0.1:{port};transport={transport} SIP/2.0"
    assert lines[1].startswith(f"Via: SIP/2.0/{transport.upper()} 127.0.0.1:")
    assert "Max-Forwards: 70" in lines
    assert f"User-Agent: readycheck/{__version__}" in lines
    assert "Content-Length: 0" in lines
    assert any(line.startswith("From: <sip:readycheck@127.0.0.1:") for line in lines)
    assert any(line.startswith("Contact: <sip:readycheck@127.0.0.1:") for line in lines)
    for secret in ("hunter22", "reception"):
        assert secret not in str(seen.evidence)
    assert "hunter22" not in request


@pytest.mark.parametrize(
    ("statuses", "value", "reason", "status"),
    [
        (("401 Unauthorized",), 1, None, 401),
        (("404 Not Found",), 1, None, 404),
        (("486 Busy Here",), 1, None, 486),
        (("100 Trying",), 1, None, 100),
        (("100 Trying", "200 OK"), 1, None, 200),
        (("100 Trying", "503 Service Unavailable"), 0, "sip_status", 503),
        (("503 Service Unavailable",), 0, "sip_status", 503),
        (("603 Decline",), 0, "sip_status", 603),
    ],
    ids=str,
)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_status(
    tmp_path: Path, transport: str, statuses: tuple[str, ...], value: int, reason: str | None, status: int
) -> None:
    """Whatever is below 500 is an answer, a provisional one if no other comes; the rest is told with its status."""
    async with sip_responder(tmp_path, statuses=statuses) as pbx:
        seen = await see("fallback", fallback(pbx.uri(transport)))

    assert seen.answer("answered_ratio") == (value, reason)
    assert seen.attempt()["status"] == status
    if reason:
        assert seen.attempt()["failure"]["detail"] == statuses[-1]


@pytest.mark.parametrize("there", ["Call-ID: ", "branch=z9hG4bK", "CSeq: 1 OPTIONS", "SIP/2.0 200"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_answers_to_others_do_not_count(tmp_path: Path, transport: str, there: str) -> None:
    """Another Call-ID, branch or method, or no SIP at all, is no answer to what was asked."""
    instead = {"CSeq: 1 OPTIONS": "CSeq: 1 INVITE", "SIP/2.0 200": "SIP/2.0 999"}.get(there, there + "x")
    async with sip_responder(tmp_path, foreign=((there, instead),)) as pbx:
        seen = await see("fallback", fallback(pbx.uri(transport)))

    assert seen.answer("answered_ratio") == (0, "connection_timeout")
    assert "no answer within" in seen.attempt()["failure"]["detail"]
    assert "; " in seen.attempt()["failure"]["detail"]


@pytest.mark.parametrize("junk", [b"\x00\xff" * 20, b"SIP/2.0 200 OK\r\nVia: \r\n\r\n", b"\r\n\r\n"], ids=repr)
async def test_junk_before_the_answer(tmp_path: Path, junk: bytes) -> None:
    """Datagrams that are no answer are passed over."""
    async with sip_responder(tmp_path, before=junk) as pbx:
        seen = await see("fallback", fallback(pbx.uri("udp")))

    assert seen.answer("answered_ratio") == (1, None)


async def test_lost_requests_are_sent_again(tmp_path: Path) -> None:
    """Two lost requests cost two retransmissions of the same octets, and the round trip is not told (Karn)."""
    async with sip_responder(tmp_path, drop_first=2) as pbx:
        seen = await see("fallback", fallback(pbx.uri("udp")))
        asked = pbx.requests

    assert seen.answer("answered_ratio") == (1, None)
    assert asked[0] == asked[1] == asked[2] != asked[3]
    assert (seen.attempt()["requests"], seen.attempt()["rtt_ms"]) == (3, None)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_late_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transport: str) -> None:
    """A server that takes its time is waited for; over TCP and TLS nothing is sent twice."""
    monkeypatch.setattr(sip, "ANSWER_TIMEOUT_S", 4.0)
    async with sip_responder(tmp_path, delay_s=0.12) as pbx:
        seen = await see("fallback", fallback(pbx.uri(transport)), trust=pbx.trust)

    assert seen.answer("answered_ratio") == (1, None)
    assert (seen.attempt()["requests"] > 1) == (transport == "udp")


@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_answers_in_pieces(tmp_path: Path, transport: str) -> None:
    """Seven octets at a time, a body and a provisional answer ahead: Content-Length tells where one ends."""
    faults = {
        "statuses": ("183 Session Progress", "200 OK"),
        "body": b"v=0\r\n\r\nSIP/2.0 503 x\r\n\r\n",
        "split": True,
    }
    async with sip_responder(tmp_path, **faults) as pbx:
        seen = await see("fallback", fallback(pbx.uri(transport)), trust=pbx.trust)

    assert seen.answer("answered_ratio") == (1, None)
    assert seen.attempt()["status"] == 200


async def test_silence_refusal_and_a_stranger(tmp_path: Path) -> None:
    """A dropped request is a time-out, a closed port a refusal, by UDP (ICMP) as by TCP; a web server is no SIP."""

    async def web(reader: Any, writer: Any) -> None:
        await reader.read(1000)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with sip_responder(tmp_path, drop_first=99) as pbx, listener(stay_silent) as silent, listener(web) as other:
        places = ("127.0.0.1:9", "127.0.0.1:9;transport=tcp", f"127.0.0.1:{silent};transport=tcp")
        uris = [pbx.uri("udp"), *(f"sip:{place}" for place in places)]
        uris += [f"sips:127.0.0.1:{silent}", f"sip:127.0.0.1:{other};transport=tcp", "sip:pbx.invalid"]
        seen = await see("fallback", fallback(*uris))

    assert [seen.codes(target)[0] for target in range(7)] == [
        "connection_timeout",
        "connection_refused",
        "connection_refused",
        "connection_timeout",
        "tls_handshake_failed",
        "sip_status",
        "dns_not_found",
    ]
    assert seen.attempt(0)["failure"]["operation"] == "options"
    assert seen.answer("answered_ratio")[0] == 0


async def test_untrusted_certificate(tmp_path: Path) -> None:
    """A telephone system whose certificate is not believed does not answer."""
    async with sip_responder(tmp_path) as pbx:
        seen = await see("fallback", fallback(pbx.uri("tls").replace("sip:", "sips:").replace(";transport=tls", "")))

    assert seen.answer("answered_ratio") == (0, "tls_untrusted")


async def test_nothing_configured() -> None:
    """A profile without fallback telephony costs nothing."""
    seen = await see("fallback", {})

    assert seen.evidence == {"targets": []}
    assert seen.answer("answered_ratio") == (None, "not_configured")
    assert seen.summary == "no fallback telephony in the profile"


async def test_interruption_keeps_what_was_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while one server is silent: the other's answers are in the evidence, and no ratio is claimed."""
    configure_proxy(monkeypatch)
    monkeypatch.setattr(sip, "ANSWER_TIMEOUT_S", 4.0)
    async with sip_responder(tmp_path) as pbx, listener(stay_silent) as silent:
        uris = fallback(pbx.uri("udp"), f"sip:127.0.0.1:{silent};transport=tcp")
        seen = await see_interrupted("fallback", uris, "1 of 2 asked")

    assert seen.attempt(0)["status"] == 200
    assert seen.answer("answered_ratio") == (None, "interrupted")


def test_inputs_and_traffic() -> None:
    """Users and passwords are in neither; host, port and transport are what the URI means."""
    profile = profile_of(fallback("sip:a:b@pbx", "sips:c@[::1]", "sip:pbx:5080;transport=tcp"))

    assert Fallback.inputs(profile) == ["sip:pbx", "sips:[::1]", "sip:pbx:5080;transport=tcp"]
    rows = [(one.host, one.port, one.protocol) for one in Fallback.traffic(profile)]
    assert rows == [("pbx", 5060, "udp"), ("::1", 5061, "tls"), ("pbx", 5080, "tcp")]
