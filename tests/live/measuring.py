"""Running readycheck as its users do, from inside the client's namespace."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.live.coturn import CREDENTIAL, USERNAME
from tests.live.namespaces import Site

TIMEOUT_S = 90
REPOSITORY = Path(__file__).parents[2]

Profile = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What one run left: exit status, report, and what it told on the way."""

    status: int
    report: dict[str, Any]
    stderr: str

    def value(self, metric: str) -> Any:
        """A metric's value."""
        return self.report["metrics"][metric]["value"]

    def reason(self, metric: str) -> str | None:
        """A metric's reason."""
        reason: str | None = self.report["metrics"][metric]["reason"]
        return reason

    def answer(self, metric: str) -> tuple[Any, str | None]:
        """A metric's value and reason."""
        return self.value(metric), self.reason(metric)

    def evidence(self, probe: str) -> dict[str, Any]:
        """A probe's evidence."""
        evidence: dict[str, Any] = self.report["observations"][probe]["evidence"]
        return evidence

    def turn_server(self, url: str) -> dict[str, Any]:
        """What the turn probe saw of one URL."""
        return next(server for server in self.evidence("turn")["servers"] if server["url"] == url)

    def finding(self, requirement: str) -> dict[str, Any]:
        """What was judged of a requirement."""
        return next(finding for finding in self.report["findings"] if finding["requirement"] == requirement)


def ice(*urls: str, username: str = USERNAME, credential: str = CREDENTIAL) -> dict[str, Any]:
    """An ICE server with coturn's user, or another."""
    return {"urls": list(urls), "username": username, "credential": credential}


def profile(*servers: dict[str, Any], ca_file: Path | None = None, **parts: Any) -> Profile:
    """A profile of short measurements towards these ICE servers."""
    trust = {"trust": {"ca_file": str(ca_file)}} if ca_file else {}
    return {
        "schema": "readycheck.profile/1",
        "id": "live",
        "targets": {"ice_servers": list(servers)},
        "call": {"seconds": 2},
        "path": {"min_seconds": 2},
        **trust,
        **parts,
    }


def readycheck(
    site: Site,
    directory: Path,
    wanted: Profile | str,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    interrupt_when: Callable[[], bool] | None = None,
) -> Outcome:
    """`readycheck run` in the client's namespace; `wanted` is a profile, or its YAML text.

    Ctrl-C is pressed when `interrupt_when` says so.
    """
    file = directory / "profile.yaml"
    file.write_text(wanted if isinstance(wanted, str) else yaml.safe_dump(dict(wanted)), encoding="utf-8")
    process = site.client.start(
        *(sys.executable, "-W", "default::ResourceWarning", "-m", "readycheck"),
        *("run", str(file), "--json", "-o", str(directory / "reports"), *arguments),
        environment={**os.environ, "PYTHONPATH": str(REPOSITORY), **(env or {})},
    )
    try:
        if interrupt_when:
            _interrupt(process, interrupt_when)
        output, errors = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"still running after {TIMEOUT_S} s; {site.client.stop(process)}") from None
    site.client.running.remove(process)
    try:
        report = json.loads(output)
    except ValueError:
        raise AssertionError(f"no report, exit {process.returncode}: {errors}") from None
    for sign in ("ResourceWarning", "Traceback", "Task was destroyed", "never retrieved"):
        assert sign not in errors, errors
    return Outcome(process.returncode, report, errors)


def _interrupt(process: "subprocess.Popen[str]", when: Callable[[], bool]) -> None:
    while process.poll() is None and not when():
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
