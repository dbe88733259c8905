"""What the lab server has seen and done."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from readycheck.rtc.stun import Method

Transport = Literal["udp", "tcp", "tls"]


class Request(NamedTuple):
    """One request, and the error code answered; None for success and for silence."""

    transport: Transport
    method: Method
    error_code: int | None


@dataclass
class Log:
    """Requests in order of arrival, and counts of what was relayed."""

    requests: list[Request] = field(default_factory=list)
    streams_accepted: int = 0
    tls_handshakes_failed: int = 0
    packets_to_peers: int = 0
    packets_to_clients: int = 0
    packets_dropped: int = 0

    def error_codes(self, method: Method) -> list[int | None]:
        """What the requests of this method were answered, in order."""
        return [request.error_code for request in self.requests if request.method is method]
