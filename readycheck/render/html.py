"""The report as one page for people: self-contained, no script, safe whatever the report says."""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from readycheck.model.clean import clean
from readycheck.model.report import Observation, Report
from readycheck.model.verdict import Decision, Finding, Status
from readycheck.render import answer, evidence, voice
from readycheck.render import format as say
from readycheck.render.bounds import interval
from readycheck.render.calls import link_load
from readycheck.render.causes import cause, failure_words
from readycheck.render.changes import changes
from readycheck.render.charts import calls_carried
from readycheck.render.clean import breakable
from readycheck.render.codecs import codec_table
from readycheck.render.gate import gate
from readycheck.render.relays import matrix
from readycheck.render.route import route
from readycheck.render.services import services
from readycheck.render.timeline import timeline
from readycheck.render.voice import Tag
from readycheck.render.words import Words
from readycheck.render.workstation.chapter import workstation

_LONGEST_TABLE = 400
_WORST_FIRST = (*answer.KINDS, "left_out", "holds", "not_applicable")


@dataclass(frozen=True)
class FindingRow:
    """One requirement: what was measured, what was asked, what came of it."""

    id: str
    title: str
    measured: str
    drawing: Markup
    asked: str
    tag: Tag
    waived: str


@dataclass(frozen=True)
class Chapter:
    """The findings on one probe's metrics."""

    title: str
    tag: Tag
    rows: tuple[FindingRow, ...]
    open: bool
    more: int


@dataclass(frozen=True)
class MetricRow:
    """One figure of the appendix."""

    id: str
    label: str
    value: str
    bounds: str
    measured: bool


@dataclass(frozen=True)
class Exhibit:
    """What one probe left, for the appendix."""

    title: str
    tag: Tag
    lines: tuple[str, ...]
    json: str


def render_html(report: Report, lang: str) -> str:
    """The whole page, in English or French."""
    words = Words(lang)
    todo = answer.actions(report, words)
    return render_page(
        "report.html.j2",
        words,
        report=report,
        word=words(f"decision_{report.decision}"),
        sentence=answer.sentence(report, words),
        ready=answer.ready(report, words),
        changes=changes(report, words),
        actions=_told(todo, words),
        plan=timeline(report, todo, words),
        gate=gate(report, words),
        services=services(report, words),
        workstation=workstation(report, words),
        way=voice.way(report, words),
        route=route(report, words),
        relays=matrix(report, words),
        stun=voice.stun_sentence(report, words),
        sound=voice.sound(report, words),
        codecs=codec_table(report, words),
        call=voice.call_sentence(report, words),
        also=voice.also(report, words),
        load=link_load(report, words),
        calls=calls_carried(report, words),
        glad=_glad(report, todo, words),
        has_voice=_has_voice(report),
        chapters=_chapters(report, words),
        metrics=_metrics(report, words),
        exhibits=[_exhibit(probe, seen, words) for probe, seen in report.observations.items()],
        about=_about(report, words),
    )


def render_page(template: str, words: Words, *, sheet: str | None = None, **values: object) -> str:
    """A page of this package: its one style block is named in its content security policy by digest.

    `sheet` is a style sheet for this page alone, after the common one.
    """
    style = _style("style.css") + (f"\n{_style(sheet)}" if sheet else "")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _environment().get_template(template).render(t=words, say=say, style=Markup(style), digest=digest, **values)  # noqa: S704 - our own style sheet, no input


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("readycheck.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clean"] = clean
    environment.filters["breakable"] = breakable
    return environment


@cache
def _style(name: str) -> str:
    return files("readycheck.render").joinpath("templates", name).read_text(encoding="utf-8").strip()


def _has_voice(report: Report) -> bool:
    """A captured machine sends nothing, so there is nothing to say of the way of its voice."""
    return report.run.machine == "this" and bool(
        {"turn", "stun", "path", "call", "bandwidth"} & set(report.observations)
    )


def _glad(report: Report, todo: list[answer.Action], words: Words) -> Tag | None:
    """On an all-green page, the tag that says so; such a page is kept short."""
    if report.decision != Decision.GO or todo:
        return None
    held = sum(1 for finding in report.findings if finding.status == Status.PASS)
    return Tag("holds", words.count("chapter_holds", held, m=len(report.findings)))


def _told(todo: list[answer.Action], words: Words) -> list[tuple[answer.Action, list[str], str]]:
    """What to do, with who waived it, and with what its causes mean unless it has been told before."""
    listed, before = [], set[str]()
    for action in todo:
        listed.append((action, _waivers(action.findings, words), "" if action.meaning in before else action.meaning))
        before.add(action.meaning)
    return listed


def _waivers(findings: Iterable[Finding], words: Words) -> list[str]:
    """Who accepted these failures, until when and why; each once."""
    said = (
        words(
            "waived_by",
            name=clean(one.waiver.approved_by, 80),
            day=say.day(one.waiver.until, words),
            reason=clean(one.waiver.reason, 400),
        )
        for one in findings
        if one.waiver
    )
    return list(dict.fromkeys(said))


def _chapters(report: Report, words: Words) -> list[Chapter]:
    by_probe: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_probe.setdefault(finding.metric.partition(".")[0], []).append(finding)
    return [_chapter(probe, findings, report, words) for probe, findings in by_probe.items()]


def _chapter(probe: str, findings: list[Finding], report: Report, words: Words) -> Chapter:
    kinds = [answer.kind(finding) for finding in findings]
    worst = min(kinds, key=_WORST_FIRST.index)
    count = kinds.count(worst)
    return Chapter(
        title=words.probe(probe),
        tag=Tag(worst, words.count(f"chapter_{worst}", count, m=len(findings))),
        rows=tuple(_finding_row(finding, report, words) for finding in findings[:_LONGEST_TABLE]),
        open=worst in answer.KINDS,
        more=max(len(findings) - _LONGEST_TABLE, 0),
    )


def _finding_row(finding: Finding, report: Report, words: Words) -> FindingRow:
    metric = report.metrics.get(finding.metric)
    measured = say.amount(finding.observed, finding.unit, words)
    if metric and metric.value is not None and metric.value == finding.observed:
        measured = say.measured(finding.metric, report.metrics, words)
    if finding.reason and answer.kind(finding) not in {"holds", "not_applicable"} and finding.reason != "not_proven":
        seen = cause(finding, report, words)
        measured = seen if finding.observed is None else f"{measured} ({seen})"
    return FindingRow(
        id=clean(finding.requirement),
        title=answer.title(finding, words),
        measured=measured,
        drawing=interval(finding.metric, metric, [finding], words),
        asked=say.asked(finding.expected, finding.unit, words),
        tag=Tag(answer.kind(finding), answer.state(finding, words)),
        waived=" ".join(_waivers([finding], words)),
    )


def _metrics(report: Report, words: Words) -> list[tuple[str, list[MetricRow]]]:
    groups: dict[str, list[MetricRow]] = {}
    for name, metric in list(report.metrics.items())[:_LONGEST_TABLE]:
        why = failure_words(metric.reason, name, report, words).short if metric.reason else ""
        row = MetricRow(
            id=clean(name),
            label=words.metric(name),
            value=say.scaled(metric, words),
            bounds=say.bounds(metric, words) or why,
            measured=metric.value is not None,
        )
        groups.setdefault(words.probe(name.partition(".")[0]), []).append(row)
    return list(groups.items())


def _exhibit(probe: str, observation: Observation, words: Words) -> Exhibit:
    look = {"collected": "collected", "failed": "unknown", "skipped": "left_out"}[observation.status]
    lines = []
    if observation.failure:
        failure = observation.failure
        lines.append(f"{words.failure(failure.code).what} ({clean(failure.operation)}: {failure.code})")
        lines += [clean(failure.detail)] if failure.detail else []
    elapsed = observation.elapsed_ms
    facts = (
        words("version_of_evidence", version=observation.evidence_version),
        words("took", seconds=say.amount(elapsed / 1000, "s", words)) if elapsed is not None else None,
        words("inputs_digest", digest=clean(observation.inputs, 12)) if observation.inputs else None,
    )
    lines.append(" · ".join(filter(None, facts)))
    return Exhibit(
        title=words.probe(probe),
        tag=Tag(look, words(f"observation_{observation.status}")),
        lines=tuple(lines),
        json=evidence.shown(observation.evidence) if observation.evidence else "",
    )


def _about(report: Report, words: Words) -> list[str]:
    run, machine = report.run, report.environment
    where = [run.site, run.label, machine.host]
    return [
        *(clean(part, 60) for part in (words.choose(report.profile.title) or report.profile.id, *where) if part),
        say.moment(run.started_at, words),
        say.amount(round(run.duration_s, 1), "s", words),
    ]
