"""Browsers in less usual places, and a default that was not found there or is too old."""

import plistlib

import pytest

from readycheck.host.browser.linux import browsers
from readycheck.model.evidence import Interval, Quantity
from readycheck.model.failure import FailureCode
from readycheck.probes.browser import BrowserProbe
from tests.machines import machine, made
from tests.unit.test_browser import CHROME_AND_EDGE, FIREFOX, UNPROVEN, WRONG, gathered, linux, profile, told, windows

FLATPAK = "flatpak/app/com.google.Chrome/current/active"
RELEASES = '<component>\n <releases>\n  <release version="142.0.1" date="x"/>\n  <release version="141.0"/>\n'


@pytest.mark.parametrize(("root", "per_user"), [("/var/lib", False), ("/home/a/.local/share", True)])
def test_flatpaks_are_found_with_their_newest_release(root: str, *, per_user: bool) -> None:
    """Of the system or the user, by its own metadata, and nothing of it is started outside its sandbox."""
    metadata = f"{root}/{FLATPAK}/files/share/metainfo/com.google.Chrome.metainfo.xml"
    captured = {f"{root}/{FLATPAK}/metadata": "", metadata: RELEASES}
    started = {f"{root}/{FLATPAK}/metadata --version": "99.0"}
    (found,) = browsers(linux(captured, environment={"HOME": "/home/a"}))
    (bare,) = browsers(linux({f"{root}/{FLATPAK}/metadata": ""}, environment={"HOME": "/home/a"}, commands=started))

    assert (found.name, found.version, found.per_user) == ("chrome", "142.0.1", per_user)
    assert (bare.version, bare.source[0]) == (None, "~" if per_user else "/")


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("/opt/google/chrome-beta/chrome", "chrome"),
        ("/opt/google/chrome-unstable/chrome", "chrome"),
        ("/opt/microsoft/msedge-beta/msedge", "edge"),
        ("/opt/microsoft/msedge-dev/msedge", "edge"),
    ],
)
def test_other_channels_are_browsers_too(program: str, name: str) -> None:
    """Beta and developers' channels have folders of their own."""
    found = browsers(linux({program: ""}, commands={f"{program} --version": "143.0.5 beta"}))

    assert [(one.name, one.version) for one in found] == [(name, "143.0.5")]


def test_default_that_was_not_found_may_be_supported_still() -> None:
    """Something opens the links: the count is open above, and what others may do proves nothing for it."""
    associations = "[Default Applications]\nx-scheme-handler/https=com.google.Chrome.desktop\n"
    desktop_file = "/home/a/.local/share/flatpak/exports/share/applications/com.google.Chrome.desktop"
    files = {"/home/a/.config/mimeapps.list": associations, desktop_file: "", FIREFOX: ""}
    evidence = gathered(linux(files, environment={"HOME": "/home/a"}, facts={"user_id": 1000}))
    allowed = ({"name": "chrome", "at_least": "120"}, {"name": "firefox"})
    answers = BrowserProbe.answered(evidence, profile(*allowed))

    assert answers["supported_count"] == Quantity(1, Interval(1, 2))
    assert {told(evidence, *allowed)[name] for name in ("default_supported", "udp_allowed", "udp_port_count")} == {
        UNPROVEN
    }
    assert told(evidence, {"name": "chrome"})["default_supported"] == UNPROVEN
    assert BrowserProbe.answered(evidence, profile({"name": "chrome"}))["supported_count"] == Quantity(
        0, Interval(0, 1)
    )
    assert told(evidence, {"name": "firefox"})["default_supported"] is False
    assert told(evidence, {"name": "firefox"})["supported_count"] == 1


def test_default_that_is_too_old_is_told_beside_another_that_is_not() -> None:
    """A supported browser that nobody opens helps nobody."""
    evidence = gathered(machine("laptop-poly-dongle"))  # Chrome 109 by default, and a newer Edge

    assert told(evidence, *CHROME_AND_EDGE)["supported_count"] == 1
    assert told(evidence, *CHROME_AND_EDGE)["default_supported"] is False
    assert told(evidence, {"name": "chrome"})["default_supported"] is True
    assert told(evidence)["default_supported"] == (None, FailureCode.NOT_CONFIGURED)
    assert told(gathered(machine("intune-system")), *CHROME_AND_EDGE)["default_supported"] == WRONG


def test_default_that_is_gone_is_not_supported_for_sure() -> None:
    """Windows and macOS keep a choice of which the program was taken away: a list without versions proves nothing."""
    choice = r"HKEY_CURRENT_USER\SOFTWARE\Microsoft\Windows\Shell\Associations\UrlAssociations\https\UserChoice"
    firefox = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\firefox.exe"
    registry = f'[{choice}]\n"ProgId"="ChromeHTML"\n[{firefox}]\n@="C:\\\\Mozilla Firefox\\\\firefox.exe"\n'
    handlers = {"LSHandlers": [{"LSHandlerURLScheme": "https", "LSHandlerRoleAll": "com.google.chrome"}]}
    path = "/Users/a/Library/Preferences/com.apple.LaunchServices/com.apple.launchservices.secure.plist"
    files = {path: plistlib.dumps(handlers).decode(), "/Applications/Firefox.app/Contents/Info.plist": ""}
    mac = made("macos", files=files, environment={"HOME": "/Users/a"})

    for captured in (windows(registry), mac):
        evidence = gathered(captured)
        answers = BrowserProbe.answered(evidence, profile({"name": "chrome"}))
        assert [one.name for one in evidence.browsers] == ["firefox"]
        assert told(evidence)["default_name"] == "chrome"
        assert answers["default_supported"] == Quantity(None, reason=FailureCode.NOT_PROVEN)
        assert answers["supported_count"] == Quantity(0, Interval(0, 1))
