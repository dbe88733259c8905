"""Why two reports may be no before and after of the same thing."""

from collections.abc import Iterator

from readycheck.comparison.difference import Caveat
from readycheck.model.report import ObservationStatus, Report


def caveats(then: Report, now: Report) -> Iterator[Caveat]:
    """Why this may be no before and after."""
    if then.run.id == now.run.id:
        yield Caveat("same_run", then.run.id, now.run.id)
    elif now.run.started < then.run.started:
        yield Caveat("older", then.run.started_at, now.run.started_at)
    if then.profile.id != now.profile.id:
        yield Caveat("other_profile", then.profile.id, now.profile.id)
    elif then.profile.sha256 != now.profile.sha256:
        yield Caveat("profile_changed", then.profile.sha256, now.profile.sha256)
    if then.run.scope != now.run.scope:
        yield Caveat("other_scope", then.run.scope, now.run.scope)
    both = [name for name in now.observations if name in then.observations]
    moved = [name for name in both if then.observations[name].inputs != now.observations[name].inputs]
    if moved:
        yield Caveat("other_targets", ", ".join(moved), ", ".join(moved))
    yield from _machine_caveats(then, now)
    collected = [_collected(report) for report in (then, now)]
    only = [", ".join(sorted(mine - other)) for mine, other in (collected, collected[::-1])]
    if any(only):
        yield Caveat("other_probes", *only)


def _machine_caveats(then: Report, now: Report) -> Iterator[Caveat]:
    if then.environment.host != now.environment.host:
        # Without a salt the pseudonym is made with the profile's id: another profile gives the same host another.
        guessable = then.environment.host_is_guessable or now.environment.host_is_guessable
        unsure = guessable and then.profile.id != now.profile.id
        yield Caveat("host_unknown" if unsure else "other_host", then.environment.host, now.environment.host)
    if then.tool.version != now.tool.version:
        yield Caveat("other_version", then.tool.version, now.tool.version)
    if then.run.interrupted or now.run.interrupted:
        words = [str(report.run.interrupted).lower() for report in (then, now)]
        yield Caveat("interrupted", *words)


def _collected(report: Report) -> set[str]:
    return {name for name, seen in report.observations.items() if seen.status == ObservationStatus.COLLECTED}
