"""As whom readycheck runs: the agent, or an account whose facts are not the agent's."""

from typing import Any

import pytest

from readycheck.host.context import wrong_user
from tests.machines import NAMES, machine, made


@pytest.mark.parametrize("name", NAMES)
def test_only_a_deployment_tool_is_the_wrong_user(name: str) -> None:
    """Of the machines that are documented here, one was asked as SYSTEM."""
    assert wrong_user(machine(name)) == ("system" if name == "intune-system" else None)


@pytest.mark.parametrize(
    ("facts", "environment", "expected"),
    [
        ({"user_sid": "S-1-5-18"}, {}, "system"),
        ({}, {"userprofile": r"c:\windows\SysWOW64\config\SystemProfile"}, "system"),
        ({"user_sid": "S-1-5-20"}, {}, "service"),
        ({"user_sid": "S-1-5-80-1184457765-4068085190"}, {}, "service"),
        ({}, {"USERPROFILE": r"C:\Windows\ServiceProfiles\LocalService"}, "service"),
        ({"session_id": 0, "user_sid": "S-1-5-21-1-2-3-500"}, {"USERNAME": "Administrator"}, "service"),
        ({"session_id": 1, "session_user": "agent"}, {"USERNAME": "helpdesk"}, "other_user"),
        ({"session_id": 1, "session_user": "Agent"}, {"USERNAME": "AGENT"}, None),
        ({"session_id": 1, "session_user": ""}, {"USERNAME": "agent"}, None),
        ({"session_id": "one", "user_sid": 5, "session_user": ["x"]}, {"USERNAME": ""}, None),
        ({}, {}, None),
    ],
)
def test_windows_accounts(facts: dict[str, Any], environment: dict[str, str], expected: str | None) -> None:
    """The SID, the profile and the session each prove it alone; what makes no sense proves nothing."""
    assert wrong_user(made("windows", facts=facts, environment=environment)) == expected


@pytest.mark.parametrize(
    ("account", "console", "expected"),
    [(0, "501\n", "root"), (501, "501\n", None), (502, "501\n", "other_user"), (501, "0\n", None), (501, "", None)],
)
def test_macos_accounts(account: int, console: str, expected: str | None) -> None:
    """Management tools run as root; else the console's owner is the person, if there is one."""
    commands = {"stat -f %u /dev/console": console}
    assert wrong_user(made("macos", facts={"user_id": account}, commands=commands)) == expected


@pytest.mark.parametrize(
    ("account", "environment", "folders", "expected"),
    [
        (0, {}, [], None),
        (0, {}, ["/run/user/0"], None),
        (0, {}, ["/run/user/0", "/run/user/1000"], "root"),
        (0, {"SUDO_USER": "agent"}, [], "root"),
        (0, {}, ["/run/user/117", "/run/user/1x"], None),
        (1000, {}, ["/run/user/1000"], None),
        (65534, {}, [], None),
        (33, {}, [], "service"),
    ],
)
def test_linux_accounts(account: int, environment: dict[str, str], folders: list[str], expected: str | None) -> None:
    """Root in a container or on a server is the user there; beside a person, or lent to one, it is not."""
    found = made("linux", facts={"user_id": account}, environment=environment, folders=folders)
    assert wrong_user(found) == expected


@pytest.mark.parametrize(
    ("at_screen", "folders", "expected"),
    [
        ("1000", ["/run/user/1000"], "other_user"),
        ("1000", ["/run/user/1000", "/run/user/1001"], None),
        ("1001", ["/run/user/1001"], None),
        ("117", [], None),
        ("", [], None),
    ],
)
def test_linux_account_lent_at_somebody_elses_screen(at_screen: str, folders: list[str], expected: str | None) -> None:
    """`su` beside the person who sits there is another user; one with a session of their own is not."""
    seat = f"IS_VGA=1\nACTIVE=2\nACTIVE_UID={at_screen}\n"
    found = made("linux", facts={"user_id": 1001}, files={"/run/systemd/seats/seat0": seat}, folders=folders)
    assert wrong_user(found) == expected
