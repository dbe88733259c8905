"""How a profile wants things measured: call, path, load and binding."""

from typing import Literal, Self

from pydantic import Field, model_validator

from readycheck.profile.part import Part
from readycheck.profile.scalars import BitRate


class CallSettings(Part):
    """The call that is placed through the relay."""

    codec: Literal["opus"] = "opus"
    bitrate_bps: BitRate = Field(default=32_000, ge=6_000, le=510_000)
    ptime_ms: Literal[10, 20, 40, 60] = 20
    seconds: float = Field(default=5, gt=0, le=600)


class PathSettings(Part):
    """How long the path is measured, and how sure the answer must be."""

    min_seconds: float = Field(default=8, gt=0, le=3600)
    max_seconds: float = Field(default=60, gt=0, le=3600)
    confidence: float = Field(default=0.95, ge=0.5, lt=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_seconds > self.max_seconds:
            raise ValueError("min_seconds is above max_seconds")
        return self


class BandwidthSettings(Part):
    """What may be loaded, and with how many calls."""

    via: Literal["reflector", "relay"] = "reflector"
    calls: int | None = Field(default=1, ge=1)
    """Emulated from each workstation; of a site it is what `readycheck site` sizes. `--calls` says otherwise.

    None: nobody knows how many are needed. Then `max_calls` are emulated, or one.
    """
    max_calls: int | None = Field(default=None, ge=1)
    """Never more, whoever asks."""
    seconds: float = Field(default=3, ge=0.5, le=60)
    """What is counted of each step, after the queues have had time to fill."""

    @property
    def calls_sent(self) -> int:
        """What was asked, within what is allowed."""
        return min((calls for calls in (self.calls, self.max_calls) if calls), default=1)


class NatBindingSettings(Part):
    """How long an idle binding is waited for. It takes minutes, so a profile without this does not ask for it."""

    max_seconds: float = Field(default=180, gt=0, le=230)  # at 240 s a TURN permission is renewed, and is idle no more
