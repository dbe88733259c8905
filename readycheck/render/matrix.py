"""Several reports under several profiles as plain lines: which would this be ready for, and what is in the way."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import PurePath

from readycheck.model.clean import clean
from readycheck.model.report import Report
from readycheck.model.verdict import Decision, Finding, Status
from readycheck.render import answer
from readycheck.render import format as say
from readycheck.render.marks import plain_marks
from readycheck.render.words import Words

_FROM_BEST = (Decision.GO, Decision.GO_WITH_RESERVATIONS, Decision.INCONCLUSIVE, Decision.NO_GO)
_MARKS = {Decision.GO: "✓", Decision.GO_WITH_RESERVATIONS: "!", Decision.INCONCLUSIVE: "?", Decision.NO_GO: "✗"}
_NAME_WIDTH, _TITLE_WIDTH = 28, 36
_WIDEST = 116
_MOST_TITLES, _MOST_CAUSES, _MOST_ROWS_EXPLAINED = 3, 3, 40


@dataclass(frozen=True)
class Cell:
    """One report judged under one profile, and what blocks there."""

    report_name: str
    profile_name: str
    report: Report
    blockers: Sequence[Finding]


@dataclass(frozen=True)
class _Row:
    name: str
    cells: tuple[Cell, ...]
    """In the order of the columns."""

    @property
    def decision(self) -> Decision:
        return max((cell.report.decision for cell in self.cells), key=_FROM_BEST.index)

    @property
    def order(self) -> tuple[int, int]:
        """The best first: by the worst cell, then by all of them."""
        return _FROM_BEST.index(self.decision), sum(_FROM_BEST.index(cell.report.decision) for cell in self.cells)


@dataclass(frozen=True)
class _Block:
    """What a reader learns of a blocker here; findings alike in this are told once."""

    fails: bool
    cause: str
    title: str

    @classmethod
    def of(cls, finding: Finding, words: Words) -> "_Block":
        cause = words.failure(finding.reason).short if finding.reason else ""
        return cls(finding.status == Status.FAIL, cause, clean(answer.title(finding, words), _TITLE_WIDTH))


def render_matrix(cells: Sequence[Cell], profiles: int, lang: str, *, plain: bool = False) -> str:
    """Cells as they were judged, all profiles of the first report before those of the second.

    A row for each profile, a column for each report; a row for each report if there is one profile.
    """
    words = Words(lang, "matrix")
    reports = len(cells) // profiles
    of_profile = [tuple(cells[number::profiles]) for number in range(profiles)]
    report_names = short_names([cell.report_name for cell in cells[::profiles]])
    profile_names = short_names([cell.profile_name for cell in cells[:profiles]])
    if profiles == 1:
        columns = profile_names
        rows = [_Row(name, (cell,)) for name, cell in zip(report_names, of_profile[0], strict=True)]
    else:
        columns = report_names
        rows = [_Row(name, row) for name, row in zip(profile_names, of_profile, strict=True)]
    rows.sort(key=lambda row: row.order)
    counts = _counted((row.decision for row in rows), words)
    told = {"profiles": words.count("profiles", profiles), "reports": words.count("reports", reports)}
    lines = [words("heading", counts=counts, **told)]
    if profiles > 1 and reports > 1:
        lines.append(words("worst_counts"))
    text = "\n".join([*lines, *_grid(rows, columns, words), *_in_the_way(rows, words)])
    return plain_marks(text) if plain else text


def short_names(given: Sequence[str]) -> list[str]:
    """File names without folder and suffix, where that still tells them apart; else as they were given."""
    names = [PurePath(name).stem if name.endswith((".json", ".yaml", ".yml")) else name for name in given]
    apart = len({clean(name, _NAME_WIDTH) for name in names}) == len(set(given))
    return [clean(name, _NAME_WIDTH) if apart else clean(whole) for name, whole in zip(names, given, strict=True)]


def _counted(decisions: Iterable[Decision], words: Words) -> str:
    found = Counter(decisions)
    return ", ".join(f"{words(f'cell_{decision}')} {found[decision]}" for decision in _FROM_BEST if found[decision])


def _grid(rows: Sequence[_Row], columns: Sequence[str], words: Words) -> Iterator[str]:
    """A word for each cell; where the columns do not fit, how many of each."""
    first = max(len(row.name) for row in rows)
    said = [[words(f"cell_{cell.report.decision}") for cell in row.cells] for row in rows]
    longest = max(len(word) for row in said for word in row)
    widths = [max(len(name), longest) for name in columns]
    if first + sum(width + 3 for width in widths) > _WIDEST and len(columns) > 1:
        for row in rows:
            counts = _counted((cell.report.decision for cell in row.cells), words)
            yield f"  {_MARKS[row.decision]} {row.name:<{first}}   {counts}"
        return
    yield _line("    " + " " * first, columns, widths)
    for row, told in zip(rows, said, strict=True):
        yield _line(f"  {_MARKS[row.decision]} {row.name:<{first}}", told, widths)


def _line(start: str, cells: Iterable[str], widths: Iterable[int]) -> str:
    return "   ".join([start, *(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))]).rstrip()


def _in_the_way(rows: Sequence[_Row], words: Words) -> Iterator[str]:
    blocked = [row for row in rows if any(cell.blockers for cell in row.cells)]
    if not blocked:
        return
    yield words("in_the_way")
    shown = blocked[:_MOST_ROWS_EXPLAINED]
    width = max(len(row.name) for row in shown)
    for row in shown:
        told = words("semicolon").join(filter(None, (*_causes(row, words), _ready(row, words))))
        yield f"  {_MARKS[row.decision]} {row.name:<{width}}   {told}"
    if len(blocked) > len(shown):
        yield f"  {words.count('more', len(blocked) - len(shown))}"


def _causes(row: _Row, words: Words) -> Iterator[str]:
    """What blocks, by cause: what fails before what is not known, and in how many reports where not in all."""
    by_cause: dict[tuple[bool, str], Counter[str]] = {}
    for cell in row.cells:
        for finding in dict.fromkeys(map(_Block.of, cell.blockers, repeat(words))):
            by_cause.setdefault((finding.fails, finding.cause), Counter())[finding.title] += 1
    ordered = sorted(by_cause.items(), key=lambda item: (not item[0][0], -item[1].total()))
    for (_, cause), titles in ordered[:_MOST_CAUSES]:
        yield _told(cause, titles, len(row.cells), words)
    if len(ordered) > _MOST_CAUSES:
        yield words.count("more", len(ordered) - _MOST_CAUSES)


def _told(cause: str, titles: Counter[str], columns: int, words: Words) -> str:
    """A cause and the requirements behind it; how many reports is said once where it is the same for all of them."""
    alike = cause and len(set(titles.values())) == 1
    shown = [
        title if alike else _in_columns(title, number, columns, words)
        for title, number in titles.most_common(_MOST_TITLES)
    ]
    more = len(titles) - len(shown)
    listed = ", ".join([*shown, words.count("more", more)] if more else shown)
    if not cause:
        return listed
    return words(
        "because", cause=_in_columns(cause, max(titles.values()), columns, words) if alike else cause, titles=listed
    )


def _in_columns(title: str, number: int, columns: int, words: Words) -> str:
    return title if number == columns else words("of_columns", title=title, n=number, m=columns)


def _ready(row: _Row, words: Words) -> str:
    """The earliest date by which all of it can be mended; nothing if a no-go among it has no date."""
    dates = [cell.report.ready_on for cell in row.cells if cell.report.decision == Decision.NO_GO]
    known = [date for date in dates if date]
    if len(known) < len(dates) or not known:
        return ""
    return f"{words('ready_earliest')} {say.day(max(known), words)}"
