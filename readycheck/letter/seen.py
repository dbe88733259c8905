"""What a report saw of each flow, whatever probe saw it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from readycheck.letter.address import Key, parse_address
from readycheck.model.report import Metric, Report
from readycheck.render.causes import failure_code, failure_words, reflector_asked
from readycheck.render.readings import mappings
from readycheck.render.words import Words

_MOST_SIGHTINGS = 3
_OF_REFLECTOR = ("path.rtt_p50_ms", "path_mtu.udp_payload_byte", "bandwidth.concurrent_calls")
"""A figure of each probe that asks the reflector: known if it answered."""
Outcome = tuple[bool, str]
"""Whether it answered, and what was seen in words."""


@dataclass(frozen=True)
class Seen:
    """What was seen of one flow; `kind` is how a tag shows it."""

    kind: str
    text: str


def seen_flows(report: Report, words: Words) -> dict[Key, Seen]:
    """By flow what this report's evidence says; flows that it did not meet are absent."""
    outcomes = dict[Key, dict[str, Outcome]]()
    for probe, observation in report.observations.items():
        for target in (item for value in observation.evidence.values() for item in mappings(value)):
            address = parse_address(target["url"]) if isinstance(target.get("url"), str) else None
            outcome = _outcome(target, words)
            if address and outcome:
                by_probe = outcomes.setdefault(address.key, {})
                # of two URLs that share a flow, the one that failed is told
                by_probe[probe] = min(by_probe.get(probe, outcome), outcome, key=lambda seen: seen[0])
    for metric in _OF_REFLECTOR:
        place, held = reflector_asked(report, metric), report.metrics.get(metric)
        address = parse_address(f"stamp:{place}") if place else None
        if address and held:
            answered = held.value is not None
            said = words("evidence_answered") if answered else _why(metric, held, report, words)
            outcomes.setdefault(address.key, {})[metric.partition(".")[0]] = (answered, said)
    return {key: _seen(by_probe, words) for key, by_probe in outcomes.items()}


def _why(metric: str, held: Metric, report: Report, words: Words) -> str:
    return failure_words(held.reason, metric, report, words).short if held.reason else words("evidence_silent")


def _seen(by_probe: dict[str, Outcome], words: Words) -> Seen:
    texts = {text for _, text in by_probe.values()}
    named = [f"{words.probe(probe)}{words('colon')}{text}" for probe, (_, text) in by_probe.items()]
    answered = all(answered for answered, _ in by_probe.values())
    text = texts.pop() if len(texts) == 1 else words("semicolon").join(named[:_MOST_SIGHTINGS])
    return Seen("holds" if answered else "blocks", text)


def _outcome(target: dict[str, Any], words: Words) -> Outcome | None:
    """What became of the attempts, of the target as a whole where there were none; None if nothing is said."""
    attempts = mappings(target.get("attempts"))
    if attempts:
        failed = [attempt for attempt in attempts if not _answered(attempt)]
        often = words("n_of_m", n=len(failed) or len(attempts), m=len(attempts))
        return (not failed, f"{_what(failed, words)}, {often}")
    code = failure_code(target.get("failure"))
    if code is None and not isinstance(target.get("reached"), bool):
        return None
    return (True, words("evidence_answered")) if _answered(target) else (False, _what([target], words))


def _answered(attempt: dict[str, Any]) -> bool:
    """A challenge is an answer: the way is open, whatever the server thinks of the credentials."""
    reached = attempt.get("reached")
    return reached if isinstance(reached, bool) else failure_code(attempt.get("failure")) is None


def _what(failed: list[dict[str, Any]], words: Words) -> str:
    if not failed:
        return words("evidence_answered")
    codes = Counter(code for one in failed if (code := failure_code(one.get("failure"))))
    return words.failure(codes.most_common(1)[0][0]).short if codes else words("evidence_silent")
