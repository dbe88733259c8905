"""A machine that keeps what it was asked and what it answered: the making of a RecordedMachine."""

import base64
import socket
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from readycheck.host.machine import COMMAND_TIMEOUT_S, LARGEST_BYTE, Fact, Machine, Output, Platform, Told
from readycheck.host.recorded import SCHEMA
from readycheck.host.registry import Registry, Value
from readycheck.model.failure import FailureCode

LEFT_OUT = "readycheck left out"
"""Stands for the values of a key that nobody asked for, as their number: such a key is not empty."""

T = TypeVar("T")


class _Noting(Mapping[str, T]):
    """What is there by its name; notes what was asked for. Whoever goes through all of it asks for all of it."""

    def __init__(self, held: Mapping[str, T], asked: dict[str, T]) -> None:
        self._held = held
        self.asked = asked

    def __getitem__(self, name: str) -> T:
        value = self._held[name]
        self.asked[name] = value
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)


class RecordedRegistry:
    """See Registry; keeps of every key that was asked the values that were asked for."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._spelt: dict[str, str] = {}
        self._held: dict[str, Mapping[str, Value]] = {}
        self._asked: dict[str, dict[str, Value]] = {}

    def values(self, key: str) -> Mapping[str, Value]:
        """See Registry."""
        found = self._registry.values(key)
        if not found:
            return found
        asked = self._noted(key)
        self._held[key.lower()] = found
        return _Noting(found, asked)

    def subkeys(self, key: str, pattern: str = "*") -> list[str]:
        """See Registry."""
        found = self._registry.subkeys(key, pattern)
        for name in found:
            self._noted(rf"{key}\{name}")
        return found

    @property
    def keys(self) -> dict[str, dict[str, Value]]:
        """Every key that was asked and was there, with what was asked of it so far."""
        return {self._spelt[key]: self._told(key, dict(asked)) for key, asked in dict(self._asked).items()}

    def _noted(self, key: str) -> dict[str, Value]:
        self._spelt.setdefault(key.lower(), key)
        return self._asked.setdefault(key.lower(), {})

    def _told(self, key: str, asked: dict[str, Value]) -> dict[str, Value]:
        left_out = len(self._held.get(key, asked).keys() - asked.keys())
        return asked | {LEFT_OUT: left_out} if left_out else asked


class Recorder:
    """See Machine. Several threads may ask at once. What is not the machine's own is not asked: see `is_here`."""

    is_here = False

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.platform: Platform = machine.platform
        self.registry = RecordedRegistry(machine.registry)
        self.environment = _Noting(machine.environment, {})
        self._files: dict[str, bytes] = {}
        self._paths: set[str] = set()
        self._links: dict[str, str] = {}
        self._outputs: dict[str, Output] = {}
        self._facts: dict[str, Told] = {}
        self._routes: dict[str, Told] = {}
        self._addresses: dict[str, list[str] | dict[str, FailureCode]] = {}
        self._processes: frozenset[str] | None = None

    def content(self, path: str, largest_byte: int = LARGEST_BYTE) -> bytes | None:
        """See Machine."""
        found = self._machine.content(path, largest_byte)
        if found is not None and len(found) >= len(self._files.get(path, b"")):
            self._files[path] = found
        return found

    def paths(self, pattern: str) -> list[str]:
        """See Machine."""
        found = self._machine.paths(pattern)
        self._paths.update(found)
        return found

    def target(self, path: str) -> str | None:
        """See Machine."""
        found = self._machine.target(path)
        if found is not None:
            self._links[path] = found
        return found

    def processes(self) -> frozenset[str] | None:
        """See Machine."""
        self._processes = self._machine.processes()
        return self._processes

    def output(self, *command: str, timeout_s: float = COMMAND_TIMEOUT_S) -> Output:
        """See Machine."""
        found = self._outputs[" ".join(command)] = self._machine.output(*command, timeout_s=timeout_s)
        return found

    def fact(self, name: Fact) -> Told:
        """See Machine."""
        found = self._facts[name] = self._machine.fact(name)
        return found

    def look_up(self, host: str) -> list[str]:
        """See Machine."""
        self._addresses[host] = {"failure": FailureCode.DNS_TIMEOUT}  # stays so where no answer ever comes
        try:
            found = self._addresses[host] = self._machine.look_up(host)
        except OSError as error:
            if error.errno != socket.EAI_AGAIN:
                self._addresses[host] = {"failure": FailureCode.DNS_NOT_FOUND}
            raise
        return found

    def source_address(self, destination: str) -> Told:
        """See Machine; that there is no route is an answer as well."""
        found = self._routes[destination] = self._machine.source_address(destination)
        return found

    def document(self) -> dict[str, Any]:
        """What was asked and answered so far, as `machine.json` has it; the registry stands in `registry.keys`."""
        files = dict(self._files)
        return {
            "schema": SCHEMA,
            "platform": self.platform,
            "provenance": "seen",
            "note": "",
            "environment": dict(self.environment.asked),
            "files": {path: _as_json(content) for path, content in files.items()},
            "folders": sorted(set(self._paths) - set(files)),
            "links": dict(self._links),
            "commands": {line: _answer(output) for line, output in dict(self._outputs).items()},
            "facts": {name: _told(answer) for name, answer in dict(self._facts).items()},
            "processes": None if self._processes is None else sorted(self._processes),
            "names": dict(self._addresses),
            "source_addresses": {
                target: told.value for target, told in dict(self._routes).items() if told.failure is None
            },
        }


def _as_json(content: bytes) -> str | dict[str, str]:
    """Text as it stands; what is none, or would not come back as it was, as {"base64": …}."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def _answer(output: Output) -> str | dict[str, Any]:
    if output.status == 0 and output.failure is None:
        return output.text
    return {"text": output.text, "status": output.status, "failure": output.failure}


def _told(answer: Told) -> Any:
    return answer.value if answer.failure is None else {"failure": answer.failure}
