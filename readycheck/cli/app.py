"""The command line: one command per file, and one place where exceptions become sentences."""

import contextlib
import errno
import io
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

import typer

from readycheck import __version__
from readycheck.cli import attest, capture, compare, judge, letter, probes, profile, proxy, reflector, rollup, run, site
from readycheck.cli.formats import NAGIOS
from readycheck.cli.status import NAGIOS_UNKNOWN, ExitStatus
from readycheck.host.terminal import give_up_on_stdout, prepare_streams

_NOT_WRITABLE = (errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF, errno.EINVAL)

app = typer.Typer(
    name="readycheck",
    help="Can agents work on a WebRTC softphone here? Probes this workstation, judges, and writes a go / no-go report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("judge")(judge.judge)
app.command("attest")(attest.attest)
app.command("rollup")(rollup.rollup)
app.command("capture")(capture.capture)
app.command("compare")(compare.compare)
app.command("letter")(letter.letter)
app.command("probes")(probes.probes)
app.command("proxy")(proxy.proxy)
app.command("reflector")(reflector.reflector)
app.command("site")(site.site)
app.command("pac-engine", hidden=True)(proxy.pac_engine)
app.command("audio-child", hidden=True)(run.audio_child)
app.add_typer(profile.app, name="profile")


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(f"readycheck {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    pass


def run_app(arguments: Sequence[str]) -> int:
    """Run one command; the exit status."""
    prepare_streams()
    status = _status(list(arguments))
    if status == ExitStatus.WRONG_PROFILE:
        _say_unknown(arguments, "nothing was measured or judged: the profile or a report is wrong, see stderr")
    if status > NAGIOS_UNKNOWN and _wants_nagios(arguments):
        return NAGIOS_UNKNOWN
    return status


def _status(arguments: list[str]) -> int:
    try:
        status = _invoke(arguments)
        sys.stdout.flush()
    except typer.exceptions.TyperException as error:
        typer.echo(f"readycheck: {_sentence(error)}; see readycheck --help", err=True)
        _say_unknown(arguments, f"wrong command line: {_sentence(error)}")
        return NAGIOS_UNKNOWN if _wants_nagios(arguments) else ExitStatus.WRONG_COMMAND_LINE
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("readycheck: interrupted", err=True)
        return ExitStatus.INTERRUPTED
    except OSError as error:
        of_stdout = error.errno in _NOT_WRITABLE or isinstance(error, io.UnsupportedOperation)
        return _not_written(error) if of_stdout and error.filename is None else _fault(arguments)
    except Exception:  # noqa: BLE001 - the program's edge: a user gets a sentence, the details go into a file
        return _fault(arguments)
    return status


def _invoke(arguments: list[str]) -> int:
    """Not command.main(): it turns a broken pipe into status 1, which is a no-go here."""
    command = typer.main.get_command(app)
    try:
        with command.make_context("readycheck", arguments) as context:
            command.invoke(context)
    except typer.Exit as leaving:
        return leaving.exit_code
    return ExitStatus.GO


def _not_written(error: OSError) -> int:
    give_up_on_stdout()
    typer.echo(f"readycheck: stdout cannot be written: {error.strerror or error}", err=True)
    return ExitStatus.NOT_WRITTEN


def _fault(arguments: Sequence[str]) -> int:
    from readycheck.cli.fault import sentence, write_fault  # noqa: PLC0415 - a fault is rare, start-up is not

    said = sentence(write_fault())
    typer.echo(said, err=True)
    _say_unknown(arguments, said)
    return ExitStatus.FAULT


def _wants_nagios(arguments: Sequence[str]) -> bool:
    """Also where the command line is wrong otherwise: monitoring reads any other number as something else."""
    return "--exit-map=nagios" in arguments or ("--exit-map", "nagios") in pairwise(arguments)


def _say_unknown(arguments: Sequence[str], sentence: str) -> None:
    """The line of a plugin that has no verdict to tell: monitoring reads stdout alone."""
    given = [second for first, second in pairwise(arguments) if first == "--format"]
    given += [argument.removeprefix("--format=") for argument in arguments if argument.startswith("--format=")]
    if any(NAGIOS in names.split(",") for names in given):
        from readycheck.render.nagios import unknown_line  # noqa: PLC0415 - as in _fault

        with contextlib.suppress(OSError):
            typer.echo(unknown_line(sentence), nl=False)


def _sentence(error: Exception) -> str:
    text = " ".join(str(getattr(error, "format_message", lambda: error)()).split())
    return text.rstrip(".") or "a command is missing"
