"""STUN Binding over UDP (RFC 8489), and what it tells of the NAT in between (RFC 5780)."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from readycheck.model.clean import clean
from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.net.failures import datagram_failure_of
from readycheck.net.link import Link, open_datagram_link
from readycheck.rtc import stun
from readycheck.rtc.stun import Address, Class, Malformed, Message, Method
from readycheck.rtc.transaction import Transaction

TIMEOUT_S = 2.5
NAT_TIMEOUT_S = 1.6  # sends at 0, 0.5 and 1.5 s; silence is an answer here
CHANGE_PORT, CHANGE_ADDRESS_AND_PORT = 0x2, 0x6  # CHANGE-REQUEST, RFC 5780 section 7.2


class Refused(OperationFailed):
    """The server is there and answered with an error: reached, but of no further use."""


@dataclass(frozen=True)
class Binding:
    """What a server answered; `round_trip_s` is None if the request was retransmitted."""

    mapped: Address
    local: Address
    other: Address | None
    round_trip_s: float | None


async def bind_once(address: str, port: int, *, timeout_s: float = TIMEOUT_S) -> Binding:
    """One Binding transaction on a connected socket of its own; raises OperationFailed."""
    async with open_datagram_link(address, port) as link:
        return await bind_over(link, timeout_s=timeout_s)


async def bind_over(link: Link, *, timeout_s: float = TIMEOUT_S) -> Binding:
    """One Binding transaction over an open link; raises OperationFailed."""
    transaction = Transaction(Message(Method.BINDING, Class.REQUEST), time.perf_counter(), reliable=False)
    exchange = _Exchange(transaction)
    link.on_message, link.on_failure = exchange.received, exchange.failed
    answer, round_trip_s = await exchange.run(link.send, timeout_s)
    return _binding(answer, link.local_address, round_trip_s)


def _binding(answer: Message, local: Address, round_trip_s: float | None) -> Binding:
    mapped = stun.mapped_address(answer)
    if answer.message_class == Class.ERROR or mapped is None:
        number, phrase = stun.error(answer) or (0, "no mapped address")
        kind = Refused if answer.message_class == Class.ERROR else OperationFailed
        raise kind(FailureCode.STUN_BAD_ANSWER, "bind", f"{number or ''} {clean(phrase)}".strip())
    return Binding(mapped, local, answer.attributes.get("OTHER-ADDRESS"), round_trip_s)


class _Exchange:
    """One transaction until its answer, over whatever sends for it."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._answer: asyncio.Future[tuple[Message, float | None]] = asyncio.get_running_loop().create_future()
        self._junk: str | None = None

    def received(self, data: bytes) -> None:
        now = time.perf_counter()
        try:
            message = stun.decode(data)
        except Malformed as error:
            self._junk = str(error)
            return
        expected = self._transaction.request
        if message.transaction_id != expected.transaction_id or message.message_method != expected.message_method:
            self._junk = "an answer to nothing that was asked"
        elif not self._answer.done() and message.message_class in (Class.RESPONSE, Class.ERROR):
            self._answer.set_result((message, self._transaction.round_trip_s(now)))

    def failed(self, failure: Failure) -> None:
        if not self._answer.done():
            self._answer.set_exception(OperationFailed(failure.code, failure.operation, failure.detail))

    async def run(self, send: Any, timeout_s: float) -> tuple[Message, float | None]:
        """Send, and send again, until the answer; raises OperationFailed (stun_timeout, stun_bad_answer)."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self._answer.done():
                    now = time.perf_counter()
                    if octets := self._transaction.due(now):
                        send(octets)
                    await asyncio.wait([self._answer], timeout=(self._transaction.next_at or now) - now)
                return self._answer.result()
        except TimeoutError:
            code = FailureCode.STUN_BAD_ANSWER if self._junk else FailureCode.STUN_TIMEOUT
            raise OperationFailed(code, "bind", self._junk or f"no answer within {timeout_s:g} s") from None
        finally:
            self._answer.cancel()


class _OpenSocket(asyncio.DatagramProtocol):
    """A socket that is not connected: RFC 5780 needs one local port towards several servers."""

    def __init__(self) -> None:
        self._exchanges: list[_Exchange] = []
        self.transport: Any = None
        self.answered_from: Address | None = None
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self.closed.set_result(None)

    def datagram_received(self, data: bytes, source: Any) -> None:
        self.answered_from = (str(source[0]), int(source[1]))
        for exchange in self._exchanges:
            exchange.received(data)

    def error_received(self, error: Exception) -> None:
        """A refusal that belongs to one server of several: its own silence tells it."""

    async def bind(self, server: Address, change: int = 0) -> Message | None:
        """The answer of a server, asked to answer from elsewhere if `change` says so; None is silence."""
        attributes = {"CHANGE-REQUEST": change} if change else {}
        request = Message(Method.BINDING, Class.REQUEST, attributes=attributes)
        exchange = _Exchange(Transaction(request, time.perf_counter(), reliable=False))
        self._exchanges = [exchange]
        try:
            answer, _ = await exchange.run(lambda octets: self.transport.sendto(octets, server), NAT_TIMEOUT_S)
        except OperationFailed:
            return None
        return answer


@asynccontextmanager
async def _open_socket(local_host: str) -> AsyncIterator[_OpenSocket]:
    loop = asyncio.get_running_loop()
    try:
        _, opened = await loop.create_datagram_endpoint(_OpenSocket, local_addr=(local_host, 0))
    except OSError as error:
        failure = datagram_failure_of(error, "bind")
        raise OperationFailed(failure.code, failure.operation, failure.detail) from None
    try:
        yield opened
    finally:
        opened.transport.abort()
        await asyncio.shield(opened.closed)


async def nat_behaviour(address: str, port: int, local_host: str) -> tuple[str, str]:
    """Mapping and filtering behaviour (RFC 5780 sections 4.3 and 4.4) in the words of RFC 4787.

    (`unknown`, `unknown`) if the server has no other address to ask from. Raises OperationFailed.
    """
    async with _open_socket(local_host) as opened:
        first = await opened.bind((address, port))
        if first is None:
            raise OperationFailed(FailureCode.STUN_TIMEOUT, "nat_mapping", None)
        other: Address | None = first.attributes.get("OTHER-ADDRESS")
        if other is None or other[0] == address or other[1] == port:
            return "unknown", "unknown"
        local_port = opened.transport.get_extra_info("sockname")[1]
        mapping = await _mapping(opened, first, other, port, (local_host, local_port))
    async with _open_socket(local_host) as opened:  # a socket that has never sent to the other address
        filtering = await _filtering(opened, (address, port))
    return mapping, filtering


async def _mapping(opened: _OpenSocket, first: Message, other: Address, port: int, local: Address) -> str:
    mapped = stun.mapped_address(first)
    if mapped == local:
        return "none"
    second = await opened.bind((other[0], port))
    if second is None or second.message_class == Class.ERROR or opened.answered_from != (other[0], port):
        return "unknown"
    if stun.mapped_address(second) == mapped:
        return "endpoint_independent"
    third = await opened.bind(other)
    if third is None:
        return "unknown"
    same = stun.mapped_address(third) == stun.mapped_address(second)
    return "address_dependent" if same else "address_and_port_dependent"


async def _filtering(opened: _OpenSocket, server: Address) -> str:
    """What gets in from elsewhere. A server that does not do as asked proves nothing."""
    if await opened.bind(server) is None:
        return "unknown"
    for change, behaviour in ((CHANGE_ADDRESS_AND_PORT, "endpoint_independent"), (CHANGE_PORT, "address_dependent")):
        answer = await opened.bind(server, change)
        if answer is None:
            continue
        elsewhere = opened.answered_from is not None and opened.answered_from[1] != server[1]
        if change == CHANGE_ADDRESS_AND_PORT and opened.answered_from is not None:
            elsewhere = elsewhere and opened.answered_from[0] != server[0]
        return behaviour if elsewhere and answer.message_class == Class.RESPONSE else "unknown"
    return "address_and_port_dependent"
