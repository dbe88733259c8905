"""A flow of emulated calls with literal times, towards a reflector that counts, or does not."""

import pytest

from readycheck.rtc.load_flow import LoadFlow
from readycheck.rtc.stamp import (
    DirectMeasurement,
    ErrorEstimate,
    ReflectorPacket,
    Tlv,
    TlvType,
    decode_sender,
    digest,
    encode_reflector,
    ntp_timestamp,
)

UNIX_NS = 1_700_000_000_000_000_000
MS = 1_000_000
AHEAD_NS = 5_000 * MS
"""The reflector's clock goes so much before ours."""
KEY = b"a key that both ends know"


class Far:
    """A reflector: 10 ms there, 1 ms kept, 20 ms back."""

    def __init__(self, flow: LoadFlow, key: bytes | None = None) -> None:
        self.flow, self.key, self.count, self.cut = flow, key, 0, 0

    def reply(self, data: bytes, at_ns: int, sequence: int, *, ptp: bool = False) -> bytes:
        sent = decode_sender(data, self.key)
        came_ns = UNIX_NS + AHEAD_NS + at_ns + 10 * MS
        times = [ntp_timestamp(came_ns + kept) for kept in (0, MS)]
        if ptp:
            times = [(ns // 10**9) << 32 | ns % 10**9 for ns in (came_ns, came_ns + MS)]
        asked = [one for one in sent.tlvs if one.type == TlvType.DIRECT_MEASUREMENT]
        told = DirectMeasurement(len(self.flow.stamps), sequence + 1 + self.cut, sequence + 1).encode()
        tlvs = tuple(Tlv(TlvType.DIRECT_MEASUREMENT, told, unrecognized=False) for _ in asked)
        packet = ReflectorPacket(
            sequence,
            times[1],
            times[0],
            sent.sequence,
            sent.timestamp,
            ErrorEstimate(ptp=ptp),
            ssid=sent.ssid,
            tlvs=tlvs,
        )
        return encode_reflector(packet, self.key)

    def send(self, at_ms: int, fate: str = "back", **options: bool) -> None:
        """One packet: back, lost up, lost down, or twice up."""
        data = bytes(self.flow.next_packet(at_ms * MS))
        for _ in range({"up": 0, "twice": 2}.get(fate, 1)):
            answer = self.reply(data, at_ms * MS, self.count, **options)
            self.count += 1
            if fate != "down":
                self.flow.arrivals.append(((at_ms + 31) * MS, answer))

    def close(self, at_ms: int, *, stateless: bool = False) -> None:
        data = self.flow.closing_packet(at_ms * MS)
        self.flow.arrivals.append(((at_ms + 31) * MS, self.reply(data, at_ms * MS, 0 if stateless else self.count)))
        self.count += 1


@pytest.fixture(params=[None, KEY], ids=["open", "authenticated"])
def far(request: pytest.FixtureRequest) -> Far:
    """With and without a key."""
    return Far(LoadFlow(110, 5, UNIX_NS, request.param), request.param)


def test_the_packets_size(far: Far) -> None:
    """A call's 110 octets, or what a signed packet needs; every packet has its own number."""
    packets = [bytes(far.flow.next_packet(at)) for at in (0, MS)]

    assert [len(one) for one in packets] == [112 if far.key else 110] * 2
    assert [decode_sender(one, far.key).sequence for one in packets] == [0, 1]


@pytest.mark.parametrize("clock", ["ntp", "ptp"])
def test_delays(far: Far, clock: str) -> None:
    """Round trips without the reflector's own time; one way above an offset, whichever format its clock has."""
    far.flow.begin()
    for at in (0, 20):
        far.send(at, ptp=clock == "ptp")
    far.flow.read()
    count = far.flow.count(0)

    assert count.rtt_ms == pytest.approx((30.0, 30.0), abs=0.01)
    assert count.up_ms[1] - count.up_ms[0] == pytest.approx(0.0, abs=0.01)
    assert count.down_ms[1] - count.down_ms[0] == pytest.approx(0.0, abs=0.01)
    assert count.stayed_ms == pytest.approx((1.0, 1.0), abs=0.01)
    if clock == "ntp":
        assert (count.up_ms[0], count.down_ms[0]) == pytest.approx((5010.0, -4980.0), abs=0.01)


def test_a_clock_that_jumps_while_it_answers(far: Far) -> None:
    """A stay longer than the whole round trip, or none at all, is not believed."""
    far.flow.begin()
    data = bytes(far.flow.next_packet(0))
    answer = bytearray(far.reply(data, 0, 0))
    sent_at = 16 if far.key else 4
    answer[sent_at : sent_at + 4] = (int.from_bytes(answer[sent_at : sent_at + 4]) + 60).to_bytes(4)
    if far.key:
        answer[96:112] = digest(far.key, bytes(answer[:96]))
    far.flow.arrivals.append((31 * MS, bytes(answer)))
    far.flow.read()
    count = far.flow.count(0)

    assert count.rtt_ms == pytest.approx((31.0,), abs=0.01)
    assert count.stayed_ms == (0.0,)


def test_losses_of_each_way(far: Far) -> None:
    """Up is what the reflector's count fell behind, down the rest; in the midst, at both ends, and in a later step."""
    for begins_ms in (0, 1000):
        far.flow.begin()
        for number, fate in enumerate(["up", "down", "back", "up", "up", "back", "down", "back", "up", "down"]):
            far.send(begins_ms + 20 * number, fate)
        far.close(begins_ms + 300)
        far.flow.read()
        count = far.flow.count(begins_ms * MS)

        assert far.flow.closed
        assert not far.flow.complete
        assert (count.sent, count.received, count.lost_up) == (10, 3, 4)


def test_the_window_begins_where_the_count_is_known(far: Far) -> None:
    """What was sent before the queues had filled does not count: from the last reply before the window on."""
    far.flow.begin()
    for number, fate in enumerate(["up", "up", "back", "up", "back", "down", "back"]):
        far.send(20 * number, fate)
    far.close(300)
    far.flow.read()
    count = far.flow.count(70 * MS)

    assert (count.sent, count.received, count.lost_up) == (4, 2, 1)


def test_what_came_twice_to_it_hides_no_loss(far: Far) -> None:
    """A packet that the network doubled raises the reflector's count, and is told from one that was not lost."""
    far.flow.begin()
    for number, fate in enumerate(["back", "twice", "up", "down", "back"]):
        far.send(20 * number, fate)
    far.close(300)
    far.flow.read()
    count = far.flow.count(0)

    assert (count.sent, count.received, count.lost_up, count.duplicates) == (5, 3, 1, 1)


def test_a_reflector_that_does_not_count(far: Far) -> None:
    """It copies the closing packet's number: which way lost cannot be told, and is not guessed."""
    far.flow.begin()
    far.send(0)
    far.send(20, "up")
    far.close(300, stateless=True)
    far.flow.read()

    assert far.flow.is_stateful is False
    assert far.flow.count(0).lost_up is None


def test_no_answer_at_the_end(far: Far) -> None:
    """Without the closing answer the last losses have no direction."""
    far.flow.begin()
    far.send(0)
    far.send(20, "up")
    far.flow.read()

    assert not far.flow.closed
    assert far.flow.count(0).lost_up is None


def test_its_cap(far: Far) -> None:
    """What it received and did not answer, by its own count, and in this step alone."""
    cuts = []
    for begins_ms, cut in ((0, 3), (1000, 7)):
        far.flow.begin()
        far.send(begins_ms)
        far.cut = cut
        far.close(begins_ms + 300)
        far.flow.read()
        cuts.append(far.flow.count(begins_ms * MS).cut)

    assert cuts == [3, 4]


def test_junk_and_latecomers(far: Far) -> None:
    """Junk, foreign numbers, foreign times and answers to an earlier step change nothing, and are counted."""
    far.flow.begin()
    late = far.reply(bytes(far.flow.next_packet(0)), 0, 0)
    far.flow.begin()
    data = bytes(far.flow.next_packet(20 * MS))
    honest = far.reply(data, 20 * MS, 1)
    if far.key is None:
        strange = [honest[:24] + b"\0\0\xff\xff" + honest[28:], honest[:28] + b"\1" * 8 + honest[36:]]
    else:
        strange = [honest[:40] + b"?" + honest[41:], honest[:111] + b"?"]
    far.flow.arrivals.extend((50 * MS, one) for one in [b"", b"junk", late, *strange, honest])
    far.flow.read()

    assert far.flow.discarded == 5
    assert far.flow.complete
    assert far.flow.count(0).received == 1


def test_what_the_system_refused_was_never_sent(far: Far) -> None:
    """It takes no number, so that the reflector does not seem to have missed it."""
    far.flow.begin()
    far.flow.next_packet(0)
    far.flow.unsent()
    far.send(20)
    far.close(300)
    far.flow.read()

    assert (far.flow.count(0).sent, far.flow.count(0).lost_up) == (1, 0)
