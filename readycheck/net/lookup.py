"""One family's addresses of a name, to tell A from AAAA; `resolve` is what connections use."""

import asyncio
import socket
import threading
from typing import Literal

from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.net.failures import failure_of

IPVersion = Literal[4, 6]
TIMEOUT_S = 4.0
_MOST_ADDRESSES = 16
_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
_OPERATION = "look_up"


async def look_up(host: str, version: IPVersion, *, timeout_s: float = TIMEOUT_S) -> tuple[str, ...]:
    """The name's A (4) or AAAA (6) addresses, by the system's resolver; raises OperationFailed (dns_…).

    In a daemon thread, since getaddrinfo cannot be cancelled and an executor's thread would hold the program's exit.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[tuple[str, ...]] = loop.create_future()
    threading.Thread(target=_ask, args=(host, version, loop, answer), daemon=True, name=f"look up {host}").start()
    try:
        async with asyncio.timeout(timeout_s):
            return await answer
    except TimeoutError:
        raise OperationFailed(FailureCode.DNS_TIMEOUT, _OPERATION, f"no answer within {timeout_s:g} s") from None
    except UnicodeError:
        raise OperationFailed(FailureCode.DNS_NOT_FOUND, _OPERATION, "no host name") from None
    except OSError as error:
        failure = failure_of(error, _OPERATION)
        raise OperationFailed(failure.code, failure.operation, failure.detail) from None


def _ask(
    host: str, version: IPVersion, loop: asyncio.AbstractEventLoop, answer: "asyncio.Future[tuple[str, ...]]"
) -> None:
    found: tuple[str, ...] = ()
    refusal: OSError | UnicodeError | None = None
    try:
        told = socket.getaddrinfo(host, None, family=_FAMILY[version], type=socket.SOCK_STREAM)
        found = tuple(dict.fromkeys(str(address[0]) for *_, address in told))[:_MOST_ADDRESSES]
    except (OSError, UnicodeError) as error:
        refusal = error

    def settle() -> None:
        if answer.done():
            return
        if refusal:
            answer.set_exception(refusal)
        else:
            answer.set_result(found)

    try:
        loop.call_soon_threadsafe(settle)
    except RuntimeError:  # the loop closed while the resolver was still waiting: nobody asks any more
        return
