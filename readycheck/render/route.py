"""The way of the media, drawn: this workstation, what stands before the relay, the relay, the platform."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup

from readycheck.model.clean import clean
from readycheck.model.report import Report
from readycheck.render.readings import evidence_of, figure
from readycheck.render.relays import Relay, relays_of
from readycheck.render.svg import label
from readycheck.render.voice import TRANSPORTS
from readycheck.render.words import Words

_MOST_LANES = 9
_WIDTH = 940
_HERE, _GATE, _GATE_END, _RELAY, _RELAY_END, _PLATFORM = 120, 206, 388, 590, 802, 838
"""From left to right: where one box ends and the next begins."""
_LANE = 64
_PAD = 8
_LETTER = 8.4
"""Width of a letter in the drawing, on the safe side."""
_AT_ONCE = (
    "proxy_unreachable",
    "pac_unreachable",
    "pac_invalid",
    "dns_not_found",
    "dns_timeout",
    "network_unreachable",
)
"""What stops a packet before it comes to the proxy or the way out."""
_SHAPES = {
    "blocks": '<path class="body" d="M4.2 0h5.6L14 4.2v5.6L9.8 14H4.2L0 9.8V4.2z"/>'
    '<path class="in" d="M4.3 4.3l5.4 5.4M9.7 4.3L4.3 9.7"/>',
    "warns": '<path class="body" d="M7 .4l6.8 13H.2z"/><path class="in" d="M7 4.6v4.2M7 10v1.6"/>',
    "holds": '<circle class="body" cx="7" cy="7" r="7"/><path class="in" d="M3.5 7.2l2.3 2.4 4.7-5"/>',
    "unknown": '<rect class="open" x=".8" y=".8" width="12.4" height="12.4" rx="2"/>'
    '<path class="ask" d="M5 5.3c0-2.6 4-2.6 4 0 0 1.5-2 1.5-2 3.1M7 9.7v1.4"/>',
}


class _Key(NamedTuple):
    """What servers in one lane have in common."""

    transport: str
    via: str | None
    kind: str
    outcome: str
    why: str
    sent_on: str
    at_once: bool
    """Whether it ends before the proxy or the way out."""


@dataclass(frozen=True)
class Lane:
    """Servers that are met over one transport, by one way, with one outcome."""

    key: _Key
    place: str
    taken: bool
    """Whether the measured call went this way."""
    said: str
    """All of it in one sentence."""

    @property
    def kind(self) -> str:
        """The look of what came of it."""
        return self.key.kind


@dataclass(frozen=True)
class Route:
    """The drawing, and the same as sentences."""

    drawing: Markup
    lanes: tuple[Lane, ...]
    more: int


def route(report: Report, words: Words) -> Route | None:
    """What the TURN evidence draws; nothing of the lab, where there is no network between."""
    relays = relays_of(report)
    if not relays or report.profile.lab:
        return None
    used = evidence_of(report, "path").get("url") or evidence_of(report, "call").get("url")
    found: dict[_Key, list[Relay]] = {}
    for relay in relays:
        kind, outcome, why = _outcome(relay, words)
        key = _Key(relay.transport, relay.via, kind, outcome, why, relay.sent_on, _code(relay) in _AT_ONCE)
        found.setdefault(key, []).append(relay)
    lanes = [_lane(key, group, used, words) for key, group in found.items()]
    lanes.sort(
        key=lambda lane: (
            lane.key.via is None,
            lane.key.via or "",
            (*TRANSPORTS, lane.key.transport).index(lane.key.transport),
        )
    )
    shown = tuple(lanes[:_MOST_LANES])
    return Route(_drawing(shown, report, words), shown, max(len(lanes) - _MOST_LANES, 0))


def _code(relay: Relay) -> str:
    codes = (relay.route_code, *relay.codes, relay.relay_code)
    return next((code for code in codes if code), "")


def _outcome(relay: Relay, words: Words) -> tuple[str, str, str]:
    """Kind, what came of it, and why."""
    code = _code(relay)
    why = words.failure(code).short if code else ""
    if relay.relay is True:
        if relay.reached < relay.tried:
            return "warns", words("route_flaky", n=relay.reached, m=relay.tried), why
        return "holds", words("route_carries"), ""
    if relay.relay is False or (relay.tried and not relay.reached):
        return "blocks", words("route_blocked"), why
    if relay.reached:
        return "unknown", words("route_answers"), words("route_relay_untried")
    return "unknown", words("not_tried"), why


def _lane(key: _Key, group: Sequence[Relay], used: object, words: Words) -> Lane:
    first = group[0]
    place = f"{first.host}:{first.port}" if first.port else first.host
    if len(group) > 1:
        place = words.count("route_servers", len(group))
    by = words("relay_by_proxy", proxy=key.via) if key.via else words("route_no_proxy")
    by = words("route_no_way") if key.via is None else by
    target = words("route_sent_on", place=place, onward=key.sent_on) if key.sent_on else place
    said = words("route_said", transport=key.transport.upper(), by=by, place=target, outcome=key.outcome)
    return Lane(
        key=key,
        place=words("route_onward", place=key.sent_on) if key.sent_on else place,
        taken=key.kind in {"holds", "warns"} and any(used == relay.url for relay in group),
        said=f"{said} ({key.why})" if key.why else said,
    )


def _drawing(lanes: Sequence[Lane], report: Report, words: Words) -> Markup:
    """Boxes from left to right, a line for each lane; what is blocked is broken and crossed out."""
    height = _LANE * len(lanes) + 2 * _PAD
    tall = height - 2 * _PAD
    drawn = _box(0, _PAD, _HERE, tall, words("route_here"), _link(report, words))
    drawn += _box(_PLATFORM, _PAD, _WIDTH - _PLATFORM, tall, words("route_platform"), words("route_beyond"), "far")
    top = _PAD
    for via, group in groupby(lanes, key=lambda lane: lane.key.via):
        gate = list(group)
        drawn += _gate(via, top, gate, report, words)
        for index, lane in enumerate(gate):
            drawn += _line(lane, top + index * _LANE, words)
        top += _LANE * len(gate)
    title = words.count("route_title", len(lanes))
    told = " ".join(f"{lane.said}." for lane in lanes)
    return Markup(
        '<svg class="route" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title><desc>{}</desc>{}</svg>'
    ).format(_WIDTH, height, title, title, told, drawn)


def _gate(via: str | None, top: int, lanes: Sequence[Lane], report: Report, words: Words) -> Markup:
    """The proxy, or the way out without one."""
    shut = all(lane.kind == "blocks" for lane in lanes)
    look = "gate shut" if shut else "gate"
    if via:
        kind, _, place = via.rpartition(" ")
        name = words("route_socks" if kind.startswith("SOCKS") else "route_proxy")
        return _box(_GATE, top + 4, _GATE_END - _GATE, _LANE * len(lanes) - 8, name, place, look)
    mapping = figure(report.metrics, "stun.nat_mapping")
    translated = isinstance(mapping, str) and mapping not in {"none", "unknown"}
    if via is None:
        return _box(
            _GATE,
            top + 4,
            _GATE_END - _GATE,
            _LANE * len(lanes) - 8,
            words("route_way_out"),
            words("state_unknown"),
            "far",
        )
    below = words("route_translated") if translated else words("route_firewall")
    return _box(_GATE, top + 4, _GATE_END - _GATE, _LANE * len(lanes) - 8, words("route_direct"), below, look)


def _box(x: int, y: int, width: int, height: int, name: str, below: str, look: str = "") -> Markup:
    middle, centre = x + width / 2, y + height / 2
    letters = int(width / _LETTER)
    return (
        Markup('<rect class="node {}" x="{}" y="{}" width="{}" height="{}" rx="6"/>').format(look, x, y, width, height)
        + label(f"{middle:g}", centre - 3, clean(name, letters), look="strong")
        + label(f"{middle:g}", centre + 14, clean(below, letters + 2))
    )


def _line(lane: Lane, top: int, words: Words) -> Markup:
    """From the workstation by the gate to the relay and on."""
    y = top + _LANE // 2
    stopped = lane.kind == "blocks"
    first = "cut" if stopped and lane.key.at_once else "" if stopped else lane.kind
    drawn = _arrow(_HERE, _GATE, y, first) + _arrow(_GATE_END, _RELAY, y, "cut" if stopped else lane.kind)
    drawn += label(f"{(_HERE + _GATE) / 2:g}", y - 8, lane.key.transport.upper(), look="strong")
    middle = (_GATE_END + _RELAY) / 2
    drawn += label(f"{middle:g}", y - 12, clean(lane.key.outcome, 25), look=f"strong {lane.kind}")
    drawn += label(f"{middle:g}", y + 22, clean(lane.key.why or (words("route_taken") if lane.taken else ""), 27))
    far = "far" if stopped else ""
    drawn += _box(_RELAY, top + 8, _RELAY_END - _RELAY, _LANE - 16, lane.place, words("route_relay"), far)
    if not stopped:
        drawn += _arrow(_RELAY_END, _PLATFORM, y, "beyond")
    x = (_HERE + _GATE) / 2 if stopped and lane.key.at_once else middle
    shape = Markup(_SHAPES.get(lane.kind, _SHAPES["unknown"]))  # noqa: S704 - our own shapes
    return drawn + Markup(
        '<svg class="stamp {}" x="{:g}" y="{}" width="16" height="16" viewBox="0 0 14 14">{}</svg>'
    ).format(lane.kind, x - 8, y - 8, shape)


def _arrow(start: int, end: int, y: int, look: str) -> Markup:
    return Markup('<path class="leg {}" d="M{} {}H{}m-7 -5l7 5l-7 5"/>').format(look, start, y, end - 2)


def _link(report: Report, words: Words) -> str:
    """How this machine hangs on the network, if that was measured."""
    link = figure(report.metrics, "network.link")
    if figure(report.metrics, "network.media_via_vpn") is True:
        return words("route_vpn")
    return clean(words.value(link), 17) if isinstance(link, str) else ""
