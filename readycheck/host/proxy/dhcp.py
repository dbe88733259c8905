"""The PAC file's address that a DHCP server gave (option 252), where the system tells it without rights.

Whoever runs the network writes this: only http and https addresses are taken, never a file of this machine.
"""

import re
import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from readycheck.host.machine import Machine
from readycheck.host.machine import text_of as text_of_file
from readycheck.host.registry import Registry, number_of, text_of

OPTION = 252
NMCLI = ("nmcli", "--terse", "--fields", "GENERAL.DEVICE,DHCP4", "device", "show")
ROUTE = ("route", "-n", "get", "default")
INTERFACES = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces"
_LONGEST_URL = 2048
_MOST_FILES = 32
_LEASES_OF_THIS_BOOT = "/run/systemd/netif/leases/*"
_LEASES = (
    "/var/lib/dhcp/dhclient*.lease*",
    "/var/lib/dhclient/*.lease*",
    "/var/lib/NetworkManager/dhclient*.lease*",
)
_NEVER = datetime.max.replace(tzinfo=UTC)
# dhclient knows no name for the option: its configuration gives one (NetworkManager's and most guides': wpad)
_NAMES = r"(?:wpad|wpad-url|wpad-string|proxy-auto-discovery|auto-proxy-config|unknown-252)"
_DHCLIENT = re.compile(rf"^\s*option\s+{_NAMES}\s+(?P<value>.+?);\s*$", re.MULTILINE)
_EXPIRY = re.compile(r"^\s*expire\s+(?:epoch\s+(?P<epoch>\d+)|\d\s+(?P<date>\d+/\d+/\d+ \d+:\d+:\d+))", re.MULTILINE)
_NETWORKD = re.compile(rf"^OPTION_{OPTION}=(?P<hex>[0-9A-Fa-f]+)\s*$", re.MULTILINE)
_NETWORK_MANAGER = re.compile(
    r"^DHCP4\.OPTION\[\d+\]:\s*(?:wpad|private_proxy_autodiscovery) = (?P<value>.*)$", re.MULTILINE
)
_MACOS = re.compile(rf"^\s*(?:proxy_auto_discovery_url|option_{OPTION}|{OPTION}) \(\w+\): (?P<value>.*)$", re.MULTILINE)
_ENTRY = struct.Struct("<5I")  # code, vendor's class, length, whether it is a vendor's, when it ends


def usable_url(value: str | bytes) -> str | None:
    """The address without the NUL or line end that many servers append; None for what is no web address."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    text = text.partition("\0")[0].strip()
    if len(text) > _LONGEST_URL or not text.isprintable() or not text.isascii() or " " in text:
        return None
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return text if usable else None


def from_network_manager(output: str) -> str | None:
    """What `nmcli` printed of active devices, that of the default route first as it orders them."""
    return _first(_unescaped(match["value"]) for match in _NETWORK_MANAGER.finditer(output))


def from_lease_files(machine: Machine, now: datetime) -> str | None:
    """What systemd-networkd keeps until the machine stops; else dhclient's lease that ends last, and not yet."""
    of_this_boot = [text_of_file(machine, path) for path in machine.paths(_LEASES_OF_THIS_BOOT)[:_MOST_FILES]]
    paths = [path for pattern in _LEASES for path in machine.paths(pattern)]
    kept = [text_of_file(machine, path) for path in paths[:_MOST_FILES]]
    kept.sort(key=lambda text: _expiry(_last_block(text)) or _NEVER, reverse=True)
    return next((url for text in (*of_this_boot, *kept) if (url := from_lease(text, now))), None)


def from_lease(text: str, now: datetime) -> str | None:
    """A dhclient lease file, whose last block is the one in use, or one of systemd-networkd's."""
    networkd = _NETWORKD.search(text)
    if networkd:
        digits = networkd["hex"]
        return usable_url(bytes.fromhex(digits)) if len(digits) % 2 == 0 else None
    block = _last_block(text)
    if (end := _expiry(block)) and end < now:
        return None
    return _first(_dhclient_value(match["value"]) for match in _DHCLIENT.finditer(block))


def macos_packet_command(default_route: str) -> Sequence[str]:
    """The command that prints the lease of the interface that `route -n get default` named; empty if it named none."""
    interface = re.search(r"^\s*interface: ([a-z]+\d+)\s*$", default_route, re.MULTILINE)
    return ("ipconfig", "getpacket", interface[1]) if interface else ()


def from_macos_packet(output: str) -> str | None:
    """What `ipconfig getpacket` printed. The line's form is documented by others and was not seen by us."""
    return _first(match["value"] for match in _MACOS.finditer(output))


def from_registry(registry: Registry, now: datetime) -> str | None:
    """Windows: the options that the DHCP client keeps for every interface, and that have not ended."""
    for name in registry.subkeys(INTERFACES):
        values = registry.values(rf"{INTERFACES}\{name}")
        if number_of(values.get("enabledhcp")) == 0 or text_of(values.get("dhcpipaddress")) in {"", "0.0.0.0"}:  # noqa: S104 - compared, not bound
            continue
        if url := _first(interface_options(values.get("dhcpinterfaceoptions"), now)):
            return url
    return None


def interface_options(value: object, now: datetime) -> Iterator[bytes]:
    """Option 252 of DhcpInterfaceOptions: entries of five numbers and a value, padded to four bytes.

    Microsoft documents no layout. This one is that of public readers, agrees with exports that people published, and
    was not seen by us on a machine.
    """
    content, at = value if isinstance(value, bytes) else b"", 0
    while at + _ENTRY.size <= len(content):
        code, _, length, of_vendor, end = _ENTRY.unpack_from(content, at)
        at += _ENTRY.size
        if length > len(content) - at:
            return
        if code == OPTION and not of_vendor and length and end > now.timestamp():
            yield content[at : at + length]
        at += (length + 3) // 4 * 4


def _first(values: Iterator[str] | Iterator[bytes]) -> str | None:
    return next((url for value in values if (url := usable_url(value))), None)


def _unescaped(value: str) -> str:
    """NetworkManager writes what cannot be printed as three octal digits; terse tables escape colons as well."""
    return re.sub(r"\\([0-7]{3}|[:\\])", _character, value)


def _character(match: re.Match[str]) -> str:
    return chr(int(match[1], 8) & 0xFF) if match[1].isdigit() else match[1]


def _dhclient_value(value: str) -> bytes:
    """A quoted text with octal escapes, or bytes in hexadecimal between colons."""
    if value.startswith('"'):
        return re.sub(r"\\([0-7]{3}|[\"\\])", _character, value.strip('"')).encode("utf-8", "replace")
    try:
        return bytes(int(digits, 16) for digits in value.split(":"))
    except ValueError:
        return b""


def _last_block(text: str) -> str:
    return text.rpartition("lease {")[2]


def _expiry(block: str) -> datetime | None:
    """When a dhclient lease ends; None for never, and for what cannot be read."""
    match = _EXPIRY.search(block)
    try:
        if match and match["epoch"]:
            return datetime.fromtimestamp(int(match["epoch"]), UTC)
        return datetime.strptime(match["date"], "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC) if match else None
    except (ValueError, OverflowError, OSError):
        return None
