"""What types cannot say of a profile: metrics that exist, units, comparators that fit, waivers, addresses."""

import ipaddress
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from readycheck.model.evidence import MetricDefinition
from readycheck.profile.problem import Problem, quoted
from readycheck.profile.scalars import UNRESOLVED
from readycheck.profile.schema import COMPARATORS, comparators_problem
from readycheck.profile.sources import did_you_mean
from readycheck.profile.wording import found
from readycheck.profile.yaml import Node
from readycheck.rtc.sip import parse_sip_uri
from readycheck.rtc.stamp import key_octets

Metrics = Mapping[str, MetricDefinition]

FLEET_METRICS: Metrics = {
    definition.name: definition
    for definition in (
        MetricDefinition(
            "fleet.ready_ratio",
            "ratio",
            "Workstations whose latest report says go, with or without reservations, of those that reported.",
        ),
        MetricDefinition("fleet.reported_ratio", "ratio", "Workstations that reported, of the site's agents."),
        MetricDefinition("fleet.inconclusive_ratio", "ratio", "Workstations whose latest report proves nothing."),
    )
}
"""What `readycheck rollup` measures; requirements of scope project may name it."""

_SCALED = (".r_value", ".mos_cqe")
_FITTING = {
    "bool": ("equals", "one_of"),
    "text": ("equals", "one_of", "version_at_least", "matches"),
    "number": ("at_most", "at_least", "equals", "one_of"),
}
_ASKED = {"bool": "true or false", "text": "text", "number": "a number"}


def semantic_problems(tree: Node, metrics: Metrics, ids: frozenset[str]) -> Iterator[Problem]:
    """Everything wrong beyond types. `ids` are the requirements that a waiver may name."""
    for requirement in _items(tree, "requirements"):
        yield from _comparison_problems(requirement, metrics)
        yield from _requirement_problems(requirement)
        if when := requirement.get("when"):
            yield from _comparison_problems(when, metrics)
    for waiver in _items(tree, "waivers"):
        named = waiver.get("requirement")
        if (text := _text(named)) and named and text not in ids:
            yield named.mark.problem(f"the waiver names an unknown requirement {quoted(text)}{did_you_mean(text, ids)}")
    yield from _address_problems(tree)
    yield from _key_problems(tree)


def _items(node: Node, *keys: str) -> Iterator[Node]:
    """The items of the lists under a path of keys; lists on the way are walked through."""
    if not keys:
        yield from node.items or (() if isinstance(node.value, tuple) else (node,))
        return
    for parent in node.items or (node,):
        if below := parent.get(keys[0]):
            yield from _items(below, *keys[1:])


def _text(node: Node | None) -> str | None:
    """A text whose variables are all known."""
    value = node.value if node else None
    return value if isinstance(value, str) and UNRESOLVED not in value else None


def _requirement_problems(requirement: Node) -> Iterator[Problem]:
    metric, scale, scope = (requirement.get(key) for key in ("metric", "scale", "scope"))
    name = _text(metric)
    if name and scale and scale.value is not None and not name.endswith(_SCALED):
        yield scale.mark.problem(f"scale is for r_value and mos_cqe only, {name} has none")
    if metric and name in FLEET_METRICS and (scope is None or scope.value != "project"):
        yield metric.mark.problem(f"{name} is measured by the roll-up: this requirement needs scope: project")


def _comparison_problems(comparison: Node, metrics: Metrics) -> Iterator[Problem]:
    metric, unit, name = comparison.get("metric"), comparison.get("unit"), _text(comparison.get("metric"))
    entries = [(key, comparison.entries[key]) for key in COMPARATORS if key in comparison.entries]
    given = [(key, entry) for key, entry in entries if entry.node.value is not None]
    if isinstance(comparison.value, dict) and (wrong := comparators_problem([key for key, _ in given])):
        yield comparison.mark.problem(wrong)
    if metric is None or name is None:
        return
    if name not in metrics:
        near = "" if metric.variables else did_you_mean(name, metrics)
        yield metric.mark.problem(f"unknown metric {quoted(metric.variables or name)}{near} (see readycheck probes)")
        return
    definition = metrics[name]
    if unit and (written := _text(unit)) and written != definition.unit:
        yield unit.mark.problem(f"{name} is in {definition.unit}, not in {quoted(written)}")
    kind = definition.unit if definition.unit in ("bool", "text") else "number"
    for comparator, entry in given:
        if comparator in _FITTING[kind]:
            yield from _operand_problems(comparator, entry.node, name, kind)
        else:
            fitting = ", ".join(_FITTING[kind])
            yield entry.mark.problem(f"{comparator} does not fit {name}, which gives {_ASKED[kind]}: use {fitting}")


def _operand_problems(comparator: str, operand: Node, name: str, kind: str) -> Iterator[Problem]:
    if comparator in ("equals", "one_of"):
        for item in operand.items or (operand,):
            if not _is_kind(item.value, kind):
                yield item.mark.problem(f"{name} gives {_ASKED[kind]}, found {found(item, ())}{_hint(item, kind)}")
    elif comparator == "matches" and (pattern := _text(operand)) is not None:
        try:
            with warnings.catch_warnings():  # "[[" may mean something else one day; today it is a bracket
                warnings.simplefilter("ignore")
                re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            yield operand.mark.problem(f"this is no regular expression: {error}")


def _is_kind(value: object, kind: str) -> bool:
    if isinstance(value, dict | tuple) or value is None:
        return True  # the schema says that already
    if isinstance(value, str):
        return kind == "text" or UNRESOLVED in value
    return isinstance(value, bool) if kind == "bool" else kind == "number" and not isinstance(value, bool)


def _hint(item: Node, kind: str) -> str:
    if kind == "bool" and str(item.value).lower() in ("yes", "no", "on", "off"):
        return " (yes, no, on and off are text in YAML 1.2: write true or false)"
    return " (put it in quotes)" if kind == "text" else ""


def _address_problems(tree: Node) -> Iterator[Problem]:
    for path, (fits, example) in _ADDRESSES.items():
        for node in _items(tree, *path.split(".")):
            if (text := _text(node)) is not None and not fits(text):
                yield node.mark.problem(f"{example} is expected, found {found(node, ())}")


def _key_problems(tree: Node) -> Iterator[Problem]:
    """A reflector's key that is none; it is never quoted. An empty one means no key."""
    for node in _items(tree, "targets", "reflector", "key"):
        if (text := _text(node)) and text.strip():
            try:
                key_octets(text)
            except ValueError as error:
                yield node.mark.problem(str(error))


def _is_url(pattern: str) -> Callable[[str], bool]:
    """What fits the pattern and can be visited: a host that has a name, a port between 1 and 65535."""

    def fits(text: str) -> bool:
        if not re.fullmatch(pattern, text) or not text.isprintable():
            return False
        try:
            host, port = urlsplit(text).hostname or "", urlsplit(text).port
            if not host.isascii():
                host.encode("idna")
        except ValueError:  # a port above, an IPv6 address that is none, a name that IDNA refuses
            return False
        return port != 0

    return fits


def _is_sip_uri(text: str) -> bool:
    try:
        parse_sip_uri(text)
    except ValueError:
        return False
    return True


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_port_range(text: str) -> bool:
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text)
    return match is not None and 0 < int(match[1]) <= int(match[2] or match[1]) < 2**16


_HOST = r"(?:\[[0-9A-Fa-f:.%]+\]|[^\s\[\]/?#@:]+)"


def _is_host_and_port(text: str) -> bool:
    match = re.fullmatch(rf"{_HOST}(?::(\d{{1,5}}))?", text)
    return match is not None and 0 < int(match[1] or 862) < 2**16


_ADDRESSES: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "targets.signalling.url": (
        _is_url(rf"(?:https?|wss?)://(?:[^\s/@]*@)?{_HOST}(?::\d{{1,5}})?(?:[/?#]\S*)?"),
        "an address like https://host/ or wss://host/path",
    ),
    "targets.reflector.url": (
        _is_url(rf"https?://{_HOST}(?::\d{{1,5}})?(?:[/?#]\S*)?"),
        "an address like https://host",
    ),
    "targets.reflector.stamp": (_is_host_and_port, "host or host:port"),
    "targets.identity.issuer": (
        _is_url(rf"https?://{_HOST}(?::\d{{1,5}})?(?:[/?#]\S*)?"),
        "an address like https://host/",
    ),
    "targets.fallback.sip": (_is_sip_uri, "an address like sip:host:5060;transport=udp"),
    "targets.media.cidrs": (_is_network, "a network like 203.0.113.0/24"),
    "targets.media.udp_ports": (_is_port_range, "a port or a range like 16384-65535"),
    "flows.ports": (_is_port_range, "a port or a range like 16384-65535"),
}
