"""The path's packets as the evidence holds them, and the metrics that are counted from them alone."""

from functools import cached_property

from readycheck.model.evidence import Evidence, Quantity, Value, metric_of
from readycheck.model.failure import Failure, FailureCode
from readycheck.probes._reflector import Reflection
from readycheck.rtc.delay import percentile
from readycheck.rtc.loss import burst_ratio, loss_runs, reordered_ratio
from readycheck.rtc.measured_line import MeasuredLine
from readycheck.rtc.timekeeping import doubt, lateness_ms


class MeasuredPackets(Evidence):
    """Columns of the path's evidence, and the line that they describe."""

    rtt_ms: tuple[float | None, ...]
    sent_after_ms: tuple[float, ...]
    interval_ms: float
    has_kernel_stamps: bool
    unsent: tuple[int, ...]
    unread_count: int
    confidence: float
    reflection: Reflection | None
    failure: Failure | None

    @cached_property
    def line(self) -> MeasuredLine:
        """The figures behind the metrics."""
        own_doing = doubt(
            lateness_ms(self.sent_after_ms, self.interval_ms),
            [delay is None for delay in self.rtt_ms],
            self.interval_ms,
            has_kernel_stamps=self.has_kernel_stamps,
            unsent=self.unsent,
            unread=self.unread_count + (self.reflection.unanswered_or_discarded if self.reflection else 0),
        )
        return MeasuredLine(self.rtt_ms, self.interval_ms, self.confidence, own_doing)

    @property
    def _silence(self) -> FailureCode | None:
        """Why nothing came back of what was sent: refused, not to be believed, or gone; None if something did."""
        if not self.rtt_ms or self.line.arrived:
            return None
        if self.reflection and 2 * self.reflection.discarded >= len(self.rtt_ms):
            return FailureCode.STUN_BAD_ANSWER
        return self.failure.code if self.failure else FailureCode.NO_MEDIA

    @property
    def _loss_doubt(self) -> FailureCode | None:
        """Which end the losses tell more of than of the network; None if neither."""
        if not self.line.is_loss_its_own:
            return None
        return self.reflection.not_the_network if self.reflection else FailureCode.WORKSTATION_BUSY


class PacketMetrics(MeasuredPackets):
    """What was lost in a row, out of order, twice; and how well the workstation kept time."""

    arrivals: tuple[int, ...]
    duplicates: int

    @metric_of("ratio")
    def reordered_ratio(self) -> Quantity:
        """Packets that arrived after a later one (RFC 4737)."""
        return self._quantity(reordered_ratio(self.arrivals) if self.arrivals else (0.0 if self.line.arrived else None))

    @metric_of("ratio")
    def duplicated_ratio(self) -> Quantity:
        """Packets that arrived more than once."""
        return self._quantity(self.duplicates / len(self.line.arrived) if self.line.arrived else None)

    @metric_of("number")
    def burst_ratio(self) -> Quantity:
        """BurstR of G.107: 1 for independent losses, more if they come in runs; null without losses."""
        return self._quantity(burst_ratio(self.line.lost))

    @metric_of("packet")
    def longest_loss_run(self) -> Quantity:
        """Most packets lost in a row."""
        return self._quantity(max(loss_runs(self.line.lost), default=0) if self.rtt_ms else None)

    @metric_of("ms")
    def send_lateness_p99_ms(self) -> Quantity:
        """How late this workstation sent 99 % of its packets; above a packet's interval it is too busy to measure."""
        late = lateness_ms(self.sent_after_ms, self.interval_ms)
        return Quantity(percentile(late, 0.99))

    def _quantity(self, value: Value) -> Quantity:
        """A value, or why there is none: no far end, or nothing came back."""
        if value is not None:
            return Quantity(value)
        return Quantity(None, reason=self._silence or (self.failure.code if self.failure else None))
