"""Which probes run, in which order, and which of them alone."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from readycheck.engine.registry import AnyProbe
from readycheck.profile.schema import Profile


class UnknownProbe(Exception):
    """No probe has this id."""


@dataclass(frozen=True)
class Plan:
    """Probes that run alone before all others, those that run side by side, and those that run alone after.

    All in an order in which requirements come first.
    """

    first: tuple[AnyProbe, ...]
    side_by_side: tuple[AnyProbe, ...]
    alone: tuple[AnyProbe, ...]
    not_selected: tuple[AnyProbe, ...]

    @property
    def selected(self) -> tuple[AnyProbe, ...]:
        """Everything that runs, in order."""
        return self.first + self.side_by_side + self.alone


def make_plan(
    probes: Mapping[str, AnyProbe],
    *,
    only: Collection[str] | None = None,
    skip: Collection[str] = (),
    profile: Profile | None = None,
) -> Plan:
    """Choose probes: `only` these and what they require, or all; never those to `skip`, nor what requires them.

    All are those that the profile asks for, if one is given.

    Raises UnknownProbe.
    """
    for name in [*(only or ()), *skip]:
        if name not in probes:
            raise UnknownProbe(f"unknown probe {name!r}; there are {', '.join(probes)}")
    asked_for = [name for name, probe in probes.items() if profile is None or probe.is_asked_for(profile)]
    chosen = set(asked_for if only is None else only)
    for probe in reversed(list(probes.values())):
        if probe.id in chosen:
            chosen |= {required.id for required in probe.requires}
    chosen -= set(skip)
    for probe in probes.values():
        if any(required.id not in chosen for required in probe.requires):
            chosen.discard(probe.id)
    running = [probe for probe in probes.values() if probe.id in chosen]
    return Plan(
        first=tuple(probe for probe in running if probe.first),
        side_by_side=tuple(probe for probe in running if not probe.first and not probe.exclusive),
        alone=tuple(sorted((probe for probe in running if probe.exclusive), key=lambda probe: probe.loads)),
        not_selected=tuple(probe for probe in probes.values() if probe.id not in chosen),
    )
