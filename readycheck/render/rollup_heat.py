"""The heat map of a roll-up: which requirement fails at which site, the worst first, in words, shapes and shades."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from readycheck.model.clean import clean
from readycheck.model.rollup import HeatCell, Rollup, SiteSummary
from readycheck.model.verdict import Decision, Severity, Status
from readycheck.render import format as say
from readycheck.render.rollup_said import site_name
from readycheck.render.voice import Tag
from readycheck.render.words import Words

MOST_SITES = 25
_FEW_SITES = 12
"""So many are all shown; of more, only those where something is not as asked."""
_MOST_COLUMNS = 8
_MOST_NAMED = 12
_HALF, _TENTH = 0.5, 0.1
_TROUBLES = (Status.FAIL, Status.INCONCLUSIVE, Status.WAIVED)
_BAD = ("blocks", "warns", "noted", "unknown", "unknown_warning", "waived")


@dataclass(frozen=True)
class Cell:
    """One requirement at one site."""

    column: str
    tag: Tag
    shade: int
    """1 to 3: at few, many, most workstations; 0 where nothing fails."""
    beside: str


@dataclass(frozen=True)
class Row:
    """One site."""

    site: str
    reported: str
    cells: tuple[Cell, ...]
    held: str
    """What a narrow screen says in place of the cells where all is well."""


@dataclass(frozen=True)
class HeatMap:
    """The sites and requirements where something is not as asked."""

    columns: tuple[str, ...]
    ids: tuple[str, ...]
    rows: tuple[Row, ...]
    more: str
    other_columns: str
    fulfilled: str
    """Requirements that every workstation to which they apply fulfils."""


def titles(rollup: Rollup, words: Words) -> dict[str, str]:
    """What each workstation requirement is called."""
    named = {one.requirement: one.title for one in rollup.causes}
    named |= {one.requirement: one.title for one in rollup.heat_columns}
    return {name: words.choose(title) or clean(name) for name, title in named.items()}


def heat_map(rollup: Rollup, words: Words) -> HeatMap | None:
    """The map; None where nothing at any workstation is other than asked."""
    cells: dict[str | None, dict[str, HeatCell]] = {}
    for cell in rollup.heat_map:
        cells.setdefault(cell.site, {})[cell.requirement] = cell
    weights = _counted(rollup, _TROUBLES)
    passed = _counted(rollup, (Status.PASS,))
    severities = {one.requirement: one.severity for one in rollup.causes}
    severities |= {one.requirement: one.severity for one in rollup.heat_columns}
    order = list(dict.fromkeys(cell.requirement for cell in rollup.heat_map))
    order = [one.requirement for one in rollup.heat_columns if one.requirement in order] or order
    troubled = [name for name in order if weights[name]]
    if not troubled:
        return None
    heaviest = sorted(troubled, key=lambda name: _pressing(severities.get(name), weights[name]))[:_MOST_COLUMNS]
    shown = [name for name in troubled if name in heaviest]
    named = titles(rollup, words)
    sites = worst_first(rollup.sites)
    if len(sites) > _FEW_SITES:
        most = max(1, min(MOST_SITES, sum(1 for site in sites if _is_troubled(cells.get(site.site, {})))))
    else:
        most = _FEW_SITES
    rows = [_row(site, cells.get(site.site, {}), shown, severities, named, words) for site in sites[:most]]
    others = [named.get(name, clean(name)) for name in troubled if name not in heaviest]
    return HeatMap(
        columns=tuple(clean(named.get(name, name), 60) for name in shown),
        ids=tuple(clean(name) for name in shown),
        rows=tuple(rows),
        more=_more_sites(sites[most:], words),
        other_columns=words.count("heat_other", len(others), names=_listed(others, words)) if others else "",
        fulfilled=_listed(
            [named.get(name, clean(name)) for name in order if passed[name] and not weights[name]], words
        ),
    )


def worst_first(sites: Iterable[SiteSummary]) -> list[SiteSummary]:
    """Sites that have workstations, those with the greatest share that cannot work first."""
    there = [site for site in sites if site.reported]
    return sorted(
        there,
        key=lambda site: (
            *(
                -_part(site, decision)
                for decision in (Decision.NO_GO, Decision.INCONCLUSIVE, Decision.GO_WITH_RESERVATIONS)
            ),
            site.site is None,
            site.site or "",
        ),
    )


def _is_troubled(cells: Mapping[str, HeatCell]) -> bool:
    return any(cell.statuses.get(status, 0) for cell in cells.values() for status in _TROUBLES)


def _part(site: SiteSummary, decision: Decision) -> float:
    return site.decisions.get(decision, 0) / site.reported


def _counted(rollup: Rollup, statuses: Iterable[Status]) -> Mapping[str, int]:
    """At how many workstations each requirement has one of these statuses."""
    counts: Counter[str] = Counter()
    for cell in rollup.heat_map:
        counts[cell.requirement] += sum(cell.statuses.get(status, 0) for status in statuses)
    return counts


def _pressing(severity: Severity | None, weight: int) -> tuple[int, int]:
    return list(Severity).index(severity or Severity.BLOCKER), -weight


def _row(
    site: SiteSummary,
    cells: Mapping[str, HeatCell],
    shown: Iterable[str],
    severities: Mapping[str, Severity],
    named: Mapping[str, str],
    words: Words,
) -> Row:
    drawn = [
        _cell(named.get(name, name), cells.get(name), severities.get(name, Severity.BLOCKER), words) for name in shown
    ]
    well = sum(1 for cell in drawn if cell.tag.kind not in _BAD)
    return Row(
        site=site_name(site.site, words) if site.site is None else clean(site.site, 60),
        reported=words.count("workstations", site.reported),
        cells=tuple(drawn),
        held=(words("heat_all_hold") if well == len(drawn) else words.count("heat_others_hold", well)) if well else "",
    )


def _cell(column: str, cell: HeatCell | None, severity: Severity, words: Words) -> Cell:
    counts = cell.statuses if cell else {}
    failed, open_, waived, held = (
        counts.get(status, 0) for status in (Status.FAIL, Status.INCONCLUSIVE, Status.WAIVED, Status.PASS)
    )
    concerned = failed + open_ + waived + held
    column = clean(column, 60)
    if not concerned:
        return Cell(column, Tag("not_applicable", words("heat_none" if cell else "heat_not_asked")), 0, "")
    beside = words("heat_of", m=say.number(concerned, words))
    if failed:
        kind = {Severity.BLOCKER: "blocks", Severity.WARNING: "warns", Severity.INFO: "noted"}[severity]
        share = failed / concerned
        shade = 3 if share >= _HALF else 2 if share >= _TENTH else 1
        beside += f" {words('heat_and_open', n=say.number(open_, words))}" if open_ else ""
        return Cell(column, Tag(kind, words.count("heat_fail", failed)), shade, beside)
    if open_:
        kind = "unknown" if severity == Severity.BLOCKER else "unknown_warning"
        return Cell(column, Tag(kind, words.count("heat_unknown", open_)), 0, beside)
    if waived:
        return Cell(column, Tag("waived", words.count("heat_waived", waived)), 1, beside)
    return Cell(column, Tag("holds", words("heat_all")), 0, "")


def _listed(names: list[str], words: Words) -> str:
    more = [words.count("more", len(names) - _MOST_NAMED)] if len(names) > _MOST_NAMED else []
    return " · ".join([*names[:_MOST_NAMED], *more])


def _more_sites(rest: list[SiteSummary], words: Words) -> str:
    if not rest:
        return ""
    ready = sum(
        1 for site in rest if not any(site.decisions.get(one, 0) for one in (Decision.NO_GO, Decision.INCONCLUSIVE))
    )
    return f"{words.count('heat_more', len(rest))} {words.count('heat_more_ready', ready)}"
