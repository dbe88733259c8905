"""A softphone's platform: HTTPS and WebSockets on one port, and OpenID discovery; run as a module it is the server."""

import argparse
import asyncio
import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from readycheck.lab.certificate import Authority, Certificate, issue
from tests.live.listening import running_python
from tests.live.namespaces import SERVER, Host

PORT = 443
SLOW_S = 2.0
GOES_AWAY_S = 0.3
DISCOVERY = "/.well-known/openid-configuration"
ELSEWHERE = "https://elsewhere.example.test/welcome"
"""Where /redirect points: a name that is nowhere to be looked up."""


@dataclass(frozen=True)
class Seen:
    """One request that came in: for what, from which address, through whom as it says."""

    path: str
    peer: str
    via: str | None


@dataclass(frozen=True)
class Platform:
    """A running platform, as its users see it."""

    host: str
    port: int
    name: str
    certificate: Certificate
    log_file: Path

    @property
    def ca_file(self) -> Path:
        """Who vouches for it."""
        return self.certificate.ca_file

    def url(self, path: str = "/", *, scheme: str = "https") -> str:
        """A URL by its name."""
        return f"{scheme}://{self.name}{'' if self.port == PORT else f':{self.port}'}{path}"

    @property
    def authority(self) -> str:
        """As CONNECT names it."""
        return f"{self.name}:{self.port}"

    def requests(self) -> list[Seen]:
        """What came in so far."""
        return [Seen(**json.loads(line)) for line in self.log_file.read_text().splitlines()]


@contextmanager
def running_platform(
    machine: Host,
    directory: Path,
    *names: str,
    address: str = SERVER,
    port: int = PORT,
    authority: Authority | None = None,
    certificate: Certificate | None = None,
) -> Iterator[Platform]:
    """Run the platform under these names, the first of which its URLs carry; without one, under its address."""
    directory.mkdir(parents=True, exist_ok=True)
    certificate = certificate or issue(directory, names=(*names, address), authority=authority)
    log_file = directory / "platform.log"
    log_file.touch()
    platform = Platform(address, port, names[0] if names else address, certificate, log_file)
    with running_python(
        machine,
        *("-m", "tests.live.platform", "--address", address, "--port", str(port), "--issuer", platform.url("")),
        *("--certificate", str(certificate.chain_file), "--key", str(certificate.key_file), "--log", str(log_file)),
        address=address,
        port=port,
    ):
        yield platform


def _discovery(issuer: str) -> str:
    places = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
    return json.dumps({"issuer": issuer, **{name: f"{issuer}{path}" for name, path in places.items()}})


class _Server:
    """What the platform answers."""

    def __init__(self, issuer: str, note: Callable[[str], object]) -> None:
        self._issuer = issuer
        self._note = note

    async def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """A page, or None to let the WebSocket come about."""
        path = request.path.partition("?")[0]
        seen = {"path": request.path, "peer": connection.remote_address[0], "via": request.headers.get("Via")}
        self._note(json.dumps(seen) + "\n")
        if path == "/slow":
            await asyncio.sleep(SLOW_S)
        if path in {"/", "/slow", "/authorize", "/token", "/keys"}:
            return connection.respond(HTTPStatus.OK, "welcome\n")
        if path == "/500":
            return connection.respond(HTTPStatus.INTERNAL_SERVER_ERROR, "out of order\n")
        if path == "/redirect":
            response = connection.respond(HTTPStatus.FOUND, "")
            response.headers["Location"] = f"{ELSEWHERE}?token=not-to-be-shown"
            return response
        if path == DISCOVERY:
            response = connection.respond(HTTPStatus.OK, _discovery(self._issuer))
            del response.headers["Content-Type"]
            response.headers["Content-Type"] = "application/json"
            return response
        if path in {"/ws", "/ws-goes-away"}:
            return None
        return connection.respond(HTTPStatus.NOT_FOUND, "nothing here\n")

    async def talk(self, connection: ServerConnection) -> None:
        """Echo; or go away soon."""
        try:
            if connection.request and connection.request.path == "/ws-goes-away":
                await asyncio.sleep(GOES_AWAY_S)
                await connection.close(1001)
                return
            async for message in connection:
                await connection.send(message)
        except ConnectionClosed:
            return


async def _main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("address", "port", "issuer", "certificate", "key", "log"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
    with Path(options.log).open("a", buffering=1) as log:  # noqa: ASYNC230 - once, before anybody waits
        server = _Server(options.issuer, log.write)
        async with serve(
            server.talk,
            options.address,
            int(options.port),
            ssl=context,
            process_request=server.answer,
            ping_interval=None,
            compression=None,
        ) as serving:
            await serving.serve_forever()


if __name__ == "__main__":
    import logging

    logging.getLogger("websockets").setLevel(logging.CRITICAL)  # strangers and half handshakes are its daily bread
    asyncio.run(_main())
