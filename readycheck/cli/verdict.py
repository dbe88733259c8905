"""From evidence to a report, and from a report to the user."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from readycheck.cli.formats import NAGIOS
from readycheck.cli.output import SUFFIXES, write_reports
from readycheck.cli.paper import Paper, tell_paper
from readycheck.cli.status import ExitStatus
from readycheck.engine.registry import inputs_digest, metric_definitions, probes
from readycheck.host.terminal import width
from readycheck.judge import Case, blocking, judge
from readycheck.model.evidence import cut_short
from readycheck.model.report import Metric, NewerReport, ProfileReference, Report, UnreadableReport
from readycheck.model.verdict import Decision, Scope
from readycheck.profile.schema import Profile
from readycheck.render.text import render_text

_FROM_WORST = (Decision.NO_GO, Decision.INCONCLUSIVE, Decision.GO_WITH_RESERVATIONS, Decision.GO)


def digests(profile: Profile) -> dict[str, str]:
    """What this profile's targets digest to, by probe."""
    return {name: inputs_digest(probe, profile.identity) for name, probe in probes().items()}


def reference(profile: Profile) -> ProfileReference:
    """The profile as a report names it."""
    return ProfileReference(profile.id, profile.title or {"": profile.id}, profile.sha256, profile.lab)


def judged_anew(report: Report, profile: Profile, inputs: Mapping[str, str] | None = None) -> Report:
    """The same evidence, another verdict; raises UnreadableReport if this version cannot know what it means.

    `inputs` are the profile's digests, given by who judges many reports.
    """
    _require_known(report)
    metrics = {**report.metrics, **answered(report, profile)}
    case = Case(
        metrics=metrics,
        observations=report.observations,
        inputs=digests(profile) if inputs is None else inputs,
        started_on=report.run.started.date(),
        interrupted=report.run.interrupted,
    )
    verdict = judge(profile, case, Scope(report.run.scope))
    return replace(
        report,
        profile=reference(profile),
        metrics=metrics,
        decision=verdict.decision,
        ready_on=verdict.ready_on,
        findings=verdict.findings,
    )


def answered(report: Report, profile: Profile) -> dict[str, Metric]:
    """The metrics that this profile's lists turn the evidence into; raises UnreadableReport."""
    found: dict[str, Metric] = {}
    for name, observation in report.observations.items():
        probe = probes().get(name)
        if not probe or not probe.answers_by_profile or not observation.evidence:
            continue
        try:
            quantities = probe.answered(probe.evidence.from_json(observation.evidence), profile)
        except ValueError as error:
            raise UnreadableReport(f"observations.{name}.evidence: {str(error).partition(chr(10))[0]}") from None
        if observation.failure:
            quantities = cut_short(quantities, observation.failure.code)
        units = {own: definition.unit for own, definition in probe.evidence.definitions()}
        found |= {f"{name}.{own}": Metric.of(quantity, units[own]) for own, quantity in quantities.items()}
    return found


def _require_known(report: Report) -> None:
    known = metric_definitions()
    for name, metric in report.metrics.items():
        if name in known and metric.unit != known[name].unit:
            raise UnreadableReport(f"metrics.{name}: its unit is {metric.unit!r}, not {known[name].unit!r}")
    for name, observation in report.observations.items():
        probe = probes().get(name)
        if probe and observation.evidence_version > probe.evidence.version:
            newer = f"evidence version {observation.evidence_version}, this version reads {probe.evidence.version}"
            raise NewerReport(f"observations.{name}: {newer}: use a newer readycheck")


def worst(decisions: Iterable[Decision]) -> Decision:
    """The decision that speaks for all."""
    return min(decisions, key=_FROM_WORST.index)


def blockers(report: Report) -> list[str]:
    """What stands in the way, by requirement."""
    return [finding.requirement for finding in blocking(report.findings)]


def tell(
    report: Report,
    *,
    output: Path | None,
    formats: Sequence[str],
    as_json: bool,
    lang: str,
    colour: bool = False,
    went_wrong: bool = False,
) -> ExitStatus | None:
    """Write the files, print the verdict and the paths; NOT_WRITTEN if a file could not be written."""
    files = [form for form in formats if form != NAGIOS]
    paper = Paper(
        noun="report",
        dumps=report.dumps,
        words=lambda plain: render_text(report, lang, colour=colour, plain=plain, width=width(sys.stdout)),
        folder=output if files else None,
        written=lambda folder: write_reports(report, folder, files, lang),
        suffixes=[SUFFIXES[form] for form in files],
        line=(lambda failed: _line(report, lang, unknown=went_wrong or failed)) if NAGIOS in formats else None,
    )
    return tell_paper(paper, as_json=as_json)


def _line(report: Report, lang: str, *, unknown: bool) -> str:
    from readycheck.render.nagios import render_nagios  # noqa: PLC0415 - only where monitoring asks

    return render_nagios(report, lang, unknown=unknown)
