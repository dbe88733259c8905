"""The way of the voice, as the evidence of turn, stun, path and call tells it; any part of it may be missing."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from readycheck.model.report import Metric, Report
from readycheck.model.verdict import Finding
from readycheck.render import format as say
from readycheck.render import reflector
from readycheck.render.answer import kind, state
from readycheck.render.bounds import interval
from readycheck.render.causes import failure_code, failure_words
from readycheck.render.charts import Chart, path_charts
from readycheck.render.readings import evidence_of, figure, finite, mappings, round_trips
from readycheck.render.truncation import truncation
from readycheck.render.words import Words
from readycheck.rtc.plpmtu import largest_payload_byte

_CARDS = ("path.rtt_p50_ms", "path.loss_ratio", "path.interarrival_jitter_ms", "path.mos_cqe")
TRANSPORTS = ("udp", "tcp", "tls")


@dataclass(frozen=True)
class Tag:
    """A status: its look and its word."""

    kind: str
    text: str
    hint: str = ""


@dataclass(frozen=True)
class Card:
    """One figure with its bounds and what was asked of it."""

    metric: str
    figure: str
    label: str
    bounds: str
    drawing: Markup
    """How sure the figure is, if it has bounds."""
    asked: tuple[Tag, ...]
    measured: bool


@dataclass(frozen=True)
class Sound:
    """The figures and charts of the path."""

    sentence: str
    cards: tuple[Card, ...]
    charts: tuple[Chart, ...]


def way(report: Report, words: Words) -> str:
    """Which way the voice would take, in one sentence."""
    if report.profile.lab:
        return words("way_lab")
    metrics = report.metrics
    relays = {name: figure(metrics, f"turn.{name}_relay") for name in TRANSPORTS}
    reached = {name: figure(metrics, f"turn.{name}_reachable_ratio") for name in TRANSPORTS}
    working = [name for name in TRANSPORTS if relays[name] is True]
    if not working and all(value is None for value in relays.values()):
        working = [name for name in TRANSPORTS if finite(reached[name])]
        if working:
            return words("way_answers", transport=working[0].upper())
    known = [name for name in TRANSPORTS if relays[name] is not None or reached[name] is not None]
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
    evidence = evidence_of(report, "stun")
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
    mapping = figure(report.metrics, "stun.nat_mapping")
    text = (
        words.count("stun_all", len(servers))
        if answered == len(servers)
        else words("stun_some", n=answered, m=len(servers))
    )
    known = isinstance(mapping, str) and mapping.endswith(("_dependent", "_independent"))
    return f"{text} {words('nat_mapping', mapping=words.value(mapping))}" if known else text


def sound(report: Report, words: Words) -> Sound:
    """How a call would sound: one sentence, the figures, the charts."""
    evidence = evidence_of(report, "path")
    rtt_ms = round_trips(evidence)
    cards = tuple(_card(name, report, words) for name in _CARDS)
    return Sound(
        sentence=_path_sentence(report, evidence, len(rtt_ms), words),
        cards=cards if any(card.measured for card in cards) else (),
        charts=path_charts(report, words),
    )


def _path_sentence(report: Report, evidence: dict[str, Any], packets: int, words: Words) -> str:
    if not packets:
        return why_not(report, "path", words)
    seconds = (
        finite(figure(report.metrics, "path.seconds")) or packets * (finite(evidence.get("interval_ms")) or 20) / 1000
    )
    measured = words(
        "path_measured",
        packets=words.count("unit_packet", packets, amount=say.number(packets, words)),
        seconds=say.amount(round(seconds), "s", words),
        far_end=words.value(str(figure(report.metrics, "path.far_end", evidence.get("far_end")) or "unknown_far_end")),
    )
    return " ".join(filter(None, (measured, reflector.sentence(report, words), truncation(report, words))))


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
        drawing=interval(name, metric, asking, words),
        asked=tags,
        measured=measured,
    )


def _asked(finding: Finding, words: Words) -> str:
    """What was asked, and the word for what became of it."""
    return f"{say.asked(finding.expected, finding.unit, words)}{words('colon')}{state(finding, words)}"


def call_sentence(report: Report, words: Words) -> str:
    """What became of the call, in one sentence."""
    evidence = evidence_of(report, "call")
    connected = figure(report.metrics, "call.connected", evidence.get("connected"))
    if connected is None:
        return why_not(report, "call", words)
    if connected is not True:
        code = failure_code(evidence.get("failure"))
        return f"{words('call_failed')} {words.failure(code).what if code else ''}".strip()
    encrypted = figure(report.metrics, "call.encrypted", evidence.get("encrypted"))
    parts = [words({True: "call_encrypted", False: "call_clear"}.get(encrypted, "call_connected"))]
    setup = finite(figure(report.metrics, "call.setup_ms", evidence.get("setup_ms")))
    seconds = finite(evidence.get("media_s", evidence.get("seconds")))
    parts += [words("call_setup", setup=say.amount(setup, "ms", words))] if setup is not None else []
    parts += [words("call_seconds", seconds=say.amount(seconds, "s", words))] if seconds is not None else []
    return " ".join(parts)


def also(report: Report, words: Words) -> tuple[str, ...]:
    """How large packets may be and how long the network keeps an idle connection, where that was measured."""
    return tuple(filter(None, (_packet_sentence(report, words), _idle_sentence(report, words))))


def _packet_sentence(report: Report, words: Words) -> str:
    metric, family = report.metrics.get("path_mtu.udp_payload_byte"), figure(report.metrics, "path_mtu.family")
    if metric is None or metric.value is None or family not in ("ipv4", "ipv6"):
        return ""
    size, name = say.amount(metric.value, "byte", words), words.value(family)
    if metric.bounded and metric.high is None:
        return words("mtu_whole", size=size, family=name)
    usual = say.amount(largest_payload_byte(int(family[-1])), "byte", words)
    return words("mtu_narrow", size=size, family=name, usual=usual)


def _idle_sentence(report: Report, words: Words) -> str:
    metric = report.metrics.get("nat_binding.lifetime_s")
    if metric is None or metric.value is None:
        return ""
    low, high = (say.amount(bound, "s", words) for bound in (metric.low, metric.high))
    if metric.high is None:
        return words("idle_at_least", low=low)
    return words("idle_between", low=low, high=high) if metric.low else words("idle_at_most", high=high)


def why_not(report: Report, probe: str, words: Words) -> str:
    """Why a probe left nothing to show, in one sentence."""
    observation = report.observations.get(probe)
    if observation is None:
        return words("nothing_measured")
    code = failure_code(observation.evidence.get("failure"))
    if observation.failure:
        code = observation.failure.code
    why = failure_words(code, probe, report, words).what if code else ""
    return f"{words('nothing_measured')} {why}".rstrip()
