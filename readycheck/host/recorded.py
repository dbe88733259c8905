"""A machine that was captured into a folder, answering from there: the same probes run on it anywhere.

The folder holds `machine.json` (`readycheck.machine/1`) and, from Windows, its registry as `*.reg`. What was never
asked of the real machine is not there; a tool or fact that was not is `component_missing`.
"""

import base64
import binascii
import fnmatch
import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from readycheck.host.machine import COMMAND_TIMEOUT_S, LARGEST_BYTE, Fact, Output, Platform, Told
from readycheck.host.registry import ExportedRegistry, Registry
from readycheck.model.failure import FailureCode
from readycheck.profile.regular import opened

SCHEMA = "readycheck.machine/1"
MACHINE, REGISTRY = "machine.json", "registry.reg"
_PLATFORMS: tuple[Platform, ...] = ("windows", "macos", "linux")
_LARGEST_BYTE = 32 * 1024 * 1024


class UnreadableMachine(Exception):
    """The folder holds no machine that this version can read; says what and where."""


class RecordedMachine:
    """See Machine. Windows' paths, tools and variables are found in any case."""

    is_here = False

    def __init__(self, document: Mapping[str, Any], registry: str = "") -> None:
        self.platform: Platform = _platform(document)
        self.registry: Registry = ExportedRegistry(registry)
        self.provenance = str(document.get("provenance", "seen"))
        """`documented`: built from public descriptions, layout unverified; `seen`: captured from a machine."""
        variables = {name: str(value) for name, value in _mapping(document, "environment").items()}
        self.environment: Mapping[str, str] = _AnyCase(variables) if self.platform == "windows" else variables
        self._files = {self._key(path): _octets(content) for path, content in _mapping(document, "files").items()}
        self._names = {self._key(path): path for path in _mapping(document, "files")}
        self._folders = {self._key(path): path for path in map(str, _list(document, "folders"))}
        self._links = {self._key(path): str(target) for path, target in _mapping(document, "links").items()}
        self._outputs = {self._key(line): answer for line, answer in _mapping(document, "commands").items()}
        self._facts = _mapping(document, "facts")
        self._routes = _mapping(document, "source_addresses")
        self._addresses = _mapping(document, "names")
        self._processes: list[str] | None = document.get("processes")

    def _key(self, text: str) -> str:
        return text.replace("/", "\\").lower() if self.platform == "windows" else text

    def content(self, path: str, largest_byte: int = LARGEST_BYTE) -> bytes | None:
        """See Machine."""
        content = self._files.get(self._key(path))
        return None if content is None else content[:largest_byte]

    def paths(self, pattern: str) -> list[str]:
        """See Machine."""
        separator = "\\" if self.platform == "windows" else "/"
        wanted = self._key(pattern).split(separator)
        found = set()
        for path in [*self._names.values(), *self._folders.values(), *self._links]:
            parts = path.replace("/", separator).split(separator)[: len(wanted)]
            if len(parts) == len(wanted) and all(map(_matches, wanted, map(self._key, parts))):
                found.add(separator.join(parts))
        return sorted(found)

    def target(self, path: str) -> str | None:
        """See Machine."""
        return self._links.get(self._key(path))

    def processes(self) -> frozenset[str] | None:
        """See Machine."""
        if not isinstance(self._processes, list):
            return None
        return frozenset(str(name).lower().removesuffix(".exe") for name in self._processes)

    def output(self, *command: str, timeout_s: float = COMMAND_TIMEOUT_S) -> Output:  # noqa: ARG002 - known at once
        """See Machine."""
        answer = self._outputs.get(self._key(" ".join(command)))
        if isinstance(answer, str):
            return Output(answer, 0)
        if not isinstance(answer, dict):
            return Output(failure=FailureCode.COMPONENT_MISSING)
        status = answer.get("status")
        return Output(
            str(answer.get("text", "")), status if isinstance(status, int) else None, _code(answer.get("failure"))
        )

    def fact(self, name: Fact) -> Told:
        """See Machine."""
        if name not in self._facts:
            return Told(failure=FailureCode.COMPONENT_MISSING)
        value = self._facts[name]
        if isinstance(value, dict) and set(value) == {"failure"}:
            return Told(failure=_code(value["failure"]) or FailureCode.COMPONENT_MISSING)
        return Told(value)

    def look_up(self, host: str) -> list[str]:
        """See Machine; a name that was not looked up there is not looked up here."""
        found = self._addresses.get(host)
        if found == {"failure": FailureCode.DNS_TIMEOUT}:
            raise socket.gaierror(socket.EAI_AGAIN, f"the captured machine had no answer about {host}")
        if not isinstance(found, list):
            raise socket.gaierror(socket.EAI_NONAME, f"the captured machine knows no address of {host}")
        return [str(address) for address in found]

    def source_address(self, destination: str) -> Told:
        """See Machine; `*` stands for every other destination where somebody wrote so, and none was really asked."""
        asked = destination if destination in self._routes or self.provenance != "documented" else "*"
        if asked not in self._routes:
            return Told(failure=FailureCode.NOT_PROVEN)
        found = self._routes[asked]
        return Told(None if found is None else str(found))


def _matches(pattern: str, name: str) -> bool:
    """As the module glob matches: `*` is no name that begins with a dot."""
    return fnmatch.fnmatchcase(name, pattern) and (pattern.startswith(".") or not name.startswith("."))


class _AnyCase(Mapping[str, str]):
    """Windows' environment variables."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._values = {name.upper(): value for name, value in variables.items()}

    def __getitem__(self, name: str) -> str:
        return self._values[name.upper()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def load(folder: Path) -> RecordedMachine:
    """Read a captured machine; raises UnreadableMachine."""
    try:
        document = json.loads(_file(folder / MACHINE).decode("utf-8-sig"))
        exported = [_registry_text(_file(path)) for path in sorted(folder.glob("*.reg"))]
    except (OSError, ValueError, RecursionError) as error:
        raise UnreadableMachine(f"{folder / MACHINE}: {error}") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise UnreadableMachine(f"{folder / MACHINE}: is no {SCHEMA}")
    try:
        return RecordedMachine(document, "\n".join(exported))
    except (TypeError, ValueError) as error:
        raise UnreadableMachine(f"{folder / MACHINE}: {error}") from None


def _file(path: Path) -> bytes:
    with opened(path) as file:
        return file.read(_LARGEST_BYTE)


def _registry_text(octets: bytes) -> str:
    """As regedit writes it (UTF-16) or as people edit it (UTF-8)."""
    encoding = "utf-16" if octets.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    return octets.decode(encoding, "replace")


def _platform(document: Mapping[str, Any]) -> Platform:
    for platform in _PLATFORMS:
        if document.get("platform") == platform:
            return platform
    raise ValueError(f"platform is none of {', '.join(_PLATFORMS)}")


def _mapping(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name, {})
    if not isinstance(found, dict):
        raise TypeError(f"{name} is no object")
    return found


def _list(document: Mapping[str, Any], name: str) -> list[Any]:
    found = document.get(name, [])
    if not isinstance(found, list):
        raise TypeError(f"{name} is no list")
    return found


def _octets(content: object) -> bytes:
    """Text as it stands, or what is no text as {"base64": …}."""
    if isinstance(content, dict):
        try:
            return base64.b64decode(str(content.get("base64", "")), validate=True)
        except binascii.Error as error:
            raise ValueError(f"base64: {error}") from None
    return str(content).encode("utf-8", "surrogatepass")


def _code(text: object) -> FailureCode | None:
    try:
        return FailureCode(str(text)) if text is not None else None
    except ValueError:
        return FailureCode.COMPONENT_MISSING
