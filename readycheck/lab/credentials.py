"""Long-term credentials (RFC 8489 section 9.2): one static user, and TURN REST users that expire."""

import base64
import hmac
import secrets
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from aioice.turn import make_integrity_key


def rest_password(shared_secret: str, username: str) -> str:
    """The password of a TURN REST user (draft-uberti-behave-turn-rest-00 section 2.2)."""
    return base64.b64encode(hmac.digest(shared_secret.encode(), username.encode(), "sha1")).decode()


@dataclass(frozen=True)
class Credentials:
    """Who may use the server."""

    clock: Callable[[], float]
    realm: str = "lab.readycheck"
    username: str = "readycheck"
    credential: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)
    shared_secret: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)

    def key(self, username: str) -> bytes | None:
        """The long-term key of this user; None for a stranger and for one whose time is over."""
        if username == self.username:
            return make_integrity_key(username, self.realm, self.credential)
        expiry, _, _ = username.partition(":")
        if not (expiry.isascii() and expiry.isdecimal()) or int(expiry) <= self.clock():
            return None
        return make_integrity_key(username, self.realm, rest_password(self.shared_secret, username))


class Nonces:
    """One NONCE per 5-tuple, held as a count of those that went stale."""

    def __init__(self) -> None:
        self._stale: Counter[Hashable] = Counter()
        self._secret = secrets.token_hex(8)

    def current(self, path: Hashable) -> bytes:
        """The NONCE this 5-tuple must use."""
        return f"{self._secret}-{self._stale[path]}".encode()

    def went_stale(self, path: Hashable) -> int:
        """How often `expire` was called for this 5-tuple."""
        return self._stale[path]

    def expire(self, path: Hashable) -> None:
        """Make the NONCE of one 5-tuple stale."""
        self._stale[path] += 1

    def expire_all(self) -> None:
        """Make every NONCE stale."""
        self._secret = secrets.token_hex(8)
