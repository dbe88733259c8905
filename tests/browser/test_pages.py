from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from readycheck.model.report import Report
from readycheck.model.verdict import Decision
from readycheck.render.html import render_html
from readycheck.render.rollup_html import render_rollup_html
from tests.browser.chromium import Tab
from tests.machines import machine
from tests.unit import rollup_samples
from tests.unit.report_samples import finding, no_go
from tests.unit.test_render_calls import loaded
from tests.unit.workstation_reports import machine_report

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

GOLDEN = Path(__file__).parents[1] / "golden" / "report-2.json"
PAGES: dict[str, Callable[[], str]] = {
    "report": lambda: render_html(no_go(), "en"),
    "report-green": lambda: render_html(replace(no_go(), decision=Decision.GO, findings=(finding(),)), "fr"),
    "report-machine": lambda: render_html(machine_report(machine("edge-non-proxied-udp")), "en"),
    "report-session": lambda: render_html(machine_report(machine("citrix-desktop-vda")), "fr"),
    "report-load": lambda: render_html(loaded(), "fr"),
    "report-golden": lambda: render_html(Report.loads(GOLDEN.read_text(encoding="utf-8")), "fr"),
    "rollup": lambda: render_rollup_html(rollup_samples.mixed(), "fr"),
    "rollup-green": lambda: render_rollup_html(rollup_samples.all_green(), "en"),
    "rollup-empty": lambda: render_rollup_html(rollup_samples.empty(), "en"),
    "rollup-wordy": lambda: render_rollup_html(rollup_samples.wordy(), "fr"),
    "rollup-sites": lambda: render_rollup_html(rollup_samples.large(60, 3), "en"),
}
WCAG = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']}"
BROKEN = f"""axe.run(document, {WCAG}).then(found => found.violations.map(
  one => one.id + ': ' + one.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | ')))"""

BEYOND = """(() => {
  document.querySelectorAll('details').forEach(one => { one.open = true; });
  return [...document.querySelectorAll('thead:not(.heard) th')].filter(head => {
    const text = document.createRange();
    text.selectNodeContents(head);
    return text.getBoundingClientRect().right > head.getBoundingClientRect().right + 1;
  }).map(head => head.textContent);
})()"""
BROKEN_WORDS = """[...document.querySelectorAll('td .tag > span')].filter(span => {
  const word = span.firstChild, first = document.createRange();
  first.setStart(word, 0);
  first.setEnd(word, word.data.trim().split(' ')[0].length);
  return first.getClientRects().length > 1;
}).map(span => span.textContent)"""


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


def test_titles_are_printed_with_what_they_head(tab: Tab, tmp_path: Path) -> None:
    """On paper no title of a chapter or table stays alone at the foot of a page."""
    page = tmp_path / "report.html"
    page.write_text(render_html(no_go(), "en"), encoding="utf-8")
    tab.open(page)
    tab.call("Emulation.setEmulatedMedia", media="print")
    kept = tab.evaluate(
        "[...document.querySelectorAll('h2, h3, h2 + p, .found > summary, caption')]"
        ".map(one => getComputedStyle(one).breakAfter)"
    )
    tab.call("Emulation.setEmulatedMedia", media="")

    assert len(kept) > 4
    assert set(kept) == {"avoid"}


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


@pytest.mark.parametrize("width", [820, 1280])
def test_heads_stay_in_their_columns(tab: Tab, page: Path, width: int) -> None:
    """No head of a column reaches into the next or out of its table, everything unfolded."""
    tab.resize(width)
    tab.open(page)

    assert tab.evaluate(BEYOND) == []


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_verdicts_of_workstations_stand_whole(tab: Tab, tmp_path: Path, lang: str) -> None:
    """On a desktop's screen no word of a verdict in a table is broken within."""
    page = tmp_path / "rollup.html"
    rollup = rollup_samples.mixed()
    longest = tuple(replace(one, decision=Decision.INCONCLUSIVE) for one in rollup.visit_first)
    page.write_text(render_rollup_html(replace(rollup, visit_first=longest), lang), encoding="utf-8")
    tab.resize(1280)
    tab.open(page)

    assert tab.evaluate(BROKEN_WORDS) == []


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
