"""Datagrams of chosen sizes under way to a far end, and the search that chooses them."""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from readycheck.net.stamp import StampLink
from readycheck.net.turn import TurnSession
from readycheck.rtc.plpmtu import ATTEMPTS, Search
from readycheck.rtc.stamp import Malformed, SenderPacket, decode_reflector, encode_sender, extra_padding, ntp_timestamp

SPACING_S = 0.1
"""Between attempts: what shares one full queue shares its fate."""
APART_S = 0.01
"""Between sizes: a megabit a second, so that few wait for each other even on a slow link."""
FIRST_WAIT_S = 2.0
"""For the first answer of all; from then on twice as long as one took, within these."""
SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.15, 2.0
CHANNEL_HEADER_BYTE = 4
LEAST_PADDING_BYTE = 4


@dataclass
class Sizes:
    """What was asked and what was answered; `send` sends a datagram with this many octets of UDP payload."""

    send: Callable[[int], None] = lambda _: None
    are_replies_whole: bool = True
    answered: set[int] = field(default_factory=set)
    _asked_at: dict[int, float] = field(default_factory=dict)
    _longest_s: float = 0.0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def of_reflector(cls, link: StampLink, key: bytes | None) -> "Sizes":
        """STAMP packets with padding; their numbers tell their sizes, whatever size the reply has."""
        sizes, numbered = cls(), list[int]()
        ssid = int.from_bytes(os.urandom(2)) or 1
        least_byte = len(encode_sender(SenderPacket(0, 0, tlvs=(extra_padding(LEAST_PADDING_BYTE),)), key))

        def send(size: int) -> None:
            padding = extra_padding(LEAST_PADDING_BYTE + size - least_byte)
            packet = SenderPacket(len(numbered), ntp_timestamp(time.time_ns()), ssid=ssid, tlvs=(padding,))
            numbered.append(size)
            link.send(encode_sender(packet, key))

        def received(data: bytes, _: float) -> None:
            try:
                number = decode_reflector(data, key).sender_sequence
            except Malformed:
                return
            if number < len(numbered):
                sizes.take(numbered[number], len(data))

        sizes.send, link.on_reply = send, received
        return sizes

    @classmethod
    def of_relay(cls, here: TurnSession, there: TurnSession) -> "Sizes":
        """Data from one allocation to the other; ChannelData adds its header (RFC 8656 section 12.4)."""
        sizes, mark, peer = cls(), os.urandom(8), there.relayed_address

        def send(size: int) -> None:
            here.send(peer, mark + bytes(size - CHANNEL_HEADER_BYTE - len(mark)))

        def received(data: bytes, _: float) -> None:
            if data.startswith(mark):
                size = len(data) + CHANNEL_HEADER_BYTE
                sizes.take(size, size)

        sizes.send, there.on_data = send, received
        return sizes

    @property
    def asked(self) -> tuple[int, ...]:
        """Every size, ascending."""
        return tuple(sorted(self._asked_at))

    def take(self, size: int, reply_byte: int) -> None:
        """An answer came."""
        if size not in self._asked_at:
            return
        if size not in self.answered:
            self._longest_s = max(self._longest_s, time.perf_counter() - self._asked_at[size])
        self.are_replies_whole = self.are_replies_whole and reply_byte >= size
        self.answered.add(size)
        self._news.set()

    async def ask(self, sizes: Sequence[int]) -> None:
        """Send each size until it is answered, three times at most; what a larger one answers needs no answer."""
        for attempt in range(ATTEMPTS):
            for size in sizes:
                if size > max(self.answered, default=0):
                    if not attempt:
                        self._asked_at[size] = time.perf_counter()
                    self.send(size)
                    await asyncio.sleep(APART_S)
            if await self._until(lambda: sizes[-1] in self.answered, SPACING_S):
                return
        if await self._until(lambda: bool(self.answered), FIRST_WAIT_S):
            wait_s = min(LONGEST_WAIT_S, max(SHORTEST_WAIT_S, 2 * self._longest_s))
            await self._until(lambda: sizes[-1] in self.answered, wait_s)

    async def _until(self, came: Callable[[], bool], within_s: float) -> bool:
        """Whether this answer came meanwhile."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not came():
                    self._news.clear()
                    await self._news.wait()
        return came()


async def searched(version: int, sizes: Sizes) -> Search:
    """The search, to its end."""
    search = Search(version)
    while wanted := search.next_sizes():
        await sizes.ask(wanted)
        search.learn(wanted, sizes.answered)
    return search
