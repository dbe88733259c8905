"""Reading what the user names: profiles and reports, each mistake one line."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import typer

from readycheck.cli.status import ExitStatus
from readycheck.engine.registry import metric_definitions
from readycheck.model.report import Report, UnreadableReport
from readycheck.model.rollup import Rollup
from readycheck.profile.attestations import Attestations, load_attestations, nothing_attested
from readycheck.profile.environment import LAB_PREFIX
from readycheck.profile.loader import load_profile
from readycheck.profile.problem import ProfileError
from readycheck.profile.regular import opened
from readycheck.profile.schema import Profile

_Document = TypeVar("_Document")

LARGEST_REPORT_BYTE = 20 * 1024 * 1024


LAB_AT_REST = {
    f"{LAB_PREFIX}{name}": value
    for name, value in {
        "UDP_PORT": "3478",
        "TCP_PORT": "3478",
        "TLS_PORT": "5349",
        "STAMP_PORT": "862",
        "USERNAME": "lab",
        "CREDENTIAL": "lab",
        "CA_FILE": "",
    }.items()
}


def profile_at_rest(name: str) -> Profile:
    """The profile where no server will be met: the lab's stand still, with the ports of the standards."""
    return profile_or_exit(name, extra=LAB_AT_REST)


def profile_or_exit(name: str, *, lenient: bool = False, extra: dict[str, str] | None = None) -> Profile:
    """The profile; on mistakes all of them on stderr and exit 4."""
    try:
        return load_profile(
            name, environment=os.environ, extra_environment=extra, metrics=metric_definitions(), lenient=lenient
        )
    except ProfileError as error:
        for problem in error.problems:
            typer.echo(str(problem), err=True)
        raise typer.Exit(ExitStatus.WRONG_PROFILE) from None


def attestations_or_exit(path: Path | None, profile: Profile) -> Attestations:
    """The answers in a file, none without one; on mistakes all of them on stderr and exit 4."""
    if path is None:
        return nothing_attested(profile)
    try:
        return load_attestations(path, profile)
    except ProfileError as error:
        for problem in error.problems:
            typer.echo(str(problem), err=True)
        raise typer.Exit(ExitStatus.WRONG_PROFILE) from None


def report_or_exit(path: Path) -> Report:
    """The report in a file; if there is none, one line on stderr and exit 4."""
    return _read_or_exit(path, Report.loads)


def rollup_or_exit(path: Path) -> Rollup:
    """The roll-up in a file; if there is none, one line on stderr and exit 4."""
    return _read_or_exit(path, Rollup.loads)


def _read_or_exit(path: Path, loads: Callable[[str], _Document]) -> _Document:
    try:
        return loads(_text(path))
    except OSError as error:
        why = error.strerror or str(error)
    except UnicodeDecodeError:
        why = "not UTF-8 text"
    except UnreadableReport as error:
        why = str(error)
    raise unreadable(path, why)


def unreadable(path: Path, why: str) -> typer.Exit:
    """Say in one line why a report cannot be used; the exit to raise."""
    typer.echo(f"{path}: {why}", err=True)
    return typer.Exit(ExitStatus.WRONG_PROFILE)


def _text(path: Path) -> str:
    with opened(path) as file:
        content = file.read(LARGEST_REPORT_BYTE + 1)  # a device has no size, and no end
    if len(content) > LARGEST_REPORT_BYTE:
        raise UnreadableReport(f"over {LARGEST_REPORT_BYTE // 2**20} MiB, no report is that large")
    return content.decode("utf-8-sig")
