"""Reports on paper: the formats, the file names, and what to do if they cannot be written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from readycheck.host.files import free_stems, safe_name, write_new
from readycheck.model.report import Report

SUFFIXES = {"html": ".html", "json": ".json", "junit": ".xml", "csv": ".csv"}


def rendered(report: Report, form: str, language: str) -> str:
    """The report in one of the formats."""
    if form == "json":
        return report.dumps()
    return _renderer(form)(report, language)


def _renderer(form: str) -> Callable[[Report, str], str]:
    if form == "html":
        from readycheck.render.html import render_html  # noqa: PLC0415 - jinja2 only where a page is wanted

        return render_html
    if form == "junit":
        from readycheck.render.junit import render_junit  # noqa: PLC0415 - the same

        return render_junit
    from readycheck.render.csv import render_csv  # noqa: PLC0415 - the same

    return render_csv


def write_reports(report: Report, folder: Path, formats: Sequence[str], language: str) -> Iterator[Path]:
    """Write each format under one new name, naming each file once it is there; raises OSError."""
    moment = f"{report.run.started:%Y%m%dT%H%M%SZ}"
    name = safe_name(report.run.label or "") or safe_name(report.environment.host) or "workstation"
    pages = {SUFFIXES[form]: partial(rendered, report, form, language) for form in formats}
    return write_pages(folder, f"{moment}-{name}", pages)


def write_pages(folder: Path, stem: str, pages: Mapping[str, Callable[[], str]]) -> Iterator[Path]:
    """Write each page, by suffix, under one new name, naming each file once it is there; raises OSError."""
    first, *others = sorted(pages, key=lambda suffix: suffix != ".json")  # the evidence: pages can be made again
    for free in free_stems(folder, stem, list(pages)):
        try:
            path = folder / (free + first)
            write_new(path, pages[first]())
        except FileExistsError:  # another run took the name between the look and the writing
            continue
        yield path
        for suffix in others:
            path = folder / (free + suffix)
            write_new(path, pages[suffix]())
            yield path
        return
