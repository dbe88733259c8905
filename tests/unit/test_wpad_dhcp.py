"""The PAC file's address in DHCP leases (option 252), as each system tells it."""

import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readycheck.host.machine import Machine
from readycheck.host.proxy import dhcp, effective
from readycheck.host.registry import ExportedRegistry
from readycheck.model.proxy import ProxySettings
from tests.machines import made

URL = "http://wpad.example.com/wpad.dat"
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
LATER_S = int(NOW.timestamp()) + 3600


@pytest.mark.parametrize(
    ("value", "url"),
    [
        (URL, URL),
        (f"{URL}\0", URL),
        (f" {URL}\r\n", URL),
        (f"{URL}\0junk\x01", URL),
        (f"{URL}\0".encode(), URL),
        ("https://[2001:db8::1]:8443/p.pac", "https://[2001:db8::1]:8443/p.pac"),
        ("http://a.example/\x1b[31m", None),
        ("http://a.example/\nhttp://b.example/", None),
        ("http://a b/", None),
        ("http://a\u202e.example/", None),
        ("file:///etc/passwd", None),
        (r"\\server\share\proxy.pac", None),
        ("http://", None),
        ("http://a:99999/", None),
        ("http://[", None),
        ("wpad.dat", None),
        (b"\xff\xfe", None),
        ("http://a.example/" + "x" * 5000, None),
        ("", None),
    ],
)
def test_addresses_that_servers_send(value: str | bytes, url: str | None) -> None:
    """NUL and line end are taken off; control characters, files and junk are no address."""
    assert dhcp.usable_url(value) == url


# As nmcli 1.42 prints devices in terse form; names of options as NetworkManager's nm-dhcp-options.c has them
NMCLI = r"""GENERAL.DEVICE:enp0s3
DHCP4.OPTION[1]:dhcp_lease_time = 86400
DHCP4.OPTION[2]:domain_name = example.com
DHCP4.OPTION[3]:requested_wpad = 1
DHCP4.OPTION[4]:{name} = {value}

GENERAL.DEVICE:lo
"""


@pytest.mark.parametrize(
    ("name", "value", "url"),
    [
        ("wpad", URL, URL),
        ("wpad", rf"{URL}\000", URL),
        ("wpad", rf"{URL}\012", URL),
        ("wpad", r"http\://wpad.example.com/wpad.dat", URL),
        ("wpad", r"\001\002", None),
        ("wpad", "", None),
        ("domain_search", "example.com", None),
    ],
)
def test_network_manager(name: str, value: str, url: str | None) -> None:
    """The option named wpad, with the escapes of terse tables and of unprintable bytes."""
    assert dhcp.from_network_manager(NMCLI.format(name=name, value=value)) == url
    assert dhcp.from_network_manager("") is None


DHCLIENT = """\
lease {{
  interface "eth0";
  option wpad "http://old.example/";
  expire 4 2031/01/02 03:04:05;
}}
lease {{
  interface "eth0";
  fixed-address 192.0.2.10;
  option routers 192.0.2.1;
  {option};
  renew 0 2026/11/22 07:00:00;
  {expire};
}}
"""


@pytest.mark.parametrize(
    ("option", "expire", "url"),
    [
        (f'option wpad "{URL}"', "expire 0 2026/11/22 20:00:00", URL),
        (rf'option wpad "{URL}\000"', "expire never", URL),
        (f"option unknown-252 {':'.join(f'{byte:x}' for byte in URL.encode())}:0", "expire epoch 4000000000", URL),
        (f'option wpad "{URL}"', "expire 0 2026/11/22 07:59:59", None),
        (f'option wpad "{URL}"', "expire epoch 1", None),
        (f'option wpad "{URL}"', "expire 0 2026/99/99 07:59:59", URL),
        ("option wpad zz:1", "expire never", None),
        ("option wpad 1:999", "expire never", None),
        ("option domain-name 5", "expire never", None),
    ],
)
def test_dhclient_lease(option: str, expire: str, url: str | None) -> None:
    """The last block counts, until it ends; text with octal escapes, or bytes in hexadecimal."""
    assert dhcp.from_lease(DHCLIENT.format(option=option, expire=expire), NOW) == url


def test_lease_files() -> None:
    """That of this boot, else the one that ends last; unreadable and foreign ones are passed over."""
    leases = "/run/systemd/netif/leases"
    networkd = {
        f"{leases}/2": "OPTION_252=abc\n",
        f"{leases}/3": f"# private\nADDRESS=192.0.2.10\nOPTION_252={URL.encode().hex()}0a00\n",
    }
    dhclient = {
        f"/var/lib/dhcp/dhclient.eth{number}.leases": f'lease {{\n  option wpad "{url}";\n  {expire};\n}}\n'
        for number, (url, expire) in enumerate(
            [
                ("http://sooner.example/", "expire 0 2026/11/22 20:00:00"),
                ("http://later.example/", "expire 1 2026/11/23 20:00:00"),
                ("http://ended.example/", "expire 1 2026/11/21 20:00:00"),
            ]
        )
    }

    assert dhcp.from_lease_files(made(files=networkd | dhclient, folders=[f"{leases}/4"]), NOW) == URL
    assert dhcp.from_lease_files(made(files=dhclient), NOW) == "http://later.example/"
    assert dhcp.from_lease_files(made(), NOW) is None


PACKET = f"""\
op = BOOTREPLY
yiaddr = 192.0.2.10
options:
Options count is 3
dhcp_message_type (uint8): ACK 0x5
router (ip_mult): {{192.0.2.1}}
proxy_auto_discovery_url (string): {URL}
end (none):
"""


def test_macos_packet() -> None:
    """The lease of the interface of the default route; a machine without a route has none."""
    route = "   route to: default\ndestination: default\n  interface: en0\n      flags: <UP,GATEWAY>\n"
    assert dhcp.macos_packet_command(route) == ("ipconfig", "getpacket", "en0")
    assert dhcp.macos_packet_command("route: writing to routing socket: not in table") == ()
    assert dhcp.macos_packet_command("interface: -x0; rm") == ()
    assert dhcp.from_macos_packet(PACKET) == URL
    assert dhcp.from_macos_packet(PACKET.replace(URL, "\x07")) is None


def options(*entries: tuple[int, bytes, int, int]) -> bytes:
    return b"".join(
        struct.pack("<5I", code, 0, len(value), of_vendor, end) + value + b"\0" * (-len(value) % 4)
        for code, value, of_vendor, end in entries
    )


def interfaces(content: bytes, **values: int | str) -> ExportedRegistry:
    key = dhcp.INTERFACES
    lines = ["[" + key + "]", f"[{key}\\{{A}}]", '"DhcpIPAddress"="0.0.0.0"', f"[{key}\\{{B}}]"]
    lines += [
        f'"{name}"=dword:{value:08x}' if isinstance(value, int) else f'"{name}"="{value}"'
        for name, value in values.items()
    ]
    return ExportedRegistry(
        "\n".join([*lines, '"DhcpInterfaceOptions"=hex:' + ",".join(f"{byte:02x}" for byte in content)])
    )


@pytest.mark.parametrize(
    ("content", "url"),
    [
        (options((15, b"example.com\0", 0, LATER_S), (252, f"{URL}\0".encode(), 0, LATER_S)), URL),
        (options((252, b"", 0, LATER_S), (252, URL.encode(), 0, LATER_S)), URL),
        (options((252, URL.encode(), 0, 1)), None),
        (options((252, URL.encode(), 1, LATER_S)), None),
        (options((252, URL.encode(), 0, LATER_S))[:-8], None),
        (b"\xff" * 64, None),
        (b"", None),
    ],
)
def test_windows_options(content: bytes, url: str | None) -> None:
    """Option 252 while its lease lasts; a vendor's of the same number, cut and junk ones do not count."""
    assert dhcp.from_registry(interfaces(content, EnableDHCP=1, DhcpIPAddress="192.0.2.10"), NOW) == url
    assert dhcp.from_registry(interfaces(content, EnableDHCP=0, DhcpIPAddress="192.0.2.10"), NOW) is None
    assert dhcp.from_registry(interfaces(content, EnableDHCP=1, DhcpIPAddress="0.0.0.0"), NOW) is None


# Published export of a virtual adapter: six options asked for and never answered
PUBLISHED = bytes.fromhex(
    "0f00000000000000000000000000000093ec4557" "7900000000000000000000000000000093ec4557"
    "0100000000000000000000000000000093ec4557" "2b00000000000000000000000000000093ec4557"
)  # fmt: skip


def test_windows_published_export() -> None:
    """Its entries end where the layout says, and another may follow."""
    followed = PUBLISHED + options((252, URL.encode(), 0, LATER_S))
    assert list(dhcp.interface_options(PUBLISHED, NOW)) == []
    assert list(dhcp.interface_options(followed, NOW)) == [URL.encode()]


@given(content=st.binary(max_size=200))
def test_any_bytes_are_read(content: bytes) -> None:
    """No content makes a reader fail."""
    list(dhcp.interface_options(content, NOW))
    dhcp.usable_url(content)
    dhcp.from_lease(content.decode("latin-1"), NOW)
    dhcp.from_network_manager("DHCP4.OPTION[1]:wpad = " + content.decode("latin-1"))


def test_lease_is_asked_for_only_where_somebody_detects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every detecting source gets the domains and the lease's address; without one no tool is started."""
    asked: list[str] = []

    def lease(_machine: Machine) -> str:
        asked.append("lease")
        return URL

    monkeypatch.setattr(effective, "_dhcp_pac_url", lease)
    manual, detects = ProxySettings("a", "manual"), ProxySettings("b", "auto_detect")
    assert effective._with_places(made(), [manual], ("example.com",)) == [manual]
    assert asked == []
    found = effective._with_places(made(), [manual, detects], ("example.com",))
    assert (found[0], found[1].dhcp_pac_url, found[1].search_domains) == (manual, URL, ("example.com",))
