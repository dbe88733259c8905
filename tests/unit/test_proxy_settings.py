"""What systems and browsers are told about proxies, read from recordings."""

import base64
import json
import plistlib
import struct
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readycheck.host.context import wrong_user
from readycheck.host.proxy import firefox, linux, macos, policies, windows
from readycheck.host.proxy.effective import with_firefox
from readycheck.host.proxy.environment import from_environment
from readycheck.host.proxy.parsing import pac_settings, server, servers_by_scheme
from readycheck.host.recorded import RecordedMachine
from readycheck.host.registry import ExportedRegistry, number_of, text_of
from readycheck.model.failure import FailureCode
from readycheck.model.proxy import Hop, ProxySettings
from readycheck.net.pac.evaluator import Facts
from readycheck.net.pac.fetch import shown_place
from readycheck.net.pac.url import parse_target
from readycheck.net.proxy_bypass import bypasses
from readycheck.net.proxy_route import routes
from tests.machines import machine, made

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


def test_windows_binary_value_stands_in_for_missing_ones() -> None:
    """A script that wrote the dialogue's binary value alone is understood; the older twin counts where it is alone."""
    connections = rf"HKEY_CURRENT_USER\{SETTINGS}\Connections"
    for name in ("DefaultConnectionSettings", "SavedLegacySettings"):
        value = blob(15, "proxy.example:8080", "<local>", "http://pac.example/p.pac")
        found = windows.from_registry(export(section(connections, **{name: value})))
        assert kinds(found) == ["auto_detect", "pac", "manual"]
        assert (found[1].pac_url, found[2].servers, found[2].bypass) == (
            "http://pac.example/p.pac",
            {"all": (PROXY,)},
            ("<local>",),
        )
    remembered = blob(1, "proxy.example:8080", "", "http://pac.example/p.pac")
    assert kinds(windows.from_registry(export(section(connections, DefaultConnectionSettings=remembered)))) == ["none"]


# Recorded: what people published of a machine that an accelerator proxies
LEGACY = r"""Windows Registry Editor Version 5.00

[HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Internet Settings\Connections]
"SavedLegacySettings"=hex:46,00,00,00,51,00,00,00,0b,00,00,00,0c,00,00,00,31,\
  32,37,2e,30,2e,30,2e,31,3a,38,30,07,00,00,00,3c,6c,6f,63,61,6c,3e,00,00,00,\
  00,00,00,00,00,00,00,00,00,00,00,00
"""


def test_windows_published_binary_value() -> None:
    """A value from a real machine: servers and detection, no PAC file."""
    found = windows.from_registry(ExportedRegistry(LEGACY))
    assert kinds(found) == ["auto_detect", "manual"]
    assert (found[1].servers, found[1].bypass) == ({"all": (Hop("http", "127.0.0.1", 80),)}, ("<local>",))


def test_windows_policy_prescribes_a_pac_file() -> None:
    """AutoConfigURL under Policies stands above the user's own address."""
    registry = export(
        section(rf"HKEY_CURRENT_USER\{SETTINGS}", AutoConfigURL="http://user.example/p.pac"),
        section(rf"HKEY_LOCAL_MACHINE\{windows.POLICIES}", AutoConfigURL="http://pac.example/p.pac", AutoDetect=0),
    )
    found = windows.from_registry(registry)
    assert kinds(found) == ["pac", "none"]
    assert (found[0].pac_url, found[0].source) == (
        "http://pac.example/p.pac",
        "Windows Internet Settings, per user (policy)",
    )


@pytest.mark.parametrize(
    ("name", "whose"),
    [("intune-system", "of the account SYSTEM, not of the person who works here"), ("rdp", "per user")],
)
def test_windows_settings_of_the_wrong_account_are_named_so(name: str, whose: str) -> None:
    """A run as SYSTEM reads SYSTEM's hive, and says so; machine-wide settings are anybody's."""
    wrong = wrong_user(machine(name))
    user = section(rf"HKEY_CURRENT_USER\{SETTINGS}", ProxyEnable=1, ProxyServer="proxy.example:8080")
    for_all = section(rf"HKEY_LOCAL_MACHINE\{windows.POLICIES}", ProxySettingsPerUser=0)
    values = section(rf"HKEY_LOCAL_MACHINE\{SETTINGS}", ProxyEnable=1, ProxyServer="proxy.example:8080")
    assert windows.from_registry(export(user), wrong)[0].source == f"Windows Internet Settings, {whose}"
    assert windows.from_registry(export(user, for_all, values), wrong)[0].source.endswith("machine-wide")


def test_winhttp_of_every_kind_comes_last() -> None:
    """`netsh winhttp` may set detection and a PAC file too; a reset one (direct) is nothing."""
    key = rf"HKEY_LOCAL_MACHINE\{SETTINGS}\Connections"
    found = windows.from_registry(export(section(key, WinHttpSettings=blob(15, "p:1", "", "http://p/"))))
    assert kinds(found) == ["auto_detect", "pac", "manual"]
    assert {setting.source for setting in found} == {"WinHTTP (services)"}
    assert windows.from_registry(export(section(key, WinHttpSettings=blob(1, "p:1")))) == []


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
    assert ExportedRegistry("[A\\B\\x]\n[A\\B\\y\\z]\n[A\\By]\n").subkeys(r"a\b") == ["x", "y"]
    assert (text_of(values["m"]), text_of(values["b"]), number_of(values["b"]), number_of("x")) == (
        "a;b",
        "",
        513,
        None,
    )


def test_chrome_and_edge_policies_of_windows() -> None:
    """Single values and the ProxySettings mapping; the machine stands above the user."""
    lines = (
        section(r"HKEY_LOCAL_MACHINE\Software\Policies\Google\Chrome", ProxyMode="pac_script", ProxyPacUrl="http://p/"),
        section(r"HKEY_CURRENT_USER\Software\Policies\Google\Chrome", ProxyMode="direct"),
        (
            '[HKEY_LOCAL_MACHINE\\Software\\Policies\\Microsoft\\Edge]\r\n"ProxySettings"="{\\"ProxyMode\\":'
            '\\"fixed_servers\\",\\"ProxyServer\\":\\"proxy.example:8080\\",\\"ProxyBypassList\\":\\"a,b\\"}"\r\n'
        ),
        section(r"HKEY_LOCAL_MACHINE\Software\Policies\Mozilla\Firefox\Proxy", Mode="none"),
    )
    chrome, edge, firefox = policies.from_policies(made("windows", registry="\r\n".join(lines)))

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


SCRIPT = 'function FindProxyForURL(url, host) { return "PROXY p:1"; }'


@pytest.mark.parametrize(
    "url",
    [
        f"data:application/x-ns-proxy-autoconfig;base64,{base64.b64encode(SCRIPT.encode()).decode()}",
        f"DATA:;base64,{quote(base64.b64encode(SCRIPT.encode()).decode())}",
        f"data:,{quote(SCRIPT)}",
        f"data:text/plain;charset=latin-1,{quote(SCRIPT)}",
        f"data:text/plain;charset=no-such-thing,{quote(SCRIPT)}",
    ],
)
async def test_policy_that_holds_the_pac_file_itself(url: str) -> None:
    """A data: URL is evaluated as it stands, and never shown whole."""
    (found,) = policies.chromium_settings("Chrome policy", {"ProxyMode": "pac_script", "ProxyPacUrl": url})
    assert found.pac_text == SCRIPT
    assert len(shown_place(found.pac_url or "")) < 100
    assert "Find" not in repr(found)
    (answer,) = await routes(["http://a.example/"], [found], Facts(own_addresses=("192.0.2.1",)))
    assert answer.text == "PROXY p:1"
    assert answer.source.startswith("Chrome policy, PAC data:")
    assert len(answer.source) < 150


@pytest.mark.parametrize("url", ["data:;base64,!!!", "data:", "data:x", "data:;base64,/w==", f"data:{'x' * 999},"])
async def test_broken_data_url_is_an_invalid_pac_file(url: str) -> None:
    """Never DIRECT, never an exception."""
    found = pac_settings("Chrome policy", url)
    (answer,) = await routes(["http://a.example/"], [found], Facts(own_addresses=("192.0.2.1",)))
    assert answer.failure is not None
    assert answer.failure.code == FailureCode.PAC_INVALID
    assert len(found.pac_url or "") < 100


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


PROFILES_INI = """\
[Install4F96D1932A9F858E]
Default=abc.default-release
Locked=1

[Profile1]
Name=default
IsRelative=1
Path=xyz.default
Default=1

[Profile0]
Name=default-release
IsRelative=1
Path=abc.default-release
"""
PREFS = """\
// Mozilla User Preferences
user_pref("browser.startup.homepage", "http://a/");
user_pref("network.proxy.http", "proxy.example");
user_pref("network.proxy.http_port", 8080);
user_pref("network.proxy.no_proxies_on", "localhost, inside.example");
user_pref("network.proxy.share_proxy_settings", {shared});
user_pref("network.proxy.socks", "s.example");
user_pref("network.proxy.socks_port", 1080);
user_pref("network.proxy.socks_version", 4);
user_pref("network.proxy.ssl", "secure\\x2eexample");
user_pref("network.proxy.ssl_port", 3128);
user_pref("network.proxy.type", 1);
user_pref("network.proxy.broken", {{}};
"""


FIREFOX = PurePosixPath("/home/u/.mozilla/firefox")


def with_preferences(prefs: str, user: str = "") -> RecordedMachine:
    profile = FIREFOX / "abc.default-release"
    files = {FIREFOX / "profiles.ini": PROFILES_INI, profile / "prefs.js": prefs, profile / "user.js": user}
    return made(files={str(path): text for path, text in files.items()})


def test_firefox_preferences() -> None:
    """Servers of the installation's profile; one for all schemes where it is shared; user.js wins."""
    places = [PurePosixPath("/nowhere"), FIREFOX]
    (own,) = firefox.from_profiles(with_preferences(PREFS.format(shared="false")), places)
    assert own.source == "Firefox preferences (for Firefox alone)"
    assert own.servers == {
        "http": (PROXY,),
        "https": (Hop("http", "secure.example", 3128),),
        "socks": (Hop("socks4", "s.example", 1080),),
    }
    assert own.bypass == ("localhost", "*.localhost", "inside.example", "*.inside.example")
    (shared,) = firefox.from_profiles(with_preferences(PREFS.format(shared="true")), places)
    assert shared.servers["https"] == (PROXY,)
    user = 'user_pref("network.proxy.type", 4);'
    assert kinds(firefox.from_profiles(with_preferences(PREFS, user), places)) == ["auto_detect", "none"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        ({"type": 5, "http": "p", "http_port": 1}, []),
        ({"type": 0, "http": "p", "http_port": 1}, ["none"]),
        ({"type": 3}, ["none"]),
        ({"type": 1}, ["none"]),
        ({"type": 1, "http": "p", "http_port": 0}, ["none"]),
        ({"type": 1, "socks": "2001:db8::1", "socks_port": 1080}, ["manual"]),
        ({"type": 2, "autoconfig_url": "http://p/"}, ["pac"]),
        ({"type": 2, "autoconfig_url": ""}, ["none"]),
        ({"type": 2, "autoconfig_url": 7}, ["none"]),
        ({"type": 4}, ["auto_detect", "none"]),
        ({"type": "1"}, []),
        ({"type": 99}, []),
    ],
)
def test_firefox_types(values: dict[str, object], expected: list[str]) -> None:
    """Every network.proxy.type; 5, the default, leaves the word to the system."""
    assert kinds(firefox.from_preferences(values)) == expected


@pytest.mark.parametrize(
    ("profiles", "path"),
    [
        (PROFILES_INI, "abc.default-release"),
        (PROFILES_INI.partition("[Profile1]")[2].join(["[Profile1]", ""]), "xyz.default"),
        ("[Profile0]\nPath=only.one\n", "only.one"),
        ("[Profile0]\nPath=a\n[Profile1]\nPath=b\n", None),
        ("[Profile0]\nIsRelative=0\nPath=/elsewhere/p\nDefault=1\n", "/elsewhere/p"),
        ("[General]\nVersion=2\n", None),
        ("[InstallA]\nLocked=1\n[Profile0]\nPath=a\n", "a"),
        ("junk", None),
        ("", None),
    ],
)
def test_firefox_default_profile(profiles: str, path: str | None) -> None:
    """The installation's, the marked one, the only one; none where that cannot be told."""
    found = firefox.default_profile(made(files={str(FIREFOX / "profiles.ini"): profiles}), FIREFOX)
    assert found == (FIREFOX / path if path else None)


def test_firefox_folders_of_every_system() -> None:
    """Packages of the distribution, snap, flatpak; macOS; Windows where APPDATA is set."""
    home = PurePosixPath("/home/u")
    variables = {"HOME": "/home/u", "XDG_CONFIG_HOME": "/c"}
    on_linux = firefox.folders(made(environment=variables))
    assert home / "snap/firefox/common/.mozilla/firefox" in on_linux
    assert PurePosixPath("/c/mozilla/firefox") in on_linux
    assert home / ".config/mozilla/firefox" in firefox.folders(made(environment={"HOME": "/home/u"}))
    assert firefox.folders(made("macos", environment=variables)) == [home / "Library/Application Support/Firefox"]
    assert firefox.folders(made("windows", environment={"AppData": r"C:\r"})) == [
        PureWindowsPath(r"C:\r\Mozilla\Firefox")
    ]
    assert firefox.folders(made("windows")) == []


async def test_firefox_preferences_never_win_for_another_browser() -> None:
    """They are listed last, behind an end of the list, whatever else is configured."""
    own = firefox.from_preferences({"type": 1, "http": "firefox.example", "http_port": 1})
    system, detect = ProxySettings("system", "manual", {"http": (PROXY,)}), ProxySettings("user", "auto_detect")

    assert with_firefox([], []) == []
    assert [setting.source for setting in with_firefox([system], own)] == ["system", own[0].source]
    for found in ([], [detect], [system], [detect, system]):
        (answer,) = await routes(["http://a.example/"], with_firefox(found, own))
        (without,) = await routes(["http://a.example/"], found)
        assert answer == without


def test_policy_files_of_linux_and_macos() -> None:
    """JSON folders merge by name, property lists are read, broken files are skipped."""
    chrome, preferences = "/etc/opt/chrome/policies/managed", "/Library/Managed Preferences"
    files = {
        f"{chrome}/10.json": json.dumps({"ProxyMode": "direct"}),
        f"{chrome}/20.json": json.dumps({"ProxyMode": "pac_script", "ProxyPacUrl": "http://p/"}),
        f"{chrome}/30.json": "{broken",
        f"{chrome}/40.json": "[1]",
        f"{chrome}/50.json": {"base64": base64.b64encode(b"\xff\xfe{").decode()},
        "/etc/firefox/policies/policies.json": json.dumps({"policies": {"Proxy": {"Mode": "none"}}}),
        f"{preferences}/com.google.Chrome.plist": plistlib.dumps({"ProxyMode": "auto_detect"}).decode(),
        f"{preferences}/com.microsoft.Edge.plist": "bplist00broken",
        f"{preferences}/org.mozilla.firefox.plist": "<plist>",
    }

    assert kinds(policies.from_policies(made(files=files))) == ["pac", "none"]
    assert kinds(policies.from_policies(made("macos", files=files))) == ["auto_detect", "none"]
    assert policies.from_policies(made()) == []


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
    assert found.servers["https"][0].userinfo == "user:pa%20ss"  # login_for reads it
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


# Recorded from gsettings 2.74 (GLib's key file backend; dconf's locks are documented to do the same): the user's mode
# was 'manual', the administrator's 'auto' was locked
LOCKED = """\
org.gnome.system.proxy autoconfig-url 'http://p/'
org.gnome.system.proxy mode 'auto'
org.gnome.system.proxy use-same-proxy true
"""


def test_gnome_policies_are_in_force_and_named() -> None:
    """What gsettings prints of a locked key is the mandatory value; dconf's locks tell that it is a policy."""
    locks = "/etc/dconf/db/local.d/locks"
    text = "# ours\n/org/gnome/desktop/screensaver/lock-enabled\n/system/proxy/mode\n"

    assert linux.locked_keys(made(files={f"{locks}/proxy": text}, folders=[f"{locks}/folder"])) == {"mode"}
    assert linux.locked_keys(made()) == set()
    (found,) = linux.from_gsettings(LOCKED, locked={"mode"})
    assert (found.source, found.kind, found.pac_url) == ("GNOME settings (policy)", "pac", "http://p/")
    assert linux.from_gsettings(LOCKED)[0].source == "GNOME settings"


def test_gnome_use_same_proxy_is_ignored() -> None:
    """No dialogue writes it and Chromium does not read it: each scheme has its own server or none."""
    only_http = GSETTINGS.replace(
        "org.gnome.system.proxy.https host 'proxy.example'", "org.gnome.system.proxy.https host ''"
    )
    (found,) = linux.from_gsettings(only_http)
    assert "use-same-proxy true" in only_http
    assert found.servers == {"http": (PROXY,)}


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
    found = linux.from_kioslaverc([KIOSLAVERC.format(kind=kind)], {})
    assert kinds(found) == expected
    if kind == "1":
        assert found[0].servers == {"http": (PROXY,), "https": (PROXY,)}
        assert found[0].bypass[-1] == "*.inside.example"
    if kind == "2":
        assert found[0].pac_url == "file:///etc/proxy.pac"


async def test_kde_reversed_list_is_for_the_listed_alone() -> None:
    """ReversedException: the proxy is for what the list names, all else and loopback go direct."""
    text = KIOSLAVERC.format(kind="1") + "ReversedException=true\n"
    found = linux.from_kioslaverc([text], {})
    urls = ["https://a.inside.example/", "https://a.example/", "https://127.0.0.1/"]
    answers = await routes(urls, found)
    assert [answer.text for answer in answers] == ["PROXY proxy.example:8080", "DIRECT", "DIRECT"]
    assert found[0].source == "KDE settings, for the listed hosts alone"


def test_kde_system_files_lie_below_the_users() -> None:
    """Key by key the user's file wins, but for what the administrator marked immutable."""
    system = "[Proxy Settings]\nProxyType{mark}=1\nhttpProxy=http://proxy.example 8080\n"
    user = "[Proxy Settings]\nProxyType=0\n"
    plain, locked = system.format(mark=""), system.format(mark="[$i]")

    assert kinds(linux.from_kioslaverc([plain, ""], {})) == ["manual"]
    assert kinds(linux.from_kioslaverc([plain, user], {})) == ["none"]
    (found,) = linux.from_kioslaverc([locked, user], {})
    assert (found.kind, found.source) == ("manual", "KDE settings (policy)")
    whole = ["[$i]\n" + plain, plain.replace("[Proxy Settings]", "[Proxy Settings][$i]")]
    assert [kinds(linux.from_kioslaverc([text, user], {})) for text in whole] == [["manual"], ["manual"]]
    variables = {"HOME": "/home/u", "XDG_CONFIG_DIRS": "/a:/b"}
    paths = linux.kioslaverc_paths(made(environment=variables))
    assert [str(path) for path in paths] == ["/b/kioslaverc", "/a/kioslaverc", "/home/u/.config/kioslaverc"]
    assert linux.kioslaverc_paths(made())[0] == PurePosixPath("/etc/xdg/kioslaverc")


def test_kde_names_environment_variables() -> None:
    """Type 4 says which variables to look into."""
    text = "[Proxy Settings]\nProxyType=4\nhttpProxy=OUR_PROXY\n"
    (found,) = linux.from_kioslaverc([text], {"OUR_PROXY": "http://proxy.example:8080"})
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


@pytest.mark.parametrize("place", ["http://[/proxy.pac?token=secret", "file://[x/proxy.pac", "proxy\0.pac"])
async def test_configured_places_that_are_none(place: str) -> None:
    """Whatever stands in a registry, the answer is that the file cannot be had."""
    (failed,) = await routes(["https://a.example/"], [ProxySettings("policy", "pac", pac_url=place)])
    assert failed.failure is not None
    assert failed.failure.code == FailureCode.PAC_UNREACHABLE
    assert "secret" not in failed.source
