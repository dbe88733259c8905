"""`readycheck run --dry-run`: every destination, port and protocol, the bytes and the seconds; nothing is sent."""

import json
from dataclasses import asdict

import typer

from readycheck.cli.session import Options, plan_of, profile_of
from readycheck.cli.status import ExitStatus
from readycheck.host.proxy.effective import proxy_settings
from readycheck.host.this import this_machine
from readycheck.model.clean import clean
from readycheck.model.traffic import Traffic, size
from readycheck.model.verdict import Scope
from readycheck.net.pac.fetch import shown_place
from readycheck.render import format as say
from readycheck.render.words import Words
from readycheck.rtc.stun import hostport
from readycheck.sizing.load import unasked


def announce(options: Options) -> int:
    """Print what a run would send; the exit status."""
    plan_of(options)  # a wrong name is a mistake of the command line, whatever the profile
    profile = profile_of(options)
    plan = plan_of(options, profile)
    words = Words(options.lang)
    if not profile.asks_of(Scope(options.scope)):
        typer.echo(words("dry_warning", text=words(f"answer_asks_nothing_of_{options.scope}")), err=True)
    if options.scope == "site" and options.calls is None and unasked(profile):
        typer.echo(words("calls_unasked"), err=True)
    # The lab's ports exist only while it runs, and nothing of it leaves the machine.
    captured = options.machine is not None
    planned = (
        [] if profile.lab or captured else [traffic for probe in plan.selected for traffic in probe.traffic(profile)]
    )
    proxies = _proxies() if any(one.protocol in ("tcp", "tls") for one in planned) else []
    if options.as_json:
        document = {
            "schema": "readycheck.traffic/1",
            "lab": profile.lab,
            "traffic": [asdict(one) for one in planned],
            "proxies": proxies,
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        typer.echo("\n".join(_lines(planned, proxies, words, lab=profile.lab, captured=captured)))
    return ExitStatus.GO


def _proxies() -> list[dict[str, str]]:
    """Who may stand before the targets, and who says so: as configured here, nothing is asked for it."""
    found = []
    for setting in proxy_settings(this_machine()):
        places = [f"{hop}" for hops in setting.servers.values() for hop in hops]
        places += [f"PAC file {shown_place(url)}" for url in (setting.pac_url, setting.dhcp_pac_url) if url]
        places += [f"WPAD http://wpad.{domain}/wpad.dat" for domain in setting.search_domains]
        found += [{"place": place, "source": setting.source} for place in dict.fromkeys(places)]
        if setting.kind != "auto_detect":  # whatever stands below is not asked
            break
    return found


def _lines(
    planned: list[Traffic], proxies: list[dict[str, str]], words: Words, *, lab: bool, captured: bool
) -> list[str]:
    if captured:
        return [words("dry_captured")]
    if lab:
        return [words("dry_lab")]
    if not planned:
        return [words("dry_no_target")]
    rows = [
        (
            f"  {words('dry_or')}" if one.instead else one.probe,
            hostport(one.host, one.port) if one.port else one.host,
            one.protocol,
            words("dry_at_most", size=_size(one.byte, words)),
            f"{say.number(one.seconds, words)} s",
        )
        for one in planned
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)) for row in rows]
    total = _size(sum(one.byte for one in planned if not one.instead), words)
    lines += [clean(words("dry_proxy", **one), 200) for one in proxies]
    return [*lines, words("dry_total", total=total)]


def _size(byte: int, words: Words) -> str:
    return size(byte).replace("B", words("byte")).replace(".", "," if words.lang == "fr" else ".")
