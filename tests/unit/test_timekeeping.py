"""What a busy workstation did to its own figures, by literal numbers."""

import errno
import socket
from dataclasses import replace
from datetime import date

import pytest

from readycheck.judge import Case, judge
from readycheck.model.evidence import Interval
from readycheck.model.failure import Failure, FailureCode
from readycheck.model.report import Metric, Observation, ObservationStatus
from readycheck.model.verdict import Status
from readycheck.net.arrival import ON_LINUX, unread_count
from readycheck.net.link import DatagramLink
from readycheck.net.stamp import StampLink
from readycheck.probes._reflector import Reflection
from readycheck.probes.call import CallEvidence, Direction
from readycheck.probes.path import PathEvidence
from readycheck.rtc.timekeeping import Doubt, doubt, lateness_ms
from tests.probes.collecting import profile_of

NONE_LOST = [False] * 100
DATE = date(2026, 11, 22)
INCONCLUSIVE = (Status.INCONCLUSIVE, FailureCode.WORKSTATION_BUSY)
BUSY = [0.0] * 90 + [30.0] * 10


def test_lateness_is_read_from_the_times_of_sending() -> None:
    """Against the even schedule: what was late is caught up and does not add up."""
    assert lateness_ms((0.5, 20.0, 25.5, 14.0, 20.0), 20.0) == pytest.approx([0.5, 0.5, 6.0, 0.0, 0.0])


def test_a_calm_workstation_leaves_no_doubt() -> None:
    """Timers are late by a millisecond on any machine: that says nothing of packets that come."""
    assert doubt([0.2, 1.0] * 50, NONE_LOST, 20.0) == Doubt()
    assert doubt([], NONE_LOST, 20.0) == Doubt()


def test_a_loaded_workstation_leaves_some_doubt() -> None:
    """The tail is in doubt by the 99th percentile, the jitter by its own jitter, a median once the median is late."""
    some = doubt([0.2, 4.0] * 50, NONE_LOST, 20.0)
    more = doubt([2.0, 4.0] * 50, NONE_LOST, 20.0)

    assert (some.median_ms, some.tail_ms, some.is_busy, some.own_losses) == (0.0, 4.0, False, frozenset())
    assert (more.median_ms, more.tail_ms, more.is_busy) == (2.0, 4.0, False)
    assert 2.8 < some.jitter_ms < 3.8  # towards 3.8, as RFC 3550 smooths


def test_a_busy_workstation_is_one_that_is_late_by_an_interval() -> None:
    """One packet in a hundred later than the next one's turn; then even a median may be its own doing."""
    busy = doubt(BUSY, NONE_LOST, 20.0)

    assert (busy.is_busy, busy.median_ms, busy.tail_ms) == (True, 30.0, 30.0)
    assert doubt([0.0] * 99 + [30.0], NONE_LOST, 20.0).is_busy is False
    assert doubt([0.0] * 98 + [30.0] * 2, NONE_LOST, 20.0).is_busy is True
    assert doubt(BUSY, NONE_LOST, 60.0).is_busy is False


def test_kernel_stamps_leave_no_doubt_about_delays() -> None:
    """Whatever this process does, the kernel's times are right; a packet sent late may be lost for it all the same."""
    assert doubt(BUSY, NONE_LOST, 20.0, has_kernel_stamps=True) == Doubt()
    lost = [number in (5, 95) for number in range(100)]
    assert doubt(BUSY, lost, 20.0, has_kernel_stamps=True) == Doubt(own_losses=frozenset({95}))


def test_losses_of_its_own() -> None:
    """Refused by the system, sent in a bunch, or without room in the receive queue."""
    lost = [number in (1, 2, 3, 4) for number in range(10)]
    on_time = [0.0] * 10

    assert doubt(on_time, lost, 20.0).own_losses == frozenset()
    assert doubt(on_time, lost, 20.0, unsent=[2, 7]).own_losses == {2}
    assert doubt([0, 0, 0, 25.0, 0, 0, 0, 0, 0, 0], lost, 20.0).own_losses == {3}
    assert doubt(on_time, lost, 20.0, unsent=[1], unread=2).own_losses == {1, 2, 3}
    assert doubt(on_time, lost, 20.0, unread=9).own_losses == {1, 2, 3, 4}
    assert doubt([], lost, 20.0).own_losses == frozenset()


def evidence(*, late_ms: float, rtt_ms: float = 40.0, lost: int = 0, **facts: object) -> PathEvidence:
    """Twenty seconds of a path; every tenth packet leaves late and is read late by as much, `lost` of those are."""
    delays: list[float | None] = [rtt_ms] * 1_000
    sent_after = [20.0] * 1_000
    sent_after[0] = 0.0
    for number in range(5, 995, 10):
        sent_after[number], sent_after[number + 1] = 20.0 + late_ms, 20.0 - late_ms
        delays[number] = None if number < 10 * lost else rtt_ms + late_ms
    return PathEvidence("udp", rtt_ms=tuple(delays), sent_after_ms=tuple(sent_after), **facts)  # type: ignore[arg-type]


def judged(seen: PathEvidence, metric: str, at_most: float) -> tuple[Status, str | None]:
    """A limit on one figure."""
    profile = profile_of({}, requirements=[{"id": "x", "metric": f"path.{metric}", "at_most": at_most}])
    observation = Observation(ObservationStatus.COLLECTED, 1, "same")
    case = Case(
        {f"path.{metric}": Metric.of(seen.quantity(metric), "ms")}, {"path": observation}, {"path": "same"}, DATE
    )
    (finding,) = judge(profile, case).findings
    return finding.status, finding.reason


@pytest.mark.parametrize("metric", ["rtt_p50_ms", "rtt_p95_ms", "interarrival_jitter_ms", "pdv_p95_ms"])
def test_what_a_busy_workstation_may_have_done_is_no_failure(metric: str) -> None:
    """Above the limit by less than the lateness: inconclusive, and it says why; by kernel stamps it is a failure."""
    own = evidence(late_ms=35.0)
    value = own.quantity(metric).value
    assert isinstance(value, float)

    assert judged(own, metric, value * 0.9) == INCONCLUSIVE
    assert judged(own, metric, value * 3)[0] == Status.PASS
    assert judged(evidence(late_ms=35.0, has_kernel_stamps=True), metric, value * 0.5) == (Status.FAIL, None)


def test_what_it_cannot_have_done_still_fails() -> None:
    """A round trip of 400 ms is above 200 whatever 35 ms of it are; and then nobody blames the workstation."""
    far = evidence(late_ms=35.0, rtt_ms=400.0)

    assert far.quantity("rtt_p50_ms").reason == FailureCode.WORKSTATION_BUSY
    assert judged(far, "rtt_p50_ms", 200.0) == (Status.FAIL, None)


def test_losses_in_bunches_are_no_failure() -> None:
    """Five lost in a hundred, each sent on the heels of another: the network may have lost none of them."""
    own, calm = evidence(late_ms=35.0, lost=99), evidence(late_ms=3.0, lost=99)
    loss = own.quantity("loss_ratio")

    assert loss.value == 0.099
    assert loss.interval
    assert loss.interval.low == 0.0
    assert judged(own, "loss_ratio", 0.01) == INCONCLUSIVE
    assert judged(calm, "loss_ratio", 0.01) == (Status.FAIL, None)


def test_each_way_alone_is_doubted_as_well() -> None:
    """What was lost on the way out because it left in a bunch counts for the upper bound alone."""
    lost = [number % 10 == 5 for number in range(1_000)]
    behind = tuple((number + 1, number // 10 + 1) for number in range(5, 999, 10))
    seen = Reflection(is_authenticated=False, is_stateful=True, received_count=900, behind=behind)

    plain, own = seen.loss("up", lost, 0.95), seen.loss("up", lost, 0.95, own=range(1_000))

    assert plain.interval
    assert own.interval
    assert (plain.value, plain.reason) == (0.1, None)
    assert (own.value, own.reason) == (0.1, FailureCode.WORKSTATION_BUSY)
    assert (own.interval.low, own.interval.high) == (0.0, plain.interval.high)


def test_what_the_receive_queue_had_no_room_for_is_counted() -> None:
    """Sent to a socket that nobody reads, of which only some find room."""
    deaf, one = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    with deaf, one:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        deaf.bind(("127.0.0.1", 0))
        for _ in range(100):
            one.sendto(bytes(500), deaf.getsockname())
        found = 0
        deaf.setblocking(False)
        try:
            while deaf.recv(1000):
                found += 1
        except BlockingIOError:
            pass

        assert 0 < found < 100
        assert unread_count(deaf) == (100 - found if ON_LINUX else 0)
    assert unread_count(deaf) == 0  # closed: nobody can tell any more


class Full(socket.socket):
    """A socket whose system has no room for what is to be sent."""

    def send(self, data: object, flags: int = 0) -> int:
        raise OSError(errno.ENOBUFS, "No buffer space available")


async def test_no_room_to_send_is_no_fault_of_the_network() -> None:
    """ENOBUFS costs the packet and is counted; the link goes on, where a refusal would have ended it."""
    with Full(socket.AF_INET, socket.SOCK_DGRAM) as full:
        stamp = StampLink(full)
        assert stamp.send(b"a packet") is False
        assert stamp.failure is None
    link, failures = DatagramLink(), list[Failure]()
    link.on_failure = failures.append
    link.error_received(OSError(errno.ENOBUFS, "No buffer space available"))
    assert (link.unsent, failures) == (1, [])
    link.error_received(OSError(errno.ECONNREFUSED, "Connection refused"))
    assert (link.unsent, [failure.code for failure in failures]) == (1, ["connection_refused"])


def test_a_call_is_doubted_as_the_path_is() -> None:
    """Both ends of a call are read by one process, so twice the lateness counts; encryption and codec do not care."""
    way = Direction(250, 240, 10, 12.0)
    calm = CallEvidence("turn:t.example", round_trips_ms=(80.0,), forth=way, back=way)
    busy = replace(calm, doubt=Doubt(median_ms=30.0, tail_ms=30.0, jitter_ms=4.0, is_busy=True))

    rtt, jitter, loss = (busy.quantity(name) for name in ("rtt_p50_ms", "interarrival_jitter_ms", "loss_ratio"))
    assert (rtt.value, rtt.interval) == (80.0, Interval(20.0, 80.0))
    assert (jitter.value, jitter.interval) == (12.0, Interval(4.0, 20.0))
    assert loss.interval
    assert loss.interval.low == 0.0
    assert {one.reason for one in (rtt, jitter, loss, busy.quantity("mos_cqe"))} == {FailureCode.WORKSTATION_BUSY}
    assert {calm.quantity(name).reason for name in ("rtt_p50_ms", "loss_ratio", "mos_cqe")} == {None}
    before, after = calm.quantity("mos_cqe").interval, busy.quantity("mos_cqe").interval
    assert before
    assert after
    assert (after.high or 0) > (before.high or 0)
