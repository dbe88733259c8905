"""The sites of a roll-up: the report that speaks for each, and the worst of them for each requirement."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from readycheck.fleet.questions import severest
from readycheck.fleet.summary import Entry
from readycheck.fleet.workstations import decisions
from readycheck.model.failure import FailureCode
from readycheck.model.rollup import SiteReport, SiteSummary
from readycheck.model.verdict import Finding, Status
from readycheck.profile.schema import Requirement


def summaries(workstations: Sequence[Entry], reports: Mapping[str | None, Entry]) -> tuple[SiteSummary, ...]:
    """Every site that a report names, by name; runs without a name come last."""
    by_site: dict[str | None, list[Entry]] = {site: [] for site in reports}
    for entry in workstations:
        by_site.setdefault(entry.site, []).append(entry)
    return tuple(
        SiteSummary(site, len(of_it), decisions(of_it), _report(reports.get(site)))
        for site, of_it in sorted(by_site.items(), key=lambda item: (item[0] is None, item[0] or ""))
    )


def _report(entry: Entry | None) -> SiteReport | None:
    if entry is None:
        return None
    return SiteReport(entry.run, entry.started_at, entry.decision, entry.file, entry.findings)


def without_report(sites: Sequence[SiteSummary]) -> list[str | None]:
    """Sites that need a report and have none; workstations that name no site are no site where others are named."""
    named = [site for site in sites if site.site is not None]
    return [site.site for site in (named or sites) if site.report is None]


def worst_findings(
    sites: Sequence[SiteSummary], asked: Sequence[Finding], requirements: Sequence[Requirement]
) -> list[Finding]:
    """Each requirement as the worst site meets it; `asked` are the findings of a site without a report."""
    lower_is_worse = {one.id: one.comparator[0] == "at_least" for one in requirements}
    missing = bool(without_report(sites)) or not any(site.report for site in sites)
    worst = []
    for unknown in asked:
        found = [
            _counted(finding)
            for site in sites
            if site.report
            for finding in site.report.findings
            if finding.requirement == unknown.requirement
        ]
        if missing or not found:
            found.append(replace(unknown, reason=FailureCode.NOT_PROVEN))
        worst.append(min(found, key=lambda finding: _badness(finding, lower=lower_is_worse[finding.requirement])))
    return worst


def _counted(finding: Finding) -> Finding:
    """What a site's run left out is not known of the site: it must not be passed over."""
    left_out = finding.status == Status.INCONCLUSIVE and finding.reason == FailureCode.NOT_SELECTED
    return replace(finding, reason=FailureCode.NOT_PROVEN) if left_out else finding


def _badness(finding: Finding, *, lower: bool) -> tuple[int, float]:
    value = finding.observed
    if isinstance(value, bool) or not isinstance(value, int | float):
        return severest(finding.status), 0.0
    return severest(finding.status), float(value) if lower else -float(value)
