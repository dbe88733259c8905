"""Certificate chains as they are shown, and whose root they lead to."""

import base64
import hashlib
import re
import ssl
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from readycheck.model.clean import clean
from readycheck.model.visit import Anchor, Certificate, Chain

_LONGEST_CHAIN = 10
_LONGEST_NAME = 120
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def chain_of(ders: Sequence[bytes], *, verified: bool, ca_file: str | None) -> Chain | None:
    """The chain in these DER octets, the server's own certificate first; None if it cannot be read."""
    read = [_parsed(der) for der in list(dict.fromkeys(ders))[:_LONGEST_CHAIN]]
    if not read or read[0] is None:  # without the server's own, the others are not a chain
        return None
    shown = [found for found in read if found]
    anchor: Anchor | None = "system" if verified else None
    own_root = _root_above(shown, _roots(ca_file)) if ca_file else None
    if own_root:
        anchor = "profile"
    if _root_above(shown, _public_roots()):
        anchor = "public"
    key = _certificate(own_root).spki_sha256 if own_root else None
    return Chain(tuple(map(_certificate, shown)), verified=verified, anchor=anchor, root_spki_sha256=key)


def shown_by(ssl_object: Any) -> list[bytes]:
    """The certificates that the far side of a TLS connection showed, in DER, the server's own first.

    The whole chain where Python tells it (in public from 3.13 on), else the server's own alone.
    """
    from_here: Any = getattr(ssl_object, "get_unverified_chain", None)
    from_here = from_here or getattr(getattr(ssl_object, "_sslobj", None), "get_unverified_chain", None)
    if from_here:
        found = from_here() or []
        return [one if isinstance(one, bytes) else one.public_bytes(2) for one in found]  # 2: DER, in _ssl
    leaf = ssl_object.getpeercert(binary_form=True) if ssl_object else None
    return [leaf] if leaf else []


def _parsed(der: bytes) -> x509.Certificate | None:
    try:
        with warnings.catch_warnings():  # what a stranger's certificate does wrong is not our user's affair
            warnings.simplefilter("ignore")
            parsed = x509.load_der_x509_certificate(der)
            parsed.public_key(), parsed.subject, parsed.issuer  # read only now, and broken as easily
    except (ValueError, UnsupportedAlgorithm):
        return None
    return parsed


def _certificate(parsed: x509.Certificate) -> Certificate:
    spki = parsed.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    der = parsed.public_bytes(Encoding.DER)
    return Certificate(
        subject=_name(parsed.subject),
        issuer=_name(parsed.issuer),
        not_after=parsed.not_valid_after_utc.isoformat().replace("+00:00", "Z"),
        sha256=hashlib.sha256(der).hexdigest(),
        spki_sha256=base64.b64encode(hashlib.sha256(spki).digest()).decode(),
    )


def _name(name: x509.Name) -> str:
    """Common name and organisation, which is what people know a CA by."""
    parts = [
        str(attribute.value)
        for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
        for attribute in name.get_attributes_for_oid(oid)
    ]
    text = ", ".join(dict.fromkeys(parts)) or name.rfc4514_string()
    return clean(text, _LONGEST_NAME)


def _root_above(
    shown: Sequence[x509.Certificate], roots: dict[bytes, list[x509.Certificate]]
) -> x509.Certificate | None:
    """The root to which signatures lead from the server's certificate through what it showed; None if to none."""
    here, left = shown[0], list(shown[1:])
    for _ in range(_LONGEST_CHAIN):
        known = roots.get(here.issuer.public_bytes(), ())
        if found := next((root for root in known if here == root or _issued(root, here)), None):
            return found
        above = next((one for one in left if _issued(one, here)), None)
        if above is None:
            return None
        left.remove(above)
        here = above
    return None


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


@cache
def _public_roots() -> dict[bytes, list[x509.Certificate]]:
    """Mozilla's list, as certifi ships it."""
    import certifi  # noqa: PLC0415 - read only where a chain is looked at

    return _by_subject(Path(certifi.where()).read_text(encoding="ascii"))


@cache
def _roots(ca_file: str) -> dict[bytes, list[x509.Certificate]]:
    return _by_subject(Path(ca_file).read_text(encoding="utf-8", errors="replace"))


def _by_subject(pem: str) -> dict[bytes, list[x509.Certificate]]:
    roots: dict[bytes, list[x509.Certificate]] = {}
    for block in _PEM.findall(pem):
        try:
            certificate = _parsed(ssl.PEM_cert_to_DER_cert(block))
        except ValueError:
            continue
        if certificate:
            roots.setdefault(certificate.subject.public_bytes(), []).append(certificate)
    return roots
