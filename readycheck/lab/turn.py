"""What the lab answers to STUN and TURN requests (RFC 8489, RFC 8656), and to whom it relays."""

import asyncio
import secrets
from functools import partial
from typing import Any

from readycheck.lab.allocation import Allocation, FiveTuple, Send
from readycheck.lab.binding import CHANGE_IP, CHANGE_PORT, Origin, Origins
from readycheck.lab.credentials import Credentials, Nonces
from readycheck.lab.faults import Faults, falsify
from readycheck.lab.log import Log, Request
from readycheck.lab.transports import Tasks, Transports
from readycheck.rtc.stun import (
    Address,
    Class,
    Malformed,
    Message,
    Method,
    address_family,
    decode,
    is_channel_data,
)

SOFTWARE = "readycheck lab"
DEFAULT_LIFETIME_S = 600  # RFC 8656 section 3.2
MAX_LIFETIME_S = 3600
UDP = 17  # REQUESTED-TRANSPORT is an IP protocol number in the first of four octets
CHANNELS = range(0x4000, 0x5000)
OF_RFC_5780 = {"CHANGE-REQUEST": 0x0003, "RESPONSE-PORT": 0x0027}
REDIRECT = 300

REASONS = {
    300: "Try Alternate",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    420: "Unknown Attribute",
    437: "Allocation Mismatch",
    438: "Stale Nonce",
    440: "Address Family not Supported",
    441: "Wrong Credentials",
    442: "Unsupported Transport Protocol",
    443: "Peer Address Family Mismatch",
    486: "Allocation Quota Reached",
    500: "Server Error",
    508: "Insufficient Capacity",
}


class RequestError(Exception):
    """The request is refused with this code."""

    def __init__(self, code: int, attributes: dict[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.attributes = attributes or {}


class TurnServer:
    """The server without its listening sockets: `receive` takes what arrives on any of them."""

    def __init__(self, host: str, faults: Faults, credentials: Credentials) -> None:
        self.allocations: dict[FiveTuple, Allocation] = {}
        self.faults = faults
        self.log = Log()
        self.nonces = Nonces()
        self.origins = Origins()
        self.tasks = Tasks()
        self.transports = Transports()
        self._credentials = credentials
        self._host = host

    def receive(self, data: bytes, path: FiveTuple, send: Send) -> None:
        """Take one message or ChannelData of a client; junk is ignored."""
        if self.faults.garbage:
            send(secrets.token_bytes(len(data)))
            return
        if is_channel_data(data):
            if path in self.allocations:
                self.allocations[path].channel_data(data)
            return
        try:
            message = decode(data)
        except Malformed:
            return
        match message.message_class, message.message_method:
            case Class.REQUEST, _:
                self.tasks.start(self._answer(message, path, send))
            case Class.INDICATION, Method.SEND if path in self.allocations:
                self.allocations[path].send_indication(message)

    def release(self, path: FiveTuple) -> None:
        """Delete an allocation, if there is one."""
        allocation = self.allocations.pop(path, None)
        if allocation is not None:
            allocation.close()

    async def _answer(self, request: Message, path: FiveTuple, send: Send) -> None:
        """Process one request and respond, signed once the client is known (RFC 8489 section 9.2.4)."""
        method, key = request.message_method, None
        try:
            if self.faults.silent:
                response = None
            elif method is Method.BINDING:
                response, send = self._binding(request, path, send)
            else:
                key = self._authenticate(request, path)
                response = await self._handle(request, path, send)
        except RequestError as error:
            response = _response(request, Class.ERROR)
            response.attributes["ERROR-CODE"] = (error.code, REASONS.get(error.code, "Error"))
            response.attributes.update(error.attributes)
        self.log.requests.append(Request(path.transport, method, response.error_code if response else None))
        if response is None:
            return
        if method is Method.ALLOCATE and key is not None and response.message_class is Class.RESPONSE:
            key = falsify(response, key, self.faults.lie)
        await asyncio.sleep(self.faults.delay_s)
        send(_signed(response, key))

    def _binding(self, request: Message, path: FiveTuple, send: Send) -> tuple[Message, Send]:
        """The response, and the way it goes (RFC 5780 section 6.1)."""
        flags = request.attributes.get("CHANGE-REQUEST", 0)
        origin = self.origins.changed(path.server, flags)
        other = self.origins.changed(path.server, CHANGE_IP | CHANGE_PORT)
        response = _response(request)
        response.attributes["XOR-MAPPED-ADDRESS"] = path.client
        if path.transport == "udp" and origin and other:
            response.attributes["RESPONSE-ORIGIN"] = origin.address
            response.attributes["OTHER-ADDRESS"] = other.address
            send = partial(
                _send_from, origin, (path.client[0], request.attributes.get("RESPONSE-PORT", path.client[1]))
            )
        elif unknown := [number for name, number in OF_RFC_5780.items() if name in request.attributes]:
            raise RequestError(420, {"UNKNOWN-ATTRIBUTES": b"".join(number.to_bytes(2, "big") for number in unknown)})
        return response, send

    def _authenticate(self, request: Message, path: FiveTuple) -> bytes:
        """The client's key, or the error that RFC 8489 section 9.2.4 asks for."""
        attributes = request.attributes
        challenge = {"REALM": self._credentials.realm, "NONCE": self.nonces.current(path)}
        if "MESSAGE-INTEGRITY" not in attributes:
            if self.faults.challenge_error and request.message_method is Method.ALLOCATE:
                raise RequestError(self.faults.challenge_error, self._alternate(self.faults.challenge_error))
            raise RequestError(401, challenge)
        if not {"USERNAME", "REALM", "NONCE"} <= attributes.keys():
            raise RequestError(400)
        if self.nonces.went_stale(path) < self.faults.stale_nonce:
            self.nonces.expire(path)
        if attributes["NONCE"] != self.nonces.current(path):
            raise RequestError(438, {**challenge, "NONCE": self.nonces.current(path)})
        key = self._credentials.key(attributes["USERNAME"])
        if key is None or self.faults.reject_credentials or not request.check_message_integrity(key):
            raise RequestError(401, challenge)
        return key

    async def _handle(self, request: Message, path: FiveTuple, send: Send) -> Message | None:
        """Process an authenticated request; None leaves it unanswered."""
        match request.message_method:
            case Method.ALLOCATE:
                return await self._allocate(request, path, send)
            case Method.REFRESH:
                return self._refresh(request, path)
            case Method.CREATE_PERMISSION:
                return self._create_permission(request, path)
            case Method.CHANNEL_BIND:
                return self._channel_bind(request, path)
            case _:
                raise RequestError(400)

    async def _allocate(self, request: Message, path: FiveTuple, send: Send) -> Message | None:
        """RFC 8656 section 7.2."""
        existing = self.allocations.get(path)
        if existing is not None:
            if existing.transaction_id != request.transaction_id:
                raise RequestError(437)
            return existing.response  # a retransmission; None while the first is still being processed
        self._refuse_allocate(request)
        allocation = Allocation(
            username=request.attributes["USERNAME"],
            transaction_id=request.transaction_id,
            send=send,
            faults=self.faults,
            log=self.log,
            transports=self.transports,
            now=asyncio.get_running_loop().time,
        )
        self.allocations[path] = allocation
        try:
            relayed_address = await allocation.open(self._host)
        except OSError:
            self.release(path)
            raise RequestError(508) from None
        if self.allocations.get(path) is not allocation:  # the stream was lost meanwhile
            allocation.close()
            return None
        lifetime_s = self._lifetime_s(request)
        allocation.expire_after(lifetime_s, partial(self.release, path))
        allocation.response = _response(request)
        allocation.response.attributes.update(
            {
                "XOR-RELAYED-ADDRESS": relayed_address,
                "XOR-MAPPED-ADDRESS": path.client,
                "LIFETIME": lifetime_s,
            }
        )
        return allocation.response

    def _refuse_allocate(self, request: Message) -> None:
        """Raise what stands against a new allocation."""
        if "REQUESTED-TRANSPORT" not in request.attributes:
            raise RequestError(400)
        if request.attributes["REQUESTED-TRANSPORT"] >> 24 != UDP:
            raise RequestError(442)
        own_family = address_family(self._host)
        if request.attributes.get("REQUESTED-ADDRESS-FAMILY", own_family) != own_family:
            raise RequestError(440)
        if code := self.faults.refuse_allocate():
            raise RequestError(code, self._alternate(code))
        if self.faults.max_allocations is not None and len(self.allocations) >= self.faults.max_allocations:
            raise RequestError(486)

    def _refresh(self, request: Message, path: FiveTuple) -> Message:
        """RFC 8656 section 8.2."""
        allocation = self._allocation_of(request, path)
        lifetime_s = self._lifetime_s(request)
        if lifetime_s == 0:
            self.release(path)
        else:
            allocation.expire_after(lifetime_s, partial(self.release, path))
        response = _response(request)
        response.attributes["LIFETIME"] = lifetime_s
        return response

    def _create_permission(self, request: Message, path: FiveTuple) -> Message:
        """RFC 8656 section 10.2, with one XOR-PEER-ADDRESS: the codec keeps the last of several."""
        allocation = self._allocation_of(request, path)
        allocation.permit(self._peer(request)[0])
        return _response(request)

    def _channel_bind(self, request: Message, path: FiveTuple) -> Message:
        """RFC 8656 section 12.2."""
        allocation = self._allocation_of(request, path)
        peer, number = self._peer(request), request.attributes.get("CHANNEL-NUMBER", 0)
        if number not in CHANNELS or not allocation.bind(number, peer):
            raise RequestError(400)
        return _response(request)

    def _allocation_of(self, request: Message, path: FiveTuple) -> Allocation:
        allocation = self.allocations.get(path)
        if allocation is None or allocation.response is None:
            raise RequestError(437)
        if allocation.username != request.attributes["USERNAME"]:
            raise RequestError(441)
        return allocation

    def _peer(self, request: Message) -> Address:
        """The XOR-PEER-ADDRESS that may be reached; loopback is allowed, for this is the lab."""
        if self.faults.permission_error:
            raise RequestError(self.faults.permission_error)
        peer: Address | None = request.attributes.get("XOR-PEER-ADDRESS")
        if peer is None:
            raise RequestError(400)
        if address_family(peer[0]) != address_family(self._host):
            raise RequestError(443)
        return peer

    def _lifetime_s(self, request: Message) -> int:
        """What is granted (RFC 8656 section 7.2); zero only to a Refresh that asks for it."""
        asked: int = request.attributes.get("LIFETIME", DEFAULT_LIFETIME_S)
        if asked == 0 and request.message_method is Method.REFRESH:
            return 0
        return self.faults.lifetime_s or max(DEFAULT_LIFETIME_S, min(asked, MAX_LIFETIME_S))

    def _alternate(self, code: int) -> dict[str, Any]:
        """The ALTERNATE-SERVER of a 300."""
        alternate = self.faults.alternate_server
        return {"ALTERNATE-SERVER": alternate} if code == REDIRECT and alternate else {}


def _response(request: Message, message_class: Class = Class.RESPONSE) -> Message:
    return Message(request.message_method, message_class, request.transaction_id)


def _signed(response: Message, key: bytes | None) -> bytes:
    """The octets, with MESSAGE-INTEGRITY if the client is known, and with FINGERPRINT."""
    response.attributes["SOFTWARE"] = SOFTWARE
    if key is None:
        response.add_fingerprint()
    else:
        response.add_message_integrity(key)
    return bytes(response)


def _send_from(origin: Origin, client: Address, data: bytes) -> None:
    origin.sendto(data, client)
