"""The lab server, driven by aioice's TURN client, and by plain requests where that client cannot ask."""

import asyncio
import gc
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from aioice.stun import TransactionFailed
from aioice.turn import TurnTransport, create_turn_endpoint, make_integrity_key

from readycheck.lab.certificate import Authority, issue
from readycheck.lab.faults import Faults
from readycheck.lab.log import Transport
from readycheck.lab.server import LabServer, lab_server
from readycheck.rtc.stun import Address, Class, Message, Method, decode, error

TRANSPORTS: list[Transport] = ["udp", "tcp", "tls"]
UDP_TRANSPORT = 17 << 24
LIMIT_S = 3.0


class Received(asyncio.DatagramProtocol):
    """What an allocation's client got."""

    def __init__(self) -> None:
        self.datagrams: asyncio.Queue[tuple[bytes, Address]] = asyncio.Queue()
        self.closed = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.datagrams.put_nowait((data, addr))

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set_result(None)

    async def next(self) -> tuple[bytes, Address]:
        return await asyncio.wait_for(self.datagrams.get(), LIMIT_S)


@asynccontextmanager
async def allocation(
    lab: LabServer,
    transport: Transport = "udp",
    *,
    username: str | None = None,
    credential: str | None = None,
    ca_file: Path | None = None,
) -> AsyncIterator[tuple[TurnTransport, Received]]:
    """An allocation made by aioice."""
    context = ssl.create_default_context(cafile=ca_file or lab.ca_file) if transport == "tls" else None
    relay, received = await create_turn_endpoint(
        Received,
        (lab.host, {"udp": lab.udp_port, "tcp": lab.tcp_port, "tls": lab.tls_port}[transport]),
        username or lab.username,
        credential or lab.credential,
        transport="udp" if transport == "udp" else "tcp",
        ssl=context,
    )
    try:
        yield relay, received
    finally:
        relay.close()
        await asyncio.wait_for(received.closed, LIMIT_S)


def relayed_address(relay: TurnTransport) -> Address:
    address: Address = relay.get_extra_info("sockname")
    return address


async def echo(lab: LabServer, transport: Transport, payloads: list[bytes]) -> list[bytes]:
    """What comes back when one allocation sends and the other returns it."""
    async with allocation(lab, transport) as (near, back), allocation(lab, transport) as (far, arrived):
        far.sendto(b"permit", relayed_address(near))
        await until(lambda: lab.log.packets_dropped)  # the near side has no permission yet
        echoed = []
        for payload in payloads:
            near.sendto(payload, relayed_address(far))
            data, source = await arrived.next()
            far.sendto(data, source)
            data, source = await back.next()
            assert source == relayed_address(far)
            echoed.append(data)
        return echoed


async def until(condition: Any) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not condition():
            await asyncio.sleep(0.002)


class Client:
    """A UDP client that sends what it is told, for requests that no honest library makes."""

    def __init__(self, lab: LabServer, port: int | None = None) -> None:
        self.lab = lab
        self.attributes: dict[str, Any] = {}
        self.key: bytes | None = None
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect((lab.host, port or lab.udp_port))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    @property
    def address(self) -> Address:
        address: Address = self.socket.getsockname()
        return address

    async def exchange(self, octets: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self.socket, octets)
        return await asyncio.wait_for(loop.sock_recv(self.socket, 2048), LIMIT_S)

    def request(self, method: Method, attributes: dict[str, Any]) -> bytes:
        message = Message(method, Class.REQUEST, attributes={**attributes, **self.attributes})
        if self.key:
            message.add_message_integrity(self.key)
        return bytes(message)

    async def ask(self, method: Method, **attributes: Any) -> Message:
        """Ask with attributes named like CHANNEL_NUMBER."""
        named = {name.replace("_", "-"): value for name, value in attributes.items()}
        return decode(await self.exchange(self.request(method, named)))

    async def log_in(self, username: str | None = None, credential: str | None = None) -> None:
        """Take realm and nonce from the challenge."""
        challenge = await self.ask(Method.ALLOCATE)
        assert challenge.error_code == 401
        username = username or self.lab.username
        self.attributes = {
            "USERNAME": username,
            "REALM": challenge.attributes["REALM"],
            "NONCE": challenge.attributes["NONCE"],
        }
        self.key = make_integrity_key(username, self.lab.realm, credential or self.lab.credential)

    async def allocate(self) -> Address:
        await self.log_in()
        response = await self.ask(Method.ALLOCATE, REQUESTED_TRANSPORT=UDP_TRANSPORT)
        assert self.key
        assert response.check_message_integrity(self.key)
        relayed: Address = response.attributes["XOR-RELAYED-ADDRESS"]
        return relayed


def has_address(host: str) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
        return True


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_two_allocations_echo(transport: Transport, host: str) -> None:
    """Data of every length go from one allocation to another and back, over each transport and IP version."""
    if not has_address(host):
        pytest.skip(f"this machine has no {host}")
    payloads = [bytes(range(length)) for length in (1, 2, 3, 4, 101)] + [bytes(1200)]
    async with lab_server(host=host) as lab:
        assert await echo(lab, transport, payloads) == payloads
        assert lab.allocations == 0
        assert lab.log.error_codes(Method.ALLOCATE) == [401, None, 401, None]
        assert {request.transport for request in lab.log.requests} == {transport}


async def test_nothing_is_left() -> None:
    """After the context no task, socket or file of the lab is left, though clients were in mid-use."""
    async with lab_server(faults=Faults(delay_s=30)) as lab:
        raw, writer = await asyncio.open_connection(lab.host, lab.tls_port)  # a handshake that never comes
        with Client(lab) as client:
            await asyncio.get_running_loop().sock_sendall(client.socket, client.request(Method.BINDING, {}))
            await until(lambda: lab.log.requests and lab.log.streams_accepted)
    assert await raw.read() == b""
    writer.close()
    await writer.wait_closed()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert not lab.ca_file.parent.exists()
    for kind, port in [
        (socket.SOCK_DGRAM, lab.udp_port),
        (socket.SOCK_STREAM, lab.tcp_port),
        (socket.SOCK_STREAM, lab.tls_port),
    ]:
        with socket.socket(socket.AF_INET, kind) as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind((lab.host, port))
    gc.collect()  # an unclosed transport would warn now


async def test_cancellation_leaves_nothing() -> None:
    """A cancelled user of the lab leaves no allocation's socket and no task."""
    relays: list[Address] = []

    async def use() -> None:
        async with lab_server() as lab:
            with Client(lab) as client:
                relays.append(await client.allocate())
                await asyncio.Event().wait()

    task = asyncio.create_task(use())
    await until(lambda: relays)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == {asyncio.current_task()}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(relays[0])


async def test_wrong_password_earns_a_second_401() -> None:
    """A wrong password is told like a stranger's: by 401."""
    async with lab_server() as lab:
        with pytest.raises(TransactionFailed, match="401"):
            async with allocation(lab, credential="wrong"):
                pass
        assert lab.log.error_codes(Method.ALLOCATE) == [401, 401]


async def test_rest_credential_is_good_until_it_expires() -> None:
    """A TURN REST user is served before the time in its name and earns a 401 after it."""
    now_s = 1_800_000_000.0
    async with lab_server(clock=lambda: now_s) as lab:
        username, credential = lab.rest_credential(lifetime_s=60)
        async with allocation(lab, username=username, credential=credential):
            assert lab.allocations == 1
        now_s += 61
        with pytest.raises(TransactionFailed, match="401"):
            async with allocation(lab, username=username, credential=credential):
                pass


@pytest.mark.parametrize("code", [300, 403, 437, 440, 442, 486, 508])
async def test_allocate_error_on_demand(code: int) -> None:
    """Each error code asked for reaches the client, signed."""
    async with lab_server(faults=Faults(allocate_error=code)) as lab:
        with pytest.raises(TransactionFailed) as failure:
            async with allocation(lab):
                pass
        assert failure.value.response.error_code == code


@pytest.mark.parametrize(
    ("faults", "authenticated"),
    [
        (Faults(alternate_server=("198.51.100.7", 3478)), True),
        (Faults(challenge_error=300, alternate_server=("198.51.100.7", 3478)), False),
    ],
)
async def test_alternate_server(faults: Faults, *, authenticated: bool) -> None:
    """A 300 names the other server, before or after the credentials."""
    async with lab_server(faults=faults) as lab:
        with Client(lab) as client:
            if authenticated:
                await client.log_in()
            response = await client.ask(Method.ALLOCATE, REQUESTED_TRANSPORT=UDP_TRANSPORT)
        assert error(response) == (300, "Try Alternate")
        assert response.attributes["ALTERNATE-SERVER"] == ("198.51.100.7", 3478)


async def test_stale_nonces_on_demand() -> None:
    """The nonce goes stale as often as asked for, each 438 brings a new one, and the last is accepted."""
    async with lab_server(faults=Faults(stale_nonce=2)) as lab:
        with Client(lab) as client:
            await client.log_in()
            for _ in range(2):
                stale = await client.ask(Method.ALLOCATE, REQUESTED_TRANSPORT=UDP_TRANSPORT)
                assert stale.error_code == 438
                assert stale.attributes["NONCE"] != client.attributes["NONCE"]
                client.attributes["NONCE"] = stale.attributes["NONCE"]
            granted = await client.ask(Method.ALLOCATE, REQUESTED_TRANSPORT=UDP_TRANSPORT)
            assert granted.message_class is Class.RESPONSE


async def test_nonces_expire_in_mid_use() -> None:
    """A client follows a 438 that comes after the allocation."""
    async with lab_server() as lab, allocation(lab) as (near, _), allocation(lab) as (far, arrived):
        far.sendto(b"permit", relayed_address(near))
        await until(lambda: lab.log.error_codes(Method.CHANNEL_BIND) == [None])
        lab.expire_nonces()
        near.sendto(b"on", relayed_address(far))
        assert await arrived.next() == (b"on", relayed_address(near))
        assert lab.log.error_codes(Method.CHANNEL_BIND) == [None, 438, None]


async def test_quota() -> None:
    """More allocations than allowed earn a 486, and a freed one makes room."""
    async with lab_server(faults=Faults(max_allocations=1)) as lab:
        async with allocation(lab):
            with pytest.raises(TransactionFailed, match="486"):
                async with allocation(lab):
                    pass
        async with allocation(lab):
            assert lab.allocations == 1


async def test_second_allocate_of_a_five_tuple() -> None:
    """A retransmission is answered as before, and another transaction earns a 437 (RFC 8656 section 7.2)."""
    async with lab_server() as lab:
        with Client(lab) as client:
            await client.log_in()
            octets = client.request(Method.ALLOCATE, {"REQUESTED-TRANSPORT": UDP_TRANSPORT})
            assert await client.exchange(octets) == await client.exchange(octets)
            other = await client.ask(Method.ALLOCATE, REQUESTED_TRANSPORT=UDP_TRANSPORT)
            assert other.error_code == 437
            assert lab.allocations == 1


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({}, 400),
        ({"REQUESTED_TRANSPORT": 6 << 24}, 442),
        ({"REQUESTED_TRANSPORT": UDP_TRANSPORT, "REQUESTED_ADDRESS_FAMILY": 2}, 440),
    ],
)
async def test_allocate_that_cannot_be_served(attributes: dict[str, int], code: int) -> None:
    """A missing or other transport and another address family are refused with their own codes."""
    async with lab_server() as lab:
        with Client(lab) as client:
            await client.log_in()
            assert (await client.ask(Method.ALLOCATE, **attributes)).error_code == code


async def test_refresh() -> None:
    """Refresh extends an allocation, a lifetime of zero ends it, and then there is a 437."""
    async with lab_server() as lab:
        with Client(lab) as client:
            await client.allocate()
            assert (await client.ask(Method.REFRESH, LIFETIME=900)).attributes["LIFETIME"] == 900
            assert (await client.ask(Method.REFRESH, LIFETIME=9000)).attributes["LIFETIME"] == 3600
            assert (await client.ask(Method.REFRESH, LIFETIME=0)).attributes["LIFETIME"] == 0
            assert lab.allocations == 0
            assert (await client.ask(Method.REFRESH, LIFETIME=0)).error_code == 437


async def test_allocation_expires() -> None:
    """An allocation that nobody refreshes is gone after its lifetime."""
    async with lab_server(faults=Faults(lifetime_s=1)) as lab:
        with Client(lab) as client:
            await client.allocate()
            assert lab.allocations == 1
            await until(lambda: lab.allocations == 0)


async def test_credentials_of_another_user() -> None:
    """An allocation obeys none but the user who made it: 441."""
    async with lab_server() as lab:
        with Client(lab) as client:
            await client.allocate()
            username, credential = lab.rest_credential()
            client.attributes["USERNAME"] = username
            client.key = make_integrity_key(username, lab.realm, credential)
            assert (await client.ask(Method.REFRESH)).error_code == 441


async def test_channel_rules() -> None:
    """A channel has one peer, a peer has one channel, and channels are 0x4000 to 0x4FFF."""
    one, two = ("127.0.0.1", 1001), ("127.0.0.1", 1002)
    async with lab_server() as lab:
        with Client(lab) as client:
            await client.allocate()

            async def bind(number: int, peer: Address) -> int | None:
                response = await client.ask(Method.CHANNEL_BIND, CHANNEL_NUMBER=number, XOR_PEER_ADDRESS=peer)
                return response.error_code

            assert await bind(0x4000, one) is None
            assert await bind(0x4000, one) is None
            assert await bind(0x4000, two) == 400
            assert await bind(0x4001, one) == 400
            assert await bind(0x5000, two) == 400
            assert await bind(0x4001, two) is None
            assert await bind(0x4002, ("::1", 1)) == 443


async def test_indications_need_a_permission() -> None:
    """Send and Data indications pass once the peer's address is permitted, and vanish before."""
    loop = asyncio.get_running_loop()
    async with lab_server() as lab:
        with Client(lab) as client, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.setblocking(False)
            peer.bind(("127.0.0.1", 0))
            relayed = await client.allocate()
            send = Message(Method.SEND, Class.INDICATION)
            send.attributes = {"XOR-PEER-ADDRESS": peer.getsockname(), "DATA": b"ping"}
            await loop.sock_sendall(client.socket, bytes(send))
            await loop.sock_sendto(peer, b"uninvited", relayed)
            await until(lambda: lab.log.packets_dropped == 2)
            await client.ask(Method.CREATE_PERMISSION, XOR_PEER_ADDRESS=peer.getsockname())
            await loop.sock_sendall(client.socket, bytes(send))
            assert await asyncio.wait_for(loop.sock_recvfrom(peer, 99), LIMIT_S) == (b"ping", relayed)
            await loop.sock_sendto(peer, b"pong", relayed)
            data = decode(await asyncio.wait_for(loop.sock_recv(client.socket, 999), LIMIT_S))
            assert (data.message_method, data.message_class) == (Method.DATA, Class.INDICATION)
            assert data.attributes == {"XOR-PEER-ADDRESS": peer.getsockname(), "DATA": b"pong"}


async def test_permission_error_on_demand() -> None:
    """CreatePermission and ChannelBind are refused with the code asked for, after a good allocation."""
    async with lab_server(faults=Faults(permission_error=403)) as lab:
        with Client(lab) as client:
            await client.allocate()
            peer = {"XOR_PEER_ADDRESS": ("127.0.0.1", 9)}
            assert (await client.ask(Method.CREATE_PERMISSION, **peer)).error_code == 403
            assert (await client.ask(Method.CHANNEL_BIND, CHANNEL_NUMBER=0x4000, **peer)).error_code == 403


@pytest.mark.parametrize(
    ("faults", "arrived"),
    [
        (Faults(), [0, 1, 2, 3, 4, 5]),
        (Faults(drop_every=3), [0, 1, 3, 4]),
        (Faults(duplicate_every=3), [0, 1, 2, 2, 3, 4, 5, 5]),
        (Faults(drop_data=True), []),
    ],
)
async def test_loss_patterns(faults: Faults, arrived: list[int]) -> None:
    """Packets to a peer vanish or double in the pattern asked for."""
    loop = asyncio.get_running_loop()
    async with lab_server(faults=faults) as lab:
        with Client(lab) as client, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.setblocking(False)
            peer.bind(("127.0.0.1", 0))
            await client.allocate()
            address = peer.getsockname()
            await client.ask(Method.CHANNEL_BIND, CHANNEL_NUMBER=0x4000, XOR_PEER_ADDRESS=address)
            for number in range(6):
                await loop.sock_sendall(client.socket, b"\x40\x00\x00\x01" + bytes([number]))
            await until(lambda: lab.log.packets_to_peers + lab.log.packets_dropped == 6)
            got = [(await asyncio.wait_for(loop.sock_recv(peer, 9), LIMIT_S))[0] for _ in arrived]
            assert got == arrived
            with pytest.raises(BlockingIOError):
                peer.recv(9)


@pytest.mark.parametrize("lie", ["wrong_transaction", "no_relayed_address", "bad_integrity", "wrong_method"])
async def test_lies(lie: Any) -> None:
    """The success response to Allocate is false in what was asked for, and in nothing else."""
    async with lab_server(faults=Faults(lie=lie)) as lab:
        with Client(lab) as client:
            await client.log_in()
            octets = client.request(Method.ALLOCATE, {"REQUESTED-TRANSPORT": UDP_TRANSPORT})
            response = decode(await client.exchange(octets))
            assert client.key
            false = {
                "wrong_transaction": response.transaction_id != octets[8:20],
                "no_relayed_address": "XOR-RELAYED-ADDRESS" not in response.attributes,
                "bad_integrity": not response.check_message_integrity(client.key),
                "wrong_method": response.message_method is not Method.ALLOCATE,
            }
            assert [name for name, is_false in false.items() if is_false] == [lie]


async def test_rejected_credentials() -> None:
    """A server that likes no credential answers 401 to good ones."""
    async with lab_server(faults=Faults(reject_credentials=True)) as lab:
        with pytest.raises(TransactionFailed, match="401"):
            async with allocation(lab):
                pass


@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_closed_streams(transport: Transport) -> None:
    """A server that accepts and closes leaves the client without an answer."""
    async with lab_server(faults=Faults(close_streams=True)) as lab:
        port = lab.tcp_port if transport == "tcp" else lab.tls_port
        reader, writer = await asyncio.open_connection(lab.host, port)
        assert await asyncio.wait_for(reader.read(), LIMIT_S) == b""
        writer.close()
        await writer.wait_closed()
        assert lab.log.streams_accepted == 1


async def test_silence_and_garbage() -> None:
    """A silent server reads without answering, and one that answers garbage is no STUN server."""
    async with lab_server(faults=Faults(silent=True)) as lab:
        with Client(lab) as client:
            await asyncio.get_running_loop().sock_sendall(client.socket, client.request(Method.BINDING, {}))
            await until(lambda: lab.log.error_codes(Method.BINDING) == [None])
            with pytest.raises(BlockingIOError):
                client.socket.recv(99)
    async with lab_server(faults=Faults(garbage=True)) as lab:
        with Client(lab) as client:
            octets = client.request(Method.BINDING, {})
            assert len(await client.exchange(octets)) == len(octets)


async def test_late_answer() -> None:
    """An answer comes as late as asked for."""
    loop = asyncio.get_running_loop()
    async with lab_server(faults=Faults(delay_s=0.1)) as lab:
        with Client(lab) as client:
            started = loop.time()
            await client.ask(Method.BINDING)
            assert loop.time() - started >= 0.09


async def test_junk_is_ignored() -> None:
    """Datagrams that are nothing known are not answered, and do no harm."""
    async with lab_server() as lab:
        with Client(lab) as client:
            for junk in (b"", b"x", bytes(20), b"\x40", b"\x40\x00\xff\xff", b"\x80" * 64):
                await asyncio.get_running_loop().sock_sendall(client.socket, junk)
            response = await client.ask(Method.BINDING)
            assert response.attributes["XOR-MAPPED-ADDRESS"] == client.address
            assert response.attributes["SOFTWARE"] == "readycheck lab"


async def test_ipv6_cannot_have_a_second_address() -> None:
    """RFC 5780 from ::1 is refused in words and leaves no socket open."""
    with pytest.raises(ValueError, match="IPv4"):
        async with lab_server(host="::1", nat_behaviour=True):
            pass


async def test_stream_of_junk_is_closed() -> None:
    """A TCP connection that speaks neither STUN nor ChannelData is closed."""
    async with lab_server() as lab:
        reader, writer = await asyncio.open_connection(lab.host, lab.tcp_port)
        writer.write(b"\xff" * 64)
        assert await asyncio.wait_for(reader.read(), LIMIT_S) == b""
        writer.close()
        await writer.wait_closed()


async def test_lost_stream_frees_the_allocation() -> None:
    """An allocation ends with the TCP connection that made it."""
    async with lab_server() as lab, allocation(lab, "tcp") as (relay, _):
        inner = relay._TurnTransport__inner_protocol  # type: ignore[attr-defined]
        inner.transport.abort()
        await until(lambda: lab.allocations == 0)


async def test_stun_over_a_stream_in_pieces() -> None:
    """A message that comes in pieces is answered once it is whole, and two at once are answered twice."""
    request = bytes(Message(Method.BINDING, Class.REQUEST))
    async with lab_server() as lab:
        reader, writer = await asyncio.open_connection(lab.host, lab.tcp_port)
        writer.write(request[:3])
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.write(request[3:] + request)
        for _ in range(2):
            header = await asyncio.wait_for(reader.readexactly(20), LIMIT_S)
            body = await reader.readexactly(int.from_bytes(header[2:4], "big"))
            assert decode(header + body).attributes["XOR-MAPPED-ADDRESS"] == writer.get_extra_info("sockname")
        writer.close()
        await writer.wait_closed()


async def test_nat_behaviour() -> None:
    """With RFC 5780 the response comes from the address and the port that CHANGE-REQUEST asks for."""
    if not has_address("127.0.0.2"):
        pytest.skip("this machine has no 127.0.0.2")
    loop = asyncio.get_running_loop()
    async with lab_server(nat_behaviour=True) as lab:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setblocking(False)
            client.bind(("127.0.0.1", 0))
            for flags, (same_host, same_port) in {
                0: (True, True),
                2: (True, False),
                4: (False, True),
                6: (False, False),
            }.items():
                request = Message(Method.BINDING, Class.REQUEST, attributes={"CHANGE-REQUEST": flags})
                await loop.sock_sendto(client, bytes(request), (lab.host, lab.udp_port))
                octets, source = await asyncio.wait_for(loop.sock_recvfrom(client, 999), LIMIT_S)
                response = decode(octets)
                assert (source[0] == lab.host, source[1] == lab.udp_port) == (same_host, same_port)
                assert response.attributes["RESPONSE-ORIGIN"] == source
                other_host, other_port = response.attributes["OTHER-ADDRESS"]
                assert other_host == "127.0.0.2"
                assert other_port != lab.udp_port


async def test_plain_server_knows_no_change_request() -> None:
    """Without RFC 5780 a CHANGE-REQUEST is an unknown attribute: 420."""
    async with lab_server() as lab:
        with Client(lab) as client:
            response = await client.ask(Method.BINDING, CHANGE_REQUEST=6)
            assert response.error_code == 420
            assert response.attributes["UNKNOWN-ATTRIBUTES"] == b"\x00\x03"


@pytest.mark.parametrize("flaw", ["expired", "wrong name", "unrelated CA", None])
async def test_certificates(tmp_path: Path, flaw: str | None) -> None:
    """A client that verifies accepts the good certificate, and each flawed one fails for its own reason."""
    authority = Authority.create()
    certificate = issue(
        tmp_path,
        authority=authority,
        names=("turn.example.org",) if flaw == "wrong name" else ("localhost", "127.0.0.1"),
        valid_for=timedelta(days=-1) if flaw == "expired" else timedelta(days=1),
    )
    (tmp_path / "other").mkdir()
    ca_file = issue(tmp_path / "other").ca_file if flaw == "unrelated CA" else certificate.ca_file
    reasons = {"expired": "expired", "wrong name": "mismatch", "unrelated CA": "local issuer"}
    async with lab_server(certificate=certificate) as lab:
        if flaw is None:
            async with allocation(lab, "tls", ca_file=ca_file):
                assert lab.allocations == 1
        else:
            with pytest.raises(ssl.SSLCertVerificationError, match=reasons[flaw]):
                async with allocation(lab, "tls", ca_file=ca_file):
                    pass
