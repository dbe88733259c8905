"""Runs a plan: each probe under its own deadline, its fault its own, nothing lost on Ctrl-C."""

import asyncio
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from readycheck.engine.clock import Clock, timestamp
from readycheck.engine.conditions import Conditions, changes, look
from readycheck.engine.destinations import destinations
from readycheck.engine.events import Listener, ProbeEnded, ProbeStarted
from readycheck.engine.plan import Plan
from readycheck.engine.probe import Context, Shared
from readycheck.engine.registry import AnyProbe, inputs_digest
from readycheck.host.machine import Machine
from readycheck.host.this import this_machine
from readycheck.model.evidence import Evidence, Quantity, cut_short
from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.model.report import Change, Metric, Observation, ObservationStatus
from readycheck.model.scrub import cut_interface_names, cut_public_addresses, without_secrets
from readycheck.model.verdict import Scope
from readycheck.profile.schema import Profile


@dataclass(frozen=True)
class _Gathered:
    """What a probe brought, in the forms that are kept."""

    evidence: dict[str, Any] = field(default_factory=dict)
    quantities: dict[str, Quantity] = field(default_factory=dict)
    summary: str | None = None


_MEANWHILE = {"slept": "the machine slept meanwhile", "network_changed": "the network changed meanwhile"}


@dataclass
class Collection:
    """What the probes brought, as it comes: whole after the run, and as far as it got after Ctrl-C."""

    plan: Plan
    profile: Profile
    clock: Clock
    listener: Listener = lambda _: None
    show_addresses: bool = False
    on_fault: Callable[[str, str], None] = lambda _probe, _trace: None
    """Told the probe and the traceback when a probe itself is at fault."""
    observations: dict[str, Observation] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    machine: Machine = field(default_factory=this_machine)
    changes: list[Change] = field(default_factory=list)
    listen: bool = False
    scope: Scope = Scope.WORKSTATION
    calls: int | None = None
    _evidence: dict[str, Evidence] = field(default_factory=dict)
    _destinations: Sequence[str] = ()
    _unwatched: Sequence[AnyProbe] = ()
    """Those that met the targets since the conditions were last told in full."""
    _shared: Shared = field(default_factory=Shared)

    async def collect(self) -> None:
        """Run the plan. On cancellation every running probe is stopped and what it measured is kept."""
        done = {probe.id: asyncio.Event() for probe in self.plan.side_by_side}
        try:
            if any(map(self._meets, self.plan.selected)):
                self._destinations = await destinations(self.profile, self.machine)
            before = await look(self.machine, self._destinations)
            for probe in self.plan.first:
                await self._run(probe)
            before = await self._look_again(before, self.plan.first)
            async with asyncio.TaskGroup() as group:
                for probe in self.plan.side_by_side:
                    group.create_task(self._run_after(probe, done), name=probe.id)
            before = await self._look_again(before, self.plan.side_by_side)
            for probe in self.plan.alone:
                await self._run(probe)
                before = await self._look_again(before, (probe,))
        finally:
            try:
                self.complete()
            finally:
                await self._shared.close()

    async def _run_after(self, probe: AnyProbe, done: dict[str, asyncio.Event]) -> None:
        for required in probe.requires:
            if required.id in done:  # what runs first is done
                await done[required.id].wait()
        try:
            await self._run(probe)
        finally:
            done[probe.id].set()

    async def _look_again(self, before: Conditions, ran: Sequence[AnyProbe]) -> Conditions:
        """What ran while the machine slept or changed networks keeps its figures, and no verdict rests on them."""
        after = await look(self.machine, self._destinations)
        spoilt = [*self._unwatched, *(probe for probe in ran if self._meets(probe))]
        for change in changes(before, after, tuple(probe.id for probe in spoilt)):
            self.changes.append(change)
            for probe in spoilt:
                self._distrust(probe, change)
        known = after.after(before)
        self._unwatched = spoilt if known != after else []  # one slow answer hides no change
        return known

    def _meets(self, probe: AnyProbe) -> bool:
        """Whether what it finds depends on the way to the profile's targets."""
        return bool(probe.exclusive or probe.inputs(self.profile))

    def _distrust(self, probe: AnyProbe, change: Change) -> None:
        observation = self.observations[probe.id]
        if observation.status != ObservationStatus.COLLECTED:
            return
        failure = Failure(FailureCode.INTERRUPTED, "gather", _MEANWHILE[change.kind])
        self.observations[probe.id] = replace(observation, status=ObservationStatus.FAILED, failure=failure)
        for name, _ in probe.evidence.definitions():
            metric = self.metrics[f"{probe.id}.{name}"]
            self.metrics[f"{probe.id}.{name}"] = replace(metric, reason=metric.reason or failure.code)

    async def _run(self, probe: AnyProbe) -> None:
        for required in probe.requires:
            needed = self.observations.get(required.id)
            if needed and needed.status != ObservationStatus.COLLECTED and needed.failure:
                code, detail = needed.failure.code, f"{required.id} brought no evidence"
                self._record(probe, self._without_evidence(probe, code, "require", detail))
                return
        self.listener(ProbeStarted(probe.id))
        context = Context(
            probe.id,
            self.profile,
            self.clock,
            self.listener,
            self._evidence,
            shared=self._shared,
            machine=self.machine,
            listen=self.listen,
            scope=self.scope,
            calls=self.calls,
        )
        started_at, started_s = timestamp(self.clock.now()), self.clock.monotonic_s()
        instance, failure, gathered = probe(), None, _Gathered()
        try:
            async with asyncio.timeout(instance.deadline_s(self.profile)) as deadline:
                evidence = await instance.gather(context)
            quantities = evidence.quantities() | probe.answered(evidence, self.profile)
            summary = instance.summary_under(evidence, self.profile)
            gathered = _Gathered(self._shown(evidence.to_json()), quantities, summary)
            self._evidence[probe.id] = evidence
        except TimeoutError as error:  # the system's own ETIMEDOUT is one too, and no probe should let it through
            detail = f"not done within {instance.deadline_s(self.profile):g} s"
            late = Failure(FailureCode.DEADLINE_EXCEEDED, "gather", detail)
            failure = late if deadline.expired() else self._fault(probe, error)
        except OperationFailed as error:
            detail = self._shown({"detail": error.failure.detail})["detail"]
            failure = replace(error.failure, detail=detail)
        except asyncio.CancelledError:
            failure = Failure(FailureCode.INTERRUPTED, "gather")
            raise
        except Exception as error:  # noqa: BLE001 - the one place: a probe's fault must not cost the others' evidence
            failure = self._fault(probe, error)
        finally:
            if failure and context.partial:
                try:
                    partial = context.partial()
                    quantities = partial.quantities() | probe.answered(partial, self.profile)
                    gathered = _Gathered(self._shown(partial.to_json()), cut_short(quantities, failure.code))
                except Exception as error:  # noqa: BLE001 - as above, and the cancellation that brought us here goes on
                    failure = self._fault(probe, error)
            observation = Observation(
                status=ObservationStatus.FAILED if failure else ObservationStatus.COLLECTED,
                evidence_version=probe.evidence.version,
                inputs=inputs_digest(probe, self.profile.identity),
                started_at=started_at,
                elapsed_ms=round((self.clock.monotonic_s() - started_s) * 1000, 1),
                failure=failure,
                evidence=gathered.evidence,
            )
            self._record(probe, observation, gathered)

    def _fault(self, probe: AnyProbe, error: Exception) -> Failure:
        self.on_fault(probe.id, "".join(traceback.format_exception(error)))
        return Failure(FailureCode.INTERNAL_ERROR, "gather", type(error).__name__)

    def _shown(self, values: dict[str, Any]) -> dict[str, Any]:
        """JSON values as a report may hold them."""
        told: dict[str, Any] = without_secrets(values, self.profile.secrets)
        return told if self.show_addresses else dict(cut_interface_names(cut_public_addresses(told)))

    def _without_evidence(
        self, probe: AnyProbe, code: FailureCode, operation: str, detail: str | None = None
    ) -> Observation:
        return Observation(
            status=ObservationStatus.SKIPPED,
            evidence_version=probe.evidence.version,
            inputs=inputs_digest(probe, self.profile.identity),
            failure=Failure(code, operation, detail),
        )

    def _record(self, probe: AnyProbe, observation: Observation, gathered: "_Gathered | None" = None) -> None:
        """Keep an observation and its metrics; without evidence each metric is null for the probe's own reason."""
        gathered = gathered or _Gathered()
        self.observations[probe.id] = observation
        unknown = Quantity(None, reason=observation.failure.code if observation.failure else None)
        for name, definition in probe.evidence.definitions():
            quantity = gathered.quantities.get(name, unknown)
            self.metrics[f"{probe.id}.{name}"] = Metric.of(quantity, definition.unit)
        self.listener(ProbeEnded(probe.id, observation, gathered.summary))

    def complete(self) -> None:
        """Account for probes that never began, since the run was interrupted."""
        for probes, code, operation in (
            (self.plan.selected, FailureCode.INTERRUPTED, "start"),
            (self.plan.not_selected, FailureCode.NOT_SELECTED, "select"),
        ):
            for probe in probes:
                if probe.id not in self.observations:
                    self._record(probe, self._without_evidence(probe, code, operation))
