"""Linux: the session as systemd-logind keeps it, xrdp's and SSH's variables beside their servers.

A seat is a screen and a keyboard that are plugged in (sd-login(3)); a session with one and without REMOTE is at the
machine, unless an agent or a streaming server could have taken that seat over.
"""

import re

from readycheck.host.machine import Machine, text_of
from readycheck.host.session.installed import agents
from readycheck.host.session.signal import Kind, Proves, Redirection, Session, Signal, signal
from readycheck.host.session.ssh import ssh_signals

_XRDP = {"xrdp-chansrv", "xrdp-sesexec", "xrdp-sesman"}
_FIRST_XRDP_DISPLAY = 10
"""sesman.ini(5), X11DisplayOffset."""
_SERVICES: dict[str, Kind] = {"sshd": "ssh", "xrdp-sesman": "xrdp"}
_GRAPHICAL = {"x11", "wayland"}


def session(machine: Machine) -> Session:
    """The session of this process."""
    installed = agents(machine)
    login = _login(machine)
    kind, seen = _kind(machine, login, has_agent=bool(installed))
    remote = True if login.get("REMOTE") == "1" else None if kind == "unknown" else kind != "console"
    # neither SSH nor xrdp hands media on; of the agents for Linux nothing is documented
    redirection = Redirection(ready=False if kind in {"ssh", "xrdp"} else None)
    return Session(kind, remote, redirection, (*installed, *seen))


def _login(machine: Machine) -> dict[str, str]:
    """What logind keeps of this session: KEY=value, readable by everybody."""
    number = machine.environment.get("XDG_SESSION_ID", "")
    if not re.fullmatch(r"[A-Za-z0-9]{1,32}", number):
        return {}
    lines = text_of(machine, f"/run/systemd/sessions/{number}").splitlines()
    return {name: value for name, _, value in (line.partition("=") for line in lines) if value}


def _kind(machine: Machine, login: dict[str, str], *, has_agent: bool) -> tuple[Kind, list[Signal]]:
    service = _SERVICES.get(login.get("SERVICE", ""))
    by_ssh, is_ssh = ssh_signals(machine)
    by_xrdp, is_xrdp = _xrdp(machine)
    at_seat = bool(login.get("SEAT")) and login.get("TYPE") in _GRAPHICAL and login.get("REMOTE") == "0"
    unseen = machine.processes() is None  # a streaming server is known by its process alone
    local = at_seat and not (has_agent or by_ssh or by_xrdp or unseen)
    seen = [*_of_login(login, service, local=local), *by_ssh, *by_xrdp]
    if is_xrdp or service == "xrdp":
        return "xrdp", seen
    if is_ssh or service == "ssh":
        return "ssh", seen
    return "console" if local else "unknown", seen


def _xrdp(machine: Machine) -> tuple[list[Signal], bool]:
    """Since 0.10 the session has a variable; before, only the number of its display, beside the server's process."""
    servers = sorted((machine.processes() or frozenset()) & _XRDP)
    display = re.fullmatch(r":(\d{1,4})(\.\d+)?", machine.environment.get("DISPLAY", ""))
    numbered = bool(display and int(display[1]) >= _FIRST_XRDP_DISPLAY)
    is_set = bool(machine.environment.get("XRDP_SESSION"))
    proven = bool(servers) and (is_set or numbered)
    proves: Proves = "remote" if proven else "hint"
    signals = [signal("XRDP_SESSION", "set", proves, "xrdp")] if is_set else []
    if numbered and display:
        signals.append(signal("DISPLAY", display[0], proves, "xrdp"))
    if signals:
        signals += [signal("process", name, proves, "xrdp") for name in servers]
    return signals, proven


def _of_login(login: dict[str, str], service: Kind | None, *, local: bool) -> list[Signal]:
    """Each line that says something of where the person is."""
    remote: Proves = "remote" if login.get("REMOTE") == "1" else "local" if local else "hint"
    proves: dict[str, Proves] = {
        "REMOTE": remote,
        "SEAT": "local" if local else "hint",
        "TYPE": "hint",
        "SERVICE": "remote" if service else "hint",
    }
    return [
        signal(f"logind {name}", login[name], proves[name], service or "logind") for name in proves if name in login
    ]
