"""What each system says of its network: interfaces, VPN, Wi-Fi, the first router; in any language, and broken."""

import json
from typing import Any

import pytest

from readycheck.host.machine import COMMAND_TIMEOUT_S, Output
from readycheck.host.network.gateway import echo, times_ms
from readycheck.host.network.interfaces import dns_servers, interfaces, way_to
from readycheck.host.network.known import steering_agents
from readycheck.host.network.netsh import blocks, link_of
from readycheck.host.network.wifi import place_of, wifi
from readycheck.host.recorded import RecordedMachine
from readycheck.model.failure import FailureCode
from readycheck.model.network import GatewayEcho, Interface, Way, Wifi, carrier, named
from tests.machines import NAMES, machine

HOSTILE = "<b>&\x1b[31m\u202e\u2066" + "x" * 10_000 + "\udcff\x00"
WIFI_ADDRESS, TUNNEL_ADDRESS, GATEWAY = "192.0.2.31", "10.8.0.6", "192.0.2.1"


def recorded(platform: str, listed: Any, **parts: Any) -> RecordedMachine:
    return RecordedMachine({"platform": platform, "provenance": "documented", "facts": {"interfaces": listed}, **parts})


def entry(name: str, *addresses: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "is_up": True, "addresses": list(addresses), **more}


def found_on(at: RecordedMachine) -> tuple[Interface, ...]:
    found = interfaces(at)
    assert not isinstance(found, FailureCode)
    return found


def one_of(at: RecordedMachine, name: str) -> Interface:
    found = named(found_on(at), name)
    assert found
    return found


WIFI_CARD = entry("Wi-Fi", WIFI_ADDRESS, type=71, description="Intel(R) Wi-Fi 6E AX211 160MHz", gateways=[GATEWAY])


@pytest.mark.parametrize("name", NAMES)
def test_documented_machines_have_no_vpn_and_a_link_of_a_known_kind(name: str) -> None:
    """Of each the link that leads out is told, its router, and that none of its interfaces is a VPN's."""
    at = machine(name)
    found = found_on(at)
    link = carrier(found, [way_to(at, "203.0.113.1", found)])

    assert link
    assert link.kind in {"ethernet", "wifi", "virtual"}
    assert link.gateways == (GATEWAY,)
    assert {one.is_vpn for one in found} == {False}
    assert dns_servers(at, found)[0] == "192.0.2.53"
    assert bool(echo(at, GATEWAY).rtt_ms) == (name != "laptop-poly-dongle")  # its router is silent


@pytest.mark.parametrize(
    ("kind", "description", "expected", "is_vpn"),
    [
        (6, "Intel(R) Ethernet Connection (17) I219-LM", "ethernet", False),
        (6, "Realtek USB GbE Family Controller", "ethernet", False),
        (71, "Intel(R) Wi-Fi 6 AX201", "wifi", False),
        (243, "Quectel EM05-G", "cellular", False),
        (6, "Apple Mobile Device Ethernet", "cellular", False),
        (6, "Remote NDIS based Internet Sharing Device", "unknown", False),
        (6, "Microsoft Hyper-V Network Adapter", "virtual", False),
        (6, "vmxnet3 Ethernet Adapter", "virtual", False),
        (6, "Cisco AnyConnect Virtual Miniport Adapter for Windows x64", "virtual", True),
        (6, "PANGP Virtual Ethernet Adapter Secure #2", "virtual", True),
        (6, "Fortinet SSL VPN Virtual Ethernet Adapter", "virtual", True),
        (6, "Juniper Networks Virtual Adapter", "virtual", True),
        (6, "Check Point Virtual Network Adapter For Endpoint VPN Client", "virtual", True),
        (6, "SonicWALL Virtual NIC", "virtual", True),
        (6, "TAP-Windows Adapter V9", "virtual", True),
        (23, "F5 Networks VPN Adapter", "virtual", True),
        (53, "WireGuard Tunnel", "virtual", True),
        (6, "NCP Secure Client Virtual NDIS6.20 Adapter", "virtual", True),
        (6, "Acme Secure Client Adapter", "virtual", None),
        (6, "TeamViewer VPN Adapter", "virtual", None),
        (6, "Intel(R) Ethernet Virtual Function 700 Series", "virtual", False),
        (131, "Microsoft IP-HTTPS Platform Adapter", "virtual", True),
        (131, "Microsoft Teredo Tunneling Adapter", "virtual", False),
        (131, "Acme Tunnel", "virtual", None),
        (53, "Acme Virtual Card", "virtual", None),
        (23, "Acme VPN", "unknown", None),
        (None, None, "unknown", False),
    ],
)
def test_windows_adapters(kind: int | None, description: str | None, expected: str, is_vpn: bool | None) -> None:  # noqa: FBT001
    """A driver that is known proves a VPN, a type alone does not; alone, PPP may be a modem."""
    told = one_of(recorded("windows", [entry("A", TUNNEL_ADDRESS, type=kind, description=description)]), "A")

    assert (told.kind, told.is_vpn) == (expected, is_vpn)


def test_ppp_over_a_link_with_a_router_is_a_vpn() -> None:
    """Windows' own VPN client names its connection as its user does; another link carries it."""
    ppp = entry("Siège", TUNNEL_ADDRESS, type=23, description="Siège")
    beside = one_of(recorded("windows", [ppp, WIFI_CARD]), "Siège")

    assert (beside.is_vpn, beside.sign) == (True, "ppp over another link")


def linux(files: dict[str, str], links: dict[str, str] | None = None, *listed: dict[str, Any]) -> RecordedMachine:
    return recorded(
        "linux",
        list(listed) or [entry("n0", TUNNEL_ADDRESS)],
        files=files,
        links=links or {},
        folders=["/sys/class/net/n0"],
    )


@pytest.mark.parametrize(
    ("files", "links", "expected", "is_vpn"),
    [
        ({"type": "1\n"}, {"n0": "/sys/devices/pci0000:00/0000:00:1f.6/net/n0"}, "ethernet", False),
        ({"type": "1\n", "uevent": "DEVTYPE=wlan\nINTERFACE=n0\n"}, {}, "wifi", False),
        ({"type": "65534\n", "uevent": "DEVTYPE=wwan\n"}, {}, "cellular", False),
        ({"type": "772\n"}, {}, "loopback", False),
        ({"type": "1\n"}, {"n0": "/sys/devices/virtual/net/n0"}, "virtual", False),
        ({"type": "1\n"}, {"n0/device/driver": "/sys/bus/virtio/drivers/virtio_net"}, "virtual", False),
        ({"type": "1\n"}, {"n0/device/driver": "/sys/bus/usb/drivers/ipheth"}, "cellular", False),
        ({"type": "1\n"}, {"n0/device/driver": "/sys/bus/usb/drivers/rndis_host"}, "unknown", False),
        ({"type": "65534\n", "uevent": "DEVTYPE=wireguard\n"}, {}, "virtual", True),
        ({"type": "65534\n", "tun_flags": "0x1001\n"}, {}, "virtual", True),
        ({"type": "1\n", "tun_flags": "0x1002\n"}, {}, "virtual", None),
        ({"type": "1\n", "tun_flags": "0x1002\n"}, {"n0/master": "/sys/devices/virtual/net/virbr0"}, "virtual", False),
        ({"type": "512\n"}, {}, "unknown", None),
        ({"type": "776\n"}, {}, "virtual", None),
        ({"type": "1\n", "n": ""}, {"n0/lower_n1": "x"}, "wifi", False),
        ({"type": "\x00?\n", "uevent": "\ufffd" * 5_000}, {}, "unknown", False),
        ({}, {}, "unknown", False),
    ],
)
def test_linux_interfaces(files: dict[str, str], links: dict[str, str], expected: str, is_vpn: bool | None) -> None:  # noqa: FBT001
    """Sysfs tells cards, radios, hypervisors' devices and tunnels apart; a bridge is what lies beneath it."""
    at = linux(
        {f"/sys/class/net/n0/{name}": text for name, text in files.items()}
        | {"/sys/class/net/n1/uevent": "DEVTYPE=wlan\n"},
        {f"/sys/class/net/{name}": target for name, target in links.items()},
    )
    told = one_of(at, "n0")

    assert (told.kind, told.is_vpn) == (expected, is_vpn)


ROUTES = (
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "wlan0\t00000000\t010200C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
    "eth0\t00000000\tFE0200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
    "tun0\t00000000\t00000000\t0001\t0\t0\t50\t00000000\t0\t0\t0\n"
    "eth0\t000200C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
    "eth0\tnonsense\n"
)
ROUTES6 = f"{'0' * 32} 00 {'0' * 32} 00 fe80000000000000000000000000000a 00000064 00000003 00000000 00000003     eth0\n"


def test_linux_full_tunnel_lies_on_the_link_with_the_lowest_metric() -> None:
    """Where the tunnel takes all, the link beneath it is the physical default route that would be taken without it."""
    at = recorded(
        "linux",
        [entry("wlan0", WIFI_ADDRESS), entry("eth0", "192.0.2.32"), entry("tun0", TUNNEL_ADDRESS)],
        files={
            "/proc/net/route": ROUTES,
            "/proc/net/ipv6_route": ROUTES6,
            "/sys/class/net/eth0/type": "1\n",
            "/sys/class/net/wlan0/uevent": "DEVTYPE=wlan\n",
            "/sys/class/net/tun0/tun_flags": "0x1001\n",
            "/etc/resolv.conf": "# stub\nnameserver 127.0.0.53\n",
            "/run/systemd/resolve/resolv.conf": "nameserver 192.0.2.53\nnameserver fe80::1%eth0\nnameserver junk\n",
        },
        source_addresses={"*": TUNNEL_ADDRESS},
    )
    found = found_on(at)
    way = way_to(at, "203.0.113.1", found)
    link = carrier(found, [way])

    assert way == Way("203.0.113.1", TUNNEL_ADDRESS, "tun0", via_vpn=True)
    assert link
    assert (link.name, link.gateways, link.metric) == ("eth0", ("192.0.2.254", "fe80::a%eth0"), 100)
    assert dns_servers(at, found) == ("192.0.2.53", "fe80::1%eth0")


@pytest.mark.parametrize("own", [(), (WIFI_ADDRESS,)])
@pytest.mark.parametrize(
    ("answer", "interface", "via_vpn"),
    [
        ("203.0.113.9 dev tun0 src 192.0.2.31 uid 1000 \n    cache \n", "tun0", True),
        ("203.0.113.9 via 192.0.2.1 dev eth0 src 192.0.2.31 uid 1000 \n    cache \n", "eth0", False),
        ({"failure": "component_missing"}, None, None),
    ],
)
def test_tunnel_that_borrows_the_links_address(
    own: tuple[str, ...],
    answer: Any,
    interface: str | None,
    via_vpn: bool | None,  # noqa: FBT001 - a case
) -> None:
    """An unnumbered tunnel has the link's source address: the kernel is asked, and without it nothing is claimed."""
    at = recorded(
        "linux",
        [entry("eth0", WIFI_ADDRESS), entry("tun0", *own)],
        files={"/sys/class/net/eth0/type": "1\n", "/sys/class/net/tun0/tun_flags": "0x1001\n"},
        commands={"ip route get 203.0.113.9": answer},
        source_addresses={"*": WIFI_ADDRESS},
    )

    assert way_to(at, "203.0.113.9", found_on(at)) == Way("203.0.113.9", WIFI_ADDRESS, interface, via_vpn)


def test_address_of_two_adapters_tells_neither() -> None:
    """Where no kernel can be asked, a source address that a VPN's adapter has as well leaves the way open."""
    tunnel = entry("VPN", WIFI_ADDRESS, type=53, description="WireGuard Tunnel")
    at = recorded("windows", [WIFI_CARD, tunnel], source_addresses={"*": WIFI_ADDRESS})

    assert way_to(at, "203.0.113.9", found_on(at)) == Way("203.0.113.9", WIFI_ADDRESS)


def test_link_beneath_a_tunnel_is_not_guessed() -> None:
    """Of two links with a router and no metric, either may carry the tunnel."""
    wired = entry("Ethernet", "192.0.2.20", type=6, description="Intel(R) I219-LM", gateways=[GATEWAY])
    tunnel = entry("VPN", TUNNEL_ADDRESS, type=53, description="WireGuard Tunnel")
    at = recorded("windows", [WIFI_CARD, wired, tunnel], source_addresses={"*": TUNNEL_ADDRESS})
    both, one = found_on(at), tuple(found for found in found_on(at) if found.name != "Ethernet")
    way = way_to(at, "203.0.113.1", both)

    assert carrier(both, [way]) is None
    assert carrier(one, [way]) == named(one, "Wi-Fi")


def test_macos_tunnel_is_a_vpn_once_it_has_an_address() -> None:
    """Apple's own services have tunnels too, with addresses of the link alone and default routes of their own."""
    own = machine("macos-15-headset")
    listed = own.fact("interfaces").value
    commands = {"netstat -rn": own.output("netstat", "-rn").text}
    commands["networksetup -listallhardwareports"] = own.output("networksetup", "-listallhardwareports").text
    vpn = entry("utun4", TUNNEL_ADDRESS)
    at = recorded("macos", [*listed, vpn], commands=commands, source_addresses={"*": TUNNEL_ADDRESS})
    found = found_on(at)

    assert {one.name for one in found if one.is_vpn} == {"utun4"}
    assert way_to(at, "203.0.113.1", found).via_vpn is True
    link = carrier(found, [way_to(at, "203.0.113.1", found)])
    assert link
    assert (link.name, link.kind) == ("en0", "wifi")


@pytest.mark.parametrize(
    ("port", "kind"),
    [
        ("USB 10/100/1000 LAN", "ethernet"),
        ("Thunderbolt Ethernet Slot 1", "ethernet"),
        ("iPhone USB", "cellular"),
        ("Thunderbolt Bridge", "virtual"),
        ("Bluetooth PAN", "unknown"),
    ],
)
def test_macos_hardware_ports(port: str, kind: str) -> None:
    """The port's name tells the kind; one that tells nothing is of no kind."""
    listing = f"\r\nHardware Port: {port}\r\nDevice: en9\r\nEthernet Address: 02:00:5e:00:53:99\r\n"
    at = recorded("macos", [entry("en9", WIFI_ADDRESS)], commands={"networksetup -listallhardwareports": listing})

    assert one_of(at, "en9").kind == kind


@pytest.mark.parametrize(("name", "is_vpn"), [("gpd0", None), ("tun0", None), ("vmnet8", False)])
def test_macos_interface_of_no_hardware_port_may_be_a_vpn(name: str, is_vpn: bool | None) -> None:  # noqa: FBT001
    """A driver of its own, such as GlobalProtect's, makes an interface that nothing tells of: that is not no VPN."""
    at = recorded("macos", [entry(name, TUNNEL_ADDRESS)], source_addresses={"*": TUNNEL_ADDRESS})
    found = found_on(at)

    assert found[0].is_vpn is is_vpn
    assert way_to(at, "203.0.113.1", found).via_vpn is is_vpn


@pytest.mark.parametrize("platform", ["windows", "macos", "linux"])
@pytest.mark.parametrize(
    "listed",
    [
        [{"name": HOSTILE, "description": HOSTILE, "addresses": [HOSTILE, 7, None, "::", "192.0.2.9"], "is_up": "yes"}],
        [{"name": 5}, "text", None, [], {"name": "a/../b", "type": -1, "mtu": True, "speed_mbps": 10**50}],
        [{"name": "a", "addresses": "192.0.2.1", "gateways": {}, "dns_servers": 1}] * 1_000,
    ],
)
def test_strange_lists_of_interfaces(platform: str, listed: list[Any]) -> None:
    """Names come out as one printable line, wrong types count for nothing, and a list has an end."""
    found = found_on(recorded(platform, listed))

    assert len(found) <= 256
    for one in found:
        assert one.name.isprintable()
        assert len(one.name) <= 200
        assert (one.description or "").isprintable()
        assert set(one.addresses) <= {"192.0.2.9"}
        assert (one.speed_bps, one.mtu_byte, one.gateways) == (None, None, ())


def test_a_list_that_is_none_has_its_reason() -> None:
    """Not asked, refused, and no list at all."""
    assert interfaces(RecordedMachine({"platform": "linux"})) == FailureCode.COMPONENT_MISSING
    assert interfaces(recorded("linux", {"failure": "permission_denied"})) == FailureCode.PERMISSION_DENIED
    assert interfaces(recorded("linux", "eth0")) == FailureCode.COMPONENT_MISSING


def test_agents_that_no_interface_tells_of() -> None:
    """Clients that filter packets in the kernel are known by their processes."""
    assert steering_agents(frozenset({"zsatunnel", "explorer"})) == ("Zscaler Client Connector",)


@pytest.mark.parametrize(
    ("reply", "expected", "below"),
    [
        ("Reply from 192.0.2.1: bytes=32 time<1ms TTL=64", 1, True),
        ("Antwort von 192.0.2.1: Bytes=32 Zeit=2ms TTL=64", 2, False),
        ("Réponse de 192.0.2.1 : octets=32 temps=3 ms TTL=64", 3, False),
        ("来自 192.0.2.1 的回复: 字节=32 时间=4ms TTL=64", 4, False),
        ("Ответ от 192.0.2.1: число байт=32 время=5мс TTL=64", 5, False),  # noqa: RUF001 - as Windows writes it
        ("\ufffd\ufffd\ufffd 192.0.2.1: \ufffd\ufffd=32 \ufffd\ufffd\ufffd\ufffd\ufffd<1\ufffd\ufffd TTL=64", 1, True),
        ("Reply from fe80::1%12: time=6ms", 6, False),
        ("64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=0.045 ms", 0.045, False),
        ("64 octets de 192.0.2.1 : icmp_seq=1 ttl=64 temps=0,045 ms", 0.045, False),
    ],
)
def test_echo_in_any_language(reply: str, expected: float, below: bool) -> None:  # noqa: FBT001
    """The time of a reply is the one number with a unit in its line; what sums up is no reply."""
    summary = (
        "Minimum = 0ms, Maximum = 9ms, Moyenne = 4ms\nrtt min/avg/max/mdev = 0.1/0.2/0.3/0.1 ms\n3 sent, time 2003ms"
    )

    assert times_ms(f"PING\n{reply}\n\n{summary}\n") == ((expected,), below)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"text": "Request timed out.\n", "status": 1}, FailureCode.CONNECTION_TIMEOUT),
        ({"failure": "deadline_exceeded"}, FailureCode.DEADLINE_EXCEEDED),
        ({"failure": "component_missing"}, FailureCode.COMPONENT_MISSING),
        (HOSTILE, FailureCode.CONNECTION_TIMEOUT),
    ],
)
def test_silent_router(answer: Any, code: FailureCode) -> None:
    """Silence, a tool that hangs and one that is not there are told apart."""
    at = RecordedMachine({"platform": "linux", "commands": {"ping -n -c 3 -i 0.2 -w 2 192.0.2.1": answer}})

    assert echo(at, GATEWAY) == GatewayEcho(GATEWAY, failure=code)


LINK = Interface("Wi-Fi", "wifi", is_up=True, description="Intel(R) Wi-Fi 6E AX211 160MHz")


def test_french_windows_11_tells_its_radio_link() -> None:
    """By the values alone; the network's name and access point are nowhere."""
    told = wifi(machine("laptop-jabra"), LINK)

    assert told == Wifi(-54.0, 92, 44, 5.0)
    assert "ACME" not in repr(told)


def test_location_switch_hides_the_radio_link() -> None:
    """Windows 11 24H2 refuses without it, in any language."""
    assert wifi(machine("laptop-poly-dongle"), LINK) == Wifi(failure=FailureCode.PERMISSION_DENIED)


WINDOWS_10 = """
    Name                   : Wi-Fi
    Description            : Intel(R) Wi-Fi 6E AX211 160MHz
    State                  : connected
    SSID                   : 13
    BSSID                  : 02:00:5e:00:53:01
    Radio type             : 802.11n
    Connection mode        : Auto Connect
    Channel                : 6
    Receive rate (Mbps)    : 144
    Transmit rate (Mbps)   : 144
    Signal                 : 70%
    Profile                : 11

    Hosted network status  : Not available
"""
CHINESE_10 = (
    "名称 : Wi-Fi\nSSID : 40%\n接收速率 : 864.7 Mbps\n发送速率 : 1201 Mbps\n信号 : 96%\n频段 : 5 GHz\n信道 : 149\n"
)
MULTI_LINK = """
    Name                   : Wi-Fi
    SSID                   : 5 GHz
        LinkID: 0, Local: 02:00:5e:00:53:02, AP: 02:00:5e:00:53:01, RSSI: -70, Channel: 100, Band: 5 GHz, BW: 80
        LinkID: 1, Local: 02:00:5e:00:53:03, AP: 02:00:5e:00:53:04, RSSI: -58, Channel: 37, Band: 6 GHz, BW: 160
    Signal                 : 67%
"""
DOWN = (
    "    Name    : Wi-Fi\n    State   : disconnected\n    Radio status : Hardware On\n                   Software On\n"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WINDOWS_10, Wifi(None, 70, 6, None)),
        (CHINESE_10, Wifi(None, 96, 149, 5.0)),
        (MULTI_LINK, Wifi(-58.0, None, 37, 6.0)),
        (DOWN, None),
        ("Name : " + HOSTILE, None),
    ],
)
def test_netsh_layouts(text: str, expected: Wifi | None) -> None:
    """Older builds, other languages, several links at once; a network's name cannot pose as a figure."""
    links = [link for block in blocks(text.replace("\n", "\r\n")) if (link := link_of(block))]

    assert links == ([expected] if expected else [])


def test_the_radio_of_the_link_is_taken_among_several() -> None:
    """A second adapter's signal is not this one's; of strangers' adapters none is."""
    second = WINDOWS_10.replace("AX211 160MHz", "AX211 160MHz #2").replace("70%", "20%")
    at = RecordedMachine({"platform": "windows", "commands": {"netsh wlan show interfaces": second + WINDOWS_10}})

    assert wifi(at, LINK).signal_percent == 70
    assert wifi(at, Interface("WLAN 9", "wifi")).failure == FailureCode.COMPONENT_MISSING


def test_macos_radio_link() -> None:
    """Signal, channel, band and rate of the interface's own network; its name is not asked for."""
    told = wifi(machine("macos-15-headset"), Interface("en0", "wifi"))

    assert told == Wifi(-57.0, None, 36, 5.0, 1_200_000_000)
    assert wifi(machine("macos-15-headset"), Interface("en1", "wifi")).failure == FailureCode.COMPONENT_MISSING


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[" * 50_000,
        "[]",
        '{"SPAirPortDataType": 1}',
        '{"SPAirPortDataType": [{"spairport_airport_interfaces": 2}]}',
    ]
    + [
        json.dumps({"SPAirPortDataType": [{"spairport_airport_interfaces": [{"_name": "en0", **more}]}]})
        for more in (
            {"spairport_current_network_information": None},
            {"spairport_current_network_information": {"spairport_signal_noise": 7, "spairport_network_rate": "fast"}},
            {"spairport_current_network_information": {"spairport_signal_noise": HOSTILE.replace("\udcff", "")}},
            {"spairport_current_network_information": {"spairport_signal_noise": "0 dBm / 0 dBm"}},
        )
    ],
)
def test_broken_profiles_of_macos_tell_no_signal(text: str) -> None:
    """What is cut off, nested without end or of another type leaves null with a reason."""
    at = RecordedMachine({"platform": "macos", "commands": {"system_profiler -json SPAirPortDataType": text}})
    told = wifi(at, Interface("en0", "wifi"))

    assert (told.signal_dbm, told.failure) == (None, FailureCode.COMPONENT_MISSING)


IW = """Connected to 02:00:5e:00:53:01 (on wlan0)
\tSSID: signal: -10 dBm
\tfreq: 5180.0
\tRX: 21223 bytes (141 packets)
\tsignal: -61 dBm
\ttx bitrate: 866.7 MBit/s VHT-MCS 9 80MHz short GI VHT-NSS 2
"""
WIRELESS = """Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
 wlan0: 0000   52.  -58.  -256        0      0      0      0      0        0
"""


def test_linux_radio_link() -> None:
    """`iw` where Debian keeps it, else the kernel's old table, else nothing."""
    link = Interface("wlan0", "wifi")
    with_iw = RecordedMachine({"platform": "linux", "commands": {"/usr/sbin/iw dev wlan0 link": IW}})
    with_table = RecordedMachine({"platform": "linux", "files": {"/proc/net/wireless": WIRELESS}})
    off = RecordedMachine({"platform": "linux", "commands": {"iw dev wlan0 link": "Not connected.\n"}})

    assert wifi(with_iw, link) == Wifi(-61.0, None, 36, 5.0, 866_700_000)
    assert wifi(with_table, link).signal_dbm == -58
    assert wifi(off, link) == Wifi(failure=FailureCode.COMPONENT_MISSING)


@pytest.mark.parametrize(
    ("frequency_mhz", "place"),
    [(2412, (1, 2.4)), (2484, (14, 2.4)), (5180, (36, 5.0)), (5885, (177, 5.0)), (5955, (1, 6.0)), (900, (None, None))],
)
def test_channels(frequency_mhz: int, place: tuple[int | None, float | None]) -> None:
    """Centre frequencies of the three bands."""
    assert place_of(frequency_mhz) == place


def test_tools_are_asked_within_a_limit() -> None:
    """The router's echo has a limit of its own, shorter than what a tool is given otherwise."""
    limits: list[float] = []

    class Watched(RecordedMachine):
        def output(self, *command: str, timeout_s: float = COMMAND_TIMEOUT_S) -> Output:
            limits.append(timeout_s)
            return super().output(*command, timeout_s=timeout_s)

    echo(Watched({"platform": "linux"}), GATEWAY)

    assert limits == [2.5]
