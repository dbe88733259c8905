"""What may be asked of a machine, and nothing else: so that one that was captured can answer in its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Any, Literal, Protocol

from readycheck.host.registry import Registry
from readycheck.model.failure import FailureCode

Platform = Literal["windows", "macos", "linux"]

Fact = Literal[
    # Windows' session: number, who signed in to it, WTSClientProtocolType, wfapi's WFGetActiveProtocol,
    # SM_REMOTESESSION; the SID of this process' user
    "session_id",
    "session_user",
    "wts_client_protocol",
    "citrix_active_protocol",
    "remote_session",
    "user_sid",
    # POSIX' effective user
    "user_id",
    # the machine
    "cpu_cores",
    "cpu_load_ratio",
    "memory_total_byte",
    "memory_free_byte",
    "on_battery",
    "slept_s",
    # lists of objects: network interfaces, and what PortAudio lists in a child process that can be killed
    "interfaces",
    "audio_devices",
    # plays a sound and records, which takes seconds: asked for `--listen` alone
    "listening",
]
"""Single answers of the system's own API; each implementation says what it answers, the rest is `component_missing`."""

LARGEST_BYTE = 1024 * 1024
COMMAND_TIMEOUT_S = 3.0


@dataclass(frozen=True)
class Output:
    """What a tool printed. `failure` says why it could not be asked: not there, not allowed, not done in time."""

    text: str = ""
    status: int | None = None
    failure: FailureCode | None = None


@dataclass(frozen=True)
class Told:
    """One answer of the system, a JSON value; None with the reason why there is none."""

    value: Any = None
    failure: FailureCode | None = None


class Machine(Protocol):
    """A machine as its signed-in user sees it. Calls may block, for seconds at most, and raise nothing else."""

    @property
    def platform(self) -> Platform:
        """Whose places and tools are to be asked."""

    @property
    def is_here(self) -> bool:
        """Whether this program runs on it now: only then its network and its clock can be asked."""

    @property
    def registry(self) -> Registry:
        """Windows' registry; elsewhere an empty one."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Environment variables; on Windows in any case."""

    def content(self, path: str, largest_byte: int = LARGEST_BYTE) -> bytes | None:
        """The beginning of a file; None where there is none that can be read."""

    def paths(self, pattern: str) -> list[str]:
        """Files and folders whose absolute path matches, sorted; `*`, `?`, `[]` within one folder."""

    def target(self, path: str) -> str | None:
        """Where a symbolic link leads, resolved; None if it is none."""

    def processes(self) -> frozenset[str] | None:
        """Names of running processes in lower case without `.exe`; None if they can't be told."""

    def output(self, *command: str, timeout_s: float = COMMAND_TIMEOUT_S) -> Output:
        """What a tool of the system prints; ended with all that it started when its time is over."""

    def fact(self, name: Fact) -> Told:
        """One answer of the system's API."""

    def look_up(self, host: str) -> list[str]:
        """The addresses of a name by the system's resolver; unlike the rest it raises OSError where there are none."""

    def source_address(self, destination: str) -> Told:
        """The address of this machine from which a packet to this literal address would leave; nothing is sent.

        None without a failure: there is no route. Only a captured machine fails: it may never have been asked.
        """


def home(machine: Machine) -> PurePath:
    """The user's folder; the root for one who has none."""
    if machine.platform == "windows":
        return PureWindowsPath(machine.environment.get("USERPROFILE") or "C:\\")
    return PurePosixPath(machine.environment.get("HOME") or "/")


def printed(machine: Machine, *command: str) -> str:
    """What a tool printed; "" if it is not there, fails, or takes too long."""
    output = machine.output(*command)
    return output.text if output.status == 0 else ""


def text_of(machine: Machine, path: str | PurePath, largest_byte: int = LARGEST_BYTE) -> str:
    """A file as text, whatever its octets; "" where there is none that can be read."""
    content = machine.content(str(path), largest_byte)
    return "" if content is None else content.decode("utf-8-sig", "replace")
