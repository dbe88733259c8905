"""Reflectors whose answers a test makes up."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from readycheck.rtc.stamp import ReflectorPacket, decode_sender, encode_reflector, ntp_timestamp

Answers = Callable[[int, bytes], list[bytes]]


class Faulty(asyncio.DatagramProtocol):
    """A reflector whose answers a test makes up from the number of the arrival and what came."""

    def __init__(self, answers: Answers, delay_s: Callable[[int], float]) -> None:
        self._answers = answers
        self._delay_s = delay_s
        self._arrived = 0
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        loop, delay_s = asyncio.get_running_loop(), self._delay_s(self._arrived)
        for answer in self._answers(self._arrived, data):
            loop.call_later(delay_s, self.transport.sendto, answer, addr)
        self._arrived += 1


@asynccontextmanager
async def faulty(answers: Answers, delay_s: Callable[[int], float] = lambda _: 0.0) -> AsyncIterator[int]:
    """The port of a made-up reflector, whose answers to the packet of this number leave so much later."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Faulty(answers, delay_s), local_addr=("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


def reply(data: bytes, sequence: int, clock_ahead_s: float = 0.0, key: bytes | None = None) -> bytes:
    """An honest reply with this number, as large as what it answers."""
    sent, now = decode_sender(data), ntp_timestamp(time.time_ns() + round(clock_ahead_s * 1e9))
    packet = ReflectorPacket(sequence, now, now, sent.sequence, sent.timestamp, ssid=sent.ssid)
    base = encode_reflector(packet, key)
    return base + data[len(base) :]


def number_of(data: bytes) -> int:
    return int.from_bytes(data[:4])
