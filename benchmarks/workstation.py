"""The workstation's probes side by side on this machine, and on one that never answers: `make bench`."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from statistics import median
from typing import Any

from results import record, table

from readycheck.engine.clock import SystemClock
from readycheck.engine.plan import make_plan
from readycheck.engine.registry import probes
from readycheck.engine.runner import Collection
from readycheck.host.loop import new_event_loop
from readycheck.host.machine import Machine
from readycheck.host.this import this_machine
from readycheck.profile.schema import Profile

NAMES = [name for name in ("workstation", "browser", "session", "headset", "network") if name in probes()]
PROFILE = Profile.model_validate({"schema": "readycheck.profile/1", "id": "bench"})
TOLD = "`benchmarks/workstation.py`, 2 shared cores, Debian 12, Python 3.11, a profile without targets."
ROUNDS = 7
LIMIT_S = 2.0
BUSY_S = 0.5
"""How late two shared cores may be in telling that a deadline passed."""
_ASKED = {"content", "paths", "target", "processes", "output", "fact", "source_address"}


class Hanging:
    """This machine, but that nothing it is asked is ever answered; `let_go` ends the waiting."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.let_go = threading.Event()

    def __getattr__(self, name: str) -> Any:
        known = getattr(self._machine, name)
        return self._hang if name in _ASKED else known

    def _hang(self, *_arguments: Any, **_options: Any) -> Any:
        self.let_go.wait()
        raise OSError("never")


def collected(machine: Any) -> tuple[float, dict[str, float]]:
    """Seconds of the whole, and of each probe, as a run would gather them."""
    clock = SystemClock()
    collection = Collection(make_plan(probes(), only=NAMES), PROFILE, clock, machine=machine)
    started_s = clock.monotonic_s()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(collection.collect())
    took_s = clock.monotonic_s() - started_s
    return took_s, {name: (collection.observations[name].elapsed_ms or 0.0) / 1000 for name in NAMES}


def together() -> Iterator[list[str]]:
    """On this machine: the median of some rounds after one that loads what is loaded once."""
    first_s, _ = collected(this_machine())
    rounds = [collected(this_machine()) for _ in range(ROUNDS)]
    whole_s = median(took for took, _ in rounds)
    yield row("all together, the first time in a process", first_s, LIMIT_S)
    yield row(f"all together, median of {ROUNDS}", whole_s, LIMIT_S)
    for name in NAMES:
        yield row(f"{name}, median", median(each[name] for _, each in rounds), LIMIT_S)


def hanging() -> Iterator[list[str]]:
    """Each probe against its own deadline where every tool, file, list and device hangs at once."""
    machine = Hanging(this_machine())
    try:
        _, each = collected(machine)
    finally:
        machine.let_go.set()
    for name in NAMES:
        yield row(f"{name}, all that it asks hangs", each[name], probes()[name]().deadline_s(PROFILE) + BUSY_S)


def loaded() -> list[str]:
    """Modules that loading the command line must not cost."""
    code = "import sys; import readycheck.cli.app; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    heavy = sorted({"sounddevice", "psutil", "comtypes"} & set(modules))
    return ["of PortAudio, psutil and comtypes the CLI loads", ", ".join(heavy) or "none", "none", _holds(not heavy)]


def row(name: str, seconds: float, limit_s: float) -> list[str]:
    """One figure."""
    return [name, f"{seconds:.2f} s", f"at most {limit_s:g} s", _holds(seconds <= limit_s)]


def _holds(holds: bool) -> str:  # noqa: FBT001 - a figure's last word
    return "holds" if holds else "DOES NOT HOLD"


def main() -> None:
    """Print and record every figure; status 1 if one does not hold."""
    rows = [*together(), *hanging(), loaded()]
    lines = table(["workstation probes", "measured", "limit", ""], rows)
    print("\n".join(lines))
    record("The workstation's probes", [TOLD, "", *lines])
    sys.exit(any(cells[-1] != "holds" for cells in rows))


if __name__ == "__main__":
    main()
