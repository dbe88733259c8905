"""Binding responses, from another address where RFC 5780 asks for it."""

from collections.abc import Callable
from typing import NamedTuple

from readycheck.rtc.stun import Address

CHANGE_PORT = 0x02  # flags of CHANGE-REQUEST, RFC 5780 section 7.2
CHANGE_IP = 0x04


class Origin(NamedTuple):
    """A socket that responses may come from."""

    address: Address
    sendto: Callable[[bytes, Address], None]


class Origins:
    """The four sockets of RFC 5780 section 6: two addresses by two ports; empty for plain STUN."""

    def __init__(self) -> None:
        self._by_address: dict[Address, Origin] = {}

    def add(self, origin: Origin) -> None:
        """Respond from this socket too."""
        self._by_address[origin.address] = origin

    def changed(self, received_at: Address, flags: int) -> Origin | None:
        """The socket that differs from the one addressed in what the flags say."""
        host, port = received_at
        for origin in self._by_address.values():
            other_host, other_port = origin.address
            if (other_host != host) is bool(flags & CHANGE_IP) and (other_port != port) is bool(flags & CHANGE_PORT):
                return origin
        return None
