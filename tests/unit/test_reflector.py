"""The reflector's parts with literal octets and times, and its socket on loopback."""

import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readycheck.reflector.beside import reflecting
from readycheck.reflector.caps import Caps
from readycheck.reflector.reply import Replier
from readycheck.reflector.server import Reflector
from readycheck.reflector.sessions import Sessions
from readycheck.rtc.stamp import (
    ClassOfService,
    DirectMeasurement,
    ErrorEstimate,
    Malformed,
    ReflectorPacket,
    SenderPacket,
    Tlv,
    TlvType,
    decode_reflector,
    encode_reflector,
    encode_sender,
    extra_padding,
)

KEY = b"a key that both ends know"
COS = Tlv(TlvType.CLASS_OF_SERVICE, ClassOfService(46).encode())
EF = 46 << 2


def request(sequence: int = 7, ssid: int = 5, tlvs: tuple[Tlv, ...] = (), key: bytes | None = None) -> bytes:
    return encode_sender(SenderPacket(sequence, 1 << 40, ErrorEstimate(scale=9), ssid, tlvs), key)


def replied(
    data: bytes, key: bytes | None = None, mark: int | None = EF, counted: tuple[int, int] | None = None
) -> tuple[bytes, int | None]:
    replier = Replier(key)
    assert replier.accepts(data)
    tail, back = replier.tail(data, mark, counted)
    return replier.reply(data, 3, (11, 12), 64, tail), back


@pytest.mark.parametrize("key", [None, KEY])
def test_reply_is_the_codecs(key: bytes | None) -> None:
    """The octets laid out by hand are those that the codec writes."""
    answer, _ = replied(request(key=key), key)
    expected = ReflectorPacket(3, 12, 11, 7, 1 << 40, ErrorEstimate(), ErrorEstimate(scale=9), 5, 64)

    assert answer == encode_reflector(expected, key)


@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize("padding", [b"", bytes(100)])
def test_a_reply_is_never_answered(key: bytes | None, padding: bytes) -> None:
    """Two reflectors, or one with itself, would answer each other without end; the turn of a second changes nothing."""
    second, replier = 3_900_000_000 << 32, Replier(key)
    for received, sent in ((second + 5, second + 9), (second - 5, second + 9)):
        answer = replier.reply(request(key=key), 3, (received, sent), 64, padding)
        assert decode_reflector(answer, key).receive_timestamp == received
        assert not replier.accepts(answer)


def test_padding_of_twamp_light_is_no_reply() -> None:
    """Any padding behind a sender's first 14 octets is answered: RFC 5357 does not ask for zeros."""
    assert all(Replier(None).accepts(request()[:14] + bytes([one]) * 30) for one in range(256))


@pytest.mark.parametrize("key", [None, KEY])
def test_class_of_service_is_filled_in(key: bytes | None) -> None:
    """DSCP and ECN as they arrived, signed anew; the reply goes back with the mark that was wished."""
    data = request(tlvs=(COS, extra_padding(58)), key=key)
    answer, back = replied(data, key, mark=10 << 2 | 1)
    packet = decode_reflector(answer, key)
    seen = packet.tlv(TlvType.CLASS_OF_SERVICE)

    assert seen
    assert ClassOfService.decode(seen.value) == ClassOfService(46, 10, 1)
    assert back == EF
    assert len(answer) == len(data)
    assert not any(tlv.refused for tlv in packet.tlvs)


def test_a_system_that_tells_no_mark_says_so() -> None:
    """The CoS TLV goes back as not understood, and nothing is marked."""
    answer, back = replied(request(tlvs=(COS,)), mark=None)

    assert decode_reflector(answer).tlvs == (COS,)
    assert back is None


@pytest.mark.parametrize("key", [None, KEY])
def test_direct_measurement_is_filled_in(key: bytes | None) -> None:
    """RFC 8972 section 4.5: the sender's count as it came, the reflector's own, anew in each reply; signed."""
    asked = Tlv(TlvType.DIRECT_MEASUREMENT, DirectMeasurement(100).encode())
    for counted in ((90, 80), (91, 81)):
        answer, _ = replied(request(tlvs=(asked,), key=key), key, counted=counted)
        told = decode_reflector(answer, key).tlv(TlvType.DIRECT_MEASUREMENT)
        assert told
        assert DirectMeasurement.decode(told.value) == DirectMeasurement(100, *counted)
    assert decode_reflector(replied(request(tlvs=(asked,), key=key), key)[0], key).tlvs[0] == asked
    with pytest.raises(Malformed):
        DirectMeasurement.decode(b"short")


def test_counts_are_never_remembered() -> None:
    """The same TLVs again get the counts of their own packet, not those of the one before."""
    replier, data = Replier(None), request(tlvs=(Tlv(TlvType.DIRECT_MEASUREMENT, DirectMeasurement(1).encode()),))

    assert replier.tail(data, EF, (2, 2)) != replier.tail(data, EF, (3, 2))


def test_other_tlvs() -> None:
    """One that is not known goes back unchanged with U; one that is cut short with M; TWAMP's padding as it is."""
    unknown = Tlv(200, b"abc")
    assert decode_reflector(replied(request(tlvs=(unknown, COS)))[0]).tlvs[0] == unknown
    cut = decode_reflector(replied(request() + b"\x80\x04\x00\xff\0\0\0\0")[0]).tlvs
    assert [tlv.malformed for tlv in cut] == [True]
    padded = request() + bytes(range(50))
    assert replied(padded)[0][44:] == padded[44:]


def test_tlvs_of_a_broken_signature_carry_i() -> None:
    """RFC 8972 section 4.8: the base packet is genuine and answered, its TLVs are not believed."""
    data = bytearray(request(tlvs=(COS,), key=KEY))
    data[117] ^= 1
    answer, _ = replied(bytes(data), KEY)

    assert answer[112] & 0x20
    assert decode_reflector(answer, KEY).tlv(TlvType.CLASS_OF_SERVICE) is None


@given(st.binary(max_size=200), st.binary(max_size=80), st.sampled_from([None, KEY]), st.integers(0, 255) | st.none())
def test_no_amplification(junk: bytes, tail: bytes, key: bytes | None, mark: int | None) -> None:
    """Whatever comes, the reply is never longer, and with a key only to what the key signed."""
    replier = Replier(key)
    assert not (key and replier.accepts(junk))
    for data in (junk, request(key=key) + tail):
        if replier.accepts(data):
            made, _ = replier.tail(data, mark)
            assert len(replier.reply(data, 1, (2, 3), 4, made)) <= len(data)


def test_sessions_count_and_expire() -> None:
    """Each has numbers of its own; a full table refuses; silence ends a session."""
    sessions = Sessions(most=2, idle_s=10)
    assert sessions.next_sequence("a", 0) is None
    assert sessions.begin("a", 0)
    assert sessions.begin("b", 0)
    assert not sessions.begin("c", 0)
    assert [sessions.next_sequence(key, 5) for key in ("a", "a", "b", "a")] == [0, 1, 0, 2]
    sessions.next_sequence("b", 12)
    sessions.cut("a")
    sessions.cut("nobody")
    assert [sessions.cut_of(key) for key in ("a", "b", "nobody")] == [1, 0, 0]
    sessions.expire(15.5)
    assert list(sessions.table) == ["b"]
    assert sessions.cut_of("a") == 0


def test_caps() -> None:
    """A source gets nine tenths of all, others the rest; the next second counts anew."""
    caps = Caps(100)

    assert sum(caps.admit("a", 0.5) for _ in range(200)) == 90
    assert sum(caps.admit("b", 0.9) for _ in range(200)) == 10
    assert caps.admit("a", 1.5)


def ask(sender: socket.socket, *packets: bytes) -> list[bytes]:
    """Send, and wait for as many answers."""
    for packet in packets:
        sender.send(packet)
    return [sender.recv(4096) for _ in packets]


def waiting(sender: socket.socket) -> list[bytes]:
    """What has come and was not yet read."""
    sender.setblocking(False)
    answers: list[bytes] = []
    with suppress(BlockingIOError):
        while True:
            answers.append(sender.recv(4096))
    return answers


@pytest.fixture
def connect() -> Iterator[Callable[[Reflector], socket.socket]]:
    with ExitStack() as stack:

        def connected(reflector: Reflector) -> socket.socket:
            family = socket.AF_INET6 if ":" in reflector.bind else socket.AF_INET
            sender = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
            sender.connect((reflector.bind, reflector.port))
            return sender

        yield connected


@pytest.mark.parametrize("bind", ["127.0.0.1", "::1"])
def test_reflector_counts_what_it_received(bind: str, connect: Callable[[Reflector], socket.socket]) -> None:
    """Its own numbers per sender and SSID, whatever numbers came; TTL and mark as they arrived."""
    lines: list[str] = []
    with reflecting(bind=bind, tell=lines.append) as reflector:
        sender = connect(reflector)
        if sys.platform == "linux":
            sender.setsockopt(*((41, 67) if bind == "::1" else (0, 1)), EF)
        answers = ask(sender, *(request(number, tlvs=(COS,)) for number in (0, 4, 9)), request(1, ssid=6))
        packets = [decode_reflector(answer) for answer in answers]
        other = [decode_reflector(answer) for answer in ask(connect(reflector), request(3))]

    assert [(packet.sequence, packet.sender_sequence) for packet in packets] == [(0, 0), (1, 4), (2, 9), (0, 1)]
    assert [(packet.sequence, packet.sender_sequence) for packet in other] == [(0, 3)]
    assert reflector.counts.reflected == 5
    assert len(lines) == reflector.counts.sessions == 3
    if sys.platform == "linux":
        seen = packets[0].tlv(TlvType.CLASS_OF_SERVICE)
        assert seen
        assert ClassOfService.decode(seen.value).dscp_received == 46
        assert packets[0].sender_ttl == 64
    assert packets[0].receive_timestamp <= packets[0].timestamp


def test_silence_for_strangers(connect: Callable[[Reflector], socket.socket]) -> None:
    """No key, a wrong one, too few octets, too many: counted and not answered."""
    with reflecting(key=KEY) as reflector:
        sender = connect(reflector)
        for stranger in (request(), request(key=b"wrong"), request(key=KEY)[:111], bytes(3000), b""):
            sender.send(stranger)
        (answer,) = ask(sender, request(7, key=KEY))

    assert decode_reflector(answer, KEY).sender_sequence == 7
    assert waiting(sender) == []
    assert reflector.counts.refused == 5
    assert reflector.counts.sessions == 1


def test_a_flood_is_capped(connect: Callable[[Reflector], socket.socket]) -> None:
    """No more than the cap within a second, and the reflector goes on."""
    with reflecting(packets_per_s=50) as reflector:
        sender = connect(reflector)
        for number in range(200):
            sender.send(request(number))
        while reflector.counts.received < 200:
            time.sleep(0.01)

    answers = waiting(sender)
    assert 45 <= len(answers) <= 135  # within three seconds, on a machine that has to do much else
    assert reflector.counts.received == 200
    assert reflector.counts.capped == 200 - len(answers)


def test_a_full_table_is_served_without_state(connect: Callable[[Reflector], socket.socket]) -> None:
    """The newcomer gets its own number copied, as a stateless reflector would."""
    with reflecting(sessions=Sessions(most=1)) as reflector:
        ask(connect(reflector), request(0))
        (answer,) = ask(connect(reflector), request(77))

    assert decode_reflector(answer).sequence == 77
