"""Linux' interfaces: kind by what sysfs says of each, default routes by /proc/net (proc_pid_net(5))."""

import contextlib
import glob
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from readycheck.host.machine import Machine, printed, text_of
from readycheck.host.network.known import VIRTUAL_DRIVERS
from readycheck.host.network.listed import Listed, literal
from readycheck.model.clean import clean
from readycheck.model.network import Interface, LinkKind

_NET = "/sys/class/net"
# include/uapi/linux/if_arp.h
_ETHER, _PPP, _TUNNEL4, _TUNNEL6, _LOOPBACK, _SIT, _GRE, _NONE = 1, 512, 768, 769, 772, 776, 778, 65534
_TAP_FLAG = 0x2  # include/uapi/linux/if_tun.h: IFF_TAP
_UP_FLAG, _GATEWAY_FLAG = 0x1, 0x2  # include/uapi/linux/route.h: RTF_UP, RTF_GATEWAY
_DEEPEST = 4

Kind = tuple[LinkKind, bool | None, str]


@dataclass(frozen=True)
class _DefaultRoute:
    interface: str
    gateway: str | None
    metric: int


def interfaces(machine: Machine, entries: list[Listed]) -> list[Interface]:
    """Each interface with its kind and its default routes."""
    routes = [*_ipv4_defaults(machine), *_ipv6_defaults(machine)]
    return [_interface(machine, entry, [one for one in routes if one.interface == entry.name]) for entry in entries]


def _interface(machine: Machine, entry: Listed, routes: list[_DefaultRoute]) -> Interface:
    kind, is_vpn, sign = _kind(machine, entry.name)
    routes = sorted(routes, key=lambda one: one.metric)
    return Interface(
        name=clean(entry.name),
        kind=kind,
        is_up=entry.is_up,
        is_vpn=is_vpn,
        sign=sign,
        speed_bps=None if kind == "virtual" else entry.speed_bps,  # a tunnel's driver makes one up
        mtu_byte=entry.mtu_byte,
        addresses=entry.addresses,
        gateways=tuple(dict.fromkeys(one.gateway for one in routes if one.gateway)),
        metric=routes[0].metric if routes else None,
    )


def _kind(machine: Machine, name: str, depth: int = 0) -> Kind:
    folder = f"{_NET}/{name}"
    kind = re.search(r"^DEVTYPE=(\w+)$", text_of(machine, f"{folder}/uevent"), re.MULTILINE)
    hardware, devtype = _number(text_of(machine, f"{folder}/type")), kind[1] if kind else ""
    if hardware == _LOOPBACK:
        return "loopback", False, f"type {hardware}"
    if devtype in {"wlan", "wwan"}:
        return "wifi" if devtype == "wlan" else "cellular", False, f"DEVTYPE={devtype}"
    if machine.paths(f"{glob.escape(folder)}/phy80211") or machine.paths(f"{glob.escape(folder)}/wireless"):
        return "wifi", False, "phy80211"
    return (
        _tunnel(machine, folder, hardware, devtype)
        or _stacked(machine, folder, depth)
        or _card(machine, folder, hardware)
    )


def _tunnel(machine: Machine, folder: str, hardware: int | None, devtype: str) -> Kind | None:
    """WireGuard and TUN devices carry VPNs; a TAP device and other tunnels may be something else."""
    if devtype == "wireguard":
        return "virtual", True, "DEVTYPE=wireguard"
    flags = _number(text_of(machine, f"{folder}/tun_flags"))
    if flags is not None and not flags & _TAP_FLAG:
        return "virtual", True, "tun"
    if flags is not None:
        return "virtual", False if machine.target(f"{folder}/master") else None, "tap"
    if hardware == _PPP:
        return "unknown", None, "ppp"
    if hardware in (_TUNNEL4, _TUNNEL6, _SIT, _GRE, _NONE):
        return "virtual", None, f"type {hardware}"
    return None


def _stacked(machine: Machine, folder: str, depth: int) -> Kind | None:
    """A bridge, a bond or a VLAN is of the kind that lies beneath it."""
    beneath = [path.rpartition("/lower_")[2] for path in machine.paths(f"{glob.escape(folder)}/lower_*")]
    if not beneath or depth >= _DEEPEST:
        return None
    kinds = [_kind(machine, name, depth + 1) for name in beneath[:16]]
    kind = next((one for one in kinds if one[0] != "virtual"), kinds[0])
    return kind[0], kind[1], clean(f"over {beneath[kinds.index(kind)]}: {kind[2]}")


def _card(machine: Machine, folder: str, hardware: int | None) -> Kind:
    device = machine.target(folder) or ""
    if "/devices/virtual/" in device:
        return "virtual", False, "/sys/devices/virtual"
    driver = clean((machine.target(f"{folder}/device/driver") or "").rpartition("/")[2])
    if driver in VIRTUAL_DRIVERS:
        return "virtual", False, f"driver {driver}"
    if driver == "ipheth":
        return "cellular", False, "driver ipheth (a telephone)"
    if hardware == _ETHER and driver != "rndis_host":  # what is behind such a cable may be of any kind
        return "ethernet", False, f"driver {driver}" if driver else f"type {hardware}"
    return "unknown", False, f"type {hardware}"


def _number(text: str) -> int | None:
    try:
        return int(text.strip()[:20], 0)
    except ValueError:
        return None


def _ipv4_defaults(machine: Machine) -> Iterator[_DefaultRoute]:
    """/proc/net/route: addresses are the machine's own words, in hexadecimal."""
    for line in text_of(machine, "/proc/net/route").splitlines()[1:]:
        cells = line.split()
        with contextlib.suppress(ValueError, IndexError):
            name, destination, gateway, flags, mask = cells[0], cells[1], cells[2], int(cells[3], 16), cells[7]
            if int(destination, 16) == int(mask, 16) == 0 and flags & _UP_FLAG:
                octets = bytes.fromhex(gateway)[::-1] if flags & _GATEWAY_FLAG else b""
                yield _DefaultRoute(name, str(ipaddress.IPv4Address(octets)) if octets else None, int(cells[6]))


def _ipv6_defaults(machine: Machine) -> Iterator[_DefaultRoute]:
    """/proc/net/ipv6_route: destination, its length, source, its length, next hop, metric, …, flags, interface."""
    for line in text_of(machine, "/proc/net/ipv6_route").splitlines():
        cells = line.split()
        with contextlib.suppress(ValueError, IndexError):
            name, metric, flags = cells[9], int(cells[5], 16), int(cells[8], 16)
            if int(cells[0], 16) == int(cells[1], 16) == 0 and flags & _UP_FLAG and name != "lo":
                hop = ipaddress.IPv6Address(bytes.fromhex(cells[4]))
                zone = f"%{name}" if hop.is_link_local else ""
                yield _DefaultRoute(name, literal(f"{hop}{zone}", on_link=True), metric)


def device_to(machine: Machine, address: str) -> str | None:
    """The interface by which the kernel would send to this address (ip-route(8))."""
    device = re.search(r"\bdev (\S+)", printed(machine, "ip", "route", "get", address))
    return clean(device[1]) if device else None


def dns_servers(machine: Machine) -> tuple[str, ...]:
    """resolv.conf's servers (resolv.conf(5)); those behind systemd-resolved where it stands in."""
    for path in ("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"):
        named = re.findall(r"^\s*nameserver\s+(\S+)", text_of(machine, path), re.MULTILINE)
        found = [address for one in named[:16] if (address := literal(one, on_link=True))]
        if found and not all(ipaddress.ip_address(one).is_loopback for one in found):
            return tuple(found)
    return ()
