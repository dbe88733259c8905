"""Whatever is in a file, the roll-up goes on."""

import json
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from readycheck.cli.verdict import judged_anew
from readycheck.engine.registry import metric_definitions
from readycheck.fleet.reading import Place, places, summarised
from readycheck.fleet.rollup import Setting, rolled_up
from readycheck.model.report import ProfileReference, Tool
from readycheck.profile.attestations import nothing_attested
from readycheck.profile.loader import load_profile
from readycheck.render.rollup_text import render_rollup_text
from tests.unit.test_fleet import DAY

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "golden" / "report-2.json").read_text(encoding="utf-8")
)
LAB = load_profile("lab", metrics=metric_definitions(), environment={}, lenient=True)
HOSTILE_TEXT = st.sampled_from(
    ["", "=1+1", "<script>", "\x1b[2J", "\u202e", "../..", "9999-12-31T23:59:59-14:00", "{n}", "${HOME}", "fb", "%s"]
)
HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | HOSTILE_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a report, but inside long columns."""
    below = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    return [path, *(place for key, item in below for place in leaves(item, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(leaves(GOLDEN)[1:]), HOSTILE), min_size=1, max_size=3))
def test_no_report_stops_the_rollup(tmp_path: Path, changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    """Any value in any place: the report counts or is left out, and the document can be written and read out."""
    forged = GOLDEN
    for path, new in changes:
        try:
            forged = changed(forged, path, new)
        except (KeyError, IndexError, TypeError, ValueError):
            continue
    (tmp_path / "r.json").write_text(json.dumps(forged), encoding="utf-8")
    summary = summarised(Place(str(tmp_path / "r.json"), "r.json", is_named=True), partial(judged_anew, profile=LAB))
    setting = Setting(
        Tool("readycheck", "0"), "2026-11-23", DAY, LAB, ProfileReference("lab", {}, ""), nothing_attested(LAB)
    )
    rollup = rolled_up(summary, setting)

    assert rollup.reports_read + sum(tally.count for tally in rollup.left_out) == 1
    assert rollup.dumps().encode()
    assert "\x1b" not in render_rollup_text(rollup, "fr", colour=False)


def test_files_are_found_in_the_order_of_their_names(tmp_path: Path) -> None:
    """Searched below each folder, named by their path in it; several folders by their whole path."""
    for name in ("b.json", "a.JSON", "c.txt", "d/e.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")

    assert [place.name for place in places([tmp_path])] == ["a.JSON", "b.json", str(Path("d/e.json"))]
    assert [place.name for place in places([tmp_path / "d", tmp_path / "b.json"])] == [
        str(tmp_path / "d" / "e.json"),
        str(tmp_path / "b.json"),
    ]


def test_file_that_vanishes_is_left_out(tmp_path: Path) -> None:
    """A file deleted between the search and the reading is told, and stops nothing."""
    summary = summarised(Place(str(tmp_path / "gone.json"), "gone.json", is_named=False), lambda report: report)

    assert [(reason, tally.count) for reason, tally in summary.left_out.items()] == [("not_accessible", 1)]
