"""Addresses of a profile or of a report, taken apart: host, port, protocol, and nothing that may be secret."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Protocol = Literal["tcp", "udp"]
Key = tuple[str, str, str]
"""Host in lower case, protocol and port: what makes two addresses the same flow."""

# scheme: protocol, default port, purpose, whether TLS protects it, whether browsers ask a proxy for it
_SCHEMES: dict[str, tuple[Protocol, str, str, bool, bool]] = {
    "https": ("tcp", "443", "web", True, True),
    "http": ("tcp", "80", "web", False, True),
    "wss": ("tcp", "443", "websocket", True, True),
    "ws": ("tcp", "80", "websocket", False, True),
    "stun": ("udp", "3478", "stun", False, False),
    "stamp": ("udp", "862", "reflector", False, False),
    "turn+udp": ("udp", "3478", "turn_udp", False, False),
    "turn+tcp": ("tcp", "3478", "turn_tcp", False, True),
    "turns+tcp": ("tcp", "5349", "turn_tls", True, True),
    "sip+udp": ("udp", "5060", "fallback", False, False),
    "sip+tcp": ("tcp", "5060", "fallback", False, False),
    "sip+tls": ("tcp", "5061", "fallback", True, False),
    "sips+tcp": ("tcp", "5061", "fallback", True, False),
    "sips+tls": ("tcp", "5061", "fallback", True, False),
    "sip+ws": ("tcp", "80", "fallback", False, True),
    "sip+wss": ("tcp", "443", "fallback", True, True),
    "sips+ws": ("tcp", "443", "fallback", True, True),
    "sips+wss": ("tcp", "443", "fallback", True, True),
}
_USUAL_TRANSPORT = {"turn": "udp", "turns": "tcp", "sip": "udp", "sips": "tcp"}
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z]+):(?://)?(?P<rest>.*)", re.DOTALL)
_AUTHORITY = re.compile(
    r"(?:\[(?P<ipv6>[^\[\]]+)\]|(?P<host>[^:\[\]\s]+))(?::(?P<port>[0-9]{1,5}|\ue000[0-9]+\ue001))?"
)
_TRANSPORT = re.compile(r"[?;]transport=([A-Za-z]+)", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_TOKEN = re.compile("\ue000([0-9]+)\ue001")


@dataclass(frozen=True)
class Address:
    """Where one URL leads; `${NAME}` stands where a variable is unset."""

    host: str
    port: str
    protocol: Protocol
    purpose: str
    tls: bool
    proxied: bool
    """Whether a browser asks its proxy configuration on the way there."""

    @property
    def key(self) -> Key:
        """What it has in common with other names of the same flow."""
        return (self.host, self.protocol, self.port)


def parse_address(url: str) -> Address | None:
    """Host and port of a URL that the softphone or a probe meets; None if it is no such URL."""
    masked, shown = _masked(url.strip())
    match = _SCHEME.fullmatch(masked)
    if not match:
        return None
    scheme = match["scheme"].lower()
    if scheme in _USUAL_TRANSPORT:
        asked = _TRANSPORT.search(masked)
        scheme = f"{scheme}+{asked[1].lower() if asked else _USUAL_TRANSPORT[scheme]}"
    where = _AUTHORITY.fullmatch(_authority(scheme, match["rest"]))
    if scheme not in _SCHEMES or not where:
        return None
    protocol, usual_port, purpose, tls, proxied = _SCHEMES[scheme]
    host = _one_spelling(where["ipv6"] or where["host"])
    return Address(shown(host), shown(where["port"] or usual_port), protocol, purpose, tls, proxied)


def _masked(text: str) -> tuple[str, Callable[[str], str]]:
    """The text with each `${NAME}` as one piece that no separator parts; and the way back."""
    variables = _VARIABLE.findall(text)
    numbers = iter(range(len(variables)))
    masked = _VARIABLE.sub(lambda _: f"\ue000{next(numbers)}\ue001", text)
    return masked, lambda part: _TOKEN.sub(lambda token: variables[int(token[1])], part)


def _authority(scheme: str, rest: str) -> str:
    """Host and port. User names and passwords end at the last @: in SIP they may hold ; and ? (RFC 3261 section 25)."""
    if scheme.startswith("sip"):
        return re.split(r"[;?]", rest.rpartition("@")[2])[0]
    return re.split(r"[/?#]", rest)[0].rpartition("@")[2]


def _one_spelling(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host.lower().rstrip(".")


def destination(text: str) -> str:
    """What a flow is asked towards: a name, a wildcard, an address or a network; of a URL the host alone."""
    try:
        found = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        masked, shown = _masked(text.strip())
        parsed = parse_address(text)
        host = re.split(r"[/?#]", masked.rpartition("://")[2])[0].rpartition("@")[2]
        return parsed.host if parsed else shown(_one_spelling(host))
    return str(found if found.num_addresses > 1 else found.network_address)


def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """The network or address that this destination is; None for a name."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def is_any(text: str) -> bool:
    """Whether everybody is meant: *, 0.0.0.0/0 and the like."""
    found = network(text)
    return found.prefixlen == 0 if found else not any(character.isalnum() for character in text)


def is_here(host: str) -> bool:
    """Whether this never leaves the machine."""
    found = network(host)
    return found.is_loopback if found else host == "localhost" or host.endswith(".localhost")


def variables_in(text: str) -> list[str]:
    """The variables that are still written out in a text."""
    return _VARIABLE.findall(text)


def kind(name: str) -> str:
    """What a destination is: a host, a domain with its subdomains, or a network."""
    found = network(name)
    if found and found.num_addresses > 1:
        return "networks"
    return "wildcards" if "*" in name else "names"
