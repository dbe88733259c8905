"""The probe: gathers facts about one subject and holds no opinion."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar, cast, get_args

from readycheck.engine.clock import Clock
from readycheck.engine.events import Listener, ProbeProgressed
from readycheck.model.evidence import Evidence, MetricDefinition
from readycheck.model.traffic import Traffic
from readycheck.profile.schema import Profile

E = TypeVar("E", bound=Evidence)


@dataclass
class Context:
    """What a probe may know: the profile, the clocks, the evidence of the probes it requires."""

    probe: str
    profile: Profile
    clock: Clock
    listener: Listener
    collected: Mapping[str, Evidence]
    partial: Callable[[], Evidence] | None = field(default=None)

    def evidence(self, probe: "type[Probe[E]]") -> E | None:
        """Evidence of a required probe; None if that probe could not do its work."""
        found = self.collected.get(probe.id)
        return cast("E", found) if isinstance(found, probe.evidence) else None

    def progress(
        self, doing: str, elapsed_s: float | None = None, expected_s: float | None = None, **figures: float | None
    ) -> None:
        """Tell whoever watches what is being done now."""
        self.listener(ProbeProgressed(self.probe, doing, elapsed_s, expected_s, figures))

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

    def deadline_s(self, profile: Profile) -> float:  # noqa: ARG002 - most need no look at the profile
        """Seconds after which the runner stops this probe."""
        return 20.0

    def summary(self, evidence: E) -> str | None:  # noqa: ARG002 - optional
        """The evidence in one short sentence for the terminal; no opinion."""
        return None

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
