"""A local door to a TURN server, for a library that cannot get there by itself.

aiortc takes no private CA, no IPv6 literal in a TURN URL and no proxy. It is given a plain URL on 127.0.0.1; what it
sends goes on over a connection of ours: verified TLS, TCP, through a proxy or not, or UDP.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from readycheck.model.failure import OperationFailed
from readycheck.net.stream import Stream
from readycheck.net.turn import TurnServer, open_turn_stream

LOOPBACK = "127.0.0.1"


@asynccontextmanager
async def forward(server: TurnServer) -> AsyncIterator[str]:
    """A TURN URL without TLS on this machine that leads to the server."""
    opened = _forward_datagrams(server) if server.transport == "udp" else _forward_streams(server)
    async with opened as port:
        yield f"turn:{LOOPBACK}:{port}?transport={'udp' if server.transport == 'udp' else 'tcp'}"


@asynccontextmanager
async def _forward_streams(server: TurnServer) -> AsyncIterator[int]:
    running: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carrying = asyncio.ensure_future(_carry_both_ways(server, reader, writer))
        # The library sees the connection close, which is all that TCP can tell it.
        carrying.add_done_callback(lambda _: writer.transport.abort())
        running.add(carrying)

    listener = await asyncio.start_server(accept, LOOPBACK, 0)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _carry_both_ways(server: TurnServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        async with open_turn_stream(server) as far:
            ways = [asyncio.ensure_future(_carry_up(reader, far)), asyncio.ensure_future(_carry_down(far, writer))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                far.abort()  # before waiting, which a cancellation may cut short
                await asyncio.gather(*ways, return_exceptions=True)
    except OperationFailed:
        return


async def _carry_up(reader: asyncio.StreamReader, far: Stream) -> None:
    while data := await reader.read(65536):
        far.send(data)


async def _carry_down(far: Stream, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(await far.receive("forward"))
        await writer.drain()


class _Door(asyncio.DatagramProtocol):
    """The near side: each source gets a socket of its own towards the server."""

    def __init__(self, server: TurnServer) -> None:
        self._server = server
        self._ways: dict[Any, asyncio.Task[Any]] = {}
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, source: Any) -> None:
        if source not in self._ways:
            self._ways[source] = asyncio.ensure_future(self._open(source))
        self._ways[source].add_done_callback(lambda way: _send(way, data))

    async def _open(self, source: Any) -> Any:
        loop = asyncio.get_running_loop()
        far_end = (self._server.address, self._server.port)
        transport, _ = await loop.create_datagram_endpoint(lambda: _Way(self.transport, source), remote_addr=far_end)
        return transport

    async def close(self) -> None:
        for way in self._ways.values():
            way.cancel()
        for opened in await asyncio.gather(*self._ways.values(), return_exceptions=True):
            if not isinstance(opened, BaseException):
                opened.abort()
        self.transport.abort()


def _send(way: "asyncio.Task[Any]", data: bytes) -> None:
    if not way.cancelled() and way.exception() is None:
        way.result().sendto(data)


class _Way(asyncio.DatagramProtocol):
    """The far side of one source."""

    def __init__(self, door: Any, source: Any) -> None:
        self._door = door
        self._source = source

    def datagram_received(self, data: bytes, _: Any) -> None:
        self._door.sendto(data, self._source)


@asynccontextmanager
async def _forward_datagrams(server: TurnServer) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    transport, door = await loop.create_datagram_endpoint(lambda: _Door(server), local_addr=(LOOPBACK, 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        await door.close()
