"""Windows' interfaces (GetAdaptersAddresses): kind by IANA's ifType and by the driver's own description."""

from readycheck.host.network.known import (
    is_ipv6_transition,
    is_phone,
    is_shared_by_usb,
    is_virtual_adapter,
    is_vpn_adapter,
    may_be_vpn_adapter,
)
from readycheck.host.network.listed import Listed
from readycheck.model.clean import clean
from readycheck.model.network import Interface, LinkKind

_ETHERNET, PPP, _LOOPBACK, _VIRTUAL, _WIFI, _TUNNEL = 6, 23, 24, 53, 71, 131
_CELLULAR = (243, 244)  # wwanPP, wwanPP2


def interfaces(entries: list[Listed]) -> list[Interface]:
    """Each interface with its kind."""
    return [_interface(entry) for entry in entries]


def _interface(entry: Listed) -> Interface:
    kind, is_vpn, sign = _kind(entry)
    return Interface(
        name=clean(entry.name),
        kind=kind,
        is_up=entry.is_up,
        is_vpn=is_vpn,
        sign=sign,
        description=entry.description,
        speed_bps=None if is_vpn else entry.speed_bps,  # a tunnel's driver makes one up
        mtu_byte=entry.mtu_byte,
        addresses=entry.addresses,
        gateways=entry.gateways,
        dns_servers=entry.dns_servers,
    )


def _kind(entry: Listed) -> tuple[LinkKind, bool | None, str]:  # noqa: PLR0911 - a table of kinds
    by_type, description = f"ifType {entry.type}", entry.description or ""
    if entry.type == _LOOPBACK:
        return "loopback", False, by_type
    if is_vpn_adapter(description):
        return "virtual", True, f"{description} ({by_type})"
    if is_virtual_adapter(description):
        return "virtual", False, f"{description} ({by_type})"
    if entry.type == _WIFI:
        return "wifi", False, by_type
    if entry.type in _CELLULAR or is_phone(description):
        return "cellular", False, by_type if entry.type in _CELLULAR else description
    if entry.type in (_TUNNEL, _VIRTUAL):
        return "virtual", False if is_ipv6_transition(description) else None, by_type
    if may_be_vpn_adapter(description) and entry.type != PPP:
        return "virtual", None, f"{description} ({by_type})"
    if entry.type == PPP:
        return "unknown", None, "ppp"
    if entry.type == _ETHERNET and not is_shared_by_usb(description):
        return "ethernet", False, by_type
    return "unknown", False, by_type
