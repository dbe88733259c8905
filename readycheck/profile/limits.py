"""What a profile asks of a probe's figures in numbers, and whether its times allow an answer."""

from collections.abc import Iterator

from readycheck.model.verdict import Scope
from readycheck.profile.loader import Checked
from readycheck.profile.problem import Problem
from readycheck.profile.schema import Profile
from readycheck.rtc.sequential import Limit, seconds_without_loss


def limits(profile: Profile, probe: str, scope: Scope) -> tuple[Limit, ...]:
    """The limits that a run of this scope is held to in this probe's figures."""
    return tuple(
        Limit(one.metric.removeprefix(f"{probe}."), one.at_most, one.at_least, one.scale)
        for one in profile.requirements
        if one.metric.startswith(f"{probe}.") and one.scope == scope and not one.disabled
    )


def unprovable(checked: Checked) -> Iterator[Problem]:
    """Limits of the loss ratio that `path.max_seconds` cannot prove, even if nothing is lost."""
    profile = checked.profile
    requirements = checked.tree.get("requirements")
    if profile is None or requirements is None:
        return
    path, ptime_ms = profile.path, profile.call.ptime_ms
    for node, requirement in zip(requirements.items, profile.requirements, strict=True):
        if requirement.metric != "path.loss_ratio" or requirement.at_most is None or requirement.at_most >= 1:
            continue
        needed_s = seconds_without_loss(requirement.at_most, path.confidence, ptime_ms)
        if needed_s > path.max_seconds:
            place = node.get("at_most") or node
            needed = "cannot be proved" if needed_s == float("inf") else f"takes {needed_s:.0f} s to prove"
            yield place.mark.problem(
                f"warning: a loss ratio of at most {requirement.at_most:g} {needed} even if nothing is lost, and"
                f" path.max_seconds is {path.max_seconds:g}: it can only fail or stay inconclusive"
            )
