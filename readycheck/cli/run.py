"""`readycheck run`: probe this workstation, judge, write the report, print the verdict."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from readycheck.cli.formats import chosen_formats
from readycheck.cli.machine import MachineFolder
from readycheck.cli.status import ExitMap


def _ids(text: str | None) -> list[str] | None:
    if text is None:
        return None
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise typer.BadParameter("no probe is named")
    return names


def _readable(text: str | None) -> str | None:
    """Without the halves of characters that a file or a report cannot hold."""
    return None if text is None else text.encode("utf-8", "replace").decode()


def run(
    profile: Annotated[str, typer.Argument(help="A shipped name or a YAML file.")] = "lab",
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", readable=False, help="Where the reports go.")
    ] = Path("reports"),
    formats: Annotated[
        str,
        typer.Option(
            "--format", help="Files: html, json, junit, csv, several with commas. nagios: its line on stdout."
        ),
    ] = "html,json",
    as_json: Annotated[bool, typer.Option("--json", help="The report on stdout, and nothing else there.")] = False,
    only: Annotated[str | None, typer.Option(metavar="PROBE,…", help="These probes and what they require.")] = None,
    skip: Annotated[str | None, typer.Option(metavar="PROBE,…", help="Not these probes.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")] = False,
    label: Annotated[str | None, typer.Option(metavar="TEXT", help="Names the run and its files.")] = None,
    site: Annotated[str | None, typer.Option(metavar="NAME", help="The site this workstation belongs to.")] = None,
    machine: MachineFolder = None,
    scope: Annotated[
        Literal["workstation", "site"], typer.Option(help="Whose requirements are judged.")
    ] = "workstation",
    calls: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Calls at once for bandwidth, instead of the profile's.")
    ] = None,
    listen: Annotated[
        bool, typer.Option("--listen", help="Play a tone and speech, and tell what the microphone hears of it.")
    ] = False,
    show_host: Annotated[bool, typer.Option("--show-host", help="Host name and addresses in full.")] = False,
    lang: Annotated[Literal["en", "fr"], typer.Option(help="Language of page and verdict.")] = "en",
    strict: Annotated[bool, typer.Option("--strict", help="Reservations count as no-go.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress.")] = False,
    color: Annotated[Literal["auto", "always", "never"], typer.Option(help="Colours in the terminal.")] = "auto",
    exit_map: Annotated[ExitMap, typer.Option(help="Whose exit statuses.")] = "readycheck",
) -> None:
    """Probe this workstation and say whether it is ready.

    Without PROFILE: the lab, a server on this machine, no network needed.
    """
    from readycheck.cli.dry_run import announce  # noqa: PLC0415 - the probes load only when they run
    from readycheck.cli.session import Options, measure  # noqa: PLC0415 - the same

    options = Options(
        profile=profile,
        output=output,
        formats=chosen_formats(formats, as_json=as_json),
        as_json=as_json,
        only=_ids(only),
        skip=_ids(skip) or [],
        label=_readable(label),
        site=_readable(site),
        machine=machine,
        scope=scope,
        calls=calls,
        show_host=show_host,
        listen=listen,
        lang=lang,
        strict=strict,
        quiet=quiet,
        color=color,
        exit_map=exit_map,
    )
    raise typer.Exit(announce(options) if dry_run else measure(options))


def audio_child(asked: str) -> None:
    """PortAudio for readycheck's own use: asked once, answers with JSON."""
    from readycheck.host.audio import child  # noqa: PLC0415 - the command line needs no audio

    child.run(asked)
