"""The operating system's errors, in the closed list of failures: the one place where they are told apart."""

import errno
import socket
import ssl

from readycheck.model.failure import Failure, FailureCode

_CODE_OF_ERRNO = {
    errno.ECONNREFUSED: FailureCode.CONNECTION_REFUSED,
    errno.ECONNRESET: FailureCode.CONNECTION_RESET,
    errno.EPIPE: FailureCode.CONNECTION_RESET,
    errno.ECONNABORTED: FailureCode.CONNECTION_RESET,
    errno.ENETUNREACH: FailureCode.NETWORK_UNREACHABLE,
    errno.ENETDOWN: FailureCode.NETWORK_UNREACHABLE,
    errno.EADDRNOTAVAIL: FailureCode.NETWORK_UNREACHABLE,
    errno.EAFNOSUPPORT: FailureCode.NETWORK_UNREACHABLE,
    errno.EHOSTUNREACH: FailureCode.HOST_UNREACHABLE,
    errno.ETIMEDOUT: FailureCode.CONNECTION_TIMEOUT,
    errno.EPERM: FailureCode.PERMISSION_DENIED,
    errno.EACCES: FailureCode.PERMISSION_DENIED,
    errno.ENOBUFS: FailureCode.WORKSTATION_BUSY,
    errno.ENOMEM: FailureCode.WORKSTATION_BUSY,
    # Windows numbers its socket errors anew (winsock2.h)
    10013: FailureCode.PERMISSION_DENIED,
    10050: FailureCode.NETWORK_UNREACHABLE,
    10051: FailureCode.NETWORK_UNREACHABLE,
    10049: FailureCode.NETWORK_UNREACHABLE,
    10053: FailureCode.CONNECTION_RESET,
    10054: FailureCode.CONNECTION_RESET,
    10055: FailureCode.WORKSTATION_BUSY,
    10060: FailureCode.CONNECTION_TIMEOUT,
    10061: FailureCode.CONNECTION_REFUSED,
    10065: FailureCode.HOST_UNREACHABLE,
}
# OpenSSL's X509_V_ERR_…: x509_vfy.h
_CERTIFICATE_EXPIRED = (9, 10)
_WRONG_NAME = (62, 63, 64)


def failure_of(error: OSError, operation: str) -> Failure:
    """What this error means while doing that."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure(_certificate_code(error), operation, error.verify_message)
    if isinstance(error, ssl.SSLError):
        return Failure(FailureCode.TLS_HANDSHAKE_FAILED, operation, error.reason or str(error))
    if isinstance(error, socket.gaierror):
        return Failure(_name_code(error), operation, error.strerror)
    code = _CODE_OF_ERRNO.get(error.errno or 0)
    if code is None:
        code = FailureCode.CONNECTION_RESET if isinstance(error, ConnectionError) else FailureCode.NETWORK_UNREACHABLE
    return Failure(code, operation, error.strerror or str(error) or None)


def datagram_failure_of(error: OSError, operation: str) -> Failure:
    """The same for a connected UDP socket: Windows reports ICMP port unreachable as a reset (WSAECONNRESET)."""
    failure = failure_of(error, operation)
    if failure.code == FailureCode.CONNECTION_RESET:
        return Failure(FailureCode.CONNECTION_REFUSED, operation, failure.detail)
    return failure


def _certificate_code(error: ssl.SSLCertVerificationError) -> FailureCode:
    if error.verify_code in _CERTIFICATE_EXPIRED:
        return FailureCode.TLS_EXPIRED
    if error.verify_code in _WRONG_NAME:
        return FailureCode.TLS_HOSTNAME_MISMATCH
    return FailureCode.TLS_UNTRUSTED


def _name_code(error: socket.gaierror) -> FailureCode:
    return FailureCode.DNS_TIMEOUT if error.errno == socket.EAI_AGAIN else FailureCode.DNS_NOT_FOUND
