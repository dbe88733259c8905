"""The cause that was seen behind a finding, in a few words."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readycheck.model.clean import clean
from readycheck.model.failure import FailureCode
from readycheck.model.report import Metric, Report
from readycheck.model.verdict import Finding, Status
from readycheck.render import format as say
from readycheck.render.readings import evidence_of, mappings
from readycheck.render.words import FailureWords, Words
from readycheck.render.workstation.causes import named_cause

_AUTHORITY = re.compile(r"(?:[a-zA-Z][a-zA-Z0-9+.-]*:(?://)?)?([^/?]+)")
_LONGEST = 240
_TRANSPORT = re.compile(r"(?:^|_)(udp|tcp|tls)(?:_|$)")


@dataclass(frozen=True)
class Sighting:
    """A target where a failure was met, in so many attempts of so many; in none, if met with the whole of it."""

    target: str
    code: str
    failed: int
    tried: int


def failure_code(holder: Any) -> str | None:
    """The code of what should be a failure, or its code alone."""
    code = holder.get("code") if isinstance(holder, dict) else holder
    return code if isinstance(code, str) and code else None


def authority(url: Any) -> str:
    """Host and port of a URL, for people; never a link."""
    match = _AUTHORITY.match(str(url or ""))
    return clean(match[1] if match else url or "?", 80)


def sightings(evidence: dict[str, Any], transport: str | None = None) -> Iterator[Sighting]:
    """Every failed target in a probe's evidence, whatever probe it is."""
    for target in (item for value in evidence.values() for item in mappings(value)):
        if "url" not in target or (transport and target.get("transport", transport) != transport):
            continue
        attempts = mappings(target.get("attempts"))
        codes = [code for attempt in attempts if (code := failure_code(attempt.get("failure")))]
        whole = [code for key in ("failure", "relay_failure") if (code := failure_code(target.get(key)))]
        for code in dict.fromkeys(codes + whole):
            yield Sighting(authority(target["url"]), code, codes.count(code), len(attempts))


def reflector_asked(report: Report, metric: str) -> str | None:
    """Host and port of the reflector that this figure was asked of; None if it was not asked of one."""
    # whose mark arrives only a reflector tells, wherever else the path led
    probes = ("path", "path_mtu", "bandwidth") if metric == "path.dscp_preserved" else (metric.partition(".")[0],)
    urls = [str(evidence_of(report, probe).get("url")) for probe in probes]
    return next((authority(url) for url in urls if url.startswith("stamp:")), None)


def failure_words(reason: str, metric: str, report: Report, words: Words) -> FailureWords:
    """The words of a failure behind a figure, or a probe; a silent reflector has its own: no call is behind that."""
    place = reflector_asked(report, metric) if reason == FailureCode.NO_MEDIA else None
    if place is None:
        return words.failure(reason)
    remedy = words("reflector_no_answer_remedy", port=place.rpartition(":")[2])
    return FailureWords(words("reflector_no_answer"), words("reflector_no_answer_what"), remedy)


def cause(finding: Finding, report: Report, words: Words) -> str:
    """What was seen, where, how often, by which name; or how the figure stands to what was asked."""
    if named := named_cause(finding, report, words):
        return clean(named, _LONGEST)
    if finding.reason == FailureCode.NOT_PROVEN or finding.reason is None:
        return _figures(finding, report.metrics, words)
    said = failure_words(finding.reason, finding.metric, report, words).short
    if finding.reason == FailureCode.NO_MEDIA and (place := reflector_asked(report, finding.metric)):
        return f"{place}{words('colon')}{said}"
    probe, _, attribute = finding.metric.partition(".")
    observation = report.observations.get(probe)
    transport = _TRANSPORT.search(attribute)
    seen = [
        sighting
        for sighting in sightings(observation.evidence if observation else {}, transport[1] if transport else None)
        if sighting.code == finding.reason
    ]
    if seen:
        return _seen(said, seen, words)
    if (
        observation
        and observation.failure
        and observation.failure.code == finding.reason
        and observation.failure.detail
    ):
        return f"{said} ({clean(observation.failure.detail, 120)})"
    return said


def _seen(said: str, seen: list[Sighting], words: Words) -> str:
    first = seen[0]
    often = f", {words('n_of_m', n=first.failed, m=first.tried)}" if first.failed else ""
    text = f"{first.target}, {said}{often}"
    others = len({sighting.target for sighting in seen} - {first.target})
    return words.count("and_others", others, text=text) if others else text


def _figures(finding: Finding, metrics: Mapping[str, Metric], words: Words) -> str:
    """The figure, its bounds and what was asked."""
    if finding.observed is None:
        return words("not_measured")
    shown = say.amount(finding.observed, finding.unit, words)
    if isinstance(finding.observed, bool):
        return f"{words.metric(finding.metric)}{words('colon')}{shown}"
    metric = metrics.get(finding.metric)
    if metric and metric.value == finding.observed:
        shown = say.measured(finding.metric, metrics, words)
    text = words("measured", shown=shown, wanted=say.asked(finding.expected, finding.unit, words))
    unsure = finding.status == Status.INCONCLUSIVE and finding.reason
    return f"{words.failure(FailureCode.NOT_PROVEN).short}{words('colon')}{text}" if unsure else text
