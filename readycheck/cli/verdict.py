"""From evidence to a report, and from a report to the user."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TextIO

import typer

from readycheck.cli.formats import NAGIOS
from readycheck.cli.output import SUFFIXES, write_reports
from readycheck.cli.status import ExitStatus
from readycheck.engine.registry import inputs_digest, metric_definitions, probes
from readycheck.host.terminal import give_up_on_stdout, takes_marks
from readycheck.judge import Case, blocking, judge
from readycheck.model.report import ProfileReference, Report, UnreadableReport
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


def judged_anew(report: Report, profile: Profile) -> Report:
    """The same evidence, another verdict; raises UnreadableReport if this version cannot know what it means."""
    _require_known(report)
    case = Case(
        metrics=report.metrics,
        observations=report.observations,
        inputs=digests(profile),
        started_on=date.fromisoformat(report.run.started_at[:10]),
        interrupted=report.run.interrupted,
    )
    verdict = judge(profile, case, Scope(report.run.scope))
    return replace(
        report,
        profile=reference(profile),
        decision=verdict.decision,
        ready_on=verdict.ready_on,
        findings=verdict.findings,
    )


def _require_known(report: Report) -> None:
    known = metric_definitions()
    for name, metric in report.metrics.items():
        if name in known and metric.unit != known[name].unit:
            raise UnreadableReport(f"metrics.{name}: its unit is {metric.unit!r}, not {known[name].unit!r}")
    for name, observation in report.observations.items():
        probe = probes().get(name)
        if probe and observation.evidence_version > probe.evidence.version:
            newer = f"evidence version {observation.evidence_version}, this version reads {probe.evidence.version}"
            raise UnreadableReport(f"observations.{name}: {newer}: use a newer readycheck")


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
    status, written = None, list[Path]()
    files = [form for form in formats if form != NAGIOS]
    try:
        for path in write_reports(report, output, files, lang) if output and files else ():
            written.append(path)
    except OSError as error:
        status = ExitStatus.NOT_WRITTEN
        typer.echo(
            f"readycheck: {len(written)} of {len(files)} files could be written: "
            f"{error.filename or output}: {error.strerror or error}; the whole report is on stdout, "
            "choose another folder with --output",
            err=True,
        )
    whole = as_json or status is not None
    try:
        if NAGIOS in formats:
            _print_line(report, lang, unknown=went_wrong or status is not None)
        if whole:
            sys.stdout.write(report.dumps())
        elif NAGIOS not in formats:
            text = render_text(report, lang, colour=colour, plain=not takes_marks(sys.stdout))
            sys.stdout.write(text.rstrip() + "\n")
        _print_paths(written, files, sys.stderr if whole or NAGIOS in formats else sys.stdout)
    except OSError as error:
        give_up_on_stdout()
        typer.echo(f"readycheck: stdout cannot be written: {error.strerror or error}", err=True)
        return ExitStatus.NOT_WRITTEN if whole or not written else None
    return status


def _print_line(report: Report, lang: str, *, unknown: bool) -> None:
    """The line of monitoring plugins, the first on stdout whatever follows."""
    from readycheck.render.nagios import render_nagios  # noqa: PLC0415 - only where monitoring asks

    sys.stdout.write(render_nagios(report, lang, unknown=unknown))


def _print_paths(written: list[Path], files: Sequence[str], stream: TextIO) -> None:
    asked = [SUFFIXES[form] for form in files]
    stream.write("".join(f"{path}\n" for path in sorted(written, key=lambda path: asked.index(path.suffix))))
    sys.stdout.flush()
