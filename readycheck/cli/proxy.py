"""`readycheck proxy`: which proxy would be used for each URL, by which source, and what the PAC file answers."""

import ipaddress
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from readycheck.cli.machine import MachineFolder, machine_or_exit
from readycheck.cli.status import ExitStatus

if TYPE_CHECKING:
    from readycheck.model.proxy import ProxyAnswer, ProxySettings
    from readycheck.net.pac.evaluator import Facts

_MOST_URLS = 1000
_LONGEST_PART = 500


def proxy(
    urls: Annotated[list[str], typer.Argument(metavar="URL...", help="What would be opened: http, https, ws or wss.")],
    *,
    pac: Annotated[
        str | None, typer.Option("--pac", metavar="FILE|URL", help="Try this PAC file instead of what is configured.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="ISO-TIME", help="The moment the PAC file sees; local unless it has a zone."),
    ] = None,
    my_ip: Annotated[str | None, typer.Option("--my-ip", metavar="IP", help="What myIpAddress() answers.")] = None,
    resolve: Annotated[
        list[str] | None,
        typer.Option("--resolve", metavar="HOST=IP", help="A name that is not looked up; may be given again."),
    ] = None,
    machine: MachineFolder = None,
    json_output: Annotated[bool, typer.Option("--json", help="JSON instead of a line per URL.")] = False,
) -> None:
    """Which proxy would be used for each URL, by which source, and what the PAC file answers."""
    import asyncio  # noqa: PLC0415 - keeps `--version` fast

    from readycheck.net.pac.evaluator import Facts  # noqa: PLC0415 - the same

    _refuse_what_is_no_url(urls)
    facts = Facts(
        now=_moment(at),
        own_addresses=None if my_ip is None else (_address(my_ip, "--my-ip"),),
        addresses=_table(resolve or []),
    )
    answers = asyncio.run(_answers(urls, pac, machine, facts))
    if json_output:
        typer.echo(json.dumps({"answers": [_as_json(answer) for answer in answers]}, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(map(_line, answers)))
    if any(answer.failure for answer in answers):
        raise typer.Exit(ExitStatus.INCONCLUSIVE)


def pac_engine() -> None:
    """The child process of the frozen program: see readycheck.net.pac.engine."""
    from readycheck.net.pac import child  # noqa: PLC0415 - an engine that only the child loads

    child.main()


async def _answers(urls: Sequence[str], pac: str | None, folder: Path | None, facts: "Facts") -> "list[ProxyAnswer]":
    if pac is not None:
        return await _by_file(urls, pac, facts)
    from readycheck.host.proxy.effective import proxy_settings  # noqa: PLC0415 - the same
    from readycheck.net.beside import beside  # noqa: PLC0415 - the same
    from readycheck.net.proxy_route import routes  # noqa: PLC0415 - the same

    machine = machine_or_exit(folder)
    settings = await beside(lambda: proxy_settings(machine), "proxy settings")
    return await routes(urls, settings if folder is None else [_elsewhere(one) for one in settings], facts)


def _elsewhere(setting: "ProxySettings") -> "ProxySettings":
    """A PAC file on the disk of a captured machine: a file of the same name here would be another."""
    from readycheck.net.pac.fetch import is_url  # noqa: PLC0415 - keeps `--version` fast

    place = setting.pac_url or ""
    on_its_disk = setting.kind == "pac" and (not is_url(place) or place.lower().startswith("file:"))
    return replace(setting, pac_url=f"captured://{place}") if on_its_disk and setting.pac_text is None else setting


async def _by_file(urls: Sequence[str], pac: str, facts: "Facts") -> "list[ProxyAnswer]":
    from readycheck.model.failure import FailureCode, OperationFailed  # noqa: PLC0415 - keeps `--version` fast
    from readycheck.model.proxy import ProxyAnswer  # noqa: PLC0415 - the same
    from readycheck.net.pac.fetch import fetch_pac, is_url, shown_place  # noqa: PLC0415 - the same
    from readycheck.net.proxy_route import run_pac  # noqa: PLC0415 - the same

    source = f"--pac {shown_place(pac)}"
    try:
        text = await fetch_pac(pac)
    except OperationFailed as error:
        on_this_machine = not is_url(pac) or pac.lower().startswith("file:")
        if error.failure.code == FailureCode.PAC_UNREACHABLE and on_this_machine:
            typer.echo(f"{pac}: {error.failure.detail}", err=True)
            raise typer.Exit(ExitStatus.WRONG_PROFILE) from None
        return [ProxyAnswer(url, source, failure=error.failure) for url in urls]
    return await run_pac(urls, text, source, facts)


def _refuse_what_is_no_url(urls: Sequence[str]) -> None:
    from readycheck.net.pac.url import parse_target  # noqa: PLC0415 - keeps `--version` fast

    if len(urls) > _MOST_URLS:
        raise typer.BadParameter(f"more than {_MOST_URLS} URLs")
    for url in urls:
        try:
            parse_target(url)
        except ValueError as error:
            raise typer.BadParameter(f"{_without_userinfo(url)!r}: {error}") from None


def _moment(text: str | None) -> datetime | None:
    """None for now. A time without a zone is this machine's; a PAC file sees local time either way."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError, OSError):
        raise typer.BadParameter(f"--at {text!r}: no ISO 8601 time such as 2026-11-22T08:30 or …T08:30Z") from None


def _address(text: str, option: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        raise typer.BadParameter(f"{option} {text!r}: no IP address") from None


def _table(pairs: Sequence[str]) -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for pair in pairs:
        host, equals, address = pair.partition("=")
        if not host or not equals:
            raise typer.BadParameter(f"--resolve {pair!r}: HOST=IP is expected")
        table.setdefault(host.lower(), []).append(_address(address, "--resolve"))
    return table


def _as_json(answer: "ProxyAnswer") -> dict[str, Any]:
    from readycheck.model.clean import clean  # noqa: PLC0415 - keeps `--version` fast

    first = answer.hops[0] if answer.hops else None
    return {
        "url": _without_userinfo(answer.url),
        "result": answer.text,
        "chosen": None if first is None else {"kind": first.kind, "host": first.host, "port": first.port},
        "source": answer.source,
        "error": None if answer.failure is None else answer.failure.code,
        "detail": None if answer.failure is None else clean(answer.failure.detail or ""),
    }


def _line(answer: "ProxyAnswer") -> str:
    from readycheck.model.clean import clean  # noqa: PLC0415 - keeps `--version` fast

    told = answer.text
    if answer.failure:
        told = f"{answer.failure.code} ({answer.failure.detail})"
    return "  ".join(clean(part, _LONGEST_PART) for part in (_without_userinfo(answer.url), told, f"[{answer.source}]"))


def _without_userinfo(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return scheme + separator + authority.rpartition("@")[2] + slash + path
