"""`readycheck capture`: this machine's answers to the workstation's probes, in a folder that can be sent."""

from pathlib import Path
from typing import Annotated

import typer


def capture(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that does not exist yet.")],
    profile: Annotated[
        str, typer.Option("--profile", help="Whose targets the network is asked about: a shipped name or a YAML file.")
    ] = "lab",
) -> None:
    """Record this machine into a folder, without what tells whose it is; `run --machine DIR` then probes it anywhere.

    The folder stays here: look through it before you send it.
    """
    from readycheck.cli.capturing import capture_into  # noqa: PLC0415 - the probes load only when they run

    capture_into(folder, profile)
