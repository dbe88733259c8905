"""A way to one server: whole messages out, whole messages in, over UDP, TCP or TLS."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.net.failures import datagram_failure_of, failure_of
from readycheck.rtc.framing import StreamFraming, pad
from readycheck.rtc.stun import Malformed

CONNECT_TIMEOUT_S = 3.0
HANDSHAKE_TIMEOUT_S = 3.0
CLOSE_TIMEOUT_S = 0.5


class Link:
    """What UDP, TCP and TLS have in common once they are open."""

    reliable: bool

    def __init__(self) -> None:
        self.on_message: Callable[[bytes], None] = lambda _: None
        self.on_failure: Callable[[Failure], None] = lambda _: None
        self._closed = asyncio.get_running_loop().create_future()
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """Part of asyncio's protocol."""
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        """Part of asyncio's protocol."""
        if not self._closed.done():
            self._closed.set_result(None)
        failure = failure_of(error, "receive") if isinstance(error, OSError) else None
        self.on_failure(failure or Failure(FailureCode.CONNECTION_RESET, "receive", "the server closed the connection"))

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
        """Send one message."""
        raise NotImplementedError

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


class DatagramLink(Link, asyncio.DatagramProtocol):
    """A connected UDP socket: a closed port is connection_refused, not silence."""

    reliable = False

    def datagram_received(self, data: bytes, _: Any) -> None:
        """Part of asyncio's protocol."""
        self.on_message(data)

    def error_received(self, error: Exception) -> None:
        """Part of asyncio's protocol: ICMP errors, and what sendto was refused."""
        if isinstance(error, OSError):
            self.on_failure(datagram_failure_of(error, "send"))

    def send(self, message: bytes) -> None:
        """Send one datagram."""
        self._transport.sendto(message)


class StreamLink(Link, asyncio.Protocol):
    """TCP or TLS with RFC 8656's framing."""

    reliable = True

    def __init__(self) -> None:
        super().__init__()
        self._framing = StreamFraming()

    def data_received(self, data: bytes) -> None:
        """Part of asyncio's protocol."""
        try:
            for message in self._framing.feed(data):
                self.on_message(message)
        except Malformed as error:
            self.on_failure(Failure(FailureCode.TURN_BAD_ANSWER, "receive", str(error)))
            self._transport.abort()

    async def start_tls(self, context: ssl.SSLContext, server_name: str | None) -> None:
        """Go on in TLS; the socket is closed if that fails or is cancelled."""
        plain = self._transport
        try:
            # create_connection(ssl=…) cancelled at its start leaves a transport that nobody holds
            self._transport = await asyncio.get_running_loop().start_tls(
                plain,
                self,
                context,
                server_hostname=server_name,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S,
                ssl_shutdown_timeout=CLOSE_TIMEOUT_S,
            )
        except BaseException:
            plain.abort()
            raise

    def send(self, message: bytes) -> None:
        """Send one message."""
        if not self._transport.is_closing():
            self._transport.write(pad(message))


@asynccontextmanager
async def open_datagram_link(address: str, port: int) -> AsyncIterator[Link]:
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


@asynccontextmanager
async def open_stream_link(
    address: str, port: int, *, tls: ssl.SSLContext | None = None, server_name: str | None = None
) -> AsyncIterator[Link]:
    """A TCP connection, with TLS verified for `server_name` if a context is given; raises OperationFailed."""
    connection = await _connect(address, port)
    link = await _start(connection, tls, server_name)
    try:
        yield link
    finally:
        await link.close()


async def _connect(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await asyncio.get_running_loop().sock_connect(connection, (address, port))
    except TimeoutError as error:
        connection.close()
        if error.errno:  # the system's own ETIMEDOUT is a TimeoutError too
            raise OperationFailed(FailureCode.CONNECTION_TIMEOUT, "connect", error.strerror) from None
        detail = f"no answer within {CONNECT_TIMEOUT_S:g} s"
        raise OperationFailed(FailureCode.CONNECTION_TIMEOUT, "connect", detail) from None
    except OSError as error:
        connection.close()
        failure = failure_of(error, "connect")
        raise OperationFailed(failure.code, failure.operation, failure.detail) from None
    except BaseException:
        connection.close()
        raise
    return connection


async def _start(connection: socket.socket, tls: ssl.SSLContext | None, server_name: str | None) -> Link:
    _, link = await asyncio.get_running_loop().create_connection(StreamLink, sock=connection)
    if tls is None:
        return link
    try:
        await link.start_tls(tls, server_name)
    except OSError as error:
        if "ssl_handshake" in str(error) or "SSL handshake is taking longer" in str(error):
            detail = f"no TLS answer within {HANDSHAKE_TIMEOUT_S:g} s"
            raise OperationFailed(FailureCode.TLS_HANDSHAKE_FAILED, "tls_handshake", detail) from None
        failure = failure_of(error, "tls_handshake")
        raise OperationFailed(failure.code, failure.operation, failure.detail) from None
    return link
