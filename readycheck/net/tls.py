"""TLS as a browser would verify it: the operating system's store, and what the profile adds."""

import re
import ssl
import sys
from functools import cache
from pathlib import Path

from readycheck.model.failure import FailureCode, OperationFailed

_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.[0-9]", re.IGNORECASE)
# Where distributions keep their bundle, for a Python whose OpenSSL looks elsewhere.
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/cert.pem",
    "/etc/ssl/ca-bundle.pem",
)


@cache
def client_context(ca_file: str | None) -> ssl.SSLContext:
    """A verifying context. Raises OperationFailed (component_missing) if the CA file cannot be used."""
    context = _system_context()
    if ca_file:
        try:
            context.load_verify_locations(cafile=str(Path(ca_file)))
        except OSError as error:
            why = error.reason if isinstance(error, ssl.SSLError) else error.strerror
            detail = f"trust.ca_file {Path(ca_file).name}: {why}"
            raise OperationFailed(FailureCode.COMPONENT_MISSING, "read trust.ca_file", detail) from None
    return context


def _system_context() -> ssl.SSLContext:
    """Windows and macOS verify themselves, by truststore. Elsewhere the store is a file, read here once.

    truststore reads that file for each connection: 20 ms in which the loop stands still, and every figure with it.
    """
    if sys.platform in ("win32", "darwin"):
        import truststore  # noqa: PLC0415 - not needed elsewhere

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    defaults = ssl.get_default_verify_paths()
    if defaults.cafile or (defaults.capath and _holds_certificates(Path(defaults.capath))):
        context.set_default_verify_paths()
    elif bundle := next((one for one in _BUNDLES if Path(one).is_file()), None):
        context.load_verify_locations(cafile=bundle)
    return context


def _holds_certificates(folder: Path) -> bool:
    return folder.is_dir() and any(_HASHED_NAME.fullmatch(file.name) for file in folder.iterdir())


@cache
def unverified_context() -> ssl.SSLContext:
    """A context that believes anybody: to look at a certificate that was refused, never to send anything through."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
