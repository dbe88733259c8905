"""A visit: one attempt at one target by one way, with what was seen at each step of it."""

from dataclasses import dataclass
from typing import Literal

from readycheck.model.failure import Failure

Anchor = Literal["public", "profile", "system"]


@dataclass(frozen=True)
class ProxyReply:
    """What a proxy answered to CONNECT (RFC 9110 section 9.3.6). `schemes` are those of Proxy-Authenticate."""

    status: int | None = None
    phrase: str | None = None
    schemes: tuple[str, ...] = ()
    authenticated_by: str | None = None
    via: str | None = None
    server: str | None = None
    cause: str | None = None
    """The proxy's own word for what went wrong (X-Squid-Error, Proxy-Status)."""
    answer_ms: float | None = None

    @property
    def asked_for_login(self) -> bool:
        """Whether a 407 was seen, answered or not."""
        return bool(self.schemes) or self.status == 407  # noqa: PLR2004 - Proxy Authentication Required


@dataclass(frozen=True)
class Certificate:
    """One certificate of a chain. `spki_sha256` is base64, as in RFC 7469."""

    subject: str
    issuer: str
    not_after: str
    sha256: str
    spki_sha256: str


@dataclass(frozen=True)
class Chain:
    """A certificate chain as it was shown, the server's own first.

    `verified`: this operating system's store, with what the profile adds, accepts it for the target's name.
    `anchor`: whose root it leads to: the public ones (Mozilla's list), the profile's `ca_file`, this system's store
    alone; None if to none that is known.
    """

    certificates: tuple[Certificate, ...]
    verified: bool
    anchor: Anchor | None = None
    root_spki_sha256: str | None = None
    """Key of the root of the profile's `ca_file` that it leads to, shown or not."""

    @property
    def leaf(self) -> Certificate:
        """The server's own certificate."""
        return self.certificates[0]


@dataclass(frozen=True)
class WebSocketHeld:
    """An open WebSocket (RFC 6455): how long it was held, and how it ended if the far end ended it."""

    held_s: float
    ping_ms: float | None = None
    close_code: int | None = None


@dataclass(frozen=True)
class Visit:
    """One attempt. `via` is DIRECT or the proxy; times are None for steps that were not reached."""

    via: str
    reached: bool
    """The far side itself answered: HTTP, a WebSocket handshake, STUN, or TLS with whatever certificate."""
    address: str | None = None
    resolved_ms: float | None = None
    connected_ms: float | None = None
    proxy: ProxyReply | None = None
    tls_ms: float | None = None
    tls_version: str | None = None
    chain: Chain | None = None
    status: int | None = None
    answered_ms: float | None = None
    location: str | None = None
    """Where a redirection points; it is shown and never followed."""
    passed_through: str | None = None
    """The Via header inside: whoever wrote it read the exchange."""
    clock_offset_ms: float | None = None
    """The server's Date less this machine's clock; good to half a second."""
    websocket: WebSocketHeld | None = None
    answered_stun: bool = False
    failure: Failure | None = None


@dataclass(frozen=True)
class Inspection:
    """Whether somebody on the way opens TLS and closes it again with a certificate of his own.

    `certainty` is "proven" where a pin of the profile decides, else "likely". `signs` are what it rests on.
    """

    intercepted: bool | None = None
    certainty: Literal["proven", "likely"] | None = None
    signs: tuple[str, ...] = ()
