"""A STUN transaction and its retransmissions (RFC 8489 section 6.2); time is an argument."""

from readycheck.rtc.stun import Message

RTO_S = 0.5


class Transaction:
    """One request until its answer. Times are seconds of any clock that only grows."""

    def __init__(self, request: Message, now: float, *, reliable: bool, rto_s: float = RTO_S) -> None:
        self.request = request
        self._octets = bytes(request)
        self._reliable = reliable
        self._rto_s = rto_s
        self._first_sent_at = now
        self._times_sent = 0
        self._next_at: float | None = now

    @property
    def next_at(self) -> float | None:
        """When the request is due for sending next; None over a reliable transport once it is sent."""
        return self._next_at

    def due(self, now: float) -> bytes | None:
        """The request's octets if they are to be sent now."""
        if self._next_at is None or now < self._next_at:
            return None
        self._times_sent += 1
        # RFC 8489 section 6.2.1: the interval doubles; section 6.2.2: never again over TCP and TLS.
        self._next_at = None if self._reliable else now + self._rto_s * 2 ** (self._times_sent - 1)
        return self._octets

    def round_trip_s(self, now: float) -> float | None:
        """Seconds from request to answer; None if it was retransmitted, since the answer is ambiguous (Karn)."""
        return now - self._first_sent_at if self._times_sent == 1 else None
