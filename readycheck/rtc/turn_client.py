"""A TURN client (RFC 8656) without sockets: octets and times in, octets and events out.

One client speaks to one server over one transport. Whoever drives it calls `receive` with what came, sends what
`datagrams_to_send` gives, and comes back at `next_at`. It retransmits for as long as it is driven: the time limit
belongs to the driver.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from struct import pack, unpack_from

from readycheck.rtc import stun
from readycheck.rtc.ice_server import Credentials
from readycheck.rtc.stun import Address, Class, Malformed, Message, Method
from readycheck.rtc.transaction import Transaction

UDP = 0x11000000  # REQUESTED-TRANSPORT: protocol 17, the rest reserved (RFC 8656 section 18.7)
DEFAULT_LIFETIME_S = 600  # RFC 8656 section 3.2
REFRESH_SHARE = 5 / 6  # of the lifetime, leaving time for lost requests
PERMISSION_REFRESH_S = 240.0  # RFC 8656 section 9: a permission lives five minutes
CHANNEL_REFRESH_S = 500.0  # section 12: a channel lives ten
FIRST_CHANNEL = 0x4000
STALE_NONCES_FOLLOWED = 3
UNAUTHORIZED, STALE_NONCE, TRY_ALTERNATE, ADDRESS_FAMILY_NOT_SUPPORTED = 401, 438, 300, 440


@dataclass(frozen=True)
class Challenged:
    """The server asked for credentials: it is there, and the path to it works."""

    round_trip_s: float | None


@dataclass(frozen=True)
class Succeeded:
    """A request was granted; `round_trip_s` is its last transmission's alone, None if that is ambiguous."""

    request: int
    round_trip_s: float | None


@dataclass(frozen=True)
class Refused:
    """A request was refused with this error code (RFC 8489 section 14.8)."""

    request: int
    number: int
    phrase: str
    alternate: Address | None = None


@dataclass(frozen=True)
class DataReceived:
    """The relay delivered data from a peer."""

    peer: Address
    data: bytes


@dataclass(frozen=True)
class Discarded:
    """Something came that no honest server sends."""

    why: str


Event = Challenged | Succeeded | Refused | DataReceived | Discarded


@dataclass
class _Request:
    """A request through its challenges: each try is a transaction of its own."""

    number: int
    method: Method
    attributes: dict[str, object]
    stale_nonces: int = 0
    authenticated: bool = False


class TurnClient:
    """One allocation. `reliable` is true over TCP and TLS, where nothing is retransmitted."""

    def __init__(self, credentials: Credentials | None, *, reliable: bool) -> None:
        self.relayed_address: Address | None = None
        self.mapped_address: Address | None = None
        self._credentials = credentials
        self._reliable = reliable
        self._granted = False
        self._realm: str | None = None
        self._nonce: bytes | None = None
        self._requests = 0
        self._transactions: dict[bytes, tuple[Transaction, _Request]] = {}
        self._timers: list[tuple[float, Callable[[float], int]]] = []
        self._events: deque[Event] = deque()
        self._outgoing: deque[bytes] = deque()
        self._channels: dict[Address, int] = {}
        self._bound: dict[int, Address] = {}

    # what the driver asks for: each returns the number under which Succeeded or Refused will tell

    def allocate(self, now: float, *, family: int | None = None) -> int:
        """Ask for an allocation, of an address family if one is named (RFC 8656 section 7.1)."""
        attributes: dict[str, object] = {"REQUESTED-TRANSPORT": UDP}
        if family:
            attributes["REQUESTED-ADDRESS-FAMILY"] = family
        return self._ask(Method.ALLOCATE, attributes, now)

    def create_permission(self, peer: Address, now: float) -> int:
        """Let this peer's address send to the allocation, and keep it so."""
        self._repeat(PERMISSION_REFRESH_S, now, lambda later: self.create_permission(peer, later))
        return self._ask(Method.CREATE_PERMISSION, {"XOR-PEER-ADDRESS": peer}, now)

    def bind_channel(self, peer: Address, now: float) -> int:
        """Bind a channel to the peer, so that data costs four octets instead of 36, and keep it bound."""
        channel = self._channels.setdefault(peer, FIRST_CHANNEL + len(self._channels))
        self._repeat(CHANNEL_REFRESH_S, now, lambda later: self.bind_channel(peer, later))
        return self._ask(Method.CHANNEL_BIND, {"CHANNEL-NUMBER": channel, "XOR-PEER-ADDRESS": peer}, now)

    def refresh(self, now: float) -> int:
        """Ask that the allocation live on (RFC 8656 section 8); done by itself before it runs out."""
        return self._ask(Method.REFRESH, {"LIFETIME": DEFAULT_LIFETIME_S}, now)

    def release(self, now: float) -> int:
        """Give the allocation back (RFC 8656 section 8: a lifetime of zero)."""
        self._timers.clear()
        return self._ask(Method.REFRESH, {"LIFETIME": 0}, now)

    @property
    def may_hold_allocation(self) -> bool:
        """Whether the server may hold something for us: granted, or asked for and not yet answered."""
        asking = any(
            request.method == Method.ALLOCATE and (request.authenticated or not self._credentials)
            for _, request in self._transactions.values()
        )
        return self._granted or asking

    def send(self, peer: Address, data: bytes) -> bytes:
        """The octets that carry data to a peer with a bound channel."""
        return pack("!HH", self._channels[peer], len(data)) + data

    # what the driver does

    def receive(self, data: bytes, now: float) -> None:
        """Take in one message from the server."""
        if stun.is_channel_data(data):
            self._receive_channel_data(data)
            return
        try:
            message = stun.decode(data)
        except Malformed as error:
            self._events.append(Discarded(str(error)))
            return
        if message.message_class in (Class.RESPONSE, Class.ERROR):
            self._receive_response(message, now)
        elif message.message_method == Method.DATA and {"DATA", "XOR-PEER-ADDRESS"} <= message.attributes.keys():
            self._events.append(DataReceived(message.attributes["XOR-PEER-ADDRESS"], message.attributes["DATA"]))

    def datagrams_to_send(self, now: float) -> list[bytes]:
        """What is to be sent now, retransmissions and refreshes included."""
        due = [timer for timer in self._timers if timer[0] <= now]
        self._timers = [timer for timer in self._timers if timer[0] > now]
        for _, repeat in due:
            repeat(now)
        for transaction, _ in self._transactions.values():
            if octets := transaction.due(now):
                self._outgoing.append(octets)
        outgoing = list(self._outgoing)
        self._outgoing.clear()
        return outgoing

    @property
    def next_at(self) -> float | None:
        """When `datagrams_to_send` has something next; None if only an answer can change anything."""
        times = [transaction.next_at for transaction, _ in self._transactions.values()]
        return min([at for at in times if at is not None] + [at for at, _ in self._timers], default=None)

    def next_event(self) -> Event | None:
        """The next thing that happened; None if all is told."""
        return self._events.popleft() if self._events else None

    def forget(self, request: int) -> None:
        """Stop retransmitting a request that nobody waits for any more."""
        self._transactions = {
            key: (transaction, asked)
            for key, (transaction, asked) in self._transactions.items()
            if asked.number != request
        }

    # inside

    def _repeat(self, after_s: float, now: float, action: Callable[[float], int]) -> None:
        self._timers.append((now + after_s, action))

    def _ask(self, method: Method, attributes: dict[str, object], now: float) -> int:
        self._requests += 1
        self._transact(_Request(self._requests, method, attributes), now)
        return self._requests

    def _transact(self, request: _Request, now: float) -> None:
        message = Message(request.method, Class.REQUEST, attributes=dict(request.attributes))
        if self._credentials and self._realm is not None:
            message.attributes |= {"USERNAME": self._credentials.username, "REALM": self._realm, "NONCE": self._nonce}
            message.add_message_integrity(self._credentials.key(self._realm))
            request.authenticated = True
        else:
            message.add_fingerprint()
        transaction = Transaction(message, now, reliable=self._reliable)
        self._transactions[message.transaction_id] = (transaction, request)

    def _receive_channel_data(self, data: bytes) -> None:
        if len(data) < 4:  # noqa: PLR2004 - the header of RFC 8656 section 12.4
            self._events.append(Discarded("ChannelData without a header"))
            return
        channel, length = unpack_from("!HH", data)
        peer = self._bound.get(channel)
        if peer is None or length > len(data) - 4:
            self._events.append(Discarded("ChannelData on a channel never bound, or cut short"))
            return
        self._events.append(DataReceived(peer, data[4 : 4 + length]))

    def _receive_response(self, message: Message, now: float) -> None:
        found = self._transactions.get(message.transaction_id)
        if found is None or found[1].method != message.message_method:
            self._events.append(Discarded("an answer to nothing that was asked"))
            return
        transaction, request = found
        if request.authenticated and not self._is_genuine(message):
            self._events.append(Discarded("an answer not signed with the credential's key"))
            return
        del self._transactions[message.transaction_id]
        if message.message_class == Class.RESPONSE:
            self._receive_success(message, request, transaction.round_trip_s(now), now)
        else:
            self._receive_error(message, request, transaction.round_trip_s(now), now)

    def _is_genuine(self, message: Message) -> bool:
        """RFC 8489 section 9.2.5, but for errors without any signature: their code is what a user needs to hear."""
        if message.message_class == Class.ERROR and "MESSAGE-INTEGRITY" not in message.attributes:
            return True
        if self._credentials is None or self._realm is None:
            return True
        return message.check_message_integrity(self._credentials.key(self._realm)) or (
            message.message_class == Class.ERROR and message.error_code in (UNAUTHORIZED, STALE_NONCE)
        )

    def _receive_success(self, message: Message, request: _Request, round_trip_s: float | None, now: float) -> None:
        if request.method == Method.ALLOCATE:
            self._granted = True
            relayed = message.attributes.get("XOR-RELAYED-ADDRESS")
            if relayed is None:
                self._events.append(Refused(request.number, 0, "granted without a relayed address"))
                return
            self.relayed_address = relayed
            self.mapped_address = stun.mapped_address(message)
            self._keep_alive(message, now)
        elif request.method == Method.CHANNEL_BIND:
            channel, peer = request.attributes["CHANNEL-NUMBER"], request.attributes["XOR-PEER-ADDRESS"]
            self._bound[channel] = peer  # type: ignore[index,assignment] # put there by bind_channel
        elif request.method == Method.REFRESH:
            if request.attributes.get("LIFETIME") == 0:
                self.relayed_address, self._granted = None, False
            else:
                self._keep_alive(message, now)
        self._events.append(Succeeded(request.number, round_trip_s))

    def _keep_alive(self, message: Message, now: float) -> None:
        lifetime_s = message.attributes.get("LIFETIME", DEFAULT_LIFETIME_S)
        self._repeat(lifetime_s * REFRESH_SHARE, now, self.refresh)

    def _receive_error(self, message: Message, request: _Request, round_trip_s: float | None, now: float) -> None:
        number, phrase = stun.error(message) or (0, "an error without a code")
        if number == UNAUTHORIZED and not request.authenticated:
            self._events.append(Challenged(round_trip_s))
        if self._accept_nonce(message, number, request):
            self._transact(request, now)
            return
        alternate = message.attributes.get("ALTERNATE-SERVER") if number == TRY_ALTERNATE else None
        self._events.append(Refused(request.number, number, phrase, alternate))

    def _accept_nonce(self, message: Message, number: int, request: _Request) -> bool:
        """Whether the error only asks for another try with this realm and nonce."""
        realm, nonce = message.attributes.get("REALM", self._realm), message.attributes.get("NONCE")
        if self._credentials is None or realm is None or nonce is None:
            return False
        if number == STALE_NONCE:
            request.stale_nonces += 1
        again = (number == UNAUTHORIZED and not request.authenticated) or (
            number == STALE_NONCE and request.stale_nonces <= STALE_NONCES_FOLLOWED
        )
        if again:
            self._realm, self._nonce = realm, nonce
        return again
