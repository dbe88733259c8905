"""The child process in which PAC files run: started, asked, and killed when its time is up.

A process and not a thread: an engine that loops in native code heeds no time limit of its own. subprocess and not
asyncio's: the loop that readycheck needs on Windows has none.
"""

import json
import subprocess
import threading
import time
from types import TracebackType
from typing import Any, Self

from readycheck.host import own_program
from readycheck.model.failure import FailureCode, OperationFailed

COMMAND = "pac-engine"
START_TIMEOUT_S = 10.0
BUDGET_S = 1.5  # of all answers together; with starting and stopping a hostile file costs less than two seconds
_LONGEST_LINE = 32 * 1024 * 1024


class Engine:
    """One child process; not shared between tasks."""

    def __init__(self) -> None:
        self.begin()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the child and wait until it can answer. Raises OperationFailed: component_missing."""
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, nothing from outside in the command
                own_program.command("readycheck.net.pac.child", COMMAND),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=own_program.environment(),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            detail = f"the child process does not start: {error.strerror}"
            raise OperationFailed(FailureCode.COMPONENT_MISSING, "start PAC engine", detail) from None
        greeting = self._answer(None, START_TIMEOUT_S)
        if not greeting or not greeting.get("ready"):
            detail = (greeting or {}).get("error") or "the child process does not answer"
            raise OperationFailed(FailureCode.COMPONENT_MISSING, "start PAC engine", f"quickjs-ng: {detail}")

    def begin(self) -> None:
        """Give all answers together their time anew."""
        self.left_s = BUDGET_S

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """One question and its answer. Raises OperationFailed (pac_invalid) when the time of all of them is used up."""
        started = time.monotonic()
        answer = self._answer(request, self.left_s)
        self.left_s -= time.monotonic() - started
        if answer is None:
            self.close()
            why = f"does not answer within {BUDGET_S:g} s" if self.left_s <= 0 else "the engine fell over it"
            raise OperationFailed(FailureCode.PAC_INVALID, "run PAC", why)
        return answer

    def _answer(self, request: dict[str, Any] | None, timeout_s: float) -> dict[str, Any] | None:
        """What the child says; None if it was killed for taking too long, or has ended."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return None
        killer = threading.Timer(max(0.0, timeout_s), process.kill)
        killer.daemon = True
        killer.start()
        try:
            if request is not None:
                process.stdin.write(json.dumps(request).encode() + b"\n")
                process.stdin.flush()
            line = process.stdout.readline(_LONGEST_LINE)
        except OSError:
            return None
        finally:
            killer.cancel()
        return json.loads(line) if line.endswith(b"\n") else None

    def close(self) -> None:
        """End the child, whatever it is doing."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                _close(pipe)
        process.wait()


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except OSError:  # what was not written yet has no reader any more
        return
