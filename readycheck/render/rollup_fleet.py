"""The workstations of a roll-up: counts, causes, sites with their own reports, whom to visit, what they have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from markupsafe import Markup

from readycheck.model.clean import clean
from readycheck.model.rollup import BrowserCount, HeadsetCount, Rollup, SiteReport, SiteSummary, Workstations
from readycheck.model.verdict import Decision, Status
from readycheck.render import answer
from readycheck.render import format as say
from readycheck.render.rollup_heat import titles
from readycheck.render.rollup_said import site_name, why
from readycheck.render.rollup_svg import Share, share, stacked
from readycheck.render.rollup_tasks import cause_kind, cause_title, cause_why
from readycheck.render.voice import Tag
from readycheck.render.words import Words

_MOST_CAUSES = 12
_MOST_SITES = 25
_MOST_NAMED = 4
_MOST_KINDS = 10
_DECISIONS = (Decision.GO, Decision.GO_WITH_RESERVATIONS, Decision.NO_GO, Decision.INCONCLUSIVE)


@dataclass(frozen=True)
class Fleet:
    """The workstations by verdict: a bar, and each part in words."""

    bar: Markup
    shares: tuple[tuple[Share, str], ...]


def fleet(workstations: Workstations, words: Words) -> Fleet:
    """Those that are ready, and those that are not, or are not known, or are silent."""
    shares = [
        Share(decision, number, words.count(f"fleet_{decision}", number))
        for decision in _DECISIONS
        if (number := workstations.decisions.get(decision, 0))
    ]
    silent = max((workstations.expected or 0) - workstations.reported, 0)
    shares += [Share("silent", silent, words.count("fleet_silent", silent))] if silent else []
    whole = sum(one.number for one in shares)
    told = ", ".join(f"{say.number(one.number, words)} {one.said}" for one in shares)
    title = f"{words.count('workstations', whole)}{words('colon')}{told}"
    return Fleet(
        bar=stacked(shares, title),
        shares=tuple((one, say.amount(one.number / whole, "ratio", words)) for one in shares),
    )


@dataclass(frozen=True)
class CauseRow:
    """One cause, and at how many workstations of which sites."""

    id: str
    tag: Tag
    why: str
    number: str
    share: str
    bar: Markup
    sites: str


def causes(rollup: Rollup, words: Words) -> tuple[list[CauseRow], int]:
    """The commonest causes, and how many more there are."""
    whole = rollup.workstations.reported
    rows = [
        CauseRow(
            id=clean(one.requirement),
            tag=Tag(cause_kind(one), cause_title(one, words)),
            why=cause_why(one, words),
            number=words.count("workstations", one.count),
            share=say.amount(one.count / max(whole, 1), "ratio", words),
            bar=share(one.count, whole, cause_kind(one)),
            sites=_named([site_name(site, words) if site is None else clean(site, 40) for site in one.sites], words),
        )
        for one in sorted(rollup.causes, key=lambda one: (answer.KINDS.index(cause_kind(one)), -one.count))[
            :_MOST_CAUSES
        ]
    ]
    return rows, max(len(rollup.causes) - _MOST_CAUSES, 0)


def _named(names: Sequence[str], words: Words, most: int = _MOST_NAMED) -> str:
    more = [words.count("more", len(names) - most)] if len(names) > most else []
    return ", ".join([*names[:most], *more])


@dataclass(frozen=True)
class SiteRow:
    """A site: its workstations, and what its own report says."""

    site: str
    fleet: Fleet
    reported: str
    tag: Tag
    file: str
    when: str
    troubles: str


def sites(rollup: Rollup, words: Words) -> tuple[list[SiteRow], int]:
    """The sites, those with the worst report first; and how many more there are."""
    ordered = sorted(rollup.sites, key=_worst)
    return [_site_row(site, rollup, words) for site in ordered[:_MOST_SITES]], max(len(ordered) - _MOST_SITES, 0)


def _worst(site: SiteSummary) -> tuple[int, float, float, bool, str]:
    ranks = {Decision.NO_GO: 0, Decision.INCONCLUSIVE: 1, Decision.GO_WITH_RESERVATIONS: 3, Decision.GO: 4}
    rank = ranks[site.report.decision] if site.report else 2
    no_go, open_ = (
        -site.decisions.get(decision, 0) / max(site.reported, 1) for decision in (Decision.NO_GO, Decision.INCONCLUSIVE)
    )
    return rank, no_go, open_, site.site is None, site.site or ""


def _site_row(site: SiteSummary, rollup: Rollup, words: Words) -> SiteRow:
    own = site.report
    return SiteRow(
        site=clean(site.site, 60) if site.site else site_name(None, words),
        fleet=fleet(Workstations(None, site.reported, site.decisions), words),
        reported=words.count("workstations", site.reported),
        tag=_report_tag(own, rollup, words),
        file=clean(own.file, 80) if own else "",
        when=say.day(own.started_at, words) or "" if own else "",
        troubles=_troubles(own, words) if own else "",
    )


def _report_tag(own: SiteReport | None, rollup: Rollup, words: Words) -> Tag:
    if own is not None:
        return Tag(own.decision, words(f"decision_{own.decision}"))
    asked = any(finding.scope == "site" for finding in rollup.findings)
    return Tag("unknown" if asked else "left_out", words("site_no_report" if asked else "site_not_asked"))


def _troubles(own: SiteReport, words: Words) -> str:
    rows = [(answer.kind(finding), finding) for finding in own.findings]
    bad = sorted((row for row in rows if row[0] in answer.KINDS), key=lambda row: answer.KINDS.index(row[0]))
    return _named([f"{answer.title(one, words)} ({answer.state(one, words)})" for _, one in bad], words)


@dataclass(frozen=True)
class VisitRow:
    """A workstation to go to, and what is wrong there."""

    host: str
    label: str
    site: str
    tag: Tag
    causes: tuple[tuple[Tag, str], ...]
    more: int
    when: str
    file: str


def visits(rollup: Rollup, words: Words) -> list[VisitRow]:
    """Whom to visit first, in the document's order: where something fails, not where it is only not known."""
    named = titles(rollup, words)
    return [
        VisitRow(
            host=clean(one.host, 40),
            label=clean(one.label, 40) if one.label else "",
            site=clean(one.site, 40) if one.site else site_name(None, words),
            tag=Tag(one.decision, words(f"decision_{one.decision}")),
            causes=tuple(
                (
                    Tag(
                        "blocks" if cause.status == Status.FAIL else "unknown",
                        named.get(cause.requirement, clean(cause.requirement)),
                    ),
                    why(cause.status, cause.reason, [cause.seen] if cause.seen else [], words)
                    if cause.reason or cause.seen
                    else "",
                )
                for cause in one.causes[:_MOST_NAMED]
            ),
            more=max(len(one.causes) - _MOST_NAMED, 0),
            when=say.day(one.started_at, words) or "",
            file=clean(one.file, 80),
        )
        for one in rollup.visit_first
        if any(cause.status == Status.FAIL for cause in one.causes)
    ]


class _Counted(Protocol):
    @property
    def count(self) -> int: ...


@dataclass(frozen=True)
class Kept:
    """One kind of thing that workstations have."""

    name: str
    number: str
    bar: Markup


@dataclass(frozen=True)
class Inventory:
    """Things of one sort, by kind; and at how many workstations nothing is known of them."""

    heading: str
    rows: tuple[Kept, ...]
    silent: str


def inventory(rollup: Rollup, words: Words) -> tuple[Inventory, Inventory]:
    """Default browsers, then headsets by model, form and link."""
    reported = rollup.workstations.reported
    return (
        _inventory(words("browsers"), [(_browser(one), one) for one in rollup.browsers], reported, words),
        _inventory(words("headsets"), [(_headset(one, words), one) for one in rollup.headsets], reported, words),
    )


def _inventory(heading: str, rows: Sequence[tuple[str, _Counted]], reported: int, words: Words) -> Inventory:
    shown = [(name, one.count) for name, one in rows[:_MOST_KINDS]]
    if rest := sum(one.count for _, one in rows[_MOST_KINDS:]):
        shown.append((words.count("kinds_more", len(rows) - _MOST_KINDS), rest))
    silent = reported - sum(one.count for _, one in rows)
    return Inventory(
        heading=heading,
        rows=tuple(Kept(name, say.number(n, words), share(n, reported, "plain")) for name, n in shown),
        silent=words.count("inventory_silent", silent) if silent > 0 and rows else "",
    )


def _browser(one: BrowserCount) -> str:
    return " ".join(
        filter(
            None,
            (
                clean(one.name, 40).capitalize() if one.name.islower() else clean(one.name, 40),
                clean(one.version or "", 20),
            ),
        )
    )


def _headset(one: HeadsetCount, words: Words) -> str:
    kind = f"{_known(one.form, 'form', words)}, {_known(one.link, 'link', words)}"
    return f"{clean(one.model, 60)} ({kind})" if one.model else kind


_FORMS: Mapping[str, frozenset[str]] = {
    "form": frozenset({"mono", "duo", "unknown"}),
    "link": frozenset({"usb", "dect", "bluetooth", "analog", "adapter", "unknown"}),
}


def _known(value: str | None, what: str, words: Words) -> str:
    if value is None:
        return words(f"{what}_unknown")
    return words(f"{what}_{value}") if value in _FORMS[what] else clean(value, 40)
