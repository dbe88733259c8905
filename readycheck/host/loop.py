"""The event loop that keeps time best on this system."""

import asyncio
import selectors
import sys

SWITCH_INTERVAL_S = 0.0002


def new_event_loop() -> asyncio.AbstractEventLoop:
    """A loop over select(): epoll rounds time-outs up to a millisecond, which a 20 ms schedule would feel.

    On Windows it is needed as well: the Proactor loop ends a UDP receive at the first ICMP error. Other threads give
    way to it within SWITCH_INTERVAL_S: Python's 5 ms, while the live view is drawn, made packets leave late.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    return asyncio.SelectorEventLoop(selectors.SelectSelector())
