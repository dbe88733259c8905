"""Idle bindings of a NAT or firewall, and how to have the far end send through them (RFC 5780 section 4.6).

With RESPONSE-PORT a STUN server answers to the port of the idle socket what another socket asked. Otherwise a TURN
relay sends to the idle client what comes to its relayed address from another allocation.
"""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.net.binding import bind_over
from readycheck.net.link import DatagramLink, open_datagram_link
from readycheck.net.turn import TurnServer, TurnSession, open_allocation
from readycheck.rtc import stun
from readycheck.rtc.stun import Class, Malformed, Message, Method

TALK_S, TALK_EVERY_S = 2.5, 0.25
"""Linux gives a UDP binding its longer lifetime (nf_conntrack_udp_timeout_stream, 120 s and not 30) if something passes
two seconds or more after its first packet, both ways: as in a call.
"""


class IdleBinding:
    """A socket that spoke to the far end last at `silent_since`; `knock` has the far end send to it.

    `say` sends something to the far end, and has something sent back; `speaks_at` is when it is idle no more.
    """

    def __init__(
        self, knock: Callable[[], None], say: Callable[[], None], speaks_at: Callable[[], float | None] = lambda: None
    ) -> None:
        self.knock, self.say, self.speaks_at = knock, say, speaks_at
        self.silent_since = time.perf_counter()
        self.on_arrival: Callable[[], None] = lambda: None

    def heard(self) -> None:
        """Something came that was no knock: idle from now on."""
        self.silent_since = time.perf_counter()


async def talk(bindings: Sequence[IdleBinding]) -> None:
    """Use the bindings as a call does, before they are left idle."""
    for _ in range(round(TALK_S / TALK_EVERY_S) + 1):
        for binding in bindings:
            binding.say()
        await asyncio.sleep(TALK_EVERY_S)


async def bindings_to_stun(address: str, port: int, count: int, stack: AsyncExitStack) -> list[IdleBinding]:
    """Sockets bound at a STUN server, held open by the stack; raises OperationFailed."""
    helper = await stack.enter_async_context(open_datagram_link(address, port))
    return [await _at_stun(address, port, helper, stack) for _ in range(count)]


async def _at_stun(address: str, port: int, helper: DatagramLink, stack: AsyncExitStack) -> IdleBinding:
    link = await stack.enter_async_context(open_datagram_link(address, port))
    bound = await bind_over(link)
    request = Message(Method.BINDING, Class.REQUEST, attributes={"RESPONSE-PORT": bound.mapped[1]})
    talked = bytes(Message(Method.BINDING, Class.REQUEST))
    binding = IdleBinding(lambda: helper.send(bytes(request)), lambda: link.send(talked))

    def received(data: bytes) -> None:
        try:
            message = stun.decode(data)
        except Malformed:
            return
        if message.transaction_id == request.transaction_id and message.message_class == Class.RESPONSE:
            binding.on_arrival()
        else:
            binding.heard()

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
    mark, talked, peer = os.urandom(8), os.urandom(4), session.relayed_address
    await helper.permit(peer)
    await session.permit(helper.relayed_address)

    def say() -> None:
        session.send(helper.relayed_address, talked)
        helper.send(peer, talked)

    binding = IdleBinding(lambda: helper.send(peer, mark), say, lambda: session.speaks_at)
    session.on_data = lambda data, _: binding.on_arrival() if data == mark else binding.heard()
    return binding
