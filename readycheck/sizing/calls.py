"""From agents to simultaneous calls (finite source), and from a load to agents (Erlang C)."""

from dataclasses import dataclass
from typing import Literal

from readycheck.profile.site import MOST_AGENTS, Site
from readycheck.rtc.teletraffic import Load, binomial_quantile


@dataclass(frozen=True)
class Staffing:
    """Agents for a load: calls that arrive at random and wait until they are answered."""

    calls_per_hour: float
    handling_s: float
    offered_erlang: float
    target_ratio: float
    target_within_s: float
    agents_needed: int
    answered_ratio: float
    """Share answered within the time by the agents needed."""
    answered_by_stated_agents_ratio: float | None
    """The same by the agents that the profile states; 0 if they cannot keep up; null if it states none."""
    leg_a_calls: int | None
    """Calls at once on leg A, the queue included; null if the queue only grows."""


@dataclass(frozen=True)
class Demand:
    """Calls at once on the agents' link."""

    agents: int
    agents_from: Literal["profile", "staffing"]
    occupancy_ratio: float
    occupancy_from: Literal["profile", "load"]
    blocking_ratio: float
    simultaneous_calls: int
    """Exceeded no longer than `blocking_ratio` of the busiest hour."""


def simultaneous_calls(site: Site) -> int | None:
    """Calls at once that the site's link is sized for; None if the profile states neither agents nor a load.

    The one place that says so, for `readycheck site` and for whatever loads a link as a full site would.
    """
    found = demand(site)
    return found.simultaneous_calls if found else None


def calls_of(agents: int, occupancy: float, blocking: float) -> int:
    """The same for so many agents, so busy; even one who hardly calls makes a call."""
    return max(1, binomial_quantile(agents, occupancy, blocking))


def demand(site: Site) -> Demand | None:
    """Agents, occupancy and calls at once; None as for `simultaneous_calls`."""
    staffed = staffing(site)
    agents = site.agents or (staffed.agents_needed if staffed else None)
    if agents is None:
        return None
    occupancy = _occupancy(agents, site)
    return Demand(
        agents=agents,
        agents_from="profile" if site.agents else "staffing",
        occupancy_ratio=occupancy,
        occupancy_from="load" if occupancy > site.occupancy else "profile",
        blocking_ratio=site.blocking,
        simultaneous_calls=calls_of(agents, occupancy, site.blocking),
    )


def staffing(site: Site) -> Staffing | None:
    """Agents that the load needs; None without calls per hour and handling time."""
    load, target = _load(site), site.service_level
    if load is None:
        return None
    agents = load.agents_needed(target.ratio, target.within_s)
    return Staffing(
        calls_per_hour=load.calls_per_hour,
        handling_s=load.handling_s,
        offered_erlang=load.erlang,
        target_ratio=target.ratio,
        target_within_s=target.within_s,
        agents_needed=agents,
        answered_ratio=load.answered_ratio(agents, target.within_s),
        answered_by_stated_agents_ratio=load.answered_ratio(site.agents, target.within_s) if site.agents else None,
        leg_a_calls=load.calls_in_system(site.agents or agents, site.blocking),
    )


def agents_within(calls: int, site: Site) -> int:
    """Most agents, as busy as the site's load makes so many, whose calls at once do not exceed so many; 0 if none."""
    low, high = 0, MOST_AGENTS
    while low < high:
        middle = (low + high + 1) // 2
        within = calls_of(middle, _occupancy(middle, site), site.blocking) <= calls
        low, high = (middle, high) if within else (low, middle - 1)
    return low


def _load(site: Site) -> Load | None:
    if site.calls_per_hour is None or site.handling_s is None:
        return None
    return Load(site.calls_per_hour, site.handling_s)


def _occupancy(agents: int, site: Site) -> float:
    """What is stated, or what the load makes of it if that is more: too few agents are never less busy."""
    load = _load(site)
    return min(1.0, max(site.occupancy, load.erlang / agents if load else 0.0))
