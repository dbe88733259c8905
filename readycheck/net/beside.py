"""Work beside the loop that cannot be cancelled: look-ups, and files of a network that may be dead."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from readycheck.model.failure import FailureCode, OperationFailed

T = TypeVar("T")


async def beside(work: Callable[[], T], name: str) -> T:
    """The outcome of this work, or whatever it raised; who asks sets the limit.

    In a daemon thread, which is left behind where nobody waits any more: an executor's would hold the program's exit.
    """
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    found: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:  # noqa: BLE001 - handed on to who waits, who would else wait for ever
            raised.append(error)
        with suppress(RuntimeError):  # the loop closed while this was still waiting: nobody asks any more
            loop.call_soon_threadsafe(over.set)

    threading.Thread(target=run, daemon=True, name=name).start()
    await over.wait()
    if raised:
        raise raised.pop()
    return found[0]


async def within(limit_s: float, work: Callable[[], T], name: str) -> T:
    """The outcome of what should take no time, and on some machines takes for ever.

    Raises OperationFailed (deadline_exceeded), or whatever the work raised.
    """
    try:
        async with asyncio.timeout(limit_s):
            return await beside(work, name)
    except TimeoutError:
        raise OperationFailed(FailureCode.DEADLINE_EXCEEDED, name, f"no answer within {limit_s:g} s") from None
