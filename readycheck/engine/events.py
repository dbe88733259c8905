"""What the runner tells whoever watches."""

from collections.abc import Callable
from dataclasses import dataclass, field

from readycheck.model.report import Observation


@dataclass(frozen=True)
class ProbeStarted:
    """A probe begins."""

    probe: str


@dataclass(frozen=True)
class ProbeProgressed:
    """A probe says what it does now."""

    probe: str
    doing: str
    """A short sentence in English: the target, the attempt."""
    elapsed_s: float | None = None
    expected_s: float | None = None
    figures: dict[str, float | None] = field(default_factory=dict)
    """Figures so far by metric attribute name, units in the names."""


@dataclass(frozen=True)
class ProbeAnnounced:
    """A probe says what it is about to do to others; it stays in sight."""

    probe: str
    text: str
    """One sentence in English."""


@dataclass(frozen=True)
class ProbeEnded:
    """A probe ended, well or not."""

    probe: str
    observation: Observation
    summary: str | None = None
    """The evidence in one short sentence, where the probe has one."""


Event = ProbeStarted | ProbeProgressed | ProbeAnnounced | ProbeEnded
Listener = Callable[[Event], None]
