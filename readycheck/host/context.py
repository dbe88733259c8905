"""As whom this runs: where it is not the person who works here, what the system tells of a user is of somebody else."""

import re
from typing import Literal

from readycheck.host.machine import Machine, Output, text_of

WrongUser = Literal["system", "service", "root", "other_user"]
"""The machine's own account; a service's; the administrator, beside a person's session; another account than theirs."""

_SERVICES = {"S-1-5-19", "S-1-5-20"}
_VIRTUAL_ACCOUNT = "S-1-5-80-"  # NT SERVICE\name
_FIRST_PERSON = 1000
"""Linux: numbers below belong to services (login.defs' UID_MIN)."""
_ACTIVE = re.compile(r"^ACTIVE_UID=(\d{1,9})$", re.MULTILINE)


def wrong_user(machine: Machine) -> WrongUser | None:
    """Whose facts would be told instead of the agent's; None if nothing speaks against this being the agent."""
    if machine.platform == "windows":
        return _windows(machine)
    return _macos(machine) if machine.platform == "macos" else _linux(machine)


def _windows(machine: Machine) -> WrongUser | None:
    """Deployment tools run as SYSTEM, services in session 0; `runas` in the agent's session as somebody else."""
    sid = str(machine.fact("user_sid").value or "")
    folder = machine.environment.get("USERPROFILE", "").lower().replace("/", "\\")
    if sid == "S-1-5-18" or folder.endswith(r"\config\systemprofile"):
        return "system"
    if sid in _SERVICES or sid.startswith(_VIRTUAL_ACCOUNT) or r"\serviceprofiles" + "\\" in folder:
        return "service"
    if machine.fact("session_id").value == 0:  # since Vista no person's desktop is there
        return "service"
    whose = machine.fact("session_user").value
    account = machine.environment.get("USERNAME", "")
    return "other_user" if whose and account and str(whose).lower() != account.lower() else None


def _macos(machine: Machine) -> WrongUser | None:
    """Root is a management tool's; the console belongs to whom the desktop does, to root while nobody signed in."""
    account = machine.fact("user_id").value
    if account == 0:
        return "root"
    console = console_owner(machine)
    owner = console.text.strip() if console.status == 0 else ""
    return "other_user" if account is not None and owner not in {"", "0", str(account)} else None


def console_owner(machine: Machine) -> Output:
    """macOS: the number of the user whose desktop is on the screen."""
    return machine.output("stat", "-f", "%u", "/dev/console")


def _linux(machine: Machine) -> WrongUser | None:
    """Root alone, as in a container or on a server, is the user there; beside a person's session it is not."""
    account = machine.fact("user_id").value
    if account == 0:
        person = machine.environment.get("SUDO_USER", "root") != "root" or _persons(machine)
        return "root" if person else None
    if not isinstance(account, int):
        return None
    if account < _FIRST_PERSON:
        return "service"
    return "other_user" if _beside_another(machine, account) else None


def _beside_another(machine: Machine, account: int) -> bool:
    """Whether another person sits here, and this account did not sign in: `su`. systemd tells whose the screen is."""
    owner = _ACTIVE.search(text_of(machine, "/run/systemd/seats/seat0"))
    at_screen = int(owner[1]) if owner else account
    return at_screen >= _FIRST_PERSON and at_screen != account and not machine.paths(f"/run/user/{account}")


def _persons(machine: Machine) -> bool:
    """Whether somebody is signed in: systemd keeps a folder for each."""
    names = [path.rpartition("/")[2] for path in machine.paths("/run/user/[1-9]*")]
    return any(name.isdecimal() and int(name) >= _FIRST_PERSON for name in names)
