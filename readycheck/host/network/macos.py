"""macOS' interfaces: kind by the hardware port's name, default routes by netstat, DNS by scutil; none is translated."""

import re
from collections.abc import Mapping

from readycheck.host.machine import Machine
from readycheck.host.network.listed import Listed, literal
from readycheck.model.clean import clean
from readycheck.model.network import Interface, LinkKind

_PORTS = ("networksetup", "-listallhardwareports")
_ROUTES = ("netstat", "-rn")
_DNS = ("scutil", "--dns")
_PORT = re.compile(r"^Hardware Port: (.*)\nDevice: (\S+)$", re.MULTILINE)
_TUNNELS = ("utun", "ipsec")
_MADE_UP = (
    "bridge",
    "awdl",
    "llw",
    "anpi",
    "ap",
    "vmenet",
    "feth",
    "gif",
    "stf",
    "vlan",
    "bond",
    "vnic",
    "vmnet",
    "vboxnet",
)
_LONGEST_TEXT = 200_000


def interfaces(machine: Machine, entries: list[Listed]) -> list[Interface]:
    """Each interface with its kind and its default routes."""
    output = machine.output(*_PORTS)
    ports = {device: clean(port) for port, device in _PORT.findall(output.text[:_LONGEST_TEXT].replace("\r", ""))}
    routes = _default_routes(machine, {entry.name for entry in entries})
    return [_interface(entry, ports, routes.get(entry.name, [])) for entry in entries]


def _interface(entry: Listed, ports: Mapping[str, str], routes: list[tuple[int, str | None]]) -> Interface:
    kind, is_vpn, sign = _kind(entry, ports)
    routes = sorted(routes, key=lambda one: one[0])
    return Interface(
        name=clean(entry.name),
        kind=kind,
        is_up=entry.is_up,
        is_vpn=is_vpn,
        sign=sign,
        description=ports.get(entry.name),
        speed_bps=entry.speed_bps,
        mtu_byte=entry.mtu_byte,
        addresses=entry.addresses,
        gateways=tuple(dict.fromkeys(gateway for _, gateway in routes if gateway)),
        metric=routes[0][0] if routes else None,
    )


def _kind(entry: Listed, ports: Mapping[str, str]) -> tuple[LinkKind, bool | None, str]:  # noqa: PLR0911 - a table
    name, port = entry.name, ports.get(entry.name, "")
    if name.startswith("lo"):
        return "loopback", False, "lo"
    if name.startswith(_TUNNELS):  # Apple's own services have some too, with addresses of the link alone
        is_vpn = entry.is_up and bool(entry.addresses)
        return "virtual", is_vpn, "tunnel with an address" if is_vpn else "tunnel without an address"
    if name.startswith("ppp"):
        return "unknown", None, "ppp"
    if name.startswith(_MADE_UP) or "Bridge" in port:
        return "virtual", False, port or "name"
    if re.search(r"Wi-Fi|AirPort", port):
        return "wifi", False, port
    if re.search(r"iPhone|iPad|WWAN|Modem", port):
        return "cellular", False, port
    if re.search(r"Ethernet|LAN\b|Thunderbolt|AX88|RTL8", port):
        return "ethernet", False, port
    return "unknown", False if port else None, port or "no hardware port"  # such as a VPN's own: gpd0, cscotun0


def _default_routes(machine: Machine, names: set[str]) -> dict[str, list[tuple[int, str | None]]]:
    """By interface: rank and gateway. The one without the flag I (scoped to its interface) is the one taken."""
    found: dict[str, list[tuple[int, str | None]]] = {}
    for line in machine.output(*_ROUTES).text[:_LONGEST_TEXT].splitlines():
        cells = line.split()
        if len(cells) < 4 or cells[0] != "default":  # noqa: PLR2004 - destination, gateway, flags, interface
            continue
        name = next((cell for cell in cells[3:] if cell in names), None)
        if name:
            found.setdefault(name, []).append((int("I" in cells[2]), literal(cells[1], on_link=True)))
    return found


def dns_servers(machine: Machine) -> tuple[str, ...]:
    """The servers of every resolver, the first one's first."""
    named = re.findall(r"^\s*nameserver\[\d+\] : (\S+)", machine.output(*_DNS).text[:_LONGEST_TEXT], re.MULTILINE)
    found = (literal(one, on_link=True) for one in named[:64])
    return tuple(dict.fromkeys(one for one in found if one))
