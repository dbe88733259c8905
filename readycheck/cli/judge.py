"""`readycheck judge`: saved evidence judged again, nothing measured."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from readycheck.cli.formats import NAGIOS, chosen_formats

if TYPE_CHECKING:
    from readycheck.model.report import Report
    from readycheck.profile.schema import Profile


def judge(
    reports: Annotated[
        list[Path], typer.Argument(metavar="REPORT.json…", readable=False, help="Reports that `run` wrote.")
    ],
    profile: Annotated[list[str], typer.Option("--profile", help="A shipped name or a file; repeat for a matrix.")],
    as_json: Annotated[bool, typer.Option("--json", help="The report or the matrix on stdout.")] = False,
    strict: Annotated[bool, typer.Option(help="Reservations count as no-go.")] = False,
    lang: Annotated[Literal["en", "fr"], typer.Option(help="Language of the texts.")] = "en",
    exit_map: Annotated[Literal["readycheck", "nagios"], typer.Option(help="Whose exit statuses.")] = "readycheck",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", readable=False, help="Write the report anew into this folder.")
    ] = None,
    formats: Annotated[
        str, typer.Option("--format", help="As of `run`: files for --output, or nagios for one report and profile.")
    ] = "html,json",
) -> None:
    """Judge saved reports against profiles."""
    from readycheck.cli.loading import profile_or_exit, report_or_exit  # noqa: PLC0415 - pydantic only when needed
    from readycheck.cli.status import mapped  # noqa: PLC0415 - the same
    from readycheck.cli.verdict import worst  # noqa: PLC0415 - the same

    chosen = chosen_formats(formats, as_json=as_json)
    if NAGIOS in chosen and len(reports) * len(profile) > 1:
        raise typer.BadParameter("--format nagios is a line about one report and one profile")
    profiles = [(name, profile_or_exit(name, lenient=True)) for name in profile]
    loaded = [(path, report_or_exit(path)) for path in reports]
    anew = [(path, name, _anew(path, report, asked)) for path, report in loaded for name, asked in profiles]
    if len(anew) == 1:
        status = _tell_one(anew[0][2], formats=chosen, as_json=as_json, lang=lang, output=output)
    else:
        status = None
        _tell_matrix(anew, len(profiles), as_json=as_json, lang=lang)
    decision = worst(report.decision for _, _, report in anew)
    raise typer.Exit(mapped(status, decision, strict=strict, exit_map=exit_map))


def _anew(path: Path, report: "Report", asked: "Profile") -> "Report":
    from readycheck.cli.loading import unreadable  # noqa: PLC0415 - see judge
    from readycheck.cli.verdict import judged_anew  # noqa: PLC0415 - see judge
    from readycheck.model.report import UnreadableReport  # noqa: PLC0415 - see judge

    try:
        return judged_anew(report, asked)
    except UnreadableReport as error:
        raise unreadable(path, str(error)) from None


def _tell_one(report: "Report", *, formats: list[str], as_json: bool, lang: str, output: Path | None) -> Any:
    from readycheck.cli.verdict import tell  # noqa: PLC0415 - see judge

    return tell(report, output=output, formats=formats, as_json=as_json, lang=lang)


def _tell_matrix(anew: "list[tuple[Path, str, Report]]", profiles: int, *, as_json: bool, lang: str) -> None:
    import json  # noqa: PLC0415 - see judge

    from readycheck.cli.verdict import blockers  # noqa: PLC0415 - see judge
    from readycheck.host.terminal import takes_marks  # noqa: PLC0415 - see judge
    from readycheck.judge import blocking  # noqa: PLC0415 - see judge
    from readycheck.render.matrix import Cell, render_matrix  # noqa: PLC0415 - see judge

    if not as_json:
        told = [Cell(str(path), name, report, blocking(report.findings)) for path, name, report in anew]
        typer.echo(render_matrix(told, profiles, lang, plain=not takes_marks(sys.stdout)))
        return
    cells = [
        {"report": str(path), "profile": name, "decision": str(report.decision), "blockers": blockers(report)}
        for path, name, report in anew
    ]
    typer.echo(json.dumps({"schema": "readycheck.matrix/1", "cells": cells}, ensure_ascii=False, indent=1))
