"""Whether the machine waits to be restarted: half of an update is in place, drivers and browsers among it."""

from dataclasses import dataclass

from readycheck.host.machine import Machine
from readycheck.model.failure import FailureCode

_SERVICING = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing"
_UPDATE = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update"
_SESSION_MANAGER = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager"
_PROOFS = (("RebootPending", _SERVICING), ("RebootRequired", _UPDATE))
_RENAMES = "PendingFileRenameOperations"
_MARK = "/var/run/reboot-required"
_MARKERS = ("/usr/share/update-notifier/notify-reboot-required", "/etc/kernel/postinst.d/unattended-upgrades")
"""Who writes the mark on Debian and Ubuntu; without them its absence says nothing."""


@dataclass(frozen=True)
class Restart:
    """`signs` are what it rests on. Files to be renamed are a sign that proves nothing: browsers leave some behind."""

    is_pending: bool | None = None
    signs: tuple[str, ...] = ()
    failure: FailureCode | None = None


def restart(machine: Machine) -> Restart:
    """As Windows' registry or Debian's mark tell it; macOS tells it to nobody."""
    if machine.platform == "windows":
        return _windows(machine)
    return _linux(machine) if machine.platform == "linux" else Restart(failure=FailureCode.UNSUPPORTED_PLATFORM)


def _windows(machine: Machine) -> Restart:
    """Keys that exist while a restart is due, and no longer."""
    servicing, update = ({name.lower() for name in machine.registry.subkeys(key)} for key in (_SERVICING, _UPDATE))
    proofs = [name for name, keys in _PROOFS if name.lower() in (servicing if keys == _SERVICING else update)]
    hints = [_RENAMES] if machine.registry.values(_SESSION_MANAGER).get(_RENAMES.lower()) else []
    signs = (*proofs, *hints)
    if proofs:
        return Restart(is_pending=True, signs=signs)
    if not servicing:  # every Windows has other keys there: these may not be read
        return Restart(None, signs, FailureCode.COMPONENT_MISSING)
    return Restart(None, signs, FailureCode.NOT_PROVEN) if hints else Restart(is_pending=False)


def _linux(machine: Machine) -> Restart:
    if machine.content(_MARK) is not None:
        return Restart(is_pending=True, signs=(_MARK,))
    told = any(machine.content(path) is not None for path in _MARKERS)
    return Restart(is_pending=False) if told else Restart(failure=FailureCode.COMPONENT_MISSING)
