"""`readycheck reflector` in a namespace, as a network team runs it."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.live.namespaces import Host

REPOSITORY = Path(__file__).parents[2]


@contextmanager
def reflector_in(machine: Host, address: str, folder: Path, key: str | None = None) -> Iterator[int]:
    """A reflector that listens on this address; its port."""
    file = folder / "key"
    file.write_text(key or "", encoding="utf-8")
    process = machine.start(
        *(sys.executable, "-m", "readycheck", "reflector", "--bind", address, "--port", "0"),
        *(("--key-file", str(file)) if key else ("--insecure",)),
        environment={"PYTHONPATH": str(REPOSITORY)},
    )
    try:
        assert process.stderr
        found = re.search(r"UDP port (\d+)", process.stderr.readline())
        assert found
        yield int(found[1])
    finally:
        machine.stop(process)
