"""Every transport and task that the lab has open, so that none outlives it."""

import asyncio
import socket
from collections.abc import Coroutine

RECEIVE_BUFFER_OCTETS = 1 << 18  # Windows gives 64 kB unless asked, too little for a burst


class Transports:
    """Open sockets, by the protocol that reads them."""

    def __init__(self) -> None:
        self._open: dict[asyncio.BaseProtocol, asyncio.Transport | asyncio.DatagramTransport] = {}
        self._none_left = asyncio.Event()
        self._closing = False

    def add(self, protocol: asyncio.BaseProtocol, transport: asyncio.Transport | asyncio.DatagramTransport) -> None:
        """Called by connection_made."""
        self._open[protocol] = transport
        if isinstance(transport, asyncio.DatagramTransport):
            own: socket.socket = transport.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_OCTETS)
        if self._closing:
            transport.abort()

    def discard(self, protocol: asyncio.BaseProtocol) -> None:
        """Called by connection_lost."""
        self._open.pop(protocol, None)
        if self._closing and not self._open:
            self._none_left.set()

    async def abort(self) -> None:
        """Close everything at once, and return when the last socket is closed."""
        self._closing = True
        for transport in list(self._open.values()):
            transport.abort()
        if self._open:
            await self._none_left.wait()


class Tasks:
    """Running tasks, kept from the garbage collector."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Run this until it ends or everything does."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def cancel(self) -> None:
        """Cancel all, and return when the last has ended."""
        running = list(self._running)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
