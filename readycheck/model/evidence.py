"""Evidence: facts that a probe gathered, and the metrics that a profile may name."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, get_args

from readycheck.model.failure import FailureCode

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Unit = Literal["ratio", "ms", "s", "bool", "text", "number", "packet", "byte", "bit/s", "call", "dBm", "dBFS"]
Scale = Literal["nb", "fb"]
Value = bool | int | float | str | None

UNITS: tuple[str, ...] = get_args(Unit)


@dataclass(frozen=True)
class Interval:
    """Where the true value lies at the stated confidence; None is unbounded on that side."""

    low: float | None
    high: float | None


@dataclass(frozen=True)
class Quantity:
    """A metric's answer that says more than a bare value: its bounds, its scale, or why it is what it is.

    A value of None means not measured. `reason` is the commonest failure behind the value, `decided_by` names the parts
    of the evidence that made it what it is, where the evidence holds more.
    """

    value: Value
    interval: Interval | None = None
    reason: FailureCode | None = None
    scale: Scale | None = None
    decided_by: tuple[str, ...] = ()


def cut_short(quantities: Mapping[str, Quantity], code: FailureCode) -> dict[str, Quantity]:
    """Figures of an unfinished measurement: told, but with the reason why no verdict may rest on them."""
    return {name: replace(quantity, reason=quantity.reason or code) for name, quantity in quantities.items()}


@dataclass(frozen=True)
class MetricDefinition:
    """What `readycheck probes` tells of a metric."""

    name: str
    unit: Unit
    meaning: str


class metric(property):  # noqa: N801 - used as a decorator, like property
    """Marks a property of an evidence class that a profile can name, with its unit."""

    unit: Unit

    def __init__(self, fget: Callable[[Any], Any], unit: Unit) -> None:
        super().__init__(fget)
        self.unit = unit
        self.meaning = " ".join((fget.__doc__ or "").split())


def metric_of(unit: Unit) -> Callable[[Callable[[Any], Quantity | Value]], metric]:
    """Turn a method without arguments into a metric with this unit; its docstring is the meaning."""
    return lambda method: metric(method, unit)


@dataclass(frozen=True)
class Evidence:
    """Base of what a probe returns: frozen, JSON both ways, units in every name."""

    version: ClassVar[int] = 1
    sparse: ClassVar[bool] = False
    """Facts that are None are left out of JSON: many targets with steps that were not reached would fill it."""

    @classmethod
    def definitions(cls) -> Iterator[tuple[str, metric]]:
        """Attribute name and metric, in the order in which the class states them."""
        for parent in reversed(cls.__mro__):
            for name, attribute in vars(parent).items():
                if isinstance(attribute, metric):
                    yield name, attribute

    def quantities(self) -> dict[str, Quantity]:
        """Every metric's answer by attribute name."""
        return {name: self.quantity(name) for name, _ in self.definitions()}

    def quantity(self, name: str) -> Quantity:
        """One metric's answer."""
        answer = getattr(self, name)
        return answer if isinstance(answer, Quantity) else Quantity(answer)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        data: dict[str, Any] = _adapter(type(self)).dump_python(self, mode="json", exclude_none=self.sparse)
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """From JSON values; raises pydantic.ValidationError if they are no such evidence."""
        found: Self = _adapter(cls).validate_python(data)
        return found


_ADAPTERS: dict[type[Evidence], "TypeAdapter[Any]"] = {}


def _adapter(evidence: type[Evidence]) -> "TypeAdapter[Any]":
    """Made once for each class: making one takes longer than reading a hundred reports with it."""
    from pydantic import TypeAdapter  # noqa: PLC0415 - costs 50 ms that `--version` must not pay

    if evidence not in _ADAPTERS:
        _ADAPTERS[evidence] = TypeAdapter(evidence)
    return _ADAPTERS[evidence]
