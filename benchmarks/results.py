"""RESULTS.md: what the benches measured last, a section for each bench."""

from collections.abc import Sequence
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
TITLE = "# Figures"


def record(section: str, lines: Sequence[str], file: Path = RESULTS) -> None:
    """Replace what stands between this section's heading and the next, or add the section at the end."""
    text = file.read_text(encoding="utf-8") if file.exists() else f"{TITLE}\n"
    head, *sections = text.split("\n## ")
    bodies = dict(part.split("\n", 1) for part in sections)
    bodies[section] = "\n{}\n".format("\n".join(lines))
    parts = [head.rstrip(), *(f"## {name}\n\n{body.strip()}" for name, body in bodies.items())]
    file.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table."""
    return [f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *rows)]
