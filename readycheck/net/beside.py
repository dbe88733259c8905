"""Work beside the loop that cannot be cancelled: look-ups, and files of a network that may be dead."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from readycheck.model.failure import FailureCode, OperationFailed

T = TypeVar("T")


async def beside(work: Callable[[], T], name: str) -> T:
    """The outcome of this work, or the OSError or ValueError that it raised; who asks sets the limit.

    In a daemon thread, which is left behind where nobody waits any more: an executor's would hold the program's exit.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(found: list[T], refusal: OSError | ValueError | None) -> None:
        if answer.done():
            return
        if refusal:
            answer.set_exception(refusal)
        else:
            answer.set_result(found[0])

    def run() -> None:
        found: list[T] = []
        refusal: OSError | ValueError | None = None
        try:
            found.append(work())
        except (OSError, ValueError) as error:
            refusal = error
        with suppress(RuntimeError):  # the loop closed while this was still waiting: nobody asks any more
            loop.call_soon_threadsafe(settle, found, refusal)

    threading.Thread(target=run, daemon=True, name=name).start()
    return await answer


async def within(limit_s: float, work: Callable[[], T], name: str) -> T:
    """The outcome of what should take no time, and on some machines takes for ever.

    Raises OperationFailed (deadline_exceeded), or the OSError or ValueError that the work raised.
    """
    try:
        async with asyncio.timeout(limit_s):
            return await beside(work, name)
    except TimeoutError:
        raise OperationFailed(FailureCode.DEADLINE_EXCEEDED, name, f"no answer within {limit_s:g} s") from None
