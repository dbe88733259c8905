"""A web server of a test's own: HTTPS pages, WebSockets that misbehave, and a proxy in front of it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from readycheck.lab.certificate import LOOPBACK_NAMES, Certificate, issue
from readycheck.model.proxy import Hop

NAME = "softphone.test"
DATE = "Sun, 22 Nov 2026 08:00:00 GMT"


@dataclass
class Web:
    """A running server; `pages` are status and body by path, `answer_first` a number of first requests to drop."""

    port: int
    certificate: Certificate
    requests: list[str] = field(default_factory=list)
    pages: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    drop_first: int = 0

    @property
    def trust(self) -> dict[str, str]:
        return {"ca_file": str(self.certificate.ca_file)}

    def url(self, path: str = "/", scheme: str = "https", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    async def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        self.requests.append(request.path)
        if len(self.requests) <= self.drop_first:
            connection.transport.abort()
        if path.startswith("/ws"):
            return None
        if path == "/silent":
            await connection.wait_closed()
        status, body = self.pages.get(path, (200, b"welcome"))
        status = int(path.removeprefix("/status/")) if path.startswith("/status/") else status
        headers = Headers([("Content-Length", str(len(body))), ("Date", DATE), ("Connection", "close")])
        return Response(status, "Whatever", headers, body)

    async def talk(self, connection: ServerConnection) -> None:
        match connection.request.path if connection.request else "":
            case "/ws-close":
                await connection.close(1001)
            case "/ws-break":
                connection.transport.abort()
            case "/ws-junk":
                connection.transport.write(b"\xff" * 40)
        with suppress(ConnectionClosed):
            async for message in connection:
                await connection.send(message)


@asynccontextmanager
async def web_server(directory: Path, *, names: tuple[str, ...] = (NAME, *LOOPBACK_NAMES)) -> AsyncIterator[Web]:
    certificate = issue(directory, names=names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain_file, certificate.key_file)
    web = Web(0, certificate)
    async with serve(
        web.talk,
        "127.0.0.1",
        0,
        ssl=context,
        process_request=web.answer,
        ping_interval=None,
        close_timeout=0.1,
    ) as server:
        web.port = next(iter(server.sockets)).getsockname()[1]
        yield web


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listener(talk: Talk) -> AsyncIterator[int]:
    """A TCP port where this is what happens to whoever comes; its number."""
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await talk(reader, writer)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read, and never say anything."""
    while await reader.read(1000):
        pass


@asynccontextmanager
async def proxy(web: Web, status: int = 200) -> AsyncIterator[tuple[Hop, list[str]]]:
    """A proxy that takes every CONNECT to this server, or refuses it; and the request lines that it saw."""
    seen: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        seen.append(head.partition(b"\r\n")[0].decode())
        writer.write(f"HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\n\r\n".encode())
        if status != 200:
            return
        onward, back = await asyncio.open_connection("127.0.0.1", web.port)
        await asyncio.gather(_pour(reader, back), _pour(onward, writer))

    async with listener(talk) as port:
        yield Hop("http", "127.0.0.1", port), seen


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while octets := await source.read(65_536):
            sink.write(octets)
    finally:
        sink.transport.abort()
