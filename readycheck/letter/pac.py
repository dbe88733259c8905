"""Lines for a PAC file: valid JavaScript, ASCII, no name looked up, nothing matched beyond what was asked for."""

import ipaddress
import json
import re
from dataclasses import dataclass

from readycheck.letter.address import network

_LABELS = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_NAME = re.compile(rf"{_LABELS}(?:\.{_LABELS})*")
_PATTERN = re.compile(r"[a-z0-9_.*-]*")


@dataclass(frozen=True)
class PacLines:
    """The lines, none if there is nothing to say; and the destinations for which no line can be given."""

    text: str
    left_out: tuple[str, ...]


def pac_lines(identifier: str, destinations: tuple[str, ...]) -> PacLines:
    """Lines for the top of FindProxyForURL(url, host) that send these destinations direct."""
    conditions = {name: _condition(name) for name in destinations}
    lines = list(dict.fromkeys(f'if ({test}) return "DIRECT";' for test in conditions.values() if test))
    left_out = tuple(name for name, test in conditions.items() if not test)
    if not lines:
        return PacLines("", left_out)
    mark = re.sub(r"[^A-Za-z0-9._-]", "", identifier)
    return PacLines("\n".join([f"// BEGIN softphone {mark}", *lines, f"// END softphone {mark}"]), left_out)


def _condition(destination: str) -> str | None:
    """The JavaScript that is true for this destination alone; None where PAC has no safe way to say it."""
    found = network(destination)
    if found:
        return _within(found)
    host = _ascii(destination)
    if _NAME.fullmatch(host):
        return f"host == {json.dumps(host)}"
    if host.startswith("*.") and _NAME.fullmatch(host[2:]):
        return f"dnsDomainIs(host, {json.dumps(host[1:])})"
    if "*" in host and _PATTERN.fullmatch(host):
        return f"shExpMatch(host, {json.dumps(host)})"
    return None


def _within(found: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str | None:
    if found.num_addresses == 1:
        return f"host == {json.dumps(str(found.network_address))}"
    if found.version == 6:  # noqa: PLR2004 - isInNet is for IPv4 alone
        return None
    # isInNet looks up whatever is no address: behind a proxy that delays every page, so names are kept from it
    literal = r"/^\d+\.\d+\.\d+\.\d+$/.test(host)"
    return f'{literal} && isInNet(host, "{found.network_address}", "{found.netmask}")'


def _ascii(name: str) -> str:
    """As browsers hand names to a PAC file."""
    if name.isascii():
        return name
    try:
        return ".".join(part if part == "*" else part.encode("idna").decode() for part in name.split("."))
    except UnicodeError:
        return name
