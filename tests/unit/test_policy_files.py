"""Files of policies: which of them each browser reads, how strictly, and what is told where one was cut."""

import base64
import json
from typing import Any

import pytest

from readycheck.host.browser.policies import places
from tests.machines import made
from tests.unit.test_browser import FIREFOX, UNPROVEN, gathered, linux, told

CHROMIUM = "/usr/lib/chromium/chromium"
ETC, ETC_BROWSER = "/etc/chromium/policies/managed/a.json", "/etc/chromium-browser/policies/managed/a.json"
SNAP = "/var/snap/chromium/current/policies/managed/a.json"
FLATPAK = "/var/lib/flatpak/extension/org.chromium.Chromium.Policy.acme/x86_64/1/policies/managed/a.json"
SNAP_PROGRAM = "/snap/chromium/current/usr/lib/chromium-browser/chrome"
FLATPAK_PROGRAM = "/var/lib/flatpak/app/org.chromium.Chromium/current/active/metadata"
FIREFOX_FILE = "/etc/firefox/policies/policies.json"
DENIED = json.dumps({"AudioCaptureAllowed": False, "WebRtcIPHandling": "disable_non_proxied_udp"})
NO_WEBRTC = {"policies": {"Preferences": {"media.peerconnection.enabled": {"Value": False, "Status": "locked"}}}}


def answers(files: dict[str, Any]) -> dict[str, Any]:
    return told(gathered(linux(files, facts={"user_id": 1000})))


@pytest.mark.parametrize(
    ("program", "file", "content", "metric"),
    [
        (CHROMIUM, ETC, DENIED, "microphone_allowed"),
        (FIREFOX, FIREFOX_FILE, json.dumps(NO_WEBRTC), "udp_allowed"),
    ],
)
def test_large_file_of_policies_counts_and_one_cut_leaves_all_open(
    program: str, file: str, content: str, metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a megabyte is read as the browser reads it; of what is cut nobody knows what its end prescribes."""
    files = {program: "", file: content + " " * 1_500_000}
    assert answers(files)[metric] is False

    monkeypatch.setattr("readycheck.host.browser.tree._LARGEST_BYTE", 1_000_000)
    evidence = gathered(linux(files, facts={"user_id": 1000}))
    (browser,) = evidence.browsers

    assert (browser.undecided, browser.unreadable) == ((file,), ())
    for name in ("microphone_allowed", "udp_allowed", "notifications_allowed", "udp_port_count"):
        assert told(evidence)[name] == UNPROVEN
    assert told(evidence)["ineffective_policy_count"] == UNPROVEN


def test_mac_file_that_was_cut_leaves_all_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """A property list too large to be read whole is no broken one, and tells neither policies nor the default."""
    monkeypatch.setattr("readycheck.host.browser.tree._LARGEST_BYTE", 10)
    choice = "/Users/a/Library/Preferences/com.apple.LaunchServices/com.apple.launchservices.secure.plist"
    folder = "/Library/Managed Preferences"
    chrome, firefox = f"{folder}/com.google.Chrome.plist", f"{folder}/org.mozilla.firefox.plist"
    mac = made("macos", files=dict.fromkeys((choice, chrome, firefox), "<" * 20), environment={"HOME": "/Users/a"})

    assert (places(mac, "chrome").undecided, places(mac, "firefox").undecided) == ([chrome], [firefox])
    assert told(gathered(mac))["default_name"] == UNPROVEN


@pytest.mark.parametrize(
    ("program", "files", "allowed"),
    [
        (CHROMIUM, {ETC_BROWSER: DENIED, SNAP: DENIED, FLATPAK: DENIED}, True),
        (CHROMIUM, {ETC: DENIED}, False),
        ("/usr/lib64/chromium-browser/chromium-browser", {ETC: DENIED, ETC_BROWSER: "{}"}, False),
        (SNAP_PROGRAM, {ETC: DENIED}, True),
        (SNAP_PROGRAM, {ETC_BROWSER: DENIED, SNAP: DENIED}, False),
        (SNAP_PROGRAM, {ETC_BROWSER: DENIED}, UNPROVEN),
        (FLATPAK_PROGRAM, {ETC: DENIED, ETC_BROWSER: DENIED}, True),
        (FLATPAK_PROGRAM, {FLATPAK: DENIED}, UNPROVEN),
    ],
)
def test_chromium_reads_the_folder_of_its_package(program: str, files: dict[str, str], allowed: object) -> None:
    """Another package's folder says nothing of it; where several may count and differ, nothing is proved."""
    assert answers({program: "", **files})["microphone_allowed"] == allowed


STRICT = json.dumps(NO_WEBRTC)


@pytest.mark.parametrize(
    ("content", "counts"),
    [
        (STRICT.encode(), True),
        (STRICT.encode() + b"\n", True),
        (STRICT.replace("{", '{"x": "\u00e9", ', 1).encode("latin-1"), True),
        (STRICT.replace("}}}}", "},}}}").encode(), False),
        (STRICT.encode() + b" // Mozilla", False),
        (b"\xef\xbb\xbf" + STRICT.encode(), False),
        (STRICT.replace("{", '{"x": NaN, ', 1).encode(), False),
        (STRICT.replace("{", '{"x": "\t", ', 1).encode(), False),
    ],
)
def test_firefox_passes_over_what_is_no_strict_json(content: bytes, *, counts: bool) -> None:
    """One comma, comment or BOM too many and Firefox ignores the whole file (tried in 153 ESR), which is told."""
    file = {"base64": base64.b64encode(content).decode()}
    evidence = gathered(linux({FIREFOX: "", FIREFOX_FILE: file}, facts={"user_id": 1000}))

    assert told(evidence)["udp_allowed"] is not counts
    assert evidence.browsers[0].unreadable == (() if counts else (FIREFOX_FILE,))
