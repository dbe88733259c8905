"""Puts the link between a site's client and its router, and reads afterwards what it really did."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.live.namespaces import CLIENT, CLIENT6, SetUpFailed, Site
from tests.netlab.flows import Direction
from tests.netlab.process import FAR, NEAR
from tests.netlab.way import Way

if TYPE_CHECKING:
    from subprocess import Popen

REPOSITORY = Path(__file__).parents[2]
DEVICE = "line"


@dataclass(frozen=True)
class Packet:
    """What the link did to one packet. Times in seconds of one clock."""

    arrived_s: float
    departed_s: tuple[float, ...]
    cause: str | None
    byte: int
    head: bytes

    @property
    def delay_ms(self) -> float:
        """How long the copy that left first stayed in the link."""
        return (min(self.departed_s) - self.arrived_s) * 1000

    def number(self, offset: int) -> int:
        """The 32 bits at this offset in the IP packet."""
        return int.from_bytes(self.head[offset : offset + 4])


@dataclass(frozen=True)
class Flow:
    """One direction of what two endpoints said to each other."""

    direction: Direction
    protocol: int
    source: tuple[str, int]
    destination: tuple[str, int]
    forwarded: int
    dropped: dict[str, int]
    duplicated: int
    packets: tuple[Packet, ...]

    @property
    def server_port(self) -> int:
        """The port at the far side of the link."""
        return (self.destination if self.direction == "up" else self.source)[1]


@dataclass(frozen=True)
class Truth:
    """All flows in order of their first packets."""

    flows: tuple[Flow, ...]

    def packets(self, direction: Direction, server_port: int, byte: int) -> list[Packet]:
        """Packets of this size to or from a server's port, in order of arrival at the link."""
        flows = [flow for flow in self.flows if (flow.direction, flow.server_port) == (direction, server_port)]
        found = [packet for flow in flows for packet in flow.packets if packet.byte == byte]
        return sorted(found, key=lambda packet: packet.arrived_s)


@dataclass
class Line:
    """The link while it is in place."""

    site: Site
    process: "Popen[str]"
    file: Path
    missed_before: int = 0
    """While the devices were set up."""
    _truth: Truth | None = field(default=None)

    def truth(self) -> Truth:
        """End the link: what it did."""
        if self._truth is None:
            missed = _missed(self.site) - self.missed_before
            errors = self.site.router.stop(self.process)
            assert self.process.returncode == 0, errors
            assert missed == 0, f"the link was too slow for {missed} packets"
            self._truth = Truth(tuple(_flow(one) for one in json.loads(self.file.read_text(encoding="utf-8"))))
        return self._truth


@contextmanager
def joined(
    site: Site, directory: Path, *, up: Way | None = None, down: Way | None = None, seed: int = 1
) -> Iterator[Line]:
    """Everything between the client and the servers passes the link; afterwards the client has its cable back."""
    file = directory / "truth.json"
    asked = {"up": asdict(up or Way()), "down": asdict(down or Way()), "seed": seed, "truth": str(file)}
    process = site.router.start(
        *(sys.executable, "-m", "tests.netlab.process", json.dumps(asked)),
        environment={"PYTHONPATH": str(REPOSITORY)},
    )
    line = Line(site, process, file)
    try:
        assert process.stdout
        if process.stdout.readline() != "ready\n":
            raise SetUpFailed(f"netlab: {site.router.stop(process)}")
        for host, device in ((site.client, NEAR), (site.router, FAR)):
            site.router.ip(f"link set {device} netns {host.name} name {DEVICE}")
            host.ip(f"link set {DEVICE} txqueuelen 5000 up")
        for family, address in (("-4", CLIENT), ("-6", CLIENT6)):
            site.client.ip(f"{family} route replace default dev {DEVICE} src {address}")
            site.router.ip(f"{family} route replace {address} dev {DEVICE}")
        line.missed_before = _missed(site)
        yield line
    finally:
        if process in site.router.running:
            site.router.stop(process)
        site.connect()


def _missed(site: Site) -> int:
    """Packets that a device dropped because nobody read it in time."""
    shown = [json.loads(host.ip(f"-s -j link show {DEVICE}")) for host in (site.client, site.router)]
    return sum(int(one[0]["stats64"]["tx"]["dropped"]) for one in shown)


def _flow(told: dict[str, Any]) -> Flow:
    packets = tuple(
        Packet(**{**one, "departed_s": tuple(one["departed_s"]), "head": bytes.fromhex(one["head"])})
        for one in told["packets"]
    )
    ends = {name: tuple(told[name]) for name in ("source", "destination")}
    return Flow(**{**told, **ends, "packets": packets})
