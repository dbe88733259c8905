"""Visits as readycheck makes them, from inside the client's namespace.

Run as a module it waits behind a door (a Unix socket) and makes each visit that is asked for in a process of its own:
readycheck is loaded once, and nothing of one visit is left for the next.
"""

import asyncio
import gc
import json
import os
import socket
import socketserver
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import readycheck.net.proxy_login
import readycheck.net.socks
import readycheck.net.websocket  # noqa: F401 - loaded late by those who need it; here once, for all visits
from readycheck.model.proxy import DIRECT, Hop
from readycheck.net.turn import TurnServer
from readycheck.net.visit import visit_turn, visit_url
from readycheck.profile.schema import Trust
from tests.live.dns import known_names
from tests.live.listening import REPOSITORY
from tests.live.namespaces import Host, SetUpFailed

TIMEOUT_S = 30
READY_TIMEOUT_S = 10


@dataclass(frozen=True)
class Seen:
    """A Visit as it was printed."""

    visit: dict[str, Any]
    printed: str
    seconds: float

    @property
    def failure(self) -> tuple[str, str] | None:
        """Code and operation; None if nothing failed."""
        failure = self.visit["failure"]
        return (failure["code"], failure["operation"]) if failure else None

    @property
    def detail(self) -> str:
        """What was seen of the failure."""
        return str(self.visit["failure"]["detail"])

    @property
    def proxy(self) -> dict[str, Any]:
        """What the proxy answered."""
        reply: dict[str, Any] = self.visit["proxy"]
        return reply

    @property
    def issuers(self) -> list[str]:
        """Who signed each certificate that was shown."""
        chain = self.visit["chain"]
        return [certificate["issuer"] for certificate in chain["certificates"]] if chain else []

    @property
    def keys(self) -> list[str]:
        """The keys of the certificates that were shown."""
        return [certificate["spki_sha256"] for certificate in self.visit["chain"]["certificates"]]


@dataclass(frozen=True)
class Visitor:
    """Makes visits from the client's namespace."""

    door: Path

    def __call__(
        self,
        url: str,
        *hops: Hop,
        ca_file: Path | None = None,
        hold_s: float = 0.0,
        expected: Sequence[int] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Seen:
        """Visit an http, https, ws or wss URL, or a TURN server: `turn:host:port` over TCP, `turns:host:port` over TLS.

        `env` is added to the environment of this visit alone.
        """
        wanted = {
            "url": url,
            "hops": [asdict(hop) for hop in hops or (DIRECT,)],
            "ca_file": str(ca_file) if ca_file else None,
            "hold_s": hold_s,
            "expected": list(expected) if expected else None,
            "env": dict(env or {}),
        }
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(TIMEOUT_S)
            asking.connect(str(self.door))
            asking.sendall(json.dumps(wanted).encode() + b"\n")
            with asking.makefile() as answer:
                made = json.loads(answer.read())
        assert made["stderr"] == "", made["stderr"]
        return Seen(made["visit"], json.dumps(made["visit"]), made["seconds"])


@contextmanager
def visitor_in(client: Host, names: Mapping[str, str]) -> Iterator[Visitor]:
    """A visitor in this namespace, who knows no other names than these."""
    with tempfile.TemporaryDirectory(prefix="readycheck-visitor-") as directory:
        door = Path(directory) / "door"
        with known_names(client, names):  # it keeps its hosts file when the namespace's is gone
            process = client.start(
                *(sys.executable, "-W", "default::ResourceWarning", "-m", "tests.live.visiting", str(door)),
                environment={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            )
            ends_at = time.monotonic() + READY_TIMEOUT_S
            while not door.exists() and process.poll() is None and time.monotonic() < ends_at:
                time.sleep(0.02)
        try:
            if not door.exists():
                raise SetUpFailed("the visitor does not open")
            yield Visitor(door)
        finally:
            printed = client.stop(process)
            if process.returncode > 0:
                sys.stderr.write(printed)


class _Door(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """One process for each visit."""


class _Asked(socketserver.StreamRequestHandler):
    """Runs in that process."""

    def handle(self) -> None:
        """Make one visit, and tell what was printed besides."""
        wanted = json.loads(self.rfile.readline())
        os.environ.update(wanted["env"])
        with tempfile.TemporaryFile() as printed:
            os.dup2(printed.fileno(), 2)
            made: dict[str, Any] = {"visit": {}, "seconds": 0.0}
            try:
                made = asyncio.run(_visit(wanted))
            except Exception:  # noqa: BLE001 - told on the other side
                sys.excepthook(*sys.exc_info())
            gc.collect()  # what was left open says so
            sys.stderr.flush()
            printed.seek(0)
            made["stderr"] = printed.read().decode(errors="replace")
        self.wfile.write(json.dumps(made).encode())


async def _visit(wanted: dict[str, Any]) -> dict[str, Any]:
    hops = tuple(Hop(**hop) for hop in wanted["hops"])
    started_s = time.perf_counter()
    kind, _, place = wanted["url"].partition(":")
    if kind in {"turn", "turns"}:
        host, _, port = place.rpartition(":")
        transport: Any = "tls" if kind == "turns" else "tcp"
        made = await visit_turn(TurnServer(host, int(port), transport, host, ca_file=wanted["ca_file"], hops=hops))
    else:
        trust = Trust(ca_file=wanted["ca_file"])
        made = await visit_url(wanted["url"], hops, trust, expected=wanted["expected"], hold_s=wanted["hold_s"])
    seconds = time.perf_counter() - started_s
    left = len(asyncio.all_tasks()) - 1
    assert left == 0, f"{left} tasks left behind"
    return {"visit": asdict(made), "seconds": round(seconds, 3)}


if __name__ == "__main__":
    with _Door(sys.argv[1], _Asked) as door:
        door.serve_forever()
