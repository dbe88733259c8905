"""A proxy with faults, which real ones show only on bad days; run as a module it is the proxy.

It answers as its mood says, and writes down what it was asked: request lines and schemes, never a secret.
"""

import argparse
import asyncio
import base64
import json
import os
import socket
import ssl
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from readycheck.model.proxy import Hop, HopKind
from tests.live.listening import running_python
from tests.live.namespaces import LAN, Host

if TYPE_CHECKING:
    from readycheck.lab.certificate import Certificate

PORT = 8080
PORTAL = "http://portal.example.test/login"
Mood = Literal[
    "open",
    "garbage",
    "endless_headers",
    "closes_at_once",
    "closes",
    "silent",
    "breaks",
    "cuts_idle",
    "page",
    "slow",
    "answers",
    "spnego",
    "socks5",
]
_CHUNK_BYTE = 65536
_SOCKS_ADDRESS, _SOCKS_NAME = 1, 3


@dataclass(frozen=True)
class Asked:
    """One request: on which connection, its first line, and the scheme of its Proxy-Authorization, if any."""

    connection: int
    request: str
    authorization: str | None


@dataclass(frozen=True)
class StubProxy:
    """A running stub, as its users see it."""

    host: str
    port: int
    kind: HopKind
    log_file: Path

    def hop(self, userinfo: str | None = None) -> Hop:
        """This proxy in a list of hops."""
        return Hop(self.kind, self.host, self.port, userinfo)

    def requests(self) -> list[Asked]:
        """What it was asked so far."""
        return [Asked(**json.loads(line)) for line in self.log_file.read_text().splitlines()]


@contextmanager
def running_stub(
    machine: Host,
    directory: Path,
    mood: Mood,
    *,
    address: str = LAN,
    port: int = PORT,
    byte: int = 0,
    seconds: float = 0.0,
    status: str = "200 Connection established",
    headers: Mapping[str, str] | None = None,
    schemes: tuple[str, ...] = ("Negotiate", "NTLM"),
    closes_first: bool = False,
    users: Mapping[str, str] | None = None,
    socks_reply: int = 0,
    certificate: "Certificate | None" = None,
) -> Iterator[StubProxy]:
    """Run the stub in this mood.

    `breaks` cuts the tunnel after so many `byte` from the server, `cuts_idle` after so many `seconds` of silence,
    `slow` answers after them. `answers` gives `status` and `headers` to every request. `spnego` asks for `schemes`
    and verifies `users`; it may close the connection after the first 407. With a certificate, it is an HTTPS proxy.
    """
    log_file, user_file = directory / f"stub-{port}.log", directory / f"stub-{port}.users"
    log_file.touch()
    user_file.write_text("".join(f"EXAMPLE:{name}:{password}\n" for name, password in (users or {}).items()))
    options = {
        "mood": mood,
        "address": address,
        "port": port,
        "byte": byte,
        "seconds": seconds,
        "status": status,
        "headers": dict(headers or {}),
        "schemes": schemes,
        "closes_first": closes_first,
        "users": dict(users) if mood == "socks5" and users else None,
        "socks_reply": socks_reply,
        "certificate": [str(certificate.chain_file), str(certificate.key_file)] if certificate else None,
        "log": str(log_file),
    }
    kind: HopKind = "socks5" if mood == "socks5" else "https" if certificate else "http"
    environment = {"STUB": json.dumps(options), "NTLM_USER_FILE": str(user_file)}
    with running_python(machine, "-m", "tests.live.stub_proxy", address=address, port=port, environment=environment):
        yield StubProxy(address, port, kind, log_file)


class _Connection:
    """One client's connection."""

    def __init__(
        self,
        options: argparse.Namespace,
        number: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        note: Callable[[str], object],
    ) -> None:
        self._options = options
        self._number = number
        self._reader = reader
        self._writer = writer
        self._note = note
        self._acceptor: Any = None

    async def serve(self) -> None:
        """Answer in the mood of the day."""
        mood: Callable[[], Coroutine[Any, Any, None]] = getattr(self, f"_{self._options.mood}")
        await mood()

    async def _open(self) -> None:
        await self._tunnel(await self._request())

    async def _garbage(self) -> None:
        self._log((await self._reader.read(_CHUNK_BYTE)).partition(b"\r\n")[0].decode("latin-1"), None)
        await self._send(b"\x00\x00SSH-2.0-not a proxy at all\r\n\r\n")

    async def _endless_headers(self) -> None:
        await self._request()
        await self._send(b"HTTP/1.1 200 Connection established\r\n")
        while True:
            await self._send(b"X-More: " + b"and more " * 100 + b"\r\n")

    async def _closes_at_once(self) -> None:
        return

    async def _closes(self) -> None:
        await self._request()

    async def _silent(self) -> None:
        await self._request()
        await self._reader.read()

    async def _breaks(self) -> None:
        await self._tunnel(await self._request(), most_byte=self._options.byte)

    async def _cuts_idle(self) -> None:
        await self._tunnel(await self._request(), idle_s=self._options.seconds)

    async def _page(self) -> None:
        await self._request()
        page = b"<html><body>Welcome to the guest network</body></html>"
        await self._answer("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(page)))], page)
        await self._reader.read()

    async def _slow(self) -> None:
        target = await self._request()
        await asyncio.sleep(self._options.seconds)
        await self._tunnel(target)

    async def _answers(self) -> None:
        while True:
            await self._request()
            await self._answer(self._options.status, [*self._options.headers.items(), ("Content-Length", "0")])

    async def _spnego(self) -> None:
        """Negotiate and NTLM as Windows proxies speak them: the connection is what is logged in."""
        first = True
        while True:
            target, headers = await self._head()
            scheme, _, token = headers.get("proxy-authorization", "").partition(" ")
            answer = self._accepted(scheme, token) if token else None
            if answer is True:
                await self._tunnel(target)
                return
            challenges = [("Proxy-Authenticate", f"{scheme} {answer}")] if answer else self._challenges()
            closing = [("Connection", "close")] if self._options.closes_first and first and not token else []
            await self._answer("407 Proxy Authentication Required", [*challenges, ("Content-Length", "0"), *closing])
            if closing:
                return
            first = False

    def _challenges(self) -> list[tuple[str, str]]:
        return [("Proxy-Authenticate", scheme) for scheme in self._options.schemes]

    def _accepted(self, scheme: str, token: str) -> str | bool | None:
        """True for a user who is known; the next token, if another round is needed; None for a stranger."""
        import spnego  # noqa: PLC0415 - slow to load, and one mood's affair
        from spnego.exceptions import SpnegoError  # noqa: PLC0415 - the same

        protocol = "negotiate" if scheme.lower() == "negotiate" else "ntlm"
        self._acceptor = self._acceptor or spnego.server(protocol=protocol)
        try:
            answer = self._acceptor.step(base64.b64decode(token))
        except SpnegoError:
            self._acceptor = None
            return None
        if self._acceptor.complete:
            return True
        return base64.b64encode(answer).decode() if answer else None

    async def _socks5(self) -> None:
        """RFC 1928 and 1929: CONNECT alone, with a password if there are users."""
        version, count = await self._reader.readexactly(2)
        methods = await self._reader.readexactly(count)
        wanted = 2 if self._options.users else 0
        await self._send(bytes([version, wanted if wanted in methods else 255]))
        if wanted not in methods:
            return
        if wanted and not await self._knows_socks_user():
            return
        _, _, _, kind = await self._reader.readexactly(4)
        if kind == _SOCKS_NAME:
            host = (await self._reader.readexactly((await self._reader.readexactly(1))[0])).decode()
        else:
            family, length = (socket.AF_INET, 4) if kind == _SOCKS_ADDRESS else (socket.AF_INET6, 16)
            host = socket.inet_ntop(family, await self._reader.readexactly(length))
        port = int.from_bytes(await self._reader.readexactly(2), "big")
        self._log(f"SOCKS5 {host}:{port}", "password" if wanted else None)
        await self._tunnel(f"{host}:{port}", socks=True)

    async def _knows_socks_user(self) -> bool:
        await self._reader.readexactly(1)
        name = (await self._reader.readexactly((await self._reader.readexactly(1))[0])).decode()
        password = (await self._reader.readexactly((await self._reader.readexactly(1))[0])).decode()
        known = bool(self._options.users.get(name) == password)
        await self._send(b"\x01\x00" if known else b"\x01\x01")
        if not known:
            self._log("SOCKS5", "password")
        return known

    async def _request(self) -> str:
        return (await self._head())[0]

    async def _head(self) -> tuple[str, dict[str, str]]:
        """The target and the headers of the next request."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._log(first, headers.get("proxy-authorization", "").partition(" ")[0].lower() or None)
        return first.split()[1], headers

    def _log(self, request: str, authorization: str | None) -> None:
        asked = {"connection": self._number, "request": request, "authorization": authorization}
        self._note(json.dumps(asked) + "\n")

    async def _answer(self, status: str, headers: list[tuple[str, str]], body: bytes = b"") -> None:
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "", ""]
        await self._send("\r\n".join(lines).encode() + body)

    async def _send(self, octets: bytes) -> None:
        self._writer.write(octets)
        await self._writer.drain()

    async def _tunnel(
        self, target: str, *, most_byte: int | None = None, idle_s: float | None = None, socks: bool = False
    ) -> None:
        """Carry both ways until one end has enough, or the mood says so."""
        host, _, port = target.rpartition(":")
        refusal = self._options.socks_reply
        try:
            if refusal:
                raise ConnectionRefusedError
            there, back = await asyncio.open_connection(host.strip("[]"), int(port))
        except OSError:
            if socks:
                await self._send(bytes([5, refusal or 5, 0, 1, *bytes(6)]))
            else:
                await self._answer("502 Bad Gateway", [("Content-Length", "0")])
            return
        try:
            if socks:
                await self._send(bytes([5, 0, 0, 1, *bytes(6)]))
            else:
                await self._answer("200 Connection established", [])
            await self._carry_both_ways(there, back, most_byte, idle_s)
        finally:
            back.transport.abort()

    async def _carry_both_ways(
        self, there: asyncio.StreamReader, back: asyncio.StreamWriter, most_byte: int | None, idle_s: float | None
    ) -> None:
        if most_byte == 0:
            return
        heard = asyncio.Event()
        ways = [
            asyncio.create_task(_carry(self._reader, back, None, heard)),
            asyncio.create_task(_carry(there, self._writer, most_byte, heard)),
        ]
        if idle_s:
            ways.append(asyncio.create_task(_silence(heard, idle_s)))
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most_byte: int | None, heard: asyncio.Event
) -> None:
    while octets := await reader.read(_CHUNK_BYTE):
        heard.set()
        if most_byte is not None:
            octets, most_byte = octets[:most_byte], most_byte - len(octets[:most_byte])
        writer.write(octets)
        await writer.drain()
        if most_byte == 0:
            return


async def _silence(heard: asyncio.Event, idle_s: float) -> None:
    """Return once nothing was heard for so long."""
    with suppress(TimeoutError):
        while True:
            heard.clear()
            async with asyncio.timeout(idle_s):
                await heard.wait()


async def _main() -> None:
    options = argparse.Namespace(**json.loads(os.environ["STUB"]))
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.certificate)
    count = 0
    with Path(options.log).open("a", buffering=1) as log:  # noqa: ASYNC230 - once, before anybody waits

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal count
            count += 1
            try:
                await _Connection(options, count, reader, writer, log.write).serve()
            except (OSError, asyncio.IncompleteReadError):  # the client went away
                return
            finally:
                writer.close()

        server = await asyncio.start_server(serve, options.address, options.port, ssl=context)
        async with server:
            await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main())
