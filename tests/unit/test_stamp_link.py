"""The kernel's time stamps on our clock."""

import socket
import struct
from collections.abc import Iterator

import pytest

from readycheck.net import stamp


class Clocks:
    """Two clocks of one time that passes as told, a step for each reading."""

    def __init__(self, steps_s: Iterator[float]) -> None:
        self._steps_s = steps_s
        self._now_s = 100.0

    def perf_counter(self) -> float:
        self._now_s += next(self._steps_s)
        return self._now_s

    def time_ns(self) -> int:
        self._now_s += next(self._steps_s)
        return round((self._now_s + 1_000) * 1e9)


def stamped(unix_s: float) -> list[tuple[int, int, bytes]]:
    """A kernel's stamp of this time."""
    return [(socket.SOL_SOCKET, stamp._SO_TIMESTAMPING, struct.pack("@ll", int(unix_s), round(unix_s % 1 * 1e9)))]


@pytest.mark.parametrize("pauses_s", [[], [0.0, 0.003], [0.0, 0.0, 0.003], [0.0, 0.003, 0.0, 0.0, 0.1]])
def test_a_pause_between_the_clocks_is_no_delay(monkeypatch: pytest.MonkeyPatch, pauses_s: list[float]) -> None:
    """What came at 100 s of our clock came then, whenever the machine stopped this process."""

    def steps() -> Iterator[float]:
        yield from pauses_s
        while True:
            yield 1e-6

    monkeypatch.setattr(stamp, "time", Clocks(steps()))
    assert stamp._perf_counter_of(stamped(1_100.0)) == pytest.approx(100.0, abs=1e-5)


def test_no_stamp_and_one_from_before_the_date_was_set() -> None:
    """Neither is a time."""
    assert stamp._perf_counter_of([]) is None
    assert stamp._perf_counter_of(stamped(1.0)) is None


class Taking(socket.socket):
    """A socket that takes everything, as one whose queue is long."""

    def send(self, data: object, flags: int = 0) -> int:
        return 1


@pytest.mark.parametrize(
    ("left_s", "departed_s", "queued_ms"),
    [(0.394, 0.003, 391.0), (0.002, 0.002, 0.0)],
    ids=["in the machine's queue", "preempted after the call"],
)
def test_the_machines_own_queue_is_part_of_the_path(
    monkeypatch: pytest.MonkeyPatch, left_s: float, departed_s: float, queued_ms: float
) -> None:
    """A packet departs once the kernel has it: a queue behind that delays a call as well, a pause of ours does not."""
    departed: list[float] = []
    with Taking(socket.AF_INET, socket.SOCK_DGRAM) as taking:
        link = stamp.StampLink(taking)
        link._stamps, link.on_sent = True, lambda _, at: departed.append(at)
        monkeypatch.setattr(stamp, "time", Clocks(iter([0.0, 0.003, *[0.5] + [0.0] * 20])))
        link.send(b"a packet")
        told = stamp._EXTENDED_ERROR.pack(0, stamp._ORIGIN_TIMESTAMPING, 0, 0, 0, 0, 0)
        link._left([*stamped(1_100.0 + left_s), (*stamp._IP_RECVERR, told)])

    assert departed == [pytest.approx(100.0 + departed_s, abs=1e-5)]
    assert link.send_queue_ms == [pytest.approx(queued_ms, abs=0.01)]
