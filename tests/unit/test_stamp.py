"""The STAMP codec against the layouts of RFC 8762 and RFC 8972, written out octet by octet, and against junk."""

import hashlib
import hmac
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readycheck.rtc.stamp import (
    ClassOfService,
    ErrorEstimate,
    Malformed,
    ReflectorPacket,
    SenderPacket,
    Tlv,
    TlvType,
    decode_reflector,
    decode_sender,
    decode_tlvs,
    encode_reflector,
    encode_sender,
    extra_padding,
    key_octets,
    ntp_timestamp,
    seconds_between,
)

KEY = b"a key that both ends know"
T1, T2, T3 = 0xE8F0_0000_8000_0000, 0xE8F0_0001_4000_0000, 0xE8F0_0001_C000_0000
ESTIMATE = ErrorEstimate(synchronized=True, ptp=False, scale=3, multiplier=5)
COS = Tlv(TlvType.CLASS_OF_SERVICE, ClassOfService(46).encode())


def octets(*fields: str) -> bytes:
    """Fields of a figure, one after the other."""
    return bytes.fromhex(" ".join(fields))


def zeros(count: int) -> str:
    return "00" * count


def signature(key: bytes, covered: bytes) -> str:
    """HMAC-SHA-256 truncated to 16 octets, by another way than the codec's."""
    return hmac.new(key, covered, hashlib.sha256).digest()[:16].hex()


def test_sender_unauthenticated() -> None:
    """RFC 8762 figure 2 with the SSID of RFC 8972 figure 1: 44 octets."""
    packet = SenderPacket(0x01020304, T1, ESTIMATE, ssid=0xABCD)
    layout = octets("01020304", "E8F0000080000000", "8305", "ABCD", zeros(28))

    assert len(layout) == 44
    assert encode_sender(packet) == layout
    assert decode_sender(layout) == packet


def test_sender_authenticated() -> None:
    """RFC 8762 figure 4: 112 octets, the last 16 sign the first 96."""
    packet = SenderPacket(7, T1, ESTIMATE, ssid=0xABCD)
    base = octets("00000007", zeros(12), "E8F0000080000000", "8305", "ABCD", zeros(68))
    layout = base + bytes.fromhex(signature(KEY, base))

    assert (len(base), len(layout)) == (96, 112)
    assert encode_sender(packet, KEY) == layout
    assert decode_sender(layout, KEY) == packet


def reply() -> ReflectorPacket:
    return ReflectorPacket(9, T3, T2, 7, T1, ESTIMATE, ErrorEstimate(ptp=True), ssid=0xABCD, sender_ttl=63)


def test_reflector_unauthenticated() -> None:
    """RFC 8762 figure 5: own number and times first, then what the sender sent, and the TTL it came with."""
    layout = octets(
        *("00000009", "E8F00001C0000000", "8305", "ABCD", "E8F0000140000000"),
        *("00000007", "E8F0000080000000", "5601", "0000", "3F", zeros(3)),
    )

    assert len(layout) == 44
    assert encode_reflector(reply()) == layout
    assert decode_reflector(layout) == reply()


def test_reflector_authenticated() -> None:
    """RFC 8762 figure 6: fields on 16-octet blocks, so that each block can be signed."""
    base = octets(
        *("00000009", zeros(12)),
        *("E8F00001C0000000", "8305", "ABCD", zeros(4)),
        *("E8F0000140000000", zeros(8)),
        *("00000007", zeros(12)),
        *("E8F0000080000000", "5601", zeros(6)),
        *("3F", zeros(15)),
    )
    layout = base + bytes.fromhex(signature(KEY, base))

    assert len(layout) == 112
    assert encode_reflector(reply(), KEY) == layout
    assert decode_reflector(layout, KEY) == reply()


def test_twamp_light_reply() -> None:
    """RFC 5357: a router's reply may end with the TTL, its 41st octet, or go on with padding."""
    whole = encode_reflector(reply())

    for layout in (whole[:41], whole[:42], whole, whole + bytes(50)):
        read = decode_reflector(layout)
        assert (read.sequence, read.sender_sequence, read.sender_timestamp, read.sender_ttl) == (9, 7, T1, 63)
        assert read.tlv(TlvType.CLASS_OF_SERVICE) is None


def test_class_of_service_and_padding() -> None:
    """RFC 8972 figures 5, 7 and 12: flags, type, length; DSCP1 and DSCP2 of six bits, ECN and RP of two."""
    sent = SenderPacket(1, T1, ESTIMATE, tlvs=(COS, extra_padding(58)))
    layout = encode_sender(sent)

    assert len(layout) == 110
    assert layout[44:56] == octets("80", "04", "0004", "B8000000", "80", "01", "0036")
    assert layout[56:] == bytes(54)
    assert decode_sender(layout) == sent
    assert ClassOfService(46, 10, 1, 2).encode() == octets("B8", "A6", "0000")
    assert ClassOfService.decode(octets("B8", "A6", "0000")) == ClassOfService(46, 10, 1, 2)


def test_hmac_tlv() -> None:
    """RFC 8972 section 4.8: it signs the sequence number and the TLVs before it; only padding may follow."""
    layout = encode_sender(SenderPacket(1, T1, ESTIMATE, tlvs=(COS, extra_padding(10))), KEY)
    signed = octets("00000001", "80040004B8000000")

    assert layout[112:] == octets("80040004B8000000", "80080010", signature(KEY, signed), "80010006", zeros(6))
    assert [tlv.type for tlv in decode_sender(layout, KEY).tlvs] == [4, 8, 1]
    assert not any(tlv.integrity_failed for tlv in decode_sender(layout, KEY).tlvs)


def test_tlvs_that_are_not_signed_are_not_believed() -> None:
    """A genuine base packet does not vouch for TLVs that came on the way, nor for changed ones."""
    base = encode_reflector(reply(), KEY)
    understood = Tlv(TlvType.CLASS_OF_SERVICE, ClassOfService(46, 46).encode(), unrecognized=False)
    whole = encode_reflector(ReflectorPacket(9, T3, T2, 7, T1, tlvs=(understood,)), KEY)
    changed = whole[:116] + bytes(4) + whole[120:]

    assert decode_reflector(whole, KEY).tlv(TlvType.CLASS_OF_SERVICE)
    for forged in (base + understood.encode(), changed, whole + understood.encode()):
        assert decode_reflector(forged, KEY).tlv(TlvType.CLASS_OF_SERVICE) is None


@pytest.mark.parametrize("flag", [0x80, 0x40, 0x20])
def test_a_refused_tlv_says_nothing(flag: int) -> None:
    """U, M or I set: what is in it was not filled in by the reflector."""
    layout = encode_reflector(reply()) + octets(f"{flag:02x}", "04", "0004", "BAE00000")

    assert decode_reflector(layout).tlv(TlvType.CLASS_OF_SERVICE) is None


def test_a_tlv_cut_short_is_malformed() -> None:
    """It says more octets than there are: the list ends there, with M set."""
    (tlv,) = decode_tlvs(octets("80", "04", "0009", "0102"))

    assert tlv == Tlv(4, b"\1\2", unrecognized=True, malformed=True)


@pytest.mark.parametrize("place", [0, 20, 30, 95, 96, 111])
def test_any_changed_octet_breaks_the_signature(place: int) -> None:
    """Whatever of the base packet changed, it is Malformed."""
    changed = bytearray(encode_reflector(reply(), KEY))
    changed[place] ^= 1

    with pytest.raises(Malformed):
        decode_reflector(bytes(changed), KEY)
    with pytest.raises(Malformed):
        decode_reflector(encode_reflector(reply(), KEY), b"another key")


def test_times() -> None:
    """NTP counts from 1900 (RFC 5905 figure 4), turns over in 2036, and PTP's format counts nanoseconds."""
    assert ntp_timestamp(0) == 2_208_988_800 << 32
    assert ntp_timestamp(1_500_000_000) == 2_208_988_801 << 32 | 1 << 31
    turn = (2**32 - 2_208_988_800) * 1_000_000_000
    assert ntp_timestamp(turn) == 0
    assert seconds_between(ntp_timestamp(turn + 10**9), ntp_timestamp(turn - 10**9)) == 2.0
    assert seconds_between(ntp_timestamp(turn - 10**9), ntp_timestamp(turn + 10**9)) == -2.0
    assert seconds_between(5 << 32 | 500_000_000, 4 << 32 | 750_000_000, ptp=True) == pytest.approx(0.75)


def test_error_estimate() -> None:
    """RFC 4656 section 4.1.2: S, Z, scale and multiplier; ours says a millisecond, and never a multiplier of zero."""
    assert ErrorEstimate.decode(0xFFFF) == ErrorEstimate(synchronized=True, ptp=True, scale=63, multiplier=255)
    assert ErrorEstimate().seconds == pytest.approx(2**-10)


@given(st.floats(0, 1e9))
def test_error_estimate_holds_the_seconds_and_little_more(seconds: float) -> None:
    """Rounded up, by one part in 127 or the format's own smallest step; a clock that nobody sets says so."""
    estimate = ErrorEstimate.of(seconds)

    assert ErrorEstimate.decode(estimate.encode()) == estimate
    assert estimate.synchronized
    assert seconds <= estimate.seconds <= seconds * 128 / 127 + 2.0**-32
    assert not ErrorEstimate.of(None).synchronized


def test_keys() -> None:
    """Text as it stands, octets after hex:, never nothing."""
    assert key_octets(" secrète\r\n") == "secrète".encode()
    assert key_octets("hex:00ff 10\n") == b"\x00\xff\x10"
    for wrong in ("", " \n", "hex:", "hex:0"):
        with pytest.raises(ValueError):  # noqa: PT011 - any sentence
            key_octets(wrong)


UINT = {bits: st.integers(0, 2**bits - 1) for bits in (4, 8, 16, 32, 64)}
ESTIMATES = st.builds(ErrorEstimate, st.booleans(), st.booleans(), st.integers(0, 63), UINT[8])
TLVS = st.lists(
    st.builds(Tlv, st.sampled_from([2, 3, 4, 5, 200]), st.binary(max_size=20), st.booleans()), max_size=4
).map(tuple)
SENDERS = st.builds(SenderPacket, UINT[32], UINT[64], ESTIMATES, UINT[16], TLVS)
REFLECTORS = st.builds(
    ReflectorPacket, *(UINT[bits] for bits in (32, 64, 64, 32, 64)), ESTIMATES, ESTIMATES, UINT[16], UINT[8], TLVS
)


@given(SENDERS, REFLECTORS, st.sampled_from([None, KEY]))
def test_round_trip(sender: SenderPacket, reflector: ReflectorPacket, key: bytes | None) -> None:
    """What was encoded is decoded alike; authenticated TLVs come back with their HMAC TLV."""
    read = decode_sender(encode_sender(sender, key), key)
    read_reply = decode_reflector(encode_reflector(reflector, key), key)

    def without_hmac(tlvs: tuple[Tlv, ...]) -> tuple[Tlv, ...]:
        return tuple(tlv for tlv in tlvs if tlv.type != TlvType.HMAC)

    assert read == SenderPacket(**{**vars(sender), "tlvs": read.tlvs})
    assert read_reply == ReflectorPacket(**{**vars(reflector), "tlvs": read_reply.tlvs})
    assert without_hmac(read.tlvs) == sender.tlvs
    assert without_hmac(read_reply.tlvs) == reflector.tlvs


@given(st.binary(max_size=300), st.sampled_from([None, KEY]))
def test_junk(data: bytes, key: bytes | None) -> None:
    """Junk is Malformed or a packet, nothing else."""
    with suppress(Malformed):
        decode_sender(data, key)
    with suppress(Malformed):
        for tlv in decode_reflector(data, key).tlvs:
            with suppress(Malformed):
                ClassOfService.decode(tlv.value)
