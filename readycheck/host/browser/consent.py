"""Windows' own switch for microphones: what stands under Privacy, for the machine, the user, and desktop programs."""

from readycheck.host.browser.found import Policy
from readycheck.host.machine import Machine
from readycheck.host.registry import text_of
from readycheck.model.clean import clean

_STORE = r"SOFTWARE\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\microphone"
_OF_MACHINE = (rf"HKEY_LOCAL_MACHINE\{_STORE}",)
_OF_USER = (rf"HKEY_CURRENT_USER\{_STORE}", rf"HKEY_CURRENT_USER\{_STORE}\NonPackaged")


def microphone_consents(machine: Machine, *, with_user: bool) -> tuple[Policy, ...]:
    """Allow or Deny, as far as they are set; those of the machine alone where this is not the user."""
    keys = _OF_MACHINE + (_OF_USER if with_user else ())
    told = [(key, text_of(machine.registry.values(key).get("value"))) for key in keys]
    return tuple(Policy("microphone", clean(value, 20), key, "in_force") for key, value in told if value)
