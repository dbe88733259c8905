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
from readycheck.render.words import Words
from readycheck.rtc.stun import hostport
from readycheck.sizing.load import UNASKED, unasked


def announce(options: Options) -> int:
    """Print what a run would send; the exit status."""
    plan_of(options)  # a wrong name is a mistake of the command line, whatever the profile
    profile = profile_of(options)
    plan = plan_of(options, profile)
    if not profile.asks_of(Scope(options.scope)):
        typer.echo(f"warning: {Words('en')(f'answer_asks_nothing_of_{options.scope}')}", err=True)
    if options.scope == "site" and options.calls is None and unasked(profile):
        typer.echo(UNASKED, err=True)
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
        typer.echo("\n".join(_lines(planned, proxies, lab=profile.lab, captured=captured)))
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


def _lines(planned: list[Traffic], proxies: list[dict[str, str]], *, lab: bool, captured: bool) -> list[str]:
    if captured:
        return ["A captured machine is asked: nothing would be sent."]
    if lab:
        return ["The lab runs on this machine: nothing leaves it."]
    if not planned:
        return ["This profile names no target: nothing would be sent."]
    rows = [
        (
            "  or" if one.instead else one.probe,
            hostport(one.host, one.port) if one.port else one.host,
            one.protocol,
            f"{size(one.byte)} at most",
            f"{one.seconds:g} s",
        )
        for one in planned
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)) for row in rows]
    total = size(sum(one.byte for one in planned if not one.instead))
    lines += [clean(f"TCP and TLS also by: {one['place']} ({one['source']})", 200) for one in proxies]
    return [*lines, f"In all {total} at most, both ways together; names are looked up before. Nothing was sent."]
