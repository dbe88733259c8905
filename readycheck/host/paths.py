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


def without_user(machine: Machine, path: str) -> str:
    """A path as it may be shown: `~` for the user's folder, and for the user's name where a folder is named by it."""
    folder, user = str(home(machine)), machine.environment.get("USER", "")
    if len(folder) > 1 and path.startswith(folder):
        path = "~" + path[len(folder) :]
    return path.replace(f"/{user}/", "/~/") if user else path
