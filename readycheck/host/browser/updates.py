"""Whether a browser's updates are stopped or held at a version by an administrator: Windows, and Firefox everywhere.

Elsewhere the system's packages bring them, and nothing is told of a softphone's browser there.
"""

from collections.abc import Mapping

from readycheck.host.browser.found import Name, Policy
from readycheck.host.browser.policies import Placed
from readycheck.host.machine import Machine
from readycheck.host.registry import number_of, text_of

_UPDATERS: dict[Name, tuple[str, str]] = {
    "chrome": (
        r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Google\Update",
        "{8A69D345-D564-463C-AFF1-A69D9E530F96}",
    ),
    "edge": (
        r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\EdgeUpdate",
        "{56EB18F8-B008-4CBD-B6D2-8C97FE7E9062}",
    ),
}
_STOPPED = {0, 2}
"""Update…: 0 never, 1 always, 2 only when the user asks, 3 only by itself."""


def update_policies(machine: Machine, browser: Name, settings: Mapping[str, Placed]) -> tuple[Policy, ...] | None:
    """What holds updates back, empty if nothing does; None where that is not told."""
    if browser == "firefox" and machine.platform != "linux":
        return _firefox(settings)
    if machine.platform == "windows" and browser in _UPDATERS:
        return _chromium(machine, *_UPDATERS[browser])
    return None


def _firefox(settings: Mapping[str, Placed]) -> tuple[Policy, ...]:
    holding = {"DisableAppUpdate": (True, 1), "AppAutoUpdate": (False, 0)}
    found = [
        Policy(name, value, settings[name].source, "in_force")
        for name, values in holding.items()
        if name in settings and (value := settings[name].value) in values
    ]
    pin = settings.get("AppUpdatePin")
    if pin and isinstance(pin.value, str) and pin.value:
        found.append(Policy("AppUpdatePin", pin.value[:20], pin.source, "in_force"))
    return tuple(found)


def _chromium(machine: Machine, key: str, application: str) -> tuple[Policy, ...]:
    values = machine.registry.values(key)
    own, default = f"Update{application}", "UpdateDefault"
    name = own if own.lower() in values else default
    found = []
    if (mode := number_of(values.get(name.lower()))) in _STOPPED:
        found.append(Policy(name, mode, key, "in_force"))
    prefix = f"TargetVersionPrefix{application}"
    if pinned := text_of(values.get(prefix.lower())):
        found.append(Policy(prefix, pinned[:20], key, "in_force"))
    if number_of(values.get("autoupdatecheckperiodminutes")) == 0:
        found.append(Policy("AutoUpdateCheckPeriodMinutes", 0, key, "in_force"))
    return tuple(found)
