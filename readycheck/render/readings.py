"""What a report's evidence and figures say, read so that nothing in them can hurt."""

import math
from collections.abc import Mapping
from typing import Any

from readycheck.model.clean import clean
from readycheck.model.report import Metric, ObservationStatus, Report

_LONGEST_MS = 600_000


def evidence_of(report: Report, probe: str) -> dict[str, Any]:
    """What a probe left; nothing, if it could not do its work."""
    observation = report.observations.get(probe)
    if observation is None or observation.status != ObservationStatus.COLLECTED:
        return {}
    return observation.evidence


def mappings(value: Any) -> list[dict[str, Any]]:
    """The mappings of what should be a list of mappings."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mapping(value: Any) -> dict[str, Any]:
    """What should be a mapping; an empty one, if it is none."""
    return value if isinstance(value, dict) else {}


def named(value: Any, limit: int = 80) -> str:
    """A name that the machine gave, fit to show; empty if there is none."""
    return clean(value, limit) if isinstance(value, str) else ""


def finite(value: Any) -> float | None:
    """A delay or a count that makes sense; anything else is not measured."""
    number = plain_number(value)
    return number if number is not None and 0 <= number <= _LONGEST_MS else None


def plain_number(value: Any) -> float | None:
    """A finite number; truths are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # an integer beyond any float
        return None


def figure(metrics: Mapping[str, Metric], name: str, otherwise: Any = None) -> Any:
    """A metric's value, if it was measured."""
    metric = metrics.get(name)
    return otherwise if metric is None or metric.value is None else metric.value


def round_trips(evidence: dict[str, Any]) -> list[float | None]:
    """The round trip of each packet, in order of sending; None is a packet that never came."""
    values = evidence.get("rtt_ms")
    return [finite(value) for value in values] if isinstance(values, list) else []


def sent_at_s(evidence: dict[str, Any], packets: int) -> list[float]:
    """When each packet was sent; by the interval, where the evidence holds no such column."""
    interval_ms = finite(evidence.get("interval_ms")) or 20.0
    column = evidence.get("sent_after_ms")
    after = [finite(value) for value in column] if isinstance(column, list) else []
    known = [value for value in after if value is not None]
    if len(known) != packets:
        return [number * interval_ms / 1000 for number in range(packets)]
    times, now_ms = [], 0.0
    for value in known:
        now_ms += value
        times.append(now_ms / 1000)
    return times
