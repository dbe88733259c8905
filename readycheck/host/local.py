"""What every real machine answers in the same way: files, environment, tools, processes, load, addresses."""

import glob
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from readycheck.host import command
from readycheck.host.audio import portaudio
from readycheck.host.machine import COMMAND_TIMEOUT_S, LARGEST_BYTE, Fact, Output, Platform, Told
from readycheck.host.registry import ExportedRegistry, Registry
from readycheck.model.failure import FailureCode

LOAD_SAMPLE_S = 0.2


class LocalMachine:
    """This machine. What one system alone can answer is added by a subclass, in `facts`."""

    platform: Platform = "linux"
    is_here = True
    registry: Registry = ExportedRegistry("")

    @property
    def environment(self) -> Mapping[str, str]:
        """See Machine."""
        return os.environ

    def content(self, path: str, largest_byte: int = LARGEST_BYTE) -> bytes | None:
        """See Machine."""
        try:
            if not Path(path).is_file():  # a FIFO or a device would be waited for
                return None
            with Path(path).open("rb") as file:
                return file.read(largest_byte)
        except (OSError, ValueError):  # a NUL in the path
            return None

    def paths(self, pattern: str) -> list[str]:
        """See Machine."""
        return sorted(glob.glob(pattern))  # noqa: PTH207 - patterns are absolute

    def target(self, path: str) -> str | None:
        """See Machine."""
        try:
            return str(Path(path).resolve(strict=True)) if Path(path).is_symlink() else None
        except (OSError, RuntimeError, ValueError):
            return None

    def processes(self) -> frozenset[str] | None:
        """See Machine."""
        import psutil  # noqa: PLC0415 - 20 ms that only a run needs

        try:
            names = [process.info["name"] for process in psutil.process_iter(["name"])]
        except (psutil.Error, OSError):
            return None
        return frozenset(name.lower().removesuffix(".exe") for name in names if name)

    def output(self, *arguments: str, timeout_s: float = COMMAND_TIMEOUT_S) -> Output:
        """See Machine."""
        return command.run(arguments, timeout_s)

    def fact(self, name: Fact) -> Told:
        """See Machine."""
        ask = self.facts().get(name)
        if ask is None:
            return Told(failure=FailureCode.UNSUPPORTED_PLATFORM)
        try:
            found = ask()
        except (PermissionError, _psutil().AccessDenied):
            return Told(failure=FailureCode.PERMISSION_DENIED)
        except (OSError, ValueError, RuntimeError, _psutil().Error):  # NotImplementedError is a RuntimeError
            return Told(failure=FailureCode.COMPONENT_MISSING)
        return found if isinstance(found, Told) else Told(found)

    def facts(self) -> dict[Fact, Callable[[], Any]]:
        """What can be asked of this system. An answer is a JSON value, or Told; OSError if it cannot be had."""
        return {
            "user_id": getattr(os, "geteuid", _nobody),
            "cpu_cores": os.cpu_count,
            "cpu_load_ratio": _cpu_load_ratio,
            "memory_total_byte": lambda: _psutil().virtual_memory().total,
            "memory_free_byte": lambda: _psutil().virtual_memory().available,
            "on_battery": _on_battery,
            "slept_s": _slept_s,
            "interfaces": _interfaces,
            "audio_devices": portaudio.devices,
            "listening": portaudio.listening,
        }

    def look_up(self, host: str) -> list[str]:
        """See Machine."""
        return look_up(host)

    def source_address(self, destination: str) -> Told:
        """See Machine."""
        family = socket.AF_INET6 if ":" in destination else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((destination, 9))  # a datagram socket's connect looks up the route and sends nothing
                return Told(str(probe.getsockname()[0]))
        except (OSError, ValueError):
            return Told()


def look_up(host: str) -> list[str]:
    """The addresses of a name in the system's order of preference, each once; raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _psutil() -> Any:
    import psutil  # noqa: PLC0415 - see processes

    return psutil


def _nobody() -> Told:
    return Told(failure=FailureCode.UNSUPPORTED_PLATFORM)


def _cpu_load_ratio() -> float:
    """Share of all cores' time that was used while this looked."""
    return min(1.0, float(_psutil().cpu_percent(interval=LOAD_SAMPLE_S)) / 100)


def _on_battery() -> bool | None:
    """None where there is no battery to tell of: a desktop, or a machine that does not say."""
    battery = _psutil().sensors_battery() if hasattr(_psutil(), "sensors_battery") else None
    return None if battery is None or battery.power_plugged is None else not battery.power_plugged


def _slept_s() -> Any:
    """How long the machine slept since it started: a clock that runs on less one that stands still."""
    if sys.platform != "linux":
        return Told(failure=FailureCode.UNSUPPORTED_PLATFORM)
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)


def _interfaces() -> list[dict[str, Any]]:
    """Name, state, speed in Mbit/s (None if the driver does not tell), MTU and addresses of each interface."""
    psutil = _psutil()
    addresses = psutil.net_if_addrs()
    families = (socket.AF_INET, socket.AF_INET6)
    return [
        {
            "name": name,
            "is_up": state.isup,
            "speed_mbps": state.speed or None,
            "mtu": state.mtu or None,
            "addresses": [one.address for one in addresses.get(name, []) if one.family in families],
        }
        for name, state in psutil.net_if_stats().items()
    ]
