"""The flow matrix as CSV, one row for each flow: what firewall tools and spreadsheets read."""

import csv
import io

from readycheck.letter.compose import Group, Letter, Line
from readycheck.render.csv import cell

_COLUMNS = (
    *("flow", "source", "destination", "protocol", "port", "direction"),
    *("purpose", "why", "without_it", "proxy", "tls_inspection", "dscp", "evidence"),
)


def render_table(letter: Letter, lang: str) -> str:  # noqa: ARG001 - the letter's texts are in its language already
    """Header and rows; the columns are always the same."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for group in letter.groups:
        writer.writerows([cell(value) for value in _values(group, line)] for line in group.lines)
    return text.getvalue()


def _values(group: Group, line: Line) -> tuple[str | None, ...]:
    row = line.row
    return (
        *(row.number, line.source, row.destination, row.protocol, row.port, line.direction),
        *(group.title, group.why, group.without),
        "DIRECT" if row.proxied else None,
        "exempt" if row.tls else None,
        "46" if row.marked else None,
        line.seen.text if line.seen else None,
    )
