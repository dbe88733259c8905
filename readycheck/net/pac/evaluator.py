"""A PAC file run for many URLs as browsers run it, within two seconds whatever it does.

The engine cannot call back. A name that the script asks for and that is not known yet ends the run; the names are
looked up here and the script starts afresh. Nothing of a run that had to stop for a name counts: the script may have
caught the stop, or kept what it saw.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.net.pac.engine import Engine
from readycheck.net.pac.own_address import own_addresses
from readycheck.net.pac.url import Target
from readycheck.net.resolve import resolve

LARGEST_PAC_BYTE = 1024 * 1024
MOST_NAMES = 50
NAMES_TIMEOUT_S = 6.0
NAME_TIMEOUT_S = 2.0
_BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_PAGE = re.compile(r"\s*<(!doctype|html|head|body|\?xml|!--)", re.IGNORECASE)

Resolver = Callable[[str], Awaitable[list[str]]]


async def _system_resolver(host: str) -> list[str]:
    return await resolve(host, timeout_s=NAME_TIMEOUT_S)


@dataclass(frozen=True)
class Facts:
    """What a script may learn about the world: the moment, this machine's addresses, names (else `resolver` is asked).

    None stands for the machine's own clock and addresses.
    """

    now: datetime | None = None
    own_addresses: tuple[str, ...] | None = None
    addresses: Mapping[str, Sequence[str]] = field(default_factory=dict)
    resolver: Resolver = _system_resolver


def decode(content: bytes, charset: str | None = None) -> str:
    """The text of a PAC file: by its mark, its header, as UTF-8, else as Latin-1, as browsers do.

    Raises OperationFailed (pac_invalid) for what no browser would run.
    """
    if len(content) > LARGEST_PAC_BYTE:
        raise _invalid("over 1 MiB, browsers refuse it")
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items() if content.startswith(mark)), None)
    try:
        text = content.decode(encoding or charset or "utf-8")
    except (UnicodeDecodeError, LookupError):
        if encoding:
            raise _invalid(f"no {encoding.removesuffix('-sig')} text, though it begins so") from None
        text = content.decode("latin-1")
    if "\0" in text:
        raise _invalid("no text")
    if _PAGE.match(text):
        raise _invalid("a web page, not a PAC file")
    if not text.strip():
        raise _invalid("empty")
    return text


def _invalid(detail: str) -> OperationFailed:
    return OperationFailed(FailureCode.PAC_INVALID, "run PAC", detail)


class Pac:
    """A PAC file ready to answer: `async with Pac(text, facts) as pac: await pac.answers(targets)`.

    Entering raises OperationFailed: component_missing where there is no engine.
    """

    def __init__(self, text: str, facts: Facts | None = None) -> None:
        self._text = text
        self._facts = facts or Facts()
        self._names = {host.lower().rstrip("."): list(found) for host, found in self._facts.addresses.items()}
        self._known: dict[str, list[str]] = dict(self._names)
        self._engine = Engine()
        self._fresh = True
        self._looked_up = 0
        self._names_left_s = NAMES_TIMEOUT_S
        self._world: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        now = self._facts.now or datetime.now().astimezone()
        own = self._facts.own_addresses
        self._world = {
            "now_ms": round(now.timestamp() * 1000),
            "own_addresses": await own_addresses() if own is None else own,
        }
        try:
            await asyncio.to_thread(self._engine.start)
        except BaseException:
            self._engine.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.close()

    async def answers(self, targets: Sequence[Target]) -> list[str | Failure]:
        """For each target what the script answers, or why it does not.

        Raises OperationFailed (pac_invalid) where the script does not load, or uses up the time of all targets.
        """
        self._engine.begin()
        calls = [(target.pac_url, target.host) for target in targets]
        while True:
            request: dict[str, Any] = {"calls": calls}
            if self._fresh:
                request |= {"script": self._text, "facts": {**self._world, "addresses": self._known}}
            answer = await self._ask(request)
            if not answer["needed"]:
                break
            await self._look_up(list(dict.fromkeys(answer["needed"])))
        self._fresh = False
        if answer["error"]:
            raise _invalid(answer["error"])
        return [_outcome(called) for called in answer["called"]]

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return await asyncio.to_thread(self._engine.ask, request)
        except asyncio.CancelledError:
            self._engine.close()  # frees the thread that waits for it
            raise

    async def _look_up(self, names: list[str]) -> None:
        """Ask for all names at once; a name without an answer has no addresses, as a browser would see it."""
        self._fresh = True
        self._looked_up += len(names)
        if self._looked_up > MOST_NAMES:
            raise _invalid(f"asks for more than {MOST_NAMES} names")
        started = asyncio.get_running_loop().time()
        found = await asyncio.gather(*(self._addresses(name) for name in names))
        self._names_left_s -= asyncio.get_running_loop().time() - started
        self._known.update(zip(names, found, strict=True))

    async def _addresses(self, name: str) -> list[str]:
        if name.rstrip(".") in self._names:
            return self._names[name.rstrip(".")]
        try:
            async with asyncio.timeout(max(0.0, self._names_left_s)):
                return list(await self._facts.resolver(name))
        except (TimeoutError, OperationFailed):
            return []


def _outcome(called: dict[str, str]) -> str | Failure:
    text = called.get("answer")
    if text is None:
        return Failure(FailureCode.PAC_INVALID, "run PAC", called["error"])
    if not text.isascii():
        return Failure(FailureCode.PAC_INVALID, "run PAC", "answers with letters that Chromium refuses")
    return text
