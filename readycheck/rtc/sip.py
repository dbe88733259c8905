"""SIP (RFC 3261) as far as OPTIONS goes (section 11): octets and times in, octets and answers out; no sockets."""

import re
import secrets
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Literal

from readycheck.rtc.stun import Address, hostport

SipTransport = Literal["udp", "tcp", "tls"]

T1_S = 0.5  # RFC 3261 section 17.1.1.1
LONGEST_INTERVAL_S = 2.0
"""Section 17.1.2.2 goes up to T2 = 4 s; a softphone's user has hung up by then."""
_COOKIE = "z9hG4bK"  # section 8.1.1.7: a branch that is unique begins so
_LARGEST_MESSAGE_BYTE = 64 * 1024
_DEFAULT_PORT = {"udp": 5060, "tcp": 5060, "tls": 5061}  # section 19.1.2
# section 25.1: user = unreserved / escaped / user-unreserved; the password beside it is read past and never used
_URI = re.compile(
    r"(?P<scheme>sips?):(?:(?P<user>(?:[A-Za-z0-9_.!~*'()&=+$,;?/-]|%[0-9A-Fa-f]{2})+)"
    r"(?::(?P<password>(?:[A-Za-z0-9_.!~*'()&=+$,-]|%[0-9A-Fa-f]{2})*))?@)?"
    r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<parameters>(?:;[A-Za-z0-9_.!~*'()%\[\]/:&+$=-]+)*)(?:\?[!-~]*)?",
    re.IGNORECASE | re.ASCII,  # without ASCII, a long s is an s
)
_STATUS_LINE = re.compile(r"SIP/2\.0 +([1-6][0-9]{2})(?: +(.*))?", re.IGNORECASE)
_VIA_BRANCH = re.compile(r';\s*branch\s*=\s*"?([^\s;,"]+)', re.IGNORECASE)
# section 7.3.3 and 20: the short forms of what is read here
_SHORT = {"v": "via", "i": "call-id", "l": "content-length"}


class Malformed(ValueError):
    """These octets are no SIP message that could be read."""


@dataclass(frozen=True)
class SipUri:
    """A SIP or SIPS URI in its parts (section 19.1), as far as a request needs them."""

    scheme: str
    user: str | None
    host: str
    port: int | None
    transport: SipTransport
    parameter: str | None
    """The transport parameter as it is written."""

    @property
    def place(self) -> Address:
        """Host and port that are used in fact. Only what is written: no NAPTR, no SRV (RFC 3263)."""
        return self.host, self.port or _DEFAULT_PORT[self.transport]

    @property
    def shown(self) -> str:
        """Without user and password."""
        return f"{self.scheme}:{self._authority}{self._suffix}"

    @property
    def request_uri(self) -> str:
        """As it stands in a request: without password and headers (section 19.1.1)."""
        user = f"{self.user}@" if self.user else ""
        return f"{self.scheme}:{user}{self._authority}{self._suffix}"

    @property
    def _authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host

    @property
    def _suffix(self) -> str:
        return f";transport={self.parameter}" if self.parameter else ""


def parse_sip_uri(text: str) -> SipUri:
    """Take a SIP or SIPS URI apart; raises ValueError with a sentence that repeats no user and no password."""
    match = _URI.fullmatch(text)
    if not match:
        raise ValueError("no SIP URL such as sip:pbx.example.com:5060;transport=udp")
    if match["ipv6"]:
        try:
            IPv6Address(match["ipv6"])
        except ValueError:
            raise ValueError(f"[{match['ipv6']}] is no IPv6 address") from None
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 0 < port < 2**16:
        raise ValueError(f"port {port} is outside 1 to 65535")
    scheme = match["scheme"].lower()
    parameter = _parameter(match["parameters"], "transport")
    if parameter not in (None, "udp", "tcp", "tls"):
        raise ValueError(f"transport is udp, tcp or tls, not {parameter}")
    if scheme == "sips" and parameter == "udp":
        raise ValueError("sips is TLS, which does not go with transport=udp")
    transport: SipTransport = (
        "tls" if scheme == "sips" or parameter == "tls" else "tcp" if parameter == "tcp" else "udp"
    )
    return SipUri(scheme, match["user"], match["ipv6"] or match["host"], port, transport, parameter)


def _parameter(parameters: str, name: str) -> str | None:
    for one in parameters.lower().split(";"):
        key, _, value = one.partition("=")
        if key == name:
            return value
    return None


class OptionsRequest:
    """One OPTIONS request and its retransmissions (section 17.1.2.2). Times are seconds of any clock that only grows.

    `local` is our own end, which Via and Contact name: nothing else of this machine stands in the request.
    """

    def __init__(self, uri: SipUri, local: Address, user_agent: str, now: float) -> None:
        self.times_sent = 0
        self._reliable = uri.transport != "udp"
        self._branch, self._call_id = _COOKIE + secrets.token_hex(12), secrets.token_hex(16)
        self._first_sent_at, self._next_at = now, now
        self._octets = self._built(uri, local, user_agent)

    @property
    def next_at(self) -> float | None:
        """When the request is due for sending next; None over TCP and TLS once it is sent."""
        return None if self._reliable and self.times_sent else self._next_at

    def due(self, now: float) -> bytes | None:
        """The request's octets if they are to be sent now."""
        if self.next_at is None or now < self.next_at:
            return None
        self._next_at = now + min(T1_S * 2**self.times_sent, LONGEST_INTERVAL_S)
        self.times_sent += 1
        return self._octets

    def round_trip_s(self, now: float) -> float | None:
        """Seconds from request to answer; None if it was retransmitted, since the answer is ambiguous (Karn)."""
        return now - self._first_sent_at if self.times_sent == 1 else None

    def is_answered_by(self, response: "SipResponse") -> bool:
        """Whether this is an answer to it: branch and method (section 17.1.3), and the Call-ID besides."""
        return response.branch == self._branch and response.call_id == self._call_id and response.method == "OPTIONS"

    def _built(self, uri: SipUri, local: Address, user_agent: str) -> bytes:
        """Section 11.1; `rport` asks for the answer to come back to where the request came from (RFC 3581)."""
        here, transport = hostport(local[0].partition("%")[0], local[1]), uri.transport.upper()
        to, scheme = uri.request_uri, uri.scheme
        suffix = f";transport={uri.parameter}" if uri.parameter else ""
        lines = [
            f"OPTIONS {to} SIP/2.0",
            f"Via: SIP/2.0/{transport} {here};branch={self._branch};rport",
            "Max-Forwards: 70",
            f"From: <{scheme}:readycheck@{here}>;tag={secrets.token_hex(8)}",
            f"To: <{to}>",
            f"Call-ID: {self._call_id}",
            "CSeq: 1 OPTIONS",
            f"Contact: <{scheme}:readycheck@{here}{suffix}>",
            "Accept: application/sdp",
            f"User-Agent: {user_agent}",
            "Content-Length: 0",
        ]
        return "\r\n".join([*lines, "", ""]).encode("ascii")


@dataclass(frozen=True)
class SipResponse:
    """What is read of a response. `server` is what it calls itself (Server, or User-Agent)."""

    status: int
    phrase: str
    branch: str | None
    call_id: str | None
    method: str | None
    server: str | None


def parse_response(octets: bytes) -> SipResponse:
    """Read a response, tolerant of what does not matter here; raises Malformed."""
    head, _, _ = octets.lstrip(b"\r\n").partition(b"\r\n\r\n")
    lines = _lines(head)
    match = _STATUS_LINE.fullmatch(lines[0].strip())
    if not match:
        raise Malformed("no SIP status line")
    headers = _headers(lines[1:])
    branch = _VIA_BRANCH.search(headers.get("via", ""))
    method = headers.get("cseq", "").split()
    return SipResponse(
        status=int(match[1]),
        phrase=(match[2] or "").strip(),
        branch=branch[1] if branch else None,
        call_id=headers.get("call-id"),
        method=method[1].upper() if len(method) == 2 else None,  # noqa: PLR2004 - number and method
        server=headers.get("server") or headers.get("user-agent"),
    )


def _lines(head: bytes) -> list[str]:
    """Lines of a head, those that are folded put back together (section 7.3.1)."""
    text = re.sub(r"\r?\n[ \t]+", " ", head.decode("utf-8", "replace"))
    return re.split(r"\r?\n", text)


def _headers(lines: list[str]) -> dict[str, str]:
    """The first value of each header, by its long name in lower case."""
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if colon:
            headers.setdefault(_SHORT.get(name, name), value.strip())
    return headers


class SipFraming:
    """Cuts a stream into messages by Content-Length (section 18.3). Junk raises Malformed: nothing follows it."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, octets: bytes) -> list[bytes]:
        """Whole messages among what has come so far; empty lines between them are keep-alives (section 7.5)."""
        self._buffer = (self._buffer + octets).lstrip(b"\r\n")
        messages = []
        while self._buffer:
            head, end, _ = self._buffer.partition(b"\r\n\r\n")
            first, whole, _ = head.partition(b"\n")
            if (whole or end) and b"SIP/2.0" not in first.upper():  # a status line begins, a request line ends with it
                raise Malformed("no SIP on the stream")
            if len(head) > _LARGEST_MESSAGE_BYTE:
                raise Malformed("a message without end")
            if not end:
                break
            size = len(head) + len(end) + _content_length(head)
            if len(self._buffer) < size:
                break
            messages.append(self._buffer[:size])
            self._buffer = self._buffer[size:].lstrip(b"\r\n")
        return messages


def _content_length(head: bytes) -> int:
    """Octets of body; without the header, which a stream must have, none."""
    text = _headers(_lines(head)[1:]).get("content-length", "0")
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) > _LARGEST_MESSAGE_BYTE:
        raise Malformed("a Content-Length that is none")
    return int(text)
