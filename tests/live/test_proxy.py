"""Live: the proxy chapter of whole runs: what is configured, what is true in fact, and what it rests on."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from readycheck.lab.certificate import Authority
from tests.live.conftest import KnowNames, Measure, StartCoturn, StartSquid, StartStub
from tests.live.coturn import Coturn, certificate_for
from tests.live.dns import running_dns, running_pac_server
from tests.live.measuring import Outcome, ice, profile
from tests.live.namespaces import LAN, SECOND, SERVER, Site
from tests.live.platform import Platform, running_platform
from tests.live.squid import PORT, basic, denies, only_443, opens_tls

pytestmark = pytest.mark.live

TURN = "turn.example.test"
TURNS = f"turns:{TURN}:443?transport=tcp"
TURN_UDP = f"turn:{TURN}:3478?transport=udp"
PASSWORD = "s3cret:w0rd"
THROUGH_SQUID = {"https_proxy": f"http://{LAN}:{PORT}"}
CORPORATE = "ACME Web Gateway CA"


@pytest.fixture
def authority() -> Authority:
    """The CA of the project's servers."""
    return Authority.create("Project CA")


@pytest.fixture
def relay(start_coturn: StartCoturn, tmp_path: Path, authority: Authority) -> Coturn:
    """A coturn with TLS on port 443, as turn.example.test."""
    certificate = certificate_for(tmp_path / "turn", TURN, SECOND, authority=authority)
    return start_coturn(f"aux-server={SECOND}:443", addresses=(SECOND,), certificate=certificate)


def wanted(platform: Platform, relay: Coturn, tmp_path: Path, *more: Path, **parts: Any) -> Mapping[str, Any]:
    """Both signalling targets and the relay, by their names; further CA files are trusted too."""
    ca_file = tmp_path / "trusted.pem"
    ca_file.write_text("".join(file.read_text() for file in (platform.ca_file, relay.certificate.ca_file, *more)))
    asked = dict(profile(ice(TURN_UDP, TURNS), ca_file=ca_file, **parts))
    asked["targets"] = {
        "signalling": [{"url": platform.url()}, {"url": platform.url("/ws", scheme="wss")}],
        **asked["targets"],
    }
    return asked


@pytest.fixture
def names(site: Site, know_names: KnowNames, platform: Platform) -> None:
    """The names are known to the client and to the proxy."""
    for machine in (site.client, site.router):
        know_names(machine, {platform.name: SERVER, TURN: SECOND})


@pytest.fixture
def hidden_names(site: Site, know_names: KnowNames, platform: Platform, tmp_path: Path) -> Iterator[None]:
    """The names are known to the proxy alone, as in many companies: to the client's DNS they do not exist."""
    know_names(site.router, {platform.name: SERVER, TURN: SECOND})
    know_names(site.client, {}, resolver=LAN)
    with running_dns(site.router, tmp_path, {}):
        yield


def target(outcome: Outcome, url: str) -> dict[str, Any]:
    """What the proxy probe saw of one URL."""
    found: dict[str, Any] = next(one for one in outcome.evidence("proxy")["targets"] if one["url"] == url)
    return found


def conclusions(outcome: Outcome) -> dict[str, str]:
    """The conclusion on each target."""
    return {one["url"]: one["conclusion"] for one in outcome.evidence("proxy")["targets"]}


@pytest.mark.usefixtures("hidden_names")
def test_proxy_only_and_tls_on_443(
    platform: Platform, relay: Coturn, site: Site, measure: Measure, start_squid: StartSquid, tmp_path: Path
) -> None:
    """The whole job where nothing gets out but CONNECT to port 443: signalling, relay, path and an Opus call."""
    site.forward("-i lan -j REJECT")
    squid = start_squid(only_443)

    outcome = measure(wanted(platform, relay, tmp_path), env=THROUGH_SQUID)

    assert conclusions(outcome) == {
        platform.url(): "proxy_only",
        platform.url("/ws", scheme="wss"): "proxy_only",
        TURN_UDP: "bypass_blocked",
        TURNS: "proxy_only",
    }
    assert outcome.answer("proxy.configured") == (True, None)
    assert outcome.answer("proxy.connect_ok_ratio") == (1, None)
    assert outcome.value("proxy.bypass_ratio") == 0
    assert outcome.answer("proxy.signalling_direct_ratio") == (0, None)
    assert outcome.answer("proxy.authentication_required") == (False, None)
    # STUN was answered behind the relay's certificate; the platform's CA might as well be the proxy's
    assert target(outcome, TURNS)["inspection"]["intercepted"] is False
    assert outcome.answer("proxy.tls_intercepted") == (None, "not_proven")
    assert outcome.answer("signalling.reachable_ratio") == (1, None)
    assert outcome.answer("signalling.websocket_ratio") == (1, None)
    assert outcome.answer("turn.tls_relay") == (True, None)
    assert outcome.value("path.far_end") == "relay:tls"
    assert outcome.value("path.loss_ratio") == 0
    assert outcome.answer("call.connected") == (True, None)
    assert outcome.answer("call.encrypted") == (True, None)
    assert {access.target for access in squid.accesses(4)} == {platform.authority, f"{TURN}:443"}
    assert all("DIRECT" not in one["via"] for one in outcome.turn_server(TURNS)["attempts"])


@pytest.mark.usefixtures("names")
def test_nothing_configured(platform: Platform, relay: Coturn, measure: Measure, tmp_path: Path) -> None:
    """Without a proxy everything goes direct, and there is nothing to connect through."""
    outcome = measure(wanted(platform, relay, tmp_path), "--only=proxy")

    assert set(conclusions(outcome).values()) == {"bypass_works"}
    assert outcome.answer("proxy.configured") == (False, None)
    assert outcome.answer("proxy.bypass_ratio") == (1, None)
    assert outcome.answer("proxy.media_direct_ratio") == (1, None)
    assert outcome.answer("proxy.connect_ok_ratio") == (None, "not_configured")
    assert outcome.answer("proxy.tls_intercepted") == (False, None)


@pytest.mark.usefixtures("names")
def test_a_proxy_beside_an_open_network(
    platform: Platform, relay: Coturn, measure: Measure, start_squid: StartSquid, tmp_path: Path
) -> None:
    """What the configuration sends through the proxy and what could go without it are two facts."""
    squid = start_squid()
    outcome = measure(
        wanted(platform, relay, tmp_path), "--only=proxy,turn", env=THROUGH_SQUID | {"no_proxy": platform.name}
    )

    assert conclusions(outcome) == {
        platform.url(): "bypass_works",
        platform.url("/ws", scheme="wss"): "bypass_works",
        TURN_UDP: "bypass_works",
        TURNS: "proxy_or_direct",
    }
    assert outcome.answer("proxy.signalling_direct_ratio") == (1, None)
    assert outcome.answer("proxy.media_direct_ratio") == (0.5, None)
    assert outcome.answer("proxy.bypass_ratio") == (1, None)
    assert {access.target for access in squid.accesses(2)} == {f"{TURN}:443"}


@pytest.mark.usefixtures("names")
def test_configured_to_bypass_and_blocked(
    platform: Platform, relay: Coturn, site: Site, measure: Measure, start_squid: StartSquid, tmp_path: Path
) -> None:
    """An exception in the proxy list without a hole in the firewall: configured to bypass, and it does not work."""
    site.forward4(f"-i lan -p tcp -d {SERVER} -j DROP")
    start_squid()

    outcome = measure(
        wanted(platform, relay, tmp_path), "--only=proxy", env=THROUGH_SQUID | {"no_proxy": platform.name}
    )

    assert conclusions(outcome)[platform.url()] == "bypass_blocked"
    assert outcome.answer("proxy.signalling_direct_ratio") == (1, None)
    assert outcome.answer("proxy.bypass_ratio") == (0.5, "connection_timeout")


@pytest.mark.usefixtures("hidden_names")
def test_a_login_is_asked_for(
    platform: Platform, relay: Coturn, site: Site, measure: Measure, start_squid: StartSquid, tmp_path: Path
) -> None:
    """A 407 is told with its schemes, satisfied with the name in the proxy's URL, and the password is nowhere."""
    site.forward("-i lan -j REJECT")
    start_squid(basic({"agent": PASSWORD}))
    asked = wanted(platform, relay, tmp_path)

    without = measure(asked, "--only=proxy,turn,signalling", env=THROUGH_SQUID)
    with_login = measure(
        asked, "--only=proxy,turn,signalling", env={"https_proxy": f"http://agent:s3cret%3Aw0rd@{LAN}:{PORT}"}
    )

    assert without.answer("proxy.connect_ok_ratio") == (0, "proxy_authentication_required")
    assert without.answer("proxy.authentication_required") == (True, None)
    assert without.answer("turn.tls_reachable_ratio") == (0, "proxy_authentication_required")
    assert without.answer("signalling.reachable_ratio") == (0, "proxy_authentication_required")
    assert target(without, TURNS)["attempts"][1]["proxy"]["schemes"] == ["basic"]
    assert with_login.answer("proxy.connect_ok_ratio") == (1, None)
    assert with_login.answer("proxy.authentication_required") == (True, None)
    assert with_login.answer("turn.tls_relay") == (True, None)
    assert target(with_login, TURNS)["attempts"][1]["proxy"]["authenticated_by"] == "basic"
    for text in ("s3cret", "YWdlbnQ6"):
        assert text not in str(with_login.report) + with_login.stderr


@pytest.mark.usefixtures("hidden_names")
def test_denied_by_destination(
    platform: Platform, relay: Coturn, site: Site, measure: Measure, start_squid: StartSquid, tmp_path: Path
) -> None:
    """A proxy that refuses one destination and serves the others."""
    site.forward("-i lan -j REJECT")
    start_squid(denies(TURN))

    outcome = measure(wanted(platform, relay, tmp_path), "--only=proxy,turn,call", env=THROUGH_SQUID)

    assert outcome.answer("proxy.connect_ok_ratio") == (pytest.approx(2 / 3, abs=1e-6), "proxy_denied")
    assert outcome.answer("turn.tls_reachable_ratio") == (0, "proxy_denied")
    assert outcome.value("call.connected") is None
    assert conclusions(outcome)[TURNS] == "unreached"


@pytest.mark.usefixtures("hidden_names")
def test_inspection_breaks_media_and_is_named(
    platform: Platform,
    relay: Coturn,
    site: Site,
    measure: Measure,
    start_squid: StartSquid,
    authority: Authority,
    tmp_path: Path,
) -> None:
    """TLS opened on the way, the corporate CA trusted: media dies, and the cause is named."""
    site.forward("-i lan -j REJECT")
    servers = tmp_path / "servers.pem"
    servers.write_text(platform.ca_file.read_text() + relay.certificate.ca_file.read_text())
    squid = start_squid(opens_tls(Authority.create(CORPORATE), trusts=servers))
    assert squid.ca_file

    outcome = measure(wanted(platform, relay, tmp_path, squid.ca_file), "--only=proxy,turn", env=THROUGH_SQUID)

    assert outcome.answer("proxy.tls_intercepted") == (True, "tls_intercepted")
    assert outcome.answer("turn.tls_reachable_ratio") == (0, "tls_intercepted")
    inspection = target(outcome, platform.url())["inspection"]
    assert (inspection["intercepted"], inspection["certainty"]) == (True, "likely")
    assert target(outcome, TURNS)["attempts"][1]["chain"]["certificates"][0]["issuer"] == CORPORATE


@pytest.mark.usefixtures("hidden_names")
def test_inspection_by_an_unknown_ca(
    platform: Platform, relay: Coturn, site: Site, measure: Measure, start_squid: StartSquid, tmp_path: Path
) -> None:
    """With a corporate CA that this workstation does not know nothing is believed, and the cause is named."""
    site.forward("-i lan -j REJECT")
    start_squid(opens_tls(Authority.create(CORPORATE), trusts=platform.ca_file))

    outcome = measure(wanted(platform, relay, tmp_path), "--only=proxy,turn,signalling", env=THROUGH_SQUID)

    assert outcome.answer("proxy.tls_intercepted") == (True, "tls_intercepted")
    assert outcome.answer("signalling.reachable_ratio") == (0, "tls_intercepted")
    assert outcome.answer("turn.tls_reachable_ratio") == (0, "tls_intercepted")


@pytest.mark.usefixtures("hidden_names")
def test_an_exemption_shows(
    platform: Platform, relay: Coturn, site: Site, measure: Measure, start_squid: StartSquid, tmp_path: Path
) -> None:
    """One name exempted from inspection: it is told target by target, and media flows through the exempted one."""
    site.forward("-i lan -j REJECT")
    squid = start_squid(opens_tls(Authority.create(CORPORATE), trusts=platform.ca_file, but=[TURN]))
    assert squid.ca_file

    outcome = measure(wanted(platform, relay, tmp_path, squid.ca_file), "--only=proxy,turn,call", env=THROUGH_SQUID)

    assert target(outcome, TURNS)["inspection"]["intercepted"] is False
    assert target(outcome, platform.url())["inspection"]["intercepted"] is True
    assert outcome.answer("proxy.tls_intercepted") == (True, "tls_intercepted")
    assert outcome.answer("turn.tls_relay") == (True, None)
    assert outcome.answer("call.connected") == (True, None)


@pytest.mark.usefixtures("hidden_names")
def test_a_pin_proves_it(
    platform: Platform, relay: Coturn, site: Site, measure: Measure, start_squid: StartSquid, tmp_path: Path
) -> None:
    """What the profile knows of its servers turns a likely interception into a proven one, and clears the others."""
    site.forward("-i lan -j REJECT")
    squid = start_squid(opens_tls(Authority.create(CORPORATE), trusts=platform.ca_file, but=[TURN]))
    assert squid.ca_file
    asked = dict(wanted(platform, relay, tmp_path, squid.ca_file))
    asked["trust"] = asked["trust"] | {"pins": [{"host": "*.example.test", "expected_issuer": "Project CA"}]}

    outcome = measure(asked, "--only=proxy", env=THROUGH_SQUID)

    assert target(outcome, TURNS)["inspection"] == {"intercepted": False, "certainty": "proven", "signs": []}
    assert target(outcome, platform.url())["inspection"]["certainty"] == "proven"
    assert target(outcome, platform.url())["inspection"]["intercepted"] is True


@pytest.mark.usefixtures("hidden_names")
@pytest.mark.parametrize(
    ("mood", "options", "code"),
    [
        ("closes_at_once", {}, "proxy_bad_answer"),
        ("garbage", {}, "proxy_bad_answer"),
        ("silent", {}, "proxy_unreachable"),
        ("answers", {"status": "302 Found", "headers": {"Location": "http://portal.example.test/"}}, "captive_portal"),
        ("breaks", {"byte": 0}, "connection_reset"),
    ],
)
def test_bad_proxies(
    platform: Platform,
    relay: Coturn,
    site: Site,
    measure: Measure,
    start_stub: StartStub,
    tmp_path: Path,
    mood: Any,
    options: dict[str, Any],
    code: str,
) -> None:
    """Each way in which a proxy can be bad is told apart, for the proxy chapter and for TURN over TLS alike."""
    site.forward("-i lan -j REJECT")
    stub = start_stub(mood, **options)

    outcome = measure(
        wanted(platform, relay, tmp_path),
        "--only=proxy,turn",
        env={"https_proxy": f"http://{stub.host}:{stub.port}"},
    )

    assert outcome.answer("proxy.connect_ok_ratio") == (0, code)
    assert outcome.answer("turn.tls_reachable_ratio") == (0, code)
    assert outcome.report["observations"]["proxy"]["elapsed_ms"] < 8000


@pytest.mark.usefixtures("names")
def test_no_proxy_there(platform: Platform, relay: Coturn, site: Site, measure: Measure, tmp_path: Path) -> None:
    """A proxy that is configured and dead: unreachable, and nobody knows whether it would ask for a login."""
    outcome = measure(wanted(platform, relay, tmp_path), "--only=proxy", env=THROUGH_SQUID)

    assert outcome.answer("proxy.connect_ok_ratio") == (0, "proxy_unreachable")
    assert outcome.answer("proxy.authentication_required") == (None, "proxy_unreachable")
    assert conclusions(outcome)[TURNS] == "direct_only"


def kde(tmp_path: Path, *lines: str) -> dict[str, str]:
    """A KDE desktop with these proxy settings."""
    (tmp_path / "kioslaverc").write_text("\n".join(["[Proxy Settings]", *lines]) + "\n")
    return {"XDG_CURRENT_DESKTOP": "KDE", "XDG_CONFIG_HOME": str(tmp_path)}


@pytest.mark.usefixtures("names")
def test_a_pac_file_decides(
    platform: Platform, relay: Coturn, site: Site, measure: Measure, start_squid: StartSquid, tmp_path: Path
) -> None:
    """The PAC file's answer is the route, and it says so: media past the proxy, the rest through it."""
    start_squid()
    script = f'function FindProxyForURL(u, h) {{ return h == "{TURN}" ? "DIRECT" : "PROXY {LAN}:{PORT}"; }}'
    with running_pac_server(site.router, tmp_path, script, port=8000, name="proxy.pac") as pac:
        settings = kde(tmp_path, "ProxyType=2", f"Proxy Config Script={pac.url}")
        outcome = measure(wanted(platform, relay, tmp_path), "--only=proxy,turn", env=settings)

    assert conclusions(outcome)[TURNS] == "bypass_works"
    assert conclusions(outcome)[platform.url()] == "proxy_or_direct"
    assert "PAC" in target(outcome, TURNS)["source"]
    assert len(pac.requests) == 1, "one look at the PAC file serves every probe"


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize(
    ("script", "code"),
    [("while (true);", "pac_invalid"), ("<html>log in</html>", "pac_invalid"), (None, "pac_unreachable")],
)
def test_a_broken_pac_file_proves_nothing(
    platform: Platform, relay: Coturn, site: Site, measure: Measure, tmp_path: Path, script: str | None, code: str
) -> None:
    """No route, no answer: what would take the proxy is not measured, never passed; UDP and straight attempts are."""
    asked = wanted(platform, relay, tmp_path)
    place = f"http://{LAN}:8000/proxy.pac"
    settings = kde(tmp_path, "ProxyType=2", f"Proxy Config Script={place}")
    if script is None:
        outcome = measure(asked, "--only=proxy,turn,signalling", env=settings)
    else:
        with running_pac_server(site.router, tmp_path, script, port=8000, name="proxy.pac"):
            outcome = measure(asked, "--only=proxy,turn,signalling", env=settings)

    for metric in (
        "proxy.configured",
        "proxy.signalling_direct_ratio",
        "proxy.connect_ok_ratio",
        "turn.tls_reachable_ratio",
        "turn.tls_relay",
        "signalling.reachable_ratio",
    ):
        assert outcome.answer(metric) == (None, code), metric
    assert outcome.answer("proxy.bypass_ratio") == (1, None)
    assert outcome.answer("turn.udp_relay") == (True, None)


def test_wpad_by_dns(
    platform: Platform,
    relay: Coturn,
    site: Site,
    measure: Measure,
    know_names: KnowNames,
    start_squid: StartSquid,
    tmp_path: Path,
) -> None:
    """Automatic detection finds wpad in this network's domain, and its answer is the route."""
    known = {platform.name: SERVER, TURN: SECOND}
    know_names(site.client, known, resolver=LAN, search=["corp.example.test"])
    know_names(site.router, known)
    squid = start_squid()
    script = f'function FindProxyForURL(u, h) {{ return "PROXY {LAN}:{PORT}"; }}'
    with (
        running_dns(site.router, tmp_path, {"wpad.corp.example.test": [LAN]}),
        running_pac_server(site.router, tmp_path, script),
    ):
        outcome = measure(wanted(platform, relay, tmp_path), "--only=proxy", env=kde(tmp_path, "ProxyType=3"))

    assert "WPAD http://wpad.corp.example.test/wpad.dat" in target(outcome, TURNS)["source"]
    assert outcome.answer("proxy.connect_ok_ratio") == (1, None)
    assert len(squid.accesses(3)) == 3


def test_a_name_that_leads_to_a_clouds_secrets(
    platform: Platform, relay: Coturn, site: Site, measure: Measure, know_names: KnowNames, tmp_path: Path
) -> None:
    """A name that resolves to a metadata address is refused, and nothing is sent there."""
    know_names(site.client, {platform.name: "169.254.169.254", TURN: SECOND})
    site.client.firewall4("-A OUTPUT -d 169.254.169.254 -m comment --comment metadata")

    outcome = measure(wanted(platform, relay, tmp_path), "--only=proxy,signalling")

    assert outcome.answer("signalling.reachable_ratio") == (0, "destination_refused")
    assert target(outcome, platform.url())["attempts"][0]["failure"]["code"] == "destination_refused"
    assert site.client.packets("metadata") == 0


def test_captive_portal(
    platform: Platform,
    relay: Coturn,
    site: Site,
    measure: Measure,
    start_stub: StartStub,
    know_names: KnowNames,
    tmp_path: Path,
) -> None:
    """A portal in everybody's place: its certificate is not believed, and the door it shows in the clear is named."""
    know_names(site.client, {platform.name: LAN, TURN: SECOND})
    start_stub("answers", port=80, status="302 Found", headers={"Location": "http://portal.hotel.example/login"})
    with running_platform(site.router, tmp_path / "portal", "portal.hotel.example", address=LAN):
        outcome = measure(wanted(platform, relay, tmp_path), "--only=proxy,signalling")

    assert outcome.answer("signalling.reachable_ratio") == (0, "captive_portal")
    assert outcome.answer("signalling.websocket_ratio") == (0, "captive_portal")
    visit = target(outcome, platform.url())["attempts"][0]
    assert (visit["reached"], visit["failure"]["code"]) == (False, "captive_portal")
