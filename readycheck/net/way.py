"""The way to a server: straight, or through the proxies that the configuration names, in their order."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.model.proxy import DIRECT, Hop
from readycheck.model.visit import Chain
from readycheck.net.chain import chain_of, shown_by
from readycheck.net.resolve import resolve
from readycheck.net.stream import Stream, open_stream
from readycheck.net.tls import client_context, unverified_context
from readycheck.net.tunnel import ProxyTrace, ProxyUnreachable, open_tunnel

# Failures of a certificate, after which it is worth looking at what was shown.
CERTIFICATE_FAILURES = (FailureCode.TLS_UNTRUSTED, FailureCode.TLS_EXPIRED, FailureCode.TLS_HOSTNAME_MISMATCH)


@dataclass
class WayTrace:
    """What is learnt on the way, kept also when it ends early. Times in seconds."""

    via: str = "DIRECT"
    address: str | None = None
    resolved_s: float | None = None
    connected_s: float | None = None
    proxy: ProxyTrace | None = None
    tls_s: float | None = None
    tls_version: str | None = None
    shown: list[bytes] = field(default_factory=list)
    """The certificates that the far side showed, in DER, its own first."""
    verified: bool = False
    ca_file: str | None = None
    tried: list[str] = field(default_factory=list)
    """Hops that did not answer, before the one that counts."""

    @property
    def chain(self) -> Chain | None:
        """The chain that was shown, looked into."""
        return chain_of(self.shown, verified=self.verified, ca_file=self.ca_file)


@asynccontextmanager
async def open_way(
    host: str, port: int, hops: Sequence[Hop], trace: WayTrace | None = None, *, address: str | None = None
) -> AsyncIterator[Stream]:
    """A connection to the host by the first hop that can be had, closed on the way out; raises OperationFailed.

    `address` spares the direct way its look-up. Only a hop that does not answer at all is passed over, as browsers
    do: a proxy that refuses has the last word.
    """
    trace = trace or WayTrace()
    stream = await _first_hop(host, port, hops, trace, address)
    try:
        yield stream
    finally:
        await stream.close()


@asynccontextmanager
async def open_tls_way(
    host: str,
    port: int,
    hops: Sequence[Hop],
    trace: WayTrace,
    *,
    ca_file: str | None,
    address: str | None = None,
    server_name: str | None = None,
) -> AsyncIterator[Stream]:
    """The same in TLS, verified for `server_name` or the host; the chain that was shown is kept in any case."""
    name, trace.ca_file = server_name or host, ca_file
    try:
        async with open_way(host, port, hops, trace, address=address) as stream:
            started_s = time.perf_counter()
            await stream.start_tls(client_context(ca_file), name)
            trace.tls_s = time.perf_counter() - started_s
            trace.tls_version = stream.ssl_object.version()
            trace.shown, trace.verified = shown_by(stream.ssl_object), True
            yield stream
    except OperationFailed as error:
        if error.failure.code in CERTIFICATE_FAILURES and not trace.shown:
            trace.shown = await _shown(host, port, hops, address, name)
        raise


async def _shown(host: str, port: int, hops: Sequence[Hop], address: str | None, name: str) -> list[bytes]:
    """The chain that was not believed: Python drops it with the handshake, so it is asked for once more."""
    try:
        async with open_way(host, port, hops, address=address) as stream:
            await stream.start_tls(unverified_context(), name)
            return shown_by(stream.ssl_object)
    except OperationFailed:
        return []


async def _first_hop(host: str, port: int, hops: Sequence[Hop], trace: WayTrace, address: str | None) -> Stream:
    for hop in hops[:-1]:
        try:
            return await _by(hop, host, port, trace, address)
        except OperationFailed as error:
            if hop != DIRECT and not isinstance(error, ProxyUnreachable):
                raise
            trace.tried.append(str(hop))
    return await _by(hops[-1], host, port, trace, address)


async def _by(hop: Hop, host: str, port: int, trace: WayTrace, address: str | None) -> Stream:
    trace.via = str(hop)
    if hop == DIRECT:
        return await _straight(host, port, trace, address)
    trace.proxy = ProxyTrace()
    started_s = time.perf_counter()
    stream = await open_tunnel(hop, host, port, trace.proxy)
    trace.connected_s = time.perf_counter() - started_s
    return stream


async def _straight(host: str, port: int, trace: WayTrace, address: str | None) -> Stream:
    """The first of the host's addresses that takes the connection; the last one's failure if none does."""
    started_s = time.perf_counter()
    found = [address] if address else await resolve(host, every=True)  # as browsers go on to the next
    trace.resolved_s = None if address else time.perf_counter() - started_s
    for trace.address in found[:-1]:
        started_s = time.perf_counter()
        try:
            stream = await open_stream(trace.address, port)
        except OperationFailed:
            continue
        trace.connected_s = time.perf_counter() - started_s
        return stream
    trace.address, started_s = found[-1], time.perf_counter()
    stream = await open_stream(found[-1], port)
    trace.connected_s = time.perf_counter() - started_s
    return stream
