"""`readycheck attest`: asks a profile's questions and writes the attestations file."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def attest(
    profile: Annotated[str, typer.Argument(metavar="PROFILE", help="A shipped name or a YAML file.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="What it holds is kept; ID.attestations.yaml without it."),
    ] = None,
    site: Annotated[str | None, typer.Option(metavar="NAME", help="The answers count at this site alone.")] = None,
    template: Annotated[
        bool, typer.Option("--template", help="A file to fill in, every question open; on stdout without --output.")
    ] = False,
    lang: Annotated[Literal["en", "fr"], typer.Option(help="Language of the questions.")] = "en",
) -> None:
    """Ask what only a person can answer: who approved it, when, with which proof."""
    from readycheck.cli.asking import ask_all, write_template  # noqa: PLC0415 - pydantic only when needed

    if template:
        raise typer.Exit(write_template(profile, output, lang))
    raise typer.Exit(ask_all(profile, output, site, lang))
