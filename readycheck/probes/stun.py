"""STUN servers (RFC 8489): Binding over UDP per server and address family, and the NAT's behaviour (RFC 5780)."""

import asyncio
from dataclasses import dataclass
from statistics import median
from typing import Any

from readycheck.engine.probe import Context, Probe
from readycheck.model.evidence import Evidence, Quantity, metric_of
from readycheck.model.failure import Failure, FailureCode, OperationFailed, commonest
from readycheck.model.traffic import Traffic
from readycheck.net.binding import TIMEOUT_S, Binding, Refused, bind_once, nat_behaviour
from readycheck.probes._servers import Target, addresses, milliseconds, targets, traffic, urls
from readycheck.profile.schema import Profile
from readycheck.rtc.stun import hostport

ATTEMPTS = 3


@dataclass(frozen=True)
class Attempt:
    """One Binding transaction. `reached`: a valid STUN answer came, whatever it said."""

    family: int | None
    address: str | None
    reached: bool = False
    rtt_ms: float | None = None
    mapped_address: str | None = None
    failure: Failure | None = None


@dataclass(frozen=True)
class Server:
    """One URL."""

    url: str
    attempts: tuple[Attempt, ...]

    @property
    def reached(self) -> bool:
        """Whether one of the attempts was answered."""
        return any(attempt.reached for attempt in self.attempts)


@dataclass(frozen=True)
class Nat:
    """Behaviour of the NAT in between, by the first server that can tell."""

    url: str
    mapping: str
    filtering: str


@dataclass(frozen=True)
class StunEvidence(Evidence):
    """What each STUN server of the profile answered."""

    servers: tuple[Server, ...]
    nat: Nat | None = None

    @metric_of("ratio")
    def reachable_ratio(self) -> Quantity:
        """STUN servers that answered a Binding request over UDP."""
        if not self.servers:
            return Quantity(None, reason=FailureCode.NOT_CONFIGURED)
        if not all(server.attempts for server in self.servers):
            return Quantity(None)  # cut short before each was asked
        return Quantity(sum(server.reached for server in self.servers) / len(self.servers), reason=self._why_not())

    @metric_of("number")
    def server_count(self) -> Quantity:
        """STUN servers that the profile names; 0 is a figure too, so that conditions can ask for it."""
        return Quantity(len(self.servers))

    @metric_of("ms")
    def rtt_p50_ms(self) -> Quantity:
        """Binding round trip, median over all answers that are unambiguous (Karn)."""
        times = [attempt.rtt_ms for server in self.servers for attempt in server.attempts if attempt.rtt_ms is not None]
        return (
            Quantity(median(times)) if times else Quantity(None, reason=self._why_not() or FailureCode.NOT_CONFIGURED)
        )

    @metric_of("text")
    def nat_mapping(self) -> Quantity:
        """How the NAT maps: endpoint_independent, address_dependent, address_and_port_dependent, none, unknown."""
        return Quantity(self.nat.mapping) if self.nat else self._no_nat()

    @metric_of("text")
    def nat_filtering(self) -> Quantity:
        """What the NAT lets in: endpoint_independent, address_dependent, address_and_port_dependent, unknown."""
        return Quantity(self.nat.filtering) if self.nat else self._no_nat()

    def _no_nat(self) -> Quantity:
        return Quantity(None, reason=self._why_not() or FailureCode.NOT_CONFIGURED)

    def _why_not(self) -> FailureCode | None:
        missed = [attempt.failure for server in self.servers if not server.reached for attempt in server.attempts]
        return commonest([failure for failure in missed if failure])


class Stun(Probe[StunEvidence]):
    """Do STUN servers answer, and what does the NAT do."""

    id = "stun"
    title = "STUN servers"

    @classmethod
    def inputs(cls, profile: Profile) -> Any:
        """The STUN URLs."""
        return urls(profile, "stun")

    @classmethod
    def traffic(cls, profile: Profile) -> list[Traffic]:
        """At most three sends an attempt and eight for the NAT, and as many answers, of 150 bytes."""
        return traffic(cls.id, profile, "stun", byte=2 * 150 * (3 * ATTEMPTS + 8), seconds=ATTEMPTS * TIMEOUT_S)

    def deadline_s(self, profile: Profile) -> float:  # noqa: ARG002 - the limits of one attempt bound it
        """Three attempts of 2.5 s, the name, and the NAT's silences."""
        return 30.0

    def summary(self, evidence: StunEvidence) -> str | None:
        """How many answered, and the NAT."""
        if not evidence.servers:
            return "no STUN server in the profile"
        nat = f" · NAT mapping {evidence.nat.mapping.replace('_', ' ')}" if evidence.nat else ""
        return f"{sum(server.reached for server in evidence.servers)} of {len(evidence.servers)} answered{nat}"

    async def gather(self, context: Context) -> StunEvidence:
        """Ask every server, side by side; then the NAT by the first that answered."""
        found = targets(context.profile, "stun")
        context.progress(f"{len(found)} STUN servers")
        tried: list[list[Attempt]] = [[] for _ in found]

        def so_far() -> tuple[Server, ...]:
            return tuple(Server(target.url.url, tuple(own)) for target, own in zip(found, tried, strict=True))

        context.keep(lambda: StunEvidence(so_far()))
        await asyncio.gather(*(_try_server(target, own) for target, own in zip(found, tried, strict=True)))
        servers = so_far()
        nat = None
        for target, server in zip(found, servers, strict=True):
            if nat is None or nat.mapping == "unknown":
                nat = await _gather_nat(target, server) or nat
        return StunEvidence(servers, nat)


async def _try_server(target: Target, tried: list[Attempt]) -> None:
    """Three attempts at each address, noted as they come."""
    found = await addresses(target.url.host)
    if isinstance(found, Failure):
        tried.append(Attempt(None, None, failure=found))
        return
    await asyncio.gather(*(_attempts(address, target.url.port, tried) for address in found))


async def _attempts(address: str, port: int, tried: list[Attempt]) -> None:
    for _ in range(ATTEMPTS):
        tried.append(await _attempt(address, port))  # noqa: PERF401 - one by one, so that Ctrl-C keeps them


async def _attempt(address: str, port: int) -> Attempt:
    family = 6 if ":" in address else 4
    try:
        binding: Binding = await bind_once(address, port)
    except OperationFailed as error:
        return Attempt(family, hostport(address, port), isinstance(error, Refused), failure=error.failure)
    rtt_ms = milliseconds(binding.round_trip_s)
    return Attempt(
        family, hostport(address, port), reached=True, rtt_ms=rtt_ms, mapped_address=hostport(*binding.mapped)
    )


async def _gather_nat(target: Target, server: Server) -> Nat | None:
    """Behaviour seen by this server; None if it does not answer."""
    answered = next((attempt for attempt in server.attempts if attempt.failure is None and attempt.family == 4), None)  # noqa: PLR2004 - IP version
    if answered is None or answered.address is None:
        return None
    address = answered.address.rpartition(":")[0]
    try:
        local = (await bind_once(address, target.url.port)).local[0]
        mapping, filtering = await nat_behaviour(address, target.url.port, local)
    except OperationFailed:
        return None
    return Nat(target.url.url, mapping, filtering)
