"""From the summary of all reports to the document: the project's verdict, and what stands behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from readycheck.fleet import site, workstations
from readycheck.fleet.questions import attested, question_findings
from readycheck.fleet.summary import Entry, Summary
from readycheck.judge import Case, blocking, decide, judge, ready_on
from readycheck.model.failure import FailureCode
from readycheck.model.report import Metric, Observation, ObservationStatus, ProfileReference, Tool
from readycheck.model.rollup import (
    Change,
    HeatColumn,
    LeftOut,
    Notice,
    Omission,
    ProfileSeen,
    Rollup,
    SiteSummary,
    Trend,
)
from readycheck.model.verdict import Finding, Scope
from readycheck.profile.attestations import Attestations
from readycheck.profile.schema import Profile

_PROFILES_LISTED = 50


@dataclass(frozen=True)
class Setting:
    """What a roll-up is made with, beside the reports."""

    tool: Tool
    made_at: str
    on: date
    profile: Profile
    reference: ProfileReference
    attestations: Attestations
    earlier: Rollup | None = None


def rolled_up(summary: Summary, setting: Setting) -> Rollup:
    """The document; a pure function of the summary and the setting."""
    profile, on = setting.profile, setting.on
    counting = sorted((latest.entry for latest in summary.latest.values()), key=_by_place)
    fleet_entries = [entry for entry in counting if entry.scope == Scope.WORKSTATION]
    asked = {finding.requirement: finding for finding in _unanswered(profile, on, Scope.WORKSTATION)}
    fleet = workstations.counted(fleet_entries, profile.site.agents)
    causes = workstations.causes(fleet_entries, asked)
    metrics = workstations.fleet_metrics(fleet, causes)
    sites = site.summaries(fleet_entries, {entry.site: entry for entry in counting if entry.scope == Scope.SITE})
    rows = attested(profile, setting.attestations, [one.site for one in sites if one.site is not None], on)
    findings = (
        *site.worst_findings(sites, _unanswered(profile, on, Scope.SITE), profile.requirements),
        *_of_project(profile, metrics, on),
        *question_findings(profile, rows),
    )
    decision = decide(findings)
    return Rollup(
        tool=setting.tool,
        made_at=setting.made_at,
        on=on.isoformat(),
        profile=setting.reference,
        decision=decision,
        ready_on=ready_on(decision, findings, on),
        findings=findings,
        blockers=tuple(finding.requirement for finding in blocking(findings)),
        metrics=metrics,
        workstations=fleet,
        sites=sites,
        causes=causes,
        heat_map=workstations.heat_map(fleet_entries, asked),
        heat_columns=tuple(HeatColumn(one.requirement, one.severity, one.title) for one in asked.values()),
        visit_first=workstations.visit_first(fleet_entries, asked),
        browsers=workstations.browsers(fleet_entries),
        headsets=workstations.headsets(fleet_entries),
        attestations=rows,
        reports_read=summary.read,
        profiles=_profiles(summary, setting.reference),
        profiles_seen=len(summary.profiles),
        left_out=_left_out(summary),
        notices=_notices(summary, counting, sites, findings, on),
        trend=_trend(setting.earlier, findings) if setting.earlier else None,
    )


def _by_place(entry: Entry) -> tuple[bool, str, str]:
    return entry.site is None, entry.site or "", entry.host


def _unanswered(profile: Profile, on: date, scope: Scope) -> tuple[Finding, ...]:
    """What the profile asks in this scope, as findings without evidence."""
    return judge(profile, Case({}, {}, {}, on), scope).findings


def _of_project(profile: Profile, metrics: Mapping[str, Metric], on: date) -> tuple[Finding, ...]:
    """The requirements of scope project, by the roll-up's own metrics."""
    fleet = Observation(ObservationStatus.COLLECTED, evidence_version=1, inputs="")
    return judge(profile, Case(metrics, {"fleet": fleet}, {"fleet": ""}, on), Scope.PROJECT).findings


def _profiles(summary: Summary, judging: ProfileReference) -> tuple[ProfileSeen, ...]:
    seen = sorted(summary.profiles.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        ProfileSeen(name, sha256, count, is_judging=sha256 == judging.sha256)
        for (name, sha256), count in seen[:_PROFILES_LISTED]
    )


def _left_out(summary: Summary) -> tuple[LeftOut, ...]:
    tallies = dict(summary.left_out)
    for latest in summary.latest.values():
        if latest.copies.count:
            before = tallies.get(Omission.DUPLICATE)
            tallies[Omission.DUPLICATE] = before + latest.copies if before else latest.copies
    return tuple(
        LeftOut(reason, tallies[reason].count, tallies[reason].files) for reason in Omission if reason in tallies
    )


def _notices(
    summary: Summary, counting: Sequence[Entry], sites: Sequence[SiteSummary], findings: Sequence[Finding], on: date
) -> tuple[Notice, ...]:
    asks_of_sites = any(finding.scope == Scope.SITE for finding in findings)
    holds = {
        Notice.NO_REPORTS: not counting,
        Notice.NOTHING_ASKED: not findings,
        Notice.SEVERAL_PROFILES: len(summary.profiles) > 1,
        Notice.OTHER_TARGETS: any(FailureCode.OTHER_TARGETS in _reasons(entry) for entry in counting),
        Notice.AFTER_THE_DAY: any(entry.started_at[:10] > on.isoformat() for entry in counting),
        Notice.SITES_WITHOUT_REPORT: asks_of_sites and bool(site.without_report(sites)),
    }
    return tuple(notice for notice in Notice if holds[notice])


def _reasons(entry: Entry) -> set[str | None]:
    return {outcome.reason for outcome in entry.outcomes} | {finding.reason for finding in entry.findings}


def _trend(earlier: Rollup, findings: Sequence[Finding]) -> Trend:
    then = {finding.requirement: finding.status for finding in earlier.findings}
    now = {finding.requirement: finding.status for finding in findings}
    return Trend(
        on=earlier.on,
        decision=earlier.decision,
        ready_on=earlier.ready_on,
        workstations=earlier.workstations,
        changes=tuple(
            Change(name, then.get(name), now.get(name))
            for name in dict.fromkeys([*now, *then])
            if then.get(name) != now.get(name)
        ),
    )
