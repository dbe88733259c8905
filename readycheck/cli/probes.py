"""`readycheck probes`: every probe, its metrics with unit and meaning."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from readycheck.model.evidence import MetricDefinition


def probes(
    *,
    json_output: Annotated[bool, typer.Option("--json", help="JSON instead of a list.")] = False,
) -> None:
    """Every probe, its metrics with unit and meaning: what a profile can name."""
    from readycheck.engine import registry  # noqa: PLC0415 - imports every probe
    from readycheck.profile.semantics import FLEET_METRICS  # noqa: PLC0415 - keeps `--version` fast

    found = registry.probes().values()
    if json_output:
        listed = [
            {
                "id": probe.id,
                "title": probe.title,
                "requires": [required.id for required in probe.requires],
                "metrics": _as_json(probe.metrics()),
            }
            for probe in found
        ]
        listing = {"probes": listed, "rollup": _as_json(FLEET_METRICS.values())}
        typer.echo(json.dumps(listing, ensure_ascii=False, indent=2))
        return
    blocks = [_block(f"{probe.id}: {probe.title}", probe.metrics()) for probe in found]
    blocks.append(_block("Measured by readycheck rollup, over all reports", FLEET_METRICS.values()))
    typer.echo("\n\n".join(blocks))


def _as_json(metrics: "Iterable[MetricDefinition]") -> list[dict[str, Any]]:
    return [{"name": metric.name, "unit": metric.unit, "meaning": metric.meaning} for metric in metrics]


def _block(heading: str, metrics: "Iterable[MetricDefinition]") -> str:
    return "\n".join([heading, *(f"  {metric.name:<34} {metric.unit:<7} {metric.meaning}" for metric in metrics)])
