"""Reports of recorded machines: what the workstation's probes tell of each, under a profile with lists."""

import asyncio

from readycheck.engine.clock import SystemClock
from readycheck.engine.plan import make_plan
from readycheck.engine.registry import probes
from readycheck.engine.runner import Collection
from readycheck.host.machine import Machine
from readycheck.model.report import Report
from readycheck.profile.schema import Profile
from tests.unit.report_samples import report

WORKSTATION = ["session", "browser", "headset", "network", "workstation"]
PROFILE = Profile.model_validate(
    {
        "schema": "readycheck.profile/1",
        "id": "acme",
        "targets": {
            "signalling": [{"url": "https://app.acme.example/"}],
            "ice_servers": [{"urls": ["turn:192.0.2.7:3478?transport=udp"]}],
        },
        "allowed": {
            "browsers": [{"name": "chrome", "at_least": "120"}, {"name": "edge", "at_least": "120"}],
            "headsets": [{"vid": "0b0e"}, {"vid": "047f", "product": "Blackwire*"}],
        },
    }
)


def machine_report(asked: Machine) -> Report:
    """What a run on this machine would leave, before anybody judges it."""
    collection = Collection(make_plan(probes(), only=WORKSTATION), PROFILE, SystemClock(), machine=asked)
    asyncio.run(collection.collect())
    return report(metrics=collection.metrics, observations=collection.observations)
