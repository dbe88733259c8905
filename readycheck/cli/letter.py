"""`readycheck letter`: the flow matrix, and the request to the security and network teams."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from readycheck.cli.status import ExitStatus

if TYPE_CHECKING:
    from datetime import date

    from readycheck.letter.compose import Letter
    from readycheck.profile.schema import Profile

FORMATS = ("html", "md", "csv")
_ON_STDOUT = ["md"]
_DEFAULT_FOLDER = Path("reports")


def letter(
    profile: Annotated[str, typer.Argument(metavar="PROFILE", help="A shipped name or a YAML file.")],
    *,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="REPORT.json", readable=False, help="Adds to each flow what this report saw."),
    ] = None,
    lang: Annotated[Literal["en", "fr"], typer.Option(help="Language of the letter.")] = "en",
    formats: Annotated[
        str | None,
        typer.Option(
            "--format", help="Of html, md, csv; several with commas, into files. Usually md, with --output all of them."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", readable=False, help="Where the files go; else stdout."),
    ] = None,
    wanted_by: Annotated[
        str | None, typer.Option(metavar="DATE", help="When the flows are to be open, like 2027-01-31.")
    ] = None,
) -> None:
    """The flow matrix and the request to the security and network teams."""
    from readycheck.cli.loading import profile_or_exit, report_or_exit  # noqa: PLC0415 - pydantic only when needed
    from readycheck.engine.clock import SystemClock  # noqa: PLC0415 - the same
    from readycheck.letter.compose import compose  # noqa: PLC0415 - the same

    chosen = _formats(formats, to_files=output is not None)
    wanted = _date(wanted_by)
    asked = profile_or_exit(profile, lenient=True)
    saw = report_or_exit(report) if report else None
    written = SystemClock().now().date()
    composed = compose(asked, lang, written=written, wanted=wanted, report=saw)
    if composed is None:
        raise _nothing_to_ask(profile, asked)
    if output is None and len(chosen) == 1:
        _print(composed, chosen[0], lang)
    else:
        raise typer.Exit(_write(composed, output or _DEFAULT_FOLDER, chosen, lang))


def _formats(text: str | None, *, to_files: bool) -> list[str]:
    if text is None:
        return list(FORMATS) if to_files else _ON_STDOUT
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise typer.BadParameter(f"{', '.join(unknown) or 'nothing'} is none of {', '.join(FORMATS)}")
    return names


def _date(text: str | None) -> "date | None":
    from datetime import date  # noqa: PLC0415 - keeps `--version` fast

    if text is None:
        return None
    try:
        return date.fromisoformat(text if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else "")
    except ValueError:
        raise typer.BadParameter(f"--wanted-by {text!r}: a date like 2027-01-31 is expected") from None


def _nothing_to_ask(name: str, profile: "Profile") -> typer.Exit:
    """A letter that asks for nothing helps nobody: say so in one line; nothing is wrong with that."""
    why = "its server runs on this machine" if profile.lab else "it names no target and no flow beyond this machine"
    typer.echo(f"{name}: there is nothing to ask for: {why}", err=True)
    return typer.Exit(ExitStatus.GO)


def _rendered(composed: "Letter", form: str, lang: str) -> str:
    return _renderer(form)(composed, lang)


def _print(composed: "Letter", form: str, lang: str) -> None:
    """On stdout lines end as the system ends them, those of CSV as well."""
    typer.echo(_rendered(composed, form, lang).replace("\r\n", "\n"), nl=False)


def _renderer(form: str) -> "Callable[[Letter, str], str]":
    if form == "html":
        from readycheck.letter.page import render_letter  # noqa: PLC0415 - jinja2 only where a page is wanted

        return render_letter
    if form == "csv":
        from readycheck.letter.table import render_table  # noqa: PLC0415 - the same

        return render_table
    from readycheck.letter.markdown import render_markdown  # noqa: PLC0415 - the same

    return render_markdown


def _write(composed: "Letter", folder: Path, formats: Sequence[str], lang: str) -> ExitStatus:
    """Write the files and name them; if one cannot be written, the letter is on stdout instead."""
    written = list[Path]()
    try:
        for path in _files(composed, folder, formats, lang):
            written.append(path)
    except OSError as error:
        typer.echo(
            f"readycheck: {len(written)} of {len(formats)} files could be written: "
            f"{error.filename or folder}: {error.strerror or error}; the letter is on stdout, "
            "choose another folder with --output",
            err=True,
        )
        _print(composed, "md" if "md" in formats else formats[0], lang)
        typer.echo("".join(f"{path}\n" for path in written), err=True, nl=False)
        return ExitStatus.NOT_WRITTEN
    typer.echo("\n".join(map(str, written)))
    return ExitStatus.GO


def _files(composed: "Letter", folder: Path, formats: Sequence[str], lang: str) -> Iterator[Path]:
    """Write each format under one new name, naming each file once it is there; raises OSError."""
    from readycheck.cli.output import write_pages  # noqa: PLC0415 - keeps `--version` fast
    from readycheck.host.files import safe_name  # noqa: PLC0415 - the same

    pages = {f".{form}": partial(_rendered, composed, form, lang) for form in formats}
    return write_pages(folder, f"letter-{safe_name(composed.profile_id)}", pages)
