"""What each TURN URL answered: attempts, the relay's echo, and the figures that profiles name."""

from dataclasses import dataclass
from statistics import median

from readycheck.model.evidence import Evidence, Quantity, metric_of
from readycheck.model.failure import Failure, FailureCode, commonest


@dataclass(frozen=True)
class Attempt:
    """One try to allocate at one address. `reached`: a valid STUN answer came, whatever it said."""

    address: str | None
    reached: bool
    allocated: bool
    via: str = "DIRECT"
    rtt_ms: float | None = None
    allocation_ms: float | None = None
    relayed_address: str | None = None
    mapped_address: str | None = None
    redirected_to: str | None = None
    failure: Failure | None = None


@dataclass(frozen=True)
class Server:
    """One URL. `relay`: data came through the relay; False if it did not; None if that could not be tried."""

    url: str
    transport: str
    has_credentials: bool
    attempts: tuple[Attempt, ...]
    relay: bool | None = None
    relay_address: str | None = None
    relay_failure: Failure | None = None
    route_failure: Failure | None = None
    """Why nobody can tell which way a browser would take; then nothing was tried."""

    @property
    def reached(self) -> bool:
        """Whether one of the attempts got a valid STUN answer."""
        return any(attempt.reached for attempt in self.attempts)


@dataclass(frozen=True)
class TurnEvidence(Evidence):
    """What each TURN URL of the profile answered."""

    servers: tuple[Server, ...]

    @metric_of("ratio")
    def udp_reachable_ratio(self) -> Quantity:
        """TURN URLs over UDP that answered Allocate; a 401 challenge counts."""
        return self._reachable("udp")

    @metric_of("ratio")
    def tcp_reachable_ratio(self) -> Quantity:
        """TURN URLs over TCP that answered Allocate; a 401 challenge counts."""
        return self._reachable("tcp")

    @metric_of("ratio")
    def tls_reachable_ratio(self) -> Quantity:
        """TURN URLs over TLS that answered Allocate; a 401 challenge counts."""
        return self._reachable("tls")

    @metric_of("bool")
    def udp_relay(self) -> Quantity:
        """Whether data came through a relay reached over UDP; null without credentials."""
        return self._relay("udp")

    @metric_of("bool")
    def tcp_relay(self) -> Quantity:
        """Whether data came through a relay reached over TCP; null without credentials."""
        return self._relay("tcp")

    @metric_of("bool")
    def tls_relay(self) -> Quantity:
        """Whether data came through a relay reached over TLS; null without credentials."""
        return self._relay("tls")

    @metric_of("ms")
    def allocation_p50_ms(self) -> Quantity:
        """Allocate request to success, without the 401 round trip, at the URL that `path` uses; median."""
        server = self.relaying
        if server is None:
            return Quantity(None, reason=self.why_no_relay)
        times = [attempt.allocation_ms for attempt in server.attempts if attempt.allocation_ms is not None]
        return Quantity(median(times) if times else None)

    @metric_of("number")
    def server_count(self) -> Quantity:
        """TURN URLs that the profile names; 0 is a figure too, so that conditions can ask for it."""
        return Quantity(len(self.servers))

    @metric_of("bool")
    def has_credentials(self) -> Quantity:
        """Whether the profile gives credentials for a TURN URL: without them nothing can be relayed."""
        return Quantity(any(server.has_credentials for server in self.servers))

    @metric_of("bool")
    def any_reachable(self) -> Quantity:
        """Whether at least one TURN URL answered Allocate, by whichever transport."""
        if any(server.reached for server in self.servers):
            return Quantity(True)
        if not self.servers:
            return Quantity(None, reason=FailureCode.NOT_CONFIGURED)
        failures = [attempt.failure for server in self.servers for attempt in server.attempts]
        failures += [server.route_failure for server in self.servers]
        told = all(server.attempts for server in self.servers)
        return Quantity(False if told else None, reason=commonest([failure for failure in failures if failure]))

    @metric_of("bool")
    def any_relay(self) -> Quantity:
        """Whether data came through at least one relay, by whichever transport; null without credentials."""
        if self.relaying:
            return Quantity(True)
        answers = [server.relay for server in self.servers if server.has_credentials]
        return Quantity(False if answers and None not in answers else None, reason=self.why_no_relay)

    @property
    def relaying(self) -> Server | None:
        """The first relaying URL, UDP before TCP before TLS; None if there is none."""
        return next((server for way in ("udp", "tcp", "tls") for server in self._of(way) if server.relay), None)

    @property
    def why_no_relay(self) -> FailureCode | None:
        """The commonest failure behind there being no relay."""
        failures = [server.relay_failure for server in self.servers if server.relay_failure]
        return commonest(failures) or FailureCode.NOT_CONFIGURED

    def _of(self, transport: str) -> list[Server]:
        return [server for server in self.servers if server.transport == transport]

    def _reachable(self, transport: str) -> Quantity:
        servers = self._of(transport)
        if not servers:
            return Quantity(None, reason=FailureCode.NOT_CONFIGURED)
        if not all(server.attempts for server in servers):  # cut short before each was asked, or no way to be told
            untold = [server.route_failure for server in servers if server.route_failure]
            return Quantity(None, reason=commonest(untold))
        reached = sum(server.reached for server in servers)
        missed = [attempt.failure for server in servers if not server.reached for attempt in server.attempts]
        return Quantity(
            reached / len(servers),
            reason=commonest([failure for failure in missed if failure]) if reached < len(servers) else None,
        )

    def _relay(self, transport: str) -> Quantity:
        servers = self._of(transport)
        answers = [server.relay for server in servers]
        failures = [server.relay_failure for server in servers if server.relay_failure]
        if True in answers:
            return Quantity(True)
        untold = None if any(server.has_credentials for server in servers) else FailureCode.NOT_CONFIGURED
        reason = commonest(failures) or untold
        return Quantity(False if False in answers else None, reason=reason)
