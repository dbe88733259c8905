"""What the workstation's probes make of every machine that is kept here, as it is and spoilt."""

import json
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from readycheck.cli.loading import profile_at_rest
from readycheck.engine.clock import SystemClock
from readycheck.engine.plan import make_plan
from readycheck.engine.registry import AnyProbe, probes
from readycheck.engine.runner import Collection
from readycheck.host.context import wrong_user
from readycheck.host.machine import Machine
from readycheck.host.proxy.effective import proxy_settings
from readycheck.host.recorded import RecordedMachine
from readycheck.host.recorder import Recorder
from readycheck.host.registry_export import exported
from readycheck.host.scrubbing import scrubbed
from readycheck.host.system import system
from readycheck.host.this import this_machine
from readycheck.model.report import ObservationStatus
from tests.machines import NAMES, machine
from tests.machines.hostile import CHANGES, Change, spoilt

WORKSTATION = ("browser", "session", "headset", "network", "workstation")
OWN: list[AnyProbe] = [probe for probe in probes().values() if probe.machine_only]
LONGEST = 2000


async def collected(asked: Machine) -> Collection:
    faults: list[str] = []
    profile = profile_at_rest("lab")
    collection = Collection(
        make_plan(probes(), only=[probe.id for probe in OWN]),
        profile,
        SystemClock(),
        machine=asked,
        on_fault=lambda probe, trace: faults.append(f"{probe}\n{trace}"),
    )
    await collection.collect()
    assert faults == []
    return collection


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(item)


def harmless(text: str) -> bool:
    return len(text) <= LONGEST and not any(unicodedata.category(one) in {"Cc", "Cf", "Cs"} for one in text)


def said_of_proxies(asked: Machine) -> list[str]:
    """Passwords, which `repr` hides, are no part of it."""
    return [repr(setting) for setting in proxy_settings(asked)]


def test_the_workstations_probes_ask_the_machine_alone() -> None:
    """Those that the contract names can be answered by a captured machine, wherever they exist."""
    assert [name for name in WORKSTATION if name in probes() and not probes()[name].machine_only] == []


@pytest.mark.parametrize("name", NAMES)
async def test_documented_machines_are_understood(name: str) -> None:
    """Each probe brings evidence, which survives JSON and is judged from there as it was here."""
    collection = await collected(machine(name))

    for probe in OWN:
        observation = collection.observations[probe.id]
        assert (observation.status, observation.failure) == (ObservationStatus.COLLECTED, None)
        again = probe.evidence.from_json(json.loads(json.dumps(observation.evidence)))
        assert again.to_json() == observation.evidence
    assert said_of_proxies(machine(name)) is not None


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", NAMES)
async def test_spoilt_machines_are_survived(name: str, change: Change) -> None:
    """Missing, hanging, foreign, cut and hostile answers: a null with its reason, no fault, nothing harmful kept."""
    asked = spoilt(name, change)
    collection = await collected(asked)

    for probe in OWN:
        evidence = collection.observations[probe.id].evidence
        assert [text for text in texts(evidence) if not harmless(text)] == []
        if collection.observations[probe.id].status == ObservationStatus.COLLECTED:
            assert probe.evidence.from_json(json.loads(json.dumps(evidence))).to_json() == evidence
    said_of_proxies(asked)
    wrong_user(asked)
    assert harmless("".join(system(asked)))


async def test_capture_of_this_machine_gives_the_same_evidence() -> None:
    """What was recorded while the probes ran is enough for them to bring the same evidence anywhere."""
    recorder = Recorder(this_machine())
    here, proxies = await collected(recorder), said_of_proxies(recorder)
    captured = RecordedMachine(json.loads(json.dumps(recorder.document())), exported(recorder.registry.keys))
    there = await collected(captured)

    assert said_of_proxies(captured) == proxies
    for probe in OWN:
        assert there.observations[probe.id].evidence == here.observations[probe.id].evidence


@pytest.mark.parametrize("name", NAMES)
async def test_scrubbed_capture_of_a_documented_machine_gives_the_same_evidence(name: str) -> None:
    """Of its keys only what was asked for is kept, of its names and numbers nothing: no reader misses any of it."""
    recorder = Recorder(machine(name))
    there, proxies = await collected(recorder), said_of_proxies(recorder)
    document, keys, _ = scrubbed(recorder.document(), recorder.registry.keys, "", recorder.environment)
    captured = RecordedMachine(json.loads(json.dumps(document)), exported(keys))
    here = await collected(captured)

    assert said_of_proxies(captured) == proxies
    for probe in OWN:
        assert here.observations[probe.id].evidence == there.observations[probe.id].evidence
