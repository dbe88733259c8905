"""One roll-up from its options to its exit status."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import typer

from readycheck import __version__
from readycheck.cli.loading import attestations_or_exit, profile_or_exit, rollup_or_exit
from readycheck.cli.output import write_pages
from readycheck.cli.paper import Paper, coloured, tell_paper
from readycheck.cli.status import ExitMap, ExitStatus, mapped
from readycheck.cli.verdict import digests, judged_anew, reference
from readycheck.engine.clock import SystemClock, timestamp
from readycheck.fleet.reading import places, summarised
from readycheck.fleet.rollup import Setting, rolled_up
from readycheck.fleet.summary import Summary, merged
from readycheck.host.files import safe_name
from readycheck.host.terminal import width
from readycheck.model.report import Tool
from readycheck.model.rollup import Rollup
from readycheck.profile.schema import Profile
from readycheck.render.rollup_text import render_rollup_text


@dataclass(frozen=True)
class Options:
    """The command line of `rollup`."""

    paths: list[Path]
    profile: str
    attestations: Path | None
    against: Path | None
    on: date | None
    output: Path
    as_json: bool
    strict: bool
    lang: str
    color: str
    exit_map: ExitMap


def roll_up(options: Options) -> int:
    """Read, judge, merge, write, print; the exit status."""
    profile = profile_or_exit(options.profile, lenient=True)
    answers = attestations_or_exit(options.attestations, profile)
    earlier = rollup_or_exit(options.against) if options.against else None
    _require_there(options.paths)
    now = SystemClock().now()
    setting = Setting(
        tool=Tool("readycheck", __version__),
        made_at=timestamp(now),
        on=options.on or now.date(),
        profile=profile,
        reference=reference(profile),
        attestations=answers,
        earlier=earlier,
    )
    document = rolled_up(summary_of_files(options.paths, profile), setting)
    status = tell_paper(_paper(document, options), as_json=options.as_json)
    return mapped(status, document.decision, strict=options.strict, exit_map=options.exit_map)


def summary_of_files(paths: Sequence[Path], profile: Profile) -> Summary:
    """Every report there, judged under this profile, reduced and merged; one in memory at a time."""
    inputs = digests(profile)
    return merged(summarised(place, lambda report: judged_anew(report, profile, inputs)) for place in places(paths))


def _require_there(paths: Sequence[Path]) -> None:
    """A name that leads nowhere is a mistake of the command, and not a report left out."""
    missing = [path for path in paths if not os.path.lexists(path)]
    for path in missing:
        typer.echo(f"{path}: there is no such file or folder", err=True)
    if missing:
        raise typer.Exit(ExitStatus.WRONG_PROFILE)


def _paper(document: Rollup, options: Options) -> Paper:
    moment = document.made_at[:19].replace("-", "").replace(":", "")
    stem = f"rollup-{moment}Z-{safe_name(document.profile.id)}"
    pages: dict[str, Callable[[], str]] = {
        ".html": partial(_page, document, options.lang),
        ".json": document.dumps,
    }
    return Paper(
        noun="roll-up",
        dumps=document.dumps,
        words=lambda plain: render_rollup_text(
            document, options.lang, colour=coloured(options.color), plain=plain, width=width(sys.stdout)
        ),
        folder=options.output,
        written=lambda folder: write_pages(folder, stem, pages),
        suffixes=list(pages),
    )


def _page(document: Rollup, lang: str) -> str:
    from readycheck.render.rollup_html import render_rollup_html  # noqa: PLC0415 - jinja2 only where a page is wanted

    return render_rollup_html(document, lang)
