"""The TURN client without sockets: octets and times in, octets and events out."""

from typing import Any

import pytest

from readycheck.model.clean import LONGEST
from readycheck.model.failure import FailureCode
from readycheck.rtc import stun, turn_failure
from readycheck.rtc.framing import StreamFraming, pad
from readycheck.rtc.ice_server import Credentials, ephemeral_credentials
from readycheck.rtc.stun import Class, Malformed, Message, Method
from readycheck.rtc.turn_client import (
    Challenged,
    DataReceived,
    Discarded,
    Event,
    Refused,
    Succeeded,
    TurnClient,
)

ALICE = Credentials("alice", "secret")
KEY = ALICE.key("realm")
RELAYED = ("203.0.113.5", 50000)
PEER = ("203.0.113.5", 50002)


class Server:
    """Answers as told, with the credentials of alice."""

    def __init__(self, client: TurnClient) -> None:
        self.client = client

    def requests(self, now: float) -> list[Message]:
        return [stun.decode(data) for data in self.client.datagrams_to_send(now)]

    def answer(self, request: Message, now: float, *, key: bytes | None = KEY, **attributes: Any) -> None:
        named = {name.replace("_", "-"): value for name, value in attributes.items()}
        kind = Class.ERROR if "ERROR-CODE" in named else Class.RESPONSE
        message = Message(request.message_method, kind, request.transaction_id, named)
        if key:
            message.add_message_integrity(key)
        self.client.receive(bytes(message), now)

    def challenge(self, now: float, number: int = 401, nonce: bytes = b"n1") -> None:
        (request,) = self.requests(now)
        self.answer(request, now, key=None, ERROR_CODE=(number, "no"), REALM="realm", NONCE=nonce)

    def grant(self, now: float, lifetime: int = 600) -> None:
        self.challenge(now)
        (request,) = self.requests(now)
        self.answer(request, now + 0.02, XOR_RELAYED_ADDRESS=RELAYED, XOR_MAPPED_ADDRESS=PEER, LIFETIME=lifetime)


def events(client: TurnClient) -> list[Event]:
    found = []
    while event := client.next_event():
        found.append(event)
    return found


@pytest.fixture
def client() -> TurnClient:
    return TurnClient(ALICE, reliable=False)


def test_allocation_excludes_the_challenge_from_its_round_trip(client: TurnClient) -> None:
    """The first round trip is the challenge's, the second the allocation's own."""
    request = client.allocate(1.0)
    server = Server(client)
    (first,) = server.requests(1.0)
    server.answer(first, 1.5 - 0.4, key=None, ERROR_CODE=(401, "no"), REALM="realm", NONCE=b"n")
    (second,) = server.requests(1.1)
    server.answer(second, 1.12, XOR_RELAYED_ADDRESS=RELAYED, XOR_MAPPED_ADDRESS=PEER, LIFETIME=600)
    challenged, granted = events(client)

    assert isinstance(challenged, Challenged)
    assert challenged.round_trip_s == pytest.approx(0.1)
    assert isinstance(granted, Succeeded)
    assert granted.request == request
    assert granted.round_trip_s == pytest.approx(0.02)
    assert client.relayed_address == RELAYED


def test_request_is_signed_after_the_challenge(client: TurnClient) -> None:
    """The second request carries name, realm, nonce and a signature with the right key."""
    client.allocate(0.0)
    server = Server(client)
    server.challenge(0.0)
    (request,) = server.requests(0.0)

    assert request.attributes["USERNAME"] == "alice"
    assert request.attributes["NONCE"] == b"n1"
    assert request.check_message_integrity(KEY)


def test_second_401_is_a_refusal(client: TurnClient) -> None:
    """A signed request that is refused again means wrong credentials."""
    request = client.allocate(0.0)
    server = Server(client)
    server.challenge(0.0)
    server.challenge(0.1)

    assert events(client)[-1] == Refused(request, 401, "no")


def test_stale_nonce_is_followed_three_times(client: TurnClient) -> None:
    """438 brings a new nonce, and a server that says so for ever is refused."""
    request = client.allocate(0.0)
    server = Server(client)
    server.challenge(0.0)
    for count in range(3):
        server.challenge(0.1, number=438, nonce=b"n%d" % count)
    server.challenge(0.2, number=438)

    assert events(client)[-1] == Refused(request, 438, "no")


def test_without_credentials_the_challenge_is_the_end() -> None:
    """Reachability only: the challenge is told, and the refusal with it."""
    client = TurnClient(None, reliable=True)
    request = client.allocate(0.0)
    Server(client).challenge(0.1)

    assert [type(event) for event in events(client)] == [Challenged, Refused]
    assert request == 1
    assert not client.may_hold_allocation


def test_alternate_server_is_told(client: TurnClient) -> None:
    """300 names another server."""
    client.allocate(0.0)
    server = Server(client)
    (request,) = server.requests(0.0)
    server.answer(request, 0.1, key=None, ERROR_CODE=(300, "try"), ALTERNATE_SERVER=("192.0.2.9", 3479))
    (refused,) = events(client)

    assert isinstance(refused, Refused)
    assert refused.alternate == ("192.0.2.9", 3479)


def test_answer_with_a_wrong_signature_is_discarded(client: TurnClient) -> None:
    """A success that is not signed with our key changes nothing."""
    client.allocate(0.0)
    server = Server(client)
    server.challenge(0.0)
    (request,) = server.requests(0.0)
    server.answer(request, 0.1, key=b"x" * 16, XOR_RELAYED_ADDRESS=RELAYED)

    assert isinstance(events(client)[-1], Discarded)
    assert client.relayed_address is None


def test_answer_to_nothing_is_discarded(client: TurnClient) -> None:
    """A foreign transaction id is no answer."""
    client.allocate(0.0)
    Server(client).answer(Message(Method.ALLOCATE, Class.REQUEST), 0.1, XOR_RELAYED_ADDRESS=RELAYED)

    assert isinstance(events(client)[-1], Discarded)


def test_grant_without_relayed_address_is_refused(client: TurnClient) -> None:
    """A success that lacks what it grants is a bad answer."""
    request = client.allocate(0.0)
    server = Server(client)
    server.challenge(0.0)
    (asked,) = server.requests(0.0)
    server.answer(asked, 0.1)
    refused = events(client)[-1]

    assert isinstance(refused, Refused)
    assert (refused.request, refused.number) == (request, 0)


def test_data_travels_over_a_bound_channel(client: TurnClient) -> None:
    """Once the channel is bound, ChannelData carries data both ways."""
    client.allocate(0.0)
    server = Server(client)
    server.grant(0.0)
    client.bind_channel(PEER, 1.0)
    (request,) = server.requests(1.0)
    server.answer(request, 1.01)
    events(client)
    client.receive(client.send(PEER, b"hello"), 1.1)

    assert client.send(PEER, b"hello") == b"\x40\x00\x00\x05hello"
    assert events(client) == [DataReceived(PEER, b"hello")]


@pytest.mark.parametrize("junk", [b"\x40\x00", b"\x40\x00\x00\x09abc", b"\x4f\xff\x00\x01a", b"\x00\x01", b"\xff" * 40])
def test_junk_is_discarded(client: TurnClient, junk: bytes) -> None:
    """Whatever comes, nothing is raised and nothing is believed."""
    client.receive(junk, 0.0)

    assert all(isinstance(event, Discarded) for event in events(client))


def test_allocation_is_refreshed_before_it_runs_out(client: TurnClient) -> None:
    """At five sixths of its lifetime the allocation is asked for anew."""
    client.allocate(0.0)
    server = Server(client)
    server.grant(0.0, lifetime=60)

    assert server.requests(49.9) == []
    assert [request.message_method for request in server.requests(50.1)] == [Method.REFRESH]


def test_permission_is_kept(client: TurnClient) -> None:
    """A permission lives five minutes, so it is created again after four."""
    client.allocate(0.0)
    server = Server(client)
    server.grant(0.0)
    client.create_permission(PEER, 1.0)
    (request,) = server.requests(1.0)
    server.answer(request, 1.01)

    assert [request.message_method for request in server.requests(241.5)] == [Method.CREATE_PERMISSION]


def test_release_gives_the_allocation_back(client: TurnClient) -> None:
    """A lifetime of zero ends the allocation, and no timer stays."""
    client.allocate(0.0)
    server = Server(client)
    server.grant(0.0)
    client.release(2.0)
    (request,) = server.requests(2.0)
    server.answer(request, 2.1, LIFETIME=0)

    assert request.attributes["LIFETIME"] == 0
    assert client.relayed_address is None
    assert client.next_at is None


def test_unanswered_allocate_may_hold_an_allocation(client: TurnClient) -> None:
    """A signed Allocate under way may be granted yet, so it is to be released."""
    client.allocate(0.0)
    server = Server(client)
    assert not client.may_hold_allocation
    server.challenge(0.0)

    assert client.may_hold_allocation


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (300, FailureCode.TURN_REDIRECT_FAILED),
        (401, FailureCode.TURN_UNAUTHORIZED),
        (403, FailureCode.TURN_FORBIDDEN),
        (437, FailureCode.TURN_ALLOCATION_MISMATCH),
        (441, FailureCode.TURN_UNAUTHORIZED),
        (486, FailureCode.TURN_QUOTA_REACHED),
        (508, FailureCode.TURN_INSUFFICIENT_CAPACITY),
        (500, FailureCode.TURN_BAD_ANSWER),
    ],
)
def test_error_codes_become_failures(number: int, code: FailureCode) -> None:
    """Each error code of the server has its place in the closed list."""
    assert turn_failure.failure_of(Refused(1, number, "x"), "allocate", ALICE, 0.0).code == code


def test_expired_rest_name_is_told_apart() -> None:
    """A 401 to a user name that ran out two hours ago says so, and names the clock."""
    credentials = Credentials("1700000000:agent", "x")
    failure = turn_failure.failure_of(Refused(1, 401, "no"), "allocate", credentials, 1_700_007_200.0)

    assert failure.code == FailureCode.TURN_CREDENTIAL_EXPIRED
    assert "2.0 h ago" in (failure.detail or "")
    assert "clock" in (failure.detail or "")


def test_refused_fresh_rest_name_hints_at_the_clock() -> None:
    """A fresh ephemeral credential that is refused may mean a wrong clock, which is said."""
    credentials = ephemeral_credentials("s", 1_700_000_000.0)
    failure = turn_failure.failure_of(Refused(1, 401, "no"), "allocate", credentials, 1_700_000_000.0)

    assert failure.code == FailureCode.TURN_UNAUTHORIZED
    assert "clock" in (failure.detail or "")


def test_ephemeral_credential_equals_a_worked_one() -> None:
    """base64(HMAC-SHA1(secret, "expiry:id")), as openssl computes it."""
    credentials = ephemeral_credentials("north", 1_433_895_918.0 - 86_400)

    assert credentials.username == "1433895918:readycheck"
    assert credentials.password == "B+Owdk66CofvqWs6CdLbY7BneeQ="


def test_server_phrase_is_cleaned() -> None:
    """Control characters of a foreign phrase never reach a report."""
    failure = turn_failure.failure_of(Refused(1, 403, "\x1b[31mno\n" + "x" * 500), "allocate", None, 0.0)

    assert failure.detail
    assert failure.detail.isprintable()
    assert len(failure.detail) == len("403 ") + LONGEST


def test_secrets_are_not_in_the_repr() -> None:
    """Neither name nor password shows."""
    assert "secret" not in repr(ALICE)
    assert "alice" not in repr(ALICE)


def test_stream_is_cut_into_messages() -> None:
    """STUN messages and padded ChannelData are cut apart wherever the segments fall."""
    message = bytes(Message(Method.BINDING, Class.REQUEST))
    channel = b"\x40\x00\x00\x05hello"
    stream = message + pad(channel) + message
    framing, found = StreamFraming(), []
    for index in range(0, len(stream), 3):
        found += list(framing.feed(stream[index : index + 3]))

    assert found == [message, channel, message]


def test_stream_of_something_else_is_malformed() -> None:
    """An HTTP answer is no TURN stream."""
    with pytest.raises(Malformed):
        list(StreamFraming().feed(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
