"""Reports on paper: the formats, the file names, and what to do if they cannot be written."""

from collections.abc import Callable, Sequence
from pathlib import Path

from readycheck.host.files import claim_stem, safe_name, write_new
from readycheck.model.report import Report

FORMATS = ("html", "json", "junit", "csv")
_SUFFIXES = {"html": ".html", "json": ".json", "junit": ".xml", "csv": ".csv"}
_TRIES = 50


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


def write_reports(report: Report, folder: Path, formats: Sequence[str], language: str) -> list[Path]:
    """Write each format under one new name; raises OSError. What was written before a failure stays."""
    moment = report.run.started_at[:19].replace("-", "").replace(":", "") + "Z"
    name = safe_name(report.run.label or "") or safe_name(report.environment.host) or "workstation"
    texts = {form: rendered(report, form, language) for form in formats}
    for _ in range(_TRIES):
        stem = claim_stem(folder, f"{moment}-{name}", [_SUFFIXES[form] for form in formats])
        written: list[Path] = []
        try:
            for form, text in texts.items():
                path = folder / (stem + _SUFFIXES[form])
                write_new(path, text)
                written.append(path)
        except FileExistsError:  # another run took the name between the look and the writing
            for path in written:
                path.unlink()
            continue
        return written
    raise FileExistsError(f"no free name for {moment}-{name} in {folder}")
