"""Live: the link of the tests does what it says, and says what it did."""

import json
import sys
from statistics import fmean

import pytest

from tests.live.conftest import Join
from tests.live.namespaces import CLIENT, SERVER, Site
from tests.netlab.flows import Direction
from tests.netlab.way import Way

pytestmark = pytest.mark.live

PORT, COUNT, BYTE = 5004, 300, 60
IP_BYTE = BYTE + 28
# Sends numbered datagrams, one each 2 ms; or tells the numbers that came, once none does any more.
_TALK = """
import json, socket, sys, time
own, other, port, count, byte = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
    udp.bind((own, port))
    print("bound", flush=True)
    for number in range(count):
        udp.sendto(number.to_bytes(4) + bytes(byte - 4), (other, port))
        time.sleep(0.002)
    came, timeout_s = [], 5
    while not count:
        udp.settimeout(timeout_s)
        try:
            came.append(int.from_bytes(udp.recv(2048)[:4]))
        except TimeoutError:
            break
        timeout_s = 0.5
    print(json.dumps(came))
"""


def talk(site: Site, direction: Direction) -> list[int]:
    """What one end received of what the other sent."""
    ends = ((site.client, CLIENT), (site.server, SERVER))
    (sender, source), (receiver, destination) = ends if direction == "up" else ends[::-1]
    script = (sys.executable, "-c", _TALK)
    listening = receiver.start(*script, destination, source, str(PORT), "0", "0")
    assert listening.stdout
    assert listening.stdout.readline() == "bound\n"
    sender.run(*script, source, destination, str(PORT), str(COUNT), str(BYTE))
    came: list[int] = json.loads(listening.communicate(timeout=20)[0])
    receiver.running.remove(listening)
    return came


@pytest.mark.parametrize(
    ("direction", "way"),
    [
        (
            "up",
            Way(delay_ms=20, jitter_ms=4, keeps_order=False, loss_ratio=0.1, burst_ratio=0.1, duplicate_ratio=0.1),
        ),
        ("down", Way(reorder_ratio=0.1, reorder_ms=30, rate_bps=60_000, queue_byte=2_000, outages_s=((0.2, 0.3),))),
    ],
    ids=["chance", "rate and time"],
)
def test_what_came_is_what_the_link_says_departed(site: Site, join: Join, direction: Direction, way: Way) -> None:
    """Packet for packet, in that order, copies and all; the other direction is left alone."""
    line = join(up=way) if direction == "up" else join(down=way)

    came = talk(site, direction)

    packets = line.truth().packets(direction, PORT, IP_BYTE)
    assert len(packets) == COUNT
    departed = [(at, packet.number(28)) for packet in packets for at in packet.departed_s]
    assert came == [number for _, number in sorted(departed)]
    assert came != sorted(came)
    causes = {packet.cause for packet in packets}
    assert causes == ({"loss", "burst", None} if direction == "up" else {"outage", "queue", None})
    assert (len(came) > len(set(came))) == (direction == "up")
    if direction == "up":
        delays_ms = [packet.delay_ms for packet in packets if packet.departed_s]
        assert fmean(delays_ms) == pytest.approx(20, abs=1.5)  # 240 times: five standard errors, and what waking takes
