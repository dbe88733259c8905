"""WSAECONNRESET: on Windows a UDP receive fails once for every ICMP message, and the next one works."""

import asyncio
import importlib
import pkgutil
import socket
from typing import Any

import pytest

import readycheck
from readycheck.host.loop import new_event_loop
from readycheck.net.stamp import StampLink
from readycheck.reflector.server import Reflector
from readycheck.rtc.stamp import decode_reflector
from tests.unit.test_reflector import request

RESET = ConnectionResetError(10054, "An existing connection was forcibly closed by the remote host")


def receivers() -> list[type[asyncio.DatagramProtocol]]:
    """Every protocol of ours that receives datagrams, wherever it stands."""
    for module in pkgutil.walk_packages(readycheck.__path__, "readycheck."):
        if not module.name.endswith(("__main__", "windows_api")):  # the program itself; what Windows alone can import
            importlib.import_module(module.name)
    found = asyncio.DatagramProtocol.__subclasses__()
    return [one for one in found if one.__module__.startswith("readycheck.")]


class Resetting(socket.socket):
    """A UDP socket whose every other receive is a reset, as after a datagram to a port that is closed."""

    resets = 0

    def _reset(self) -> None:
        self.resets += 1
        if self.resets % 2:
            raise RESET

    def recv(self, *arguments: Any) -> bytes:
        self._reset()
        return super().recv(*arguments)

    def recvfrom(self, *arguments: Any) -> Any:
        self._reset()
        return super().recvfrom(*arguments)

    def recvmsg(self, *arguments: Any) -> Any:
        self._reset()
        return super().recvmsg(*arguments)


def resetting() -> Resetting:
    found = Resetting(socket.AF_INET, socket.SOCK_DGRAM)
    found.bind(("127.0.0.1", 0))
    found.setblocking(False)
    return found


@pytest.mark.parametrize("receiver", receivers())
def test_every_protocol_goes_on_after_a_reset(receiver: type[asyncio.DatagramProtocol]) -> None:
    """What comes after the resets is received, in the order in which it was sent."""
    received: list[bytes] = []

    class Listening(receiver):  # type: ignore[misc, valid-type] # each of ours in turn
        def __init__(self) -> None:
            """Nothing of the receiver's own is needed to receive."""
            self.on_failure: Any = lambda _: None

        def connection_made(self, _transport: Any) -> None:
            pass

        def connection_lost(self, _error: Exception | None) -> None:
            pass

        def datagram_received(self, data: bytes, _source: Any) -> None:
            received.append(data)

    async def listen() -> None:
        opened = resetting()
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Listening, sock=opened)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            async with asyncio.timeout(5):
                for number in range(3):
                    sender.sendto(bytes([number]), opened.getsockname())
                while len(received) < 3:
                    await asyncio.sleep(0)
        assert opened.resets > 3
        transport.abort()
        await asyncio.sleep(0)

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(listen())
    assert received == [b"\0", b"\1", b"\2"]


async def test_the_session_sender_goes_on_after_a_reset() -> None:
    """Replies that come after a reset are heard; that there was one is told."""
    replies: list[bytes] = []
    opened = resetting()
    with opened, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far_end:
        far_end.bind(("127.0.0.1", 0))
        opened.connect(far_end.getsockname())
        link = StampLink(opened)
        link.on_reply = lambda data, _at: replies.append(data)
        for number in range(3):
            far_end.sendto(bytes([number]), opened.getsockname())
        async with asyncio.timeout(5):
            while len(replies) < 3:
                link.ready()
                await asyncio.sleep(0)

    assert replies == [b"\0", b"\1", b"\2"]
    assert link.failure is not None


def test_the_reflector_goes_on_after_a_reset() -> None:
    """A sender that closed its port costs no other sender its answers."""
    reflector = Reflector(port=0)
    reflector.open()
    reflector.close()
    reflector._socket = resetting()
    with reflector._socket, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.settimeout(5)
        for number in range(3):
            sender.sendto(request(number), reflector._socket.getsockname())
        while reflector.counts.received < 3:
            reflector._serve_batch(0.0)
        answers = [decode_reflector(sender.recv(2048)).sender_sequence for _ in range(3)]

    assert answers == [0, 1, 2]
