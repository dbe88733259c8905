"""Certificates of one run: a private CA and a leaf, good or bad on purpose."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Authority:
    """A CA that exists as long as this object."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def create(cls, common_name: str = "readycheck lab CA") -> "Authority":
        """A new CA, unrelated to all others."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(common_name)
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        builder = (
            _builder(name, name, key.public_key(), key.public_key())
            .not_valid_before(_now() - timedelta(days=365))
            .not_valid_after(_now() + timedelta(days=365))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
        )
        return cls(builder.sign(key, hashes.SHA256()), key)


@dataclass(frozen=True)
class Certificate:
    """Where the PEM files of a leaf and of its CA are."""

    ca_file: Path
    chain_file: Path
    key_file: Path


def issue(
    directory: Path,
    *,
    names: tuple[str, ...] = LOOPBACK_NAMES,
    valid_for: timedelta = timedelta(days=7),
    authority: Authority | None = None,
) -> Certificate:
    """Write a leaf for these DNS names and addresses; a negative validity makes one that has expired.

    Without an authority a new CA signs it, so a second call makes a certificate of an unrelated CA.
    """
    authority = authority or Authority.create()
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(_name(names[0]), authority.certificate.subject, key.public_key(), authority.key.public_key())
        .not_valid_before(_now() + min(valid_for, timedelta()) - timedelta(days=1))
        .not_valid_after(_now() + valid_for)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
    )
    leaf = builder.sign(authority.key, hashes.SHA256())
    files = Certificate(directory / "ca.pem", directory / "leaf.pem", directory / "leaf.key")
    files.ca_file.write_bytes(authority.certificate.public_bytes(serialization.Encoding.PEM))
    files.chain_file.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    files.key_file.touch(mode=0o600)
    files.key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def _now() -> datetime:
    return datetime.now(UTC)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePublicKey,
) -> x509.CertificateBuilder:
    """What leaf and CA have in common; the key identifiers are required by VERIFY_X509_STRICT."""
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=public_key)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )
