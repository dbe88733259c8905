"""The report: one versioned value, written whole, readable for ever."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum, auto
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from readycheck.model.evidence import Interval, Quantity, Value
from readycheck.model.failure import Failure
from readycheck.model.verdict import Decision, Finding, Text

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

SCHEMA = "readycheck.report/1"


_LARGEST = 1e300
_MOST_ITEMS = 10_000
_COLUMN = re.compile(r"\[\n(?:\s*+(?:-?[0-9.e+-]++|null),?+\n)++\s*+\]")  # possessive: a million rows cost no memory


class UnreadableReport(Exception):
    """This file is no report that this version can read; the sentence says why."""


class NewerReport(UnreadableReport):
    """A later readycheck wrote it."""


class ObservationStatus(StrEnum):
    """What became of a probe."""

    COLLECTED = auto()
    FAILED = auto()
    SKIPPED = auto()


@dataclass(frozen=True)
class Metric:
    """One measured figure with its unit; a value of None means not measured.

    `bounded` tells figures with an interval from those without; a bound of None is unbounded on that side.
    """

    value: Value
    unit: str
    bounded: bool = False
    low: float | None = None
    high: float | None = None
    scale: str | None = None
    reason: str | None = None
    decided_by: tuple[str, ...] = ()
    """Names in the evidence: what made it so, such as one policy of many."""

    @classmethod
    def of(cls, quantity: Quantity, unit: str) -> "Metric":
        """A metric's answer as it stands in a report: finite numbers, rounded to what was measured."""
        interval = quantity.interval or Interval(None, None)
        return cls(
            value=_rounded(quantity.value),
            unit=unit,
            bounded=quantity.interval is not None,
            low=_rounded(interval.low),
            high=_rounded(interval.high),
            scale=quantity.scale,
            reason=quantity.reason,
            decided_by=quantity.decided_by,
        )

    def to_json(self) -> dict[str, Any]:
        """As JSON: bounds, scale and what decided only where there are any."""
        data: dict[str, Any] = {"value": self.value}
        if self.bounded:
            data |= {"low": self.low, "high": self.high}
        data["unit"] = self.unit
        if self.scale:
            data["scale"] = self.scale
        if self.decided_by:
            data["decided_by"] = list(self.decided_by)
        return data | {"reason": self.reason}


def _rounded(value: Any) -> Any:
    """Six significant decimals are below any clock here; infinities are not measured."""
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value


@dataclass(frozen=True)
class Observation:
    """What a probe left: its evidence, or why there is none, bound to the targets that it met."""

    status: ObservationStatus
    evidence_version: int
    inputs: str
    started_at: str | None = None
    elapsed_ms: float | None = None
    failure: Failure | None = None
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Tool:
    """The program that wrote the report."""

    name: str
    version: str


@dataclass(frozen=True)
class Change:
    """What befell the machine during a run: `slept` or `network_changed`; what ran meanwhile is not relied on."""

    kind: str
    probes: tuple[str, ...] = ()
    """Those whose measurement it spoilt."""
    seconds: float | None = None
    """How long it slept."""


@dataclass(frozen=True)
class Run:
    """When and how it ran."""

    id: str
    started_at: str
    duration_s: float
    interrupted: bool = False
    label: str | None = None
    site: str | None = None
    scope: Literal["workstation", "site"] = "workstation"
    changes: tuple[Change, ...] = ()
    machine: Literal["this", "captured"] = "this"
    """Whose facts these are: the machine's that it ran on, or those of one that was captured into a folder."""

    @property
    def started(self) -> datetime:
        """When it started, in UTC; a time without a zone is one."""
        moment = datetime.fromisoformat(self.started_at)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@dataclass(frozen=True)
class ProfileReference:
    """The profile that was judged against, by digest; it is not repeated."""

    id: str
    title: Text
    sha256: str
    lab: bool = False


@dataclass(frozen=True)
class Environment:
    """The machine, under a pseudonym unless its owner wants otherwise."""

    os: str
    os_version: str
    python: str
    host: str
    locale: str
    host_is_guessable: bool = False
    """The pseudonym is salted with the profile's id alone, so that whoever knows both can find the name."""


@dataclass(frozen=True)
class Report:
    """Everything a run says."""

    tool: Tool
    run: Run
    profile: ProfileReference
    environment: Environment
    decision: Decision
    ready_on: str | None
    findings: tuple[Finding, ...]
    metrics: Mapping[str, Metric]
    observations: Mapping[str, Observation]

    def to_json(self) -> dict[str, Any]:
        """As JSON values, keys in the order of the contract."""
        data: dict[str, Any] = _adapter().dump_python(self, mode="json")
        data["metrics"] = {name: metric.to_json() for name, metric in self.metrics.items()}
        return {"schema": SCHEMA} | data

    def dumps(self) -> str:
        """As JSON text to be read by eye: indented, but columns of numbers on one line; never NaN."""
        text = json.dumps(self.to_json(), ensure_ascii=False, allow_nan=False, indent=1)
        return _COLUMN.sub(lambda column: " ".join(column[0].split()), text) + "\n"

    @classmethod
    def from_json(cls, data: Any) -> "Report":
        """Read a report; raises UnreadableReport with one clear sentence."""
        from pydantic import ValidationError  # noqa: PLC0415 - see _adapter
        from pydantic_core import PydanticSerializationError, to_json  # noqa: PLC0415 - the same

        if not isinstance(data, dict) or not str(data.get("schema", "")).startswith("readycheck.report/"):
            raise UnreadableReport("no readycheck report: its schema should read " + SCHEMA)
        if data["schema"] != SCHEMA:
            raise NewerReport(
                f"its schema is {_one_line(data['schema'])}, this version reads {SCHEMA}: use a newer readycheck"
            )
        body = {key: value for key, value in data.items() if key != "schema"}
        _require_few(body)
        metrics = body.get("metrics")
        if isinstance(metrics, dict):
            body["metrics"] = {
                name: metric | {"bounded": "low" in metric or "high" in metric} if isinstance(metric, dict) else metric
                for name, metric in metrics.items()
            }
        if isinstance(body.get("run"), dict) and "scope" not in body["run"]:
            body["run"] = body["run"] | {"scope": _scope_of(body.get("findings"))}
        try:
            # Strict, and from JSON: "0.001" is no number, "false" no truth, and an enum is its text.
            content = to_json(body, inf_nan_mode="constants")
            if b"Infinity" in content or b"NaN" in content:  # a text may say so
                require_finite(body)
            report = _adapter().validate_json(content, strict=True)
        except (PydanticSerializationError, UnicodeEncodeError):
            raise UnreadableReport("it holds text that is no Unicode, or is nested too deeply") from None
        except ValidationError as error:
            raise UnreadableReport(said(error)) from None
        _require_sound(report)
        return report

    @classmethod
    def loads(cls, text: str) -> "Report":
        """Read a report's JSON text; raises UnreadableReport."""
        return cls.from_json(parsed(text))


def parsed(text: str) -> Any:
    """JSON values; a number beyond any number comes out as infinite. Raises UnreadableReport."""
    from pydantic_core import from_json  # noqa: PLC0415 - see _adapter

    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:  # or nested deeply; the slower reader knows the line and the column
        pass
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UnreadableReport(f"no JSON: {_one_line(str(error))}") from None


def require_finite(values: Any) -> None:
    """Raise UnreadableReport if a number in these JSON values is none."""
    waiting = [values]
    while waiting:
        value = waiting.pop()
        if isinstance(value, int | float) and not _within_floats(value):
            raise UnreadableReport("no JSON: it holds a number that is beyond any number")
        if isinstance(value, dict | list):
            waiting.extend(value.values() if isinstance(value, dict) else value)


def _within_floats(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # an integer beyond every float fails where it is first divided
        return False


def said(error: "ValidationError") -> str:
    """The first thing wrong with a document, in one line."""
    if error.error_count() > _MOST_ITEMS:
        return f"it has {error.error_count():,} mistakes"
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return _one_line(".".join(str(part) for part in first["loc"])) + f": {first['msg']}"


@cache
def _adapter() -> "TypeAdapter[Report]":
    """The reader and writer of reports: making one costs more than reading a report with it."""
    from pydantic import TypeAdapter  # noqa: PLC0415 - costs 50 ms that `--version` must not pay

    return TypeAdapter(Report)


def _require_few(body: Mapping[str, Any]) -> None:
    """Raise UnreadableReport where there are so many items that telling what is wrong with each would take minutes."""
    for key in ("findings", "metrics", "observations"):
        if isinstance(body.get(key), list | dict) and len(body[key]) > _MOST_ITEMS:
            raise UnreadableReport(f"{key}: over {_MOST_ITEMS:,}, no report has so many")


def _scope_of(findings: Any) -> str:
    """Whose requirements a run judged, where it does not say so itself: its findings do."""
    listed = findings if isinstance(findings, list) else []
    of_site = [isinstance(finding, dict) and finding.get("scope") == "site" for finding in listed]
    return "site" if of_site and all(of_site) else "workstation"


def _require_sound(report: Report) -> None:
    """What types cannot say: a date that exists, bounds around their value."""
    try:
        _ = report.run.started
    except (ValueError, OverflowError):
        raise UnreadableReport(f"run.started_at: {_one_line(report.run.started_at)!r} is no date and time") from None
    for name, metric in report.metrics.items():
        low = -math.inf if metric.low is None else metric.low
        high = math.inf if metric.high is None else metric.high
        is_number = isinstance(metric.value, int | float) and not isinstance(metric.value, bool)
        if isinstance(metric.value, int | float) and abs(metric.value) > _LARGEST:
            raise UnreadableReport(f"metrics.{_one_line(name)}: its value is beyond any number")
        if metric.bounded and not (is_number and low <= float(metric.value or 0) <= high):
            raise UnreadableReport(f"metrics.{_one_line(name)}: its bounds are not around its value")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _one_line(text: object) -> str:
    return " ".join(str(text).split())[:200]
