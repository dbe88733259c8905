"""The session probe: what is proved, by which signals, and what is never claimed."""

import asyncio
import threading
from typing import Any

import pytest

from readycheck.engine.probe import Context
from readycheck.host.machine import Fact, Told
from readycheck.host.recorded import RecordedMachine
from readycheck.model.failure import FailureCode
from readycheck.probes import session
from readycheck.probes.session import SessionEvidence, SessionProbe
from readycheck.profile.schema import Profile
from tests.machines import machine

SOFTPHONE = ("https://login.example.com/", "wss://streaming.example.com/ws")
UNKNOWN = (None, FailureCode.NOT_PROVEN)
WTS = "wts_client_protocol"


def profile(*urls: str) -> Profile:
    targets = {"signalling": [{"url": url} for url in urls]}
    return Profile.model_validate({"schema": "readycheck.profile/1", "id": "p", "targets": targets})


def _gathered(asked: RecordedMachine) -> SessionEvidence:
    context = Context("session", profile(), None, lambda _: None, {}, machine=asked)  # type: ignore[arg-type]
    return asyncio.run(SessionProbe().gather(context))


def told(evidence: SessionEvidence, *urls: str) -> dict[str, Any]:
    answers = evidence.quantities() | SessionProbe.answered(evidence, profile(*(urls or SOFTPHONE)))
    return {name: (one.value, one.reason) if one.value is None else one.value for name, one in answers.items()}


def captured(platform: str = "windows", registry: str = "", **document: Any) -> SessionEvidence:
    return _gathered(RecordedMachine({"platform": platform, "processes": [], **document}, registry))


def exported(*keys: str) -> str:
    return "".join(f'[HKEY_LOCAL_MACHINE\\SOFTWARE\\{key}]\n"Version"="1"\n' for key in keys)


CITRIX = exported(r"Citrix\VirtualDesktopAgent")
CITRIX_SESSION = exported(r"Citrix\Ica\Session\3\Connection")
HORIZON = exported(r"Omnissa\Horizon\Agent")
AVD = '[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\RDInfraAgent]\n"IsRegistered"=dword:00000001\n'


@pytest.mark.parametrize(
    ("name", "kind", "remote", "agent", "redirected", "media_at"),
    [
        ("citrix-vda-multi-session", "citrix_ica", True, True, False, "this_machine"),
        ("citrix-desktop-vda", "citrix_ica", True, True, UNKNOWN, UNKNOWN),
        ("citrix-redirection-ready", "citrix_ica", True, True, True, "endpoint"),
        ("horizon-redirection", "horizon", True, True, True, "endpoint"),
        ("horizon-plain", "horizon", True, True, False, "this_machine"),
        ("avd-call-redirection", "avd", True, True, UNKNOWN, UNKNOWN),
        ("workspaces", "workspaces", True, True, UNKNOWN, UNKNOWN),
        ("rdp", "rdp", True, False, False, "this_machine"),
        ("laptop-jabra", "console", False, False, UNKNOWN, "this_machine"),
        ("macos-15-headset", "console", False, False, UNKNOWN, "this_machine"),
        ("macos-26-headset", "console", False, False, UNKNOWN, "this_machine"),
    ],
)
def test_documented_machines_are_told_as_they_are(
    name: str, kind: str, remote: object, agent: object, redirected: object, media_at: object
) -> None:
    """Installed, remote now and redirected are three facts, and the relay is to be reached by who handles the media."""
    found = told(_gathered(machine(name)))

    assert found["kind"] == kind
    assert found["remote"] is remote
    assert found["agent_installed"] is agent
    assert found["media_redirection"] == redirected
    assert found["media_at"] == media_at


def test_run_by_a_deployment_tool_tells_nothing_of_the_agents_session() -> None:
    """As SYSTEM every fact of the user's is null for that reason; what is installed is told all the same."""
    found = told(_gathered(machine("intune-system")))
    wrong = (None, FailureCode.WRONG_USER_CONTEXT)

    assert {name: found[name] for name in ("kind", "remote", "media_redirection", "media_at")} == dict.fromkeys(
        ("kind", "remote", "media_redirection", "media_at"), wrong
    )
    assert found["agent_installed"] is False
    assert found["endpoint_client_installed"] == wrong


def test_endpoints_client_is_told() -> None:
    """A laptop with Workspace app and its WebRTC engine is where redirected media is handled."""
    evidence = _gathered(machine("laptop-poly-dongle"))

    assert told(evidence)["endpoint_client_installed"] is True
    assert evidence.products("endpoint_client") == ("citrix_workspace", "citrix_hdx_rtc_engine")


@pytest.mark.parametrize(
    ("facts", "name", "registry", "expected"),
    [
        pytest.param({WTS: 0, "citrix_active_protocol": 0}, "Console", CITRIX, "console", id="image at the hypervisor"),
        pytest.param({WTS: 0}, "Console", CITRIX, "unknown", id="desktop VDA whose API can't be asked"),
        pytest.param({WTS: 0, "citrix_active_protocol": 1}, "Console", CITRIX, "citrix_ica", id="desktop VDA"),
        pytest.param({WTS: 2, "citrix_active_protocol": 0}, "RDP-Tcp#2", CITRIX, "rdp", id="VDA reached by RDP"),
        pytest.param({}, "ICA-CGP#1", "", "unknown", id="name of a session alone"),
        pytest.param({"session_id": 3}, "Console", CITRIX + CITRIX_SESSION, "unknown", id="Citrix' key alone"),
        pytest.param({"session_id": 3}, "ICA-CGP#1", CITRIX + CITRIX_SESSION, "citrix_ica", id="name and key"),
        pytest.param({"session_id": 4}, "ICA-CGP#1", CITRIX + CITRIX_SESSION, "unknown", id="another session's key"),
        pytest.param({WTS: 0, "session_id": 4}, "ICA-CGP#1", "", "unknown", id="name against protocol"),
        pytest.param({WTS: 2}, "RDP-Tcp#0", AVD, "rdp", id="AVD host reached by plain RDP"),
        pytest.param({WTS: 2}, "", AVD, "avd", id="AVD host, name unknown"),
        pytest.param({WTS: 0}, "Console", AVD, "console", id="AVD host at its console"),
        pytest.param({WTS: 0}, "Console", HORIZON, "console", id="Horizon desktop at its console"),
        pytest.param({WTS: 0}, "Console", exported(r"Amazon\SkyLight"), "unknown", id="WorkSpaces without its server"),
        pytest.param({WTS: 0, "remote_session": True}, "Console", "", "unknown", id="console that says it is remote"),
        pytest.param({"remote_session": True}, "RDP-Tcp#0", "", "rdp", id="metric and name"),
        pytest.param({"remote_session": True}, "", "", "unknown", id="metric alone"),
        pytest.param({"remote_session": False}, "Console", "", "console", id="metric and name of the console"),
        pytest.param({"remote_session": False}, "Console", HORIZON, "unknown", id="the same beside an agent"),
        pytest.param({}, "Console", "", "unknown", id="name of the console alone"),
        pytest.param({}, "", "", "unknown", id="nothing"),
    ],
)
def test_only_what_is_proved_is_claimed(facts: dict[str, Any], name: str, registry: str, expected: str) -> None:
    """A weak signal alone, or signals against each other, give unknown and null; an agent makes nothing remote."""
    found = told(captured(registry=registry, facts=facts, environment={"SESSIONNAME": name}))

    assert found["kind"] == expected
    remote = {"console": False, "unknown": (None, FailureCode.COMPONENT_MISSING if WTS not in facts else UNKNOWN[1])}
    assert found["remote"] == remote.get(expected, True)


def test_remote_pc_is_judged_by_its_session_now() -> None:
    """The same session is Citrix' while connected from home and the console's at the desk."""
    machine_facts = {"session_id": 1, WTS: 0}
    away = captured(registry=CITRIX, facts={**machine_facts, "citrix_active_protocol": 1})
    there = captured(registry=CITRIX, facts={**machine_facts, "citrix_active_protocol": 0})

    assert [told(one)["remote"] for one in (away, there)] == [True, False]
    assert [told(one)["agent_installed"] for one in (away, there)] == [True, True]


@pytest.mark.parametrize(
    ("variables", "facts", "registry", "expected"),
    [
        ({"ViewClient_Protocol": "BLAST"}, {WTS: 0}, HORIZON, "horizon"),
        ({"ViewClient_Protocol": "RDP"}, {WTS: 2}, HORIZON, "horizon"),
        ({"ViewClient_Protocol": "BLAST"}, {WTS: 2}, HORIZON, "rdp"),
        ({"ViewClient_Protocol": "BLAST"}, {WTS: 0}, "", "unknown"),
    ],
)
def test_horizon_needs_its_agent_and_its_variables(
    variables: dict[str, str], facts: dict[str, Any], registry: str, expected: str
) -> None:
    """Variables that outlived a connection, or that somebody set, prove nothing against the protocol now."""
    assert told(captured(registry=registry, facts=facts, environment=variables))["kind"] == expected


@pytest.mark.parametrize(
    ("urls", "expected"),
    [
        (("https://login.example.com/",), True),
        (("wss://login.example.com/ws",), True),
        (("https://login.example.org/",), False),
        (("https://login.example.com/", "https://login.example.org/"), UNKNOWN),
        (("https://example.com.evil.test/", "https://evil.test/.example.com/"), False),
        (("https://${UNSET}/",), (None, FailureCode.NOT_CONFIGURED)),
    ],
)
def test_horizon_redirects_the_pages_of_its_list_alone(urls: tuple[str, ...], expected: Any) -> None:
    """The page must be on the allow list; where only some targets are, nobody knows which is the page."""
    assert told(_gathered(machine("horizon-redirection")), *urls)["media_redirection"] == expected


def test_avd_without_its_client_is_not_proved() -> None:
    """Component and policy of the host are kept as signals; whether the client can do it, only the page is told."""
    evidence = _gathered(machine("avd-call-redirection"))
    signals = {one.source: one.proves for one in evidence.session.signals if one.of == "avd"}

    assert told(evidence, "https://softphone.example.com/a")["media_redirection"] == UNKNOWN
    assert signals["MsMmrHost.exe"] == signals["AllowedCallRedirectionSites"] == "redirection"
    assert signals["mmrClientVersion"] == "redirection_unknown"
    assert told(captured(registry=AVD, facts={WTS: 2}))["media_redirection"] is False


VMWARE = exported(r"VMware, Inc.\VMware VDM\Agent")
_HTTPS = r"HKEY_CURRENT_USER\SOFTWARE\Microsoft\Windows\Shell\Associations\UrlAssociations\https\UserChoice"


def _horizon(agent: str, place: str, *values: str, default: str = "MSEdgeHTM", client: str = "8.15.0") -> Any:
    registry = f'{agent}[{_HTTPS}]\n"ProgId"="{default}"\n'
    if values:
        lines = "".join(f'"{name}"=dword:{value}\n' for name, _, value in (one.partition("=") for one in values))
        key = rf"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\{place}"
        registry += f'[{key}]\n{lines}[{key}\\UrlAllowList]\n"https://*.example.com/*"=""\n'
    variables = {"ViewClient_Protocol": "BLAST", "ViewClient_Type": "Windows", "ViewClient_Client_Version": client}
    return told(captured(registry=registry, facts={WTS: 0}, environment=variables))["media_redirection"]


@pytest.mark.parametrize(
    ("chrome", "edge", "default", "expected"),
    [
        (1, 1, "MSEdgeHTM", True),
        (1, 0, "MSEdgeHTM", UNKNOWN),
        (1, 0, "ChromeHTML", UNKNOWN),
        (1, 1, "FirefoxURL-308046B0AF4A39CB", UNKNOWN),
        (0, 0, "MSEdgeHTM", False),
    ],
)
def test_horizon_redirects_for_every_browser_or_nobody_knows(
    chrome: int, edge: int, default: str, expected: Any
) -> None:
    """What one browser has proves nothing for the others, of which the default is one."""
    flags = ("enabled=1", f"chrome_enabled={chrome}", f"edge_chrome_enabled={edge}")

    assert _horizon(HORIZON, r"Omnissa\Horizon\WebRTCRedirSDKWebApp", *flags, default=default) == expected


@pytest.mark.parametrize("place", ["VMware WebRTCRedir", "VMware WebRTCRedirSDKWebApp"])
def test_vmwares_places_are_read_and_their_lack_proves_nothing(place: str) -> None:
    """An agent of VMware's time has its policies in VMware's keys; only a policy that says no disproves."""
    flags = ("enabled=1", "chrome_enabled=1", "edge_chrome_enabled=1")
    key = rf"VMware, Inc.\{place}"

    assert _horizon(VMWARE, key, *flags) is True
    assert _horizon(VMWARE, key, *flags, client="8.12.1") == UNKNOWN
    assert _horizon(VMWARE, key) == UNKNOWN
    assert _horizon(VMWARE, key, "enabled=0") is False
    assert _horizon(VMWARE + HORIZON, key, *flags) is False


def _citrix(negotiated: int | None, programs: str, *processes: str, policy: int | None = None) -> Any:
    registry = CITRIX
    if negotiated is not None:
        registry += f'[HKEY_CURRENT_USER\\SOFTWARE\\Citrix\\HDXMediaStream]\n"MSTeamsRedirSupport"=dword:{negotiated}\n'
    if policy is not None:
        key = r"SOFTWARE\Policies\Citrix\3\User\MultimediaPolicies"
        registry += f'[HKEY_LOCAL_MACHINE\\{key}]\n"TeamsRedirection"=dword:{policy}\n'
    key = r"SOFTWARE\WOW6432Node\Citrix\WebSocketService"
    registry += f'[HKEY_LOCAL_MACHINE\\{key}]\n"ProcessWhitelist"="{programs}"\n'
    found = captured(registry=registry, facts={WTS: 1, "session_id": 3}, processes=["explorer.exe", *processes])
    return told(found)["media_redirection"]


def test_citrix_redirection_needs_every_part() -> None:
    """Service, negotiation and all browsers on the service's list prove it; one known to be missing disproves it."""
    service, both = "WebSocketService.exe", "chrome.exe;msedge.exe"

    assert _citrix(1, both, service) is True
    assert _citrix(1, both) is False
    assert _citrix(0, both, service) is False
    assert _citrix(1, both, service, policy=0) is False
    assert _citrix(None, both, service) == UNKNOWN
    assert _citrix(1, "chrome.exe", service) == UNKNOWN
    assert _citrix(1, "Teams.exe", service) == UNKNOWN


LOGIND = "/run/systemd/sessions/2"
SEAT = "UID=1000\nACTIVE=1\nREMOTE=0\nTYPE=wayland\nSEAT=seat0\nSERVICE=gdm-password\n"
SSH = {"SSH_CONNECTION": "192.0.2.7 50022 192.0.2.9 22"}


@pytest.mark.parametrize(
    ("environment", "logind", "processes", "kind", "remote"),
    [
        ({"XDG_SESSION_ID": "2"}, SEAT, [], "console", False),
        ({"XDG_SESSION_ID": "2"}, SEAT, ["dcvserver"], "unknown", None),
        ({"XDG_SESSION_ID": "2"}, SEAT.replace("SEAT=seat0\n", ""), [], "unknown", None),
        ({"XDG_SESSION_ID": "2"}, "REMOTE=1\nTYPE=tty\nSERVICE=sshd\n", [], "ssh", True),
        ({"XDG_SESSION_ID": "2"}, "REMOTE=1\nTYPE=x11\nSERVICE=other\n", [], "unknown", True),
        ({"XDG_SESSION_ID": "../../etc/passwd"}, SEAT, [], "unknown", None),
        (SSH, "", ["sshd"], "ssh", True),
        (SSH, "", [], "unknown", None),
        ({"SSH_CONNECTION": "hello"}, "", ["sshd"], "unknown", None),
        ({"XRDP_SESSION": "1"}, "", ["xrdp-chansrv"], "xrdp", True),
        ({"XRDP_SESSION": "1"}, "", [], "unknown", None),
        ({"DISPLAY": ":10.0"}, "", ["xrdp-chansrv"], "xrdp", True),
        ({"DISPLAY": ":0"}, "", ["xrdp-chansrv"], "unknown", None),
        ({"XDG_SESSION_TYPE": "x11"}, "", [], "unknown", None),
        ({}, "", [], "unknown", None),
    ],
)
def test_linux_session_by_logind_xrdp_and_ssh(
    environment: dict[str, str], logind: str, processes: list[str], kind: str, remote: object
) -> None:
    """A seat is a console unless something could show it elsewhere; a variable counts beside its server."""
    evidence = captured("linux", environment=environment, files={LOGIND: logind}, processes=processes)

    assert (evidence.session.kind, evidence.session.remote) == (kind, remote)


@pytest.mark.parametrize(
    ("owner", "processes", "environment", "kind"),
    [
        ("501\n", ["Dock"], {}, "console"),
        ("501\n", ["Dock", "screensharingd"], {}, "unknown"),
        ("501\n", None, {}, "unknown"),
        ({"failure": "deadline_exceeded"}, ["Dock"], {}, "unknown"),
        ("501\n", ["Dock", "sshd-session"], SSH, "ssh"),
    ],
)
def test_mac_session_by_who_owns_the_console(
    owner: Any, processes: Any, environment: dict[str, str], kind: str
) -> None:
    """Its owner sits in front of it, unless the screen is shared or nobody can tell."""
    evidence = captured(
        "macos",
        environment=environment,
        commands={"stat -f %u /dev/console": owner},
        facts={"user_id": 501},
        processes=processes,
    )

    assert evidence.session.kind == kind


def test_api_that_hangs_costs_the_session_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is installed stands; kind and place are null, since nobody answered in time."""
    ended = threading.Event()

    class Hanging(RecordedMachine):
        def fact(self, name: Fact) -> Told:
            if name == "citrix_active_protocol":
                ended.wait(60)
            return super().fact(name)

    monkeypatch.setattr(session, "SESSION_LIMIT_S", 0.05)
    found = told(_gathered(Hanging({"platform": "windows", "processes": []}, CITRIX)))
    ended.set()

    late = (None, FailureCode.DEADLINE_EXCEEDED)
    assert found["agent_installed"] is True
    assert [found[name] for name in ("remote", "media_at", "endpoint_client_installed")] == [late] * 3


HOSTILE = "\x1b[31m<script>\u202e" + "x" * 10_000


def test_hostile_texts_and_wrong_types_stay_harmless() -> None:
    """Whatever the registry, the environment or an API says, signals are short lines, and nothing is claimed by it."""
    registry = (
        AVD.replace("dword:00000001", '"yes"')
        + '[HKEY_CURRENT_USER\\Volatile Environment]\n"ViewClient_Protocol"=hex:ff,fe\n'
        + exported(r"Omnissa\Horizon\Agent")
    )
    facts = {WTS: "2", "session_id": [], "remote_session": "yes", "citrix_active_protocol": {"a": 1}}
    environment = {"SESSIONNAME": HOSTILE, "ViewClient_Protocol": HOSTILE, "USERPROFILE": HOSTILE}
    evidence = captured(registry=registry, facts=facts, environment=environment, processes=[HOSTILE])
    values = [one.value for one in evidence.session.signals]

    assert evidence.session.kind == "unknown"
    assert all(value.isprintable() and len(value) <= 200 for value in values)
    assert SessionEvidence.from_json(evidence.to_json()) == evidence


def test_sites_of_a_policy_are_bounded_and_cleaned() -> None:
    """Ten thousand sites with control characters come to a hundred lines of text."""
    key = r"SOFTWARE\Policies\Microsoft\Edge\3rdparty\extensions\joeclbldhdmoijbaagobkhlpfjglcihd\policy"
    sites = ";".join(f"a{number}.example\u202e" for number in range(10_000))
    registry = AVD + f'[HKEY_LOCAL_MACHINE\\{key}]\n"AllowedCallRedirectionSites"="{sites}"\n'
    evidence = captured(registry=registry, facts={WTS: 2}, environment={"SESSIONNAME": "RDP-Sxs1#0"})
    found = evidence.session.redirection.sites or ()

    assert len(found) == 100
    assert found[0] == "a0.example"


def test_processes_that_cannot_be_listed_disprove_nothing() -> None:
    """Without the list of processes Citrix' service may be running."""
    registry = CITRIX + '[HKEY_CURRENT_USER\\SOFTWARE\\Citrix\\HDXMediaStream]\n"MSTeamsRedirSupport"=dword:1\n'

    assert told(captured(registry=registry, facts={WTS: 1}, processes=None))["media_redirection"] == UNKNOWN


@pytest.mark.parametrize("platform", ["windows", "linux"])
def test_console_is_not_proved_without_the_list_of_processes(platform: str) -> None:
    """A streaming server that shows it elsewhere is known by its process alone: none is claimed not to run."""
    facts = {WTS: 0, "session_id": 1, "remote_session": False}
    seat: dict[str, Any] = {"environment": {"XDG_SESSION_ID": "2"}, "files": {LOGIND: SEAT}}
    found, listed = (told(captured(platform, facts=facts, processes=one, **seat)) for one in (None, ["explorer.exe"]))

    assert [found[name] for name in ("kind", "remote", "agent_installed")] == ["unknown", UNKNOWN, UNKNOWN]
    assert [listed[name] for name in ("kind", "remote", "agent_installed")] == ["console", False, False]
