"""How many calls a run emulates: who decides, and what the profile allows."""

from typing import Any, Literal

import pytest

from readycheck.profile.schema import Profile
from readycheck.sizing.calls import simultaneous_calls
from readycheck.sizing.load import loaded


def profile(**parts: Any) -> Profile:
    return Profile.model_validate({"schema": "readycheck.profile/1", "id": "test", **parts})


@pytest.mark.parametrize(
    ("parts", "scope", "calls", "asked", "sent"),
    [
        ({}, "workstation", None, 1, 1),
        ({"bandwidth": {"calls": 3}}, "workstation", None, 3, 3),
        ({"bandwidth": {"calls": 3}}, "workstation", 7, 7, 7),
        ({"bandwidth": {"calls": 3}}, "site", None, None, 3),
        ({"bandwidth": {"calls": 3, "max_calls": 2}}, "site", None, None, 2),
        ({"bandwidth": {"calls": None}}, "workstation", None, None, 1),
        ({"site": {"agents": 100}}, "workstation", None, 1, 1),
        ({"site": {"agents": 100}}, "site", 7, 7, 7),
        ({"bandwidth": {"max_calls": 5}}, "workstation", 7, 7, 5),
        ({"bandwidth": {"via": "relay", "calls": 2}}, "site", 7, 7, 2),
        ({"bandwidth": {"via": "relay", "calls": 4, "max_calls": 3}}, "workstation", None, 4, 3),
    ],
)
def test_who_decides(
    parts: dict[str, Any], scope: Literal["workstation", "site"], calls: int | None, asked: int | None, sent: int
) -> None:
    """--calls before the site's size before the profile; max_calls caps, a relay never gets more than calls.

    How many calls a site needs is not known where nobody states its agents, whatever one workstation is asked.
    """
    settings = loaded(profile(**parts), scope, calls).bandwidth

    assert (settings.calls, settings.calls_sent) == (asked, sent)


def test_a_site_is_loaded_as_it_is_sized() -> None:
    """What `readycheck site` sizes is what --scope site loads."""
    site = profile(site={"agents": 100}, bandwidth={"calls": 3})

    assert loaded(site, "site").bandwidth.calls == simultaneous_calls(site.site)
