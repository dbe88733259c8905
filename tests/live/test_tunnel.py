"""Live: connections through real proxies and bad ones, told step by step, against what the proxies wrote down."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest

from readycheck.lab.certificate import Authority, issue
from readycheck.model.proxy import DIRECT, Hop
from tests.live.conftest import PLATFORM, PLATFORM_KNOWN, KnowNames, StartCoturn, StartSquid, StartStub
from tests.live.coturn import Coturn, certificate_for
from tests.live.dns import running_dns
from tests.live.namespaces import CLIENT, LAN, SECOND, SERVER, THIRD, WAN, Site
from tests.live.platform import DISCOVERY, ELSEWHERE, Platform
from tests.live.squid import basic, denies, ntlm, only_443, opened, opens_tls
from tests.live.stub_proxy import Mood as StubMood
from tests.live.visiting import Visitor

pytestmark = pytest.mark.live

TURN = "turn.example.test"
USER, PASSWORD = "agent", "pa:ss w0rd@1"
USERINFO = "agent:pa%3Ass%20w0rd%401"
USERS = {USER: PASSWORD}
WINDOWS_PASSWORD = "pass w0rd@1"  # a colon would end it in pyspnego's file of users
CONNECT = "connect_through_proxy"
LOGIN_REQUIRED = ("proxy_authentication_required", CONNECT)
VIA = "1.1 proxy.example.test (squid/5.7)"
CORPORATE = "ACME Web Gateway CA"


@pytest.fixture(autouse=True)
def _only_way_out(site: Site, know_names: KnowNames) -> None:
    """The router lets nothing out but what its own proxies carry, and they alone know these names."""
    site.forward("-i lan -j REJECT")
    know_names(site.router, {PLATFORM: SERVER, TURN: SECOND}, resolver="127.0.0.1")


@pytest.fixture
def corporate() -> Authority:
    return Authority.create(CORPORATE)


@pytest.fixture
def turn_on_443(start_coturn: StartCoturn, tmp_path: Path) -> Coturn:
    """A coturn whose TLS is on port 443 of the server's second address, as turn.example.test."""
    certificate = certificate_for(tmp_path / "turn", TURN, SECOND)
    return start_coturn(f"aux-server={SECOND}:443", addresses=(SECOND,), certificate=certificate)


def test_direct_way(visit: Visitor, site: Site, platform: Platform) -> None:
    """Without a proxy the client's own address is seen, and each step has its time."""
    site.router.reset_firewall()

    seen = visit(f"https://{PLATFORM_KNOWN}/?direct", ca_file=platform.ca_file)

    assert seen.failure is None
    assert (seen.visit["via"], seen.visit["address"], seen.visit["proxy"]) == ("DIRECT", SERVER, None)
    assert min(seen.visit[step] for step in ("resolved_ms", "connected_ms", "tls_ms", "answered_ms")) > 0
    assert platform.requests()[-1].peer == CLIENT


def test_proxy_is_the_only_way_out(visit: Visitor, start_squid: StartSquid, platform: Platform) -> None:
    """What is refused straight goes through the proxy, by a name that only the proxy knows."""
    squid = start_squid()

    straight = visit(f"https://{PLATFORM_KNOWN}/", ca_file=platform.ca_file)
    seen = visit(platform.url("/?proxied"), squid.hop(), ca_file=platform.ca_file)

    assert straight.failure == ("connection_refused", "connect")
    assert seen.failure is None
    assert (seen.visit["via"], seen.visit["reached"], seen.visit["status"]) == (f"PROXY {LAN}:3128", True, 200)
    assert (seen.visit["address"], seen.visit["resolved_ms"], seen.visit["passed_through"]) == (None, None, None)
    assert (seen.proxy["status"], seen.proxy["schemes"], seen.proxy["authenticated_by"]) == (200, [], None)
    assert (seen.visit["chain"]["verified"], seen.visit["chain"]["anchor"]) == (True, "profile")
    assert squid.connects() == [(platform.authority, 200)]
    assert (platform.requests()[-1].path, platform.requests()[-1].peer) == ("/?proxied", WAN)


def test_pages_through_a_proxy(visit: Visitor, start_squid: StartSquid, platform: Platform) -> None:
    """The platform's own answers are told as its own: an error, a redirection without its token, discovery."""
    hop = start_squid().hop()

    broken = visit(platform.url("/500"), hop, ca_file=platform.ca_file)
    moved = visit(platform.url("/redirect"), hop, ca_file=platform.ca_file)
    discovery = visit(platform.url(DISCOVERY), hop, ca_file=platform.ca_file, expected=[200])

    assert (broken.failure, broken.visit["status"]) == (("http_status", "request"), 500)
    assert (moved.failure, moved.visit["status"], moved.visit["location"]) == (None, 302, ELSEWHERE)
    assert "not-to-be-shown" not in moved.printed
    assert (discovery.failure, discovery.visit["status"]) == (None, 200)
    assert -1500 < discovery.visit["clock_offset_ms"] < 1500


def test_websocket_through_a_proxy(visit: Visitor, start_squid: StartSquid, platform: Platform) -> None:
    """A WebSocket is opened, pinged and held; the platform's going away is its own word."""
    hop = start_squid().hop()

    held = visit(platform.url("/ws", scheme="wss"), hop, ca_file=platform.ca_file, hold_s=0.4)
    gone = visit(platform.url("/ws-goes-away", scheme="wss"), hop, ca_file=platform.ca_file, hold_s=3)
    none = visit(platform.url("/", scheme="wss"), hop, ca_file=platform.ca_file)

    assert (held.failure, held.visit["status"]) == (None, 101)
    assert held.visit["websocket"]["close_code"] is None
    assert 0.4 <= held.visit["websocket"]["held_s"] < 2
    assert held.visit["websocket"]["ping_ms"] > 0
    assert (gone.failure, gone.visit["websocket"]["close_code"]) == (None, 1001)
    assert 0.2 < gone.visit["websocket"]["held_s"] < 2
    assert none.failure == ("websocket_refused", "upgrade")


def test_turn_over_tls_through_a_proxy(visit: Visitor, start_squid: StartSquid, turn_on_443: Coturn) -> None:
    """TURN over TLS on port 443 goes through CONNECT, by a name that only the proxy knows."""
    squid = start_squid(only_443)

    seen = visit(f"turns:{TURN}:443", squid.hop(), ca_file=turn_on_443.certificate.ca_file)

    assert (seen.failure, seen.visit["reached"], seen.proxy["status"]) == (None, True, 200)
    assert squid.connects() == [(f"{TURN}:443", 200)]
    assert "session" in turn_on_443.log


def test_other_ports_denied(visit: Visitor, start_squid: StartSquid, turn_on_443: Coturn) -> None:
    """A proxy that lets CONNECT go to 443 alone denies TURN over TCP on its own port."""
    squid = start_squid(only_443)

    seen = visit(f"turn:{TURN}:3478", squid.hop())

    assert (seen.failure, seen.visit["reached"]) == (("proxy_denied", CONNECT), False)
    assert (seen.proxy["status"], seen.proxy["cause"]) == (403, "ERR_ACCESS_DENIED 0")
    assert squid.connects() == [(f"{TURN}:3478", 403)]


def test_destination_denied(visit: Visitor, start_squid: StartSquid, platform: Platform) -> None:
    """A proxy that denies a name has the last word: the list's next hop is not tried."""
    squid = start_squid(denies(".example.test"))

    seen = visit(platform.url(), squid.hop(), DIRECT, ca_file=platform.ca_file)

    assert (seen.failure, seen.visit["via"]) == (("proxy_denied", CONNECT), squid.place)
    assert squid.connects() == [(platform.authority, 403)]


def test_basic_without_a_login(visit: Visitor, start_squid: StartSquid, platform: Platform) -> None:
    """Without a login the 407 is told with the scheme that was offered."""
    squid = start_squid(basic(USERS))

    seen = visit(platform.url(), squid.hop(), ca_file=platform.ca_file)

    assert (seen.failure, seen.visit["reached"]) == (LOGIN_REQUIRED, False)
    assert (seen.proxy["status"], seen.proxy["schemes"], seen.proxy["authenticated_by"]) == (407, ["basic"], None)
    assert squid.connects() == [(platform.authority, 407)]


@pytest.mark.parametrize("by_environment", [False, True], ids=["by the proxy's URL", "by the environment"])
def test_basic(visit: Visitor, start_squid: StartSquid, platform: Platform, *, by_environment: bool) -> None:
    """A good login opens the tunnel, a bad one does not, and neither is ever shown."""
    squid = start_squid(basic(USERS))
    good, bad = (
        ({"READYCHECK_PROXY_USERNAME": USER, "READYCHECK_PROXY_PASSWORD": password} for password in (PASSWORD, "bad1"))
        if by_environment
        else ({}, {})
    )
    hops = (squid.hop(), squid.hop()) if by_environment else (squid.hop(USERINFO), squid.hop(f"{USER}:bad1"))

    opened = visit(platform.url(), hops[0], ca_file=platform.ca_file, env=good)
    refused = visit(platform.url(), hops[1], ca_file=platform.ca_file, env=bad)

    assert (opened.failure, opened.visit["status"], opened.proxy["authenticated_by"]) == (None, 200, "basic")
    assert opened.proxy["schemes"] == ["basic"]
    assert (refused.failure, refused.proxy["authenticated_by"]) == (LOGIN_REQUIRED, None)
    users = [(access.user, access.status) for access in squid.accesses(4)]
    assert users == [(None, 407), (USER, 200), (None, 407), (USER, 407)]
    for secret in (PASSWORD, USERINFO, "bad1", USER):
        assert secret not in opened.printed + refused.printed


@pytest.mark.parametrize("keeps_alive", [True, False], ids=["one connection", "first 407 closes"])
def test_ntlm_of_squid(visit: Visitor, start_squid: StartSquid, platform: Platform, *, keeps_alive: bool) -> None:
    """NTLM is spoken with squid, also where it closes the connection after its first word."""
    squid = start_squid(ntlm(keeps_alive=keeps_alive))

    stranger = visit(platform.url(), squid.hop(), ca_file=platform.ca_file)
    seen = visit(platform.url(), squid.hop(USERINFO), ca_file=platform.ca_file)

    assert (stranger.failure, stranger.proxy["schemes"]) == (LOGIN_REQUIRED, ["ntlm"])
    assert (seen.failure, seen.visit["status"], seen.proxy["authenticated_by"]) == (None, 200, "ntlm")
    assert [access.status for access in squid.accesses(4)] == [407, 407, 407, 200]
    assert "w0rd" not in seen.printed


def test_proxy_that_is_not_there(visit: Visitor, platform: Platform) -> None:
    """Nobody listens: proxy_unreachable, at once, and nothing is said about the target."""
    seen = visit(platform.url(), Hop("http", LAN, 9), ca_file=platform.ca_file)

    assert (seen.failure, seen.visit["reached"]) == (("proxy_unreachable", CONNECT), False)
    assert "connection_refused" in seen.detail
    assert seen.seconds < 2


def test_silence(
    visit: Visitor, site: Site, start_stub: StartStub, start_squid: StartSquid, platform: Platform
) -> None:
    """Nobody answers: the proxy's own silence is proxy_unreachable, the target's behind it is not; each in its time."""
    site.router.firewall4("-A INPUT -p tcp --dport 9 -j DROP")
    site.router.firewall4(f"-A OUTPUT -p tcp -d {THIRD} -j DROP")
    silent, patient = start_stub("silent"), start_squid(opened, "connect_timeout 1 minute")
    dropped = [Hop("http", LAN, 9), Hop("socks5", LAN, 9)]
    ways = [*dropped, silent.hop(), Hop("socks5", LAN, silent.port), patient.hop()]

    with ThreadPoolExecutor() as at_once:
        all_seen = list(at_once.map(lambda hop: visit(f"https://{THIRD}/", hop), ways))

    assert [seen.failure for seen in all_seen[:-1]] == [("proxy_unreachable", CONNECT)] * 4
    assert all_seen[-1].failure == ("connection_timeout", CONNECT)
    assert "connection_timeout" in all_seen[0].detail
    assert "no answer to CONNECT" in all_seen[2].detail
    assert max(seen.seconds for seen in all_seen) < 6
    assert silent.requests()[0].request == f"CONNECT {THIRD}:443 HTTP/1.1"


@pytest.mark.parametrize("kind", ["http", "socks5"])
def test_next_proxy_of_the_list(
    visit: Visitor, start_squid: StartSquid, platform: Platform, kind: Literal["http", "socks5"]
) -> None:
    """A proxy that does not answer is passed over, as browsers do."""
    squid = start_squid()

    seen = visit(platform.url(), Hop(kind, LAN, 9), squid.hop(), ca_file=platform.ca_file)

    assert (seen.failure, seen.visit["via"], seen.visit["status"]) == (None, squid.place, 200)


@pytest.mark.parametrize(
    ("place", "code", "status"),
    [
        (f"{THIRD}:4443", "connection_refused", 503),
        (f"{THIRD}:4444", "host_unreachable", 503),
        ("203.0.113.99:443", "network_unreachable", 503),
        ("nowhere.example.test:443", "host_unreachable", 500),
        (f"{THIRD}:443", "connection_timeout", 503),
    ],
    ids=["refused", "host unreachable", "network unreachable", "no such name", "silence"],
)
def test_what_the_proxy_met(
    visit: Visitor, site: Site, start_squid: StartSquid, tmp_path: Path, place: str, code: str, status: int
) -> None:
    """What squid met on its way to the target is told as such, not as the proxy's own failure."""
    site.router.firewall4(f"-A OUTPUT -p tcp -d {THIRD} --dport 443 -j DROP")
    unreachable = "-j REJECT --reject-with icmp-host-unreachable"
    site.router.firewall4(f"-A OUTPUT -p tcp -d {THIRD} --dport 4444 {unreachable}")
    with running_dns(site.router, tmp_path, {}, address="127.0.0.1") as dns:
        squid = start_squid()
        seen = visit(f"https://{place}/", squid.hop())

    assert (seen.failure, seen.visit["reached"], seen.proxy["status"]) == ((code, CONNECT), False, status)
    assert squid.connects() == [(place, status)]
    assert ("nowhere.example.test" in dns.asked()) == (status == 500)


def test_tls_opened_by_an_unknown_ca(
    visit: Visitor, start_squid: StartSquid, platform: Platform, corporate: Authority
) -> None:
    """A proxy that opens TLS is seen by its CA: untrusted, with the chain that was shown; nothing was requested."""
    squid = start_squid(opens_tls(corporate, trusts=platform.ca_file))
    before = platform.requests()

    seen = visit(platform.url(), squid.hop(), ca_file=platform.ca_file)

    assert (seen.failure, seen.visit["reached"]) == (("tls_intercepted", "tls_handshake"), True)
    assert seen.detail.startswith("tls_untrusted: ")
    assert "key_of_its_issuer" in seen.detail
    assert (seen.visit["chain"]["verified"], seen.visit["chain"]["anchor"]) == (False, None)
    assert seen.issuers[0] == CORPORATE
    assert {(access.target, access.bump) for access in squid.accesses()} == {(platform.authority, "bump")}
    assert platform.requests() == before


def test_tls_opened_by_a_trusted_ca(
    visit: Visitor, start_squid: StartSquid, platform: Platform, corporate: Authority
) -> None:
    """Where its CA is trusted the chain verifies, and squid shows itself: one key for all, and a Via inside."""
    squid = start_squid(opens_tls(corporate, trusts=platform.ca_file))

    seen = visit(platform.url("/?opened"), squid.hop(), ca_file=squid.ca_file)
    ws = visit(platform.url("/ws", scheme="wss"), squid.hop(), ca_file=squid.ca_file)
    address = visit(f"https://{SERVER}/", squid.hop(), ca_file=squid.ca_file)

    assert (seen.failure, seen.visit["status"], seen.visit["chain"]["verified"]) == (None, 200, True)
    assert set(seen.issuers) == {CORPORATE}
    assert set(seen.keys) == set(address.keys)
    assert address.detail.startswith("tls_hostname_mismatch: ")  # squid writes an address as if it were a name
    assert len(set(seen.keys)) == 1
    assert seen.visit["passed_through"] == VIA
    assert [(one.path, one.via) for one in platform.requests()[-2:]] == [("/?opened", VIA), ("/ws", VIA)]
    assert ws.detail.startswith("websocket_refused: 426 Upgrade Required")  # squid drops the Upgrade header


def test_tls_left_closed_for_a_name(
    visit: Visitor, start_squid: StartSquid, platform: Platform, corporate: Authority
) -> None:
    """A name that is exempt shows its true chain, and no Via."""
    squid = start_squid(opens_tls(corporate, trusts=platform.ca_file, but=(platform.name,)))

    seen = visit(platform.url(), squid.hop(), ca_file=platform.ca_file)

    assert (seen.failure, seen.visit["status"], seen.visit["passed_through"]) == (None, 200, None)
    assert CORPORATE not in seen.issuers
    assert {access.bump for access in squid.accesses()} == {"splice"}


def test_turn_inside_opened_tls(
    visit: Visitor, start_squid: StartSquid, turn_on_443: Coturn, corporate: Authority
) -> None:
    """A proxy that opens TLS takes TURN for unfinished HTTP and waits; exempt by its address, TURN goes through."""
    ca_file = turn_on_443.certificate.ca_file
    opening = start_squid(opens_tls(corporate, trusts=ca_file))
    exempting = start_squid(opens_tls(corporate, trusts=ca_file, but_addresses=(SECOND,)), port=3129)

    broken = visit(f"turns:{TURN}:443", opening.hop(), ca_file=opening.ca_file)
    exempt = visit(f"turns:{TURN}:443", exempting.hop(), ca_file=ca_file)

    # squid waits for a line feed before it answers 400: a random transaction identifier seldom has one
    assert broken.failure in {("stun_timeout", "allocate"), ("turn_bad_answer", "receive")}
    assert broken.visit["reached"] is False
    assert broken.issuers[0] == CORPORATE
    assert (exempt.failure, exempt.visit["reached"]) == (None, True)
    assert CORPORATE not in exempt.issuers
    assert opening.accesses()[0].bump == "bump"


@pytest.mark.parametrize("mood", ["garbage", "endless_headers", "closes_at_once", "closes", "page"])
def test_bad_answers(visit: Visitor, start_stub: StartStub, platform: Platform, mood: StubMood) -> None:
    """What is no answer to CONNECT is told as the proxy's fault, within its time."""
    stub = start_stub(mood)

    seen = visit(platform.url(), stub.hop(), ca_file=platform.ca_file)

    assert (seen.failure, seen.visit["reached"]) == (("proxy_bad_answer", CONNECT), False)
    assert seen.seconds < 2
    asked = [one.request for one in stub.requests()]
    assert asked == [] if mood == "closes_at_once" else [f"CONNECT {platform.authority} HTTP/1.1"]


@pytest.mark.parametrize(
    ("status", "headers", "code"),
    [
        ("302 Found", {"Location": "http://portal.example.test/login?token=s3cret"}, "captive_portal"),
        ("511 Network Authentication Required", {}, "captive_portal"),
        ("403 Forbidden by policy", {"Via": "1.1 gateway.example.test"}, "proxy_denied"),
        ("407 Proxy Authentication Required", {"Proxy-Authenticate": 'Digest realm="x", nonce="y"'}, LOGIN_REQUIRED[0]),
        ("407 Proxy Authentication Required", {"Proxy-Authenticate": "Negotiate"}, LOGIN_REQUIRED[0]),
        ("503 Service Unavailable", {"Proxy-Status": "gw; error=connection_refused"}, "connection_refused"),
        ("502 Bad Gateway", {"Proxy-Status": "gw; error=dns_error; rcode=NXDOMAIN"}, "dns_not_found"),
        ("504 Gateway Timeout", {}, "connection_timeout"),
        ("405 Method Not Allowed", {}, "proxy_bad_answer"),
    ],
)
def test_refusals(
    visit: Visitor, start_stub: StartStub, platform: Platform, status: str, headers: dict[str, str], code: str
) -> None:
    """A refusal is told by its status, and by what the proxy says of the cause."""
    stub = start_stub("answers", status=status, headers=headers)

    seen = visit(platform.url(), stub.hop(), ca_file=platform.ca_file)

    assert (seen.failure, seen.visit["reached"]) == ((code, CONNECT), False)
    assert f"{seen.proxy['status']} {seen.proxy['phrase']}" == status
    assert seen.proxy["via"] == headers.get("Via")
    assert seen.proxy["cause"] == headers.get("Proxy-Status")
    assert "s3cret" not in seen.printed
    assert len(stub.requests()) == 1


def test_digest_with_a_login(visit: Visitor, start_stub: StartStub, platform: Platform) -> None:
    """A scheme that cannot be spoken is named, and the login is not sent in another."""
    stub = start_stub(
        "answers", status="407 Proxy Authentication Required", headers={"Proxy-Authenticate": 'Digest realm="x"'}
    )

    seen = visit(platform.url(), stub.hop(USERINFO), ca_file=platform.ca_file)

    assert (seen.failure, seen.proxy["schemes"]) == (LOGIN_REQUIRED, ["digest"])
    assert [asked.authorization for asked in stub.requests()] == [None]


def test_schemes_in_one_header(visit: Visitor, start_stub: StartStub, platform: Platform) -> None:
    """A proxy may offer several schemes in one header; what stands in quotes is none."""
    offered = 'Digest realm="a, Kerberos", nonce = "b", NTLM,Basic realm="c"'
    stub = start_stub("answers", status="407 Proxy Authentication Required", headers={"Proxy-Authenticate": offered})

    seen = visit(platform.url(), stub.hop(), ca_file=platform.ca_file)

    assert (seen.failure, seen.proxy["schemes"]) == (LOGIN_REQUIRED, ["digest", "ntlm", "basic"])


@pytest.mark.parametrize("byte", [0, 100])
def test_tunnel_that_breaks_in_tls(visit: Visitor, start_stub: StartStub, platform: Platform, byte: int) -> None:
    """A tunnel that is granted and cut in the handshake: the connection was reset, in TLS."""
    stub = start_stub("breaks", byte=byte)

    seen = visit(platform.url(), stub.hop(), ca_file=platform.ca_file)

    assert (seen.failure, seen.visit["reached"]) == (("connection_reset", "tls_handshake"), False)
    assert (seen.proxy["status"], seen.visit["tls_ms"]) == (200, None)


def test_tunnel_cut_when_idle(visit: Visitor, start_stub: StartStub, platform: Platform) -> None:
    """A proxy that cuts quiet tunnels breaks a held WebSocket: reset, after as long as it was left in peace."""
    stub = start_stub("cuts_idle", seconds=0.7)

    seen = visit(platform.url("/ws", scheme="wss"), stub.hop(), ca_file=platform.ca_file, hold_s=4)

    assert (seen.failure, seen.visit["reached"]) == (("connection_reset", "hold_websocket"), True)
    assert 0.6 < seen.seconds < 2


def test_slow_proxy(visit: Visitor, start_stub: StartStub, platform: Platform) -> None:
    """A proxy that takes its time gets it, and the time it took is told."""
    stub = start_stub("slow", seconds=1)

    seen = visit(platform.url(), stub.hop(), ca_file=platform.ca_file)

    assert (seen.failure, seen.visit["status"]) == (None, 200)
    assert 1000 <= seen.proxy["answer_ms"] <= seen.visit["connected_ms"] < 2000


@pytest.mark.parametrize("closes_first", [False, True], ids=["one connection", "first 407 closes"])
@pytest.mark.parametrize("scheme", ["ntlm", "negotiate"])
def test_windows_logins(
    visit: Visitor, start_stub: StartStub, platform: Platform, scheme: str, *, closes_first: bool
) -> None:
    """NTLM and Negotiate with a good password open the tunnel on one connection; a bad one does not."""
    schemes = {"ntlm": ("NTLM",), "negotiate": ("Negotiate", "NTLM")}[scheme]
    stub = start_stub("spnego", users={USER: WINDOWS_PASSWORD}, schemes=schemes, closes_first=closes_first)

    good = visit(platform.url(), stub.hop(f"EXAMPLE%5C{USER}:pass%20w0rd%401"), ca_file=platform.ca_file)
    asked = stub.requests()
    bad = visit(platform.url(), stub.hop(f"EXAMPLE%5C{USER}:bad1"), ca_file=platform.ca_file)

    assert (good.failure, good.visit["status"], good.proxy["authenticated_by"]) == (None, 200, scheme)
    assert good.proxy["schemes"] == [one.lower() for one in schemes]
    assert [one.authorization for one in asked] == [None, scheme, scheme]
    assert [one.connection for one in asked] == ([1, 2, 2] if closes_first else [1, 1, 1])
    assert (bad.failure, bad.proxy["authenticated_by"]) == (LOGIN_REQUIRED, None)
    assert len(stub.requests()) <= 2 * len(asked)  # no password is tried twice: accounts get locked
    for secret in (WINDOWS_PASSWORD, "w0rd", "bad1", USER):
        assert secret not in good.printed + bad.printed


def test_https_proxy(visit: Visitor, start_stub: StartStub, platform: Platform, tmp_path: Path) -> None:
    """A proxy that is spoken to in TLS, if this machine trusts it; else it is as good as not there."""
    authority = Authority.create("Proxy CA")
    (tmp_path / "proxy").mkdir()
    certificate = issue(tmp_path / "proxy", names=(LAN,), authority=authority)
    stub = start_stub("open", certificate=certificate)

    trusted = {"SSL_CERT_FILE": str(certificate.ca_file)}
    seen = visit(platform.url(), stub.hop(), ca_file=platform.ca_file, env=trusted)
    strange = visit(platform.url(), stub.hop(), ca_file=platform.ca_file)

    assert (seen.failure, seen.visit["status"], seen.visit["via"]) == (None, 200, f"HTTPS {LAN}:8080")
    assert (seen.visit["chain"]["verified"], seen.visit["chain"]["anchor"]) == (True, "profile")
    assert strange.failure == ("proxy_unreachable", CONNECT)
    assert "tls_untrusted" in strange.detail


@pytest.mark.parametrize("users", [None, USERS], ids=["open", "with a password"])
def test_socks(visit: Visitor, start_stub: StartStub, platform: Platform, users: dict[str, str] | None) -> None:
    """SOCKS 5 carries the name to the proxy; a login is asked for, and shown where it is needed."""
    stub = start_stub("socks5", users=users)

    seen = visit(platform.url(), stub.hop(USERINFO if users else None), ca_file=platform.ca_file)
    stranger = visit(platform.url(), stub.hop("agent:bad1" if users else None), ca_file=platform.ca_file)

    assert (seen.failure, seen.visit["status"], seen.visit["via"]) == (None, 200, f"SOCKS5 {LAN}:8080")
    assert stub.requests()[0].request == f"SOCKS5 {platform.authority}"
    assert stranger.failure == (LOGIN_REQUIRED if users else None)
    assert PASSWORD not in seen.printed + stranger.printed


@pytest.mark.parametrize(("reply", "code"), [(2, "proxy_denied"), (4, "host_unreachable"), (5, "connection_refused")])
def test_socks_refusals(visit: Visitor, start_stub: StartStub, platform: Platform, reply: int, code: str) -> None:
    """A SOCKS proxy's reply is told as what it met."""
    stub = start_stub("socks5", socks_reply=reply)

    seen = visit(platform.url(), stub.hop(), ca_file=platform.ca_file)

    assert (seen.failure, seen.visit["reached"]) == ((code, CONNECT), False)


@pytest.mark.parametrize("mood", ["garbage", "closes_at_once"])
def test_no_socks_proxy(visit: Visitor, start_stub: StartStub, platform: Platform, mood: StubMood) -> None:
    """Somebody who speaks no SOCKS is told as such, and so is who goes away."""
    stub = start_stub(mood)

    seen = visit(platform.url(), Hop("socks5", LAN, stub.port), ca_file=platform.ca_file)

    assert seen.failure == ("proxy_bad_answer", CONNECT)
    assert seen.seconds < 2
