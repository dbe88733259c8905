"""The session sender's stream with literal times and replies made by the codec."""

import pytest

from readycheck.rtc.stamp import (
    ClassOfService,
    ErrorEstimate,
    ReflectorPacket,
    Tlv,
    TlvType,
    decode_sender,
    encode_reflector,
    ntp_timestamp,
)
from readycheck.rtc.stamp_stream import StampStream

UNIX_NS = 1_800_000_000_000_000_000
KEY = b"a key that both ends know"


def stream(byte: int = 110, key: bytes | None = None) -> StampStream:
    return StampStream(b"", byte, 10.0, key=key, ssid=9, unix_started_ns=UNIX_NS)


def sent(began: StampStream, count: int) -> list[bytes]:
    return [began.next_packet(10 + 0.02 * number, 10 + 0.02 * number) for number in range(count)]


def reply(packet: bytes, sequence: int, at: float, stays_s: float = 0.0, *, ptp: bool = False) -> bytes:
    """From a reflector whose clock is 100 s ahead."""
    asked = decode_sender(packet)
    times = [UNIX_NS + round((100 + at - 10 + after) * 1e9) for after in (0.0, stays_s)]
    received, left = [ns // 10**9 << 32 | ns % 10**9 for ns in times] if ptp else [ntp_timestamp(ns) for ns in times]
    service = Tlv(TlvType.CLASS_OF_SERVICE, ClassOfService(46, 46).encode(), unrecognized=False)
    return encode_reflector(
        ReflectorPacket(
            *(sequence, left, received, asked.sequence, asked.timestamp),
            error_estimate=ErrorEstimate(ptp=ptp),
            tlvs=(service,),
        )
    )


@pytest.mark.parametrize(
    ("byte", "key", "true"), [(110, None, 110), (52, None, 52), (45, None, 52), (55, None, 52), (110, KEY, 140)]
)
def test_true_size(byte: int, key: bytes | None, true: int) -> None:
    """A call's size where it fits; what TLVs and signature need otherwise, and `payload_byte` says so."""
    began = stream(byte, key)
    (packet,) = sent(began, 1)

    assert len(packet) == began.payload_byte == true
    assert (decode_sender(packet, key).ssid, decode_sender(packet, key).timestamp) == (9, ntp_timestamp(UNIX_NS))


@pytest.mark.parametrize("ptp", [False, True])
def test_delays(*, ptp: bool) -> None:
    """The round trip is without the reflector's own time; each way is told above its smallest, in both time formats."""
    began = stream()
    first, second, third = sent(began, 3)
    began.received(reply(first, 0, 10.030, 0.005, ptp=ptp), 10.055)
    began.received(reply(third, 1, 10.075, 0.005, ptp=ptp), 10.095)

    assert began.rtt_ms() == pytest.approx([50, None, 50])
    up, down, steps = began.one_way_ms()
    assert up == pytest.approx([0, None, 5], abs=0.002)
    assert down == pytest.approx([5, None, 0], abs=0.002)
    assert steps == 0
    assert began.behind() == [0, None, 1]
    assert began.marks() == {46: 2}
    assert decode_sender(second).sequence == 1


def test_the_kernels_time_of_sending_counts() -> None:
    """When the packet really left replaces when it was handed over."""
    began = stream()
    (first,) = sent(began, 1)
    began.sent(0, 10.004)
    began.sent(1, 11.0)
    began.received(reply(first, 0, 10.02), 10.024)

    assert began.rtt_ms() == pytest.approx([20])


def test_a_packet_that_reached_it_twice_is_no_gain() -> None:
    """A duplicate made on the way out raises the reflector's count, and hides no loss."""
    began = stream()
    first, _, third = sent(began, 3)
    for sequence in (0, 1):
        began.received(reply(first, sequence, 10.01), 10.02)
    began.received(reply(third, 2, 10.05), 10.06)

    assert (began.duplicates, began.received_again) == (1, {1})
    assert began.behind() == [0, None, 1]


def test_closing() -> None:
    """The answer to a closing packet is no packet of the stream, but tells the reflector's count."""
    began = stream()
    packets = sent(began, 4)
    unanswered, closing = began.closing_packet(10.2), began.closing_packet(10.4)
    began.received(reply(packets[0], 0, 10.01), 10.02)
    began.received(reply(closing, 3, 10.41), 10.42)

    assert decode_sender(unanswered).sequence == decode_sender(closing).sequence == 2
    assert len(closing) < len(packets[0])
    assert began.closing == (3, 1)
    assert began.arrivals == [0]
    assert began.rtt_ms()[1:] == [None, None, None]
