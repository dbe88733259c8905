"""Metrics of the path that only a reflector can tell: each way alone, and the fate of the mark."""

from collections.abc import Callable
from dataclasses import replace

from readycheck.model.evidence import Quantity, metric_of
from readycheck.model.failure import FailureCode
from readycheck.probes._marking import Marking
from readycheck.probes._measured_packets import MeasuredPackets
from readycheck.probes._reflector import Reflection, Way


class OneWayMetrics(MeasuredPackets):
    """What they are worked out from stands in the path's evidence."""

    marking: Marking | None

    @metric_of("ratio")
    def loss_up_ratio(self) -> Quantity:
        """Packets lost on the way out, with bounds; a stateful reflector tells, a relay cannot."""
        return self._one_way(lambda seen: self._loss(seen, "up"))

    @metric_of("ratio")
    def loss_down_ratio(self) -> Quantity:
        """Packets lost on the way back, with bounds; a stateful reflector tells, a relay cannot."""
        return self._one_way(lambda seen: self._loss(seen, "down"))

    @metric_of("ms")
    def jitter_up_ms(self) -> Quantity:
        """RFC 3550 jitter on the way out, averaged over the run; a stateful reflector tells, a relay cannot."""
        return self._one_way(lambda seen: self._jitter(seen, "up"))

    @metric_of("ms")
    def jitter_down_ms(self) -> Quantity:
        """RFC 3550 jitter on the way back, averaged over the run; a stateful reflector tells, a relay cannot."""
        return self._one_way(lambda seen: self._jitter(seen, "down"))

    @metric_of("bool")
    def dscp_preserved(self) -> Quantity:
        """Packets sent with DSCP 46 (EF) reach the reflector with it; null where the system does not really mark."""
        if self.marking:
            return self.marking.dscp_preserved()
        return self._one_way(lambda seen: seen.dscp_preserved())

    def _loss(self, seen: Reflection, way: Way) -> Quantity:
        return seen.loss(way, self.line.lost, self.confidence, self.line.doubt.own_losses)

    def _jitter(self, seen: Reflection, way: Way) -> Quantity:
        quantity, doubted = seen.jitter_ms(way, self.rtt_ms), self.line.doubt
        if not isinstance(quantity.value, float):
            return quantity
        busy = FailureCode.WORKSTATION_BUSY if doubted.is_busy else None
        return replace(quantity, interval=self.line.jitter_in_doubt(quantity.value, None), reason=busy)

    def _one_way(self, told: Callable[[Reflection], Quantity]) -> Quantity:
        """One way alone is told by a reflector, never by a relay."""
        if self.reflection is None or self.failure:
            return Quantity(None, reason=self.failure.code if self.failure else FailureCode.NOT_CONFIGURED)
        if not self.line.arrived:
            return Quantity(None, reason=self._silence)
        return told(self.reflection)
