"""Retransmission of RFC 8489 section 6.2, with literal times."""

from readycheck.rtc.stun import Class, Message, Method
from readycheck.rtc.transaction import Transaction


def binding(now: float, *, reliable: bool = False) -> Transaction:
    return Transaction(Message(Method.BINDING, Class.REQUEST), now, reliable=reliable)


def test_unreliable_transport_doubles_the_interval() -> None:
    """A request over UDP goes out at 0, 0.5, 1.5, 3.5 and 7.5 s."""
    transaction, sent = binding(10.0), []
    for tick in range(100):
        now = 10.0 + tick / 10
        if transaction.due(now):
            sent.append(tick / 10)

    assert sent == [0.0, 0.5, 1.5, 3.5, 7.5]


def test_reliable_transport_sends_once() -> None:
    """Over TCP nothing is sent again."""
    transaction = binding(10.0, reliable=True)

    assert transaction.due(10.0)
    assert transaction.next_at is None
    assert transaction.due(100.0) is None


def test_round_trip_of_a_single_send_is_known() -> None:
    """An answer to the only transmission gives the round trip."""
    transaction = binding(10.0)
    transaction.due(10.0)

    assert transaction.round_trip_s(10.25) == 0.25


def test_round_trip_after_a_retransmission_is_ambiguous() -> None:
    """Karn: after a second transmission nobody knows which one was answered."""
    transaction = binding(10.0)
    transaction.due(10.0)
    transaction.due(10.5)

    assert transaction.round_trip_s(10.6) is None
