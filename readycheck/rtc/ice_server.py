"""STUN and TURN URIs (RFC 7064, RFC 7065) and the credentials behind them."""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Literal

Transport = Literal["udp", "tcp", "tls"]
TRANSPORTS: tuple[Transport, ...] = ("udp", "tcp", "tls")

_PLAUSIBLE_EXPIRY_S = 10 * 365 * 86_400
_URI = re.compile(
    r"(?P<scheme>stun|stuns|turn|turns):(?:\[(?P<ipv6>[0-9A-Fa-f:.%]+)\]|(?P<host>[^\[\]:/?@\s]+))"
    r"(?::(?P<port>[0-9]{1,5}))?(?:\?transport=(?P<transport>[A-Za-z]+))?",
    re.IGNORECASE,
)
_DEFAULT_PORT = {"stun": 3478, "turn": 3478, "stuns": 5349, "turns": 5349}


@dataclass(frozen=True)
class IceUrl:
    """One URL in its parts."""

    url: str
    kind: Literal["stun", "turn"]
    host: str
    port: int
    transport: Transport


def parse_ice_url(url: str) -> IceUrl:
    """Take a STUN or TURN URL apart; raises ValueError with a sentence."""
    match = _URI.fullmatch(url)
    if not match or not url.isprintable():
        shown = re.sub(r"[?].*|(?<=:).*@", "…", url)  # whatever stands there may be a password
        raise ValueError(f"{shown!r} is no STUN or TURN URL such as turn:turn.example.com:3478?transport=udp")
    if match["ipv6"]:
        _require_ipv6(match["ipv6"], url)
    scheme = match["scheme"].lower()
    secure = scheme.endswith("s")
    asked = (match["transport"] or ("tcp" if secure else "udp")).lower()
    port = int(match["port"] or _DEFAULT_PORT[scheme])
    if not 0 < port < 2**16:
        raise ValueError(f"{url!r}: port {port} is outside 1 to 65535")
    if asked not in ("udp", "tcp"):
        raise ValueError(f"{url!r}: transport is udp or tcp, not {asked}")
    if secure and asked == "udp":
        raise ValueError(f"{url!r}: TURN over DTLS is measured by no browser and not by readycheck; use transport=tcp")
    if scheme.startswith("stun") and (secure or match["transport"]):
        raise ValueError(f"{url!r}: only stun: over UDP is measured; use a turn: or turns: URL for TCP and TLS")
    transport: Transport = "tls" if secure else "tcp" if asked == "tcp" else "udp"
    kind: Literal["stun", "turn"] = "stun" if scheme.startswith("stun") else "turn"
    return IceUrl(url, kind, match["ipv6"] or _ascii(match["host"], url), port, transport)


def _ascii(host: str, url: str) -> str:
    """The name as DNS, CONNECT and Host take it (RFC 5890)."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        raise ValueError(f"{url!r}: {host} is no host name") from None


def _require_ipv6(literal: str, url: str) -> None:
    try:
        IPv6Address(literal)
    except ValueError:
        raise ValueError(f"{url!r}: [{literal}] is no IPv6 address") from None


@dataclass(frozen=True, repr=False)
class Credentials:
    """A long-term credential (RFC 8489 section 9.2); never shown."""

    username: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(…)"

    def key(self, realm: str) -> bytes:
        """The HMAC key: MD5(username ":" realm ":" password), RFC 8489 section 9.2.2."""
        return hashlib.md5(
            f"{self.username}:{realm}:{self.password}".encode("utf-8", "surrogateescape"), usedforsecurity=False
        ).digest()

    def expires_in_s(self, now_unix_s: float) -> float | None:
        """Seconds until a TURN REST user name (`expiry[:id]`, or `id:expiry`) runs out, below zero if it has.

        None if the name carries no expiry: ten digits far from today are somebody's telephone number.
        """
        match = re.fullmatch(r"([0-9]{10})(?::.*)?|[^:]*:([0-9]{10})", self.username)
        left = int(match[1] or match[2]) - now_unix_s if match else None
        return left if left is not None and abs(left) < _PLAUSIBLE_EXPIRY_S else None


def ephemeral_credentials(shared_secret: str, now_unix_s: float, lifetime_s: int = 86_400) -> Credentials:
    """Credentials from the server's shared secret (draft-uberti-behave-turn-rest-00 section 2.2)."""
    username = f"{int(now_unix_s) + lifetime_s}:readycheck"
    digest = hmac.new(shared_secret.encode(), username.encode(), hashlib.sha1).digest()
    return Credentials(username, base64.b64encode(digest).decode())
