"""One family's addresses of a name, to tell A from AAAA; `resolve` is what connections use."""

import asyncio
import socket
from functools import partial
from typing import Literal

from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.net.beside import beside
from readycheck.net.failures import failure_of

IPVersion = Literal[4, 6]
TIMEOUT_S = 4.0
_MOST_ADDRESSES = 16
_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
_OPERATION = "look_up"


async def look_up(host: str, version: IPVersion, *, timeout_s: float = TIMEOUT_S) -> tuple[str, ...]:
    """The name's A (4) or AAAA (6) addresses, by the system's resolver; raises OperationFailed (dns_…)."""
    try:
        async with asyncio.timeout(timeout_s):
            return await beside(partial(_ask, host, version), f"look up {host}")
    except TimeoutError:
        raise OperationFailed(FailureCode.DNS_TIMEOUT, _OPERATION, f"no answer within {timeout_s:g} s") from None
    except OSError as error:
        failure = failure_of(error, _OPERATION)
        raise OperationFailed(failure.code, failure.operation, failure.detail) from None
    except ValueError:  # UnicodeError among them
        raise OperationFailed(FailureCode.DNS_NOT_FOUND, _OPERATION, "no host name") from None


def _ask(host: str, version: IPVersion) -> tuple[str, ...]:
    told = socket.getaddrinfo(host, None, family=_FAMILY[version], type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in told))[:_MOST_ADDRESSES]
