"""The machine's own list of interfaces (the fact `interfaces`), with whatever makes no sense left out."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from readycheck.host.machine import Machine
from readycheck.model.clean import clean
from readycheck.model.failure import FailureCode

_MOST = 256
_MEGABIT = 1_000_000


@dataclass(frozen=True)
class Listed:
    """One interface as the system lists it; `type` is IANA's ifType, which Windows alone tells."""

    name: str
    description: str | None
    type: int | None
    is_up: bool
    speed_bps: int | None
    mtu_byte: int | None
    addresses: tuple[str, ...]
    gateways: tuple[str, ...]
    dns_servers: tuple[str, ...]


def listed(machine: Machine) -> list[Listed] | FailureCode:
    """Every interface, or why none is known."""
    told = machine.fact("interfaces")
    if not isinstance(told.value, list):
        return told.failure or FailureCode.COMPONENT_MISSING
    return [_listed(one) for one in told.value[:_MOST] if isinstance(one, dict) and isinstance(one.get("name"), str)]


def _listed(one: dict[str, Any]) -> Listed:
    speed_mbps, description = _positive(one.get("speed_mbps")), one.get("description")
    return Listed(
        name=one["name"],
        description=clean(description) if isinstance(description, str) and description else None,
        type=_positive(one.get("type")),
        is_up=one.get("is_up") is True,
        speed_bps=speed_mbps * _MEGABIT if speed_mbps else None,
        mtu_byte=_positive(one.get("mtu")),
        addresses=tuple(_addresses(one.get("addresses"))),
        gateways=tuple(_addresses(one.get("gateways"), on_link=True)),
        dns_servers=tuple(_addresses(one.get("dns_servers"), on_link=True)),
    )


def _positive(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 40 else None


def _addresses(values: Any, *, on_link: bool = False) -> Iterator[str]:
    for value in values[:_MOST] if isinstance(values, list) else []:
        if found := literal(value, on_link=on_link):
            yield found


def literal(value: Any, *, on_link: bool = False) -> str | None:
    """An address in its shortest form, with its zone if it holds `on_link` and such are wanted; None if it is none."""
    try:
        address = ipaddress.ip_address(str(value).strip()[:80])
    except ValueError:
        return None
    if address.is_unspecified or (address.is_link_local and not on_link):
        return None
    if isinstance(address, ipaddress.IPv6Address) and not address.is_link_local:
        address = ipaddress.IPv6Address(int(address))  # a zone says nothing there
    return clean(address)
