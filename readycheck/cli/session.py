"""One run from its options to its exit status."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

import typer

from readycheck import __version__
from readycheck.cli.fault import sentence, write_fault
from readycheck.cli.loading import LAB_AT_REST, profile_or_exit
from readycheck.cli.machine import machine_or_exit
from readycheck.cli.paper import coloured
from readycheck.cli.status import ExitMap, ExitStatus, mapped
from readycheck.cli.verdict import digests, reference, tell
from readycheck.console import LiveView
from readycheck.engine.clock import SystemClock, timestamp
from readycheck.engine.plan import Plan, UnknownProbe, make_plan
from readycheck.engine.registry import probes
from readycheck.engine.runner import Collection
from readycheck.host import command
from readycheck.host.interrupts import heard_once
from readycheck.host.loop import new_event_loop
from readycheck.host.machine import Machine
from readycheck.host.pseudonym import environment
from readycheck.judge import Case, judge
from readycheck.lab.server import lab_server
from readycheck.model.report import Report, Run, Tool
from readycheck.model.verdict import Scope
from readycheck.profile.environment import LAB_PREFIX
from readycheck.profile.schema import Profile
from readycheck.reflector.reflecting import reflecting
from readycheck.render.words import choose
from readycheck.sizing.load import loaded


@dataclass(frozen=True)
class Options:
    """The command line of `run`."""

    profile: str
    output: Path
    formats: list[str]
    as_json: bool
    only: list[str] | None
    skip: list[str]
    label: str | None
    site: str | None
    machine: Path | None
    scope: Literal["workstation", "site"]
    calls: int | None
    show_host: bool
    listen: bool
    lang: str
    strict: bool
    quiet: bool
    color: Literal["auto", "always", "never"]
    exit_map: ExitMap


@dataclass
class _Session:
    """What is known once the measuring began; whole or cut short by Ctrl-C."""

    options: Options
    plan: Plan
    machine: Machine
    clock: SystemClock = field(default_factory=SystemClock)
    collection: Collection | None = None
    interrupted: bool = False
    fault: str | None = None
    _measuring: asyncio.Task[None] | None = None

    def interrupt(self) -> None:
        """Stop measuring; what was measured is kept. Once the measuring is over there is nothing to stop."""
        if self._measuring is None:
            self.interrupted = True
        elif not self._measuring.done():
            self.interrupted = True
            self._measuring.get_loop().call_soon_threadsafe(self._measuring.cancel)

    async def collect(self, collection: Collection) -> None:
        """Measure until done or interrupted."""
        self.collection = collection
        if self.interrupted:
            return
        self._measuring = asyncio.ensure_future(collection.collect())
        await asyncio.wait([self._measuring])
        if not self._measuring.cancelled():
            self._measuring.result()


def measure(options: Options) -> int:
    """Measure, judge, write, print; the exit status."""
    plan_of(options)  # a wrong name is a mistake of the command line, whatever the profile
    profile = profile_of(options)
    plan = plan_of(options, profile)
    session = _Session(options, plan, machine_or_exit(options.machine))
    started_at = session.clock.now()
    started_s = session.clock.monotonic_s()
    title = choose(profile.title, options.lang) or profile.id
    with heard_once(session.interrupt):
        with LiveView(title, lang=options.lang, quiet=options.quiet, color=options.color) as view:
            view.plan([probe.id for probe in plan.selected])
            try:
                with asyncio.Runner(loop_factory=new_event_loop) as runner:
                    runner.run(_collect(session, profile, view))
            finally:
                command.end_all()
        if options.machine is not None:
            typer.echo(f"readycheck: {options.machine} was asked in this machine's place", err=True)
        report = _report(session, profile, started_at, session.clock.monotonic_s() - started_s)
        status = tell(
            report,
            output=options.output,
            formats=options.formats,
            as_json=options.as_json,
            lang=options.lang,
            colour=coloured(options.color),
            went_wrong=session.interrupted or session.fault is not None,
        )
    if session.interrupted:
        status = ExitStatus.INTERRUPTED
    if session.fault:
        typer.echo(sentence(session.fault), err=True)
        status = ExitStatus.FAULT
    return mapped(status, report.decision, strict=options.strict, exit_map=options.exit_map)


def plan_of(options: Options, profile: Profile | None = None) -> Plan:
    """The probes that command line and profile choose; a wrong name is a mistake of the command line."""
    only = options.only
    if options.machine is not None:
        able = [probe.id for probe in probes().values() if probe.machine_only]
        if unable := set(only or ()) & set(probes()) - set(able):
            raise typer.BadParameter(f"a captured machine can't answer {', '.join(sorted(unable))}")
        only = able if only is None else only
    try:
        return make_plan(probes(), only=only, skip=options.skip, profile=profile)
    except UnknownProbe as error:
        raise typer.BadParameter(str(error)) from None


def profile_of(options: Options, extra: dict[str, str] | None = None) -> Profile:
    """The profile, with the calls at once that this run asks of the link."""
    return loaded(profile_or_exit(options.profile, extra=extra), options.scope, options.calls)


async def _collect(session: _Session, profile: Profile, view: LiveView) -> None:
    async with _far_end(session.options, profile) as ready:
        collection = Collection(
            plan=session.plan,
            profile=ready,
            clock=session.clock,
            listener=view,
            show_addresses=session.options.show_host,
            machine=session.machine,
            listen=session.options.listen,
            scope=Scope(session.options.scope),
            calls=session.options.calls,
            on_fault=lambda probe, trace: _keep_fault(session, f"probe {probe}\n{trace}"),
        )
        await session.collect(collection)


@asynccontextmanager
async def _far_end(options: Options, profile: Profile) -> AsyncIterator[Profile]:
    """The profile with its targets in place: those of the lab exist only while its servers run."""
    if not profile.lab:
        yield profile
        return
    if options.machine is not None:
        yield profile_of(options, LAB_AT_REST)
        return
    async with lab_server() as lab:
        with reflecting() as reflector:
            variables = {
                "UDP_PORT": lab.udp_port,
                "TCP_PORT": lab.tcp_port,
                "TLS_PORT": lab.tls_port,
                "STAMP_PORT": reflector.port,
                "USERNAME": lab.username,
                "CREDENTIAL": lab.credential,
                "CA_FILE": lab.ca_file,
            }
            yield profile_of(options, {f"{LAB_PREFIX}{name}": str(value) for name, value in variables.items()})


def _keep_fault(session: _Session, details: str) -> None:
    session.fault = write_fault(details)


def _report(session: _Session, profile: Profile, started_at: datetime, duration_s: float) -> Report:
    options, collection = session.options, session.collection
    collection = collection or Collection(session.plan, profile, session.clock, machine=session.machine)
    collection.complete()
    case = Case(
        metrics=collection.metrics,
        observations=collection.observations,
        inputs=digests(collection.profile),
        started_on=started_at.date(),
        interrupted=session.interrupted,
    )
    verdict = judge(profile, case, Scope(options.scope))
    return Report(
        tool=Tool("readycheck", __version__),
        run=Run(
            id=str(uuid.uuid4()),
            started_at=timestamp(started_at),
            duration_s=round(duration_s, 1),
            interrupted=session.interrupted,
            label=options.label,
            site=options.site,
            scope=options.scope,
            changes=tuple(collection.changes),
            machine="this" if options.machine is None else "captured",
        ),
        profile=reference(profile),
        environment=environment(
            session.machine,
            salt=os.environ.get("READYCHECK_SALT"),
            profile_id=profile.id,
            show_host=options.show_host,
            captured=None if options.machine is None else options.machine.resolve().name,
        ),
        decision=verdict.decision,
        ready_on=verdict.ready_on,
        findings=verdict.findings,
        metrics=collection.metrics,
        observations=collection.observations,
    )
