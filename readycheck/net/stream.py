"""One TCP connection, in TLS or not: opened, spoken over, closed."""

import asyncio
import socket
import ssl
from collections import deque
from typing import TYPE_CHECKING, Any

from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.net.failures import failure_of

if TYPE_CHECKING:
    from collections.abc import Callable

CONNECT_TIMEOUT_S = 3.0
HANDSHAKE_TIMEOUT_S = 3.0
CLOSE_TIMEOUT_S = 0.5
_MOST_WAITING_BYTE = 256 * 1024


class Stream(asyncio.Protocol):
    """What both ends say, as it comes. Octets go to `on_data` if somebody set it, else they wait for `receive`."""

    def __init__(self) -> None:
        self.on_data: Callable[[bytes], None] | None = None
        self.on_failure: Callable[[Failure], None] = lambda _: None
        self._closed = asyncio.get_running_loop().create_future()
        self._waiting: deque[bytes] = deque()
        self._arrived = asyncio.Event()
        self._transport: Any = None
        self._failure: Failure | None = None

    def connection_made(self, transport: Any) -> None:
        """Part of asyncio's protocol."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Part of asyncio's protocol."""
        if self.on_data:
            self.on_data(data)
            return
        self._waiting.append(data)
        self._arrived.set()
        if sum(map(len, self._waiting)) > _MOST_WAITING_BYTE:
            self._transport.pause_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """Part of asyncio's protocol."""
        if not self._closed.done():
            self._closed.set_result(None)
        failure = failure_of(error, "receive") if isinstance(error, OSError) else None
        self._failure = failure or Failure(FailureCode.CONNECTION_RESET, "receive", "the server closed the connection")
        self._arrived.set()
        self.on_failure(self._failure)

    @property
    def local_address(self) -> tuple[str, int]:
        """Our own end."""
        host, port, *_ = self._transport.get_extra_info("sockname")
        return str(host), int(port)

    @property
    def remote_host(self) -> str:
        """The address literal of what was connected to: the server, or the proxy in front of it."""
        return str(self._transport.get_extra_info("peername")[0])

    @property
    def ssl_object(self) -> Any:
        """Python's view of the TLS connection; None without TLS."""
        return self._transport.get_extra_info("ssl_object")

    @property
    def unread(self) -> bool:
        """Whether octets came that nobody asked for yet."""
        return bool(self._waiting)

    def send(self, data: bytes) -> None:
        """Send octets; into a closing connection they go nowhere."""
        if not self._transport.is_closing():
            self._transport.write(data)

    async def receive(self, operation: str) -> bytes:
        """The next octets; raises OperationFailed (connection_reset, …) once there are no more."""
        while not self._waiting:
            if self._failure:
                raise OperationFailed(self._failure.code, operation, self._failure.detail)
            self._arrived.clear()
            await self._arrived.wait()
        data = b"".join(self._waiting)
        self._waiting.clear()
        if not self._transport.is_closing():
            self._transport.resume_reading()
        return data

    async def start_tls(self, context: ssl.SSLContext, server_name: str | None) -> None:
        """Go on in TLS; raises OperationFailed. The connection is gone if that fails or is cancelled."""
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
        except (OSError, ValueError) as error:
            plain.abort()
            raise _handshake_failed(error) from None
        except BaseException:
            plain.abort()
            raise

    def abort(self) -> None:
        """Drop the connection at once."""
        self._transport.abort()

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


def _handshake_failed(error: OSError | ValueError) -> OperationFailed:
    if not isinstance(error, OSError):  # a name that no certificate can carry
        return OperationFailed(FailureCode.TLS_HANDSHAKE_FAILED, "tls_handshake", "no server name for TLS")
    if "ssl_handshake" in str(error) or "SSL handshake is taking longer" in str(error):
        detail = f"no TLS answer within {HANDSHAKE_TIMEOUT_S:g} s"
        return OperationFailed(FailureCode.TLS_HANDSHAKE_FAILED, "tls_handshake", detail)
    failure = failure_of(error, "tls_handshake")
    return OperationFailed(failure.code, failure.operation, failure.detail)


async def open_stream(address: str, port: int, operation: str = "connect") -> Stream:
    """A TCP connection to an address literal; raises OperationFailed. The caller closes it."""
    connection = await _connect(address, port, operation)
    _, stream = await asyncio.get_running_loop().create_connection(Stream, sock=connection)
    return stream


async def _connect(address: str, port: int, operation: str) -> socket.socket:
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
            raise OperationFailed(FailureCode.CONNECTION_TIMEOUT, operation, error.strerror) from None
        detail = f"no answer within {CONNECT_TIMEOUT_S:g} s"
        raise OperationFailed(FailureCode.CONNECTION_TIMEOUT, operation, detail) from None
    except OSError as error:
        connection.close()
        failure = failure_of(error, operation)
        raise OperationFailed(failure.code, failure.operation, failure.detail) from None
    except BaseException:
        connection.close()
        raise
    return connection
