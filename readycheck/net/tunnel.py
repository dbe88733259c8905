"""A connection through a proxy: CONNECT (RFC 9110 section 9.3.6) over HTTP or HTTPS, or SOCKS.

The proxy's answer is the product: status, schemes, Via and its own word for what went wrong, kept also when the
tunnel does not come about.
"""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace

from readycheck.model.clean import clean
from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.model.proxy import Hop
from readycheck.model.visit import ProxyReply
from readycheck.net.http1 import BadHttp, HttpAnswer, exchange
from readycheck.net.proxy_login import ProxyLogin, choose_scheme, conversation, login_for, schemes
from readycheck.net.resolve import resolve
from readycheck.net.stream import Stream, open_stream
from readycheck.net.tls import client_context
from readycheck.rtc.stun import hostport

OPERATION = "connect_through_proxy"
PROXY_AUTHENTICATION_REQUIRED = 407
ALIVE_TIMEOUT_S = 1.0
_MOST_ROUNDS = 4
_SQUID = re.compile(r"(?P<name>ERR_[A-Z_]+)(?: (?P<errno>\d+))?")
_CODE_OF_STATUS = {
    401: FailureCode.PROXY_DENIED,
    403: FailureCode.PROXY_DENIED,
    PROXY_AUTHENTICATION_REQUIRED: FailureCode.PROXY_AUTHENTICATION_REQUIRED,
    429: FailureCode.PROXY_DENIED,
    451: FailureCode.PROXY_DENIED,
    502: FailureCode.HOST_UNREACHABLE,
    503: FailureCode.HOST_UNREACHABLE,
    504: FailureCode.CONNECTION_TIMEOUT,
    511: FailureCode.CAPTIVE_PORTAL,
}
# What squid met on its way to the target: its error page's name, or errno as Linux numbers it.
_CODE_OF_SQUID = {
    "ERR_DNS_FAIL": FailureCode.DNS_NOT_FOUND,
    "ERR_CANNOT_FORWARD": FailureCode.HOST_UNREACHABLE,  # what squid 5 says to CONNECT where DNS failed, with 500
    "ERR_ACCESS_DENIED": FailureCode.PROXY_DENIED,
    "ERR_CONNECT_FAIL 101": FailureCode.NETWORK_UNREACHABLE,
    "ERR_CONNECT_FAIL 110": FailureCode.CONNECTION_TIMEOUT,
    "ERR_CONNECT_FAIL 111": FailureCode.CONNECTION_REFUSED,
    "ERR_CONNECT_FAIL 113": FailureCode.HOST_UNREACHABLE,
}
# RFC 9209 section 2.3
_CODE_OF_PROXY_STATUS = {
    "dns_timeout": FailureCode.DNS_TIMEOUT,
    "dns_error": FailureCode.DNS_NOT_FOUND,
    "destination_not_found": FailureCode.DNS_NOT_FOUND,
    "destination_unavailable": FailureCode.HOST_UNREACHABLE,
    "destination_ip_prohibited": FailureCode.PROXY_DENIED,
    "destination_ip_unroutable": FailureCode.NETWORK_UNREACHABLE,
    "connection_refused": FailureCode.CONNECTION_REFUSED,
    "connection_terminated": FailureCode.CONNECTION_RESET,
    "connection_timeout": FailureCode.CONNECTION_TIMEOUT,
    "http_request_denied": FailureCode.PROXY_DENIED,
}


class ProxyUnreachable(OperationFailed):
    """There is no proxy to talk to: a browser would go on to the next hop of its list."""

    def __init__(self, detail: str) -> None:
        super().__init__(FailureCode.PROXY_UNREACHABLE, OPERATION, detail)


@dataclass
class ProxyTrace:
    """What the proxy said so far."""

    reply: ProxyReply = field(default_factory=ProxyReply)


async def open_tunnel(hop: Hop, host: str, port: int, trace: ProxyTrace, ca_file: str | None = None) -> Stream:
    """A connection to host and port through this proxy; raises OperationFailed. The caller closes it.

    The name is left to the proxy, which may know names that this machine does not.
    """
    if hop.kind in ("socks4", "socks5"):
        return await _open_socks(hop, host, port)
    connecting = _Connecting(hop, await _open(hop, ca_file), trace, ca_file)
    try:
        await connecting.connect(hostport(host, port))
    except BaseException:
        connecting.stream.abort()
        raise
    return connecting.stream


async def _open_socks(hop: Hop, host: str, port: int) -> Stream:
    from readycheck.net.socks import SocksUnreachable, open_socks_tunnel  # noqa: PLC0415 - rare

    for address in await _addresses(hop):
        with suppress(SocksUnreachable):
            return await open_socks_tunnel(hop, address, (host, port), OPERATION)
    raise ProxyUnreachable(f"{_place(hop)}: nobody takes the connection")


async def _open(hop: Hop, ca_file: str | None) -> Stream:
    """A connection to the proxy itself, in TLS if it is an HTTPS proxy."""
    addresses = await _addresses(hop)
    context = client_context(ca_file) if hop.kind == "https" else None
    try:
        stream = await _first_that_opens(addresses, hop.port or 0)
        if context:
            await stream.start_tls(context, hop.host)
    except OperationFailed as error:
        raise ProxyUnreachable(f"{_place(hop)}: {error.failure.code}") from None
    return stream


async def _addresses(hop: Hop) -> list[str]:
    try:
        return await resolve(hop.host or "", every=True)
    except OperationFailed as error:
        raise ProxyUnreachable(f"{_place(hop)}: {error.failure.code}") from None


def _place(hop: Hop) -> str:
    return hostport(hop.host or "", hop.port or 0)


async def _first_that_opens(addresses: list[str], port: int) -> Stream:
    for address in addresses[:-1]:
        try:
            return await open_stream(address, port)
        except OperationFailed:
            continue
    return await open_stream(addresses[-1], port)


class _Connecting:
    """CONNECT and what it takes: one connection to the proxy at a time, opened anew where the proxy closes it."""

    def __init__(self, hop: Hop, stream: Stream, trace: ProxyTrace, ca_file: str | None) -> None:
        self.stream = stream
        self._hop = hop
        self._trace = trace
        self._ca_file = ca_file

    async def connect(self, authority: str) -> None:
        """Ask for the tunnel, and prove who we are if we are asked; raises OperationFailed."""
        answer = await self._ask(authority, None)
        if answer.status == PROXY_AUTHENTICATION_REQUIRED:
            answer = await self._log_in(authority, answer)
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - any 2xx opens the tunnel
            raise _refused(answer, self._trace.reply)
        if answer.surplus or self.stream.unread:
            detail = "octets before anybody spoke: no tunnel"
            raise OperationFailed(FailureCode.PROXY_BAD_ANSWER, OPERATION, detail)

    async def _ask(self, authority: str, authorization: str | None) -> HttpAnswer:
        """One CONNECT and its answer, noted."""
        headers = [("Host", authority), ("Proxy-Connection", "keep-alive")]
        headers += [("Proxy-Authorization", authorization)] if authorization else []
        try:
            answer = await exchange(self.stream, "CONNECT", authority, headers, operation=OPERATION)
        except BadHttp as error:
            raise OperationFailed(FailureCode.PROXY_BAD_ANSWER, OPERATION, error.failure.detail) from None
        except OperationFailed as error:
            if error.failure.code == FailureCode.DEADLINE_EXCEEDED:
                raise await _why_silent(self._hop, self._ca_file, error.failure.detail) from None
            detail = "the proxy closed the connection without an answer"
            raise OperationFailed(FailureCode.PROXY_BAD_ANSWER, OPERATION, detail) from None
        self._trace.reply = _noted(self._trace.reply, answer, login_for(self._hop))
        return answer

    async def _open_again(self) -> Stream:
        """The same proxy has answered before: not to be had now, it is no reason to pass it over."""
        try:
            return await _open(self._hop, self._ca_file)
        except ProxyUnreachable as error:
            raise OperationFailed(FailureCode.PROXY_BAD_ANSWER, OPERATION, error.failure.detail) from None

    async def _log_in(self, authority: str, answer: HttpAnswer) -> HttpAnswer:
        """Answer the challenge as far as there is something to answer with; the proxy's last word."""
        login, offered = login_for(self._hop), schemes(answer.all_of("proxy-authenticate"))
        scheme = choose_scheme(offered, login)
        if scheme is None:
            return answer
        try:
            # in a thread: Windows may ask a domain controller, and wait for it
            step, received = await asyncio.to_thread(conversation, scheme, login, self._hop.host or ""), None
            for _ in range(_MOST_ROUNDS):
                authorization = await asyncio.to_thread(step, received)
                if authorization is None:
                    break
                if not answer.keeps_alive:
                    await self.stream.close()
                    self.stream = await self._open_again()
                answer = await self._ask(authority, authorization)
                received = _token(answer, scheme)
                if answer.status != PROXY_AUTHENTICATION_REQUIRED or received is None:
                    break
        except ValueError as error:
            detail = f"{', '.join(offered)}: {error}"
            raise OperationFailed(FailureCode.PROXY_AUTHENTICATION_REQUIRED, OPERATION, detail) from None
        if answer.status != PROXY_AUTHENTICATION_REQUIRED:
            self._trace.reply = replace(self._trace.reply, authenticated_by=scheme)
        return answer


async def _why_silent(hop: Hop, ca_file: str | None, detail: str | None) -> OperationFailed:
    """Whose silence it was: a proxy that answers for itself still waits for the target."""
    try:
        async with asyncio.timeout(ALIVE_TIMEOUT_S):
            stream = await _open(hop, ca_file)
            try:
                stream.send(f"OPTIONS * HTTP/1.1\r\nHost: {_place(hop)}\r\nConnection: close\r\n\r\n".encode())
                await stream.receive(OPERATION)
            finally:
                stream.abort()
    except (OperationFailed, TimeoutError):
        return OperationFailed(FailureCode.PROXY_UNREACHABLE, OPERATION, detail)
    return OperationFailed(FailureCode.CONNECTION_TIMEOUT, OPERATION, f"{detail}; the proxy itself is there")


def _noted(before: ProxyReply, answer: HttpAnswer, login: ProxyLogin | None) -> ProxyReply:
    def kept(text: str | None) -> str | None:
        """A proxy may quote what we told it."""
        own = text.replace(login.password, "…") if text and login and login.password else text
        return clean(own) if own else None

    offered = schemes(answer.all_of("proxy-authenticate"))
    return replace(
        before,
        status=answer.status,
        phrase=kept(answer.phrase),
        schemes=tuple(dict.fromkeys((*before.schemes, *offered))),
        via=kept(answer.header("via")) or before.via,
        server=kept(answer.header("server")) or before.server,
        cause=kept(answer.header("x-squid-error") or answer.header("proxy-status")),
        answer_ms=round((before.answer_ms or 0.0) + answer.answer_s * 1000, 3),
    )


def _token(answer: HttpAnswer, scheme: str) -> str | None:
    """The proxy's own token for this scheme, which asks for another round."""
    for challenge in answer.all_of("proxy-authenticate"):
        name, _, token = challenge.partition(" ")
        if name.lower() == scheme and token.strip():
            return token.strip()
    return None


def _refused(answer: HttpAnswer, reply: ProxyReply) -> OperationFailed:
    """What the proxy's refusal means."""
    code = _CODE_OF_STATUS.get(answer.status, FailureCode.PROXY_BAD_ANSWER)
    told = " ".join(filter(None, (str(answer.status), reply.phrase)))
    if 300 <= answer.status < 400:  # noqa: PLR2004 - a tunnel cannot be redirected; a login page can
        code = FailureCode.CAPTIVE_PORTAL
    elif code == FailureCode.PROXY_AUTHENTICATION_REQUIRED:
        told += f", offers {', '.join(reply.schemes) or 'no scheme'}"
    elif reply.cause:
        code = _cause(reply.cause) or code
        told += f" ({reply.cause})"
    return OperationFailed(code, OPERATION, told)


def _cause(text: str) -> FailureCode | None:
    if found := _SQUID.search(text):
        by_errno = _CODE_OF_SQUID.get(f"{found['name']} {found['errno']}")
        return by_errno or _CODE_OF_SQUID.get(found["name"])
    error = re.search(r"error=([a-z_]+)", text)
    return _CODE_OF_PROXY_STATUS.get(error[1]) if error else None
