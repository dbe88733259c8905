"""TURN servers (RFC 8656): every URL by its own transport, three attempts each, and data through the relay.

The way is the one that a browser would take: UDP goes straight, TCP and TLS as the proxy configuration answers.
"""

import asyncio
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from readycheck.engine.probe import Context, Probe
from readycheck.model.failure import Failure, FailureCode, OperationFailed, commonest
from readycheck.model.proxy import DIRECT, Hop
from readycheck.model.traffic import Traffic
from readycheck.model.visit import Visit
from readycheck.net.inspection import named
from readycheck.net.turn import REQUEST_TIMEOUT_S, Trace, TurnServer, TurnSession, open_allocation, open_pair
from readycheck.probes._routes import asked_for, routes_of
from readycheck.probes._servers import Target, addresses, milliseconds, targets, traffic, urls
from readycheck.probes._turn_evidence import Attempt, Server, TurnEvidence
from readycheck.profile.schema import Profile
from readycheck.rtc.stun import hostport

ATTEMPTS = 3
ECHO_PACKETS = 5
ATTEMPTS_LIMIT_S = 22.0  # for all attempts at one address
ECHO_LIMIT_S = 15.0
ECHO_WAIT_S = 0.4  # for each packet, before the next is sent


class Turn(Probe[TurnEvidence]):
    """Can a TURN server be reached and does it relay, by each transport that the profile names."""

    id = "turn"
    title = "TURN servers"

    @classmethod
    def inputs(cls, profile: Profile) -> Any:
        """The TURN URLs."""
        return urls(profile, "turn")

    @classmethod
    def traffic(cls, profile: Profile) -> list[Traffic]:
        """Five connections at most: a certificate chain's 6 kB, ten messages of 250 bytes and their answers."""
        byte = (ATTEMPTS + 2) * (6_000 + 2 * 10 * 250)
        return traffic(cls.id, profile, "turn", byte=byte, seconds=ATTEMPTS * REQUEST_TIMEOUT_S)

    def deadline_s(self, profile: Profile) -> float:
        """The name, the attempts at every URL side by side, then an echo for each in turn."""
        echoes = sum(target.has_credentials for target in targets(profile, "turn"))
        return 30.0 + ECHO_LIMIT_S * max(1, echoes)

    def summary(self, evidence: TurnEvidence) -> str | None:
        """How many answered by each transport."""
        parts = []
        for transport in ("udp", "tcp", "tls"):
            servers = [server for server in evidence.servers if server.transport == transport]
            if servers:
                parts.append(f"{transport.upper()} {sum(server.reached for server in servers)} of {len(servers)}")
        return " · ".join(parts) or "no TURN server in the profile"

    async def gather(self, context: Context) -> TurnEvidence:
        """Try every URL, side by side."""
        found = targets(context.profile, "turn")
        context.progress(f"{len(found)} TURN URLs")
        done: dict[int, Server] = {}
        tried: list[list[Attempt]] = [[] for _ in found]
        context.keep(lambda: _so_far(found, tried, done))

        one_pair_at_a_time = asyncio.Lock()  # or URLs of one server would take each other's quota

        async def one(index: int, target: Target) -> None:
            done[index] = await _gather_server(target, context, tried[index], one_pair_at_a_time)
            context.progress(f"{target.url.url}: {_attempts_answered(done[index].attempts)}")

        async with asyncio.TaskGroup() as group:
            for index, target in enumerate(found):
                group.create_task(one(index, target))
        return TurnEvidence(tuple(done[index] for index in range(len(found))))


def _so_far(found: list[Target], tried: list[list[Attempt]], done: dict[int, Server]) -> TurnEvidence:
    """What is known when the probe is cut short."""
    return TurnEvidence(
        tuple(
            done.get(index) or Server(target.url.url, target.url.transport, target.has_credentials, tuple(tried[index]))
            for index, target in enumerate(found)
        )
    )


async def far_end(context: Context) -> tuple[str, TurnServer] | Failure:
    """The first relaying URL, and the server at the address where it relayed; or why there is none."""
    turn = context.evidence(Turn)
    server = turn.relaying if turn else None
    if turn is None or server is None or server.relay_address is None:
        code = turn.why_no_relay if turn else None
        return Failure(code or FailureCode.NOT_CONFIGURED, "find a relay")
    target = next(target for target in targets(context.profile, "turn") if target.url.url == server.url)
    hops = await _hops(context, target)
    if isinstance(hops, Failure):  # it was another answer when the relay was found
        return hops
    relay = target.at(server.relay_address, context.clock.now().timestamp(), hops)
    alternate = next((one.redirected_to for one in server.attempts if one.allocated and one.redirected_to), None)
    if alternate:
        host, _, port = alternate.rpartition(":")
        relay = replace(relay, address=host.strip("[]"), port=int(port))
    return server.url, relay


async def _hops(context: Context, target: Target) -> tuple[Hop, ...] | Failure:
    """The way to this URL, or why nobody can tell."""
    if target.url.transport == "udp":
        return (DIRECT,)
    return (await routes_of(context)).hops(asked_for(target.url))


def _attempts_answered(attempts: Iterable[Attempt]) -> str:
    tried = list(attempts)
    return f"{sum(attempt.reached for attempt in tried)} of {len(tried)} answered"


async def _gather_server(target: Target, context: Context, tried: list[Attempt], turn: asyncio.Lock) -> Server:
    url = target.url
    hops = await _hops(context, target)
    if isinstance(hops, Failure):
        return Server(url.url, url.transport, target.has_credentials, (), relay_failure=hops, route_failure=hops)
    now_unix_s = context.clock.now().timestamp()
    # A name that a proxy is to reach is the proxy's to look up.
    found = await addresses(url.host) if hops[0] == DIRECT else [url.host]
    servers = [] if isinstance(found, Failure) else [target.at(address, now_unix_s, hops) for address in found]
    if isinstance(found, Failure):
        tried.append(Attempt(None, reached=False, allocated=False, failure=found))
    granting = [
        server for server in await asyncio.gather(*(_attempts(server, context, tried) for server in servers)) if server
    ]
    if not granting and any(one.failure and one.failure.code == FailureCode.TURN_QUOTA_REACHED for one in tried):
        granting = servers  # a quota may be full of allocations released a moment ago
    if granting:
        async with turn:
            relay, failure = await _echo(granting[0])
    else:
        relay, failure = _without_allocation(target, tried)
    address = granting[0].address if relay else None
    return Server(target.url.url, target.url.transport, target.has_credentials, tuple(tried), relay, address, failure)


def _without_allocation(target: Target, tried: list[Attempt]) -> tuple[bool | None, Failure | None]:
    """What attempts without an allocation say about relaying."""
    if not target.has_credentials:
        return None, Failure(FailureCode.NOT_CONFIGURED, "allocate", "no credentials in the profile")
    failures = [attempt.failure for attempt in tried if attempt.failure]
    code = commonest(failures)
    relay = None if code == FailureCode.DEADLINE_EXCEEDED else False
    return relay, next((failure for failure in failures if failure.code == code), None)


async def _attempts(server: TurnServer, context: Context, tried: list[Attempt]) -> TurnServer | None:
    """Three attempts at one address, noted as they come; the server if it granted one."""
    granted = False
    try:
        async with asyncio.timeout(ATTEMPTS_LIMIT_S):
            for _ in range(ATTEMPTS):
                attempt = await _attempt(server, context)
                tried.append(attempt)
                granted = granted or attempt.allocated
    except TimeoutError:
        failure = Failure(FailureCode.DEADLINE_EXCEEDED, "allocate", f"not done within {ATTEMPTS_LIMIT_S:g} s")
        address = hostport(server.address, server.port)
        tried.append(Attempt(address, reached=False, allocated=False, failure=failure))
    return server if granted else None


async def _attempt(server: TurnServer, context: Context) -> Attempt:
    trace, address = Trace(), hostport(server.address, server.port)
    try:
        async with open_allocation(server, trace) as session:
            return Attempt(
                address,
                reached=True,
                allocated=True,
                via=trace.way.via,
                rtt_ms=milliseconds(trace.round_trip_s),
                allocation_ms=milliseconds(trace.allocation_s),
                relayed_address=hostport(*session.relayed_address),
                mapped_address=hostport(*session.mapped_address) if session.mapped_address else None,
                redirected_to=trace.redirected_to,
            )
    except OperationFailed as error:
        unanswered = trace.reached and not server.credentials and error.failure.code == FailureCode.TURN_UNAUTHORIZED
        return Attempt(
            address,
            reached=trace.reached,
            allocated=False,
            via=trace.way.via,
            rtt_ms=milliseconds(trace.round_trip_s),
            redirected_to=trace.redirected_to,
            failure=None
            if unanswered
            else _named(error.failure, server, trace, context),  # without credentials the challenge is the proof
        )


def _named(failure: Failure, server: TurnServer, trace: Trace, context: Context) -> Failure:
    if not trace.way.shown:
        return failure
    visit = Visit(trace.way.via, trace.reached, chain=trace.way.chain, failure=failure)
    return named(failure, server.server_name, visit, context.profile.trust.pins)


async def _echo(server: TurnServer) -> tuple[bool | None, Failure | None]:
    """Send data from one allocation to another of the same relay; whether any arrived.

    None if the relay forbids its own address as a peer (403), which is its policy and says nothing of other peers,
    and if there was no time to tell.
    """
    try:
        async with asyncio.timeout(ECHO_LIMIT_S), open_pair(server) as (here, there):
            if await _arrives(here, there):
                return True, None
    except OperationFailed as error:
        forbidden = error.failure.code == FailureCode.TURN_FORBIDDEN and error.failure.operation != "allocate"
        return (None if forbidden else False), error.failure
    except TimeoutError:
        return None, Failure(FailureCode.DEADLINE_EXCEEDED, "relay", f"not done within {ECHO_LIMIT_S:g} s")
    return False, Failure(FailureCode.RELAY_NO_DATA, "relay", f"0 of {ECHO_PACKETS} packets came through")


async def _arrives(here: TurnSession, there: TurnSession) -> bool:
    arrived, mark = asyncio.Event(), os.urandom(32)
    there.on_data = lambda data, _: arrived.set() if data == mark else None
    for _ in range(ECHO_PACKETS):
        here.send(there.relayed_address, mark)
        with suppress(TimeoutError):
            async with asyncio.timeout(ECHO_WAIT_S):
                await arrived.wait()
                return True
    return False
