"""The measuring stream, with literal times."""

import pytest

from readycheck.probes.path import PathEvidence
from readycheck.rtc.packet_stream import PacketStream

MARK = b"01234567"


@pytest.fixture
def stream() -> PacketStream:
    return PacketStream(MARK, 110, started_at=10.0)


def sent(stream: PacketStream, count: int) -> list[bytes]:
    return [stream.next_packet(10.0 + 0.02 * number, 10.001 + 0.02 * number) for number in range(count)]


def test_packets_have_the_size_of_a_call(stream: PacketStream) -> None:
    """Each packet is as large as asked, and tells its number."""
    packets = sent(stream, 2)

    assert [len(packet) for packet in packets] == [110, 110]
    assert packets[0] != packets[1]
    assert stream.lateness_ms == pytest.approx([1.0, 1.0])
    assert stream.sent_after_ms() == [1.0, 20.0]


def test_delays_stand_in_the_order_of_sending(stream: PacketStream) -> None:
    """Lost packets are None, early arrivals of later ones change nothing but the order of arrival."""
    first, second, third = sent(stream, 3)
    stream.received(third, 10.091)
    stream.received(first, 10.101)

    assert stream.rtt_ms() == [100.0, None, 50.0]
    assert stream.arrivals == [2, 0]
    assert not stream.complete
    stream.received(second, 10.2)
    assert stream.complete


def test_duplicates_do_not_hide_loss(stream: PacketStream) -> None:
    """A packet that comes twice counts once, and is told."""
    first, _ = sent(stream, 2)
    stream.received(first, 10.1)
    stream.received(first, 10.2)

    assert stream.rtt_ms() == [99.0, None]
    assert stream.duplicates == 1


@pytest.mark.parametrize("data", [b"", MARK, MARK + bytes(101), b"x" * 110, MARK + b"\xff\xff\xff\xff" + bytes(98)])
def test_foreign_packets_are_left_alone(stream: PacketStream, data: bytes) -> None:
    """Another mark, another size, a number never sent."""
    sent(stream, 1)
    stream.received(data, 10.1)

    assert stream.rtt_ms() == [None]


def test_what_may_still_come_is_not_lost(stream: PacketStream) -> None:
    """Cut short, the last unanswered packets are left out while they are young, older losses stay."""
    _, second, *_ = sent(stream, 4)
    stream.received(second, 10.05)

    assert stream.settled(10.1, after_s=1.0).rtt_ms() == [None, 29.0]
    assert stream.settled(20.0, after_s=1.0).rtt_ms() == [None, 29.0, None, None]


def test_what_was_refused_last_may_be_cut_off_too(stream: PacketStream) -> None:
    """Of the packets that the system had no room for only those are told that are in what is left."""
    _, second, *_ = sent(stream, 4)
    stream.received(second, 10.05)
    stream.unsent += [0, 3]

    settled = stream.settled(10.1, after_s=1.0)
    evidence = PathEvidence("udp", rtt_ms=tuple(settled.rtt_ms()), unsent=tuple(settled.unsent))

    assert settled.unsent == [0]
    assert evidence.line.doubt.own_losses == {0}


def test_a_settled_stream_stays_as_it_is(stream: PacketStream) -> None:
    """What comes later is not in it; and delays can be had from a packet on."""
    first, second, third = sent(stream, 3)
    stream.received(first, 10.05)
    stream.received(third, 10.09)
    settled = stream.settled(10.1, after_s=1.0)
    stream.received(second, 10.1)

    assert settled.rtt_ms() == [49.0, None, 49.0]
    assert settled.rtt_ms(1) == [None, 49.0]
