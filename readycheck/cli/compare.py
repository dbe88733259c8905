"""`readycheck compare`: a report from before a change and one from after it."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from readycheck import __version__
from readycheck.cli.status import ExitStatus


def compare(
    then: Annotated[Path, typer.Argument(metavar="A.json", readable=False, help="The report from before.")],
    now: Annotated[Path, typer.Argument(metavar="B.json", readable=False, help="The report from after.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The comparison as readycheck.compare/1.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Whatever got worse counts, not only blockers and the decision.")
    ] = False,
    lang: Annotated[Literal["en", "fr"], typer.Option(help="Language of the text.")] = "en",
) -> None:
    """Before and after a change, requirement by requirement.

    Status 0: nothing got worse. 1: the decision did, or a blocker that did not fail fails now. 3: it cannot be told.
    4: a report cannot be read.
    """
    from readycheck.cli.loading import report_or_exit  # noqa: PLC0415 - keeps `--version` fast
    from readycheck.comparison.compare import compare as held_against  # noqa: PLC0415 - the same
    from readycheck.comparison.difference import Outcome  # noqa: PLC0415 - the same

    comparison = held_against(report_or_exit(then), report_or_exit(now))
    if as_json:
        import json  # noqa: PLC0415 - as above

        from readycheck.model.report import Tool  # noqa: PLC0415 - as above

        document = comparison.as_document(Tool("readycheck", __version__), strict=strict)
        typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1))
    else:
        from readycheck.host.terminal import takes_marks, width  # noqa: PLC0415 - as above
        from readycheck.render.compare import render_compare  # noqa: PLC0415 - as above

        plain, wide = not takes_marks(sys.stdout), width(sys.stdout)
        typer.echo(render_compare(comparison, lang, strict=strict, plain=plain, width=wide))
    statuses = {Outcome.NO_WORSE: ExitStatus.GO, Outcome.WORSE: ExitStatus.NO_GO}
    raise typer.Exit(statuses.get(comparison.outcome(strict=strict), ExitStatus.INCONCLUSIVE))
