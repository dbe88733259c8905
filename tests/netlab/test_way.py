"""The fates of packets, with literal numbers and seeds."""

import random
from itertools import pairwise
from statistics import fmean, stdev

import pytest

from readycheck.rtc.loss import loss_runs
from tests.netlab.flows import Endpoints, Link, endpoints_of
from tests.netlab.way import Bottleneck, Fates, Way

COUNT = 20_000


def packet(port: int, number: int = 0, *, to_server: bool = True) -> bytes:
    """An IPv4 UDP packet of 100 octets between 192.0.2.2 and port 862 of 198.51.100.2."""
    client, server = bytes([192, 0, 2, 2]), bytes([198, 51, 100, 2])
    ends = client + server if to_server else server + client
    ports = port.to_bytes(2) + (862).to_bytes(2) if to_server else (862).to_bytes(2) + port.to_bytes(2)
    return b"\x45" + bytes(8) + b"\x11" + bytes(2) + ends + ports + bytes(4) + number.to_bytes(4) + bytes(68)


def fates(way: Way, seed: str = "1") -> Fates:
    return Fates(way, seed)


def test_losses_come_as_often_and_as_long_as_asked() -> None:
    """Independent ones and runs, within four standard errors."""
    alone, runs = fates(Way(loss_ratio=0.03)), fates(Way(burst_ratio=0.03, burst_mean_run=4))
    lost = [alone.following(0).cause == "loss" for _ in range(COUNT)]
    in_runs = [runs.following(0).cause == "burst" for _ in range(COUNT)]

    assert fmean(lost) == pytest.approx(0.03, abs=0.005)
    assert fmean(loss_runs(lost)) == pytest.approx(1.03, abs=0.03)
    assert fmean(in_runs) == pytest.approx(0.03, abs=0.013)
    assert fmean(loss_runs(in_runs)) == pytest.approx(4, abs=1.2)


def test_delays_copies_and_held_packets_as_asked() -> None:
    """A Gaussian around the delay; shares of copies and of packets that are to be overtaken."""
    drawn = fates(Way(delay_ms=40, jitter_ms=4, duplicate_ratio=0.1, reorder_ratio=0.2, reorder_ms=50))
    found = [drawn.following(0) for _ in range(COUNT)]

    assert fmean(fate.delay_s for fate in found) == pytest.approx(0.040, abs=0.0002)
    assert stdev(fate.delay_s for fate in found) == pytest.approx(0.004, abs=0.0001)
    assert fmean(fate.copies == 2 for fate in found) == pytest.approx(0.1, abs=0.01)
    assert fmean(fate.held_s == 0.05 for fate in found) == pytest.approx(0.2, abs=0.012)


def test_the_same_seed_gives_the_nth_packet_of_a_flow_the_same_fate() -> None:
    """Whatever the client's port, whenever it comes, and whatever else passes; another seed gives others."""
    ways = {"up": Way(loss_ratio=0.3, jitter_ms=2, delay_ms=10, outages_s=((5.0, 6.0),)), "down": Way()}

    def causes(seed: int, port: int, spacing_s: float, *, beside: bool) -> list[tuple[str | None, float]]:
        link, seen = Link(ways, seed), []  # type: ignore[arg-type]
        for number in range(200):
            now = number * spacing_s
            record, departs = link.take("up", packet(port), now)
            seen.append((record.cause, round(departs[0] - now, 9) if departs else 0.0))
            if beside:
                link.take("up", packet(port + 1), now)
        return seen

    same = causes(1, 40_000, 0.02, beside=False)

    assert same == causes(1, 50_000, 0.015, beside=True)
    assert same != causes(2, 40_000, 0.02, beside=False)


def test_outages_count_from_the_first_packet_of_a_conversation() -> None:
    """Either way: what the answers meet began with the question."""
    link = Link({"up": Way(outages_s=((3, 5),)), "down": Way(outages_s=((4, float("inf")),))}, 1)
    up = [link.take("up", packet(1), 100.0 + second)[0].cause for second in range(7)]
    down = [link.take("down", packet(1, to_server=False), 100.0 + second)[0].cause for second in range(7)]

    assert up == [None, None, None, "outage", "outage", None, None]
    assert down == [None, None, None, None, "outage", "outage", "outage"]


def test_faults_may_be_for_packets_of_one_size() -> None:
    """The others are delayed and no more."""
    drawn = fates(Way(delay_ms=5, loss_ratio=0.5, duplicate_ratio=0.5, reorder_ratio=0.5, only_byte=138))
    spared = [drawn.following(0, 100) for _ in range(100)]
    met = [drawn.following(0, 138) for _ in range(100)]

    assert {(fate.cause, fate.delay_s, fate.held_s, fate.copies) for fate in spared} == {(None, 0.005, 0.0, 1)}
    assert {fate.cause for fate in met} == {None, "loss"}


def test_order_is_kept_unless_asked() -> None:
    """A slow packet holds up those behind it, or is overtaken."""
    for keeps_order in (True, False):
        link = Link({"up": Way(delay_ms=50, jitter_ms=20, keeps_order=keeps_order), "down": Way()}, 1)
        departs = [link.take("up", packet(1), number * 0.01)[1][0] for number in range(100)]

        assert all(earlier <= later for earlier, later in pairwise(departs)) is keeps_order


def test_a_rate_lets_a_queue_grow_and_drops_what_finds_no_room() -> None:
    """100 octets at 8 kbit/s leave each tenth of a second; of 250 that may wait, the third finds no room."""
    narrow = Bottleneck(Way(rate_bps=8_000, queue_byte=250))

    assert [narrow.leaves_at(10.0, 100) for _ in range(3)] == [10.1, 10.2, None]
    assert narrow.leaves_at(10.1, 100) == pytest.approx(10.3)
    assert narrow.leaves_at(20.0, 100) == pytest.approx(20.1)


def test_packets_are_told_apart_by_their_endpoints() -> None:
    """IPv4 and IPv6, UDP and TCP by their ports, other protocols by their addresses."""
    client6, server6 = bytes(15) + b"\x01", bytes(15) + b"\x02"
    ports = (40_000).to_bytes(2) + (443).to_bytes(2)
    over_ipv6 = b"\x60" + bytes(5) + b"\x06\x40" + client6 + server6 + ports + bytes(16)
    icmp = packet(7)[:9] + b"\x01" + packet(7)[10:]

    assert endpoints_of(packet(40_000)).reversed() == endpoints_of(packet(40_000, to_server=False))
    assert endpoints_of(over_ipv6) == Endpoints(6, client6, 40_000, server6, 443)
    assert (endpoints_of(icmp).source_port, endpoints_of(icmp).destination_port) == (0, 0)


def test_a_flow_tells_what_became_of_its_packets() -> None:
    """Forwarded, dropped by cause, duplicated, and each packet's times."""
    link, generator = Link({"up": Way(loss_ratio=0.2, duplicate_ratio=0.2), "down": Way()}, 3), random.Random(3)
    for number in range(100):
        record, departs = link.take("up", packet(9, number), generator.random())
        record.departed_s += departs
    (flow,) = link.flows.values()
    told = flow.to_json()

    assert (told["source"], told["destination"]) == (["192.0.2.2", 9], ["198.51.100.2", 862])
    assert told["forwarded"] + told["dropped"]["loss"] == 100
    assert told["duplicated"] == sum(len(one["departed_s"]) == 2 for one in told["packets"]) > 0
    assert bytes.fromhex(told["packets"][42]["head"])[28:32] == (42).to_bytes(4)
