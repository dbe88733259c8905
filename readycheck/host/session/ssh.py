"""SSH: the variables that its server sets, believed where that server runs."""

import re

from readycheck.host.machine import Machine
from readycheck.host.session.signal import Signal, signal

_SERVERS = {"sshd", "sshd-session", "sshd-auth", "dropbear", "tailscaled"}
_CONNECTION = re.compile(r"\S+ \d+ \S+ \d+")
"""Addresses and ports of both ends (sshd(8), SSH_CONNECTION)."""


def ssh_signals(machine: Machine) -> tuple[list[Signal], bool]:
    """What speaks for SSH, and whether it proves it: a variable alone may have been inherited or set by anybody."""
    is_set = bool(_CONNECTION.fullmatch(machine.environment.get("SSH_CONNECTION", "")))
    servers = sorted((machine.processes() or frozenset()) & _SERVERS)
    proven = is_set and bool(servers)
    signals = []
    if is_set:  # its value are addresses
        signals.append(signal("SSH_CONNECTION", "set", "remote" if proven else "hint", "ssh"))
        signals += [signal("process", name, "remote", "ssh") for name in servers]
    return signals, proven
