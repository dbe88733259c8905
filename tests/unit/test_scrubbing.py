"""A captured machine without what tells whose it is."""

import base64
import json
import plistlib
from typing import Any

import pytest

from readycheck.host import scrubbing
from readycheck.host.identity import Identity
from readycheck.host.machine import home
from readycheck.host.network.gateway import echo
from readycheck.host.recorded import RecordedMachine
from readycheck.host.registry import Value
from readycheck.host.registry_export import exported
from readycheck.host.scrubbing import Keys, Scrubber
from tests.machines import NAMES, machine, made

USB = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Enum\USB\VID_0B0E&PID_2E4A"
VOLATILE = r"HKEY_CURRENT_USER\Volatile Environment\1"
PROFILE = r"C:\Users\jdupont"
WINDOWS: dict[str, Any] = {
    "platform": "windows",
    "environment": {"USERPROFILE": PROFILE, "USERNAME": "JDupont", "COMPUTERNAME": "LYON-PC-0042", "OS": "Windows_NT"},
    "files": {
        rf"{PROFILE}\AppData\Roaming\Mozilla\Firefox\profiles.ini": "[Profile0]\nPath=a.default\n",
        rf"{PROFILE}\AppData\Roaming\Mozilla\Firefox\a.default\prefs.js": (
            'user_pref("network.proxy.type", 1);\nuser_pref("services.sync.username", "jeanne@acme.fr");\n'
        ),
    },
    "folders": [],
    "links": {},
    "commands": {
        "netsh wlan show interfaces": (
            "    Physical address       : 8C:F8:C5:01:23:45\n    SSID                   : Famille Dupont\n"
            "    BSSID                  : 8c-f8-c5-ab-cd-ef\n    Profile                : Famille Dupont \n"
            "    Signal : 81%\n"
        )
    },
    "facts": {
        "user_sid": "S-1-5-21-1004336348-1177238915-682003330-1105",
        "session_user": "jdupont",
        "interfaces": [{"name": "Ethernet", "addresses": ["203.0.114.77", "2a01:e0a:1:2:3:4:5:6", "192.168.1.20"]}],
    },
    "processes": ["chrome.exe"],
    "source_addresses": {"198.51.100.7": "203.0.114.77", "203.0.114.1": "192.168.1.20"},
}
KEYS: dict[str, dict[str, Value]] = {
    rf"{USB}\50C2ED1B5B23": {"devicedesc": "Jabra EVOLVE 20 of 50C2ED1B5B23", "mfg": "(Standard USB Host)"},
    rf"{USB}\7&3a2b1c0d&0&2": {"devicedesc": "Jabra EVOLVE 20"},
    VOLATILE: {"viewclient_machine_name": "HOME-OF-JEANNE", "viewclient_ip_address": "203.0.114.90"},
    r"HKEY_LOCAL_MACHINE\SOFTWARE\Citrix\ICA Client": {"clientversion": "24.2.0.187", "logontoken": "abcdef"},
    r"HKEY_CURRENT_USER\Software\Acme": {
        "autoconfigurl": "https://jeanne:pa55@pac.acme.fr/p.pac?token=t0ps3cret&v=2",
        "list": ["http://jdupont:x@proxy:1"],
        "blob": b"\x46\x00http://jeanne:pa55@proxy\x00" + "jdupont".encode("utf-16-le"),
    },
}
PRIVATE = (
    *("jdupont", "lyon-pc", "famille", "jeanne", "pa55", "t0ps3cret", "50c2ed1b5b23", "abcdef"),
    *("01:23:45", "ab-cd-ef", "203.0.114.77", "203.0.114.90", "e0a:1:2", "1004336348"),
)


def scrubbed(document: dict[str, Any], keys: Keys, host: str) -> tuple[dict[str, Any], Keys, dict[str, int]]:
    """Of a machine whose environment holds nothing that was not asked for."""
    return scrubbing.scrubbed(document, keys, host, {})


def test_name_that_only_the_environment_told_is_scrubbed_elsewhere() -> None:
    """Nobody asked for the variable, so it is not kept; what it says may stand in a file."""
    document = WINDOWS | {"files": {"/a": "fileserver of CORP-LYON"}}
    clean, _, _ = scrubbing.scrubbed(document, {}, "", {"USERDOMAIN": "CORP-LYON"})

    assert clean["files"]["/a"] == "fileserver of host"
    assert "USERDOMAIN" not in clean["environment"]


def test_nothing_private_is_left_of_a_windows_machine() -> None:
    """Names, serial numbers, hardware addresses, networks, public addresses, secrets: nowhere, in any case."""
    document, keys, counts = scrubbed(WINDOWS, KEYS, "LYON-PC-0042")
    text = (json.dumps(document, ensure_ascii=False) + exported(keys)).lower()

    assert [word for word in PRIVATE if word in text] == []
    blob = keys[r"HKEY_CURRENT_USER\Software\Acme"]["blob"]
    assert blob == b"\x46\x00http://xxxxxxxxxxx@proxy\x00" + "xxxxxxx".encode("utf-16-le")
    assert counts == {
        "user name": 1,
        "name of a machine or domain": 2,
        "serial number": 1,
        "Wi-Fi network": 1,
        "account number": 1,
        "hardware address": 2,
        "credential in a URL": 1,
        "query of a URL": 1,
        "secret": 1,
        "address": 3,
    }


def test_scrubbed_machine_still_answers() -> None:
    """Its folders are where its variables say, a device is what it was, versions are no addresses."""
    document, keys, _ = scrubbed(WINDOWS, KEYS, "LYON-PC-0042")
    found = RecordedMachine(document, exported(keys))

    assert str(home(found)) == r"C:\Users\user"
    assert found.content(str(home(found) / r"AppData\Roaming\Mozilla\Firefox\a.default\prefs.js")) == (
        b'user_pref("network.proxy.type", 1);'
    )
    assert found.registry.subkeys(USB) == ["7&3a2b1c0d&0&2", "SERIAL"]
    assert found.registry.values(rf"{USB}\SERIAL")["devicedesc"] == "Jabra EVOLVE 20 of SERIAL"
    assert found.registry.values(r"HKEY_LOCAL_MACHINE\SOFTWARE\Citrix\ICA Client")["clientversion"] == "24.2.0.187"
    assert found.registry.values(VOLATILE)["viewclient_machine_name"] == "host2"
    assert found.fact("session_user").value.lower() == found.environment["USERNAME"].lower()
    assert found.fact("interfaces").value[0]["addresses"] == ["203.0.114.0", "2a01:e0a:1::", "192.168.1.20"]
    assert found.source_address("203.0.114.1").value == "192.168.1.20"
    assert "Signal : 81%" in found.output("netsh", "wlan", "show", "interfaces").text


@pytest.mark.parametrize(
    ("gateway", "kept"),
    [("203.0.114.1", "203.0.114.0"), ("fe80::8ef8:c5ff:feab:cdef", "fe80::8ef8:c5ff:fe00:0"), ("192.0.2.1",) * 2],
)
def test_router_echoes_again_under_the_address_that_it_has_now(gateway: str, kept: str) -> None:
    """A public address, and one made of a hardware address, stand in the tool's command as they do elsewhere."""
    command = f"ping -n -c 3 -i 0.2 -w 2 {gateway}"
    document = {"platform": "linux", "commands": {command: f"64 bytes from {gateway}: time=1.5 ms\n"}, "facts": {}}
    clean, _, _ = scrubbed(document | {"environment": {}, "files": {}, "source_addresses": {}}, {}, "")

    assert echo(RecordedMachine(clean), kept).rtt_ms == (1.5,)
    assert kept in str(clean["commands"])
    assert gateway == kept or gateway not in str(clean)


def test_way_to_a_server_stays_the_profiles() -> None:
    """The address that the kernel was asked about is no part of the machine: its own, in the answer, is."""
    said = "203.0.113.9 via 192.0.2.1 dev eth0 src 203.0.114.77"
    clean, _, _ = scrubbed(WINDOWS | {"commands": {"ip route get 203.0.114.9": said}}, {}, "")
    assert clean["commands"] == {"ip route get 203.0.114.9": said.replace("114.77", "114.0")}


@pytest.mark.parametrize("start", ["S-1-5-21", "S-1-12-1"])
def test_account_keeps_its_kind(start: str) -> None:
    """Of a domain or of Entra ID, it stays such a one; the numbers that name the person go."""
    account = f"{start}-1004336348-1177238915-2682003330-2105417701"
    clean, _, counts = scrubbed(WINDOWS | {"facts": {"user_sid": account}}, {}, "")

    assert clean["facts"]["user_sid"] == f"{start}-1-2-3-1000"
    assert counts["account number"] == 1


def test_network_of_a_chinese_build() -> None:
    """Its netsh writes the wide colon."""
    said = "    SSID        ： 老王之家\n    配置文件    ： 老王之家\n"  # noqa: RUF001
    clean, _, _ = scrubbed(WINDOWS | {"commands": {"netsh wlan show interfaces": said}}, {}, "")
    assert "老王" not in str(clean["commands"])


def test_host_of_a_domain_by_either_name() -> None:
    """Where the system tells the whole name, the short one goes as well."""
    document = WINDOWS | {"environment": {}, "files": {"/a": "pc-12.acme.example PC-12 pc-123"}}
    clean, _, _ = scrubbed(document, {}, "pc-12.acme.example")
    assert clean["files"]["/a"] == "host host2 pc-123"


def test_two_people_stay_two() -> None:
    """Whose session it is and who asks are told apart, or the context would be another."""
    document = WINDOWS | {"facts": {"session_user": "mmartin"}}
    clean, _, _ = scrubbed(document, {}, "")
    assert {clean["facts"]["session_user"], clean["environment"]["USERNAME"]} == {"user", "user2"}


@pytest.mark.parametrize(
    ("command", "text", "private", "kept"),
    [
        (
            "system_profiler -json SPUSBHostDataType",
            '{"_name": "Jabra Link 380", "serial_num" : "A0B1C2D3E4F5", "USBDeviceKeySerialNumber": "A0B1C2D3E4F5"}',
            "A0B1C2D3E4F5",
            "Jabra Link 380",
        ),
        (
            "ioreg -p IOUSB -l -a",
            "<key>USB Serial Number</key>\n\t<string>A0B1C2D3</string><key>idVendor</key><integer>2830</integer>",
            "A0B1C2D3",
            "<integer>2830</integer>",
        ),
        (
            "pactl list sinks",
            'Name: alsa_output.usb-GN_50C2ED-00.mono\n\tdevice.serial = "GN_50C2ED"\n\tdevice.vendor.id = "0b0e"',
            "50C2ED",
            'device.vendor.id = "0b0e"',
        ),
        ("pactl list cards", "Name: bluez_card.70_BF_92_12_34_56", "12_34_56", "bluez_card.70_BF_92_00_00_00"),
        (
            "system_profiler -json SPAirPortDataType",
            '{"spairport_current_network_information": {"_name": "Chez Jeanne \\"5G\\"", "spairport_channel": "x"}}',
            "Jeanne",
            '"spairport_channel": "x"',
        ),
        (
            "iw dev wlan0 link",
            "Connected to 8c:f8:c5:ab:cd:ef (on wlan0)\n\tSSID: Chez Nous\n\tfreq: 5180",
            "Nous",
            "5180",
        ),
        ("ifconfig en0", "inet6 fe80::8ef8:c5ff:feab:cdef%en0 prefixlen 64", "cdef", "fe80::8ef8:c5ff:fe00:0%en0"),
        ("nmcli device", "user@1000.service jeanne.dupont@acme.fr", "jeanne", "user@1000.service user@example.com"),
        ("setupapi", r"BTHENUM\DEV_70BF92123456\7&1&BLUETOOTHDEVICE_70BF92123456", "123456", "DEV_70BF92000000"),
        ("gsettings list", "org.gnome.system.proxy.http authentication-password 'geheim'", "geheim", "password 'x'"),
    ],
)
def test_what_tools_print(command: str, text: str, private: str, kept: str) -> None:
    """Serial numbers wherever they are repeated, hardware addresses in every spelling, networks, e-mail addresses."""
    document = {"environment": {}, "files": {}, "facts": {}, "source_addresses": {}, "commands": {command: text}}
    clean = scrubbed(document, {}, "")[0]["commands"][command]

    assert private not in clean
    assert kept in clean


def test_files_that_are_no_text_keep_their_length() -> None:
    """A database names its offsets: what is crossed out is as long as it was."""
    content = b'GVariant\xff jdupont \xfe http://a:b@c/ \xfe "mytoken": "geheim"'
    assert file_of(content) == b'GVariant\xff xxxxxxx \xfe http://xxx@c/ \xfe "mytoken": "xxxxxx"'


def file_of(content: bytes, path: str = "/policy") -> bytes:
    """A file after scrubbing."""
    try:
        held: Any = content.decode()
    except UnicodeDecodeError:
        held = {"base64": base64.b64encode(content).decode()}
    clean = scrubbed(WINDOWS | {"files": {path: held}}, {}, "")[0]["files"][path]
    return clean.encode() if isinstance(clean, str) else base64.b64decode(clean["base64"])


PROXIES = {
    "http://bob:p/S3CRET@proxy.acme.example:3128": "http://user:x@proxy.acme.example:3128",
    "socks5://bob:x@S3CRET@proxy": "socks5://user:x@proxy",
    "bob:S3CRET@proxy.acme.example:3128": "user:x@proxy.acme.example:3128",
    r"ACME\bob:a/S3CRET@proxy:1": "user:x@proxy:1",
    "http=http://bob:S3CRET@proxy:1": "http=http://user:x@proxy:1",
}


@pytest.mark.parametrize("proxy", PROXIES)
def test_proxy_keeps_its_name_and_nothing_of_its_user(proxy: str) -> None:
    """With and without a scheme, `/` and `@` in the password: in a variable, a file, a tool's words, the registry."""
    document = WINDOWS | {
        "environment": {"HTTPS_PROXY": proxy},
        "files": {"/a.json": json.dumps({"policies": {"HTTPProxy": proxy, "other": [proxy]}}), "/b": f"a {proxy} b"},
        "commands": {"tool": f"x\n  HTTPProxy : {proxy}\n"},
    }
    clean, keys, _ = scrubbed(document, {r"HKEY_LOCAL_MACHINE\A": {"proxyserver": proxy, "list": [proxy]}}, "")

    assert clean["environment"] == {"HTTPS_PROXY": PROXIES[proxy]}
    assert json.loads(clean["files"]["/a.json"])["policies"] == {"HTTPProxy": PROXIES[proxy], "other": [PROXIES[proxy]]}
    assert clean["files"]["/b"] == f"a {PROXIES[proxy]} b"
    assert clean["commands"]["tool"] == f"x\n  HTTPProxy : {PROXIES[proxy]}\n"
    assert keys == {r"HKEY_LOCAL_MACHINE\A": {"proxyserver": PROXIES[proxy], "list": [PROXIES[proxy]]}}


def test_proxy_whose_password_holds_blanks_and_quotes() -> None:
    """The name of the variable says where the password ends: before the last `@`."""
    document = WINDOWS | {"environment": {"https_proxy": "http://bob:S3 \"CRE'T\n@proxy:1"}}
    assert scrubbed(document, {}, "")[0]["environment"] == {"https_proxy": "http://user:x@proxy:1"}


def test_user_alone_of_a_proxy() -> None:
    """A server with its port is no e-mail address."""
    assert Scrubber([]).text("at bob@proxy.acme.example:3128") == "at x@proxy.acme.example:3128"


POLICIES = {"CloudManagementEnrollmentToken": "S3CRET", "WebRtcUdpPortRange": "1-9", "Passwords": {"a": ["S3CRET", 7]}}
EMPTIED = {"CloudManagementEnrollmentToken": "x", "WebRtcUdpPortRange": "1-9", "Passwords": {"a": ["x", 0]}}


@pytest.mark.parametrize("fmt", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_secrets_in_property_lists(fmt: plistlib.PlistFormat) -> None:
    """By the name of their key, in XML and in binary; the rest is what it was, and data is crossed out."""
    clean = plistlib.loads(file_of(plistlib.dumps(POLICIES | {"AuthToken": b"S3CRET", "Seen": b"\xff"}, fmt=fmt)))
    assert clean == EMPTIED | {"AuthToken": b"xxxxxx", "Seen": b"\xff"}


@pytest.mark.parametrize("before", ["", "// token: S3CRET\n", "\ufeff"])
def test_secrets_in_json(before: str) -> None:
    """By the name of their key, at any depth, with the comments and last commas that Chromium reads."""
    text = before + json.dumps(POLICIES)[:-1] + ',"CloudManagementEnrollmentToken": "S3CRET",}'
    assert json.loads(file_of(text.encode())) == EMPTIED


def test_secrets_in_json_of_the_registry_and_of_tools() -> None:
    """A policy that is an object stands in the registry as JSON text, and tools print JSON and property lists."""
    text = json.dumps(POLICIES)
    document = WINDOWS | {"commands": {"a": text, "b": {"text": plistlib.dumps(POLICIES).decode(), "status": 1}}}
    clean, keys, _ = scrubbed(document, {r"HKEY_LOCAL_MACHINE\A": {"policy": text}}, "")

    assert json.loads(clean["commands"]["a"]) == EMPTIED
    assert plistlib.loads(clean["commands"]["b"]["text"].encode()) == EMPTIED
    assert json.loads(str(keys[r"HKEY_LOCAL_MACHINE\A"]["policy"])) == EMPTIED


BROKEN = {
    "JSON cut off": json.dumps(POLICIES)[:-9].encode(),
    "JSON cut off within the token": b'{"CloudManagementEnrollmentToken": "S3CRET',
    "JSON of numbers too long": b'{"a": ' + b"1" * 5000 + b', "token": "S3CRET", "passwords": ["a", "S3CRET"]}',
    "property list cut off": plistlib.dumps(POLICIES)[:-20],
    "binary property list cut off": plistlib.dumps(POLICIES, fmt=plistlib.FMT_BINARY)[:-9],
    "signed profile": b"\x30\x82\xff" + plistlib.dumps(POLICIES) + b"\xff\x00",
    "UTF-16": json.dumps(POLICIES).encode("utf-16"),
    "another code page": json.dumps(POLICIES | {"a": "é"}, ensure_ascii=False).encode("latin-1"),
    "lines": b"a=1\nauth_token = S3CRET\npassword: 'S3CRET'\n",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_secrets_in_what_cannot_be_read(kind: str) -> None:
    """The same names are heeded in a file that is broken or wrapped."""
    clean = file_of(BROKEN[kind])
    assert b"S3CRET" not in clean.replace(b"\0", b"")
    assert clean


def test_file_that_is_a_token() -> None:
    """The vendors' clouds lay the token for enrolment into a file of its own, which stays there."""
    path = "/etc/opt/chrome/policies/enrollment/CloudManagementEnrollmentToken"
    assert file_of(b"S3CRET", path) == b"x"


def test_serial_files_of_linux() -> None:
    """What sysfs tells as a serial number is replaced wherever else it stands."""
    files = {"/sys/bus/usb/devices/1-2/serial": "50C2ED1B\n", "/sys/bus/usb/devices/1-2/product": "Jabra 50C2ED1B\n"}
    clean, _, _ = scrubbed(WINDOWS | {"files": files}, {}, "")
    assert list(clean["files"].values()) == ["SERIAL\n", "Jabra SERIAL\n"]


def test_route_tables_of_linux() -> None:
    """Addresses in hexadecimal are cut as others are; masks, metrics and private networks stay."""
    routes = "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00FFFFFF\neth0\t00000000\t4D7200CB\t0003\n"
    ways = "2a010e0a000100020003000400050006 80 fe800000000000008ef8c5fffeabcdef 00000001 80200001 eth0\n"
    files = {"/proc/net/route": routes, "/proc/net/ipv6_route": ways}
    clean, _, counts = scrubbed(WINDOWS | {"files": files, "commands": {}, "facts": {}, "source_addresses": {}}, {}, "")

    assert clean["files"]["/proc/net/route"] == routes.replace("4D7200CB", "007200CB")
    assert clean["files"]["/proc/net/ipv6_route"] == ways.replace(
        "2a010e0a000100020003000400050006", "2a010e0a000100000000000000000000"
    ).replace("8ef8c5fffeabcdef", "8ef8c5fffe000000")
    assert counts["address"] == 3


@pytest.mark.parametrize("login", ["jd", "é", "JEAN~1.DUP", "LODIE~1"])
def test_login_of_any_length_goes_from_where_it_stands(login: str) -> None:
    """Folders, variables and facts say that it is one; elsewhere the same letters are a word."""
    folder = rf"C:\Users\{login}"
    document = WINDOWS | {
        "environment": {"USERNAME": login, "USERPROFILE": folder, "TEMP": rf"{folder}\Temp", "LANG": "jd"},
        "facts": {"session_user": login},
        "files": {rf"{folder}\a": f"C:/Users/{login}/x /home/{login}/y /Users/{login} USER={login}\njd.exe"},
        "folders": [folder],
        "commands": {"tool": f"Installed in {folder}\r\n"},
    }
    blob = b"\xff" + rf"{folder}\a".encode() + b"\x00" + folder.encode("utf-16-le")
    clean, keys, counts = scrubbed(document, {"HKEY_CURRENT_USER": {"path": rf'"{folder}\a.exe"', "b": blob}}, "")

    place = r"C:\Users\user"
    assert clean["environment"] == {
        "USERNAME": "user",
        "USERPROFILE": place,
        "TEMP": rf"{place}\Temp",
        "LANG": "jd",
    }
    assert clean["facts"] == {"session_user": "user"}
    assert clean["files"] == {rf"{place}\a": "C:/Users/user/x /home/user/y /Users/user USER=user\njd.exe"}
    assert (clean["folders"], clean["commands"]) == ([place], {"tool": f"Installed in {place}\r\n"})
    assert keys["HKEY_CURRENT_USER"]["path"] == rf'"{place}\a.exe"'
    kept = keys["HKEY_CURRENT_USER"]["b"]
    assert isinstance(kept, bytes)
    assert len(kept) == len(blob)
    assert login.encode() not in kept
    assert login.encode("utf-16-le") not in kept
    assert counts["user name"] == 1


def test_short_form_of_a_folder_is_its_users_too() -> None:
    """Windows names folders of programs before its time `JEAN~1.DUP`: no variable tells it, its place does."""
    document = WINDOWS | {"environment": {"TEMP": r"C:\Users\JEAN~1.DUP\Temp", "USERNAME": "jean.dupont"}}
    clean, _, _ = scrubbed(document | {"facts": {}, "files": {r"C:\Users\JEAN~1.DUP\Temp\a": "1"}}, {}, "")

    assert clean["environment"] == {"TEMP": r"C:\Users\user2\Temp", "USERNAME": "user"}
    assert clean["files"] == {r"C:\Users\user2\Temp\a": "1"}


def test_folders_of_nobody_stay() -> None:
    """Those that all share, those that a variable fills in, and pages of the web."""
    text = r"C:\Users\Public\a C:\Users\%USERNAME%\a" + "\n/Users/Shared/a /home/$USER/a https://acme.example/home/page"
    assert scrubbed(WINDOWS | {"files": {"/a": text}}, {}, "")[0]["files"] == {"/a": text}


@pytest.mark.parametrize("name", ['Chez "Nous" 5G', "TV", "5"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_network_of_any_name(name: str, end: str) -> None:
    """Quotes within, two letters: it goes from its places, and a channel of the same number stays. Each tool alone."""
    lines = ["    SSID                   : ", "    Profil                 : "]
    netsh = end.join([*(line + name for line in lines), "    Canal                  : 5", "    TVA : 20", ""])
    profiler = {"spairport_current_network_information": {"_name": name, "spairport_network_channel": "5"}}
    commands = {
        "netsh wlan show interfaces": netsh,
        "iw dev wlan0 link": f"Connected\n\tSSID: {name}\n\tfreq: 5180",
        "system_profiler -json SPAirPortDataType": json.dumps(profiler),
    }
    each = [scrubbed(WINDOWS | {"commands": {line: said}}, {}, "")[0] for line, said in commands.items()]
    clean = {line: said for one in each for line, said in one["commands"].items()}

    said = clean["netsh wlan show interfaces"]
    assert said == end.join([*(line + "NETWORK" for line in lines), *netsh.split(end)[2:]])
    assert clean["iw dev wlan0 link"] == "Connected\n\tSSID: NETWORK\n\tfreq: 5180"
    assert json.loads(clean["system_profiler -json SPAirPortDataType"]) == {
        "spairport_current_network_information": {"_name": "NETWORK", "spairport_network_channel": "5"}
    }


def test_interfaces_that_are_named_by_their_address() -> None:
    """Two docks of one vendor stay two, wherever they are named; the vendor's half stays, as in other addresses."""
    first, second = "enx8cf8c5012345", "enx8cf8c5abcdef"
    document = WINDOWS | {
        "facts": {"interfaces": [{"name": second}, {"name": first}, {"name": "wlx0123"}]},
        "files": {f"/sys/class/net/{first}/type": "1\n", "/proc/net/route": f"{second}\t00000000\n"},
        "links": {f"/sys/class/net/{first}": f"/sys/devices/usb1/net/{first}"},
        "commands": {f"ping -c 3 fe80::1%{second}": f"dev {second}: down"},
    }
    clean, _, counts = scrubbed(document, {}, "")
    text = json.dumps(clean)

    assert [word for word in ("012345", "abcdef") if word in text] == []
    one, two = "enx8cf8c5000000", "enx8cf8c5000001"
    assert clean["facts"]["interfaces"] == [{"name": two}, {"name": one}, {"name": "wlx0123"}]
    assert clean["links"] == {f"/sys/class/net/{one}": f"/sys/devices/usb1/net/{one}"}
    assert clean["commands"] == {f"ping -c 3 fe80::1%{two}": f"dev {two}: down"}
    assert list(clean["files"]) == [f"/sys/class/net/{one}/type", "/proc/net/route"]
    assert clean["files"]["/proc/net/route"].startswith(two)
    assert counts["hardware address"] == 2


def test_common_words_are_no_names() -> None:
    """A user called root or agent tells of nobody, and a name is no part of a word."""
    assert scrubbed(WINDOWS | {"environment": {"HOME": "/root", "USER": "root"}}, {}, "pc")[0]["environment"] == {
        "HOME": "/root",
        "USER": "root",
    }
    assert Scrubber([Identity("user name", "chr", "user")]).text("chrome.exe chr CHR_1") == "chrome.exe user user_1"


@pytest.mark.parametrize("name", NAMES)
def test_documented_machines_hold_nothing_to_scrub(name: str) -> None:
    """What is kept with the program tells of nobody: no account, no public address."""
    found = machine(name)
    addresses = [address for one in found.fact("interfaces").value for address in one["addresses"]]
    named = [address for address in addresses if not address.startswith("fe80")]
    text = json.dumps([dict(found.environment), named, found.fact("session_user").value])
    scrubber = Scrubber([])
    assert scrubber.text(text) == text


def test_made_machine_is_left_as_it_is() -> None:
    """Where there is nothing private nothing changes."""
    document = WINDOWS | {
        "environment": {},
        "files": {"/a": "text"},
        "commands": {},
        "facts": {},
        "source_addresses": {},
    }
    clean, _, counts = scrubbed(document, {}, "")
    assert (clean, counts) == (document, {})
    assert made(**{key: clean[key] for key in ("files", "facts")}).content("/a") == b"text"
