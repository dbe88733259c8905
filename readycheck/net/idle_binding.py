"""Idle bindings of a NAT or firewall, and how to have the far end send through them (RFC 5780 section 4.6).

With RESPONSE-PORT a STUN server answers to the port of the idle socket what another socket asked. Otherwise a TURN
relay sends to the idle client what comes to its relayed address from another allocation.
"""

import os
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.net.binding import bind_over
from readycheck.net.link import DatagramLink, open_datagram_link
from readycheck.net.turn import TurnServer, TurnSession, open_allocation
from readycheck.rtc import stun
from readycheck.rtc.stun import Class, Malformed, Message, Method


class IdleBinding:
    """A socket that spoke to the far end last at `silent_since`; `knock` has the far end send to it."""

    def __init__(self, knock: Callable[[], None]) -> None:
        self.knock = knock
        self.silent_since = time.perf_counter()
        self.on_arrival: Callable[[], None] = lambda: None


async def bindings_to_stun(address: str, port: int, count: int, stack: AsyncExitStack) -> list[IdleBinding]:
    """Sockets bound at a STUN server, held open by the stack; raises OperationFailed."""
    helper = await stack.enter_async_context(open_datagram_link(address, port))
    return [await _at_stun(address, port, helper, stack) for _ in range(count)]


async def _at_stun(address: str, port: int, helper: DatagramLink, stack: AsyncExitStack) -> IdleBinding:
    link = await stack.enter_async_context(open_datagram_link(address, port))
    bound = await bind_over(link)
    request = Message(Method.BINDING, Class.REQUEST, attributes={"RESPONSE-PORT": bound.mapped[1]})
    binding = IdleBinding(lambda: helper.send(bytes(request)))

    def received(data: bytes) -> None:
        try:
            message = stun.decode(data)
        except Malformed:
            return
        if message.transaction_id == request.transaction_id and message.message_class == Class.RESPONSE:
            binding.on_arrival()

    link.on_message = received
    return binding


async def bindings_to_relay(server: TurnServer, count: int, stack: AsyncExitStack) -> list[IdleBinding]:
    """Allocations held open by the stack, as many as a quota allows; raises OperationFailed.

    Behind a binding that died the client may have another address: the relay then keeps that allocation for its ten
    minutes, since nobody can give it back.
    """
    helper = await stack.enter_async_context(open_allocation(server))
    bindings: list[IdleBinding] = []
    for _ in range(count):
        try:
            session = await stack.enter_async_context(open_allocation(server))
        except OperationFailed as error:
            if error.failure.code != FailureCode.TURN_QUOTA_REACHED or not bindings:
                raise
            break
        bindings.append(await _at_relay(session, helper))
    return bindings


async def _at_relay(session: TurnSession, helper: TurnSession) -> IdleBinding:
    mark, peer = os.urandom(8), session.relayed_address
    await helper.permit(peer)
    await session.permit(helper.relayed_address)
    binding = IdleBinding(lambda: helper.send(peer, mark))
    session.on_data = lambda data, _: binding.on_arrival() if data == mark else None
    return binding
