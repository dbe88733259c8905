"""A WebSocket (RFC 6455) opened over a connection of ours and held for a while: idle ones are what proxies cut."""

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import h11
from websockets.client import ClientProtocol
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.model.visit import WebSocketHeld
from readycheck.net.http1 import ANSWER_TIMEOUT_S, USER_AGENT, HttpAnswer
from readycheck.net.stream import Stream

_LONGEST_MESSAGE_BYTE = 256 * 1024
_LARGEST_HEAD_BYTE = 64 * 1024
_SWITCHING = 101
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")


async def open_and_hold(
    stream: Stream, url: str, hold_s: float, expected: Sequence[int] | None, note: Any
) -> WebSocketHeld | None:
    """Ask for the upgrade, and hold what comes of it; `note` is told the answer.

    None if the answer is another one that the profile expects. Raises OperationFailed: websocket_refused,
    connection_reset if the connection breaks without a word, deadline_exceeded.
    """
    protocol = ClientProtocol(parse_uri(url), max_size=_LONGEST_MESSAGE_BYTE)
    answer = await _upgrade(protocol, stream)
    note(answer)
    if expected and answer.status in expected and answer.status != _SWITCHING:
        return None
    if answer.status != _SWITCHING:
        raise OperationFailed(FailureCode.WEBSOCKET_REFUSED, "upgrade", f"{answer.status} {answer.phrase}"[:200])
    if protocol.handshake_exc:
        detail = f"the upgrade is no WebSocket's: {protocol.handshake_exc}"[:200]
        raise OperationFailed(FailureCode.WEBSOCKET_REFUSED, "upgrade", detail)
    return await _hold(protocol, stream, hold_s)


async def _upgrade(protocol: ClientProtocol, stream: Stream) -> HttpAnswer:
    request = protocol.connect()
    request.headers["User-Agent"] = USER_AGENT
    protocol.send_request(request)
    started_s = time.perf_counter()
    _send_due(protocol, stream)
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            head = await _head(stream)
    except TimeoutError:
        detail = f"no answer to the upgrade within {ANSWER_TIMEOUT_S:g} s"
        raise OperationFailed(FailureCode.WEBSOCKET_REFUSED, "upgrade", detail) from None
    answer_s = time.perf_counter() - started_s
    status = _STATUS.match(head)
    if status and int(status[1]) != _SWITCHING:  # the library would wait for the whole of its body
        return _refusal(head, answer_s)
    protocol.receive_data(head)
    for event in protocol.events_received():
        if isinstance(event, Response):
            return _answer(event, answer_s)
    detail = f"no HTTP answer: {protocol.handshake_exc}"[:200]
    raise OperationFailed(FailureCode.WEBSOCKET_REFUSED, "upgrade", detail)


async def _head(stream: Stream) -> bytes:
    """All that came up to the end of an HTTP head, and what came with it; cut where it has no end."""
    came = b""
    while not _END_OF_HEAD.search(came) and len(came) < _LARGEST_HEAD_BYTE:
        came += await stream.receive("upgrade")
    return came


def _refusal(head: bytes, answer_s: float) -> HttpAnswer:
    """An answer that is no upgrade; its body is nobody's concern."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "any")]))
    connection.send(h11.EndOfMessage())
    try:
        connection.receive_data(head)
        event = connection.next_event()
    except h11.RemoteProtocolError as error:
        event, detail = None, f"no HTTP answer: {error}"[:200]
    else:
        detail = "no final answer"
    if not isinstance(event, h11.Response):
        raise OperationFailed(FailureCode.WEBSOCKET_REFUSED, "upgrade", detail)
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers)
    return HttpAnswer(event.status_code, event.reason.decode("latin-1"), headers, b"", answer_s, keeps_alive=False)


def _answer(response: Response, answer_s: float) -> HttpAnswer:
    headers = tuple((name.lower(), value) for name, value in response.headers.raw_items())
    return HttpAnswer(response.status_code, response.reason_phrase, headers, b"", answer_s, keeps_alive=False)


async def _hold(protocol: ClientProtocol, stream: Stream, hold_s: float) -> WebSocketHeld:
    """Ping once, then stay quiet; a Close frame is the far end's own word, a broken connection is not."""
    started_s = time.perf_counter()
    held = WebSocketHeld(0.0)
    protocol.send_ping(b"readycheck")
    _send_due(protocol, stream)
    try:
        async with asyncio.timeout(hold_s):
            while True:
                for event in protocol.events_received():
                    if isinstance(event, Frame) and event.opcode is Opcode.PONG and held.ping_ms is None:
                        held = replace(held, ping_ms=round((time.perf_counter() - started_s) * 1000, 3))
                _send_due(protocol, stream)
                if protocol.close_rcvd or protocol.parser_exc:
                    break
                protocol.receive_data(await stream.receive("hold_websocket"))
    except TimeoutError:
        protocol.send_close(CloseCode.NORMAL_CLOSURE)
        _send_due(protocol, stream)
    if protocol.parser_exc:
        detail = f"what followed the upgrade is no WebSocket: {protocol.parser_exc}"[:200]
        raise OperationFailed(FailureCode.WEBSOCKET_REFUSED, "hold_websocket", detail)
    held_s = round(time.perf_counter() - started_s, 3)
    return replace(held, held_s=held_s, close_code=protocol.close_rcvd.code if protocol.close_rcvd else None)


def _send_due(protocol: ClientProtocol, stream: Stream) -> None:
    for octets in protocol.data_to_send():
        if octets:
            stream.send(octets)
