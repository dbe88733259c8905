"""The event loop that keeps time best on this system."""

import asyncio
import selectors


def new_event_loop() -> asyncio.AbstractEventLoop:
    """A loop over select(): epoll rounds time-outs up to a millisecond, which a 20 ms schedule would feel.

    On Windows it is needed as well: the Proactor loop ends a UDP receive at the first ICMP error.
    """
    return asyncio.SelectorEventLoop(selectors.SelectSelector())
