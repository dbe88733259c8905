"""The chapter of the workstation: a row for each of its subjects, with the judge's mark and no other opinion."""

from collections.abc import Callable
from dataclasses import dataclass

from readycheck.model.failure import FailureCode
from readycheck.model.report import Observation, ObservationStatus, Report
from readycheck.render.answer import KINDS, kind, state
from readycheck.render.voice import Tag
from readycheck.render.words import Words
from readycheck.render.workstation import browser, headset, machine, network, session
from readycheck.render.workstation.subject import Said, Subject

_SUBJECTS: dict[str, Callable[[Subject], list[Said]]] = {
    "session": session.told,
    "browser": browser.told,
    "headset": headset.told,
    "network": network.told,
    "workstation": machine.told,
}
_WORST_FIRST = (*KINDS, "left_out", "holds", "not_applicable")


@dataclass(frozen=True)
class Row:
    """One subject: what is known of it, what could not be told, and what the judge says if he was asked."""

    title: str
    known: str
    unknown: tuple[str, ...]
    tag: Tag | None


def workstation(report: Report, words: Words) -> tuple[Row, ...]:
    """Those that were asked, in the order in which one would look at a workstation; none if none was."""
    asked = {probe: report.observations[probe] for probe in _SUBJECTS if probe in report.observations}
    return tuple(_row(probe, report, words) for probe, one in asked.items() if not _is_left_out(one))


def _is_left_out(observation: Observation) -> bool:
    return observation.failure is not None and observation.failure.code == FailureCode.NOT_SELECTED


def _row(probe: str, report: Report, words: Words) -> Row:
    observation = report.observations[probe]
    if observation.status == ObservationStatus.COLLECTED:
        said = _SUBJECTS[probe](Subject(probe, report, words))
    else:
        failure = observation.failure.code if observation.failure else FailureCode.INTERNAL_ERROR
        said = [Said(words("ws_untold_all", why=words.failure(failure).what), known=False)]
    return Row(
        title=words(f"ws_{probe}"),
        known=" ".join(one.text for one in said if one.known),
        unknown=tuple(one.text for one in said if not one.known),
        tag=_tag(probe, report, words),
    )


def _tag(probe: str, report: Report, words: Words) -> Tag | None:
    """The worst that the judge found on this subject; nothing if he was not asked."""
    findings = [one for one in report.findings if one.metric.partition(".")[0] == probe]
    worst = min(findings, key=lambda one: _WORST_FIRST.index(kind(one)), default=None)
    return Tag(kind(worst), state(worst, words)) if worst else None
