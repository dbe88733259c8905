"""A way to one STUN or TURN server: whole messages out, whole messages in, over UDP, TCP or TLS."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.net.arrival import unread_count
from readycheck.net.failures import datagram_failure_of
from readycheck.net.stream import Stream
from readycheck.net.unfragmented import is_too_long, never_fragment
from readycheck.rtc.framing import StreamFraming, pad
from readycheck.rtc.stun import Malformed

CLOSE_TIMEOUT_S = 0.5


class Link:
    """What UDP, TCP and TLS have in common once they are open."""

    reliable: bool

    def __init__(self) -> None:
        self.on_message: Callable[[bytes], None] = lambda _: None
        self.on_failure: Callable[[Failure], None] = lambda _: None
        self.unsent = 0
        """Datagrams for which the system had no room."""

    @property
    def unread(self) -> int:
        """Datagrams that came and found no room in the receive queue."""
        return 0

    def never_fragment(self) -> bool:
        """From now on send whole datagrams or none; whether that can be had here."""
        return False

    @property
    def local_address(self) -> tuple[str, int]:
        """Our own end."""
        raise NotImplementedError

    @property
    def remote_host(self) -> str:
        """The address literal at the other end."""
        raise NotImplementedError

    def send(self, message: bytes) -> None:
        """Send one message."""
        raise NotImplementedError


class DatagramLink(Link, asyncio.DatagramProtocol):
    """A connected UDP socket: a closed port is connection_refused, not silence."""

    reliable = False

    def __init__(self) -> None:
        super().__init__()
        self._closed = asyncio.get_running_loop().create_future()
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """Part of asyncio's protocol."""
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        """Part of asyncio's protocol."""
        if not self._closed.done():
            self._closed.set_result(None)

    def datagram_received(self, data: bytes, _: Any) -> None:
        """Part of asyncio's protocol."""
        self.on_message(data)

    def error_received(self, error: Exception) -> None:
        """Part of asyncio's protocol: ICMP errors, and what sendto was refused."""
        if not isinstance(error, OSError) or is_too_long(error):  # what is too long is lost, and the link goes on
            return
        failure = datagram_failure_of(error, "send")
        if failure.code == FailureCode.WORKSTATION_BUSY:
            self.unsent += 1
        else:
            self.on_failure(failure)

    def never_fragment(self) -> bool:
        """From now on send whole datagrams or none; whether that can be had here."""
        return never_fragment(self._transport.get_extra_info("socket"))

    @property
    def unread(self) -> int:
        """Datagrams that came and found no room in the receive queue."""
        return unread_count(self._transport.get_extra_info("socket"))

    @property
    def local_address(self) -> tuple[str, int]:
        """Our own end."""
        host, port, *_ = self._transport.get_extra_info("sockname")
        return str(host), int(port)

    @property
    def remote_host(self) -> str:
        """The server's address literal."""
        return str(self._transport.get_extra_info("peername")[0])

    def send(self, message: bytes) -> None:
        """Send one datagram."""
        self._transport.sendto(message)

    async def close(self) -> None:
        """Close the socket; returns once it is gone, also when cancelled."""
        self._transport.close()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await asyncio.shield(self._closed)
        except TimeoutError:
            pass
        finally:
            self._transport.abort()


class StreamLink(Link):
    """An open TCP or TLS connection with RFC 8656's framing; whoever opened it closes it."""

    reliable = True

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self._framing = StreamFraming()
        self._stream = stream
        stream.on_data = self._received
        stream.on_failure = self._failed

    @property
    def local_address(self) -> tuple[str, int]:
        """Our own end."""
        return self._stream.local_address

    @property
    def remote_host(self) -> str:
        """The address literal of the server, or of the proxy in front of it."""
        return self._stream.remote_host

    def send(self, message: bytes) -> None:
        """Send one message."""
        self._stream.send(pad(message))

    def _received(self, data: bytes) -> None:
        try:
            for message in self._framing.feed(data):
                self.on_message(message)
        except Malformed as error:
            self._failed(Failure(FailureCode.TURN_BAD_ANSWER, "receive", str(error)))
            self._stream.abort()

    def _failed(self, failure: Failure) -> None:
        self.on_failure(failure)


@asynccontextmanager
async def open_datagram_link(address: str, port: int) -> AsyncIterator[DatagramLink]:
    """A connected UDP socket; raises OperationFailed."""
    loop = asyncio.get_running_loop()
    try:
        _, link = await loop.create_datagram_endpoint(DatagramLink, remote_addr=(address, port))
    except OSError as error:
        failure = datagram_failure_of(error, "connect")
        raise OperationFailed(failure.code, failure.operation, failure.detail) from None
    try:
        yield link
    finally:
        await link.close()
