"""Failures: a closed list of codes, each paired with the operation that met it."""

from dataclasses import dataclass
from enum import StrEnum, auto


class FailureCode(StrEnum):
    """Why something did not work. Scripts rely on these names: adding is free, renaming is not."""

    DNS_NOT_FOUND = auto()
    DNS_TIMEOUT = auto()
    CONNECTION_REFUSED = auto()
    CONNECTION_TIMEOUT = auto()
    CONNECTION_RESET = auto()
    NETWORK_UNREACHABLE = auto()
    HOST_UNREACHABLE = auto()
    TLS_UNTRUSTED = auto()
    TLS_INTERCEPTED = auto()
    TLS_EXPIRED = auto()
    TLS_HOSTNAME_MISMATCH = auto()
    TLS_HANDSHAKE_FAILED = auto()
    PROXY_UNREACHABLE = auto()
    PROXY_DENIED = auto()
    PROXY_AUTHENTICATION_REQUIRED = auto()
    PROXY_BAD_ANSWER = auto()
    PAC_UNREACHABLE = auto()
    PAC_INVALID = auto()
    HTTP_STATUS = auto()
    WEBSOCKET_REFUSED = auto()
    STUN_TIMEOUT = auto()
    TURN_UNAUTHORIZED = auto()
    TURN_CREDENTIAL_EXPIRED = auto()
    TURN_FORBIDDEN = auto()
    TURN_QUOTA_REACHED = auto()
    TURN_INSUFFICIENT_CAPACITY = auto()
    TURN_ALLOCATION_MISMATCH = auto()
    TURN_BAD_ANSWER = auto()
    TURN_REDIRECT_FAILED = auto()
    RELAY_NO_DATA = auto()
    ICE_FAILED = auto()
    NO_MEDIA = auto()
    ONE_WAY_MEDIA = auto()
    CODEC_UNAVAILABLE = auto()
    NO_AUDIO_DEVICE = auto()
    PERMISSION_DENIED = auto()
    COMPONENT_MISSING = auto()
    WRONG_USER_CONTEXT = auto()
    WORKSTATION_BUSY = auto()
    DESTINATION_REFUSED = auto()
    SIP_STATUS = auto()
    STUN_BAD_ANSWER = auto()
    CAPTIVE_PORTAL = auto()
    NOT_PROVEN = auto()
    OTHER_TARGETS = auto()
    NOT_SELECTED = auto()
    DEADLINE_EXCEEDED = auto()
    INTERRUPTED = auto()
    NOT_CONFIGURED = auto()
    UNSUPPORTED_PLATFORM = auto()
    INTERNAL_ERROR = auto()


@dataclass(frozen=True)
class Failure:
    """One thing that went wrong: what, while doing what, and what was seen."""

    code: FailureCode
    operation: str
    detail: str | None = None


class OperationFailed(Exception):
    """Raised inside a probe; becomes a value at its edge."""

    def __init__(self, code: FailureCode, operation: str, detail: str | None = None) -> None:
        super().__init__(f"{operation}: {code}" + (f" ({detail})" if detail else ""))
        self.failure = Failure(code, operation, detail)


def commonest(failures: list[Failure]) -> FailureCode | None:
    """The code met most often, the first met where several are; None if there is none."""
    codes = [failure.code for failure in failures]
    return max(codes, key=codes.count, default=None)
