"""An embedded STUN and TURN server over UDP, TCP and TLS, for the default run and for tests."""

import asyncio
import errno
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from readycheck.lab.binding import Origin
from readycheck.lab.certificate import LOOPBACK_NAMES, Certificate, issue
from readycheck.lab.credentials import Credentials, rest_password
from readycheck.lab.endpoints import StreamEndpoint, UdpEndpoint
from readycheck.lab.faults import NO_FAULTS, Faults
from readycheck.lab.log import Log, Transport
from readycheck.lab.turn import TurnServer

SECOND_HOST = "127.0.0.2"
PORT_TRIES = 20


class LabServer:
    """A running lab server, as its users see it."""

    def __init__(self, host: str, turn: TurnServer, credentials: Credentials, certificate: Certificate) -> None:
        self.host = host
        self.ca_file = certificate.ca_file
        self.realm = credentials.realm
        self.username = credentials.username
        self.credential = credentials.credential
        self.shared_secret = credentials.shared_secret
        self.udp_port = self.tcp_port = self.tls_port = 0
        self._clock = credentials.clock
        self._turn = turn
        self._listeners: list[asyncio.Server] = []

    @property
    def allocations(self) -> int:
        """How many allocations are alive."""
        return len(self._turn.allocations)

    @property
    def log(self) -> Log:
        """What was asked, answered and relayed."""
        return self._turn.log

    def url(self, transport: Transport) -> str:
        """The TURN URI of RFC 7065."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        match transport:
            case "udp":
                return f"turn:{host}:{self.udp_port}?transport=udp"
            case "tcp":
                return f"turn:{host}:{self.tcp_port}?transport=tcp"
            case "tls":
                return f"turns:{host}:{self.tls_port}?transport=tcp"

    def rest_credential(self, lifetime_s: float = 3600.0) -> tuple[str, str]:
        """User name and password of a TURN REST user with this long to go."""
        username = f"{int(self._clock() + lifetime_s)}:agent"
        return username, rest_password(self.shared_secret, username)

    def expire_nonces(self) -> None:
        """Answer the next request of each client with 438."""
        self._turn.nonces.expire_all()

    async def start(self, certificate: Certificate, *, nat_behaviour: bool) -> None:
        """Open the sockets."""
        turn = self._turn
        if nat_behaviour:
            self.udp_port = await self._open_udp_pair()
            await self._open_udp_pair()
        else:
            self.udp_port = (await self._open_udp(self.host, 0)).address[1]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain_file, certificate.key_file)
        stream = partial(
            StreamEndpoint,
            receive=turn.receive,
            lost=turn.release,
            transports=turn.transports,
            tasks=turn.tasks,
            log=turn.log,
            close_at_once=turn.faults.close_streams,
        )
        self.tcp_port = await self._listen(stream)
        self.tls_port = await self._listen(partial(stream, tls=context))

    async def stop(self) -> None:
        """Close every socket and end every task."""
        for listener in self._listeners:
            listener.close()
        for path in list(self._turn.allocations):
            self._turn.release(path)
        try:
            await self._turn.tasks.cancel()
        finally:
            await self._turn.transports.abort()
        for listener in self._listeners:
            await listener.wait_closed()

    async def _listen(self, protocol: Callable[[], StreamEndpoint]) -> int:
        listener = await asyncio.get_running_loop().create_server(protocol, self.host, 0)
        self._listeners.append(listener)
        port: int = listener.sockets[0].getsockname()[1]
        return port

    async def _open_udp(self, host: str, port: int) -> UdpEndpoint:
        _, endpoint = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: UdpEndpoint(self._turn.receive, self._turn.transports), local_addr=(host, port)
        )
        return endpoint

    async def _open_udp_pair(self) -> int:
        """One port on both addresses (RFC 5780 section 6)."""
        for _ in range(PORT_TRIES):
            first = await self._open_udp(self.host, 0)
            try:
                second = await self._open_udp(SECOND_HOST, first.address[1])
            except OSError:  # in use there, or, on macOS, no such address until an alias is made
                first.transport.abort()
                continue
            for endpoint in (first, second):
                self._turn.origins.add(Origin(endpoint.address, endpoint.transport.sendto))
            return first.address[1]
        raise OSError(errno.EADDRNOTAVAIL, f"no UDP port is free on both {self.host} and {SECOND_HOST}")


@asynccontextmanager
async def lab_server(
    *,
    host: str = "127.0.0.1",
    faults: Faults = NO_FAULTS,
    clock: Callable[[], float] = time.time,
    nat_behaviour: bool = False,
    certificate: Certificate | None = None,
) -> AsyncIterator[LabServer]:
    """Serve on free ports of this address until the context ends.

    `clock` tells whether a TURN REST user has expired. `nat_behaviour` adds RFC 5780, from 127.0.0.2 too.
    `certificate` replaces the one that is issued for this run.
    """
    if nat_behaviour and ":" in host:
        raise ValueError(f"RFC 5780 needs a second address, and there is none beside {host}: use IPv4")
    with TemporaryDirectory(prefix="readycheck-lab-") as directory:
        if certificate is None:
            certificate = issue(Path(directory), names=tuple(dict.fromkeys((*LOOPBACK_NAMES, host))))
        credentials = Credentials(clock)
        server = LabServer(host, TurnServer(host, faults, credentials), credentials, certificate)
        try:
            await server.start(certificate, nat_behaviour=nat_behaviour)
            yield server
        finally:
            await server.stop()
