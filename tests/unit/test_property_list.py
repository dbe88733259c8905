"""Property lists, whole and broken."""

import plistlib
import random

import pytest

from readycheck.host.property_list import property_list

VALUES = {"a": [1, 2.5, True, b"data", {"k": "v" * 300}], "é": ""}
WRITTEN = {kind: plistlib.dumps(VALUES, fmt=kind) for kind in (plistlib.FMT_XML, plistlib.FMT_BINARY)}


@pytest.mark.parametrize("kind", WRITTEN)
def test_both_kinds_are_read(kind: plistlib.PlistFormat) -> None:
    """XML and binary tell themselves apart."""
    assert property_list(WRITTEN[kind]) == VALUES


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<plist><dict>",
        b"<plist><date>yesterday</date></plist>",
        b"<plist><integer>" + b"9" * 5000 + b"</integer></plist>",
        b'<?xml version="1.0" encoding="unheard-of"?><plist></plist>',
        b"<plist><integer/></plist>",
        b"bplist00\xff",
    ],
)
def test_what_is_none_is_one_error(content: bytes) -> None:
    """A date that is none, a number without end, an unknown alphabet, a cut: always ValueError."""
    with pytest.raises(ValueError, match=r"."):
        property_list(content)


@pytest.mark.parametrize("kind", WRITTEN)
def test_damage_is_never_another_error(kind: plistlib.PlistFormat) -> None:
    """Octets changed, lost and doubled at random, the same ones in every run."""
    chance = random.Random(7)
    refused = 0
    for _ in range(2000):
        content = bytearray(WRITTEN[kind])
        at = chance.randrange(len(content))
        content[at : at + chance.randrange(3)] = chance.choice([b"", bytes([chance.randrange(256)]), content[:at][-9:]])
        try:
            property_list(bytes(content))
        except ValueError:
            refused += 1
    assert refused > 0
