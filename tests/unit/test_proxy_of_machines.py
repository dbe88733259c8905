"""All sources of a machine in the order in which they win, on every system."""

import pytest

from readycheck.host.machine import printed
from readycheck.host.proxy import dhcp, firefox, linux
from readycheck.host.proxy.effective import proxy_settings
from readycheck.host.recorded import RecordedMachine
from readycheck.host.this import this_machine
from tests.machines import made
from tests.unit.test_proxy_settings import GSETTINGS, KIOSLAVERC, PREFS, PROFILES_INI, RECORDED, SCUTIL


def test_settings_of_this_machine_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is among them wherever we run."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:8080")
    assert any("environment" in setting.source for setting in proxy_settings(this_machine()))


@pytest.mark.parametrize(
    ("captured", "sources"),
    [
        (
            made(
                "windows",
                RECORDED,
                environment={"APPDATA": r"C:\Users\u\AppData\Roaming", "https_proxy": "p:1"},
                files={
                    r"C:\Users\u\AppData\Roaming\Mozilla\Firefox\profiles.ini": PROFILES_INI.replace("/", "\\"),
                    r"C:\Users\u\AppData\Roaming\Mozilla\Firefox\abc.default-release\prefs.js": PREFS,
                },
            ),
            ["Windows Internet Settings, per user", "environment variables https_proxy", firefox.SOURCE],
        ),
        (
            made("macos", commands={"scutil --proxy": SCUTIL}),
            ["macOS network settings", "macOS network settings", "macOS network settings"],
        ),
        (
            made(
                environment={"XDG_CURRENT_DESKTOP": "GNOME"},
                commands={" ".join(linux.GSETTINGS): GSETTINGS},
                files={"/etc/chromium/policies/managed/a.json": '{"ProxyMode": "direct"}'},
            ),
            ["Chromium policy", "GNOME settings"],
        ),
        (
            made(
                environment={"XDG_CURRENT_DESKTOP": "KDE", "HOME": "/home/u"},
                files={"/home/u/.config/kioslaverc": KIOSLAVERC.format(kind="1")},
            ),
            ["KDE settings"],
        ),
        (made(commands={" ".join(linux.GSETTINGS): GSETTINGS}), []),
    ],
)
def test_settings_of_every_system_in_their_order(captured: RecordedMachine, sources: list[str]) -> None:
    """Policies above the system's settings above the environment; Firefox' own last; tools as the desktop says."""
    assert [setting.source for setting in proxy_settings(captured)] == sources


def test_detection_is_told_where_to_look() -> None:
    """The lease's address and the machine's domains come with whoever detects."""
    lease = "DHCP4.OPTION[1]:wpad = http://wpad.inside.example/wpad.dat\n"
    captured = made(
        environment={"XDG_CURRENT_DESKTOP": "GNOME"},
        commands={" ".join(linux.GSETTINGS): GSETTINGS.replace("'manual'", "'auto'"), " ".join(dhcp.NMCLI): lease},
        files={"/etc/resolv.conf": "search inside.example\n"},
    )
    detection, _ = proxy_settings(captured)

    assert detection.search_domains == ("inside.example",)
    assert detection.dhcp_pac_url == "http://wpad.inside.example/wpad.dat"


def test_tools_that_fail_print_nothing() -> None:
    """What a tool says beside a status of its own is no setting."""
    commands = {"a": {"text": "words", "status": 1}, "b": {"failure": "deadline_exceeded"}, "c": "words"}
    assert [printed(made(commands=commands), name) for name in "abcd"] == ["", "", "words", ""]
