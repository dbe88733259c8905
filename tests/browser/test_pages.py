from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from readycheck.model.verdict import Decision
from readycheck.render.html import render_html
from readycheck.render.rollup_html import render_rollup_html
from tests.browser.chromium import Tab
from tests.machines import machine
from tests.unit import rollup_samples
from tests.unit.report_samples import finding, no_go
from tests.unit.workstation_reports import machine_report

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

PAGES: dict[str, Callable[[], str]] = {
    "report": lambda: render_html(no_go(), "en"),
    "report-green": lambda: render_html(replace(no_go(), decision=Decision.GO, findings=(finding(),)), "fr"),
    "report-machine": lambda: render_html(machine_report(machine("edge-non-proxied-udp")), "en"),
    "report-session": lambda: render_html(machine_report(machine("citrix-desktop-vda")), "fr"),
    "rollup": lambda: render_rollup_html(rollup_samples.mixed(), "fr"),
    "rollup-green": lambda: render_rollup_html(rollup_samples.all_green(), "en"),
    "rollup-empty": lambda: render_rollup_html(rollup_samples.empty(), "en"),
    "rollup-wordy": lambda: render_rollup_html(rollup_samples.wordy(), "fr"),
    "rollup-sites": lambda: render_rollup_html(rollup_samples.large(60, 3), "en"),
}
WCAG = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']}"
BROKEN = f"""axe.run(document, {WCAG}).then(found => found.violations.map(
  one => one.id + ': ' + one.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | ')))"""


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"{request.param}.html"
    path.write_text(PAGES[request.param](), encoding="utf-8")
    return path


def test_browser_has_nothing_to_complain_of(tab: Tab, page: Path) -> None:
    """Opened from disk, a page asks for nothing but itself, breaks no policy and writes nothing to the console."""
    tab.open(page)
    asked_for = {event["request"]["url"] for event in tab.seen("Network.requestWillBeSent")}

    assert asked_for == {page.as_uri()}
    assert tab.seen("Log.entryAdded") == []
    assert tab.seen("Runtime.consoleAPICalled") == []
    assert tab.seen("Runtime.exceptionThrown") == []
    assert tab.evaluate("document.compatMode") == "CSS1Compat"
    assert tab.evaluate("getComputedStyle(document.querySelector('.verdict')).display") == "grid"


def test_prints_on_paper(tab: Tab, page: Path) -> None:
    """Printing gives a PDF of A4 pages, whole and without the link for keyboards."""
    tab.open(page)
    pdf = tab.printed()

    assert pdf.startswith(b"%PDF-")
    assert b"/MediaBox [0 0 594.95996 841.91998]" in pdf or b"/MediaBox [0 0 595" in pdf
    assert len(pdf) > 10_000


@pytest.mark.parametrize("width", [320, 360, 768, 1100])
def test_nothing_is_wider_than_the_screen(tab: Tab, page: Path, width: int) -> None:
    """From the narrowest telephone on, a reader never scrolls sideways."""
    tab.resize(width)
    tab.open(page)

    assert tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1100])
def test_everyone_can_read_it(tab: Tab, page: Path, axe: str, scheme: str, width: int) -> None:
    """axe-core finds nothing against WCAG 2.1 AA in either scheme, on a telephone or a desktop, everything unfolded."""
    tab.resize(width)
    tab.prefer(scheme)
    tab.open(page)
    tab.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    tab.evaluate(f"{axe}; 0")

    assert tab.evaluate(BROKEN) == []


def test_dates_of_the_plan_do_not_touch(tab: Tab, tmp_path: Path) -> None:
    """As drawn on the narrowest screen, no two dates of the time line overlap."""
    page = tmp_path / "rollup.html"
    page.write_text(render_rollup_html(rollup_samples.mixed(), "fr"), encoding="utf-8")
    tab.resize(320)
    tab.open(page)
    edges = tab.evaluate(
        "[...document.querySelectorAll('.dates text')].map(one => one.getBoundingClientRect())"
        ".map(box => [box.left, box.right])"
    )

    assert len(edges) >= 2
    assert all(left[1] < right[0] for left, right in pairwise(edges))
