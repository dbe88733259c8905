"""A line as its packets showed it: delay, variation, jitter and loss with their bounds, and what they do to a call."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from readycheck.model.evidence import Interval
from readycheck.rtc import emodel
from readycheck.rtc.bounds import loss_bounds
from readycheck.rtc.delay import delay_variation_ms, interarrival_jitter_ms, percentile
from readycheck.rtc.loss import burst_ratio
from readycheck.rtc.spread import jitter_bounds, percentile_bounds
from readycheck.rtc.timekeeping import NO_DOUBT, Doubt

Bounded = tuple[float | None, Interval | None]
"""A figure and its bounds; both None if nothing came back."""


@dataclass(frozen=True)
class MeasuredLine:
    """Delays there and back in order of sending, None for a packet that never came."""

    rtt_ms: tuple[float | None, ...]
    ptime_ms: float
    confidence: float
    doubt: Doubt = NO_DOUBT
    """What of it may be this workstation's own doing: bounds are the wider for it."""

    @cached_property
    def arrived(self) -> list[float]:
        """Delays of the packets that came back."""
        return [delay for delay in self.rtt_ms if delay is not None]

    @cached_property
    def lost(self) -> list[bool]:
        """Which packets never came."""
        return [delay is None for delay in self.rtt_ms]

    @property
    def loss(self) -> float:
        """Share of packets that never came."""
        return sum(self.lost) / len(self.lost)

    @cached_property
    def loss_bounds(self) -> Interval:
        """Bounds of that share."""
        bounds, own = loss_bounds(self.lost, self.confidence), self.doubt.own_losses
        if not own:
            return bounds
        of_the_network = [is_lost and number not in own for number, is_lost in enumerate(self.lost)]
        return Interval(loss_bounds(of_the_network, self.confidence).low, bounds.high)

    @property
    def is_loss_its_own(self) -> bool:
        """Whether the workstation may have lost half of it itself: then the loss says more of it than of the line."""
        return bool(self.doubt.own_losses) and 2 * len(self.doubt.own_losses) >= sum(self.lost)

    @cached_property
    def rtt_p50(self) -> Bounded:
        """Round trip, median."""
        return self._round_trip(0.5, self.doubt.median_ms)

    @cached_property
    def rtt_p95(self) -> Bounded:
        """Round trip that 95 % of the packets do not exceed."""
        return self._round_trip(0.95, self.doubt.tail_ms)

    @cached_property
    def pdv_p95(self) -> Bounded:
        """Delay variation of RFC 5481 that 95 % of the packets do not exceed: against the smallest delay seen."""
        (value, bounds), floor = self.rtt_p95, min(self.arrived, default=0.0)
        if value is None or bounds is None:
            return None, None
        high = None if bounds.high is None else bounds.high - floor
        return value - floor, Interval(max(0.0, (bounds.low or 0.0) - floor), high)

    @cached_property
    def jitter(self) -> Bounded:
        """Jitter of RFC 3550, averaged."""
        value = interarrival_jitter_ms(self.rtt_ms)
        if value is None:
            return None, None
        return value, self.jitter_in_doubt(value, jitter_bounds(self.arrived, value, self.confidence))

    def jitter_in_doubt(self, value_ms: float, bounds: Interval | None) -> Interval | None:
        """Bounds of a jitter with what the workstation may have added to it or taken from it."""
        off_ms = self.doubt.jitter_ms
        if not off_ms:
            return bounds
        low, high = (bounds.low or 0.0, bounds.high or value_ms) if bounds else (value_ms, value_ms)
        return Interval(max(0.0, low - off_ms), high + off_ms)

    def _round_trip(self, share: float, too_high_by_ms: float) -> Bounded:
        value, bounds = percentile(self.arrived, share), percentile_bounds(self.arrived, share, self.confidence)
        if bounds is None or bounds.low is None:
            return value, bounds
        return value, Interval(max(0.0, bounds.low - too_high_by_ms), bounds.high)

    @cached_property
    def impairment(self) -> emodel.Impairment | None:
        """What this line does to a call; None if nothing came back."""
        rtt, pdv = self.rtt_p50[0], self.pdv_p95[0]
        if rtt is None or pdv is None:
            return None
        late = emodel.late_loss_ratio(delay_variation_ms(self.rtt_ms))
        return emodel.Impairment(rtt, pdv, self.ptime_ms, self.loss, late, burst_ratio(self.lost) or 1.0)

    def opus_score(self, bitrate_bps: int, scale: Callable[[float], float]) -> Bounded:
        """A figure of the fullband R, with the bounds that follow from those of loss and delay."""
        line, rtt, pdv = self.impairment, self.rtt_p50[1], self.pdv_p95[1]
        if line is None or rtt is None or pdv is None:
            return None, None

        def score(rtt_ms: float | None, pdv_ms: float | None, loss_ratio: float | None, late_ratio: float) -> float:
            delay_ms = emodel.mouth_to_ear_ms(rtt_ms or 0.0, pdv_ms or 0.0, self.ptime_ms)
            lost = min(1.0, (loss_ratio or 0.0) + late_ratio)
            return scale(emodel.opus_r_value(bitrate_bps, delay_ms, lost, line.burst_ratio))

        is_bounded = rtt.high is not None and pdv.high is not None
        worst = score(rtt.high, pdv.high, self.loss_bounds.high, line.late_ratio) if is_bounded else scale(0.0)
        best = score(rtt.low, pdv.low, self.loss_bounds.low, 0.0 if self.doubt.is_busy else line.late_ratio)
        return score(line.rtt_ms, line.pdv_p95_ms, line.loss_ratio, line.late_ratio), Interval(worst, best)

    def codec_scores(self, opus_bitrate_bps: int) -> tuple[emodel.CodecScore, ...]:
        """What each codec would give on this line; none if nothing came back."""
        return emodel.codec_scores(self.impairment, opus_bitrate_bps) if self.impairment else ()

    @property
    def twilio_style_mos(self) -> float | None:
        """What Twilio's SDK would show for these figures."""
        line = self.impairment
        if line is None:
            return None
        return round(emodel.twilio_style_mos(line.rtt_ms, self.jitter[0] or 0.0, line.loss_ratio), 3)
