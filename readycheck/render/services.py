"""What else must answer: signalling, sign-in, fallback telephony, a line for each that was measured."""

from dataclasses import dataclass
from typing import Any

from readycheck.model.report import Report
from readycheck.render import format as say
from readycheck.render.causes import sightings
from readycheck.render.readings import mappings, plain_number
from readycheck.render.visited import place_of
from readycheck.render.voice import Tag
from readycheck.render.words import Words

_RATIOS = {"identity": "identity.reachable_ratio", "fallback": "fallback.answered_ratio"}
_LONGEST_HOLD_S = 3_600
_NEAR = 0.01


@dataclass(frozen=True)
class Service:
    """One kind of server, and how many of them answer."""

    title: str
    tag: Tag
    cause: str


def services(report: Report, words: Words) -> tuple[Service, ...]:
    """Those that were measured, in the order in which a softphone needs them."""
    found = (
        _signalling(report, words),
        *(_answering(report, probe, metric, words) for probe, metric in _RATIOS.items()),
    )
    return tuple(one for one in found if one)


def _answering(report: Report, probe: str, metric: str, words: Words) -> Service | None:
    ratio = _ratio(report, metric)
    if ratio is None:
        return None
    targets = mappings(_evidence(report, probe).get("targets"))
    return _service(report, probe, ratio, _said(ratio, _count(ratio, len(targets)), len(targets), words), words)


def _signalling(report: Report, words: Words) -> Service | None:
    """Web pages and WebSockets have a figure each; together they are the targets."""
    targets = mappings(_evidence(report, "signalling").get("targets"))
    sockets = [one for one in targets if place_of(one.get("url"))[0] in {"ws", "wss"}]
    parts = [
        (ratio, of)
        for metric, of in (
            ("signalling.reachable_ratio", len(targets) - len(sockets)),
            ("signalling.websocket_ratio", len(sockets)),
        )
        if (ratio := _ratio(report, metric)) is not None
    ]
    if not parts:
        return None
    lowest = min(ratio for ratio, _ in parts)
    counts = [_count(ratio, of) for ratio, of in parts]
    known = [count for count in counts if count is not None]
    total = sum(known) if len(known) == len(counts) else None
    said = [_said(lowest, total, sum(of for _, of in parts), words)]
    if (opened := _ratio(report, "signalling.websocket_ratio")) is not None:
        said.append(_websockets(opened, sockets, words))
    overall = 0.5 if any(ratio for ratio, _ in parts) and lowest < 1 else lowest
    return _service(report, "signalling", overall, ", ".join(said), words)


def _websockets(ratio: float, sockets: list[dict[str, Any]], words: Words) -> str:
    held = [
        seconds
        for one in sockets
        for attempt in mappings(one.get("attempts"))
        if isinstance(attempt.get("websocket"), dict)
        and (seconds := plain_number(attempt["websocket"].get("held_s"))) is not None
        and 0 < seconds <= _LONGEST_HOLD_S
    ]
    if ratio == 1 and held:
        return words("service_websocket_held", seconds=say.amount(round(max(held)), "s", words))
    if ratio == 1:
        return words("service_websocket_open")
    count = _count(ratio, len(sockets))
    return words("service_websocket_some", n=count, m=len(sockets)) if count else words("service_websocket_none")


def _said(ratio: float, answering: int | None, of_all: int, words: Words) -> str:
    if answering is None:
        return words("service_share", share=say.amount(ratio, "ratio", words))
    return words.count("service_answer", answering, m=of_all)


def _service(report: Report, probe: str, ratio: float, said: str, words: Words) -> Service:
    look = "holds" if ratio >= 1 else "warns" if ratio else "blocks"
    seen = next(sightings(_evidence(report, probe)), None) if ratio < 1 else None
    cause = f"{seen.target}{words('colon')}{words.failure(seen.code).short}" if seen else ""
    return Service(words.probe(probe), Tag(look, said), cause)


def _count(ratio: float, of_all: int) -> int | None:
    """How many of them this share is; None if it is no share of that many."""
    count = round(ratio * of_all)
    return count if of_all and abs(count - ratio * of_all) < _NEAR else None


def _ratio(report: Report, name: str) -> float | None:
    metric = report.metrics.get(name)
    value = plain_number(metric.value) if metric else None
    return value if value is not None and 0 <= value <= 1 else None


def _evidence(report: Report, probe: str) -> dict[str, Any]:
    observation = report.observations.get(probe)
    return observation.evidence if observation else {}
