"""Debian's chromium, driven over its DevTools protocol: opens a page of ours and tells what the browser made of it."""

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

STARTS_WITHIN_S, ANSWERS_WITHIN_S = 20.0, 30.0
QUIET = ("--headless=new", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-background-networking")
LOCAL: dict[str, Any] = {"max_size": None, "proxy": None, "ping_interval": None}
"""No pings: their thread would draw from the random module at times of its own, and make other tests flaky."""


def chromium() -> str | None:
    """Where it is."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Tab:
    """One tab: calls with their answers, and every event since it was opened."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call the browser; raises AssertionError if it refuses."""
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = self._next()
            if message.get("id") == self._number:
                assert "error" not in message, message
                answered: dict[str, Any] = message["result"]
                return answered
            self.events.append(message)

    def _next(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._connection.recv(timeout=ANSWERS_WITHIN_S))
        return message

    def open(self, page: Path) -> None:
        """Open a file and wait until it has loaded."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.events.clear()
        self.call("Page.navigate", url=page.as_uri())
        while not self.seen("Page.loadEventFired"):
            self.events.append(self._next())

    def seen(self, method: str) -> list[dict[str, Any]]:
        """Events of this name."""
        return [event["params"] for event in self.events if event.get("method") == method]

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, awaited; raises AssertionError if it throws."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def resize(self, width: int, height: int = 900) -> None:
        """Look at the page on a screen this wide."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def prefer(self, scheme: str) -> None:
        """Light or dark."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def pictured(self, most_height: int) -> bytes:
        """The page as PNG from its top, so high at most."""
        self.call("Emulation.setScrollbarsHidden", hidden=True)
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], most_height), "scale": 1}
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(shot["data"])

    def printed(self) -> bytes:
        """The page as PDF."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])


@contextmanager
def opened(folder: Path) -> Iterator[Tab]:
    """A browser of its own in this folder, with one tab; ends with the block."""
    program = chromium()
    assert program is not None
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    command = [program, *QUIET, *sandbox, f"--user-data-dir={folder}", "--remote-debugging-port=0", "about:blank"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            port, path = _announced(folder / "DevToolsActivePort", process)
            with connect(f"ws://127.0.0.1:{port}{path}", **LOCAL) as browser:
                targets = Tab(browser).call("Target.getTargets")["targetInfos"]
                target = next(one["targetId"] for one in targets if one["type"] == "page")
            with connect(f"ws://127.0.0.1:{port}/devtools/page/{target}", **LOCAL) as page:
                yield Tab(page)
        finally:
            process.terminate()
            process.wait(STARTS_WITHIN_S)


def _announced(file: Path, process: "subprocess.Popen[bytes]") -> tuple[str, str]:
    """Port and path that the browser writes once it listens."""
    ends_at = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < ends_at and process.poll() is None:
        if file.exists() and len(lines := file.read_text(encoding="ascii").splitlines()) == 2:
            return lines[0], lines[1]
        time.sleep(0.05)
    raise AssertionError("chromium did not start")
