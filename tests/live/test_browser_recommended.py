"""Chromium under recommended policies and with pages blocked: what the probe says is what it does."""

import json
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.live.conftest import _unavailable
from tests.live.test_browser_policies import (
    CHROMIUM_FOLDER,
    STATE,
    UDP_CANDIDATES,
    _asked,
    _needs_root,
    _read,
    _says,
    served,
    written,
)

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


def test_recommended_and_blocking_policies_mean_what_chromium_does(tmp_path: Path) -> None:
    """A recommended denial denies and is never called allowed; a page that is blocked is not opened."""
    _needs_root()
    if not chromium.chromium():
        _unavailable("chromium")
    recommended = {"AudioCaptureAllowed": False, "WebRtcIPHandling": "disable_non_proxied_udp"}
    managed = {"URLBlocklist": ["*", "b.x.localhost", ".y.localhost"], "URLAllowlist": ["x.localhost", "y.localhost"]}
    files = {CHROMIUM_FOLDER: managed, CHROMIUM_FOLDER.parent / "recommended": recommended}
    with served() as port, written({path / "readycheck.json": json.dumps(values) for path, values in files.items()}):
        urls = {host: f"http://{host}.localhost:{port}/" for host in ("x", "a.x", "b.x", "y", "a.y", "z")}
        browser = _read("chromium")
        with chromium.opened(tmp_path) as tab:
            for domain in ("Page", "Runtime"):
                tab.call(f"{domain}.enable")
            opened = {host: _asked(tab, url, "location.protocol") == "http:" for host, url in urls.items()}
            done = [_asked(tab, urls["x"], f"{STATE}('microphone')"), tab.evaluate(UDP_CANDIDATES)]

    assert done == ["denied", 0]
    assert [_says(browser, metric, urls["x"]) for metric in ("microphone_allowed", "udp_allowed")] == [None, None]
    assert {host: _says(browser, "hid_allowed", url) for host, url in urls.items()} == opened
    assert set(opened.values()) == {True, False}
