"""Which URLs a manual configuration leaves out, as Chromium reads bypass lists (net/docs/proxy.md)."""

import fnmatch
import ipaddress
import re
from collections.abc import Sequence

from readycheck.net.pac.url import Target

LOOPBACK_TOO = "<-loopback>"  # takes the implicit rules away
_LINK_LOCAL = (ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("fe80::/10"))
_RULE = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>\d{1,5}))?", re.IGNORECASE
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def bypasses(target: Target, rules: Sequence[str]) -> bool:
    """Whether the list sends this target past the proxy."""
    rules = [rule.strip().lower() for rule in rules]
    if LOOPBACK_TOO not in rules and implicitly_bypassed(target):
        return True
    return any(_matches(target, rule) for rule in rules)


def implicitly_bypassed(target: Target) -> bool:
    """Whether browsers go direct whatever the configuration says, a PAC file included: loopback and link-local."""
    address = _literal(target.host)
    if address is None:
        name = target.host.rstrip(".")
        return name == "localhost" or name.endswith(".localhost")
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    return address.is_loopback or any(address in network for network in _LINK_LOCAL)


def _matches(target: Target, rule: str) -> bool:
    if rule == "<local>":
        return "." not in target.host and _literal(target.host) is None
    found = _RULE.fullmatch(rule)
    if "/" in rule.partition("://")[2] or ("/" in rule and "://" not in rule):
        scheme, _, network = rule.rpartition("://")
        return scheme in {"", target.scheme} and _in_network(target.host, network)
    if _literal(rule) is not None:
        return _literal(rule) == _literal(target.host)
    if not found or not found["host"]:
        return False
    if (found["scheme"] or target.scheme) != target.scheme or int(found["port"] or target.port) != target.port:
        return False
    return _host_matches(target.host, found["host"].strip("[]"))


def _host_matches(host: str, pattern: str) -> bool:
    literal = _literal(pattern)
    if literal is not None:
        return literal == _literal(host)
    pattern = f"*{pattern}" if pattern.startswith(".") else pattern
    return fnmatch.fnmatchcase(host, pattern.replace("[", "[[]"))


def _in_network(host: str, network: str) -> bool:
    """Of literals alone: names are not looked up for this."""
    address = _literal(host)
    try:
        return address is not None and address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _literal(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
