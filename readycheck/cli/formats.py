"""The formats that `--format` may name: files, and the line of monitoring plugins, which is no file."""

import typer

NAGIOS = "nagios"
FORMATS = ("html", "json", "junit", "csv", NAGIOS)


def chosen_formats(text: str, *, as_json: bool) -> list[str]:
    """Each format once; a wrong one is a mistake of the command line."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise typer.BadParameter(f"{', '.join(unknown) or 'nothing'} is none of {', '.join(FORMATS)}")
    if as_json and NAGIOS in names:
        raise typer.BadParameter("--json and --format nagios both want stdout; --format json,nagios writes a file")
    return list(dict.fromkeys(names))
