"""Certificate chains: read whatever is shown, and led to a root by signatures, not by names."""

import re
import ssl
from pathlib import Path

import certifi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readycheck.lab.certificate import issue
from readycheck.net.chain import chain_of


def ders(file: Path) -> list[bytes]:
    """The certificates of a PEM file, in DER."""
    blocks = re.findall(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", file.read_text("ascii"), re.DOTALL)
    return [ssl.PEM_cert_to_DER_cert(block) for block in blocks]


def test_the_profiles_own_root(tmp_path: Path) -> None:
    """A chain to the CA file leads to the profile's root, whether or not the root itself was shown."""
    own = issue(tmp_path, names=("turn.example.com",))
    leaf = ders(own.chain_file)[0]

    for shown in ([leaf], [leaf, *ders(own.ca_file)]):
        seen = chain_of(shown, verified=True, ca_file=str(own.ca_file))
        assert seen is not None
        assert (seen.anchor, seen.verified) == ("profile", True)
        assert "turn.example.com" in seen.leaf.subject


@pytest.mark.parametrize(("verified", "anchor"), [(True, "system"), (False, None)])
def test_a_root_that_we_do_not_know(tmp_path: Path, verified: bool, anchor: str | None) -> None:  # noqa: FBT001 - a case
    """A chain that this machine believes leads to its store; one that nobody believes leads nowhere."""
    own = issue(tmp_path)

    seen = chain_of(ders(own.chain_file), verified=verified, ca_file=None)

    assert seen is not None
    assert seen.anchor == anchor


def test_a_root_of_the_same_name_is_not_the_same_root(tmp_path: Path) -> None:
    """Names may be copied, signatures may not."""
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
    own, other = issue(tmp_path / "one"), issue(tmp_path / "other")

    seen = chain_of(ders(own.chain_file), verified=False, ca_file=str(other.ca_file))

    named_alike = chain_of(ders(other.ca_file), verified=False, ca_file=None)

    assert seen is not None
    assert named_alike is not None
    assert (seen.anchor, seen.leaf.issuer) == (None, named_alike.leaf.subject)


def test_a_public_root() -> None:
    """A chain to a root of Mozilla's list is public; here the root stands for itself."""
    root = ders(Path(certifi.where()))[0]

    seen = chain_of([root], verified=True, ca_file=None)

    assert seen is not None
    assert seen.anchor == "public"


def test_a_public_certificate_beside_a_false_one_makes_it_no_truer(tmp_path: Path) -> None:
    """What is shown beside the server's certificate counts only if it signed something."""
    own, root = issue(tmp_path), ders(Path(certifi.where()))[0]

    seen = chain_of([ders(own.chain_file)[0], root], verified=False, ca_file=None)

    assert seen is not None
    assert seen.anchor is None


def test_chains_without_end_are_cut(tmp_path: Path) -> None:
    """A hundred certificates are not read to the end; the same one again is one."""
    roots = ders(Path(certifi.where()))[:100]

    seen = chain_of(roots, verified=False, ca_file=None)
    twice = chain_of([roots[0], roots[0]], verified=False, ca_file=None)

    assert seen is not None
    assert twice is not None
    assert (len(seen.certificates), len(twice.certificates)) == (10, 1)


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_junk_is_no_chain(shown: list[bytes]) -> None:
    """Octets that are no certificates are passed over; nothing readable is no chain."""
    assert chain_of(shown, verified=False, ca_file=None) is None


def test_a_certificate_that_cannot_be_read_among_others(tmp_path: Path) -> None:
    """Old CAs write Latin-1 into a T61String: such a one is passed over, and at the beginning there is no chain."""
    own = issue(tmp_path, names=("t.example",))
    leaf, above = ders(own.chain_file)[0], ders(own.ca_file)[0]
    name = b"readycheck lab CA"
    odd = above.replace(bytes([0x0C, len(name)]) + name, bytes([0x14, len(name)]) + b"\xe9" + name[1:])

    assert odd != above
    seen = chain_of([leaf, odd], verified=True, ca_file=str(own.ca_file))
    assert seen is not None
    assert (seen.anchor, len(seen.certificates)) == ("profile", 1)
    assert chain_of([odd, leaf], verified=True, ca_file=None) is None
