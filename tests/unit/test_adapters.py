"""Windows' adapters, read from memory laid out as iptypes.h says."""

import ctypes
import ipaddress
import struct
from typing import Any

import pytest

from readycheck.host.adapters import Adapter, Address, told

KEPT: list[Any] = []
"""What the structures point to must outlive them."""


def socket_address(text: str) -> bytes:
    address = ipaddress.ip_address(text.partition("%")[0])
    if address.version == 4:
        return struct.pack("<HH", 2, 0) + address.packed + bytes(8)
    return struct.pack("<HHI", 23, 0, 0) + address.packed + struct.pack("<I", int(text.partition("%")[2] or 0))


def addresses(*octets: bytes) -> Any:
    following = None
    for one in reversed(octets):
        buffer = ctypes.create_string_buffer(one, max(1, len(one)))
        entry = Address()
        entry.address.octets, entry.address.size_byte = ctypes.addressof(buffer), len(one)
        if following is not None:
            entry.next = ctypes.pointer(following)
        KEPT.extend((buffer, entry))
        following = entry
    return None if following is None else ctypes.pointer(following)


def adapter(following: Adapter | None = None, **fields: Any) -> Adapter:
    found = Adapter(**fields)
    if following is not None:
        found.next = ctypes.pointer(following)
    KEPT.append(found)
    return found


def test_layout_is_that_of_64_bit_windows() -> None:
    """Offsets as the compiler places iptypes.h's members for x86-64."""
    offsets = {
        name: getattr(Adapter, name).offset for name in ("unicast", "dns_servers", "description", "mtu", "gateways")
    }

    assert ctypes.sizeof(ctypes.c_void_p) == 8
    assert offsets == {"unicast": 24, "dns_servers": 48, "description": 64, "mtu": 96, "gateways": 208}
    assert (Adapter.type.offset, Adapter.transmit_bps.offset, Address.address.offset) == (100, 184, 16)


def test_adapters_are_told_one_after_the_other() -> None:
    """Names, IANA's type, state, speed, addresses, gateways and name servers; what nobody wrote down is None."""
    second = adapter(friendly_name="Loopback", type=24, transmit_bps=2**64 - 1, mtu=2**32 - 1)
    first = adapter(
        second,
        friendly_name="Wi-Fi",
        description="Intel(R) Wi-Fi 6E AX211 160MHz",
        type=71,
        status=1,
        mtu=1500,
        transmit_bps=573_500_000,
        unicast=addresses(socket_address("192.0.2.31"), socket_address("fe80::1%12")),
        gateways=addresses(socket_address("192.0.2.1")),
        dns_servers=addresses(socket_address("192.0.2.53"), socket_address("fec0:0:0:ffff::1%1")),
    )
    wifi, loopback = told(first)

    assert wifi == {
        "name": "Wi-Fi",
        "description": "Intel(R) Wi-Fi 6E AX211 160MHz",
        "type": 71,
        "is_up": True,
        "speed_mbps": 573,
        "mtu": 1500,
        "addresses": ["192.0.2.31", "fe80::1%12"],
        "gateways": ["192.0.2.1"],
        "dns_servers": ["192.0.2.53"],
    }
    assert (loopback["name"], loopback["speed_mbps"], loopback["mtu"], loopback["addresses"]) == (
        "Loopback",
        None,
        None,
        [],
    )


@pytest.mark.parametrize(
    "octets", [b"", b"\x02", b"\x02\x00\x00\x00", b"\x17\x00" + bytes(20), b"\xff\xff" + bytes(40)]
)
def test_address_of_another_family_or_cut_is_left_out(octets: bytes) -> None:
    """What is no IPv4 or IPv6 address does not stand among them, and those after it do."""
    (found,) = told(adapter(unicast=addresses(octets, socket_address("192.0.2.9"))))

    assert found["addresses"] == ["192.0.2.9"]
