"""The cost frame: which leg of a call is billed, and what the project's own tariff makes of it."""

from dataclasses import dataclass

from readycheck.profile.site import Site


@dataclass(frozen=True)
class Cost:
    """The operator bills leg A, from the switched network to the platform; leg B, to the browser, is IP.

    Prices are the profile's: without them they are null, and `to_fill_in` says which keys it lacks.
    """

    billed_leg: str
    ip_leg: str
    currency: str | None
    price_per_minute: float | None
    minutes_per_agent_day: float | None
    days_per_month: float | None
    billed_minutes_per_month: float | None
    price_per_month: float | None
    to_fill_in: tuple[str, ...]


def cost_of(site: Site, agents: int | None) -> Cost:
    """What leg A costs in a month, as far as the profile tells."""
    tariff = site.tariff
    asked = {
        "site.agents": agents,
        "site.tariff.currency": tariff and tariff.currency,
        "site.tariff.per_minute": tariff and tariff.per_minute,
        "site.tariff.minutes_per_agent_day": tariff and tariff.minutes_per_agent_day,
        "site.tariff.days_per_month": tariff and tariff.days_per_month,
    }
    minutes = price = None
    if tariff and agents and tariff.minutes_per_agent_day is not None and tariff.days_per_month is not None:
        minutes = agents * tariff.minutes_per_agent_day * tariff.days_per_month
        price = round(minutes * tariff.per_minute, 2)
    return Cost(
        billed_leg="A",
        ip_leg="B",
        currency=tariff.currency if tariff else None,
        price_per_minute=tariff.per_minute if tariff else None,
        minutes_per_agent_day=tariff.minutes_per_agent_day if tariff else None,
        days_per_month=tariff.days_per_month if tariff else None,
        billed_minutes_per_month=minutes,
        price_per_month=price,
        to_fill_in=tuple(key for key, value in asked.items() if value is None),
    )
