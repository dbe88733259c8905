"""TLS as a browser would verify it: the operating system's store, and what the profile adds."""

import ssl
from functools import cache
from pathlib import Path

from readycheck.model.failure import FailureCode, OperationFailed


@cache
def client_context(ca_file: str | None) -> ssl.SSLContext:
    """A verifying context. Raises OperationFailed (component_missing) if the CA file cannot be used."""
    import truststore  # noqa: PLC0415 - reads the system's store only where TLS is used

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file:
        try:
            context.load_verify_locations(cafile=str(Path(ca_file)))
        except OSError as error:
            why = error.reason if isinstance(error, ssl.SSLError) else error.strerror
            detail = f"trust.ca_file {Path(ca_file).name}: {why}"
            raise OperationFailed(FailureCode.COMPONENT_MISSING, "read trust.ca_file", detail) from None
    return context


@cache
def unverified_context() -> ssl.SSLContext:
    """A context that believes anybody: to look at a certificate that was refused, never to send anything through."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
