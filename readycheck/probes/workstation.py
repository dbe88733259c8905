"""The machine itself: load before anything else starts, memory, power, clock, restart, filters, and who runs this."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from readycheck.engine.probe import Context, Probe
from readycheck.host.context import WrongUser, wrong_user
from readycheck.host.machine import Fact, Machine, Told
from readycheck.host.workstation.edition import Edition, edition
from readycheck.host.workstation.filters import UdpFilter, udp_filters
from readycheck.host.workstation.restart import Restart, restart
from readycheck.model.evidence import Evidence, Interval, Quantity, Value, metric_of
from readycheck.model.failure import Failure, FailureCode, OperationFailed, commonest
from readycheck.model.traffic import Traffic
from readycheck.net.beside import within
from readycheck.net.pac.url import parse_target
from readycheck.net.stamp_clock import PACKETS
from readycheck.probes._clock import LIMIT_S, ClockReading, best, clock_readings, dated_urls
from readycheck.probes._reflector import LARGEST_PACKET_BYTE, place
from readycheck.profile.schema import Profile

T = TypeVar("T")
_FACTS: tuple[Fact, ...] = ("cpu_cores", "memory_total_byte", "memory_free_byte", "on_battery")
_VISIT_BYTE = 10_000
_ANSWER_LIMIT_S = 3.0
_UNKNOWN_EDITION, _UNKNOWN_RESTART = Edition(), Restart()


@dataclass(frozen=True)
class WorkstationEvidence(Evidence):
    """What the machine says of itself; `failures` tell by operation what it did not say."""

    cores: int | None = None
    load_ratio: float | None = None
    memory_total_byte: int | None = None
    memory_free_byte: int | None = None
    is_on_battery: bool | None = None
    edition: Edition = _UNKNOWN_EDITION
    run_as: WrongUser | None = None
    """Whose facts are told in place of the agent's."""
    restart: Restart = _UNKNOWN_RESTART
    udp_filters: tuple[UdpFilter, ...] = ()
    clocks: tuple[ClockReading, ...] = ()
    failures: tuple[Failure, ...] = ()

    @metric_of("number")
    def cpu_cores(self) -> Quantity:
        """Logical processors."""
        return self._told(self.cores, "cpu_cores")

    @metric_of("ratio")
    def cpu_load_ratio(self) -> Quantity:
        """Share of all processors' time in use, before any other probe began."""
        return self._told(self.load_ratio, "cpu_load_ratio")

    @metric_of("byte")
    def memory_free_bytes(self) -> Quantity:
        """Memory that programs can have without swapping."""
        return self._told(self.memory_free_byte, "memory_free_byte")

    @metric_of("byte")
    def memory_total_bytes(self) -> Quantity:
        """Memory of the machine."""
        return self._told(self.memory_total_byte, "memory_total_byte")

    @metric_of("bool")
    def on_battery(self) -> Quantity:
        """Whether it runs on its battery; null where there is none."""
        return self._told(self.is_on_battery, "on_battery")

    @metric_of("ms")
    def clock_offset_ms(self) -> Quantity:
        """The servers' clock less this machine's: a reflector's that is set, else their Date, good to half a second."""
        reading = best(self.clocks)
        if reading is None or reading.offset_ms is None:
            failed = commonest([one.failure for one in self.clocks if one.failure])
            return Quantity(None, reason=failed or FailureCode.NOT_CONFIGURED)
        doubt_ms = reading.doubt_ms or 0.0
        return Quantity(reading.offset_ms, Interval(reading.offset_ms - doubt_ms, reading.offset_ms + doubt_ms))

    @metric_of("bool")
    def restart_pending(self) -> Quantity:
        """Whether updates wait for a restart; null on macOS, which does not tell, and by a weak sign alone."""
        failure = self._failed("restart") or self.restart.failure
        return Quantity(self.restart.is_pending, reason=None if self.restart.is_pending is not None else failure)

    @metric_of("number")
    def udp_filter_count(self) -> Quantity:
        """Products that run here and are known to take UDP into their own hands; others may do so too."""
        failed = self._failed("udp_filters")
        return Quantity(None, reason=failed) if failed else Quantity(len(self.udp_filters))

    @metric_of("text")
    def os_version(self) -> Quantity:
        """Version of the operating system with its build."""
        return self._told(self.edition.version, "edition")

    @metric_of("bool")
    def user_context_ok(self) -> Quantity:
        """Whether this runs as the person who works here; if not, what is a user's own is null, wrong_user_context."""
        failed = self._failed("user")
        return Quantity(None, reason=failed) if failed else Quantity(self.run_as is None)

    def _told(self, value: Value, operation: str) -> Quantity:
        missing = self._failed(operation) or FailureCode.COMPONENT_MISSING
        return Quantity(value, reason=None if value is not None else missing)

    def _failed(self, operation: str) -> FailureCode | None:
        return next((failure.code for failure in self.failures if failure.operation == operation), None)


class Workstation(Probe[WorkstationEvidence]):
    """The machine, before readycheck itself keeps it busy.

    Bound to no targets: whoever's clock is asked, the time is one.
    """

    id = "workstation"
    title = "Workstation"
    first = True
    machine_only = True

    @classmethod
    def traffic(cls, profile: Profile) -> list[Traffic]:
        """One request to each of three signalling hosts, and three packets to the reflector."""
        told = []
        for url in dated_urls(profile):
            at = parse_target(url)
            protocol = "tls" if at.scheme in ("https", "wss") else "tcp"
            told.append(Traffic(cls.id, at.host, at.port, protocol, _VISIT_BYTE, LIMIT_S))
        if found := place(profile):
            told.append(Traffic(cls.id, *found, "udp", 2 * PACKETS * LARGEST_PACKET_BYTE, LIMIT_S))
        return told

    def deadline_s(self, profile: Profile) -> float:  # noqa: ARG002 - each answer has a limit of its own
        """The load, then all other answers side by side, each within its limit."""
        return 8.0

    def summary(self, evidence: WorkstationEvidence) -> str | None:
        """Cores, load and free memory."""
        load, free = evidence.load_ratio, evidence.memory_free_byte
        parts = [
            f"{evidence.cores} cores" if evidence.cores else "",
            f"load {load:.0%}" if load is not None else "",
            f"{free / 1e9:.1f} GB free" if free is not None else "",
            "on battery" if evidence.is_on_battery else "",
            "restart pending" if evidence.restart.is_pending else "",
            f"run as {evidence.run_as}" if evidence.run_as else "",
        ]
        return " · ".join(filter(None, parts)) or None

    async def gather(self, context: Context) -> WorkstationEvidence:
        """The load alone, then the rest side by side."""
        found = _Gathering(context.machine)
        context.keep(found.told)
        context.progress("the load before anything else begins")
        await found.read_fact("cpu_load_ratio")
        context.progress("memory, power, clock")
        await asyncio.gather(*(found.read_fact(name) for name in _FACTS), found.read_rest(), found.read_clocks(context))
        return found.told()


@dataclass
class _Gathering:
    """What is known so far; what never answers costs its own limit alone."""

    machine: Machine
    facts: dict[str, Any] = field(default_factory=dict)
    rest: dict[str, Any] = field(default_factory=dict)
    clocks: tuple[ClockReading, ...] = ()
    failures: list[Failure] = field(default_factory=list)

    def told(self) -> WorkstationEvidence:
        """As it stands."""
        load: Any = self.facts.get("cpu_load_ratio")
        return WorkstationEvidence(
            cores=_whole(self.facts.get("cpu_cores")),
            load_ratio=float(load) if _is_number(load) and 0 <= load <= 1 else None,
            memory_total_byte=_whole(self.facts.get("memory_total_byte")),
            memory_free_byte=_whole(self.facts.get("memory_free_byte")),
            is_on_battery=battery if isinstance(battery := self.facts.get("on_battery"), bool) else None,
            clocks=self.clocks,
            failures=tuple(self.failures),
            **self.rest,
        )

    async def read_fact(self, name: Fact) -> None:
        """One fact of the machine."""
        answer: Told | None = await self._ask(partial(self.machine.fact, name), name)
        if answer is not None and answer.failure:
            self.failures.append(Failure(answer.failure, name))
        elif answer is not None:
            self.facts[name] = answer.value

    async def read_rest(self) -> None:
        """What takes several questions."""
        await asyncio.gather(
            self._read("edition", "edition", edition),
            self._read("restart", "restart", restart),
            self._read("udp_filters", "udp_filters", udp_filters),
            self._read("user", "run_as", wrong_user),
        )

    async def read_clocks(self, context: Context) -> None:
        """The clocks of the profile's servers."""
        if self.machine.is_here:  # a captured machine's clock has long gone on
            self.clocks = await clock_readings(context)

    async def _read(self, operation: str, name: str, reader: Callable[[Machine], Any]) -> None:
        answer = await self._ask(partial(reader, self.machine), operation)
        if isinstance(answer, FailureCode):
            self.failures.append(Failure(answer, operation))
        elif answer is not None:
            self.rest[name] = answer

    async def _ask(self, work: Callable[[], T], operation: str) -> T | None:
        try:
            return await within(_ANSWER_LIMIT_S, work, operation)
        except OperationFailed as error:
            self.failures.append(error.failure)
            return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: Any) -> int | None:
    return int(value) if _is_number(value) and 0 < value < 1 << 60 else None
