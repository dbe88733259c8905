"""Debian's firefox-esr, driven over WebDriver BiDi: what it makes of pages of ours."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.browser.chromium import LOCAL

ENDS_WITHIN_S, ANSWERS_WITHIN_S = 20.0, 30.0
_LISTENING = re.compile(r"ws://127\.0\.0\.1:(\d+)")


def firefox() -> str | None:
    """Where it is."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Window:
    """The one tab that is open."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self._call("session.new", capabilities={})
        self._context = self._call("browsingContext.getTree")["contexts"][0]["context"]

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = json.loads(self._connection.recv(timeout=ANSWERS_WITHIN_S))
            if message.get("id") == self._number:
                assert message["type"] == "success", message
                answered: dict[str, Any] = message["result"]
                return answered

    def evaluate(self, url: str, expression: str) -> Any:
        """Open a page; the value of an expression there, awaited, by way of JSON."""
        self._call("browsingContext.navigate", context=self._context, url=url, wait="complete")
        told = f"Promise.resolve({expression}).then(JSON.stringify)"
        answer = self._call("script.evaluate", expression=told, target={"context": self._context}, awaitPromise=True)
        return json.loads(answer["result"]["value"])


@contextmanager
def opened(folder: Path) -> Iterator[Window]:
    """A Firefox of its own with a new profile in this folder; ends with the block."""
    program = firefox()
    assert program is not None
    options = ("--headless", "--no-remote", "--profile", str(folder), "--remote-debugging-port", "0", "about:blank")
    with subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            port = next(found[1] for line in process.stderr if (found := _LISTENING.search(line)))
            with connect(f"ws://127.0.0.1:{port}/session", **LOCAL) as connection:
                yield Window(connection)
        finally:
            process.terminate()
            process.wait(ENDS_WITHIN_S)
