"""`readycheck site`: the link of a site on paper; nothing is measured and nothing is sent."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from readycheck import __version__
from readycheck.cli.status import ExitStatus

if TYPE_CHECKING:
    from readycheck.profile.schema import Profile


def site(
    profile: Annotated[
        str, typer.Argument(metavar="PROFILE", help="A shipped name or a YAML file with a site: block.")
    ],
    *,
    agents: Annotated[int | None, typer.Option(help="Agents, instead of the profile's.")] = None,
    occupancy: Annotated[
        float | None, typer.Option(help="Share of the busiest hour that an agent is on a call (0.85).")
    ] = None,
    blocking: Annotated[
        float | None, typer.Option(help="Share of that hour in which there may be more calls (0.001).")
    ] = None,
    calls_per_hour: Annotated[float | None, typer.Option(help="Calls offered in the busiest hour.")] = None,
    handling_s: Annotated[float | None, typer.Option(help="Talk and after-call work of one call, seconds.")] = None,
    relay: Annotated[str | None, typer.Option(help="none, udp, tcp, tls12 or tls13.")] = None,
    vpn: Annotated[
        str | None, typer.Option(help="none, wireguard, ipsec_gcm, ipsec_cbc, openvpn, dtls or tls.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The sizing as readycheck.site/1.")] = False,
    lang: Annotated[Literal["en", "fr"], typer.Option(help="Language of the text.")] = "en",
) -> None:
    """Size a site's link: agents, calls at once, kbit/s per codec, relay and VPN; does it fit, and if not, what would.

    Status 0: it fits. 1: it does not. 3: agents or link are not stated, so it cannot be told. 4: wrong profile.
    """
    from readycheck.cli.loading import profile_or_exit  # noqa: PLC0415 - keeps `--version` fast
    from readycheck.sizing.site import Answer, size_site  # noqa: PLC0415 - the same

    overrides = {
        "agents": agents,
        "occupancy": occupancy,
        "blocking": blocking,
        "calls_per_hour": calls_per_hour,
        "handling_s": handling_s,
        "relay": relay,
        "vpn": vpn,
    }
    loaded = profile_or_exit(profile, lenient=True)  # nobody signs in anywhere: credentials may be unset
    sizing = size_site(_changed(loaded, {key: value for key, value in overrides.items() if value is not None}))
    if as_json:
        import json  # noqa: PLC0415 - as above

        from readycheck.model.report import Tool  # noqa: PLC0415 - as above

        document = sizing.as_document(Tool("readycheck", __version__))
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        from readycheck.render.site import render_site  # noqa: PLC0415 - as above

        typer.echo(render_site(sizing, lang))
    statuses = {Answer.FITS: ExitStatus.GO, Answer.DOES_NOT_FIT: ExitStatus.NO_GO}
    raise typer.Exit(statuses.get(sizing.answer, ExitStatus.INCONCLUSIVE))


def _changed(profile: "Profile", overrides: dict[str, Any]) -> "Profile":
    """The profile with what the command line says of its site; a wrong value is a wrong command line."""
    from pydantic import ValidationError  # noqa: PLC0415 - keeps `--version` fast

    from readycheck.profile.site import Site  # noqa: PLC0415 - the same

    if not overrides:
        return profile
    try:
        site = Site.model_validate(profile.site.model_dump() | overrides)
    except ValidationError as error:
        first = error.errors()[0]
        option = "--" + str(first["loc"][0]).replace("_", "-") if first["loc"] else "--calls-per-hour, --handling-s"
        raise typer.BadParameter(f"{option}: {first['msg']}") from None
    return profile.model_copy(update={"site": site})
