"""The way of the voice, as the evidence of turn, stun, path and call tells it; any part of it may be missing."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from readycheck.model.report import Metric, Observation, ObservationStatus, Report
from readycheck.model.verdict import Finding
from readycheck.render import format as say
from readycheck.render import svg
from readycheck.render.answer import kind, state
from readycheck.render.causes import authority, failure_code, mappings
from readycheck.render.clean import clean
from readycheck.render.words import Words

_MOST_ROWS = 60
_LONGEST_RTT_MS = 600_000
_CARDS = ("path.rtt_p50_ms", "path.loss_ratio", "path.interarrival_jitter_ms", "path.mos_cqe")
_TRANSPORTS = ("udp", "tcp", "tls")


@dataclass(frozen=True)
class Tag:
    """A status: its look and its word."""

    kind: str
    text: str
    hint: str = ""


@dataclass(frozen=True)
class RelayRow:
    """One TURN URL: how often it answered, how fast, and whether its relay carries data."""

    server: str
    transport: str
    url: str
    answered: Tag
    fastest: str
    relay: Tag


@dataclass(frozen=True)
class Card:
    """One figure with its bounds and what was asked of it."""

    metric: str
    figure: str
    label: str
    bounds: str
    asked: tuple[Tag, ...]
    measured: bool


@dataclass(frozen=True)
class Sound:
    """The figures and charts of the path."""

    sentence: str
    cards: tuple[Card, ...]
    charts: tuple[tuple[Markup, str], ...]


def relay_rows(report: Report, words: Words) -> list[RelayRow]:
    """The TURN matrix, in the profile's order."""
    servers = mappings(_evidence(report, "turn").get("servers"))
    return [_relay_row(server, words) for server in servers[:_MOST_ROWS]]


def _relay_row(server: dict[str, Any], words: Words) -> RelayRow:
    attempts = mappings(server.get("attempts"))
    reached = sum(1 for attempt in attempts if attempt.get("reached") is True)
    times = [time for attempt in attempts if (time := _finite(attempt.get("rtt_ms"))) is not None]
    failures = [attempt.get("failure") for attempt in attempts]
    transport = clean(server.get("transport") or "?", 12)
    return RelayRow(
        server=authority(server.get("url")),
        transport=transport.upper(),
        url=clean(server.get("url") or ""),
        answered=_answered(reached, len(attempts), failures, words),
        fastest=say.amount(min(times), "ms", words) if times else "\u2013",
        relay=_relay(server, words),
    )


def _answered(reached: int, tried: int, failures: Iterable[Any], words: Words) -> Tag:
    if not tried:
        return Tag("unknown", words("not_measured"))
    codes = dict.fromkeys(code for failure in failures if (code := failure_code(failure)))
    said = ", ".join(words.failure(code).short for code in list(codes)[:2])
    text = words("n_of_m", n=reached, m=tried)
    look = "blocks" if not reached else "holds" if reached == tried else "warns"
    hint = " ".join(words.failure(code).what for code in codes)
    return Tag(look, f"{text}, {said}" if said else text, hint)


def _relay(server: dict[str, Any], words: Words) -> Tag:
    code = failure_code(server.get("relay_failure"))
    said = words.failure(code).short if code else ""
    hint = words.failure(code).what if code else ""
    if server.get("relay") is True:
        return Tag("holds", words("yes"))
    if server.get("relay") is False:
        return Tag("blocks", f"{words('no')}, {said}" if said else words("no"), hint)
    if server.get("has_credentials") is False:
        return Tag("unknown", words("no_credentials"))
    return Tag("unknown", said or words("not_tried"), hint)


def way(report: Report, words: Words) -> str:
    """Which way the voice would take, in one sentence."""
    if report.profile.lab:
        return words("way_lab")
    metrics = report.metrics
    relays = {name: _value(metrics, f"turn.{name}_relay") for name in _TRANSPORTS}
    reached = {name: _value(metrics, f"turn.{name}_reachable_ratio") for name in _TRANSPORTS}
    working = [name for name in _TRANSPORTS if relays[name] is True]
    if not working and all(value is None for value in relays.values()):
        working = [name for name in _TRANSPORTS if _finite(reached[name])]
        if working:
            return words("way_answers", transport=working[0].upper())
    known = [name for name in _TRANSPORTS if relays[name] is not None or reached[name] is not None]
    if not known:
        return words("way_unknown")
    if not working:
        return words("way_none")
    if working[0] == "udp":
        return words("way_udp")
    key = "way_not_udp" if "udp" in known else "way_other"
    return words(key, transport=working[0].upper())


def stun_sentence(report: Report, words: Words) -> str:
    """How the STUN servers answered, and what the NAT does."""
    evidence = _evidence(report, "stun")
    servers = mappings(evidence.get("servers"))
    if not servers or report.profile.lab:
        return ""
    answered = sum(
        1
        for server in servers
        if any(
            attempt.get("reached") is True or attempt.get("mapped_address") or attempt.get("rtt_ms") is not None
            for attempt in mappings(server.get("attempts"))
        )
    )
    mapping = _value(report.metrics, "stun.nat_mapping")
    text = (
        words.count("stun_all", len(servers))
        if answered == len(servers)
        else words("stun_some", n=answered, m=len(servers))
    )
    known = isinstance(mapping, str) and mapping.endswith(("_dependent", "_independent"))
    return f"{text} {words('nat_mapping', mapping=words.value(mapping))}" if known else text


def sound(report: Report, words: Words) -> Sound:
    """How a call would sound: one sentence, the figures, the charts."""
    evidence = _evidence(report, "path")
    rtt_ms = _round_trips(evidence)
    cards = tuple(_card(name, report, words) for name in _CARDS)
    return Sound(
        sentence=_path_sentence(report, evidence, len(rtt_ms), words),
        cards=cards if any(card.measured for card in cards) else (),
        charts=_charts(report, rtt_ms, _finite(evidence.get("interval_ms")) or 20.0, words),
    )


def _path_sentence(report: Report, evidence: dict[str, Any], packets: int, words: Words) -> str:
    if not packets:
        return why_not(report, "path", words)
    seconds = (
        _finite(_value(report.metrics, "path.seconds")) or packets * (_finite(evidence.get("interval_ms")) or 20) / 1000
    )
    return words(
        "path_measured",
        packets=words.count("unit_packet", packets, amount=say.number(packets, words)),
        seconds=say.amount(round(seconds), "s", words),
        far_end=words.value(str(_value(report.metrics, "path.far_end", evidence.get("far_end")) or "unknown_far_end")),
    )


def _card(name: str, report: Report, words: Words) -> Card:
    metric = report.metrics.get(name) or Metric(value=None, unit="number")
    asking = [finding for finding in report.findings if finding.metric == name]
    label = words.metric(name)
    if metric.scale and metric.value is not None:
        label = f"{label}, {say.scale(metric.scale, words)}"
    measured = metric.value is not None
    tags = tuple(Tag(kind(finding), _asked(finding, words), state(finding, words)) for finding in asking[:2])
    return Card(
        metric=name,
        figure=say.amount(metric.value, metric.unit, words),
        label=label,
        bounds=(say.bounds(metric, words) or "") if measured else "",
        asked=tags,
        measured=measured,
    )


def _asked(finding: Finding, words: Words) -> str:
    """What was asked, and the word for what became of it."""
    return f"{say.asked(finding.expected, finding.unit, words)}{words('colon')}{state(finding, words)}"


def _charts(
    report: Report, rtt_ms: list[float | None], interval_ms: float, words: Words
) -> tuple[tuple[Markup, str], ...]:
    arrived = [value for value in rtt_ms if value is not None]
    if len(arrived) < 2:  # noqa: PLR2004 - one packet makes no chart
        return ()
    lost = len(rtt_ms) - len(arrived)
    median = say.amount(svg.percentile(sorted(arrived), 0.5), "ms", words)
    loss = words.count("chart_lost", lost) if lost else words("chart_none_lost")
    rtt_title = words("chart_rtt_title", packets=say.number(len(rtt_ms), words), median=median, lost=loss)
    measured = _finite(_value(report.metrics, "path.pdv_p95_ms"))
    fastest = min(arrived)
    p95 = measured if measured is not None else svg.percentile(sorted(value - fastest for value in arrived), 0.95)
    label = words("chart_p95", p95=say.amount(p95, "ms", words))
    variation = svg.delay_variation(rtt_ms, p95, words("chart_pdv_title", p95=say.amount(p95, "ms", words)), label)
    return (
        (svg.round_trips(rtt_ms, interval_ms, rtt_title), words("chart_rtt", lost=loss)),
        (variation, words("chart_pdv")),
    )


def call_sentence(report: Report, words: Words) -> str:
    """What became of the call, in one sentence."""
    evidence = _evidence(report, "call")
    connected = _value(report.metrics, "call.connected", evidence.get("connected"))
    if connected is None:
        return why_not(report, "call", words)
    if connected is not True:
        code = failure_code(evidence.get("failure"))
        return f"{words('call_failed')} {words.failure(code).what if code else ''}".strip()
    encrypted = _value(report.metrics, "call.encrypted", evidence.get("encrypted"))
    parts = [words({True: "call_encrypted", False: "call_clear"}.get(encrypted, "call_connected"))]
    setup = _finite(_value(report.metrics, "call.setup_ms", evidence.get("setup_ms")))
    seconds = _finite(evidence.get("media_s", evidence.get("seconds")))
    parts += [words("call_setup", setup=say.amount(setup, "ms", words))] if setup is not None else []
    parts += [words("call_seconds", seconds=say.amount(seconds, "s", words))] if seconds is not None else []
    return " ".join(parts)


def why_not(report: Report, probe: str, words: Words) -> str:
    """Why a probe left nothing to show, in one sentence."""
    observation = report.observations.get(probe)
    if observation is None:
        return words("nothing_measured")
    code = failure_code(observation.evidence.get("failure"))
    if observation.failure:
        code = observation.failure.code
    return f"{words('nothing_measured')} {words.failure(code).what}" if code else words("nothing_measured")


def _evidence(report: Report, probe: str) -> dict[str, Any]:
    observation: Observation | None = report.observations.get(probe)
    if observation is None or observation.status != ObservationStatus.COLLECTED:
        return {}
    return observation.evidence


def _round_trips(evidence: dict[str, Any]) -> list[float | None]:
    values = evidence.get("rtt_ms")
    return [_finite(value) for value in values] if isinstance(values, list) else []


def _finite(value: Any) -> float | None:
    """A delay or a count that makes sense; anything else is not measured."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and 0 <= value <= _LONGEST_RTT_MS else None


def _value(metrics: Any, name: str, otherwise: Any = None) -> Any:
    metric = metrics.get(name)
    return otherwise if metric is None or metric.value is None else metric.value
