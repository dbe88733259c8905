"""What must not stand in a report: credentials that somebody quotes back, and addresses of people in full."""

import ipaddress
import json
import re
from collections.abc import Collection, Iterable
from typing import Any

_SHORTEST_SECRET = 4  # a shorter one stands in half of all words
_QUOTING = frozenset({"detail", "phrase", "via", "server", "cause", "passed_through", "location", "issuer_said"})


def without_secrets(value: Any, secrets: Collection[str]) -> Any:
    """JSON values whose texts that quote servers and systems do not quote our credentials."""
    if isinstance(value, list | tuple):
        return [without_secrets(item, secrets) for item in value]
    if isinstance(value, dict):
        return {
            key: _scrubbed(item, secrets) if key in _QUOTING else without_secrets(item, secrets)
            for key, item in value.items()
        }
    return value


def _scrubbed(text: Any, secrets: Collection[str]) -> Any:
    if isinstance(text, str):
        for secret in sorted(secrets, key=len, reverse=True):
            if len(secret) >= _SHORTEST_SECRET:
                text = text.replace(secret, "…")
    return text


IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)")
IPV6 = re.compile(r"(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}(?:[0-9a-fA-F]{1,4}|(?<=::))(?!\w|:[\w:])")
"""Also before a colon that ends a clause, as `ping` and many errors put one."""


def cut_public_addresses(value: Any) -> Any:
    """JSON values with public addresses cut to /24 and /48; URLs of the profile keep theirs, and versions are none."""
    if isinstance(value, str):
        return IPV6.sub(_cut, IPV4.sub(_cut, value))
    if isinstance(value, list | tuple):
        return [cut_public_addresses(item) for item in value]
    if isinstance(value, dict):
        return {key: item if _no_address(key) else cut_public_addresses(item) for key, item in value.items()}
    return value


def _no_address(key: str) -> bool:
    return key == "url" or key.endswith("version")


def _cut(match: re.Match[str]) -> str:
    try:
        address = ipaddress.ip_address(match[0])
    except ValueError:
        return match[0]
    if not address.is_global:
        return match[0]
    prefix = 24 if address.version == 4 else 48  # noqa: PLR2004 - IP version
    return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))


_NAMED_BY_ADDRESS = re.compile(r"(?:en|ib|sl|wl|ww)x[0-9a-f]{12}(?![0-9A-Za-z])")
"""Linux' names of cards on USB and in docks, whose MAC address they hold (systemd.net-naming-scheme(7))."""


def interface_stand_ins(texts: Iterable[str]) -> dict[str, str]:
    """For each such name one with the vendor's half of the address and a number: two cards stay two."""
    names = sorted({match[0] for text in texts for match in _NAMED_BY_ADDRESS.finditer(text)})
    return {name: f"{name[:9]}{number:06x}" for number, name in enumerate(names)}


def cut_interface_names(value: Any) -> Any:
    """JSON values without hardware addresses in names of interfaces."""
    text = json.dumps(value)
    names = interface_stand_ins([text])
    return json.loads(_NAMED_BY_ADDRESS.sub(lambda match: names[match[0]], text)) if names else value
