"""Machines that answer nonsense: what a reader meets on broken, foreign and hostile workstations."""

import base64
import random
import re
from collections.abc import Callable
from typing import Any

from readycheck.host.recorded import RecordedMachine
from tests.machines import FOLDER, document_of

HOSTILE = "<script>alert(1)</script>\u202egnp.exe\x1b[31m\x00\x07\ud800'\"&,;=@\t" + "A" * 10_000
NONSENSE: tuple[Any, ...] = (None, -1, True, 1e308, 2**70, HOSTILE, "", [], [None], {}, [{}], {"a": [HOSTILE]}, [[[]]])
REFUSALS = ("component_missing", "permission_denied", "deadline_exceeded")

Change = Callable[[dict[str, Any], str, random.Random], tuple[dict[str, Any], str]]


def nothing(document: dict[str, Any], _registry: str, _chance: random.Random) -> tuple[dict[str, Any], str]:
    """It answers nothing at all."""
    return {"platform": document["platform"]}, ""


def tools_missing(document: dict[str, Any], registry: str, _chance: random.Random) -> tuple[dict[str, Any], str]:
    """None of its tools is there."""
    return document | {"commands": {}}, registry


def tools_refuse(document: dict[str, Any], registry: str, chance: random.Random) -> tuple[dict[str, Any], str]:
    """Each tool hangs, is forbidden, or fails with half an answer."""
    commands = {
        line: chance.choice(
            [{"failure": refusal} for refusal in REFUSALS] + [{"text": _text(said)[:40], "status": 1, "failure": None}]
        )
        for line, said in document["commands"].items()
    }
    return document | {"commands": commands}, registry


def tools_babble(document: dict[str, Any], registry: str, chance: random.Random) -> tuple[dict[str, Any], str]:
    """Each tool prints something else than ever: hostile text, cut text, another language, deep nesting."""
    commands = {line: chance.choice(_babble(_text(said))) for line, said in document["commands"].items()}
    return document | {"commands": commands}, registry


def files_broken(document: dict[str, Any], registry: str, chance: random.Random) -> tuple[dict[str, Any], str]:
    """Each file is cut, hostile, of another encoding, or empty."""
    octets = [b"", b"\xff\xfe\x00", b"bplist00\xff", b"{" * 5000]
    files = {
        path: chance.choice([*_babble(_text(content)), *({"base64": base64.b64encode(one).decode()} for one in octets)])
        for path, content in document["files"].items()
    }
    return document | {"files": files}, registry


def facts_wrong(document: dict[str, Any], registry: str, chance: random.Random) -> tuple[dict[str, Any], str]:
    """Each fact is of a type that it never has, or refused."""
    wrong = [*NONSENSE, *({"failure": refusal} for refusal in REFUSALS)]
    return document | {"facts": {name: chance.choice(wrong) for name in document["facts"]}}, registry


def facts_half_wrong(document: dict[str, Any], registry: str, chance: random.Random) -> tuple[dict[str, Any], str]:
    """The lists of interfaces and devices are there, and what stands in them is nonsense here and there."""
    return document | {"facts": {name: _spoilt(value, chance) for name, value in document["facts"].items()}}, registry


def registry_of_wrong_types(
    document: dict[str, Any], registry: str, chance: random.Random
) -> tuple[dict[str, Any], str]:
    """Each value is of another type: a number for a text, octets for a number, a list for either."""
    others = ("dword:00000007", "hex:ff,fe,00", "hex(7):61,00,00,00,62,00,00,00,00,00", "hex(b):01,00", '""', '"[{"')
    return document, re.sub(
        r'(?m)^((?:@|"(?:[^"\\]|\\.)*")=).*$', lambda match: match[1] + chance.choice(others), registry
    )


def registry_hostile(document: dict[str, Any], registry: str, _chance: random.Random) -> tuple[dict[str, Any], str]:
    """Each text is hostile, and ten thousand characters long."""
    octets = f"{HOSTILE}\0".encode("utf-16-le", "surrogatepass").hex(",")
    return document, re.sub(
        r'(?m)^((?:@|"(?:[^"\\]|\\.)*")=)".*"\r?$', lambda match: f"{match[1]}hex(1):{octets}", registry
    )


def environment_hostile(document: dict[str, Any], registry: str, chance: random.Random) -> tuple[dict[str, Any], str]:
    """Each variable is empty, hostile, or no path; processes and routes are nonsense."""
    variables = {name: chance.choice(["", HOSTILE, "\\\\", "/", "*[!"]) for name in document["environment"]}
    routes = dict.fromkeys(document["source_addresses"], HOSTILE)
    return document | {"environment": variables, "processes": [HOSTILE, 7, None], "source_addresses": routes}, registry


CHANGES: tuple[Change, ...] = (
    nothing,
    tools_missing,
    tools_refuse,
    tools_babble,
    files_broken,
    facts_wrong,
    facts_half_wrong,
    registry_of_wrong_types,
    registry_hostile,
    environment_hostile,
)


def spoilt(name: str, change: Change, seed: int = 0) -> RecordedMachine:
    """A machine that is kept here, changed so."""
    registry = "\n".join(path.read_text(encoding="utf-8-sig") for path in sorted((FOLDER / name).glob("*.reg")))
    return RecordedMachine(*change(document_of(name), registry, random.Random(f"{name} {change.__name__} {seed}")))


def _text(said: Any) -> str:
    return str(said.get("text", said)) if isinstance(said, dict) else str(said)


def _babble(text: str) -> list[str]:
    foreign = re.sub(r"[A-Za-z]{3,}", lambda word: "ü" + word[0][::-1], text)
    return [HOSTILE, text[: len(text) // 2], foreign, text + HOSTILE, text.replace(" ", HOSTILE[:60]), "[" * 5000]


def _spoilt(value: Any, chance: random.Random) -> Any:
    if isinstance(value, list):
        return [_spoilt(item, chance) for item in value] + [chance.choice(NONSENSE)]
    if isinstance(value, dict):
        return {key: _spoilt(item, chance) for key, item in value.items() if chance.random() > 0.1}
    return chance.choice(NONSENSE) if chance.random() < 0.3 else value
