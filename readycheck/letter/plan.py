"""Who does what of the request, and how long it takes: as the profile says, else as is usual."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from readycheck.letter.matrix import Matrix
from readycheck.profile.schema import Profile, Requirement

USUAL_BYPASS_DAYS = 60
"""A proxy bypass takes one to two months; who counts back counts the longer."""

_METRICS = {
    "firewall": ("stun.", "turn.", "path_mtu.", "nat_binding.", "fallback."),
    "bypass": ("proxy.", "signalling.", "identity."),
    "marking": ("path.dscp",),
}
_ABOUT_BYPASS = re.compile(r"(?:^|[._ -])(?:proxy|bypass|pac|firewall|flows?|security|contournement|flux)(?:$|[._ -])")


@dataclass(frozen=True)
class Step:
    """One piece of the work: who does it and in how many days; None where the profile does not say."""

    name: str
    owners: tuple[str, ...]
    days: int | None


@dataclass(frozen=True)
class Counted:
    """When the work has to begin for a date to be kept."""

    wanted: date
    begin: date | None


def steps(profile: Profile, matrix: Matrix) -> tuple[Step, ...]:
    """The work that this matrix asks for."""
    needed = {"firewall": matrix.rows, "bypass": matrix.direct or matrix.exempt, "marking": matrix.marked}
    asking = [one for one in profile.requirements if _asks_the_network(one, matrix)]
    return tuple(_step(profile, asking, name) for name, rows in needed.items() if rows)


def _asks_the_network(requirement: Requirement, matrix: Matrix) -> bool:
    """Not so of what rests on credentials or a reflector, speaks of targets not named, or has no flow here."""
    when = requirement.when
    if requirement.metric.startswith("turn.") and not requirement.metric.endswith("_reachable_ratio"):
        return False
    if when and (when.metric.endswith((".has_credentials", ".has_far_end")) or when.equals in (0, False)):
        return False
    return "fallback" in matrix.purposes or not requirement.metric.startswith("fallback.")


def _step(profile: Profile, asking: list[Requirement], name: str) -> Step:
    stated = list(_stated(profile, asking, name))
    owners = dict.fromkeys(owner for owner, _ in stated if owner)
    return Step(name, tuple(owners), max((days for _, days in stated if days is not None), default=None))


def _stated(profile: Profile, asking: list[Requirement], name: str) -> Iterator[tuple[str | None, int | None]]:
    for requirement in asking:
        if requirement.metric.startswith(_METRICS[name]):
            yield requirement.owner, requirement.lead_time
    for question in profile.questions if name == "bypass" else ():
        if _ABOUT_BYPASS.search(question.id.lower()):
            yield question.owner, question.lead_time


def longest(planned: tuple[Step, ...]) -> int | None:
    """Days until all of it is done, side by side; None if nobody can say."""
    days = [step.days if step.days is not None else USUAL_BYPASS_DAYS * (step.name == "bypass") for step in planned]
    return max(days, default=0) or None


def counted_back(wanted: date, days: int | None) -> Counted:
    """From the date wanted to the day of the beginning."""
    return Counted(wanted, wanted - timedelta(days=days) if days is not None and _fits(wanted, days) else None)


def _fits(wanted: date, days: int) -> bool:
    return wanted.toordinal() - days >= date.min.toordinal()
