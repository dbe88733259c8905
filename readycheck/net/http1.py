"""HTTP/1.1 over a connection of ours (RFC 9112), with limits on what a hostile far side may send."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import h11

from readycheck import __version__
from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.net.stream import Stream

ANSWER_TIMEOUT_S = 4.0
LARGEST_BODY_BYTE = 256 * 1024
_LARGEST_HEAD_BYTE = 64 * 1024
_MOST_INTERIM = 10
_BODY_TIMEOUT_S = 1.0
_LONGEST_DETAIL = 200
USER_AGENT = f"readycheck/{__version__}"


@dataclass(frozen=True)
class HttpAnswer:
    """Status line, headers (names in lower case) and as much of the body as was wanted."""

    status: int
    phrase: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    answer_s: float
    keeps_alive: bool
    surplus: bool = False
    """Octets followed an answer that ends the HTTP on this connection."""

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        return next((value for key, value in self.headers if key == name), None)

    def all_of(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key == name]


class BadHttp(OperationFailed):
    """The far side speaks no HTTP, or without end."""

    def __init__(self, operation: str, detail: str) -> None:
        super().__init__(FailureCode.HTTP_STATUS, operation, detail)


async def exchange(
    stream: Stream,
    method: str,
    target: str,
    headers: Sequence[tuple[str, str]],
    *,
    operation: str,
    body_byte: int = 0,
) -> HttpAnswer:
    """One request without a body and its answer.

    The body is read up to `body_byte`; with 0 it is left unread, unless the connection is to be used again (407).
    Raises OperationFailed: connection_reset, deadline_exceeded without an answer in time, BadHttp.
    """
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            return await _exchange(stream, method, target, headers, operation, body_byte)
    except TimeoutError:
        detail = f"no answer to {method} within {ANSWER_TIMEOUT_S:g} s"
        raise OperationFailed(FailureCode.DEADLINE_EXCEEDED, operation, detail) from None
    except h11.RemoteProtocolError as error:
        raise BadHttp(operation, f"no HTTP: {error}"[:_LONGEST_DETAIL]) from None


async def _exchange(
    stream: Stream, method: str, target: str, headers: Sequence[tuple[str, str]], operation: str, body_byte: int
) -> HttpAnswer:
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD_BYTE)
    request = h11.Request(method=method, target=target, headers=[*headers, ("User-Agent", USER_AGENT)])
    started_s = time.perf_counter()
    stream.send(connection.send(request) or b"")
    stream.send(connection.send(h11.EndOfMessage()) or b"")
    head = await _head(connection, stream, operation)
    answer_s = time.perf_counter() - started_s
    again = head.status_code == 407  # noqa: PLR2004 - the next try goes over the same connection
    if again:
        await _pass_over_body(connection, stream, operation)
    body = b"" if again else await _body(connection, stream, operation, body_byte)
    return HttpAnswer(
        status=head.status_code,
        phrase=head.reason.decode("latin-1"),
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers),
        body=body,
        answer_s=answer_s,
        # an end of the stream that closed a body closed the connection with it
        keeps_alive={connection.our_state, connection.their_state} == {h11.DONE} and not connection.trailing_data[1],
        surplus=connection.their_state is h11.SWITCHED_PROTOCOL and bool(connection.trailing_data[0]),
    )


async def _head(connection: h11.Connection, stream: Stream, operation: str) -> h11.Response:
    for _ in range(_MOST_INTERIM):
        event = await _next(connection, stream, operation)
        if isinstance(event, h11.Response):
            return event
        if not isinstance(event, h11.InformationalResponse):
            break
        if event.status_code == 101:  # noqa: PLR2004 - Switching Protocols, which nobody asked for here
            break
    raise BadHttp(operation, "no final answer")


async def _pass_over_body(connection: h11.Connection, stream: Stream, operation: str) -> None:
    """Read on to the next answer; a body that breaks or does not end costs the connection, and not the answer."""
    with suppress(OperationFailed, TimeoutError, h11.RemoteProtocolError):
        async with asyncio.timeout(_BODY_TIMEOUT_S):
            await _body(connection, stream, operation, LARGEST_BODY_BYTE)


async def _body(connection: h11.Connection, stream: Stream, operation: str, most_byte: int) -> bytes:
    body = bytearray()
    while connection.their_state is h11.SEND_BODY and len(body) < most_byte:
        event = await _next(connection, stream, operation)
        if not isinstance(event, h11.Data):
            break
        body += event.data
    return bytes(body[:most_byte])


async def _next(connection: h11.Connection, stream: Stream, operation: str) -> object:
    while (event := connection.next_event()) is h11.NEED_DATA:
        try:
            data = await stream.receive(operation)
        except OperationFailed:
            connection.receive_data(b"")  # the end may be what closes a body
            try:
                event = connection.next_event()
            except h11.RemoteProtocolError:
                event = h11.NEED_DATA
            if event in (h11.NEED_DATA, h11.PAUSED):  # it ends nothing: the break itself is what happened
                raise
            return event
        connection.receive_data(data)
    return event
