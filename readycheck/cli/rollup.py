"""`readycheck rollup`: the reports of many workstations and sites, and what people attested: one project verdict."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from readycheck.cli.status import ExitMap

if TYPE_CHECKING:
    from datetime import date


def rollup(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="DIR_OR_FILES…", readable=False, help="Reports, or folders that are searched for *.json."
        ),
    ],
    profile: Annotated[str, typer.Option("--profile", help="The profile that judges: a shipped name or a file.")],
    attestations: Annotated[
        Path | None,
        typer.Option(metavar="FILE", readable=False, help="What `attest` wrote: answers to the profile's questions."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="ROLLUP.json", readable=False, help="An earlier roll-up: what has changed since."),
    ] = None,
    on: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day from which lead times count; today (UTC) without it.")
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", readable=False, help="Where the roll-up goes.")
    ] = Path("reports"),
    as_json: Annotated[bool, typer.Option("--json", help="The document on stdout, and nothing else there.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Reservations count as no-go.")] = False,
    lang: Annotated[Literal["en", "fr"], typer.Option(help="Language of the texts.")] = "en",
    color: Annotated[Literal["auto", "always", "never"], typer.Option(help="Colours in the terminal.")] = "auto",
    exit_map: Annotated[ExitMap, typer.Option(help="Whose exit statuses.")] = "readycheck",
) -> None:
    """Many reports, one verdict on the project: can we start, when, what blocks, who owns it."""
    from readycheck.cli.rolling import Options, roll_up  # noqa: PLC0415 - pydantic only when needed

    options = Options(
        paths=paths,
        profile=profile,
        attestations=attestations,
        against=against,
        on=_day(on),
        output=output,
        as_json=as_json,
        strict=strict,
        lang=lang,
        color=color,
        exit_map=exit_map,
    )
    raise typer.Exit(roll_up(options))


def _day(text: str | None) -> "date | None":
    from datetime import date  # noqa: PLC0415 - keeps `--version` fast

    if text is None:
        return None
    try:
        if len(text) == len("2027-01-31"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise typer.BadParameter(f"--on {text!r}: a date like 2027-01-31 is expected")
