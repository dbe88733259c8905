"""SIP by the RFC's own examples, and by octets that nobody would call SIP."""

import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readycheck.rtc.sip import (
    Malformed,
    OptionsRequest,
    SipFraming,
    SipResponse,
    parse_response,
    parse_sip_uri,
)

LOCAL = ("192.0.2.4", 40_000)
# RFC 3261 section 11.2, with the Content-Length of a message that is cut here
OPTIONS_ANSWER = b"""\
SIP/2.0 200 OK\r
Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKhjhs8ass877\r
 ;received=192.0.2.4\r
To: <sip:carol@chicago.com>;tag=93810874\r
From: Alice <sip:alice@atlanta.com>;tag=1928301774\r
Call-ID: a84b4c76e66710\r
CSeq: 63104 OPTIONS\r
Contact: <sip:carol@chicago.com>\r
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE\r
Content-Length: 4\r
\r
v=0
"""


@pytest.mark.parametrize(
    ("text", "place", "transport", "shown"),
    [
        # RFC 3261 section 19.1.3
        ("sip:alice@atlanta.com", ("atlanta.com", 5060), "udp", "sip:atlanta.com"),
        (
            "sip:alice:secretword@atlanta.com;transport=tcp",
            ("atlanta.com", 5060),
            "tcp",
            "sip:atlanta.com;transport=tcp",
        ),
        (
            "sips:alice@atlanta.com?subject=project%20x&priority=urgent",
            ("atlanta.com", 5061),
            "tls",
            "sips:atlanta.com",
        ),
        ("sip:+1-212-555-1212:1234@gateway.com;user=phone", ("gateway.com", 5060), "udp", "sip:gateway.com"),
        ("sips:1212@gateway.com", ("gateway.com", 5061), "tls", "sips:gateway.com"),
        ("sip:alice@192.0.2.4", ("192.0.2.4", 5060), "udp", "sip:192.0.2.4"),
        ("sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com", ("atlanta.com", 5060), "udp", "sip:atlanta.com"),
        ("sip:alice;day=tuesday@atlanta.com", ("atlanta.com", 5060), "udp", "sip:atlanta.com"),
        (
            "SIP:[2001:db8::10]:5070;Transport=TCP",
            ("2001:db8::10", 5070),
            "tcp",
            "sip:[2001:db8::10]:5070;transport=tcp",
        ),
        ("sip:pbx;transport=tls", ("pbx", 5061), "tls", "sip:pbx;transport=tls"),
        ("sips:pbx;transport=tcp", ("pbx", 5061), "tls", "sips:pbx;transport=tcp"),
    ],
)
def test_uris(text: str, place: tuple[str, int], transport: str, shown: str) -> None:
    """Host, port and transport as they are used, and the URI as it may be shown."""
    uri = parse_sip_uri(text)

    assert (uri.place, uri.transport, uri.shown) == (place, transport, shown)
    assert "secretword" not in uri.request_uri


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sip:",
        "sip:@host",
        "tel:+123",
        "sip:host:0",
        "sip:host:99999",
        "sip:[::1",
        "sip:[1:2]",
        "sip:a b@host",
        "sip:host\r\nX: y",
        "sip:hôte",
        "\u017fip:host",
        "sip:\u017f@host",
        "sip:host;transport=sctp",
        "sips:host;transport=udp",
        "sip:host/path",
    ],
)
def test_no_uris(text: str) -> None:
    """What cannot be asked over UDP, TCP or TLS is refused with a sentence."""
    with pytest.raises(ValueError, match=r"\w"):
        parse_sip_uri(text)


def test_refusal_repeats_no_password() -> None:
    """A URI that is refused is not quoted."""
    with pytest.raises(ValueError, match=r"no SIP URL") as refusal:
        parse_sip_uri("sip:alice:secretword@host name")

    assert "secretword" not in str(refusal.value)


def test_answer_of_the_rfc() -> None:
    """The example of section 11.2: status, and what tells whose answer it is; folded lines are put together."""
    assert parse_response(OPTIONS_ANSWER) == SipResponse(
        200, "OK", "z9hG4bKhjhs8ass877", "a84b4c76e66710", "OPTIONS", None
    )


def test_short_names_and_loose_lines() -> None:
    """Compact forms (section 7.3.3), odd case, bare line feeds and the first of two Via headers."""
    via = b"v: SIP/2.0/TCP a ; branch = z9hG4bK1, SIP/2.0/TCP b;branch=z\nV: x"
    octets = b"sip/2.0 486 Busy  Here\n" + via + b"\ni:1\ncseq: 1 options\n"
    assert parse_response(octets) == SipResponse(486, "Busy  Here", "z9hG4bK1", "1", "OPTIONS", None)


@pytest.mark.parametrize(
    "octets", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"SIP/2.0 99 x", b"SIP/2.0 700 x", b"OPTIONS sip:a SIP/2.0"]
)
def test_no_answers(octets: bytes) -> None:
    """What has no SIP status line is no response."""
    with pytest.raises(Malformed):
        parse_response(octets)


def test_request_is_answered_by_its_own_answer_alone() -> None:
    """Branch, Call-ID and method must all be its own (section 17.1.3)."""
    request = OptionsRequest(parse_sip_uri("sip:pbx"), LOCAL, "a test", 0.0)
    text = (request.due(0.0) or b"").decode().replace("OPTIONS sip:pbx SIP/2.0", "SIP/2.0 200 OK")
    stranger = OptionsRequest(parse_sip_uri("sip:pbx"), LOCAL, "a test", 0.0)

    assert request.is_answered_by(parse_response(text.encode()))
    assert not stranger.is_answered_by(parse_response(text.encode()))
    assert not request.is_answered_by(parse_response(text.replace("1 OPTIONS", "1 INVITE").encode()))
    assert not request.is_answered_by(parse_response(text.replace("Call-ID: ", "Call-ID: x").encode()))


def test_retransmissions_double_up_to_two_seconds() -> None:
    """Over UDP at 0, 0.5, 1.5, 3.5, 5.5 s (section 17.1.2.2), the same octets each time."""
    request, now, sent = OptionsRequest(parse_sip_uri("sip:pbx"), LOCAL, "a test", 0.0), 0.0, []
    while now < 6.0:
        assert request.next_at is not None
        now = request.next_at
        assert request.due(now - 0.001) is None
        sent.append((now, request.due(now)))

    assert [at for at, _ in sent] == [0.0, 0.5, 1.5, 3.5, 5.5, 7.5][: len(sent)]
    assert len({octets for _, octets in sent[1:]}) == 1
    assert request.round_trip_s(8.0) is None


@pytest.mark.parametrize("uri", ["sip:pbx;transport=tcp", "sips:pbx"])
def test_nothing_is_sent_twice_over_a_stream(uri: str) -> None:
    """TCP and TLS see to it themselves."""
    request = OptionsRequest(parse_sip_uri(uri), LOCAL, "a test", 0.0)

    assert request.due(0.0)
    assert request.next_at is None
    assert request.due(100.0) is None
    assert request.round_trip_s(0.25) == 0.25


def test_own_address_without_its_zone() -> None:
    """The zone of a link-local address means nothing to anybody else."""
    request = OptionsRequest(parse_sip_uri("sip:[fe80::2]"), ("fe80::1%eth0", 5060), "a test", 0.0)

    assert b"Via: SIP/2.0/UDP [fe80::1]:5060;branch=z9hG4bK" in (request.due(0.0) or b"")


def test_framing_by_content_length() -> None:
    """Messages come out whole wherever the stream is cut; keep-alives between them are passed over."""
    stream = b"\r\n\r\n" + OPTIONS_ANSWER + b"\r\n" + OPTIONS_ANSWER.replace(b"4\r\n\r\nv=0\n", b"0\r\n\r\n")
    for size in (1, 2, 7, 100, len(stream)):
        framing = SipFraming()
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        found = list(itertools.chain.from_iterable(map(framing.feed, pieces)))
        assert [one[-4:] for one in found] == [b"v=0\n", b"\r\n\r\n"]


@pytest.mark.parametrize(
    "octets",
    [
        b"HTTP/1.1 200 OK\r\n",
        b"\x00" * 70_000,
        b"SIP/2.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"SIP/2.0 200 OK\r\nl: 999999999\r\n\r\n",
        b"SIP/2.0 200 OK\r\nContent-Length: \xc2\xb2\r\n\r\n",
    ],
    ids=lambda octets: repr(octets[:20]),
)
def test_streams_that_are_given_up(octets: bytes) -> None:
    """What is no SIP, has no end, or lies about its length."""
    with pytest.raises(Malformed):
        SipFraming().feed(octets)


@given(st.binary() | st.builds(lambda tail: b"SIP/2.0 200 OK\r\n" + tail, st.binary()))
def test_any_octets_are_read_or_malformed(octets: bytes) -> None:
    """Nothing but Malformed comes out of junk, and what is read answers no request of ours."""
    request = OptionsRequest(parse_sip_uri("sip:pbx"), LOCAL, "a test", 0.0)
    with contextlib.suppress(Malformed):
        assert not request.is_answered_by(parse_response(octets))
    with contextlib.suppress(Malformed):
        assert all(SipFraming().feed(octets))


@given(st.text())
def test_any_text_is_a_uri_or_refused(text: str) -> None:
    """Nothing but ValueError comes out of what is no URI, and what is one can be sent."""
    try:
        uri = parse_sip_uri(f"sip:{text}")
    except ValueError:
        return
    assert uri.request_uri.isascii()
    assert OptionsRequest(uri, LOCAL, "a test", 0.0).due(0.0)
