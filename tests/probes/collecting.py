"""One probe collected as a run would, against targets of a test."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from readycheck.engine.clock import SystemClock
from readycheck.engine.events import Event, ProbeProgressed
from readycheck.engine.plan import make_plan
from readycheck.engine.registry import probes
from readycheck.engine.runner import Collection
from readycheck.model.proxy import ProxySettings
from readycheck.model.report import Metric
from readycheck.profile.schema import Profile
from readycheck.render.causes import Sighting, sightings


class Seen:
    """What a probe left."""

    def __init__(self, probe: str, collection: Collection) -> None:
        self._probe = probe
        self._collection = collection
        self.observation = collection.observations[probe]
        self.evidence = self.observation.evidence

    def metric(self, name: str) -> Metric:
        return self._collection.metrics[f"{self._probe}.{name}"]

    def answer(self, metric: str) -> tuple[Any, str | None]:
        found = self.metric(metric)
        return found.value, found.reason

    def target(self, index: int = 0) -> dict[str, Any]:
        target: dict[str, Any] = self.evidence["targets"][index]
        return target

    def attempt(self, target: int = 0, index: int = 0) -> dict[str, Any]:
        attempt: dict[str, Any] = self.target(target)["attempts"][index]
        return attempt

    def codes(self, target: int = 0) -> list[str | None]:
        failures = [attempt.get("failure") for attempt in self.target(target)["attempts"]]
        return [failure and failure["code"] for failure in failures]

    def sightings(self) -> list[Sighting]:
        return list(sightings(self.evidence))

    @property
    def summary(self) -> str | None:
        probe = probes()[self._probe]
        return probe().summary(probe.evidence.from_json(self.evidence))


def profile_of(targets: dict[str, Any], **parts: Any) -> Profile:
    return Profile.model_validate({"schema": "readycheck.profile/1", "id": "test", "targets": targets, **parts})


def collection_of(probe: str, profile: Profile, **options: Any) -> Collection:
    def fault(name: str, trace: str) -> None:
        raise AssertionError(f"{name} is at fault: {trace}")

    return Collection(make_plan(probes(), only=[probe]), profile, SystemClock(), on_fault=fault, **options)


async def see(probe: str, targets: dict[str, Any], **parts: Any) -> Seen:
    collection = collection_of(probe, profile_of(targets, **parts))
    await collection.collect()
    return Seen(probe, collection)


async def see_interrupted(probe: str, targets: dict[str, Any], when: str, **parts: Any) -> Seen:
    """Interrupt the run as soon as the probe says this."""
    return Seen(probe, await interrupted(probe, profile_of(targets, **parts), when))


async def interrupted(probe: str, profile: Profile, when: str, **options: Any) -> Collection:
    """What a run left that was interrupted as soon as the probe said this."""
    said = asyncio.Event()

    def listen(event: Event) -> None:
        if isinstance(event, ProbeProgressed) and event.doing == when:
            said.set()

    collection = collection_of(probe, profile, listener=listen, **options)
    run = asyncio.create_task(collection.collect())
    await said.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    return collection


def configure_proxy(monkeypatch: pytest.MonkeyPatch, settings: Sequence[ProxySettings] = ()) -> None:
    """What this machine says of proxies from now on."""
    monkeypatch.setattr("readycheck.probes._routes.proxy_settings", lambda _machine: list(settings))
