"""The sockets that clients talk to: UDP datagrams, and TCP or TLS streams framed by RFC 8656 section 12.5."""

import asyncio
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from aioice.stun import HEADER_LENGTH, padding_length

from readycheck.lab.allocation import FiveTuple, Send
from readycheck.lab.log import Log, Transport
from readycheck.lab.transports import Tasks, Transports
from readycheck.rtc.stun import Address, is_channel_data

HANDSHAKE_TIMEOUT_S = 10.0
MAX_UNSENT_OCTETS = 1 << 18  # a relay drops what its client does not read

Receive = Callable[[bytes, FiveTuple, Send], None]


@dataclass(eq=False)
class UdpEndpoint(asyncio.DatagramProtocol):
    """A listening UDP socket."""

    receive: Receive
    transports: Transports

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """Keep the socket."""
        self.transport = transport
        self.address = _address(transport, "sockname")
        self.transports.add(self, transport)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Hand over one message."""
        path = FiveTuple("udp", (addr[0], addr[1]), self.address)
        self.receive(data, path, partial(self.transport.sendto, addr=addr))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The socket is closed."""
        self.transports.discard(self)


@dataclass(eq=False)
class StreamEndpoint(asyncio.Protocol):
    """One accepted TCP connection, with TLS if a context is given."""

    receive: Receive
    lost: Callable[[FiveTuple], None]
    transports: Transports
    tasks: Tasks
    log: Log
    tls: ssl.SSLContext | None = None
    close_at_once: bool = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start TLS here and not in create_server, whose unfinished handshakes cannot be closed."""
        name: Transport = "tls" if self.tls else "tcp"
        self.path = FiveTuple(name, _address(transport, "peername"), _address(transport, "sockname"))
        self.transport = transport
        self._buffer = bytearray()
        self._is_open = not self.tls
        self.log.streams_accepted += 1
        self.transports.add(self, transport)
        if self.close_at_once:
            transport.close()
        elif self.tls:
            transport.pause_reading()
            self.tasks.start(self._start_tls(transport, self.tls))

    def data_received(self, data: bytes) -> None:
        """Hand over each whole message; close on what is none."""
        self._buffer += data
        if self._is_open:
            self._hand_over()

    def _hand_over(self) -> None:
        while len(self._buffer) >= 4:  # noqa: PLR2004 - type and length
            length = _frame_length(bytes(self._buffer[:4]))
            if length is None:
                self.transport.close()
                return
            if len(self._buffer) < length:
                return
            message = bytes(self._buffer[:length])
            del self._buffer[:length]
            self.receive(message, self.path, self.send)

    def send(self, message: bytes) -> None:
        """Send one message padded to four octets."""
        if not self.transport.is_closing() and self.transport.get_write_buffer_size() < MAX_UNSENT_OCTETS:
            self.transport.write(message + bytes(padding_length(len(message))))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The connection is closed, and its allocation with it."""
        self.transports.discard(self)
        self.lost(self.path)

    async def _start_tls(self, transport: asyncio.Transport, context: ssl.SSLContext) -> None:
        secured = None
        try:
            secured = await asyncio.get_running_loop().start_tls(
                transport, self, context, server_side=True, ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S
            )
        except OSError:  # ssl.SSLError, ConnectionError and TimeoutError are among them
            self.log.tls_handshakes_failed += 1
        finally:
            if secured is None:
                transport.abort()
                self.transports.discard(self)
            else:
                self.transport, self._is_open = secured, True
                self._hand_over()  # what came with the end of the handshake: an answer needs the secured transport


def _frame_length(start: bytes) -> int | None:
    """Length of the message that starts so, with its padding; None if none starts so."""
    (length,) = struct.unpack_from("!H", start, 2)
    if is_channel_data(start):
        return 4 + int(length) + padding_length(length)
    return None if start[0] & 0xC0 else HEADER_LENGTH + int(length)


def _address(transport: asyncio.BaseTransport, name: str) -> Address:
    """`sockname` or `peername` without the scope of IPv6."""
    address: tuple[Any, ...] = transport.get_extra_info(name)
    return address[0], address[1]
