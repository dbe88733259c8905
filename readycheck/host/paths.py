"""Paths as a system's documentation writes them: with a variable in front."""

from readycheck.host.machine import Machine, home


def expanded(machine: Machine, pattern: str) -> str | None:
    r"""`%Variable%\…` or `~/…` filled in; None if that variable is not set."""
    if pattern.startswith("~"):
        return str(home(machine)) + pattern[1:]
    if not pattern.startswith("%"):
        return pattern
    name, _, rest = pattern[1:].partition("%")
    folder = machine.environment.get(name)
    return folder + rest if folder else None
