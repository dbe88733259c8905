"""STUN messages (RFC 8489): aioice's codec, with the attributes that it lacks and a decoder that cannot fault."""

import struct
from ipaddress import ip_address

from aioice import stun
from aioice.stun import Class, Message, Method

__all__ = ["Address", "Class", "Malformed", "Message", "Method", "decode", "error", "is_channel_data", "mapped_address"]

Address = tuple[str, int]

IPV4_FAMILY = 0x01
IPV6_FAMILY = 0x02
_FIRST_CHANNEL = 0x40  # RFC 8656 section 12: channels are 0x4000 to 0x4FFF
_LAST_CHANNEL = 0x4F

_MISSING: list[stun.AttributeEntry] = [
    # RFC 8656 section 18.9: the family in the first octet, the rest reserved
    (0x0017, "REQUESTED-ADDRESS-FAMILY", lambda family: bytes((family, 0, 0, 0)), lambda data: data[0]),
    # RFC 5780 section 7.5: the port in the first two octets, the rest padding
    (0x0027, "RESPONSE-PORT", lambda port: struct.pack("!HH", port, 0), lambda data: struct.unpack_from("!H", data)[0]),
    (0x000A, "UNKNOWN-ATTRIBUTES", stun.pack_bytes, stun.unpack_bytes),
    (0x8023, "ALTERNATE-SERVER", stun.pack_address, stun.unpack_address),
]


def _error_code(data: bytes) -> tuple[int, str]:
    number, _ = stun.unpack_error_code(data[:4])
    return number, data[4:].decode("utf-8", "replace")


# Phrases and realms are a server's own: what is not UTF-8 must not make its answer unreadable.
_TOLERANT: list[stun.AttributeEntry] = [
    (0x0009, "ERROR-CODE", stun.pack_error_code, _error_code),
    (
        0x0014,
        "REALM",
        lambda text: text.encode("utf-8", "surrogateescape"),
        lambda data: data.decode("utf-8", "surrogateescape"),
    ),
    (0x8022, "SOFTWARE", stun.pack_string, lambda data: data.decode("utf-8", "replace")),
]
for _entry in _TOLERANT:
    stun.ATTRIBUTES_BY_TYPE[_entry[0]] = stun.ATTRIBUTES_BY_NAME[_entry[1]] = _entry
for _entry in _MISSING:
    stun.ATTRIBUTES_BY_TYPE.setdefault(_entry[0], _entry)
    stun.ATTRIBUTES_BY_NAME.setdefault(_entry[1], _entry)


class Malformed(ValueError):
    """These octets are no STUN message."""


def decode(data: bytes) -> Message:
    """Read one STUN message; anything else raises Malformed.

    aioice raises struct.error, IndexError and UnicodeDecodeError on some junk, ignores the cookie and the two
    leading bits, and skips unknown comprehension-required attributes, which RFC 8489 section 6.3 forbids.
    """
    try:
        if data[0] & 0xC0 or data[4:8] != struct.pack("!I", stun.COOKIE):
            raise Malformed("no STUN cookie")
        message = stun.parse_message(data)
        unknown = _unknown_required_attributes(data)
    except (ValueError, struct.error, IndexError) as error:
        raise Malformed(str(error)) from None
    if unknown:
        raise Malformed(f"unknown comprehension-required attribute 0x{unknown[0]:04x}")
    return message


def _unknown_required_attributes(data: bytes) -> list[int]:
    """Types below 0x8000 that the codec does not know, up to MESSAGE-INTEGRITY."""
    unknown, position = [], stun.HEADER_LENGTH
    while position <= len(data) - 4:
        kind, length = struct.unpack_from("!HH", data, position)
        if position + 4 + length > len(data):
            raise Malformed("attribute longer than the message")
        if kind == stun.ATTRIBUTES_BY_NAME["MESSAGE-INTEGRITY"][0]:
            break
        if kind < 0x8000 and kind not in stun.ATTRIBUTES_BY_TYPE:  # noqa: PLR2004 - RFC 8489 section 14
            unknown.append(kind)
        position += 4 + length + stun.padding_length(length)
    return unknown


def is_channel_data(data: bytes) -> bool:
    """Whether this is ChannelData (RFC 8656 section 12.4) and not a STUN message."""
    return bool(data) and _FIRST_CHANNEL <= data[0] <= _LAST_CHANNEL


def error(message: Message) -> tuple[int, str] | None:
    """The ERROR-CODE of a response, as number and phrase; None if it carries none."""
    value: tuple[int, str] | None = message.attributes.get("ERROR-CODE")
    return value


def mapped_address(message: Message) -> Address | None:
    """The reflexive transport address: XOR-MAPPED-ADDRESS, or MAPPED-ADDRESS of old servers."""
    value: Address | None = message.attributes.get("XOR-MAPPED-ADDRESS") or message.attributes.get("MAPPED-ADDRESS")
    return value


def hostport(host: str, port: int) -> str:
    """`address:port`, an IPv6 literal in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def address_family(host: str) -> int:
    """The family number of RFC 8489 section 14.1 of an address literal."""
    return IPV4_FAMILY if ip_address(host).version == 4 else IPV6_FAMILY  # noqa: PLR2004 - IP version
