"""How many calls a run emulates: what was asked, within what the profile allows."""

from typing import Literal

from readycheck.profile.schema import Profile
from readycheck.sizing.calls import simultaneous_calls


def loaded(profile: Profile, scope: Literal["workstation", "site"], calls: int | None = None) -> Profile:
    """The profile as this run loads the link: `bandwidth.calls` are those asked, `max_calls` those allowed.

    `--calls` weighs most; a site is loaded as `readycheck site` sizes it. A relay, which is somebody's, never gets more
    than the profile's own `bandwidth.calls`.
    """
    settings = profile.bandwidth
    sized = simultaneous_calls(profile.site) if scope == "site" else None
    most = settings.max_calls
    if settings.via == "relay":
        most = min(settings.calls, most or settings.calls)
    update = {"calls": calls or sized or settings.calls, "max_calls": most}
    return profile.model_copy(update={"bandwidth": settings.model_copy(update=update)})
