"""The STUN codec against the test vectors of RFC 5769, and against junk."""

from contextlib import suppress

import pytest
from aioice.turn import make_integrity_key
from hypothesis import given
from hypothesis import strategies as st

from readycheck.rtc.stun import (
    Class,
    Malformed,
    Message,
    Method,
    decode,
    error,
    is_channel_data,
    mapped_address,
)

SHORT_TERM_KEY = b"VOkJxbRl1RmTxUk/WvJxBt"

REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"
    "002400046e0001ff80290008932ff9b151263b36"
    "000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf"
)
IPV4_RESPONSE = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
    "80280004c07d4c96"
)
IPV6_RESPONSE = bytes.fromhex(
    "010100482112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
    "00080014a382954e4be67bf11784c97c8292c275bfe3ed41"
    "80280004c8fb0b4c"
)
LONG_TERM_REQUEST = bytes.fromhex(
    "000100602112a44278ad3433c6ad72c029da412e"
    "00060012e3839ee38388e383aae38383e382afe382b90000"
    "0015001c662f2f3439396b39353464364f4c33346f4c394653547679363473410014000b6578616d706c652e6f726700"
    "00080014f67024656dd64a3e02b8e0712e85c9a28ca89666"
)
VECTORS = [REQUEST, IPV4_RESPONSE, IPV6_RESPONSE, LONG_TERM_REQUEST]


def test_request_of_rfc5769() -> None:
    """Section 2.1: every attribute of an ICE check is read, and its integrity holds."""
    message = decode(REQUEST)
    assert (message.message_method, message.message_class) == (Method.BINDING, Class.REQUEST)
    assert message.transaction_id.hex() == "b7e7a701bc34d686fa87dfae"
    assert message.attributes["SOFTWARE"] == "STUN test client"
    assert message.attributes["PRIORITY"] == 0x6E0001FF
    assert message.attributes["ICE-CONTROLLED"] == 0x932FF9B151263B36
    assert message.attributes["USERNAME"] == "evtj:h6vY"
    assert message.check_message_integrity(SHORT_TERM_KEY)


@pytest.mark.parametrize(
    ("octets", "address"),
    [
        (IPV4_RESPONSE, ("192.0.2.1", 32853)),
        (IPV6_RESPONSE, ("2001:db8:1234:5678:11:2233:4455:6677", 32853)),
    ],
    ids=["ipv4", "ipv6"],
)
def test_response_of_rfc5769(octets: bytes, address: tuple[str, int]) -> None:
    """Sections 2.2 and 2.3: the mapped address is unmasked, and the integrity holds whatever the padding."""
    message = decode(octets)
    assert (message.message_method, message.message_class) == (Method.BINDING, Class.RESPONSE)
    assert mapped_address(message) == address
    assert message.attributes["SOFTWARE"] == "test vector"
    assert message.check_message_integrity(SHORT_TERM_KEY)
    assert error(message) is None


def test_long_term_request_of_rfc5769() -> None:
    """Section 2.4: a user name beyond ASCII makes the right long-term key."""
    message = decode(LONG_TERM_REQUEST)
    username = message.attributes["USERNAME"]
    assert username == "マトリックス"
    assert message.attributes["NONCE"] == b"f//499k954d6OL34oL9FSTvy64sA"
    assert message.attributes["REALM"] == "example.org"
    assert message.check_message_integrity(make_integrity_key(username, "example.org", "TheMatrIX"))


@pytest.mark.parametrize("octets", VECTORS)
def test_integrity_fails_with_another_key(octets: bytes) -> None:
    """A message signed with one key is not taken for one signed with another."""
    assert not decode(octets).check_message_integrity(b"another")


def test_changed_octet_fails_the_fingerprint() -> None:
    """One flipped bit makes the FINGERPRINT wrong."""
    with pytest.raises(Malformed, match="fingerprint"):
        decode(REQUEST[:30] + bytes([REQUEST[30] ^ 1]) + REQUEST[31:])


def test_unknown_required_attribute_is_refused() -> None:
    """An attribute below 0x8000 that nobody knows may not be skipped (RFC 8489 section 6.3)."""
    with pytest.raises(Malformed, match="0x7abc"):
        decode(_with_attribute(0x7ABC))


def test_unknown_optional_attribute_is_skipped() -> None:
    """An attribute from 0x8000 on may be unknown."""
    assert decode(_with_attribute(0xFABC)).attributes == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REQUESTED-ADDRESS-FAMILY", 2),
        ("UNKNOWN-ATTRIBUTES", b"\x00\x03"),
        ("ALTERNATE-SERVER", ("198.51.100.7", 3478)),
        ("ERROR-CODE", (486, "Allocation Quota Reached")),
    ],
)
def test_attributes_survive_both_ways(name: str, value: object) -> None:
    """What aioice's codec lacks is written and read back."""
    sent = Message(Method.ALLOCATE, Class.ERROR, attributes={name: value})
    assert decode(bytes(sent)).attributes == {name: value}


@pytest.mark.parametrize(
    ("first_octet", "expected"), [(0x00, False), (0x3F, False), (0x40, True), (0x4F, True), (0x50, False)]
)
def test_channel_data_is_told_by_its_first_octet(first_octet: int, *, expected: bool) -> None:
    """Channels are 0x4000 to 0x4FFF, and all else is no ChannelData."""
    assert is_channel_data(bytes((first_octet, 0, 0, 0))) is expected
    assert not is_channel_data(b"")


@given(st.binary(max_size=200))
def test_junk_is_malformed(octets: bytes) -> None:
    """Random octets raise Malformed and nothing else."""
    with pytest.raises(Malformed):
        decode(octets)


@given(st.binary(max_size=120), st.sampled_from([0x0001, 0x0101, 0x0003, 0x0113, 0x0017]))
def test_junk_behind_a_good_header_raises_only_malformed(body: bytes, message_type: int) -> None:
    """Random attributes behind a header that is right either decode or are Malformed."""
    header = message_type.to_bytes(2, "big") + len(body).to_bytes(2, "big") + REQUEST[4:20]
    with suppress(Malformed):
        decode(header + body)


@given(
    st.sampled_from(VECTORS),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=6),
    st.integers(0, 120),
)
def test_mutated_messages_raise_only_malformed(octets: bytes, changes: list[tuple[int, int]], length: int) -> None:
    """Real messages with octets changed or cut off either decode or are Malformed."""
    mutated = bytearray(octets)
    for position, value in changes:
        mutated[position % len(mutated)] = value
    for candidate in (bytes(mutated), bytes(mutated[:length])):
        with suppress(Malformed):
            decode(candidate)


def _with_attribute(kind: int) -> bytes:
    attribute = kind.to_bytes(2, "big") + b"\x00\x04abcd"
    return b"\x00\x01\x00\x08" + REQUEST[4:20] + attribute
