"""The cause behind a finding by its name: a device, a policy, a signal; or what a reflector did."""

from collections.abc import Callable

from readycheck.model.failure import FailureCode
from readycheck.model.report import ObservationStatus, Report
from readycheck.model.verdict import Finding, Status
from readycheck.render.reflector import doing
from readycheck.render.words import Words
from readycheck.render.workstation import browser, headset, machine, network, session
from readycheck.render.workstation.subject import Subject

_CAUSES: dict[str, Callable[[Subject, str], str | None]] = {
    "session": session.cause,
    "browser": browser.cause,
    "headset": headset.cause,
    "network": network.cause,
    "workstation": machine.cause,
    "path": lambda subject, attribute: doing(subject.report, f"path.{attribute}", subject.words),
}
_SAID_BETTER = {FailureCode.WRONG_USER_CONTEXT, FailureCode.OTHER_TARGETS, FailureCode.NOT_SELECTED}
"""Reasons that are the cause themselves, whatever the evidence shows beside them."""


def named_cause(finding: Finding, report: Report, words: Words) -> str | None:
    """None if the evidence names nothing, or this is no finding that failed or stayed open."""
    probe, _, attribute = finding.metric.partition(".")
    seen = report.observations.get(probe)
    if probe not in _CAUSES or finding.status in {Status.PASS, Status.NOT_APPLICABLE} or finding.reason in _SAID_BETTER:
        return None
    if seen is None or seen.status != ObservationStatus.COLLECTED:
        return None
    return _CAUSES[probe](Subject(probe, report, words), attribute)
