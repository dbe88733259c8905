"""The site as a profile states it: agents, their load, the link they share, what a minute costs."""

from typing import Literal, Self

from pydantic import Field, model_validator

from readycheck.profile.part import Part
from readycheck.profile.scalars import BitRate
from readycheck.rtc.wire_rate import Relay, Vpn

MOST_AGENTS = 999_999


class Link(Part):
    """The site's link to the internet."""

    down_bps: BitRate
    up_bps: BitRate
    kind: str | None = None
    voice_share: float = Field(default=1, gt=0, le=1)


class ServiceLevel(Part):
    """The share of callers to be answered within a time."""

    ratio: float = Field(default=0.8, gt=0, le=0.9999)
    within_s: float = Field(default=20, ge=0, le=3600)


class Tariff(Part):
    """What the operator bills for the leg from the switched network; without VAT or with it, as the project counts."""

    currency: str = Field(max_length=10)
    per_minute: float = Field(ge=0, le=1000)
    minutes_per_agent_day: float | None = Field(default=None, ge=0, le=24 * 60)
    days_per_month: float | None = Field(default=None, ge=0, le=31)


class Site(Part):
    """How many agents share which link, how busy they are in the busiest hour, and which way the media takes."""

    agents: int | None = Field(default=None, ge=1, le=MOST_AGENTS)
    occupancy: float = Field(default=0.85, gt=0, le=1)
    blocking: float = Field(default=0.001, ge=1e-6, le=0.5)
    """Share of the busiest hour in which more calls may be up than the link is sized for."""
    calls_per_hour: float | None = Field(default=None, gt=0, le=1e7)
    handling_s: float | None = Field(default=None, gt=0, le=24 * 3600)
    service_level: ServiceLevel = ServiceLevel()
    link: Link | None = None
    relay: Relay | None = Field(default=None, strict=False)
    """How the media reaches the relay; as the TURN URLs say, if nothing is given."""
    vpn: Vpn = Field(default=Vpn.NONE, strict=False)
    ip_version: Literal[4, 6] = 4
    tariff: Tariff | None = None

    @model_validator(mode="after")
    def _whole_load(self) -> Self:
        if (self.calls_per_hour is None) != (self.handling_s is None):
            raise ValueError("calls_per_hour and handling_s go together")
        return self
