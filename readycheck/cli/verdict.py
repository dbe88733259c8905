"""From evidence to a report, and from a report to the user."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import typer

from readycheck.cli.output import write_reports
from readycheck.cli.status import ExitStatus
from readycheck.engine.registry import inputs_digest, probes
from readycheck.host.terminal import takes_marks
from readycheck.judge import Case, blocking, judge
from readycheck.model.report import ProfileReference, Report
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
    """The same evidence, another verdict."""
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


def worst(decisions: Iterable[Decision]) -> Decision:
    """The decision that speaks for all."""
    return min(decisions, key=_FROM_WORST.index)


def blockers(report: Report) -> list[str]:
    """What stands in the way, by requirement."""
    return [finding.requirement for finding in blocking(report.findings)]


def tell(
    report: Report, *, output: Path | None, formats: Sequence[str], as_json: bool, lang: str, colour: bool = False
) -> ExitStatus | None:
    """Write the files, print the verdict and the paths; NOT_WRITTEN if a file could not be written."""
    status, written = None, list[Path]()
    try:
        if output:
            written = write_reports(report, output, formats, lang)
    except OSError as error:
        status = ExitStatus.NOT_WRITTEN
        where = error.filename or output
        typer.echo(
            f"readycheck: the report could not be written: {where}: {error.strerror or error}; "
            "it is printed on stdout, choose another folder with --output",
            err=True,
        )
    if as_json or status:
        sys.stdout.write(report.dumps())
    else:
        typer.echo(render_text(report, lang, colour=colour, plain=not takes_marks(sys.stdout)).rstrip())
    sys.stdout.flush()
    for path in written:
        typer.echo(str(path), err=as_json)
    return status
