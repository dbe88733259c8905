"""Example pages and the README's pictures of them, made anew by each run; READYCHECK_UPDATE_EXAMPLES=1 keeps them."""

import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from readycheck.model.report import Report
from readycheck.render.html import render_html
from readycheck.render.rollup_html import render_rollup_html
from tests.browser.chromium import Tab
from tests.unit import rollup_samples

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

EXAMPLES = Path(__file__).parents[2] / "reports" / "examples"
HEIGHT = {"no-go": 1425, "desk": 1500, "rollup": 1430}
PAGES: dict[str, Callable[[], str]] = {
    "no-go": lambda: render_html(Report.loads((EXAMPLES / "no-go.json").read_text(encoding="utf-8")), "en"),
    "desk": lambda: render_html(Report.loads((EXAMPLES / "desk.json").read_text(encoding="utf-8")), "en"),
    "rollup": lambda: render_rollup_html(rollup_samples.mixed(), "en"),
}


def size(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG (its IHDR chunk)."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack("!II", png[16:24])
    return width, height


@pytest.mark.parametrize("name", PAGES)
def test_examples_are_what_the_program_makes(tab: Tab, tmp_path: Path, name: str) -> None:
    """The page in the repository is the one that is rendered today, and its picture shows that page."""
    text = PAGES[name]()
    page = tmp_path / f"{name}.html"
    page.write_text(text, encoding="utf-8")
    tab.resize(1000)
    tab.open(page)
    picture = tab.pictured(HEIGHT[name])
    if os.environ.get("READYCHECK_UPDATE_EXAMPLES") == "1":
        (EXAMPLES / f"{name}.html").write_text(text, encoding="utf-8")
        (EXAMPLES / f"{name}.png").write_bytes(picture)

    assert (EXAMPLES / f"{name}.html").read_text(encoding="utf-8") == text
    assert size((EXAMPLES / f"{name}.png").read_bytes()) == size(picture)
