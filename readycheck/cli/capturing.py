"""One capture from its folder to the words about it."""

import asyncio
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import typer

from readycheck.cli.loading import profile_at_rest
from readycheck.cli.status import ExitStatus
from readycheck.engine.clock import SystemClock
from readycheck.engine.plan import make_plan
from readycheck.engine.registry import probes
from readycheck.engine.runner import Collection
from readycheck.host.files import write_new
from readycheck.host.loop import new_event_loop
from readycheck.host.proxy.effective import proxy_settings
from readycheck.host.recorded import MACHINE, REGISTRY
from readycheck.host.recorder import Recorder
from readycheck.host.registry_export import exported
from readycheck.host.scrubbing import scrubbed
from readycheck.host.system import system
from readycheck.host.this import this_machine
from readycheck.net.beside import beside

_LOOK = "Look through it before you send it: the name of a device or a network may still be a person's."


def capture_into(folder: Path, profile: str) -> None:
    """Ask, scrub, write, tell."""
    asked_about = profile_at_rest(profile)
    machine = this_machine()
    recorder = Recorder(machine)
    plan = make_plan(probes(), only=[probe.id for probe in probes().values() if probe.machine_only])
    collection = Collection(plan, asked_about, SystemClock(), machine=recorder)
    with _new(folder):
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_ask(collection, recorder))
        document, keys, counts = scrubbed(
            recorder.document(), recorder.registry.keys, socket.gethostname(), machine.environment
        )
        files = {folder / MACHINE: json.dumps(document, ensure_ascii=False, indent=1) + "\n"}
        if keys:
            files[folder / REGISTRY] = exported(keys)
        _write(files)
    for probe in plan.selected:
        observation = collection.observations[probe.id]
        failed = f": {observation.failure.code}" if observation.failure else ""
        typer.echo(f"{probe.id}: {observation.status}{failed}", err=True)
    typer.echo(f"{_told(counts)}\n{_LOOK}", err=True)
    typer.echo("\n".join(map(str, files)))


async def _ask(collection: Collection, recorder: Recorder) -> None:
    await collection.collect()
    await beside(lambda: proxy_settings(recorder), "proxy settings")
    await beside(lambda: system(recorder), "system")


@contextmanager
def _new(folder: Path) -> Iterator[None]:
    """The folder, which must not have been there; gone again if nothing came into it."""
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise _not_written(folder, error) from None
    try:
        yield
    finally:
        if not any(folder.iterdir()):
            folder.rmdir()


def _write(files: Mapping[Path, str]) -> None:
    for path, text in files.items():
        try:
            write_new(path, text)
        except OSError as error:
            raise _not_written(path, error) from None


def _not_written(path: Path, error: OSError) -> typer.Exit:
    typer.echo(f"readycheck: {path}: {error.strerror or error}", err=True)
    return typer.Exit(ExitStatus.NOT_WRITTEN)


def _told(counts: Mapping[str, int]) -> str:
    return "Replaced: " + (
        ", ".join(f"{kind} ({count})" for kind, count in sorted(counts.items())) or "nothing was found"
    )
