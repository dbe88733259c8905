"""A SIP server of a test's own: it answers OPTIONS over UDP, TCP and TLS, as wrongly as it is told."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from readycheck.lab.certificate import LOOPBACK_NAMES, Certificate, issue


@dataclass
class Faults:
    """What it does wrong. `before` is sent ahead of each answer, with {call_id}, {branch} and {via} filled in."""

    statuses: tuple[str, ...] = ("200 OK",)
    drop_first: int = 0
    delay_s: float = 0.0
    split: bool = False
    foreign: tuple[tuple[str, str], ...] = ()
    """Texts of the answer and what stands there instead."""
    before: bytes = b""
    body: bytes = b""


@dataclass
class Responder:
    """A running server: its port by transport, what it was asked, and where its certificate is."""

    certificate: Certificate
    faults: Faults
    ports: dict[str, int] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    @property
    def trust(self) -> dict[str, str]:
        return {"ca_file": str(self.certificate.ca_file)}

    def uri(self, transport: str, *, user: str = "", host: str = "127.0.0.1") -> str:
        return f"sip:{user}{host}:{self.ports[transport]};transport={transport}"

    def answers(self, request: bytes) -> list[bytes]:
        """Every answer to one request, in order."""
        text = request.decode()
        self.requests.append(text)
        if len(self.requests) <= self.faults.drop_first:
            return []
        headers = dict(line.split(": ", 1) for line in text.split("\r\n")[1:] if ": " in line)
        answers = [self.faults.before] if self.faults.before else []
        for status in self.faults.statuses:
            lines = [f"SIP/2.0 {status}", f"Via: {headers['Via']};received=127.0.0.1"]
            lines += [f"{name}: {headers[name]}" for name in ("From", "Call-ID", "CSeq")]
            lines += [f"To: {headers['To']};tag=1", "Server: a test/1", f"Content-Length: {len(self.faults.body)}"]
            answer = "\r\n".join([*lines, "", ""])
            for there, instead in self.faults.foreign:
                answer = answer.replace(there, instead)
            answers.append(answer.encode() + self.faults.body)
        return answers


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, responder: Responder) -> None:
        self._responder = responder
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        for answer in self._responder.answers(data):
            asyncio.get_running_loop().call_later(
                self._responder.faults.delay_s, self.transport.sendto, answer, address
            )


@asynccontextmanager
async def sip_responder(directory: Path, **faults: Any) -> AsyncIterator[Responder]:
    """Run one on loopback, over all three transports."""
    responder = Responder(issue(directory, names=LOOPBACK_NAMES), Faults(**faults))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(responder.certificate.chain_file, responder.certificate.key_file)
    writers: list[asyncio.StreamWriter] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                await asyncio.sleep(responder.faults.delay_s)
                whole = b"".join(responder.answers(request))
                pieces = [whole[at : at + 7] for at in range(0, len(whole), 7)] if responder.faults.split else [whole]
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
        writer.transport.abort()

    async with AsyncExitStack() as stack:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(responder), ("127.0.0.1", 0))
        stack.callback(transport.abort)
        responder.ports["udp"] = transport.get_extra_info("sockname")[1]
        for name, secure in (("tcp", None), ("tls", context)):
            server = await stack.enter_async_context(await asyncio.start_server(talk, "127.0.0.1", 0, ssl=secure))
            responder.ports[name] = server.sockets[0].getsockname()[1]
        yield responder
        for writer in writers:
            writer.transport.abort()
