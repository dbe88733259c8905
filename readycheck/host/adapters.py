"""Windows' network adapters as GetAdaptersAddresses lays them out in memory (iptypes.h)."""

import ctypes
import ipaddress
import struct
from collections.abc import Iterator
from ctypes import POINTER, Structure, c_int32, c_uint8, c_uint32, c_uint64, c_void_p, c_wchar_p
from typing import Any

_UP = 1
_INET, _INET6 = 2, 23
_UNKNOWN_SPEED, _UNKNOWN_MTU = 2**64 - 1, 2**32 - 1
_NOBODY = ipaddress.ip_network("fec0:0:0:ffff::/64")
"""What Windows writes down where no DNS server over IPv6 is known."""


class SocketAddress(Structure):
    """SOCKET_ADDRESS."""

    _fields_ = [("octets", c_void_p), ("size_byte", c_int32)]


class Address(Structure):
    """The beginning that IP_ADAPTER_UNICAST_, _DNS_SERVER_ and _GATEWAY_ADDRESS have in common."""


Address._fields_ = [
    ("size_byte", c_uint32),
    ("flags", c_uint32),
    ("next", POINTER(Address)),
    ("address", SocketAddress),
]


class Adapter(Structure):
    """IP_ADAPTER_ADDRESSES_LH as far as it is read."""


Adapter._fields_ = [
    ("size_byte", c_uint32),
    ("index", c_uint32),
    ("next", POINTER(Adapter)),
    ("name", c_void_p),
    ("unicast", POINTER(Address)),
    ("anycast", c_void_p),
    ("multicast", c_void_p),
    ("dns_servers", POINTER(Address)),
    ("dns_suffix", c_void_p),
    ("description", c_wchar_p),
    ("friendly_name", c_wchar_p),
    ("physical_address", c_uint8 * 8),
    ("physical_address_byte", c_uint32),
    ("flags", c_uint32),
    ("mtu", c_uint32),
    ("type", c_uint32),
    ("status", c_uint32),
    ("index_ipv6", c_uint32),
    ("zones", c_uint32 * 16),
    ("prefix", c_void_p),
    ("transmit_bps", c_uint64),
    ("receive_bps", c_uint64),
    ("wins_servers", c_void_p),
    ("gateways", POINTER(Address)),
]


def told(first: Adapter) -> list[dict[str, Any]]:
    """The adapters from this one on, as the fact `interfaces` has them: `type` is IANA's ifType."""
    return [
        {
            "name": one.friendly_name or "",
            "description": one.description or "",
            "type": one.type,
            "is_up": one.status == _UP,
            "speed_mbps": None if one.transmit_bps == _UNKNOWN_SPEED else one.transmit_bps // 10**6,
            "mtu": None if one.mtu == _UNKNOWN_MTU else one.mtu,
            "addresses": list(_addresses(one.unicast)),
            "gateways": list(_addresses(one.gateways)),
            "dns_servers": [text for text in _addresses(one.dns_servers) if ipaddress.ip_address(text) not in _NOBODY],
        }
        for one in _linked(first)
    ]


def _linked(one: Any) -> Iterator[Any]:
    while one is not None:
        yield one
        one = one.next.contents if one.next else None


def _addresses(first: Any) -> Iterator[str]:
    for one in _linked(first.contents if first else None):
        octets = ctypes.string_at(one.address.octets, max(0, one.address.size_byte)) if one.address.octets else b""
        if text := _text(octets):
            yield text


def _text(octets: bytes) -> str:
    """Of a SOCKADDR_IN or SOCKADDR_IN6, with the scope of what is link-local; "" for another family."""
    family = struct.unpack_from("<H", octets)[0] if len(octets) > 1 else 0
    if family == _INET and len(octets) >= 8:  # noqa: PLR2004 - family, port, address
        return str(ipaddress.IPv4Address(octets[4:8]))
    if family == _INET6 and len(octets) >= 28:  # noqa: PLR2004 - family, port, flow, address, scope
        (scope,) = struct.unpack_from("<I", octets, 24)
        return f"{ipaddress.IPv6Address(octets[8:24])}" + (f"%{scope}" if scope else "")
    return ""
