"""Rows and sentences as a terminal of this width shows them: broken between words, and nothing is cut."""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

_GAP = 3
_COLOUR = re.compile("\x1b\\[[0-9;]*m")


@dataclass(frozen=True)
class Row:
    """A mark, which may be coloured, and the cells beside it."""

    mark: str
    cells: tuple[str, ...]


def columns(rows: Sequence[Row], width: int | None) -> list[str]:
    """The rows, their cells aligned and broken where the width is less than they take; None is as wide as it takes."""
    if not rows:
        return []
    lead = max(len(_COLOUR.sub("", row.mark)) for row in rows)
    widths = [max(map(len, cells)) for cells in zip(*(row.cells for row in rows), strict=True)]
    if width is not None:
        _narrow(widths, rows, width - 2 - lead - 1 - _GAP * (len(widths) - 1))
    return [line for row in rows for line in _lines(row, lead, widths)]


def _narrow(widths: list[int], rows: Sequence[Row], room: int) -> None:
    """Take from the widest column until all fit: first what costs no word, then, if it must be, within words."""
    by_column = zip(*(row.cells for row in rows), strict=True)
    words = [max((len(word) for cell in cells for word in cell.split()), default=1) for cells in by_column]
    for least in (words, [1] * len(widths)):
        while sum(widths) > room and (able := [at for at, width in enumerate(widths) if width > least[at]]):
            widths[max(able, key=widths.__getitem__)] -= 1


def _lines(row: Row, lead: int, widths: Sequence[int]) -> list[str]:
    broken = [_broken(cell, width) for cell, width in zip(row.cells, widths, strict=True)]
    lines = []
    for number, parts in enumerate(zip_longest(*broken, fillvalue="")):
        mark = row.mark if number == 0 else " " * lead
        cells = (" " * _GAP).join(part.ljust(width) for part, width in zip(parts, widths, strict=True))
        lines.append(f"  {mark} {cells}".rstrip())
    return lines


def _broken(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 1), break_on_hyphens=False) or [""]


def sentences(lines: Sequence[str], width: int | None) -> list[str]:
    """Lines of text, each broken between words where it is wider than the terminal."""
    if width is None:
        return list(lines)
    return [part for line in lines for part in (textwrap.wrap(line, width, break_on_hyphens=False) or [""])]
