"""The browser probe on captured machines: what is installed, the default, and policies from their true places."""

import asyncio
import json
import plistlib
import threading
from typing import Any

import pytest

from readycheck.engine.probe import Context
from readycheck.host.browser.found import Default, Name
from readycheck.host.browser.linux import browsers, default
from readycheck.host.browser.policies import places, policies
from readycheck.host.browser.relevant import relevant
from readycheck.host.browser.tree import registry_tree
from readycheck.host.machine import LARGEST_BYTE
from readycheck.host.recorded import RecordedMachine
from readycheck.host.registry import ExportedRegistry, Value
from readycheck.model.evidence import Interval, Quantity
from readycheck.model.failure import FailureCode
from readycheck.probes.browser import Browser, BrowserEvidence, BrowserProbe
from readycheck.profile.schema import Profile
from tests.machines import FOLDER as MACHINES
from tests.machines import machine

WRONG = (None, FailureCode.WRONG_USER_CONTEXT)
UNPROVEN = (None, FailureCode.NOT_PROVEN)
CHROME_AND_EDGE = ({"name": "chrome", "at_least": "120"}, {"name": "Microsoft Edge", "at_least": "120"})


def profile(*allowed: dict[str, str]) -> Profile:
    targets = {"signalling": [{"url": "https://login.example.com/"}, {"url": "wss://events.example.com/ws"}]}
    document = {"schema": "readycheck.profile/1", "id": "p", "targets": targets, "allowed": {"browsers": [*allowed]}}
    return Profile.model_validate(document)


def gathered(captured: RecordedMachine) -> BrowserEvidence:
    context = Context("browser", profile(), None, lambda _: None, {}, machine=captured)  # type: ignore[arg-type]
    return asyncio.run(BrowserProbe().gather(context))


def told(evidence: BrowserEvidence, *allowed: dict[str, str]) -> dict[str, Any]:
    answers = evidence.quantities() | BrowserProbe.answered(evidence, profile(*allowed))
    return {name: (None, one.reason) if one.value is None else one.value for name, one in answers.items()}


def windows(registry: str, **document: Any) -> RecordedMachine:
    return RecordedMachine({"platform": "windows", **document}, registry)


def linux(files: dict[str, Any], **document: Any) -> RecordedMachine:
    return RecordedMachine({"platform": "linux", "files": files, **document})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("laptop-jabra", {"default_name": "chrome", "default_version": "142.0.7444.176", "supported_count": 2}),
        (
            "laptop-poly-dongle",
            {
                "default_version": "109.0.5414.120",
                "supported_count": 1,
                "notifications_allowed": True,
                "system_microphone_allowed": False,
            },
        ),
        (
            "edge-non-proxied-udp",
            {
                "default_name": "edge",
                "udp_allowed": False,
                "microphone_allowed": True,
                "tab_sleeping_exempt": True,
                "ineffective_policy_count": 2,
            },
        ),
        ("citrix-vda-multi-session", {"microphone_allowed": True, "hid_allowed": False}),
        ("citrix-desktop-vda", {"microphone_allowed": False}),
        ("citrix-redirection-ready", {"udp_allowed": True}),
        ("avd-call-redirection", {"microphone_allowed": UNPROVEN, "udp_allowed": UNPROVEN}),
        ("rdp", {"default_name": "chrome", "supported_count": 2}),
        ("workspaces", {"default_name": "firefox", "default_version": "140.5.0", "supported_count": 1}),
        (
            "macos-15-headset",
            {"default_name": "chrome", "microphone_allowed": True, "notifications_allowed": False},
        ),
        (
            "macos-26-headset",
            {"default_name": "safari", "supported_count": 0, "udp_allowed": (None, FailureCode.COMPONENT_MISSING)},
        ),
        (
            "intune-system",
            {
                "default_name": WRONG,
                "default_version": WRONG,
                "microphone_allowed": WRONG,
                "ineffective_policy_count": WRONG,
                "supported_count": 2,
            },
        ),
    ],
)
def test_documented_machines_are_told_as_they_are(name: str, expected: dict[str, Any]) -> None:
    """Versions, default and policies of each, for a profile that takes Chrome and Edge from 120 on."""
    found = told(gathered(machine(name)), *CHROME_AND_EDGE)

    assert {key: found[key] for key in expected} == expected


def test_every_browser_has_its_own_answer() -> None:
    """The default counts if it may be used; else all that may, and only if they agree."""
    evidence = gathered(machine("laptop-poly-dongle"))  # an old Chrome without notifications, and Edge

    assert told(evidence)["notifications_allowed"] is False
    assert told(evidence)["update_frozen"] is True
    assert told(evidence)["udp_port_count"] == 20
    assert BrowserProbe.answered(evidence, profile())["update_frozen"].decided_by == ("chrome",)
    assert told(evidence, {"name": "edge"})["notifications_allowed"] is True
    assert told(evidence, {"name": "firefox"})["notifications_allowed"] == (None, FailureCode.COMPONENT_MISSING)
    unknown_default = BrowserEvidence(evidence.browsers, Default(None, "nowhere"))
    assert told(unknown_default)["notifications_allowed"] == UNPROVEN
    assert told(unknown_default)["microphone_allowed"] is True


SWITCH = r"SOFTWARE\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\microphone"


@pytest.mark.parametrize(
    ("of_machine", "of_user", "allowed"),
    [("Deny", "Allow", False), ("Allow", "Deny", (None, FailureCode.WRONG_USER_CONTEXT))],
)
def test_another_user_sees_the_machine_s_switch_for_microphones_alone(
    of_machine: str, of_user: str, allowed: object
) -> None:
    """What refuses microphones to the whole machine refuses them to the agent; SYSTEM's own switch says nothing."""
    registry = (
        "Windows Registry Editor Version 5.00\n\n"
        f'[HKEY_LOCAL_MACHINE\\{SWITCH}]\n"Value"="{of_machine}"\n\n[HKEY_CURRENT_USER\\{SWITCH}]\n"Value"="{of_user}"\n'
    )
    found = told(gathered(windows(registry, facts={"user_sid": "S-1-5-18"})))

    assert (found["system_microphone_switch_count"], found["system_microphone_allowed"]) == (1, allowed)


@pytest.mark.parametrize("name", ["macos-15-headset", "intune-system"])
def test_where_no_switch_for_microphones_is_set_there_is_none(name: str) -> None:
    """Known, and not left open: other systems have no such switch, and neither has a Windows that sets none."""
    assert told(gathered(machine(name)))["system_microphone_switch_count"] == 0


def test_of_another_users_run_nothing_less_is_supported() -> None:
    """What the machine has is there for the agent too; what the agent installed may come on top."""
    found = BrowserProbe.answered(gathered(machine("intune-system")), profile(*CHROME_AND_EDGE))

    assert found["supported_count"] == Quantity(2, Interval(2, None), FailureCode.WRONG_USER_CONTEXT)


def test_version_that_nobody_tells_is_neither_supported_nor_not() -> None:
    """The count has bounds then; without a list there is nothing to count."""
    evidence = BrowserEvidence((Browser("chrome", None, "there"), Browser("edge", "142.0", "there")), Default(None, ""))

    assert BrowserProbe.answered(evidence, profile(*CHROME_AND_EDGE))["supported_count"] == Quantity(1, Interval(1, 2))
    assert told(evidence)["supported_count"] == (None, FailureCode.NOT_CONFIGURED)


def test_what_an_uninstaller_left_is_no_browser() -> None:
    """BLBeacon stays when the browser goes; WebView2 is none; App Paths of a Chromium is no Chrome."""
    registry = (
        '[HKEY_CURRENT_USER\\SOFTWARE\\Google\\Chrome\\BLBeacon]\n"version"="142.0"\n'
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\Microsoft EdgeWebView]\n"
        '"DisplayVersion"="142.0"\n'
        "[HKEY_CURRENT_USER\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\App Paths\\chrome.exe]\n"
        '@="C:\\\\Users\\\\a\\\\AppData\\\\Local\\\\Chromium\\\\Application\\\\chrome.exe"\n'
    )
    found = gathered(windows(registry)).browsers

    assert [(one.name, one.version, one.per_user) for one in found] == [("chromium", None, True)]


@pytest.mark.parametrize(
    ("key", "prog_id", "expected"),
    [
        ("UserChoice", "ChromeHTML", "chrome"),
        ("UserChoiceLatest\\ProgId", "MSEdgeHTM", "edge"),
        ("UserChoice", "FirefoxHTML-308046B0AF4A39CB", "firefox"),
        ("UserChoice", "BraveHTML", "other"),
        ("UserChoice", "", None),
    ],
)
def test_default_on_windows_is_the_users_choice(key: str, prog_id: str, expected: str | None) -> None:
    """By the beginning of the ProgId; an unknown browser is another, and no choice is nobody's."""
    start = r"HKEY_CURRENT_USER\SOFTWARE\Microsoft\Windows\Shell\Associations\UrlAssociations\https"
    evidence = gathered(windows(f'[{start}\\{key}]\n"ProgId"="{prog_id}"\n'))

    assert evidence.default.name == expected


POLICIES = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Google\\Chrome"


def chromium_policies(captured: RecordedMachine, browser: Name = "chrome") -> dict[str, tuple[Any, str]]:
    return {one.name: (one.value, one.effect) for one in relevant(browser, places(captured, browser))}


def test_registry_policies_as_windows_keeps_them() -> None:
    """The machine's above the user's; lists in the order of their numbers; JSON in text; truth as numbers."""
    found = chromium_policies(
        windows(
            "[HKEY_CURRENT_USER\\SOFTWARE\\Policies\\Google\\Chrome]\n"
            '"AudioCaptureAllowed"=dword:00000001\n"DefaultNotificationsSetting"="2"\n'
            f'[{POLICIES}]\n"audiocaptureallowed"=dword:00000000\n"QuicAllowed"="no"\n'
            '"WebRtcIPHandlingUrl"="[{\\"url\\": \\"*\\", \\"handling\\": \\"default\\"}]"\n"SafeBrowsing"="x"\n'
            f'[{POLICIES}\\AudioCaptureAllowedUrls]\n"10"="https://j"\n"2"="https://b"\n'
            f'[{POLICIES}\\Recommended]\n"AutoplayAllowed"=dword:00000000\n'
        )
    )

    assert found == {
        "AudioCaptureAllowed": (False, "in_force"),
        "AudioCaptureAllowedUrls": (["https://b", "https://j"], "in_force"),
        "AutoplayAllowed": (False, "recommended"),
        "DefaultNotificationsSetting": (2, "in_force"),
        "QuicAllowed": ("no", "wrong_type"),
        "WebRtcIPHandlingUrl": ([{"url": "*", "handling": "default"}], "in_force"),
    }


def test_name_of_endless_digits_is_no_place_in_a_list() -> None:
    """Python refuses to read such a number; the key then holds values by name."""
    name = "9" * 5000
    registry = ExportedRegistry(f'[A\\Urls]\n"1"="a"\n"{name}"="b"\n[A\\More]\n"2"="d"\n"1"="c"\n')

    assert registry_tree(registry, "A") == {"Urls": {"1": "a", name: "b"}, "More": ["c", "d"]}


def test_folder_of_json_policies_as_chromium_reads_it() -> None:
    """The last in the order of names counts; comments and last commas pass, and a broken file is passed over."""
    folder = "/etc/opt/chrome/policies"
    captured = linux(
        {
            f"{folder}/managed/a.json": '{"AudioCaptureAllowed": true, "AutoplayAllowed": false}',
            f"{folder}/managed/b.json": '{"AudioCaptureAllowed": false, /* "x */ } // end',
            f"{folder}/managed/c.json": '{"AudioCaptureAllowed": true',
            f"{folder}/managed/d.json": {"base64": "/////w=="},
            f"{folder}/managed/e.json": "[" * 100_000,
            f"{folder}/managed/f.txt": '{"AudioCaptureAllowed": true}',
            f"{folder}/recommended/a.json": '{"AutoplayAllowed": true, "QuicAllowed": false}',
        }
    )

    assert chromium_policies(captured) == {
        "AudioCaptureAllowed": (False, "in_force"),
        "AutoplayAllowed": (False, "in_force"),
        "QuicAllowed": (False, "recommended"),
    }
    assert places(captured, "chrome").unreadable == [f"{folder}/managed/{name}.json" for name in "cde"]


@pytest.mark.parametrize(
    ("browser", "name", "effect"),
    [
        ("chrome", "WebRtcIPHandlingPolicy", "misspelt"),
        ("chrome", "WebRtcUDPPortRange", "misspelt"),
        ("chrome", "WebRtcLocalhostIpHandling", "misspelt"),
        ("edge", "WebRtcIPHandling", "misspelt"),
        ("edge", "WebRtcLocalhostIpHandling", "in_force"),
        ("chrome", "WebRtcAllowLegacyTLSProtocols", "dead"),
        ("firefox", "DisableWebRTC", "misspelt"),
        ("firefox", "permissions", "misspelt"),
    ],
)
def test_names_without_effect_are_told(browser: Name, name: str, effect: str) -> None:
    """Misspelt, another browser's, or of another case in a file: nothing is prescribed by them."""
    folders = {"chrome": "/etc/opt/chrome/policies/managed/a.json", "edge": "/etc/opt/edge/policies/managed/a.json"}
    value: dict[str, Any] = {name: "disable_non_proxied_udp"}
    files = {folders[browser]: json.dumps(value)} if browser in folders else {}
    files |= {"/etc/firefox/policies/policies.json": json.dumps({"policies": value})}

    assert chromium_policies(linux(files), browser) == {name: ("disable_non_proxied_udp", effect)}


def test_token_of_the_cloud_is_seen_and_never_kept() -> None:
    """It says that more is prescribed; its value is a secret."""
    evidence = gathered(machine("avd-call-redirection"))

    assert [one.cloud_managed for one in evidence.browsers] == [True]
    assert "00000000-0000" not in json.dumps(evidence.to_json())


def test_mac_policies_are_forced_ones() -> None:
    """What a device management wrote, the machine's above the user's; Firefox' only where it is switched on."""
    folder = "/Library/Managed Preferences"
    files = {
        f"{folder}/com.google.Chrome.plist": plistlib.dumps({"AudioCaptureAllowed": False}).decode(),
        f"{folder}/agent/com.google.Chrome.plist": plistlib.dumps({"AudioCaptureAllowed": True}).decode(),
        "/Library/Preferences/com.google.Chrome.plist": plistlib.dumps({"AutoplayAllowed": False}).decode(),
        f"{folder}/org.mozilla.firefox.plist": plistlib.dumps({"DisableAppUpdate": True}).decode(),
        f"{folder}/com.microsoft.Edge.plist": "<plist><dict><key>truncated",
    }
    mac = RecordedMachine({"platform": "macos", "files": files, "environment": {"USER": "agent"}})

    assert chromium_policies(mac) == {
        "AudioCaptureAllowed": (False, "in_force"),
        "AutoplayAllowed": (False, "recommended"),
    }
    assert policies(mac, "firefox") == {}
    assert places(mac, "edge").unreadable == [f"{folder}/com.microsoft.Edge.plist"]


def firefox_on_a_mac(**plists: dict[str, Any]) -> dict[str, tuple[Any, str]]:
    """Its policies, by the folder below /Library that holds them."""
    folders = {"own": "Preferences", "managed": "Managed Preferences"}
    files = {
        f"/Library/{folders[place]}/org.mozilla.firefox.plist": plistlib.dumps(content).decode()
        for place, content in plists.items()
    }
    return chromium_policies(RecordedMachine({"platform": "macos", "files": files}), "firefox")


def test_flat_policies_of_firefox_on_a_mac_are_in_force() -> None:
    """`__` joins the names of nested ones, in either place; switched on by one of them, they are no recommendations."""
    enabled: dict[str, Any] = {"EnterprisePoliciesEnabled": True}
    camera = {"Camera": {"Locked": True}}
    microphone = {"Microphone": {"BlockNewRequests": True, "Allow": ["https://a.example", "https://b.example"]}}
    flat: dict[str, Any] = {
        "Permissions__Microphone__BlockNewRequests": True,
        "Permissions__Microphone__Allow__0": "https://a.example",
        "Permissions__Microphone__Allow__1": "https://b.example",
    }

    assert firefox_on_a_mac(managed=flat) == {}
    assert firefox_on_a_mac(managed=flat | enabled) == {"Permissions": (microphone, "in_force")}
    assert firefox_on_a_mac(own={"Permissions": camera} | enabled) == {"Permissions": (camera, "in_force")}
    assert firefox_on_a_mac(own={"Permissions": camera} | enabled, managed=flat) == {
        "Permissions": (camera | microphone, "in_force")
    }
    endless = {"__".join("a" * 9_000): 1, "Permissions__": 1}
    assert firefox_on_a_mac(managed=endless | enabled) == {"Permissions": ({"": 1}, "in_force")}


FIREFOX = "/usr/lib/firefox/firefox"
PROFILES = "/home/agent/.mozilla/firefox"


def firefox(prescribed: dict[str, Any], *lines: str) -> dict[str, Any]:
    files = {
        FIREFOX: "",
        "/etc/firefox/policies/policies.json": json.dumps({"policies": {"Preferences": prescribed}}),
        "/usr/lib/firefox/distribution/policies.json": '{"policies": {"DisableAppUpdate": true}}',
        f"{PROFILES}/profiles.ini": "[Profile0]\nPath=a.default\nDefault=1\n",
        f"{PROFILES}/a.default/prefs.js": "\n".join(lines),
    }
    captured = linux(files, environment={"HOME": "/home/agent"}, facts={"user_id": 1000})
    (found,) = gathered(captured).browsers
    assert "DisableAppUpdate" not in {one.name for one in found.policies}
    return {one.name: one.value for one in found.policies if one.name.startswith("media.")}


def test_firefox_preferences_in_their_order() -> None:
    """A locked one counts above the user's, a default below; the system's file alone counts where there is one."""
    name = "media.peerconnection.enabled"
    mine = f'user_pref("{name}", true);'

    assert firefox({name: {"Value": False, "Status": "locked"}}, mine) == {name: False}
    assert firefox({name: False}, mine) == {name: False}
    assert firefox({}, f'user_pref("{name}", "\\x66");', f'user_pref("media.navigator.x", {"[" * 9_000});') == {
        name: "f"
    }
    assert firefox({name: {"Value": False}}, mine) == {name: True}
    assert firefox({name: {"Value": False}}) == {name: False}
    assert firefox({"other.pref": False, name: []}, 'user_pref("media.x", 1);', "user_pref(") == {name: []}


def test_preference_behind_many_others_counts() -> None:
    """However many are prescribed, the one that calls feel is found."""
    name = "media.peerconnection.enabled"
    others = {f"browser.tabs.a{number}": True for number in range(210)}

    assert firefox({**others, name: {"Value": False, "Status": "locked"}}) == {name: False}


def test_firefox_is_as_old_as_it_says() -> None:
    """Its own file tells the version, without starting it."""
    files = {FIREFOX: "", "/usr/lib/firefox/application.ini": "[App]\nVendor=Mozilla\nVersion=145.0.1\n"}

    assert [(one.version, one.source) for one in browsers(linux(files))] == [
        ("145.0.1", "/usr/lib/firefox/application.ini")
    ]


CHROME = "/opt/google/chrome/chrome"
DPKG = "dpkg-query -W -f=${Package}=${Version}; google-chrome-stable"
RPM = "rpm -q --qf=%{NAME}=%{VERSION}; google-chrome-stable"


@pytest.mark.parametrize(
    ("commands", "version"),
    [
        ({DPKG: "google-chrome-stable=1:142.0.7444.176-1;"}, "142.0.7444.176"),
        ({RPM: "google-chrome-stable=142.0.7444.176;"}, "142.0.7444.176"),
        ({f"{CHROME} --version": "Google Chrome 142.0.7444.176 beta\n"}, "142.0.7444.176"),
        ({DPKG: {"failure": "deadline_exceeded"}, f"{CHROME} --version": {"failure": "deadline_exceeded"}}, None),
        ({DPKG: "aucun paquet ne correspond", f"{CHROME} --version": "\x1b[31m" * 5_000}, None),
        ({}, None),
    ],
)
def test_version_by_package_or_by_itself(commands: dict[str, Any], version: str | None) -> None:
    """Of the package, whichever kind, else what the browser prints; tools that hang or say nothing leave it null."""
    assert [one.version for one in browsers(linux({CHROME: ""}, commands=commands))] == [version]


HTTPS = "[Default Applications]\nx-scheme-handler/https"
DESKTOP_FILES = {f"/usr/share/applications/{name}.desktop": "" for name in ("google-chrome", "firefox")}


@pytest.mark.parametrize(
    ("files", "commands", "expected"),
    [
        (
            {
                "/home/a/.config/mimeapps.list": "[Default Applications]\nx-scheme-handler/https=firefox.desktop;\n",
                "/var/lib/snapd/desktop/applications/firefox.desktop": "",
            },
            {},
            "firefox",
        ),
        (
            {
                "/home/a/.config/gnome-mimeapps.list": "[Added Associations]\nx-scheme-handler/https=firefox.desktop\n",
                "/etc/xdg/mimeapps.list": "[Default Applications]\nx-scheme-handler/https=google-chrome.desktop\n[A]",
                **DESKTOP_FILES,
            },
            {},
            "chrome",
        ),
        (
            {
                "/home/a/.config/mimeapps.list": f"{HTTPS}=google-chrome.desktop; opera.desktop;firefox.desktop;\n",
                "/usr/share/applications/firefox.desktop": "",
            },
            {},
            "firefox",
        ),
        (
            {
                "/home/a/.config/mimeapps.list": f"{HTTPS}=google-chrome.desktop;*;\n",
                "/etc/xdg/mimeapps.list": f"{HTTPS}=firefox.desktop",
                "/usr/share/applications/firefox.desktop": "",
            },
            {},
            "firefox",
        ),
        ({}, {"xdg-settings get default-web-browser": "microsoft-edge.desktop\n"}, "edge"),
        ({}, {"xdg-settings get default-web-browser": "\u202eopera.desktop\n"}, "other"),
        ({}, {"xdg-settings get default-web-browser": {"failure": "deadline_exceeded"}}, None),
    ],
)
def test_default_on_linux_by_association(files: dict[str, str], commands: dict[str, Any], expected: str | None) -> None:
    """The first that is installed, the user's file before the system's, under the right heading; xdg-settings last."""
    environment = {"HOME": "/home/a", "XDG_CURRENT_DESKTOP": "GNOME"}

    assert default(linux(files, commands=commands, environment=environment)).name == expected


def test_default_that_a_tool_never_told_has_its_reason() -> None:
    """Null because the tool took too long, and everything else stands."""
    commands = {"xdg-settings get default-web-browser": {"failure": "deadline_exceeded"}}
    evidence = gathered(linux({FIREFOX: ""}, commands=commands, facts={"user_id": 1000}))

    assert told(evidence)["default_name"] == (None, FailureCode.DEADLINE_EXCEEDED)
    assert [one.name for one in evidence.browsers] == ["firefox"]


class Hanging(RecordedMachine):
    """Whoever reads there waits until the test is over."""

    def __init__(self, document: dict[str, Any], registry: str, where: str) -> None:
        super().__init__(document, registry)
        self.where, self.ended = where, threading.Event()

    def content(self, path: str, largest_byte: int = LARGEST_BYTE) -> bytes | None:
        if self.where in path:
            self.ended.wait(60)
        return super().content(path, largest_byte)

    def paths(self, pattern: str) -> list[str]:
        if self.where in pattern:
            self.ended.wait(60)
        return super().paths(pattern)


def beside_what_hangs(
    monkeypatch: pytest.MonkeyPatch, where: str, document: dict[str, Any], registry: str = ""
) -> BrowserEvidence:
    """What is gathered where a part of the files never answers."""
    monkeypatch.setattr("readycheck.probes.browser.USER_LIMIT_S", 0.05)
    asked = Hanging(document, registry, where)
    try:
        return gathered(asked)
    finally:
        asked.ended.set()


def test_default_that_nobody_tells_in_time_costs_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is installed, with its policies, stands; the default is null since nobody answered in time."""
    document = {"platform": "linux", "files": {FIREFOX: ""}, "facts": {"user_id": 1000}}
    evidence = beside_what_hangs(monkeypatch, "mimeapps", document)

    assert [one.name for one in evidence.browsers] == ["firefox"]
    assert told(evidence)["default_name"] == (None, FailureCode.DEADLINE_EXCEEDED)
    assert told(evidence)["microphone_allowed"] is True


def test_users_folder_that_is_dead_costs_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's browsers and policies are kept; what more the folder may hold leaves every answer open."""
    managed = "/etc/chromium/policies/managed/a.json"
    files = {"/usr/lib/chromium/chromium": "", managed: '{"AutoplayAllowed": false}', FIREFOX: ""}
    packages = {"dpkg-query -W -f=${Package}=${Version}; chromium": "chromium=142.0"}
    document = {"platform": "linux", "files": files, "commands": packages, "environment": {"HOME": "/home/a"}}
    evidence = beside_what_hangs(monkeypatch, "/home/a", document | {"facts": {"user_id": 1000}})
    late = (None, FailureCode.DEADLINE_EXCEEDED)

    assert [(one.name, one.version) for one in evidence.browsers] == [("firefox", None), ("chromium", "142.0")]
    assert [one.name for browser in evidence.browsers for one in browser.policies] == ["AutoplayAllowed"]
    answers = told(evidence, {"name": "chromium"})
    assert [answers[name] for name in ("default_name", "microphone_allowed", "autoplay_allowed")] == [late] * 3
    assert BrowserProbe.answered(evidence, profile({"name": "chromium"}))["supported_count"] == Quantity(
        1, Interval(1, None), FailureCode.DEADLINE_EXCEEDED
    )


def test_preferences_on_a_dead_share_cost_firefox_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows with AppData on a share: Firefox may be forbidden more, what the registry says of Chrome stands."""
    folder = "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\"
    registry = "".join(f'{folder}{name}]\n"DisplayVersion"="142.0"\n' for name in ("Google Chrome", "Mozilla Firefox"))
    registry += f'[{POLICIES}]\n"AudioCaptureAllowed"=dword:00000000\n'
    document = {"platform": "windows", "environment": {"APPDATA": "\\\\share\\a"}}
    evidence = beside_what_hangs(monkeypatch, "share", document, registry)

    assert told(evidence, {"name": "chrome"})["microphone_allowed"] is False
    assert told(evidence, {"name": "chrome"})["udp_allowed"] is True
    assert told(evidence, {"name": "firefox"})["udp_allowed"] == (None, FailureCode.DEADLINE_EXCEEDED)
    assert told(evidence, {"name": "firefox"})["hid_allowed"] is False


def test_nothing_is_read_on_the_loop() -> None:
    """A registry or a file that hangs holds up no other probe: every question is asked beside the loop."""
    asked_by: set[str] = set()

    class Watched(ExportedRegistry):
        def values(self, key: str) -> dict[str, Value]:
            asked_by.add(threading.current_thread().name)
            return super().values(key)

    asked = windows("")
    asked.registry = Watched("")
    gathered(asked)

    assert asked_by
    assert threading.main_thread().name not in asked_by


def test_neither_the_users_name_nor_a_password_is_kept() -> None:
    """Places are shown with `~`, proxies without their userinfo, PAC files without the query that holds a token."""
    settings = {
        "ProxyServer": "http://agent:se=secret@proxy.example.com:8080",
        "ProxyPacUrl": "https://pac.example.com/p.pac?token=secret",
        "ProxySettings": {"ProxyPacUrl": "https://pac.example.com/p.pac?a=1&token=secret#secret"},
    }
    managed = plistlib.dumps(settings).decode()
    document = json.loads((MACHINES / "macos-15-headset" / "machine.json").read_text(encoding="utf-8"))
    document["files"]["/Library/Managed Preferences/agent/com.google.Chrome.plist"] = managed
    written = json.dumps(gathered(RecordedMachine(document)).to_json(), ensure_ascii=False)

    assert "http://…@proxy.example.com:8080" in written
    assert written.count('"https://pac.example.com/p.pac?…"') == 2
    assert "agent" not in written
    assert "secret" not in written


HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e" + "x" * 10_000


def test_hostile_policies_stay_harmless() -> None:
    """Texts are one short line each, JSON goes both ways, and the answers are what such patterns are worth: nothing."""
    values = {
        "AudioCaptureAllowed": False,
        "AudioCaptureAllowedUrls": [HOSTILE, {"a": [HOSTILE, {"b": {"c": {"d": {}}}}]}, None, 1.5],
        "WebRtcUdpPortRange": HOSTILE,
        "DefaultNotificationsSetting": True,
        "WebRtcIPHandlingUrl": {"url": "*"},
    }
    files = {"/etc/chromium/policies/managed/a.json": json.dumps(values), "/usr/lib/chromium/chromium": ""}
    evidence = gathered(linux(files, facts={"user_id": 1000}))
    written = json.dumps(evidence.to_json(), ensure_ascii=False)
    effects = {one.name: one.effect for one in evidence.browsers[0].policies}

    assert written.isprintable()
    assert len(written) < 5_000
    assert BrowserEvidence.from_json(evidence.to_json()) == evidence
    assert effects["DefaultNotificationsSetting"] == effects["WebRtcIPHandlingUrl"] == "wrong_type"
    assert told(evidence)["microphone_allowed"] is False
    assert told(evidence)["ineffective_policy_count"] == 2


@pytest.mark.parametrize(
    "content", ["", "bplist00", "<plist", "<plist><date>yesterday</date></plist>", {"base64": "YnBsaXN0MDD/////"}]
)
def test_truncated_choice_of_a_mac_is_no_choice(content: Any) -> None:
    """A broken property list tells nothing, and is not taken for Safari."""
    path = "/Users/a/Library/Preferences/com.apple.LaunchServices/com.apple.launchservices.secure.plist"
    mac = RecordedMachine({"platform": "macos", "files": {path: content}, "environment": {"HOME": "/Users/a"}})

    assert told(gathered(mac))["default_name"] == UNPROVEN
