"""What the lab server does wrong, on demand."""

import secrets
from dataclasses import dataclass
from typing import Literal

from aioice.stun import Message, Method

from readycheck.rtc.stun import Address

Lie = Literal["wrong_transaction", "no_relayed_address", "bad_integrity", "wrong_method"]


@dataclass(frozen=True)
class Faults:
    """What the server does wrong, on demand; by default nothing."""

    silent: bool = False
    """Reads and never answers."""
    garbage: bool = False
    """Answers random octets."""
    delay_s: float = 0.0
    """Answers requests this late; relayed data are not delayed."""
    close_streams: bool = False
    """Accepts TCP and TLS, and closes at once."""

    challenge_error: int | None = None
    """Answer to an Allocate without credentials, in place of the 401 challenge."""
    reject_credentials: bool = False
    """Every credential earns another 401."""
    stale_nonce: int = 0
    """How many authenticated requests of each 5-tuple earn a 438 and a new NONCE first."""

    allocate_error: int | None = None
    """Answer to an Allocate with good credentials."""
    alternate_server: Address | None = None
    """ALTERNATE-SERVER of a 300; by itself it makes an authenticated Allocate earn one."""
    max_allocations: int | None = None
    """More than this many at a time earn a 486."""
    lie: Lie | None = None
    """What is false in the success response to Allocate."""
    lifetime_s: int | None = None
    """Granted in place of what RFC 8656 section 7.2 asks for."""
    permission_error: int | None = None
    """Answer to CreatePermission and ChannelBind."""

    drop_data: bool = False
    """The allocation works, and whatever is relayed vanishes, both ways."""
    drop_every: int | None = None
    """Of what an allocation sends to its peers each n-th packet vanishes."""
    duplicate_every: int | None = None
    """Of what an allocation sends to its peers each n-th packet is sent twice."""

    def refuse_allocate(self) -> int | None:
        """The error for an Allocate whose credentials are good; None to go on."""
        return self.allocate_error or (300 if self.alternate_server else None)


NO_FAULTS = Faults()


def falsify(response: Message, key: bytes, lie: Lie | None) -> bytes:
    """Bend the success response to Allocate; returns the key to sign it with."""
    match lie:
        case "wrong_transaction":
            response.transaction_id = secrets.token_bytes(12)
        case "no_relayed_address":
            response.attributes.pop("XOR-RELAYED-ADDRESS", None)
        case "wrong_method":
            response.message_method = Method.REFRESH
        case "bad_integrity":
            return key[::-1]
        case None:
            pass
    return key
