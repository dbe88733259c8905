"""A connection through a SOCKS proxy (RFC 1928; SOCKS 4a): the name is left to the proxy."""

import asyncio

from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError, ProxyType
from python_socks.async_.asyncio import Proxy

from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.model.proxy import Hop
from readycheck.net.proxy_login import login_for
from readycheck.net.stream import Stream

ANSWER_TIMEOUT_S = 4.0
# RFC 1928 section 6, and SOCKS 4's own numbers
_CODE_OF_REPLY = {
    1: FailureCode.PROXY_DENIED,
    2: FailureCode.PROXY_DENIED,
    3: FailureCode.NETWORK_UNREACHABLE,
    4: FailureCode.HOST_UNREACHABLE,
    5: FailureCode.CONNECTION_REFUSED,
    6: FailureCode.HOST_UNREACHABLE,
    91: FailureCode.PROXY_DENIED,
    92: FailureCode.PROXY_AUTHENTICATION_REQUIRED,
    93: FailureCode.PROXY_AUTHENTICATION_REQUIRED,
}


class SocksUnreachable(Exception):
    """Nobody takes a connection at this address: there may be another one, or another proxy."""


async def open_socks_tunnel(hop: Hop, address: str, target: tuple[str, int], operation: str) -> Stream:
    """A connection to the target through the SOCKS proxy at this address; raises OperationFailed, SocksUnreachable."""
    login = login_for(hop)
    proxy = Proxy(
        ProxyType.SOCKS4 if hop.kind == "socks4" else ProxyType.SOCKS5,
        address,
        hop.port or 1080,
        username=login.username if login else None,
        password=login.password if login else None,
        rdns=True,
    )
    try:
        connection = await proxy.connect(*target, timeout=ANSWER_TIMEOUT_S)
    except ProxyConnectionError:
        raise SocksUnreachable from None
    except ProxyTimeoutError:
        raise OperationFailed(FailureCode.PROXY_UNREACHABLE, operation, "no SOCKS proxy answers there") from None
    except OSError:
        detail = "the proxy closed the connection without an answer"
        raise OperationFailed(FailureCode.PROXY_BAD_ANSWER, operation, detail) from None
    except ProxyError as error:
        wants_login = "auth" in str(error).lower()
        code = FailureCode.PROXY_AUTHENTICATION_REQUIRED if wants_login else FailureCode.PROXY_BAD_ANSWER
        raise OperationFailed(_CODE_OF_REPLY.get(error.error_code or 0, code), operation, str(error)[:200]) from None
    _, stream = await asyncio.get_running_loop().create_connection(Stream, sock=connection)
    return stream
