"""Web Proxy Auto-Discovery: which names are asked, and that DHCP's address comes first."""

import pytest

from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.model.proxy import ProxySettings
from readycheck.net.pac.evaluator import Facts
from readycheck.net.proxy_route import routes
from readycheck.net.wpad import Wpad, find_wpad, wpad_names

DHCP_URL = "http://dhcp.example/proxy.pac"
SCRIPT = 'function FindProxyForURL() { return "PROXY p:1"; }'


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was fetched; only names under example.com are known and only wpad.example.com's and DHCP's file is there."""
    asked: list[str] = []

    async def resolve(host: str, *, timeout_s: float) -> list[str]:
        assert timeout_s < 4
        if not host.endswith(".example.com"):
            raise OperationFailed(FailureCode.DNS_NOT_FOUND, "resolve", host)
        return ["192.0.2.1"]

    async def fetch(place: str) -> str:
        asked.append(place)
        if place not in {DHCP_URL, "http://wpad.example.com/wpad.dat"}:
            raise OperationFailed(FailureCode.PAC_UNREACHABLE, "read PAC", place)
        return SCRIPT

    monkeypatch.setattr("readycheck.net.wpad.resolve", resolve)
    monkeypatch.setattr("readycheck.net.wpad.fetch_pac", fetch)
    return asked


@pytest.mark.parametrize(
    ("domain", "names"),
    [
        ("a.b.example.com", ["wpad.a.b.example.com", "wpad.b.example.com", "wpad.example.com"]),
        ("Example.COM.", ["wpad.example.com"]),
        ("a.example.co.uk", ["wpad.a.example.co.uk", "wpad.example.co.uk"]),
        ("site.acme.fr", ["wpad.site.acme.fr", "wpad.acme.fr"]),
        ("edf.fr", ["wpad.edf.fr"]),
        ("site.db.de", ["wpad.site.db.de", "wpad.db.de"]),
        ("hp.com", ["wpad.hp.com"]),
    ],
)
def test_search_domains_then_their_parents(domain: str, names: list[str]) -> None:
    """The domain that the system names, then upwards as far as the organisation's own."""
    assert wpad_names([domain]) == names


@pytest.mark.parametrize(
    "domain",
    [
        *("co.uk", "com", "fr", "uk", "com.au", "gouv.fr", "asso.fr", "co.jp", "police.uk", "uk.com", "eu.org"),
        *("local", "lan", "", ".", "..", "a b.example.com", "a/b.example.com", "wpad@x.example.com"),
    ],
)
def test_what_anybody_may_register_is_never_asked(domain: str) -> None:
    """Never wpad.com, wpad.fr, wpad.co.uk, even if the search list says so; no junk either."""
    assert wpad_names([domain]) == []


@pytest.mark.parametrize(
    ("domain", "stranger"),
    [
        ("acme.tokyo.jp", "wpad.tokyo.jp"),
        ("acme.roma.it", "wpad.roma.it"),
        ("acme.uk.com", "wpad.uk.com"),
        ("vm1.cloudapp.net", "wpad.cloudapp.net"),
        ("home.duckdns.org", "wpad.duckdns.org"),
        ("shop.acme.co.uk", "wpad.co.uk"),
        ("example.com", "wpad.com"),
        ("example.com", "wpad"),
    ],
)
def test_climbing_stops_below_strangers(domain: str, stranger: str) -> None:
    """Above places, resellers, clouds and dynamic names somebody else could answer."""
    names = wpad_names([domain])
    assert names[0] == f"wpad.{domain}"
    assert stranger not in names


def test_the_whole_search_list_comes_before_any_parent() -> None:
    """As the resolver expands `wpad`: every search domain first; each name once, and not many."""
    assert wpad_names(["a.example.com", "b.example.org", "a.example.com"]) == [
        "wpad.a.example.com",
        "wpad.b.example.org",
        "wpad.example.com",
        "wpad.example.org",
    ]
    assert len(wpad_names([f"{number}.example.com" for number in range(50)])) == 8


async def test_discovery_takes_the_nearest_file(fetched: list[str]) -> None:
    """The first name that resolves and serves a PAC file."""
    assert await find_wpad(["a.example.com"]) == Wpad("http://wpad.example.com/wpad.dat", SCRIPT)
    assert fetched == ["http://wpad.a.example.com/wpad.dat", "http://wpad.example.com/wpad.dat"]
    assert await find_wpad([]) is None


async def test_dhcp_comes_before_dns(fetched: list[str]) -> None:
    """The address of the lease is tried first; where it gives no file, DNS is asked."""
    assert await find_wpad(["example.com"], DHCP_URL) == Wpad(DHCP_URL, SCRIPT, by_dhcp=True)
    assert fetched == [DHCP_URL]
    gone = await find_wpad(["example.com"], "http://dhcp.example/gone.pac")
    assert gone == Wpad("http://wpad.example.com/wpad.dat", SCRIPT)


async def test_answer_says_that_dhcp_gave_the_file(fetched: list[str]) -> None:
    """The source names DHCP, and shows no password of its address."""
    setting = ProxySettings("GNOME settings", "auto_detect", search_domains=("example.com",), dhcp_pac_url=DHCP_URL)
    (answer,) = await routes(["http://a.example/"], [setting], Facts(own_addresses=("192.0.2.1",)))
    assert (answer.text, answer.source) == ("PROXY p:1", f"GNOME settings, WPAD by DHCP {DHCP_URL}")
    assert fetched == [DHCP_URL]
    assert "dhcp" not in repr(setting)
