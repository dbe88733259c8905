"""macOS: applications' Info.plist, and LaunchServices' choice for https: links; without a choice it is Safari."""

from readycheck.host.browser.found import Default, Installed, Name
from readycheck.host.browser.tree import TOO_LARGE, plist_tree
from readycheck.host.machine import Machine, home
from readycheck.host.paths import without_user
from readycheck.model.clean import clean

_APPS: dict[Name, str] = {
    "chrome": "Google Chrome.app",
    "edge": "Microsoft Edge.app",
    "firefox": "Firefox.app",
    "chromium": "Chromium.app",
    "safari": "Safari.app",
}
_SYSTEM = ("/Applications", "/System/Cryptexes/App/System/Applications")
_IDENTIFIERS: dict[str, Name] = {
    "com.google.chrome": "chrome",
    "com.microsoft.edgemac": "edge",
    "org.mozilla.firefox": "firefox",
    "org.chromium.chromium": "chromium",
    "com.apple.safari": "safari",
}
_CHOICES = "Library/Preferences/com.apple.LaunchServices/com.apple.launchservices.secure.plist"


def browsers(machine: Machine, *, of_user: bool = True) -> list[Installed]:
    """Those in the folders of applications, the machine's before the user's, if that is to be looked into."""
    own = f"{home(machine)}/Applications"
    found = []
    for name, app in _APPS.items():
        folder = next((one for one in (*_SYSTEM, *([own] if of_user else [])) if machine.paths(f"{one}/{app}")), None)
        if folder:
            path = f"{folder}/{app}/Contents/Info.plist"
            told = (plist_tree(machine, path) or {}).get("CFBundleShortVersionString")
            version = clean(told, 40) if isinstance(told, str) else None
            found.append(Installed(name, version, without_user(machine, path), per_user=folder == own))
    return found


def default(machine: Machine) -> Default:
    """Who handles https: links."""
    path = f"{home(machine)}/{_CHOICES}"
    source, tree = without_user(machine, path), plist_tree(machine, path)
    if tree is TOO_LARGE or (tree is None and machine.paths(path)):
        return Default(None, source)
    handlers = (tree or {}).get("LSHandlers")
    for handler in handlers if isinstance(handlers, list) else []:
        if isinstance(handler, dict) and handler.get("LSHandlerURLScheme") == "https":
            told = clean(handler.get("LSHandlerRoleAll", ""))
            return Default(_IDENTIFIERS.get(told.lower(), "other"), source, told)
    return Default("safari", source, "no choice: the system's own")
