"""What a session is found to be, each fact beside the signals that prove it."""

from dataclasses import dataclass
from typing import Literal

from readycheck.model.clean import clean
from readycheck.model.failure import FailureCode

Kind = Literal["console", "citrix_ica", "rdp", "horizon", "avd", "workspaces", "xrdp", "ssh", "unknown"]
Proves = Literal[
    "agent_installed",
    "remote",
    "local",
    "redirection",
    "no_redirection",
    "redirection_unknown",
    "endpoint_client",
    "hint",
]
"""`hint`: seen, but too weak alone to prove anything. `redirection_unknown`: a part of it is not told here."""


@dataclass(frozen=True)
class Signal:
    """One thing that was seen: where, what it said, what it proves, and of which product."""

    source: str
    value: str
    proves: Proves
    of: str


@dataclass(frozen=True)
class Redirection:
    """Whether the session hands media to the endpoint; None if it can't be told."""

    ready: bool | None = None
    sites: tuple[str, ...] | None = None
    """Pages for which it is switched on, as host or URL with `*`; None if it does not depend on the page."""


@dataclass(frozen=True)
class Session:
    """The session now. `remote` is None, and `kind` unknown, where no signal proves either."""

    kind: Kind = "unknown"
    remote: bool | None = None
    redirection: Redirection = Redirection()
    signals: tuple[Signal, ...] = ()
    reason: FailureCode | None = None
    """Why it can't be told: what the system's API answered instead."""


def signal(source: str, value: object, proves: Proves, of: str) -> Signal:
    """A signal whose value, which may be anybody's text, is made fit to keep."""
    return Signal(source, clean(value), proves, of)
