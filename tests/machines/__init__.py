"""Machines as they are documented, or were captured: see `provenance` in each machine.json."""

import json
from pathlib import Path
from typing import Any

from readycheck.host.machine import Platform
from readycheck.host.recorded import RecordedMachine, load

FOLDER = Path(__file__).parent
NAMES = tuple(sorted(path.parent.name for path in FOLDER.glob("*/machine.json")))


def machine(name: str) -> RecordedMachine:
    return load(FOLDER / name)


def document_of(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FOLDER / name / "machine.json").read_text(encoding="utf-8"))
    return document


def made(platform: Platform = "linux", registry: str = "", **parts: Any) -> RecordedMachine:
    """A machine of which a test says all that there is."""
    return RecordedMachine({"platform": platform, "provenance": "documented", **parts}, registry)
