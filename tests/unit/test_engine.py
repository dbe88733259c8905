"""The engine: registry rules, plan, deadlines, faults and interruption, with probes made for it."""

import asyncio
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from readycheck.engine.events import ProbeEnded
from readycheck.engine.plan import UnknownProbe, make_plan
from readycheck.engine.probe import Context, Probe, Shared
from readycheck.engine.registry import AnyProbe, inputs_digest, metric_definitions, probes
from readycheck.engine.runner import Collection
from readycheck.host.recorded import RecordedMachine
from readycheck.model.evidence import UNITS, Evidence, Quantity, metric_of
from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.model.report import ObservationStatus
from readycheck.profile.schema import Profile

PROFILE = Profile.model_validate({"schema": "readycheck.profile/1", "id": "p"})


class Clock:
    def monotonic_s(self) -> float:
        return 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 22, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Facts(Evidence):
    count: int = 1
    seen_at: str = "8.8.8.8:53"

    @metric_of("number")
    def value(self) -> Quantity:
        """A number."""
        return Quantity(self.count)


class Fine(Probe[Facts]):
    id, title = "fine", "Fine"

    async def gather(self, context: Context) -> Facts:
        return Facts()


class Faulty(Probe[Facts]):
    id, title = "faulty", "Faulty"

    async def gather(self, context: Context) -> Facts:
        raise ZeroDivisionError("secret detail")


class Unable(Probe[Facts]):
    id, title = "unable", "Unable"

    async def gather(self, context: Context) -> Facts:
        raise OperationFailed(FailureCode.COMPONENT_MISSING, "load")


class Endless(Probe[Facts]):
    id, title = "endless", "Endless"
    exclusive = True

    def deadline_s(self, profile: Profile) -> float:
        return 0.01

    async def gather(self, context: Context) -> Facts:
        context.keep(lambda: Facts(count=7))
        await asyncio.Event().wait()
        return Facts()


class Patient(Endless):
    id, title = "patient", "Patient"

    def deadline_s(self, profile: Profile) -> float:
        return 600.0


class Dependent(Probe[Facts]):
    id, title = "dependent", "Dependent"
    requires = (Unable,)

    async def gather(self, context: Context) -> Facts:
        return Facts()


def collection(*chosen: AnyProbe, **more: Any) -> Collection:
    return Collection(make_plan({probe.id: probe for probe in chosen}), PROFILE, Clock(), **more)


async def test_fault_of_one_probe_leaves_the_others_alone() -> None:
    """An exception in a probe is told apart as internal_error, and nothing else is lost."""
    told: list[str] = []
    found = collection(Faulty, Fine, on_fault=lambda probe, _trace: told.append(probe))
    await found.collect()
    failure = found.observations["faulty"].failure

    assert failure is not None
    assert (failure.code, failure.detail) == (FailureCode.INTERNAL_ERROR, "ZeroDivisionError")
    assert told == ["faulty"]
    assert found.metrics["fine.value"].value == 1


async def test_deadline_keeps_what_was_measured() -> None:
    """A probe that takes too long fails, and its partial evidence is kept."""
    found = collection(Endless)
    await found.collect()
    observation = found.observations["endless"]

    assert observation.failure is not None
    assert observation.failure.code == FailureCode.DEADLINE_EXCEEDED
    assert observation.evidence["count"] == 7
    assert found.metrics["endless.value"].value == 7


async def test_interruption_keeps_what_was_measured() -> None:
    """On cancellation the running probe's partial evidence stays, and the rest is accounted for."""
    begun: list[str] = []
    found = collection(Fine, Patient, Endless, listener=lambda event: begun.append(event.probe))
    task = asyncio.create_task(found.collect())
    while "patient" not in begun:
        await asyncio.sleep(0)
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    statuses = {name: observation.status for name, observation in found.observations.items()}

    assert statuses == {
        "fine": ObservationStatus.COLLECTED,
        "patient": ObservationStatus.FAILED,
        "endless": ObservationStatus.SKIPPED,
    }
    assert found.observations["patient"].evidence["count"] == 7


class Hollow(Endless):
    """Cannot make evidence of what it has."""

    id, title = "hollow", "Hollow"

    async def gather(self, context: Context) -> Facts:
        context.keep(lambda: Facts(count=1 // 0))
        await asyncio.Event().wait()
        return Facts()


async def test_fault_in_partial_evidence_leaves_the_others_alone() -> None:
    """A probe whose partial evidence cannot be made is at fault itself, and the rest of the run goes on."""
    told: list[str] = []
    found = collection(Fine, Hollow, After, on_fault=lambda probe, _trace: told.append(probe))
    await found.collect()
    observation = found.observations["hollow"]

    assert told == ["hollow"]
    assert observation.failure is not None
    assert (observation.failure.code, observation.evidence) == (FailureCode.INTERNAL_ERROR, {})
    assert found.metrics["hollow.value"].reason == FailureCode.INTERNAL_ERROR
    assert (found.metrics["fine.value"].value, found.metrics["zz_after.value"].value) == (1, 1)


async def test_fault_in_partial_evidence_does_not_hide_an_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C stays Ctrl-C, and every probe is accounted for."""
    monkeypatch.setattr(Hollow, "deadline_s", lambda *_: 600.0)
    begun: list[str] = []
    found = collection(Fine, Hollow, listener=lambda event: begun.append(event.probe))
    task = asyncio.create_task(found.collect())
    while "hollow" not in begun:
        await asyncio.sleep(0)
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert found.observations["fine"].status == ObservationStatus.COLLECTED
    assert found.observations["hollow"].status == ObservationStatus.FAILED


async def test_dependents_of_a_failed_probe_are_skipped_with_its_reason() -> None:
    """Without the evidence it needs a probe does not run, and says why."""
    found = collection(Unable, Dependent)
    await found.collect()

    assert found.observations["dependent"].status == ObservationStatus.SKIPPED
    assert found.metrics["dependent.value"].reason == FailureCode.COMPONENT_MISSING


async def test_public_addresses_are_cut_unless_asked_for() -> None:
    """Evidence shows 8.8.8.0/24, and the full address only on demand."""
    hidden, shown = collection(Fine), collection(Fine, show_addresses=True)
    await hidden.collect()
    await shown.collect()

    assert hidden.observations["fine"].evidence["seen_at"] == "8.8.8.0/24:53"
    assert shown.observations["fine"].evidence["seen_at"] == "8.8.8.8:53"


async def test_every_selected_probe_ends_with_an_event() -> None:
    """Whoever watches hears the end of each probe once."""
    ended: list[str] = []
    await collection(
        Fine,
        Unable,
        Dependent,
        listener=lambda event: ended.append(event.probe) if isinstance(event, ProbeEnded) else None,
    ).collect()

    assert sorted(ended) == ["dependent", "fine", "unable"]


class AtRest(Probe[Facts]):
    id, title = "at_rest", "At rest"
    first = True

    async def gather(self, context: Context) -> Facts:
        await asyncio.sleep(0)
        return Facts()


class NeedsRest(Fine):
    id, title = "needs_rest", "Needs rest"
    requires = (AtRest,)


async def test_what_measures_the_machine_at_rest_ends_before_others_begin() -> None:
    """A probe marked `first` runs alone, also before those that require it."""
    told: list[str] = []
    found = collection(
        Fine,
        AtRest,
        NeedsRest,
        Endless,
        listener=lambda event: told.append(f"{type(event).__name__} {event.probe}"),
    )
    await found.collect()

    assert told[:2] == ["ProbeStarted at_rest", "ProbeEnded at_rest"]
    assert chosen(found.plan.selected) == ["at_rest", "fine", "needs_rest", "endless"]
    assert found.observations["needs_rest"].status == ObservationStatus.COLLECTED


def test_only_the_workstation_is_measured_first() -> None:
    """Whatever runs before the others costs the user its whole time; it requires nothing that runs later."""
    assert chosen(make_plan(probes()).first) == ["workstation"]
    assert all(required.first for probe in probes().values() if probe.first for required in probe.requires)


class Changing(RecordedMachine):
    """A machine that a test may put to sleep, or on another network."""

    def __init__(self) -> None:
        facts = {"slept_s": 100.0, "interfaces": [link("eth0")]}
        files = {"/sys/class/net/tun0/tun_flags": "0x1001"}
        super().__init__({"platform": "linux", "provenance": "documented", "facts": facts, "files": files})
        self._routes = {"*": "192.0.2.2", "2001:db8::1": "fd00::1:2"}

    def sleep(self, seconds: float) -> None:
        self._facts["slept_s"] += seconds

    def route(self, destination: str, source: str) -> None:
        self._routes[destination] = source

    def use(self, *names: str, ipv4: str = "192.0.2.2", ipv6: str = "fd00::1:2") -> None:
        self._facts["interfaces"] = [link(name) for name in names]
        self._routes = {"*": ipv4, "2001:db8::1": ipv6}


def link(name: str) -> dict[str, Any]:
    return {"name": name, "is_up": True, "addresses": ["192.0.2.2"]}


class Measuring(Fine):
    """Measures the path while the machine does something."""

    id, title = "measuring", "Measuring"
    exclusive = True
    meanwhile: ClassVar[Callable[[Changing], None]] = lambda _: None

    async def gather(self, context: Context) -> Facts:
        assert isinstance(context.machine, Changing)
        type(self).meanwhile(context.machine)
        return Facts()


class After(Fine):
    id, title = "zz_after", "After"
    exclusive = True


@pytest.mark.parametrize(
    ("meanwhile", "expected"),
    [
        (lambda machine: machine.sleep(300.0), ("slept", 300.0)),
        (lambda machine: machine.use("eth0", "tun0"), ("network_changed", None)),
        (lambda machine: machine.use("wlan0", ipv4="192.0.2.9"), ("network_changed", None)),
        (lambda machine: machine.use("eth0", ipv4="198.51.100.2"), ("network_changed", None)),
        (lambda machine: machine.use("eth0", ipv6="fd00:0:0:1::2"), ("network_changed", None)),
    ],
)
async def test_what_is_measured_across_a_change_is_told_and_not_relied_on(
    meanwhile: Callable[[Changing], None], expected: tuple[str, float | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its figures are kept with the reason `interrupted`; what ran before and after stands."""
    monkeypatch.setattr(Measuring, "meanwhile", meanwhile)
    found = collection(Fine, Measuring, After, machine=Changing())
    await found.collect()
    spoilt = found.observations["measuring"]

    assert [(change.kind, change.seconds, change.probes) for change in found.changes] == [(*expected, ("measuring",))]
    assert spoilt.failure is not None
    assert (spoilt.status, spoilt.failure.code) == (ObservationStatus.FAILED, FailureCode.INTERRUPTED)
    assert spoilt.evidence["count"] == 1
    assert (found.metrics["measuring.value"].value, found.metrics["measuring.value"].reason) == (1, "interrupted")
    assert {found.observations[name].status for name in ("fine", "zz_after")} == {ObservationStatus.COLLECTED}


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda machine: machine.sleep(0.4),
        lambda machine: machine.use("eth0", ipv6="fd00::ffff:9"),
        lambda machine: machine.use("eth0", "veth7"),
        lambda machine: machine._facts.clear(),
    ],
)
async def test_what_is_no_change(meanwhile: Callable[[Changing], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks that tick apart, an IPv6 address drawn anew in its network, another's link, a machine gone silent."""
    monkeypatch.setattr(Measuring, "meanwhile", meanwhile)
    found = collection(Measuring, machine=Changing())
    await found.collect()

    assert found.changes == []
    assert found.observations["measuring"].status == ObservationStatus.COLLECTED


async def test_change_that_one_look_could_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine silent for a moment, and changed when it answers again: all that ran since it last told is in doubt."""
    machine = Changing()
    answering = dict(machine._facts)
    monkeypatch.setattr(Measuring, "meanwhile", lambda machine: machine._facts.clear())

    class Answers(Measuring):
        id, title = "zz_answers", "Answers"
        meanwhile: ClassVar[Callable[[Changing], None]] = lambda machine: machine._facts.update(
            {**answering, "interfaces": [link("eth0"), link("tun0")]}
        )

    found = collection(Measuring, Answers, machine=machine)
    await found.collect()

    assert [(change.kind, change.probes) for change in found.changes] == [
        ("network_changed", ("measuring", "zz_answers"))
    ]
    assert found.observations["measuring"].status == ObservationStatus.FAILED


RELAYED = Profile.model_validate(
    {
        "schema": "readycheck.profile/1",
        "id": "p",
        "targets": {
            "ice_servers": [{"urls": ["turn:203.0.113.7:3478", "turn:relay.example.test"]}],
            "reflector": {"stamp": "203.0.113.9:862"},
        },
    }
)


@pytest.mark.parametrize(
    ("target", "source", "kinds"),
    [
        ("203.0.113.7", "10.8.0.6", ["network_changed"]),
        ("198.51.100.7", "10.8.0.6", ["network_changed"]),
        ("203.0.113.9", "10.8.0.6", ["network_changed"]),
        ("203.0.113.8", "10.8.0.6", []),
        ("2001:db8:1::7", "fd00::9", []),
        ("2001:db8:1::7", "fd08::6", ["network_changed"]),
    ],
)
async def test_route_of_a_target_into_a_tunnel_that_is_up(
    target: str, source: str, kinds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its way to a relay, a name's address or the reflector is another: told; another's way, a drawn address: not."""
    machine = Changing()
    machine.use("eth0", "tun0")
    machine._routes["2001:db8:1::7"] = "fd00::1:2"
    machine._addresses["relay.example.test"] = ["198.51.100.7", "2001:db8:1::7"]
    monkeypatch.setattr(Measuring, "meanwhile", lambda machine: machine.route(target, source))
    found = Collection(make_plan({"measuring": Measuring}), RELAYED, Clock(), machine=machine)
    await found.collect()

    assert [change.kind for change in found.changes] == kinds


async def test_borrowed_address_shows_by_the_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unnumbered tunnel leaves the source address as it was: the kernel's interface tells the change."""
    machine = Changing()
    machine.use("eth0", "tun0")
    line = "ip route get 203.0.113.7"
    machine._outputs[line] = "203.0.113.7 dev eth0 src 192.0.2.2\n"
    into_tunnel = {line: "203.0.113.7 dev tun0 src 192.0.2.2\n"}
    monkeypatch.setattr(Measuring, "meanwhile", lambda machine: machine._outputs.update(into_tunnel))
    found = Collection(make_plan({"measuring": Measuring}), RELAYED, Clock(), machine=machine)
    await found.collect()

    assert [change.kind for change in found.changes] == ["network_changed"]


async def test_names_are_looked_up_for_those_who_meet_them() -> None:
    """Once a run, and not at all where nothing that is asked meets a target."""
    asked: list[str] = []

    class Asked(Changing):
        def look_up(self, host: str) -> list[str]:
            asked.append(host)
            raise OSError

    for probe, expected in ((Fine, []), (After, ["relay.example.test"])):
        await Collection(make_plan({probe.id: probe}), RELAYED, Clock(), machine=Asked()).collect()
        assert asked == expected


async def test_facts_of_the_machine_outlast_a_change() -> None:
    """Of what ran side by side only what met the profile's targets is in doubt."""

    class Meets(Fine):
        id, title = "meets", "Meets"

        @classmethod
        def inputs(cls, profile: Profile) -> Any:
            return ["turn:a"]

        async def gather(self, context: Context) -> Facts:
            assert isinstance(context.machine, Changing)
            context.machine.sleep(60.0)
            return Facts()

    found = collection(Fine, Meets, machine=Changing())
    await found.collect()

    assert found.changes[0].probes == ("meets",)
    assert found.observations["fine"].status == ObservationStatus.COLLECTED
    assert found.observations["meets"].status == ObservationStatus.FAILED


def chosen(plan_probes: Iterable[AnyProbe]) -> list[str]:
    return [probe.id for probe in plan_probes]


def test_only_brings_what_is_required() -> None:
    """`--only path` runs turn as well, and nothing else."""
    plan = make_plan(probes(), only=["path"])

    assert chosen(plan.selected) == ["turn", "path"]
    assert "call" in chosen(plan.not_selected)


def test_skip_takes_dependents_along() -> None:
    """Without turn there is neither path nor call."""
    plan = make_plan(probes(), skip=["turn"])

    assert {"turn", "path", "call"} <= set(chosen(plan.not_selected))


def test_unknown_probe_is_named() -> None:
    """A misspelt probe is an error that lists the known ones."""
    with pytest.raises(UnknownProbe, match="stun"):
        make_plan(probes(), only=["trun"])


def test_what_measures_the_path_runs_alone() -> None:
    """Neither path nor call ever overlaps with anything."""
    plan = make_plan(probes())

    assert {"path", "call"} <= set(chosen(plan.alone))
    assert not {"path", "call"} & set(chosen(plan.side_by_side))


def test_every_probe_states_itself() -> None:
    """One probe per module, id = file name, a docstring, a title; requirements come first."""
    seen: list[str] = []
    for name, probe in probes().items():
        assert probe.__module__ == f"readycheck.probes.{name}"
        assert probe.id == name
        assert inspect.getdoc(probe)
        assert inspect.getmodule(probe).__doc__
        assert probe.title
        assert all(required.id in seen for required in probe.requires)
        seen.append(name)


def test_every_metric_has_unit_and_meaning() -> None:
    """Metric names are unique, units known, meanings told."""
    names = [definition.name for probe in probes().values() for definition in probe.metrics()]

    assert len(names) == len(set(names))
    for definition in metric_definitions().values():
        assert definition.unit in UNITS
        assert definition.meaning


def test_inputs_digest_depends_on_targets_alone(make_profile: Any) -> None:
    """Another threshold or password leaves the digest; another server changes it."""
    turn = probes()["turn"]
    text = "targets: {{ice_servers: [{{urls: ['turn:{}'], username: a, credential: {}}}]}}\npath: {{min_seconds: {}}}\n"
    first, same, other = (make_profile(text.format(*parts)) for parts in [("h", "x", 8), ("h", "y", 9), ("i", "x", 8)])

    assert inputs_digest(turn, first) == inputs_digest(turn, same)
    assert inputs_digest(turn, first) != inputs_digest(turn, other)


@pytest.mark.parametrize("kind", ["turn", "stun"])
def test_a_scheme_in_capitals_is_the_same_scheme(kind: str, make_profile: Any) -> None:
    """The digest tells servers apart, however their scheme is written (RFC 3986 section 3.1)."""
    small, capitals, other = (
        inputs_digest(probes()[kind], make_profile(f"targets: {{ice_servers: [{{urls: '{url}'}}]}}\n"))
        for url in (f"{kind}:a", f"{kind.upper()}:a", f"{kind.upper()}:b")
    )

    assert small == capitals
    assert capitals != other


async def test_failures_of_a_probe_tell_no_secret_and_no_public_address() -> None:
    """What a server said in place of an answer may quote our credentials."""

    class Refused(Probe[Facts]):
        id, title = "refused", "Refused"

        async def gather(self, context: Context) -> Facts:
            raise OperationFailed(FailureCode.TURN_FORBIDDEN, "permit", "no hunter22 from 8.8.8.8")

    servers = [{"urls": ["turn:t.example"], "username": "agent", "credential": "hunter22"}]
    profile = PROFILE.model_validate(PROFILE.model_dump(by_alias=True) | {"targets": {"ice_servers": servers}})
    collection = Collection(make_plan({"refused": Refused}), profile, Clock())
    await collection.collect()
    failure = collection.observations["refused"].failure
    assert failure is not None
    assert failure.detail == "no … from 8.8.8.0/24"


async def test_shared_work_outlives_whoever_gives_up_on_it() -> None:
    """One probe's deadline does not end what another still waits for, and the work is done once."""
    shared, go_on, begun = Shared(), asyncio.Event(), 0

    async def work() -> str:
        nonlocal begun
        begun += 1
        await go_on.wait()
        return "done"

    impatient = asyncio.create_task(shared.once("work", work))
    patient = asyncio.create_task(shared.once("work", work))
    await asyncio.sleep(0)
    impatient.cancel()
    go_on.set()

    assert await patient == "done"
    assert (begun, impatient.cancelling()) == (1, 1)


async def test_the_end_of_the_run_ends_shared_work() -> None:
    """What nobody waits for any more is cancelled and awaited."""
    shared, cancelled = Shared(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    waiting = asyncio.create_task(shared.once("work", work))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    await shared.close()

    assert cancelled.is_set()
