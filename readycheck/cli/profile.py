"""`readycheck profile`: shipped profiles, the effective one, validation, a starter, the schema."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from readycheck.cli.status import ExitStatus

app = typer.Typer(no_args_is_help=True, help="Profiles: what is shipped, what is in force, what is wrong.")
Name = Annotated[str, typer.Argument(metavar="PROFILE", help="A shipped name or a path to a YAML file.")]


@contextmanager
def _problems_told() -> Iterator[None]:
    """Every problem on its own line, then exit 4."""
    from readycheck.profile.problem import ProfileError  # noqa: PLC0415 - keeps `--version` fast

    try:
        yield
    except ProfileError as error:
        for problem in error.problems:
            typer.echo(problem, err=True)
        raise typer.Exit(ExitStatus.WRONG_PROFILE) from None


def _metrics() -> Any:
    from readycheck.engine.registry import metric_definitions  # noqa: PLC0415 - imports every probe

    return metric_definitions()


@app.command("list")
def list_(
    *,
    json_output: Annotated[bool, typer.Option("--json", help="JSON instead of columns.")] = False,
) -> None:
    """Names, kinds and titles of the shipped profiles, what to start from first."""
    rows = _listed()
    if json_output:
        documents = [dict(zip(("id", "kind", "title"), row, strict=True)) for row in rows]
        typer.echo(json.dumps(documents, ensure_ascii=False, indent=2))
        return
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for name, kind, title in rows:
        typer.echo(f"{name:{widths[0]}}  {kind:{widths[1]}}  {title}")


def _listed() -> list[tuple[str, str, str]]:
    """Name, kind and title of each shipped profile, by kind and name."""
    from readycheck.profile.loader import kind_of, title_of  # noqa: PLC0415 - keeps `--version` fast
    from readycheck.profile.schema import KINDS  # noqa: PLC0415 - the same
    from readycheck.profile.sources import shipped  # noqa: PLC0415 - the same

    with _problems_told():
        kinds = {name: kind_of(name) for name in shipped()}
        titles = {name: title_of(name) for name in shipped()}
    order = {kind: place for place, kind in enumerate(KINDS)}
    names = sorted(kinds, key=lambda name: (order.get(kinds[name] or "lab", len(order)), name))
    return [
        (name, kinds[name] or "", titles[name].get("en") or next(iter(titles[name].values()), "")) for name in names
    ]


@app.command()
def show(
    name: Name,
    *,
    json_output: Annotated[bool, typer.Option("--json", help="JSON instead of YAML.")] = False,
) -> None:
    """The effective profile after `extends`; secrets masked, variables as they are written."""
    from readycheck.profile.dump import to_yaml  # noqa: PLC0415 - keeps `--version` fast
    from readycheck.profile.loader import effective_mapping  # noqa: PLC0415 - the same

    with _problems_told():
        values = effective_mapping(name, metrics=_metrics())
    typer.echo(json.dumps(values, ensure_ascii=False, indent=2) if json_output else to_yaml(values).rstrip())


@app.command()
def check(name: Name) -> None:
    """Everything that is wrong with a profile, each with file:line:column, and limits that no run could prove."""
    from readycheck.model.verdict import Scope  # noqa: PLC0415 - keeps `--version` fast
    from readycheck.profile.limits import unprovable  # noqa: PLC0415 - the same
    from readycheck.profile.loader import check_profile  # noqa: PLC0415 - the same
    from readycheck.render.words import Words  # noqa: PLC0415 - the same
    from readycheck.sizing.load import asks_of_a_site, unasked  # noqa: PLC0415 - the same

    with _problems_told():
        checked = check_profile(name, metrics=_metrics())
    for doubt in unprovable(checked):
        typer.echo(doubt, err=True)
    if checked.profile and asks_of_a_site(checked.profile) and unasked(checked.profile):
        typer.echo(f"{name}: {Words('en')('calls_unasked')}", err=True)
    if checked.profile and checked.profile.site.agents and not checked.profile.asks_of(Scope.SITE):
        typer.echo(f"{name}: warning: {Words('en')('answer_asks_nothing_of_site')}", err=True)
    typer.echo(f"{name}: ok, {checked.summary()}")


@app.command()
def new(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file that does not exist yet.")] = None,
) -> None:
    """An annotated profile to fill in."""
    import importlib.resources  # noqa: PLC0415 - keeps `--version` fast

    starter = (importlib.resources.files("readycheck") / "data" / "starter.yaml").read_text("utf-8")
    if output is None:
        typer.echo(starter, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(starter)
    except OSError as error:
        typer.echo(f"{output}: not written: {error.strerror}", err=True)
        raise typer.Exit(ExitStatus.NOT_WRITTEN) from None
    typer.echo(f"{output} written; next: readycheck profile check {output}", err=True)


@app.command()
def schema() -> None:
    """The JSON Schema of profiles, for editors."""
    from readycheck.profile.json_schema import profile_json_schema  # noqa: PLC0415 - keeps `--version` fast

    typer.echo(json.dumps(profile_json_schema(), ensure_ascii=False, indent=2))
