"""From a session sender's octets to the reply's (RFC 8762 section 4.3, RFC 8972 section 4), never longer.

Laid out by hand and not through rtc/stamp.py's values, for speed; the tests hold both to each other.
"""

import hmac
from struct import Struct

from readycheck.rtc.stamp import (
    AUTHENTICATED_BYTE,
    BASE_BYTE,
    COS_TLV_BYTE,
    DIRECT_TLV_BYTE,
    HMAC_BYTE,
    HMAC_TLV_BYTE,
    SIGNED_BYTE,
    TLV_HEADER_BYTE,
    ClassOfService,
    DirectMeasurement,
    ErrorEstimate,
    TlvType,
    decode_tlvs,
    digest,
    tlv_digest,
)

# Number, T3, error estimate, SSID as it came, T2, then what is copied: number, timestamp and error estimate, and TTL.
_REPLY = Struct("!IQH2sQ14s2xB3x")
_REPLY_SIGNED = Struct("!I12xQH2s4xQ8x4s12x10s6xB15x")
_LENGTH = Struct("!2xH")
_SECONDS = Struct("!4xI8xI")
"""Of a reply without a key: T3's and T2's."""
_RECEIVED_SIGNED = slice(32, 40)
"""T2 in a reply with a key, zeros in a sender's packet (RFC 8762 figures 4 and 6)."""
_UNRECOGNIZED, _MALFORMED, _INTEGRITY = 0x80, 0x40, 0x20
_MOST_TAILS = 512
_UNDERSTOOD = (TlvType.EXTRA_PADDING, TlvType.CLASS_OF_SERVICE, TlvType.DIRECT_MEASUREMENT, TlvType.HMAC)
_EXACT_BYTE: dict[int, int] = {TlvType.CLASS_OF_SERVICE: COS_TLV_BYTE, TlvType.DIRECT_MEASUREMENT: DIRECT_TLV_BYTE}


class Replier:
    """Makes replies. With a key only packets signed by it get one."""

    def __init__(self, key: bytes | None) -> None:
        self._key = key
        self.error_estimate = ErrorEstimate().encode()
        """Of this machine's clock, as every reply tells it."""
        self.byte = AUTHENTICATED_BYTE if key else BASE_BYTE
        self._ssid = slice(26, 28) if key else slice(14, 16)
        self._tails: dict[tuple[bytes, int | None], tuple[bytes, int | None]] = {}

    def ssid(self, data: bytes) -> bytes:
        """The session's identifier (RFC 8972 section 3), two octets; zeros from a sender that knows none."""
        return data[self._ssid]

    def accepts(self, data: bytes) -> bool:
        """Whether this is a whole test packet and no reply, and signed with our key if we have one.

        A reply is a whole test packet too: answered, two reflectors would talk to each other without end.
        """
        if len(data) < self.byte:
            return False
        if not self._key:
            return not _is_reply(data)
        genuine = hmac.compare_digest(digest(self._key, data[:SIGNED_BYTE]), data[SIGNED_BYTE:AUTHENTICATED_BYTE])
        return genuine and not any(data[_RECEIVED_SIGNED])

    def tail(self, data: bytes, mark: int | None, counted: tuple[int, int] | None = None) -> tuple[bytes, int | None]:
        """What follows the base packet, and the octet of DSCP with which the reply is to be sent.

        `mark` is the octet with which the packet came, None where the system does not tell it; `counted` how many of
        the session's packets were received and reflected, this one too, None where the session has no state.
        """
        octets = data[self.byte :]
        if not octets:
            return octets, None if mark is None else mark & 0xFC
        if self._key:
            return self._make_tail(data, octets, mark, counted)
        found = self._tails.get((octets, mark))
        if found is None:
            found = self._make_tail(data, octets, mark, counted)
            if len(self._tails) >= _MOST_TAILS:
                self._tails.clear()
            if not any(tlv.type == TlvType.DIRECT_MEASUREMENT for tlv in decode_tlvs(octets)):
                self._tails[octets, mark] = found
        return found

    def reply(self, data: bytes, sequence: int, times: tuple[int, int], ttl: int, tail: bytes) -> bytes:
        """The octets to send; `times` are T2 and T3 in NTP's format."""
        received, sent = times
        if not self._key:
            return _REPLY.pack(sequence, sent, self.error_estimate, data[14:16], received, data[:14], ttl) + tail
        base = _REPLY_SIGNED.pack(
            sequence, sent, self.error_estimate, data[26:28], received, data[:4], data[16:26], ttl
        )
        if tail:
            tail = _signed_tail(self._key, base, tail)
        return base + digest(self._key, base) + tail

    def _make_tail(
        self, data: bytes, octets: bytes, mark: int | None, counted: tuple[int, int] | None
    ) -> tuple[bytes, int | None]:
        """TLVs as a reflector returns them: same octets, flags set anew, filled in what it is asked."""
        back = None if mark is None else mark & 0xFC
        if not octets[0] & _UNRECOGNIZED:  # no STAMP sender leaves U out: TWAMP's padding, not TLVs
            return octets, back
        reply, place = bytearray(octets), 0
        genuine = not self._key or _is_genuine(self._key, data, octets)
        while len(octets) - place >= TLV_HEADER_BYTE:
            kind = octets[place + 1]
            (length,) = _LENGTH.unpack_from(octets, place)
            start, end = place + TLV_HEADER_BYTE, place + TLV_HEADER_BYTE + length
            reply[place] = 0 if kind in _UNDERSTOOD else _UNRECOGNIZED
            if end > len(octets) or end - place != _EXACT_BYTE.get(kind, end - place):
                reply[place] |= _MALFORMED
                break
            if not genuine and kind != TlvType.EXTRA_PADDING:
                reply[place] |= _INTEGRITY
            elif kind in _EXACT_BYTE:
                filled = _filled(kind, octets[start:end], mark, counted)
                if filled is None:
                    reply[place] = _UNRECOGNIZED
                else:
                    reply[start:end] = filled
                    back = (filled[0] & 0xFC) if kind == TlvType.CLASS_OF_SERVICE else back
            place = end
        return bytes(reply), back


def _is_reply(data: bytes) -> bool:
    """Whether where a reply has T2 these octets tell a moment within a second of T3, by whatever clock and format.

    RFC 8762 asks zeros of a sender there, but TWAMP Light allows any padding (RFC 5357 section 4.1.2).
    """
    seconds: tuple[int, int] = _SECONDS.unpack_from(data)
    sent, received = seconds
    return received != 0 and -1 <= sent - received <= 1


def _filled(kind: int, value: bytes, mark: int | None, counted: tuple[int, int] | None) -> bytes | None:
    """A TLV's value with what it asks of the reflector; None if this system, or this session, cannot tell."""
    if kind == TlvType.CLASS_OF_SERVICE:
        return None if mark is None else ClassOfService(value[0] >> 2, mark >> 2, mark & 3).encode()
    if counted is None:
        return None
    sent = int.from_bytes(value[:4])
    return DirectMeasurement(sent, counted[0] & 0xFFFFFFFF, counted[1] & 0xFFFFFFFF).encode()


def _hmac_place(octets: bytes) -> int | None:
    """Where the HMAC TLV begins; None if there is none whole, or something but padding behind it."""
    place, found = 0, None
    while len(octets) - place >= TLV_HEADER_BYTE:
        kind = octets[place + 1]
        (length,) = _LENGTH.unpack_from(octets, place)
        if found is None and kind == TlvType.HMAC and length == HMAC_BYTE and place + HMAC_TLV_BYTE <= len(octets):
            found = place
        elif found is not None and kind != TlvType.EXTRA_PADDING:
            return None
        place += TLV_HEADER_BYTE + length
    return found


def _is_genuine(key: bytes, data: bytes, octets: bytes) -> bool:
    """Whether the HMAC TLV holds (RFC 8972 section 4.8)."""
    place = _hmac_place(octets)
    if place is None:
        return False
    value = octets[place + TLV_HEADER_BYTE : place + HMAC_TLV_BYTE]
    return hmac.compare_digest(tlv_digest(key, data[:4], octets[:place]), value)


def _signed_tail(key: bytes, base: bytes, tail: bytes) -> bytes:
    """The tail with the HMAC TLV over the reply's own sequence number and TLVs."""
    place = _hmac_place(tail)
    if place is None:
        return tail
    start = place + TLV_HEADER_BYTE
    return tail[:start] + tlv_digest(key, base[:4], tail[:place]) + tail[start + HMAC_BYTE :]
