"""Firefox' preferences that a call feels: about:config as policies and the user's profile set it.

A policy's preference counts above the user's where it is locked, which one without Status is; otherwise it is only the
default that the user's replaces.
"""

import re
from typing import Any

from readycheck.host.browser.found import Policy, policy
from readycheck.host.machine import Machine
from readycheck.host.proxy.firefox import default_profile, folders, user_preferences

SOURCE = "policy Preferences"
_FELT = re.compile(r"media\.(peerconnection|navigator|autoplay)\.[A-Za-z0-9_.-]{1,100}")

Set = dict[str, tuple[Any, str]]
"""Values by name, each with the place that sets it."""


def preferences(prescribed: Any, user: Set) -> list[Policy]:
    """Each preference that counts; `prescribed` is the policy Preferences, `user` what the user's profile sets."""
    locked, default = _prescribed(prescribed)
    found = {name: (value, SOURCE) for name, value in default.items()} | user
    found |= {name: (value, SOURCE) for name, value in locked.items()}
    return [policy(name, value, source, "in_force") for name, (value, source) in sorted(found.items())]


def _prescribed(tree: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Those locked, and those that are defaults."""
    locked, default = {}, {}
    for name, entry in tree.items() if isinstance(tree, dict) else ():
        if not _FELT.fullmatch(str(name)):
            continue
        if not isinstance(entry, dict):
            locked[str(name)] = entry
        elif entry.get("Status") == "locked":
            locked[str(name)] = entry.get("Value")
        elif "Value" in entry:
            default[str(name)] = entry["Value"]
    return locked, default


def of_user(machine: Machine) -> Set:
    """What the profile that Firefox opens sets."""
    profile = next(filter(None, (default_profile(machine, folder) for folder in folders(machine))), None)
    told = user_preferences(machine, profile, "media.") if profile else ()
    return {name: (value, file) for name, value, file in told if _FELT.fullmatch(name) and value is not None}
