"""The probe: gathers facts about one subject and holds no opinion."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar, cast, get_args

from readycheck.engine.clock import Clock
from readycheck.engine.events import Listener, ProbeAnnounced, ProbeProgressed
from readycheck.host.machine import Machine
from readycheck.host.this import this_machine
from readycheck.model.evidence import Evidence, MetricDefinition, Quantity
from readycheck.model.traffic import Traffic
from readycheck.model.verdict import Scope
from readycheck.profile.schema import Profile

E = TypeVar("E", bound=Evidence)
T = TypeVar("T")


class Shared:
    """Work done once for several probes. One probe's deadline does not end it for the others; the run's end does."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[Any]] = {}

    async def once(self, name: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The outcome of the work of this name, which is begun by whoever asks first."""
        if name not in self._tasks:
            self._tasks[name] = asyncio.create_task(work(), name=name)
        outcome: T = await asyncio.shield(self._tasks[name])
        return outcome

    async def close(self) -> None:
        """End what nobody waits for any more."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


@dataclass
class Context:
    """What a probe may know: the profile, the clocks, the machine, the evidence of the probes it requires."""

    probe: str
    profile: Profile
    clock: Clock
    listener: Listener
    collected: Mapping[str, Evidence]
    partial: Callable[[], Evidence] | None = field(default=None)
    shared: Shared = field(default_factory=Shared)
    machine: Machine = field(default_factory=this_machine)
    listen: bool = False
    """Sound may be played and the microphone recorded: `--listen`."""
    scope: Scope = Scope.WORKSTATION
    """Whose requirements the run is for: a measurement ends once none of them is open."""
    calls: int | None = None
    """`--calls`."""

    def evidence(self, probe: "type[Probe[E]]") -> E | None:
        """Evidence of a required probe; None if that probe could not do its work."""
        found = self.collected.get(probe.id)
        return cast("E", found) if isinstance(found, probe.evidence) else None

    def progress(
        self, doing: str, elapsed_s: float | None = None, expected_s: float | None = None, **figures: float | None
    ) -> None:
        """Tell whoever watches what is being done now."""
        self.listener(ProbeProgressed(self.probe, doing, elapsed_s, expected_s, figures))

    def announce(self, text: str) -> None:
        """Say, before it is done, what will be done to others: it stays in sight, unlike progress."""
        self.listener(ProbeAnnounced(self.probe, text))

    async def once(self, name: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What several probes of a run need and the first of them works out."""
        return await self.shared.once(name, work)

    def keep(self, partial: Callable[[], Evidence]) -> None:
        """Name the function that makes evidence of what was measured so far, for a deadline or Ctrl-C."""
        self.partial = partial


class Probe(ABC, Generic[E]):
    """One subject. `id` equals the file's name; `requires` are probes whose evidence is needed first."""

    id: ClassVar[str]
    title: ClassVar[str]
    evidence: ClassVar[type[Evidence]]
    requires: ClassVar[tuple["type[Probe[Any]]", ...]] = ()
    exclusive: ClassVar[bool] = False
    """Measures the path, so nothing else may run beside it."""
    first: ClassVar[bool] = False
    """Measures the machine at rest: runs alone before all others, briefly, and requires none that does not."""
    machine_only: ClassVar[bool] = False
    """Asks nothing but `context.machine`: a captured machine can answer in this one's place."""
    answers_by_profile: ClassVar[bool] = False
    """Some metrics are worked out from a profile's lists: see `answered`."""
    loads: ClassVar[bool] = False
    """Fills the path, so it comes after those that only measure it."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        (cls.evidence,) = get_args(cls.__orig_bases__[0])  # type: ignore[attr-defined] # set by typing for Generic

    @classmethod
    def inputs(cls, profile: Profile) -> Any:  # noqa: ARG003 - a probe without targets has no inputs
        """The profile's targets that this probe meets, as JSON values without secrets; None if it meets none."""
        return None

    @classmethod
    def traffic(cls, profile: Profile) -> list[Traffic]:  # noqa: ARG003 - a probe that sends nothing
        """What this probe would send under the profile, for `--dry-run`."""
        return []

    @classmethod
    def answered(cls, evidence: E, profile: Profile) -> dict[str, Quantity]:  # noqa: ARG003 - most need no list
        """Metrics that only a profile's lists turn facts into, by attribute name: worked out whenever it is judged."""
        return {}

    @classmethod
    def is_asked_for(cls, profile: Profile) -> bool:  # noqa: ARG003 - most are part of every run
        """Whether a run under this profile includes this probe without naming it."""
        return True

    def deadline_s(self, profile: Profile) -> float:  # noqa: ARG002 - most need no look at the profile
        """Seconds after which the runner stops this probe."""
        return 20.0

    def summary(self, evidence: E) -> str | None:  # noqa: ARG002 - optional
        """The evidence in one short sentence for the terminal; no opinion."""
        return None

    def summary_under(self, evidence: E, profile: Profile) -> str | None:  # noqa: ARG002 - most need no list
        """The same for a run, where the profile's lists have more to say."""
        return self.summary(evidence)

    @abstractmethod
    async def gather(self, context: Context) -> E:
        """Gather the facts. A blocked network is evidence; raise OperationFailed only if the work can't be done."""

    @classmethod
    def metrics(cls) -> tuple[MetricDefinition, ...]:
        """Every metric with its full name, unit and meaning."""
        return tuple(
            MetricDefinition(f"{cls.id}.{name}", definition.unit, definition.meaning)
            for name, definition in cls.evidence.definitions()
        )
