"""Servers of the tests' own: started in a namespace, ready once they listen, gone afterwards."""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.live.namespaces import Host, SetUpFailed

if TYPE_CHECKING:
    import subprocess

READY_TIMEOUT_S = 10.0
REPOSITORY = Path(__file__).parents[2]


def literal(address: str) -> str:
    """An address as it stands before a port."""
    return f"[{address}]" if ":" in address else address


def wait_until_listening(
    machine: Host, process: "subprocess.Popen[str]", address: str, port: int, *, udp: bool = False
) -> None:
    """Return once a socket of the namespace listens there, without connecting to it; raises SetUpFailed."""
    ends_at = time.monotonic() + READY_TIMEOUT_S
    while not machine.run("ss", "-Hlun" if udp else "-Hltn", "src", f"{literal(address)}:{port}"):
        if process.poll() is not None or time.monotonic() > ends_at:
            raise SetUpFailed(f"nobody listens at {address} port {port}")
        time.sleep(0.02)


@contextmanager
def running_python(
    machine: Host,
    *arguments: str,
    address: str,
    port: int,
    udp: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Run Python in this namespace until the end of the block; it must not have printed a traceback."""
    process = machine.start(
        sys.executable, *arguments, environment={**os.environ, "PYTHONPATH": str(REPOSITORY), **(environment or {})}
    )
    printed = ""
    try:
        wait_until_listening(machine, process, address, port, udp=udp)
        yield
    finally:
        printed = machine.stop(process)
        if process.returncode > 0:
            sys.stderr.write(printed)
    assert "Traceback" not in printed, printed
