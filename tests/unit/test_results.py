"""RESULTS.md: each bench writes its own section."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from results import record, table


def test_a_section_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    """In the order in which they first came, whoever writes."""
    file = tmp_path / "RESULTS.md"
    record("Voice", ["old"], file)
    record("Bandwidth", ["a ## within a line is no heading", "", *table(["a", "b"], [["1", "2"]])], file)
    record("Voice", ["new"], file)

    assert file.read_text(encoding="utf-8").splitlines() == [
        *("# Figures", "", "## Voice", "", "new", ""),
        *("## Bandwidth", "", "a ## within a line is no heading", "", "| a | b |", "| --- | --- |", "| 1 | 2 |"),
    ]
