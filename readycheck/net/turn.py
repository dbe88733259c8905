"""Drives the TURN client over a link: one allocation, opened, used, released."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.model.proxy import DIRECT, Hop
from readycheck.net.link import Link, StreamLink, open_datagram_link
from readycheck.net.resolve import is_metadata_address
from readycheck.net.stream import Stream
from readycheck.net.way import WayTrace, open_tls_way, open_way
from readycheck.rtc import turn_failure
from readycheck.rtc.ice_server import Credentials, Transport
from readycheck.rtc.stun import IPV4_FAMILY, IPV6_FAMILY, Address, address_family, hostport, is_channel_data
from readycheck.rtc.turn_client import (
    ADDRESS_FAMILY_NOT_SUPPORTED,
    TRY_ALTERNATE,
    Challenged,
    DataReceived,
    Discarded,
    Refused,
    Succeeded,
    TurnClient,
)

REQUEST_TIMEOUT_S = 2.5  # sends at 0, 0.5 and 1.5 s
RELEASE_TIMEOUT_S = 1.0
QUOTA_WAITS_S = (1.0, 3.0)


@dataclass(frozen=True)
class TurnServer:
    """One server by one transport: where, as whom, by which way, and what its certificate must say.

    `address` is a literal where the way is direct, and may be a name where a proxy is to find it.
    """

    address: str
    port: int
    transport: Transport
    server_name: str
    credentials: Credentials | None = None
    ca_file: str | None = None
    hops: tuple[Hop, ...] = (DIRECT,)


@dataclass
class Trace:
    """What is learnt on the way to an allocation, kept also when it fails."""

    reached: bool = False
    round_trip_s: float | None = None
    """Of the challenge, or of the first answer, where it is unambiguous."""
    allocation_s: float | None = None
    redirected_to: str | None = None
    way: WayTrace = field(default_factory=WayTrace)


class Redirected(OperationFailed):
    """The server named another one (error 300)."""

    def __init__(self, alternate: Address) -> None:
        super().__init__(FailureCode.TURN_REDIRECT_FAILED, "allocate", f"sent on to {hostport(*alternate)}")
        self.alternate = alternate


class TurnSession:
    """An allocation in the making and in use. Times are seconds of the performance counter."""

    def __init__(self, link: Link, credentials: Credentials | None, trace: Trace) -> None:
        self.on_data: Callable[[bytes, float], None] = lambda _data, _received_at: None
        self._client = TurnClient(credentials, reliable=link.reliable)
        self._credentials = credentials
        self._link = link
        self._trace = trace
        self._waiting: dict[int, asyncio.Future[Succeeded | Refused]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._failure: Failure | None = None
        self._discarded: str | None = None
        link.on_message, link.on_failure = self._received, self._failed

    @property
    def relayed_address(self) -> Address:
        """The relayed transport address; only once `allocate` returned."""
        if self._client.relayed_address is None:
            raise RuntimeError("there is no allocation")
        return self._client.relayed_address

    @property
    def mapped_address(self) -> Address | None:
        """Our address as the server sees it."""
        return self._client.mapped_address

    @property
    def local_address(self) -> Address:
        """Our address as this machine sees it."""
        return self._link.local_address

    async def allocate(self) -> None:
        """Ask for an allocation; raises OperationFailed, or Redirected."""
        refused = await self._try_to_allocate(None)
        if refused and refused.number == ADDRESS_FAMILY_NOT_SUPPORTED:
            # A softphone names no family and means IPv4; a relay of the other family still proves the path.
            server_family = address_family(self._link.remote_host)
            refused = await self._try_to_allocate(IPV6_FAMILY if server_family == IPV6_FAMILY else IPV4_FAMILY)
        if refused and refused.number == TRY_ALTERNATE and refused.alternate:
            raise Redirected(refused.alternate)
        if refused:
            self._raise(refused, "allocate")

    async def permit(self, peer: Address) -> None:
        """Create a permission and bind a channel, so that data can flow both ways; raises OperationFailed."""
        await self._granted(lambda now: self._client.create_permission(peer, now), "create_permission")
        await self._granted(lambda now: self._client.bind_channel(peer, now), "bind_channel")

    def send(self, peer: Address, data: bytes) -> None:
        """Send data to a permitted peer."""
        self._link.send(self._client.send(peer, data))

    @property
    def failure(self) -> Failure | None:
        """Why the link is no longer usable; None if it is."""
        return self._failure

    @property
    def speaks_at(self) -> float | None:
        """When it next says something of its own accord, so that the server keeps what it granted; None if never."""
        return self._client.next_at

    def never_fragment(self) -> bool:
        """From now on send whole datagrams or none; whether that can be had here."""
        return self._link.never_fragment()

    @property
    def unsent(self) -> int:
        """Datagrams for which the system had no room."""
        return self._link.unsent

    @property
    def unread(self) -> int:
        """Datagrams that came and found no room in the receive queue."""
        return self._link.unread

    async def release(self) -> None:
        """Give the allocation back; what the server says to it changes nothing."""
        if self._client.may_hold_allocation and not self._failure:
            try:
                async with asyncio.timeout(RELEASE_TIMEOUT_S):
                    await self._ask(self._client.release)
            except (TimeoutError, OperationFailed):
                pass

    def abandon(self) -> None:
        """Give the allocation back without waiting: on cancellation there is no time for an answer."""
        if self._client.may_hold_allocation and not self._failure:
            self._client.release(time.perf_counter())
            self._send_due()
        self.stop()

    def stop(self) -> None:
        """No timer stays behind."""
        if self._timer:
            self._timer.cancel()
        self._link.on_message = lambda _: None
        self._link.on_failure = lambda _: None

    async def _try_to_allocate(self, family: int | None) -> Refused | None:
        answer = await self._timed(lambda now: self._client.allocate(now, family=family), "allocate")
        if isinstance(answer, Refused):
            return answer
        self._trace.allocation_s = answer.round_trip_s
        self._trace.round_trip_s = self._trace.round_trip_s or answer.round_trip_s
        return None

    async def _granted(self, start: Callable[[float], int], operation: str) -> None:
        answer = await self._timed(start, operation)
        if isinstance(answer, Refused):
            self._raise(answer, operation)

    def _raise(self, refused: Refused, operation: str) -> None:
        failure = turn_failure.failure_of(refused, operation, self._credentials, time.time())
        raise OperationFailed(failure.code, failure.operation, failure.detail)

    async def _timed(self, start: Callable[[float], int], operation: str) -> Succeeded | Refused:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                return await self._ask(start)
        except TimeoutError:
            if self._discarded:
                raise OperationFailed(FailureCode.TURN_BAD_ANSWER, operation, self._discarded) from None
            detail = f"no answer within {REQUEST_TIMEOUT_S:g} s"
            raise OperationFailed(FailureCode.STUN_TIMEOUT, operation, detail) from None

    async def _ask(self, start: Callable[[float], int]) -> Succeeded | Refused:
        if self._failure:
            raise OperationFailed(self._failure.code, self._failure.operation, self._failure.detail)
        request = start(time.perf_counter())
        self._waiting[request] = asyncio.get_running_loop().create_future()
        self._send_due()
        try:
            return await self._waiting[request]
        finally:
            del self._waiting[request]
            # An unanswered Allocate is remembered: the server may have granted it, so it is to be released.
            if not self._client.may_hold_allocation:
                self._client.forget(request)

    def _send_due(self) -> None:
        now = time.perf_counter()
        for octets in self._client.datagrams_to_send(now):
            self._link.send(octets)
        if self._timer:
            self._timer.cancel()
        next_at = self._client.next_at
        if next_at is not None:
            self._timer = asyncio.get_running_loop().call_later(max(0.0, next_at - now), self._send_due)

    def _received(self, message: bytes) -> None:
        received_at = time.perf_counter()
        self._client.receive(message, received_at)
        while event := self._client.next_event():
            match event:
                case DataReceived():
                    self.on_data(event.data, received_at)
                case Challenged():
                    self._trace.reached, self._trace.round_trip_s = True, event.round_trip_s
                case Discarded():
                    self._discarded = event.why
                case Succeeded() | Refused():
                    self._trace.reached = True
                    self._settle(event)
        if not is_channel_data(message):  # an answer may ask for the next try, a new nonce without any event
            self._send_due()

    def _settle(self, answer: Succeeded | Refused) -> None:
        waiting = self._waiting.get(answer.request)
        if waiting and not waiting.done():
            waiting.set_result(answer)

    def _failed(self, failure: Failure) -> None:
        self._failure = failure
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(OperationFailed(failure.code, failure.operation, failure.detail))


@asynccontextmanager
async def open_session(server: TurnServer, trace: Trace) -> AsyncIterator[TurnSession]:
    """A session without an allocation yet. Whatever it holds is released and closed on the way out."""
    async with _link_to(server, trace.way) as link:
        session = TurnSession(link, server.credentials, trace)
        try:
            yield session
            await session.release()
        finally:
            session.abandon()


@asynccontextmanager
async def open_allocation(server: TurnServer, trace: Trace | None = None) -> AsyncIterator[TurnSession]:
    """An allocation at the server, or at the one server that it sends us on to; raises OperationFailed."""
    trace = trace or Trace()
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(open_session(server, trace))
        try:
            await session.allocate()
        except Redirected as redirected:
            await stack.aclose()
            session = await _follow(server, redirected.alternate, trace, stack)
        yield session


async def _follow(server: TurnServer, alternate: Address, trace: Trace, stack: AsyncExitStack) -> TurnSession:
    """An allocation at the alternate server; whatever goes wrong there is the redirection's failure."""
    trace.redirected_to = hostport(*alternate)
    if is_metadata_address(alternate[0]):
        detail = f"{trace.redirected_to} is a cloud's metadata address"
        raise OperationFailed(FailureCode.TURN_REDIRECT_FAILED, "follow_redirect", detail)
    # RFC 8489 section 10: the certificate is still verified against the name first asked for.
    there = replace(server, address=alternate[0], port=alternate[1])
    try:
        session = await stack.enter_async_context(open_session(there, trace))
        await session.allocate()
    except OperationFailed as error:
        detail = f"at {trace.redirected_to}: {error.failure.code} {error.failure.detail or ''}".strip()
        raise OperationFailed(FailureCode.TURN_REDIRECT_FAILED, "follow_redirect", detail) from None
    return session


@asynccontextmanager
async def open_pair(server: TurnServer) -> AsyncIterator[tuple[TurnSession, TurnSession]]:
    """Two allocations of one relay, each permitted to send to the other; raises OperationFailed.

    A server may count an allocation for some seconds after it was released (coturn does), so that a small quota is
    used up by our own earlier attempts: such a refusal is final only if it lasts.
    """
    async with AsyncExitStack() as stack:
        here, there = await _two(server, stack)
        await there.permit(here.relayed_address)
        await here.permit(there.relayed_address)
        yield here, there


async def _two(server: TurnServer, stack: AsyncExitStack) -> tuple[TurnSession, TurnSession]:
    for wait_s in (*QUOTA_WAITS_S, None):
        try:
            here = await stack.enter_async_context(open_allocation(server))
            return here, await stack.enter_async_context(open_allocation(server))
        except OperationFailed as error:
            if error.failure.code != FailureCode.TURN_QUOTA_REACHED or wait_s is None:
                raise
            await stack.aclose()
            await asyncio.sleep(wait_s)
    raise AssertionError("the last round raises or returns")


@asynccontextmanager
async def _link_to(server: TurnServer, trace: WayTrace) -> AsyncIterator[Link]:
    if server.transport == "udp":
        async with open_datagram_link(server.address, server.port) as link:
            yield link
    else:
        async with open_turn_stream(server, trace) as stream:
            yield StreamLink(stream)


@asynccontextmanager
async def open_turn_stream(server: TurnServer, trace: WayTrace | None = None) -> AsyncIterator[Stream]:
    """A TCP or TLS connection to the server by its hops; raises OperationFailed."""
    trace = trace or WayTrace()
    if server.transport == "tls":
        opened = open_tls_way(
            server.address, server.port, server.hops, trace, ca_file=server.ca_file, server_name=server.server_name
        )
    else:
        opened = open_way(server.address, server.port, server.hops, trace, ca_file=server.ca_file)
    async with opened as stream:
        yield stream
