"""What systems and browsers are told about proxies, read from recordings."""

import json
import plistlib
import struct
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readycheck.host.command import output_of
from readycheck.host.proxy import linux, macos, policies, windows
from readycheck.host.proxy.effective import proxy_settings
from readycheck.host.proxy.environment import from_environment
from readycheck.host.proxy.parsing import server, servers_by_scheme
from readycheck.host.registry import ExportedRegistry, number_of, text_of
from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.model.proxy import Hop, ProxySettings
from readycheck.net.pac.evaluator import Facts
from readycheck.net.pac.url import parse_target
from readycheck.net.proxy_bypass import bypasses
from readycheck.net.proxy_route import routes
from readycheck.net.wpad import Wpad, find_wpad, wpad_names

PROXY = Hop("http", "proxy.example", 8080)
SETTINGS = windows.SETTINGS


def export(*sections: str) -> ExportedRegistry:
    return ExportedRegistry("Windows Registry Editor Version 5.00\r\n\r\n" + "\r\n".join(sections))


def section(key: str, **values: str | int | bytes) -> str:
    lines = [f"[{key}]"]
    for name, value in values.items():
        match value:
            case str():
                lines.append(f'"{name}"="{value}"')
            case int():
                lines.append(f'"{name}"=dword:{value:08x}')
            case bytes():
                lines.append(f'"{name}"=hex:' + ",".join(f"{byte:02x}" for byte in value))
    return "\r\n".join(lines) + "\r\n"


def blob(flags: int, servers: str = "", bypass: str = "", pac_url: str = "") -> bytes:
    texts = [text.encode() for text in (servers, bypass, pac_url)]
    return struct.pack("<III", 0x46, 7, flags) + b"".join(struct.pack("<I", len(text)) + text for text in texts)


def kinds(found: list[ProxySettings]) -> list[str]:
    return [setting.kind for setting in found]


# Recorded with `reg export`: long values run over several lines
RECORDED = r"""Windows Registry Editor Version 5.00

[HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Internet Settings]
"User Agent"="Mozilla/4.0 (compatible; MSIE 8.0; Win32)"
"ProxyEnable"=dword:00000001
"ProxyServer"="http=proxy.example:8080;https=secure.example:3128;socks=old.example"
"ProxyOverride"="*.inside.example;10.*;<local>"
"MigrateProxy"=dword:00000001
"ZonesSecurityUpgrade"=hex:a5,fb,2c,7c,\
  1d,94,d8,01

[HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Internet Settings\Connections]
"DefaultConnectionSettings"=hex:46,00,00,00,0b,00,00,00,03,00,00,00,00,00,00,00,\
  00,00,00,00,00,00,00,00
"""


def test_windows_per_user_servers() -> None:
    """Servers by scheme, SOCKS as version 4, the bypass list as it stands."""
    (found,) = windows.from_registry(ExportedRegistry(RECORDED))

    assert found.source == "Windows Internet Settings, per user"
    assert found.servers == {
        "http": (PROXY,),
        "https": (Hop("http", "secure.example", 3128),),
        "socks": (Hop("socks4", "old.example", 1080),),
    }
    assert found.bypass == ("*.inside.example", "10.*", "<local>")


def test_windows_order_is_detection_then_file_then_servers() -> None:
    """As WinINET and Chromium try them; the dialogue's binary value knows about detection."""
    registry = export(
        section(
            rf"HKEY_CURRENT_USER\{SETTINGS}",
            ProxyEnable=1,
            ProxyServer="proxy.example:8080",
            AutoConfigURL="http://pac.example/proxy.pac",
        ),
        section(rf"HKEY_CURRENT_USER\{SETTINGS}\Connections", DefaultConnectionSettings=blob(15)),
    )
    found = windows.from_registry(registry)

    assert kinds(found) == ["auto_detect", "pac", "manual"]
    assert found[1].pac_url == "http://pac.example/proxy.pac"


def test_windows_policy_makes_settings_machine_wide() -> None:
    """ProxySettingsPerUser 0: the machine's values count, the user's do not."""
    registry = export(
        section(rf"HKEY_LOCAL_MACHINE\{windows.POLICIES}", ProxySettingsPerUser=0),
        section(rf"HKEY_LOCAL_MACHINE\{SETTINGS}", ProxyEnable=1, ProxyServer="proxy.example:8080"),
        section(rf"HKEY_CURRENT_USER\{SETTINGS}", ProxyEnable=1, ProxyServer="user.example:1"),
    )
    (found,) = windows.from_registry(registry)

    assert found.source == "Windows Internet Settings, machine-wide"
    assert found.servers == {"all": (PROXY,)}


def test_windows_policy_stands_above_the_user() -> None:
    """Values under Policies replace what the user set, and are named so."""
    registry = export(
        section(rf"HKEY_CURRENT_USER\{SETTINGS}", ProxyEnable=1, ProxyServer="user.example:1"),
        section(rf"HKEY_CURRENT_USER\{windows.POLICIES}", ProxyServer="proxy.example:8080"),
    )
    (found,) = windows.from_registry(registry)

    assert found.source.endswith("(policy)")
    assert found.servers == {"all": (PROXY,)}


def test_windows_switched_off_servers_are_none() -> None:
    """A server that is remembered and not enabled goes direct, and hides what services use."""
    registry = export(
        section(rf"HKEY_CURRENT_USER\{SETTINGS}", ProxyEnable=0, ProxyServer="proxy.example:8080"),
        section(
            rf"HKEY_LOCAL_MACHINE\{SETTINGS}\Connections", WinHttpSettings=blob(3, "proxy.example:8080", "<local>")
        ),
    )
    user, services = windows.from_registry(registry)

    assert user.kind == "none"
    assert services.source == "WinHTTP (services)"
    assert services.servers == {"all": (PROXY,)}
    assert services.bypass == ("<local>",)


def test_windows_domains() -> None:
    """Where automatic detection starts."""
    key = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
    registry = export(section(key, Domain="a.example", DhcpDomain="b.example", SearchList="a.example,c.example"))
    assert windows.search_domains(registry) == ("a.example", "b.example", "c.example")


@pytest.mark.parametrize(
    "value", [b"", b"\x46", blob(3)[:13], blob(3, "proxy.example:8080")[:20], b"\xff" * 40, "text", 7, None]
)
def test_windows_cut_blobs_are_no_settings(value: object) -> None:
    """Whatever the type or length: nothing, or nothing wrong, and no exception."""
    found = windows.connection_settings(value)
    assert found is None or found.servers == ""


@given(content=st.binary(max_size=200))
def test_windows_blob_of_any_bytes_is_read(content: bytes) -> None:
    """No content makes the reader fail."""
    windows.connection_settings(content)


def test_windows_wrong_types_are_tolerated() -> None:
    """Numbers as text, text as numbers, lists: read where they can be, else left out."""
    registry = export(
        section(rf"HKEY_CURRENT_USER\{SETTINGS}", ProxyEnable="1", ProxyServer="proxy.example:8080", ProxyOverride=3),
    )
    (found,) = windows.from_registry(registry)
    assert (found.kind, found.bypass) == ("manual", ())
    assert kinds(windows.from_registry(export(section(rf"HKEY_CURRENT_USER\{SETTINGS}", ProxyServer=5)))) == ["none"]
    assert windows.from_registry(export()) == []


def test_registry_exports_of_every_type() -> None:
    """Text with quotes, expandable text, lists, numbers, bytes; junk lines are skipped."""
    text = (
        '[HKEY_CURRENT_USER\\A]\n"q"="a\\\\b \\"c\\""\n@="default"\n"e"=hex(2):61,00,62,00,00,00\n'
        '"m"=hex(7):61,00,00,00,62,00,00,00,00,00\n"n"=dword:0000000a\n"b"=hex:01,02\nnonsense\n"x"=dword:zz\n"y"=what\n'
    )
    values = ExportedRegistry(text).values(r"hkey_current_user\a")
    assert values == {"q": 'a\\b "c"', "": "default", "e": "ab", "m": ["a", "b"], "n": 10, "b": b"\x01\x02"}
    assert (text_of(values["m"]), text_of(values["b"]), number_of(values["b"]), number_of("x")) == (
        "a;b",
        "",
        513,
        None,
    )


def test_chrome_and_edge_policies_of_windows() -> None:
    """Single values and the ProxySettings mapping; the machine stands above the user."""
    registry = export(
        section(r"HKEY_LOCAL_MACHINE\Software\Policies\Google\Chrome", ProxyMode="pac_script", ProxyPacUrl="http://p/"),
        section(r"HKEY_CURRENT_USER\Software\Policies\Google\Chrome", ProxyMode="direct"),
        '[HKEY_LOCAL_MACHINE\\Software\\Policies\\Microsoft\\Edge]\r\n"ProxySettings"="{\\"ProxyMode\\":'
        '\\"fixed_servers\\",\\"ProxyServer\\":\\"proxy.example:8080\\",\\"ProxyBypassList\\":\\"a,b\\"}"\r\n',
        section(r"HKEY_LOCAL_MACHINE\Software\Policies\Mozilla\Firefox\Proxy", Mode="none"),
    )
    chrome, edge, firefox = policies.from_registry(registry)

    assert (chrome.source, chrome.kind, chrome.pac_url) == ("Chrome policy", "pac", "http://p/")
    assert (edge.source, edge.servers, edge.bypass) == ("Edge policy", {"all": (PROXY,)}, ("a", "b"))
    assert (firefox.source, firefox.kind) == ("Firefox policy", "none")


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"ProxyMode": "direct"}, ["none"]),
        ({"ProxyMode": "auto_detect"}, ["auto_detect", "none"]),
        ({"ProxyMode": "system"}, []),
        ({"ProxyMode": "pac_script"}, []),
        ({"ProxyPacUrl": "http://p/"}, ["pac"]),
        ({"ProxyServer": "p:1"}, ["manual"]),
        ({"ProxySettings": {"ProxyMode": "direct"}, "ProxyMode": "auto_detect"}, ["none"]),
        ({"ProxySettings": "{broken"}, []),
        ({"ProxyMode": 5, "ProxyServer": []}, []),
        ({"HomepageLocation": "http://a/"}, []),
    ],
)
def test_chromium_modes(policy: dict[str, object], expected: list[str]) -> None:
    """Every mode; `system` and nonsense leave the word to the system."""
    assert kinds(policies.chromium_settings("Chrome policy", policy)) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"Mode": "none"}, ["none"]),
        ({"Mode": "system"}, []),
        ({"Mode": "autoDetect"}, ["auto_detect", "none"]),
        ({"Mode": "autoConfig", "AutoConfigURL": "http://p/"}, ["pac"]),
        ({"Mode": "manual", "HTTPProxy": "proxy.example:8080"}, ["manual"]),
        ({"Mode": "manual", "HTTPProxy": 3}, []),
    ],
)
def test_firefox_modes(policy: dict[str, object], expected: list[str]) -> None:
    """Firefox has a policy of its own."""
    assert kinds(policies.firefox_settings("Firefox policy", policy)) == expected


def test_firefox_servers() -> None:
    """One for all, or each its own with the version of SOCKS."""
    (one,) = policies.firefox_settings(
        "f",
        {"Mode": "manual", "HTTPProxy": "proxy.example:8080", "UseHTTPProxyForAllProtocols": True, "Passthrough": "a"},
    )
    (own,) = policies.firefox_settings(
        "f", {"Mode": "manual", "SSLProxy": "proxy.example:8080", "SOCKSProxy": "s:1", "SOCKSVersion": 4}
    )
    assert (one.servers, one.bypass) == ({"all": (PROXY,)}, ("a",))
    assert own.servers == {"https": (PROXY,), "socks": (Hop("socks4", "s", 1),)}


def test_policy_files_of_linux_and_macos(tmp_path: Path) -> None:
    """JSON folders merge by name, property lists are read, broken files are skipped."""
    chrome, firefox = tmp_path / "etc/opt/chrome/policies/managed", tmp_path / "etc/firefox/policies"
    preferences = tmp_path / "Library/Managed Preferences"
    for folder in (chrome, firefox, preferences):
        folder.mkdir(parents=True)
    (chrome / "10.json").write_text(json.dumps({"ProxyMode": "direct"}))
    (chrome / "20.json").write_text(json.dumps({"ProxyMode": "pac_script", "ProxyPacUrl": "http://p/"}))
    (chrome / "30.json").write_text("{broken")
    (chrome / "40.json").write_text("[1]")
    (firefox / "policies.json").write_text(json.dumps({"policies": {"Proxy": {"Mode": "none"}}}))
    (preferences / "com.google.Chrome.plist").write_bytes(plistlib.dumps({"ProxyMode": "auto_detect"}))
    (preferences / "com.microsoft.Edge.plist").write_bytes(b"bplist00broken")
    (preferences / "org.mozilla.firefox.plist").write_bytes(b"<plist>")

    assert kinds(policies.from_folders(tmp_path)) == ["pac", "none"]
    assert kinds(policies.from_plists(tmp_path)) == ["auto_detect", "none"]
    assert policies.from_folders(tmp_path / "nowhere") == []


def test_environment_variables() -> None:
    """Lower case wins, no_proxy means subdomains too, passwords stay out of sight."""
    (found,) = from_environment(
        {
            "https_proxy": "http://user:pa%20ss@proxy.example:8080/",
            "HTTPS_PROXY": "http://other:1",
            "ALL_PROXY": "socks5://s.example",
            "no_proxy": "localhost, .inside.example,10.0.0.0/8,192.0.2.1,",
        }
    )
    assert found.servers["https"][0].userinfo == "user:pa ss"
    assert "pa ss" not in repr(found)
    assert found.servers["socks"] == (Hop("socks5", "s.example", 1080),)
    assert found.bypass == (
        *("localhost", "*.localhost", "inside.example", "*.inside.example"),
        *("10.0.0.0/8", "192.0.2.1"),
    )
    assert from_environment({"http_proxy": "", "no_proxy": "a"}) == []
    assert from_environment({"http_proxy": "http://[broken"}) == []
    assert kinds(from_environment({"auto_proxy": "http://p/"})) == ["pac"]


GSETTINGS = """\
org.gnome.system.proxy autoconfig-url ''
org.gnome.system.proxy ignore-hosts ['localhost', '127.0.0.0/8', '::1', '*.inside.example']
org.gnome.system.proxy mode 'manual'
org.gnome.system.proxy use-same-proxy true
org.gnome.system.proxy.ftp host ''
org.gnome.system.proxy.ftp port 0
org.gnome.system.proxy.http authentication-password ''
org.gnome.system.proxy.http enabled false
org.gnome.system.proxy.http host 'proxy.example'
org.gnome.system.proxy.http port 8080
org.gnome.system.proxy.https host 'proxy.example'
org.gnome.system.proxy.https port uint32 8080
org.gnome.system.proxy.socks host ''
org.gnome.system.proxy.socks port 0
"""


def test_gnome_settings() -> None:
    """Servers count in the mode `manual` alone."""
    (found,) = linux.from_gsettings(GSETTINGS)
    assert found.servers == {"http": (PROXY,), "https": (PROXY,)}
    assert found.bypass == ("localhost", "127.0.0.0/8", "::1", "*.inside.example")
    assert kinds(linux.from_gsettings(GSETTINGS.replace("'manual'", "'none'"))) == ["none"]
    automatic = GSETTINGS.replace("'manual'", "'auto'")
    assert kinds(linux.from_gsettings(automatic)) == ["auto_detect", "none"]
    assert linux.from_gsettings(automatic.replace("url ''", "url 'http://p/'"))[0].pac_url == "http://p/"


@pytest.mark.parametrize(
    "output", ["", "junk", "a b c", "org.gnome.system.proxy mode 5", "org.gnome.system.proxy mode ["]
)
def test_gnome_junk_is_nothing(output: str) -> None:
    """What gsettings never prints."""
    assert linux.from_gsettings(output) == []


KIOSLAVERC = """\
PersistentProxyConnection=false
[Proxy Settings][sub]
ProxyType=9
[Proxy Settings]
AuthMode=0
NoProxyFor=localhost,inside.example
Proxy Config Script[$e]=/etc/proxy.pac
ProxyType={kind}
httpProxy=http://proxy.example 8080
httpsProxy=http://proxy.example:8080
socksProxy=
"""


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("0", ["none"]), ("1", ["manual"]), ("2", ["pac"]), ("3", ["auto_detect", "none"]), ("9", [])],
)
def test_kde_settings(kind: str, expected: list[str]) -> None:
    """Every type; servers may have their port after a space."""
    found = linux.from_kioslaverc(KIOSLAVERC.format(kind=kind), {})
    assert kinds(found) == expected
    if kind == "1":
        assert found[0].servers == {"http": (PROXY,), "https": (PROXY,)}
        assert found[0].bypass[-1] == "*.inside.example"
    if kind == "2":
        assert found[0].pac_url == "file:///etc/proxy.pac"


def test_kde_names_environment_variables() -> None:
    """Type 4 says which variables to look into."""
    text = "[Proxy Settings]\nProxyType=4\nhttpProxy=OUR_PROXY\n"
    (found,) = linux.from_kioslaverc(text, {"OUR_PROXY": "http://proxy.example:8080"})
    assert found.servers == {"http": (PROXY,)}


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"XDG_CURRENT_DESKTOP": "ubuntu:GNOME"}, "gnome"),
        ({"XDG_CURRENT_DESKTOP": "KDE"}, "kde"),
        ({"XDG_CURRENT_DESKTOP": "XFCE"}, ""),
        ({}, ""),
    ],
)
def test_desktop_is_told_by_the_session(variables: dict[str, str], name: str) -> None:
    """The same variables that Chromium asks."""
    assert linux.desktop(variables) == name


def test_resolver_domains() -> None:
    """Search lines and the domain line."""
    assert linux.resolver_domains("nameserver 1.1.1.1\nsearch a.example b.example .\ndomain a.example\n") == (
        "a.example",
        "b.example",
    )


SCUTIL = """\
<dictionary> {
  ExceptionsList : <array> {
    0 : *.local
    1 : 169.254/16
  }
  ExcludeSimpleHostnames : 1
  FTPPassive : 1
  HTTPEnable : 1
  HTTPPort : 8080
  HTTPProxy : proxy.example
  HTTPSEnable : 0
  HTTPSProxy : off.example
  ProxyAutoConfigEnable : 1
  ProxyAutoConfigURLString : http://pac.example/proxy.pac
  ProxyAutoDiscoveryEnable : 1
  SOCKSEnable : 0
  __SCOPED__ : <dictionary> {
    en0 : <dictionary> {
      HTTPEnable : 1
      HTTPProxy : scoped.example
    }
  }
}
"""


def test_macos_settings() -> None:
    """Discovery, file, servers; what is per interface does not count."""
    found = macos.from_scutil(SCUTIL)
    assert kinds(found) == ["auto_detect", "pac", "manual"]
    assert found[1].pac_url == "http://pac.example/proxy.pac"
    assert found[2].servers == {"http": (PROXY,)}
    assert found[2].bypass == ("*.local", "169.254.0.0/16", "<local>")
    assert kinds(macos.from_scutil("<dictionary> {\n  FTPPassive : 1\n}\n")) == ["none"]
    assert [macos.from_scutil(junk) for junk in ("", "No such key", "}}}}", "{{{{")] == [[], [], [], []]


@pytest.mark.parametrize(
    ("text", "hop"),
    [
        ("proxy.example:8080", PROXY),
        (" http://proxy.example:8080/ ", PROXY),
        ("proxy.example", Hop("http", "proxy.example", 80)),
        ("https://p", Hop("https", "p", 443)),
        ("socks5h://p:9", Hop("socks5", "p", 9)),
        ("http://[2001:db8::1]:3128", Hop("http", "2001:db8::1", 3128)),
        ("gopher://p", None),
        ("p:99999", None),
        ("p:x", None),
        ("", None),
        ("a b:1", None),
        ("http://[::1", None),
    ],
)
def test_servers_as_people_write_them(text: str, hop: Hop | None) -> None:
    """With and without scheme, port, brackets; None for what is none."""
    assert server(text) == hop


def test_list_of_servers() -> None:
    """One for all, or by scheme; what is neither is skipped."""
    assert servers_by_scheme("proxy.example:8080") == {"all": (PROXY,)}
    assert servers_by_scheme("ftp=f:1; http=proxy.example:8080 junk=") == {"http": (PROXY,)}
    assert servers_by_scheme(";;=") == {}


@pytest.mark.parametrize(
    ("rule", "passed", "kept"),
    [
        ("a.com", "http://a.com/", "http://www.a.com/"),
        (".a.com", "http://www.a.com/", "http://a.com/"),
        ("*.a.com", "http://x.www.a.com/", "http://a.com/"),
        ("*a.com", "http://bcda.com/", "http://a.com.b/"),
        ("A.COM", "https://a.com/", "https://b.com/"),
        ("a.com:8080", "http://a.com:8080/", "http://a.com/"),
        ("a.com:443", "https://a.com/", "http://a.com/"),
        ("https://a.com", "https://a.com/", "http://a.com/"),
        ("10.*", "http://10.1.2.3/", "http://110.1.2.3/"),
        ("10.0.0.0/8", "http://10.1.2.3/", "http://ten.example/"),
        ("2001:db8::/32", "http://[2001:db8::1]/", "http://[2001:db9::1]/"),
        ("https://10.0.0.0/8", "https://10.1.2.3/", "http://10.1.2.3/"),
        ("[2001:db8::1]:8080", "http://[2001:db8::1]:8080/", "http://[2001:db8::1]/"),
        ("192.0.2.1", "http://192.0.2.1/", "http://192.0.2.11/"),
        ("<local>", "http://intranet/", "http://intra.net/"),
        ("<local>", "https://intranet/", "https://[2001:db8::1]/"),
        ("*", "http://anything/", "http://x.y/"),
    ],
)
def test_bypass_rules(rule: str, passed: str, kept: str) -> None:
    """As Chromium reads them: names by pattern, networks by literals alone, ports and schemes where given."""
    assert bypasses(parse_target(passed), [rule])
    assert bypasses(parse_target(kept), [rule]) == (rule == "*")


@pytest.mark.parametrize("rule", ["", "a/b/c", "10.0.0.0/99", ":80", "://", "[", "https://", "a:b:c"])
def test_bypass_junk_matches_nothing(rule: str) -> None:
    """A rule that is none leaves the proxy in place."""
    assert not bypasses(parse_target("https://a.com/"), [rule])


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "http://a.localhost/",
        "http://localhost./",
        "https://127.9.9.9/",
        "http://[::1]/",
        "http://169.254.1.1/",
        "http://[fe80::1]/",
        "http://[::ffff:127.0.0.1]/",
    ],
)
def test_loopback_and_link_local_go_direct(url: str) -> None:
    """Whatever the list says, unless it takes the implicit rules away."""
    assert bypasses(parse_target(url), [])
    assert not bypasses(parse_target(url), ["<-loopback>"])
    assert not bypasses(parse_target("http://notlocalhost/"), [])


async def test_first_source_that_says_something_wins() -> None:
    """Detection that finds nothing passes the word on; what comes after the winner is not asked."""
    user = ProxySettings("user", "manual", {"https": (PROXY,)}, ("*.inside.example",))
    settings = [ProxySettings("system", "auto_detect"), user, ProxySettings("later", "none")]
    urls = ["https://a.example/", "https://x.inside.example/", "http://a.example/", "wss://a.example/"]
    answers = await routes(urls, settings)

    assert [answer.text for answer in answers] == [
        "PROXY proxy.example:8080",
        "DIRECT",
        "DIRECT",
        "PROXY proxy.example:8080",
    ]
    assert [answer.source for answer in answers] == ["user", "user, bypass list", "user", "user"]
    assert [answer.text for answer in await routes(urls[:1], [ProxySettings("policy", "none"), user])] == ["DIRECT"]
    assert (await routes(urls[:1], []))[0].source == "nothing is configured"


async def test_configured_file_answers_or_says_why_not(tmp_path: Path) -> None:
    """A PAC file that is configured and cannot be had is an error, and never DIRECT."""
    (tmp_path / "a.pac").write_text('function FindProxyForURL() { return "PROXY p:1"; }')
    there = ProxySettings("policy", "pac", pac_url=(tmp_path / "a.pac").as_uri())
    gone = ProxySettings("policy", "pac", pac_url=(tmp_path / "b.pac").as_uri())
    facts = Facts(own_addresses=("192.0.2.1",))

    (answer,) = await routes(["http://a.example/"], [there], facts)
    (failed,) = await routes(["http://a.example/"], [gone, ProxySettings("later", "none")], facts)
    assert answer.text == "PROXY p:1"
    assert failed.failure is not None
    assert failed.failure.code == FailureCode.PAC_UNREACHABLE
    assert failed.hops == ()


@pytest.mark.parametrize(
    ("domain", "names"),
    [
        ("a.b.example.com", ["wpad.a.b.example.com", "wpad.b.example.com", "wpad.example.com"]),
        ("example.com.", ["wpad.example.com"]),
        ("a.example.co.uk", ["wpad.a.example.co.uk", "wpad.example.co.uk"]),
        ("example.co.uk", ["wpad.example.co.uk"]),
        ("co.uk", []),
        ("site.acme.fr", ["wpad.site.acme.fr", "wpad.acme.fr"]),
        ("local", []),
        ("", []),
    ],
)
def test_discovery_stops_below_what_anybody_may_register(domain: str, names: list[str]) -> None:
    """Never wpad.com, never wpad.co.uk."""
    assert wpad_names(domain) == names


async def test_discovery_takes_the_nearest_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first name that resolves and serves a PAC file."""

    async def resolve(host: str, *, timeout_s: float) -> list[str]:
        assert timeout_s < 4
        if host != "wpad.example.com":
            raise OperationFailed(FailureCode.DNS_NOT_FOUND, "resolve", host)
        return ["192.0.2.1"]

    async def fetch(place: str) -> str:
        return f"text of {place}"

    monkeypatch.setattr("readycheck.net.wpad.resolve", resolve)
    monkeypatch.setattr("readycheck.net.wpad.fetch_pac", fetch)
    url = "http://wpad.example.com/wpad.dat"
    assert await find_wpad(["a.example.com"]) == Wpad(url, f"text of {url}")
    assert await find_wpad([]) is None


def test_settings_of_this_machine_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is among them wherever we run."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:8080")
    assert any("environment" in setting.source for setting in proxy_settings())


def test_tools_that_hang_or_fail_print_nothing() -> None:
    """A tool is never waited for beyond its time."""
    assert output_of(["no-such-tool-here"]) == ""
    assert output_of([sys.executable, "-c", "raise SystemExit(1)"]) == ""
    assert output_of([sys.executable, "-c", "input(); import time; time.sleep(60)"]) == ""
    assert output_of([sys.executable, "-c", "while True: pass"], timeout_s=0.3) == ""
    assert output_of([sys.executable, "-c", "print('a')"]).strip() == "a"
