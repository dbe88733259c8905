"""macOS: the console, screen sharing of it, and SSH."""

from readycheck.host.context import console_owner
from readycheck.host.machine import Machine
from readycheck.host.session.installed import agents
from readycheck.host.session.signal import Redirection, Session, Signal, signal
from readycheck.host.session.ssh import ssh_signals

_SHARING = "screensharingd"


def session(machine: Machine) -> Session:
    """The session of this process: who owns the console sits in front of it, unless the screen is shared."""
    installed = agents(machine)
    by_ssh, is_ssh = ssh_signals(machine)
    if is_ssh:
        return Session("ssh", remote=True, redirection=Redirection(ready=False), signals=(*installed, *by_ssh))
    owner = console_owner(machine)
    user, running = machine.fact("user_id").value, machine.processes()
    signals: list[Signal] = [*installed, *by_ssh]
    owns = owner.status == 0 and owner.text.strip() == str(user)
    is_shared = running is None or _SHARING in running
    local = owns and not is_shared and not by_ssh and not installed
    if owner.status == 0:
        told = "this user" if owns else "another user"
        signals.append(signal("/dev/console", told, "local" if local else "hint", "console"))
    if running is not None and is_shared:
        signals.append(signal("process", _SHARING, "hint", "screen_sharing"))
    if not local:
        return Session(signals=tuple(signals), reason=owner.failure)
    return Session("console", remote=False, signals=tuple(signals))
