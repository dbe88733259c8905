"""Finds the probes: every module of a package holds one."""

import hashlib
import importlib
import json
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any

from readycheck.engine.probe import Probe
from readycheck.model.evidence import MetricDefinition
from readycheck.profile.schema import Profile

AnyProbe = type[Probe[Any]]


@cache
def probes(package: str = "readycheck.probes") -> Mapping[str, AnyProbe]:
    """Every probe of the package by id, those that others require first.

    Raises ValueError for a module without exactly one probe, a foreign id, or probes that require each other.
    """
    found = [_probe_of(f"{package}.{module.name}") for module in _modules(package)]
    ordered: dict[str, AnyProbe] = {}
    for probe in found:
        _place(probe, ordered, ())
    return ordered


def _modules(package: str) -> list[pkgutil.ModuleInfo]:
    path = importlib.import_module(package).__path__
    return [module for module in pkgutil.iter_modules(path) if not module.name.startswith("_")]


def _probe_of(module_name: str) -> AnyProbe:
    module = importlib.import_module(module_name)
    own = [
        item
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, Probe) and item.__module__ == module_name
    ]
    if len(own) != 1:
        raise ValueError(f"{module_name} holds {len(own)} probes, not one")
    if own[0].id != module_name.rpartition(".")[2]:
        raise ValueError(f"{module_name} holds the probe {own[0].id}: id and file name differ")
    return own[0]


def _place(probe: AnyProbe, ordered: dict[str, AnyProbe], waiting: tuple[AnyProbe, ...]) -> None:
    if probe in waiting:
        raise ValueError(f"{probe.id} requires itself through {', '.join(other.id for other in waiting)}")
    for required in probe.requires:
        _place(required, ordered, (*waiting, probe))
    ordered.setdefault(probe.id, probe)


@cache
def metric_definitions(package: str = "readycheck.probes") -> Mapping[str, MetricDefinition]:
    """Every metric that a profile may name."""
    return {definition.name: definition for probe in probes(package).values() for definition in probe.metrics()}


def inputs_digest(probe: AnyProbe, profile: Profile) -> str:
    """SHA-256 of the targets that the probe meets under this profile."""
    canonical = json.dumps(probe.inputs(profile), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{probe.id}\n{canonical}".encode()).hexdigest()
