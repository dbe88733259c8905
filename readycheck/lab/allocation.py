"""One allocation (RFC 8656 section 2.2): a relayed transport address, its permissions and its channels."""

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from readycheck.lab.faults import Faults
from readycheck.lab.log import Log, Transport
from readycheck.lab.transports import Transports
from readycheck.rtc.stun import Address, Class, Message, Method

PERMISSION_LIFETIME_S = 300.0  # RFC 8656 section 9
CHANNEL_LIFETIME_S = 600.0  # RFC 8656 section 12

Send = Callable[[bytes], None]


class FiveTuple(NamedTuple):
    """What tells one client from another."""

    transport: Transport
    client: Address
    server: Address


class Channel(NamedTuple):
    """A peer bound to a channel number until `expires`."""

    peer: Address
    expires: float


@dataclass(eq=False)
class Allocation(asyncio.DatagramProtocol):
    """A relay socket and who may use it; `now` is a monotonic clock in seconds."""

    username: str
    transaction_id: bytes
    send: Send
    faults: Faults
    log: Log
    transports: Transports
    now: Callable[[], float]
    response: Message | None = None
    _permissions: dict[str, float] = field(default_factory=dict)
    _channels: dict[int, Channel] = field(default_factory=dict)
    _numbers: dict[Address, int] = field(default_factory=dict)
    _expiry: asyncio.TimerHandle | None = None
    _sent_to_peers: int = 0

    transport: asyncio.DatagramTransport = field(init=False)

    async def open(self, host: str) -> Address:
        """Bind the relay socket; returns the relayed transport address."""
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(host, 0))
        name: tuple[Any, ...] = transport.get_extra_info("sockname")
        return name[0], name[1]

    def expire_after(self, lifetime_s: float, release: Callable[[], None]) -> None:
        """(Re)start the time-to-expiry."""
        self._stop_timer()
        self._expiry = asyncio.get_running_loop().call_later(lifetime_s, release)

    def close(self) -> None:
        """Give the relayed address back."""
        self._stop_timer()
        if hasattr(self, "transport"):
            self.transport.abort()

    def permit(self, host: str) -> None:
        """Install or refresh the permission of a peer's address."""
        self._permissions[host] = self.now() + PERMISSION_LIFETIME_S

    def bind(self, number: int, peer: Address) -> bool:
        """Bind or refresh a channel; False if the number or the peer is bound otherwise (section 12.2)."""
        self._forget_expired_channels()
        bound = self._channels.get(number)
        if (bound and bound.peer != peer) or self._numbers.get(peer, number) != number:
            return False
        self._channels[number] = Channel(peer, self.now() + CHANNEL_LIFETIME_S)
        self._numbers[peer] = number
        self.permit(peer[0])
        return True

    def channel_data(self, data: bytes) -> None:
        """Relay ChannelData to the peer (section 12.6)."""
        if len(data) < 4:  # noqa: PLR2004 - channel number and length
            return
        number, length = struct.unpack_from("!HH", data)
        channel = self._channels.get(number)
        if channel is None or channel.expires <= self.now() or len(data) < 4 + length:
            self.log.packets_dropped += 1
            return
        self._send_to_peer(data[4 : 4 + length], channel.peer)

    def send_indication(self, indication: Message) -> None:
        """Relay the DATA of a Send indication to the peer (section 11.2)."""
        peer: Address | None = indication.attributes.get("XOR-PEER-ADDRESS")
        payload: bytes | None = indication.attributes.get("DATA")
        if peer is not None and payload is not None:
            self._send_to_peer(payload, peer)

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """Keep the relay socket."""
        self.transport = transport
        self.transports.add(self, transport)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Relay a peer's datagram to the client, by channel if one is bound (sections 11.3 and 12.7)."""
        peer: Address = (addr[0], addr[1])
        if self.faults.drop_data or not self._permitted(peer[0]):
            self.log.packets_dropped += 1
            return
        self.log.packets_to_clients += 1
        number = self._numbers.get(peer)
        if number is not None and self._channels[number].expires > self.now():
            self.send(struct.pack("!HH", number, len(data)) + data)
        else:
            attributes = {"XOR-PEER-ADDRESS": peer, "DATA": data}
            self.send(bytes(Message(Method.DATA, Class.INDICATION, attributes=attributes)))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The relay socket is closed."""
        self.transports.discard(self)

    def _send_to_peer(self, payload: bytes, peer: Address) -> None:
        if not self._permitted(peer[0]):
            self.log.packets_dropped += 1
            return
        self._sent_to_peers += 1
        if self.faults.drop_data or self._is_turn(self.faults.drop_every):
            self.log.packets_dropped += 1
            return
        self.log.packets_to_peers += 1
        self.transport.sendto(payload, peer)
        if self._is_turn(self.faults.duplicate_every):
            self.transport.sendto(payload, peer)

    def _is_turn(self, every: int | None) -> bool:
        return every is not None and self._sent_to_peers % every == 0

    def _permitted(self, host: str) -> bool:
        return self._permissions.get(host, 0.0) > self.now()

    def _forget_expired_channels(self) -> None:
        for number, channel in list(self._channels.items()):
            if channel.expires <= self.now():
                del self._channels[number], self._numbers[channel.peer]

    def _stop_timer(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
