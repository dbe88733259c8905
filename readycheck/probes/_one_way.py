"""Metrics of the path that only a reflector can tell: each way alone, and the fate of the mark."""

from collections.abc import Callable
from functools import cached_property

from readycheck.model.evidence import Evidence, Quantity, metric_of
from readycheck.model.failure import Failure, FailureCode
from readycheck.probes._marking import Marking
from readycheck.probes._reflector import Reflection
from readycheck.rtc.measured_line import MeasuredLine


class OneWayMetrics(Evidence):
    """What they are worked out from stands in the path's evidence."""

    rtt_ms: tuple[float | None, ...]
    interval_ms: float
    confidence: float
    failure: Failure | None
    reflection: Reflection | None
    marking: Marking | None

    @metric_of("ratio")
    def loss_up_ratio(self) -> Quantity:
        """Packets lost on the way out, with bounds; a stateful reflector tells, a relay cannot."""
        return self._one_way(lambda seen: seen.loss("up", self.line.lost, self.confidence))

    @metric_of("ratio")
    def loss_down_ratio(self) -> Quantity:
        """Packets lost on the way back, with bounds; a stateful reflector tells, a relay cannot."""
        return self._one_way(lambda seen: seen.loss("down", self.line.lost, self.confidence))

    @metric_of("ms")
    def jitter_up_ms(self) -> Quantity:
        """RFC 3550 jitter on the way out, averaged over the run; a stateful reflector tells, a relay cannot."""
        return self._one_way(lambda seen: seen.jitter_ms("up", self.rtt_ms))

    @metric_of("ms")
    def jitter_down_ms(self) -> Quantity:
        """RFC 3550 jitter on the way back, averaged over the run; a stateful reflector tells, a relay cannot."""
        return self._one_way(lambda seen: seen.jitter_ms("down", self.rtt_ms))

    @metric_of("bool")
    def dscp_preserved(self) -> Quantity:
        """Packets sent with DSCP 46 (EF) reach the reflector with it; null where the system does not really mark."""
        if self.marking:
            return self.marking.dscp_preserved()
        return self._one_way(lambda seen: seen.dscp_preserved())

    @cached_property
    def line(self) -> MeasuredLine:
        """The figures behind the metrics."""
        return MeasuredLine(self.rtt_ms, self.interval_ms, self.confidence)

    def _one_way(self, told: Callable[[Reflection], Quantity]) -> Quantity:
        """One way alone is told by a reflector, never by a relay."""
        if self.reflection is None or self.failure:
            return Quantity(None, reason=self.failure.code if self.failure else FailureCode.NOT_CONFIGURED)
        if not self.line.arrived:
            return Quantity(None, reason=FailureCode.NO_MEDIA if self.rtt_ms else None)
        return told(self.reflection)
