"""SIP OPTIONS over UDP, TCP and TLS (RFC 3261 sections 11 and 18): one request, its retransmissions, one answer."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from readycheck import __version__
from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.net.link import open_datagram_link
from readycheck.net.stream import Stream, open_stream
from readycheck.net.tls import client_context
from readycheck.rtc.sip import (
    Malformed,
    OptionsRequest,
    SipFraming,
    SipResponse,
    SipUri,
    parse_response,
)
from readycheck.rtc.stun import Address

ANSWER_TIMEOUT_S = 4.0
OPERATION = "options"
_FINAL = 200
_USER_AGENT = f"readycheck/{__version__}"


@dataclass(frozen=True)
class OptionsAnswer:
    """What came back; `round_trip_s` is None if the request was retransmitted."""

    response: SipResponse
    round_trip_s: float | None
    times_sent: int


async def ask_options(uri: SipUri, address: str, ca_file: str | None) -> OptionsAnswer:
    """One OPTIONS request to this address of the URI's host, and the answer to it, final if one comes in time.

    Raises OperationFailed: connection_timeout for silence, connection_refused, tls_…, and the like.
    """
    port = uri.place[1]
    if uri.transport == "udp":
        async with open_datagram_link(address, port) as link:
            exchange = _Exchange(uri, link.local_address, link.send)
            link.on_message, link.on_failure = exchange.received, exchange.failed
            return await exchange.run()
    async with _opened(uri, address, port, ca_file) as stream:
        exchange = _Exchange(uri, stream.local_address, stream.send)
        framing = SipFraming()

        def received(octets: bytes) -> None:
            try:
                for message in framing.feed(octets):
                    exchange.received(message)
            except Malformed as error:
                exchange.failed(Failure(FailureCode.SIP_STATUS, OPERATION, str(error)))

        stream.on_data, stream.on_failure = received, exchange.failed
        return await exchange.run()


@asynccontextmanager
async def _opened(uri: SipUri, address: str, port: int, ca_file: str | None) -> AsyncIterator[Stream]:
    stream = await open_stream(address, port)
    try:
        if uri.transport == "tls":
            await stream.start_tls(client_context(ca_file), uri.host)
        yield stream
    finally:
        await stream.close()


class _Exchange:
    """One transaction until its answer, over whatever sends for it."""

    def __init__(self, uri: SipUri, local: Address, send: Callable[[bytes], None]) -> None:
        self._request = OptionsRequest(uri, local, _USER_AGENT, time.perf_counter())
        self._send = send
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answer: OptionsAnswer | None = None
        self._failure: Failure | None = None
        self._junk: str | None = None

    def received(self, message: bytes) -> None:
        """Take note of a message: a final answer ends it, a provisional one is kept, the rest is junk."""
        now = time.perf_counter()
        try:
            response = parse_response(message)
        except Malformed as error:
            self._junk = str(error)
            return
        if not self._request.is_answered_by(response):
            self._junk = "answers to nothing that was asked"
            return
        if self._answer is None or response.status >= _FINAL:
            self._answer = OptionsAnswer(response, self._request.round_trip_s(now), self._request.times_sent)
        if response.status >= _FINAL and not self._over.done():
            self._over.set_result(None)

    def failed(self, failure: Failure) -> None:
        """The way is closed."""
        if not self._over.done():
            self._failure = failure
            self._over.set_result(None)

    async def run(self) -> OptionsAnswer:
        """Send, and send again, until a final answer or the end of the time."""
        silence = f"no answer within {ANSWER_TIMEOUT_S:g} s"
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await self._drive()
        except TimeoutError:
            detail = f"{silence}; {self._junk}" if self._junk else silence
            self._failure = self._failure or Failure(FailureCode.CONNECTION_TIMEOUT, OPERATION, detail)
        finally:
            self._over.cancel()
        if self._answer:
            return self._answer
        failure = self._failure or Failure(FailureCode.CONNECTION_TIMEOUT, OPERATION, silence)
        raise OperationFailed(failure.code, OPERATION, failure.detail)

    async def _drive(self) -> None:
        """A provisional answer ends the sending: what is sent after it would only be absorbed."""
        while not self._over.done():
            now, due_at = time.perf_counter(), None
            if self._answer is None:
                if octets := self._request.due(now):
                    self._send(octets)
                due_at = self._request.next_at
            await asyncio.wait([self._over], timeout=None if due_at is None else max(0.0, due_at - now))
