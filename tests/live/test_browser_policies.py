"""Real browsers and policies in their true folders: what the probe says is what Chromium and Firefox do."""

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from readycheck.host.browser.linux import browsers
from readycheck.host.browser.preferences import of_user
from readycheck.host.this import this_machine
from readycheck.probes.browser import Browser, _browser
from tests.browser import chromium, firefox
from tests.live.conftest import _unavailable

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

CHROMIUM_FOLDER = Path("/etc/chromium/policies/managed")
FIREFOX_FILE = Path("/etc/firefox/policies/policies.json")
LARGE = 1_500_000
"""Files of policies may be longer than what is read of others."""
STATE = "(async name => (await navigator.permissions.query({name})).state)"
UDP_CANDIDATES = """(async () => {
  const connection = new RTCPeerConnection(), found = [];
  const gathered = new Promise(done => { connection.onicecandidate = event => {
    if (!event.candidate) done(); else if (event.candidate.protocol === 'udp') found.push(event.candidate.type); }; });
  connection.createDataChannel('');
  await connection.setLocalDescription();
  await gathered;
  connection.close();
  return found.length;
})()"""

MICROPHONE_PATTERNS = {
    "h0": "http://h0.localhost",
    "h1": "h1.localhost",
    "a.h2": "[*.]h2.localhost",
    "h3": "https://h3.localhost",
    "h4": "http://h4.localhost:1",
    "h5": "http://h5.localhost:PORT",
    "h6": "http://h6.localhost/*",
    "a.h7": "http://*.h7.localhost",
    "h8": "HTTP://H8.LOCALHOST",
    "h9": "http://h9.localhost:*",
    "h10": "*://h10.localhost",
    "a.h11": "*://[*.]h11.localhost:*/*",
    "h12": "http://h12.localhost/path",
    "h13": " http://h13.localhost ",
    "h14": "http://[*.]h14.localhost.",
    "h15": "http://h15.localhost:80",
    "h16": "http://h16.local*",
    "h17": "http:h17.localhost",
    "h18": "http://user@h18.localhost",
    "h19": "*",
}
NOTIFICATION_PATTERNS = {
    "n0": ("http://n0.localhost", "http://n0.localhost"),
    "n1": ("http://n1.localhost", "[*.]n1.localhost"),
    "n2": ("[*.]n2.localhost", "n2.localhost"),
    "n3": ("http://n3.localhost:PORT", "http://n3.localhost"),
    "n4": ("n4.localhost", "http://[*.]n4.localhost"),
    "n5": ("http://n5.localhost", ""),
    "n6": ("", "n6.localhost"),
    "n7": ("", ""),
}
HANDLING = [
    {"url": "http://u0.localhost", "handling": "default"},
    {"url": "http://[*.]localhost", "handling": "disable_non_proxied_udp"},
    {"url": "http://u1.localhost", "handling": "default"},
]


class Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


@contextmanager
def served() -> Iterator[int]:
    """The port of a server of blank pages on loopback, whose names below localhost every browser knows."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Blank) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served() as number:
        yield number


@contextmanager
def written(files: Mapping[Path, str]) -> Iterator[None]:
    """Files in folders of the system; afterwards each is what it was, and no folder is left that was not there."""
    with ExitStack() as stack:
        for path, text in files.items():
            made = [folder for folder in path.parents if not folder.exists()]
            before = path.read_bytes() if path.exists() else None
            stack.callback(_put_back, path, before, made)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        yield


def _put_back(path: Path, before: bytes | None, made: list[Path]) -> None:
    if before is not None:
        path.write_bytes(before)
        return
    path.unlink(missing_ok=True)
    for folder in made:
        if not any(folder.iterdir()):
            folder.rmdir()


def _needs_root() -> None:
    if os.geteuid() != 0:
        _unavailable("root")


def _read(name: str) -> Browser:
    machine = this_machine()
    installed = next(one for one in browsers(machine) if one.name == name)
    return _browser(machine, installed, of_user(machine))


def _says(browser: Browser, metric: str, url: str) -> object:
    return browser.answer(metric, (url,)).value


@pytest.fixture(scope="module")
def policed(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[chromium.Tab, Browser]]:
    """Chromium under policies in three files, one of them broken, and what the probe read of them at that time."""
    _needs_root()
    if not chromium.chromium():
        _unavailable("chromium")
    policies = {
        "AudioCaptureAllowed": False,
        "AudioCaptureAllowedUrls": list(MICROPHONE_PATTERNS.values()),
        "NotificationsAllowedForUrls": [allowed for allowed, _ in NOTIFICATION_PATTERNS.values() if allowed],
        "NotificationsBlockedForUrls": [blocked for _, blocked in NOTIFICATION_PATTERNS.values() if blocked],
        "WebRtcIPHandlingUrl": HANDLING,
        "DefaultNotificationsSetting": "2",
    }
    text = json.dumps(policies).replace("PORT", str(port)) + " " * LARGE
    overruled = '{"AudioCaptureAllowed": true, "WebRtcIPHandlingUrl": [],}  // the next file counts'
    files = {"zz-1.json": overruled, "zz-2.json": text, "zz-3.json": '{"AudioCaptureAllowed": true'}
    with written({CHROMIUM_FOLDER / f"readycheck-{name}": content for name, content in files.items()}):
        browser = _read("chromium")
        with chromium.opened(tmp_path_factory.mktemp("chromium")) as tab:
            for domain in ("Page", "Runtime"):
                tab.call(f"{domain}.enable")
            yield tab, browser


def _asked(tab: chromium.Tab, url: str, expression: str) -> Any:
    tab.events.clear()
    tab.call("Page.navigate", url=url)
    while not tab.seen("Page.loadEventFired"):
        tab.events.append(tab._next())
    return tab.evaluate(expression)


@pytest.mark.parametrize(("program", "name"), [("chromium", "chromium"), ("firefox-esr", "firefox")])
def test_version_is_what_the_browser_prints(program: str, name: str) -> None:
    """Found without starting it, and the same that it says of itself."""
    if not shutil.which(program):
        _unavailable(program)
    printed = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=60).stdout
    found = re.search(r"\d+(\.\d+)+", printed)

    assert found is not None
    assert _read(name).version == found[0]
    assert "--version" not in _read(name).source


def test_microphone_policies_mean_what_chromium_does(policed: tuple[chromium.Tab, Browser], port: int) -> None:
    """Twenty ways to write a pattern, each on a page of its own."""
    tab, browser = policed
    urls = [f"http://{host}.localhost:{port}/" for host in MICROPHONE_PATTERNS]
    said = {url: _says(browser, "microphone_allowed", url) for url in urls}
    done = {url: _asked(tab, url, f"{STATE}('microphone')") != "denied" for url in urls}

    assert said == done
    assert set(done.values()) == {True, False}


def test_notification_policies_mean_what_chromium_does(policed: tuple[chromium.Tab, Browser], port: int) -> None:
    """Patterns as close, closer and less close in both lists; a default of the wrong type counts for nothing."""
    tab, browser = policed
    urls = [f"http://{host}.localhost:{port}/" for host in NOTIFICATION_PATTERNS]
    said = {url: _says(browser, "notifications_allowed", url) for url in urls}
    done = {url: _asked(tab, url, f"{STATE}('notifications')") != "denied" for url in urls}

    assert said == done
    assert [one.effect for one in browser.policies if one.name == "DefaultNotificationsSetting"] == ["wrong_type"]


def test_ip_handling_means_what_chromium_does(policed: tuple[chromium.Tab, Browser], port: int) -> None:
    """The first rule that matches decides whether there is any candidate over UDP."""
    tab, browser = policed
    urls = [f"http://u{number}.localhost:{port}/" for number in (0, 1)] + [f"http://127.0.0.1:{port}/"]
    said = [_says(browser, "udp_allowed", url) for url in urls]
    done = [_asked(tab, url, UDP_CANDIDATES) > 0 for url in urls]

    assert said == done == [True, False, True]


def test_broken_policies_are_passed_over_by_both(policed: tuple[chromium.Tab, Browser]) -> None:
    """A file that is no JSON is named, and has no effect: the one before it still counts."""
    _, browser = policed
    counting = {one.name: one.source for one in browser.policies if one.effect == "in_force"}

    assert browser.unreadable == (str(CHROMIUM_FOLDER / "readycheck-zz-3.json"),)
    assert counting["AudioCaptureAllowed"] == str(CHROMIUM_FOLDER / "readycheck-zz-2.json")


def test_firefox_policies_mean_what_firefox_does(port: int, tmp_path: Path) -> None:
    """Origins to the letter, Allow above the stop for new requests, and no WebRTC where a preference ends it."""
    _needs_root()
    if not firefox.firefox():
        _unavailable("firefox-esr")
    urls = [f"http://localhost:{port}/", f"http://127.0.0.1:{port}/"]
    policies = {
        "Permissions": {
            "Microphone": {"BlockNewRequests": True, "Allow": [urls[0]]},
            "Notifications": {"Block": [urls[0], "http://127.0.0.1"]},
            "Autoplay": {"Default": "block-audio-video"},
        },
        "Preferences": {"media.peerconnection.enabled": {"Value": False, "Status": "locked"}},
    }
    look = f"""(async () => ({{
      microphone_allowed: await {STATE}('microphone') !== 'denied',
      notifications_allowed: await {STATE}('notifications') !== 'denied',
      autoplay_allowed: navigator.getAutoplayPolicy('mediaelement') === 'allowed',
      udp_allowed: typeof RTCPeerConnection !== 'undefined',
      hid_allowed: 'hid' in navigator,
    }}))()"""
    with written({FIREFOX_FILE: json.dumps({"policies": policies}) + " " * LARGE}):
        browser = _read("firefox")
        with firefox.opened(tmp_path) as window:
            done = {url: window.evaluate(url, look) for url in urls}
    said = {url: {metric: _says(browser, metric, url) for metric in done[url]} for url in urls}

    assert said == done
