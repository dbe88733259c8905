"""`--machine DIR`: a machine that was captured answers in this one's place."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from readycheck.cli.status import ExitStatus

if TYPE_CHECKING:
    from readycheck.host.machine import Machine

MachineFolder = Annotated[
    Path | None,
    typer.Option("--machine", metavar="DIR", help="What `readycheck capture` wrote answers in this machine's place."),
]


def machine_or_exit(folder: Path | None) -> "Machine":
    """This machine, or the one captured into a folder; if there is none in it, one line on stderr and exit 4."""
    if folder is None:
        from readycheck.host.this import this_machine  # noqa: PLC0415 - keeps `--version` fast

        return this_machine()
    from readycheck.host.recorded import UnreadableMachine, load  # noqa: PLC0415 - the same

    try:
        return load(folder)
    except UnreadableMachine as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitStatus.WRONG_PROFILE) from None
