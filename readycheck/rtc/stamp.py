"""STAMP (RFC 8762) and its TLVs (RFC 8972), octets and values: test packets of session sender and session reflector.

Unauthenticated base packets have 44 octets, authenticated ones 112, in both directions. TLVs follow. A TWAMP Light
reflector (RFC 5357 appendix I) lays its reply out alike as far as the sender's TTL, which may be its last octet.
"""

import hmac
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from struct import Struct

BASE_BYTE, AUTHENTICATED_BYTE = 44, 112
HMAC_BYTE = 16  # RFC 8762 section 4.4: HMAC-SHA-256 truncated to 128 bits
SIGNED_BYTE = AUTHENTICATED_BYTE - HMAC_BYTE
TWAMP_REPLY_BYTE = 41
TLV_HEADER_BYTE, COS_TLV_BYTE, HMAC_TLV_BYTE, DIRECT_TLV_BYTE = 4, 8, 20, 16
EXPEDITED_FORWARDING = 46  # RFC 3246, the mark of voice
NTP_EPOCH_S = 2_208_988_800  # 1900 to 1970
_ERA = 1 << 64
_FRACTION = 1 << 32
_EPOCH = NTP_EPOCH_S << 32

# RFC 8762 figures 2, 4, 5 and 6, with the SSID of RFC 8972 figures 1 to 4 after the error estimate
_SENDER = Struct("!IQHH28x")
_SENDER_SIGNED = Struct("!I12xQHH68x")
_REFLECTOR = Struct("!IQHHQIQH2xB3x")
_REFLECTOR_SIGNED = Struct("!I12xQHH4xQ8xI12xQH6xB15x")
_TWAMP_REFLECTOR = Struct("!IQHHQIQH2xB")
_TLV = Struct("!BBH")
_DIRECT = Struct("!III")


class Malformed(ValueError):
    """These octets are no STAMP packet, or not the one they claim to be."""


class TlvType(IntEnum):
    """RFC 8972 section 5.1, those that are read or written here."""

    EXTRA_PADDING = 1
    CLASS_OF_SERVICE = 4
    DIRECT_MEASUREMENT = 5
    HMAC = 8


@dataclass(frozen=True)
class Tlv:
    """RFC 8972 section 4: the flags are U (not understood), M (malformed), I (integrity not proven).

    A session sender sends U set; whoever understands the TLV clears it.
    """

    type: int
    value: bytes
    unrecognized: bool = True
    malformed: bool = False
    integrity_failed: bool = False

    @property
    def refused(self) -> bool:
        """Whether any flag says that it was not dealt with."""
        return self.unrecognized or self.malformed or self.integrity_failed

    def encode(self) -> bytes:
        """Its octets."""
        flags = self.unrecognized << 7 | self.malformed << 6 | self.integrity_failed << 5
        return _TLV.pack(flags, self.type, len(self.value)) + self.value


@dataclass(frozen=True)
class ClassOfService:
    """The CoS TLV's value (RFC 8972 section 4.4): the DSCP wanted back, and what the reflector saw arrive."""

    dscp_wanted: int
    """DSCP1: with which the reflector is to send its reply."""
    dscp_received: int = 0
    """DSCP2: with which the packet reached the reflector."""
    ecn_received: int = 0
    reverse_path: int = 0
    """RP: 1 if the reflector did not send as DSCP1 asks."""

    def encode(self) -> bytes:
        """Four octets."""
        first = self.dscp_wanted << 2 | self.dscp_received >> 4
        second = (self.dscp_received & 0x0F) << 4 | self.ecn_received << 2 | self.reverse_path
        return bytes((first, second, 0, 0))

    @classmethod
    def decode(cls, value: bytes) -> "ClassOfService":
        """From four octets; raises Malformed."""
        if len(value) != COS_TLV_BYTE - TLV_HEADER_BYTE:
            raise Malformed("a class of service of another length than four octets")
        first, second = value[0], value[1]
        return cls(first >> 2, (first & 0x03) << 4 | second >> 4, second >> 2 & 0x03, second & 0x03)


@dataclass(frozen=True)
class DirectMeasurement:
    """The Direct Measurement TLV's value (RFC 8972 section 4.5): packets of the session that each end counted."""

    sent: int
    """S_TxC."""
    received: int = 0
    """R_RxC: what reached the reflector."""
    reflected: int = 0
    """R_TxC: what it answered, this reply with it."""

    def encode(self) -> bytes:
        """Twelve octets."""
        return _DIRECT.pack(self.sent, self.received, self.reflected)

    @classmethod
    def decode(cls, value: bytes) -> "DirectMeasurement":
        """From twelve octets; raises Malformed."""
        if len(value) != _DIRECT.size:
            raise Malformed("a direct measurement of another length than twelve octets")
        return cls(*_DIRECT.unpack(value))


@dataclass(frozen=True)
class ErrorEstimate:
    """RFC 4656 section 4.1.2: how far the clock may be off; Z of RFC 8186 tells PTP's format from NTP's."""

    synchronized: bool = False
    ptp: bool = False
    scale: int = 22
    multiplier: int = 1
    """Never zero; 1 and scale 22 are 2⁻¹⁰ s."""

    def encode(self) -> int:
        """Sixteen bits."""
        return self.synchronized << 15 | self.ptp << 14 | self.scale << 8 | self.multiplier

    @classmethod
    def decode(cls, bits: int) -> "ErrorEstimate":
        """From sixteen bits; any are valid to read."""
        return cls(bool(bits & 0x8000), bool(bits & 0x4000), bits >> 8 & 0x3F, bits & 0xFF)

    @classmethod
    def of(cls, seconds: float | None) -> "ErrorEstimate":
        """The smallest that holds so many; None for a clock that nobody sets."""
        if seconds is None:
            return cls()
        fitting = (scale for scale in range(64) if seconds <= 255 * 2.0 ** (scale - 32))
        scale = next(fitting, 63)
        return cls(True, scale=scale, multiplier=max(1, min(255, math.ceil(seconds * 2.0 ** (32 - scale)))))

    @property
    def seconds(self) -> float:
        """Multiplier · 2⁻³² · 2^Scale."""
        return float(self.multiplier * 2.0 ** (self.scale - 32))


@dataclass(frozen=True)
class SenderPacket:
    """A session sender's test packet (RFC 8762 section 4.2). Timestamps are 64 bits as on the wire."""

    sequence: int
    timestamp: int
    error_estimate: ErrorEstimate = ErrorEstimate()
    ssid: int = 0
    tlvs: tuple[Tlv, ...] = ()


@dataclass(frozen=True)
class ReflectorPacket:
    """A session reflector's test packet (RFC 8762 section 4.3): its own number and clock, and the sender's copied."""

    sequence: int
    timestamp: int
    receive_timestamp: int
    sender_sequence: int
    sender_timestamp: int
    error_estimate: ErrorEstimate = ErrorEstimate()
    sender_error_estimate: ErrorEstimate = ErrorEstimate()
    ssid: int = 0
    sender_ttl: int = 0
    tlvs: tuple[Tlv, ...] = ()

    def tlv(self, wanted: TlvType) -> Tlv | None:
        """The first TLV of this type that the reflector understood and that may be believed."""
        return next((tlv for tlv in self.tlvs if tlv.type == wanted and not tlv.refused), None)


def key_octets(text: str) -> bytes:
    """The shared key as it stands in a profile or a key file: its text in UTF-8, or octets after `hex:`.

    Raises ValueError if there is none, in words that never quote it.
    """
    text = text.strip()
    if len(text.splitlines()) > 1:
        raise ValueError("the key is one line, not several")
    try:
        key = bytes.fromhex(text.removeprefix("hex:")) if text.startswith("hex:") else text.encode()
    except ValueError:
        raise ValueError("after hex: the key is pairs of hexadecimal digits") from None
    if not key:
        raise ValueError("the key is empty")
    return key


def digest(key: bytes, octets: bytes) -> bytes:
    """RFC 8762 section 4.4: HMAC-SHA-256, its first 16 octets."""
    return hmac.digest(key, octets, "sha256")[:HMAC_BYTE]


def ntp_timestamp(unix_ns: int) -> int:
    """Nanoseconds of the Unix clock in NTP's 64 bits (RFC 5905 section 6), era and all."""
    return ((unix_ns << 32) // 1_000_000_000 + _EPOCH) % _ERA


def seconds_between(later: int, earlier: int, *, ptp: bool = False) -> float:
    """Difference of two timestamps of one clock in seconds, also across NTP's era; `ptp` if they are in that format."""
    if ptp:
        whole = ((later >> 32) - (earlier >> 32) + (1 << 31)) % _FRACTION - (1 << 31)
        return whole + ((later & 0xFFFFFFFF) - (earlier & 0xFFFFFFFF)) / 1e9
    return ((later - earlier + (1 << 63)) % _ERA - (1 << 63)) / _FRACTION


def extra_padding(byte: int) -> Tlv:
    """A TLV of so many octets, its header with them (RFC 8972 section 4.1); at least 4."""
    return Tlv(TlvType.EXTRA_PADDING, bytes(byte - TLV_HEADER_BYTE))


def encode_sender(packet: SenderPacket, key: bytes | None = None) -> bytes:
    """A sender's octets: authenticated if there is a key, and then with an HMAC TLV behind its TLVs."""
    layout = _SENDER_SIGNED if key else _SENDER
    base = layout.pack(packet.sequence, packet.timestamp, packet.error_estimate.encode(), packet.ssid)
    return _signed(base, packet.tlvs, key)


def decode_sender(octets: bytes, key: bytes | None = None) -> SenderPacket:
    """From octets; raises Malformed, also if the key did not sign them."""
    _require_genuine(octets, key)
    sequence, timestamp, estimate, ssid = (_SENDER_SIGNED if key else _SENDER).unpack_from(octets)
    return SenderPacket(sequence, timestamp, ErrorEstimate.decode(estimate), ssid, _tlvs(octets, key))


def encode_reflector(packet: ReflectorPacket, key: bytes | None = None) -> bytes:
    """A reflector's octets: authenticated if there is a key, and then with an HMAC TLV behind its TLVs."""
    base = (_REFLECTOR_SIGNED if key else _REFLECTOR).pack(
        packet.sequence,
        packet.timestamp,
        packet.error_estimate.encode(),
        packet.ssid,
        packet.receive_timestamp,
        packet.sender_sequence,
        packet.sender_timestamp,
        packet.sender_error_estimate.encode(),
        packet.sender_ttl,
    )
    return _signed(base, packet.tlvs, key)


def decode_reflector(octets: bytes, key: bytes | None = None) -> ReflectorPacket:
    """From octets, those of a TWAMP Light reflector too; raises Malformed, also if the key did not sign them."""
    fields = reflector_fields(octets, key)
    sequence, timestamp, estimate, ssid, received, sender_sequence, sender_timestamp, sender_estimate, ttl = fields
    return ReflectorPacket(
        sequence,
        timestamp,
        received,
        sender_sequence,
        sender_timestamp,
        ErrorEstimate.decode(estimate),
        ErrorEstimate.decode(sender_estimate),
        ssid,
        ttl,
        _tlvs(octets, key),
    )


def reflector_fields(octets: bytes, key: bytes | None = None) -> tuple[int, ...]:
    """A reply's fields in the order in which they stand, its TLVs left alone: for many of them; raises Malformed."""
    if not key and TWAMP_REPLY_BYTE <= len(octets) < BASE_BYTE:
        return _TWAMP_REFLECTOR.unpack_from(octets)
    _require_genuine(octets, key)
    return (_REFLECTOR_SIGNED if key else _REFLECTOR).unpack_from(octets)


def decode_tlvs(octets: bytes) -> tuple[Tlv, ...]:
    """TLVs one behind the other; one that says more octets than there are ends the list, with M set (section 4)."""
    found: list[Tlv] = []
    place = 0
    while len(octets) - place >= TLV_HEADER_BYTE:
        flags, kind, length = _TLV.unpack_from(octets, place)
        place += TLV_HEADER_BYTE
        value = octets[place : place + length]
        found.append(
            Tlv(kind, value, bool(flags & 0x80), bool(flags & 0x40) or len(value) < length, bool(flags & 0x20))
        )
        place += length
    return tuple(found)


def tlv_digest(key: bytes, sequence_octets: bytes, preceding: bytes) -> bytes:
    """The HMAC TLV's value (RFC 8972 section 4.8): over the base packet's sequence number and the TLVs before it."""
    return digest(key, sequence_octets + preceding)


def _signed(base: bytes, tlvs: Sequence[Tlv], key: bytes | None) -> bytes:
    """Base packet and TLVs; with a key the digests of both, padding behind the HMAC TLV as section 4.8 allows."""
    if not key:
        return base + b"".join(tlv.encode() for tlv in tlvs)
    covered = b"".join(tlv.encode() for tlv in tlvs if tlv.type not in (TlvType.EXTRA_PADDING, TlvType.HMAC))
    padding = b"".join(tlv.encode() for tlv in tlvs if tlv.type == TlvType.EXTRA_PADDING)
    signature = b""
    if covered:
        unrecognized = any(tlv.unrecognized for tlv in tlvs)
        signature = Tlv(TlvType.HMAC, tlv_digest(key, base[:4], covered), unrecognized).encode()
    return base + digest(key, base) + covered + signature + padding


def _require_genuine(octets: bytes, key: bytes | None) -> None:
    """Raises Malformed unless this is a whole base packet, signed if there is a key."""
    byte = AUTHENTICATED_BYTE if key else BASE_BYTE
    if len(octets) < byte:
        raise Malformed(f"{len(octets)} octets are too few for a STAMP packet of {byte}")
    if key and not hmac.compare_digest(digest(key, octets[:SIGNED_BYTE]), octets[SIGNED_BYTE:byte]):
        raise Malformed("not signed with the shared key")


def _tlvs(octets: bytes, key: bytes | None) -> tuple[Tlv, ...]:
    """What follows the base packet, as far as it may be believed."""
    byte = AUTHENTICATED_BYTE if key else BASE_BYTE
    tlvs = decode_tlvs(octets[byte:])
    return _believed(octets, byte, tlvs, key) if key else tlvs


def _believed(octets: bytes, start: int, tlvs: tuple[Tlv, ...], key: bytes) -> tuple[Tlv, ...]:
    """TLVs of an authenticated packet; what no HMAC TLV covers carries I, as a reflector would mark it."""
    covered_byte = 0
    for number, tlv in enumerate(tlvs):
        if tlv.type == TlvType.HMAC:
            preceding = octets[start : start + covered_byte]
            genuine = hmac.compare_digest(tlv_digest(key, octets[:4], preceding), tlv.value)
            rest = all(later.type == TlvType.EXTRA_PADDING for later in tlvs[number + 1 :])
            if genuine and rest:
                return tlvs
            break
        covered_byte += TLV_HEADER_BYTE + len(tlv.value)
    return tuple(tlv if tlv.type == TlvType.EXTRA_PADDING else replace(tlv, integrity_failed=True) for tlv in tlvs)
