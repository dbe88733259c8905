"""How many calls a run emulates: what was asked, within what the profile allows."""

from typing import Literal

from readycheck.model.verdict import Scope
from readycheck.profile.schema import Profile
from readycheck.sizing.calls import simultaneous_calls


def loaded(profile: Profile, scope: Literal["workstation", "site"], calls: int | None = None) -> Profile:
    """The profile as this run loads the link: `bandwidth.calls` are those asked, `max_calls` those allowed.

    `--calls` weighs most; a site is loaded as `readycheck site` sizes it. Where that cannot be told, the site gets
    `bandwidth.calls`, and nobody knows how many were asked. A relay, which is somebody's, never gets more than those.
    """
    settings = profile.bandwidth
    asked = calls or (simultaneous_calls(profile.site) if scope == "site" else settings.calls)
    most = settings.max_calls
    if settings.via == "relay" or asked is None:
        most = settings.calls_sent
    update = {"calls": asked, "max_calls": most}
    return profile.model_copy(update={"bandwidth": settings.model_copy(update=update)})


def unasked(profile: Profile) -> bool:
    """Whether the profile names a reflector to load as the whole site would, and not how many calls that is."""
    return profile.targets.reflector is not None and simultaneous_calls(profile.site) is None


def asks_of_a_site(profile: Profile) -> bool:
    """Whether a requirement of a site rests on the calls it needs."""
    return any(
        one.metric.startswith("bandwidth.") and one.scope == Scope.SITE and not one.disabled
        for one in profile.requirements
    )
