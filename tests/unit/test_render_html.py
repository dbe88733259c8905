import base64
import hashlib
import json
import re
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from typing import Any

import pytest

from readycheck.model.failure import Failure, FailureCode
from readycheck.model.report import Metric, ProfileReference, Report
from readycheck.model.verdict import Decision, Severity, Status
from readycheck.render.clean import breakable
from readycheck.render.html import render_html
from tests.unit.report_samples import blocked, finding, no_go, observation, report

HOSTILE = (
    "\"'><script>alert(1)</script><img src=x onerror=alert(2)><a href=javascript:alert(3)>{{7*7}}{0}\x1b[31m\u202e\x00"
)
PAGE_TAGS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "a",
    "main",
    "header",
    "aside",
    "section",
    "footer",
    "div",
}
TEXT_TAGS = {
    "p",
    "strong",
    "h1",
    "h2",
    "h3",
    "small",
    "b",
    "br",
    "span",
    "code",
    "pre",
    "ul",
    "ol",
    "li",
    "details",
    "summary",
    "wbr",
}
TABLE_TAGS = {"table", "caption", "thead", "tbody", "tr", "th", "td", "figure", "figcaption"}
CHART_TAGS = {"svg", "desc", "path", "circle", "rect", "text"}
TAGS = PAGE_TAGS | TEXT_TAGS | TABLE_TAGS | CHART_TAGS
VOID = {"meta", "br", "wbr"}
SHAPES = {"path", "circle", "rect"}


class Page(HTMLParser):
    """Reads a page, holding it to the tags and attributes that a report may have."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: dict[str, str] = {}
        self.policy = ""
        self.links: list[str | None] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names))
        assert not [name for name in names if name.startswith("on") or name in {"style", "src", "srcdoc", "action"}]
        self.links += [value for name, value in attrs if name in {"href", "xlink:href"}]
        if dict(attrs).get("http-equiv") == "Content-Security-Policy":
            self.policy = dict(attrs)["content"] or ""
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SHAPES
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        within = self.open[-1] if self.open else ""
        self.text[within] = self.text.get(within, "") + data


def poisoned(value: Any, name: str = "") -> Any:
    """The same report with every free text hostile; enumerated and numeric values stay."""
    if is_dataclass(value) and not isinstance(value, type):
        kept = {"decision", "status", "severity", "scope", "code"}
        return replace(
            value,
            **{
                entry.name: poisoned(getattr(value, entry.name), entry.name)
                for entry in fields(value)
                if entry.name not in kept
            },
        )
    if isinstance(value, dict):
        hostile_keys = {HOSTILE: HOSTILE} if name in {"title", "remedy", "evidence"} else {}
        return {key: poisoned(item) for key, item in value.items()} | hostile_keys
    if isinstance(value, list | tuple):
        return type(value)(poisoned(item) for item in value)
    return HOSTILE if isinstance(value, str) else value


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("decision", Decision)
def test_page_is_well_formed_for_each_decision(decision: Decision, lang: str) -> None:
    """Each decision gives a page without script or inline style, in its language, with its word."""
    text = render_html(replace(no_go(), decision=decision), lang)
    page = Page(text)
    assert f'<html lang="{lang}">' in text
    assert page.links == ["#answer"]
    words = {"go": "GO", "no_go": "NO-GO", "inconclusive": "INCONCLUSIVE" if lang == "en" else "INDÉTERMINÉ"}
    assert words.get(decision, "GO") in page.text["p"]


def test_policy_names_the_style_block() -> None:
    """The content security policy allows nothing but the one style block, by its digest."""
    text = render_html(no_go(), "en")
    page = Page(text)
    blocks = re.findall("<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(blocks[0].encode()).digest()).decode()
    assert len(blocks) == 1
    assert page.policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert "url(" not in blocks[0]


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_hostile_texts_stay_texts(lang: str) -> None:
    """Whatever a stranger's machine writes into any field shows as text, without control characters."""
    whole = poisoned(no_go())
    metrics = {HOSTILE: Metric(HOSTILE, HOSTILE, reason=HOSTILE, scale=HOSTILE), **whole.metrics}
    odd = finding(
        requirement=HOSTILE, metric=HOSTILE, unit=HOSTILE, observed=HOSTILE, expected=HOSTILE, status=Status.FAIL
    )
    hostile = replace(
        whole,
        metrics=metrics,
        findings=(*whole.findings, odd),
        observations={HOSTILE: observation({HOSTILE: HOSTILE}), **whole.observations},
        ready_on=HOSTILE,
    )
    text = render_html(hostile, lang)
    page = Page(text)
    assert page.links == ["#answer"]
    assert "alert(1)" in page.text["p"]
    assert not set(text) & {"\x1b", "\u202e", "\x00"}


@pytest.mark.parametrize(
    "junk", [None, 7, "text", [], {}, [None, 3, "x", {}], {"url": 5}, [{"url": None, "attempts": 3}], True, -1e308]
)
def test_odd_evidence_never_raises(junk: Any) -> None:
    """Evidence of another version or a broken one leaves gaps in the page and nothing worse."""
    keys = [
        "servers",
        "rtt_ms",
        "interval_ms",
        "failure",
        "connected",
        "encrypted",
        "setup_ms",
        "seconds",
        "far_end",
        "relay",
    ]
    evidence = dict.fromkeys(keys, junk)
    nested = evidence | {
        "servers": [evidence | {"url": junk, "transport": junk, "attempts": [evidence | {"reached": junk}]}]
    }
    for shape in (evidence, nested, {}):
        seen = {probe: observation(shape) for probe in ("turn", "stun", "path", "call", "other")}
        Page(render_html(report(blocked(), decision=Decision.NO_GO, observations=seen), "en"))


def test_report_without_evidence() -> None:
    """A report of nothing says that nothing was asked, and looks like no success."""
    text = render_html(report(decision=Decision.INCONCLUSIVE), "en")
    Page(text)
    assert "This profile asks nothing of a workstation" in text
    assert 'class="tag holds"' not in text


def test_causes_owner_and_date_come_first() -> None:
    """The page names what blocks, who mends it, until when and the failure's remedy where the profile has none."""
    text = render_html(no_go(), "en").replace("\u00a0", " ")
    assert "One requirement blocks: “Media over UDP” (no answer)." in text
    assert "turn.example.com:3478, no answer, 3 of 3" in text
    assert "Open this server and port outbound" in text
    assert "<b>6 Jan 2027</b>" in text
    assert "until 6 Jan 2027" in text
    assert text.index("What to do") < text.index("Which way the voice can go") < text.index("All findings")


def test_mos_stands_with_its_scale() -> None:
    """Wherever the MOS is shown, so is its scale."""
    text = render_html(no_go(), "en")
    assert text.count("4.08") == text.count("fullband scale")


def test_not_proven_never_looks_good() -> None:
    """A figure that is not proven has its own word and look, beside what was asked."""
    text = render_html(no_go(), "en").replace("\u00a0", " ")
    card = text[text.index('title="path.loss_ratio"') :].split("</li>")[0]
    assert 'class="tag unknown"' in card
    assert "at most 1 %: not proven" in card
    assert "between 0.5 and 2.3 %" in card


def test_all_green_page_is_short() -> None:
    """When everything holds, nothing is asked of anyone and nothing stands open."""
    text = render_html(replace(no_go(), decision=Decision.GO, findings=(finding(), finding(requirement="b"))), "en")
    Page(text)
    assert "Good news: all 2 requirements hold." in text
    assert "What to do" not in text
    assert " open>" not in text


def test_lab_says_that_no_network_was_measured() -> None:
    """The lab's page says before the answer that it proves nothing about any network."""
    lab = ProfileReference("lab", {"": "This machine"}, "ab", lab=True)
    text = render_html(replace(no_go(), profile=lab, decision=Decision.GO, findings=(finding(),)), "en")
    assert text.index("proves nothing about any network") < text.index('class="verdict go"')
    assert "Which way the voice can go" not in text


def test_interrupted_run_says_so() -> None:
    """A run that was stopped says so before its answer."""
    stopped = no_go()
    text = render_html(replace(stopped, run=replace(stopped.run, interrupted=True)), "fr")
    assert text.index("Cette exécution a été interrompue") < text.index('class="verdict')


def test_no_date_without_durations() -> None:
    """A refusal without a lead time has no date, and the page says why."""
    text = render_html(report(blocked(lead_time_days=None, owner=None), decision=Decision.NO_GO), "en")
    assert "date unknown" in text
    assert "at the earliest" not in text
    assert "nobody named" in text


@pytest.mark.parametrize("days", [0, -5, 10**12])
def test_absurd_durations_do_not_raise(days: int) -> None:
    """A lead time that no calendar holds is shown without a date."""
    Page(render_html(report(blocked(lead_time_days=days), decision=Decision.NO_GO), "en"))


def test_one_remedy_for_one_cause() -> None:
    """Findings with the same cause and owner are one thing to do, told in the profile's words."""
    own = {"en": "Open UDP 3478."}
    both = (blocked(remedy=own), blocked(requirement="relay", metric="turn.udp_relay", observed=False, unit="bool"))
    text = render_html(report(*both, decision=Decision.NO_GO), "en")
    assert text.count("Open UDP 3478.") == 1
    assert "Open this server and port outbound" not in text


def test_left_out_is_not_asked_for() -> None:
    """What was left out on request is no task, and the answer says that it was left out."""
    skipped = finding(status=Status.INCONCLUSIVE, observed=None, reason=FailureCode.NOT_SELECTED)
    text = render_html(report(finding(), skipped), "en")
    assert "What to do" not in text
    assert "One requirement was left out of this run." in text


def test_infinite_figures_are_not_measured() -> None:
    """Not a number is never printed."""
    metrics = {"path.rtt_p50_ms": Metric(float("nan"), "ms"), "path.r_value": Metric(float("inf"), "number")}
    seen = {"path": observation({"rtt_ms": [float("nan"), float("inf"), 1.0, 2.0, -4.0], "interval_ms": 0})}
    text = render_html(report(finding(), metrics=metrics, observations=seen), "en")
    assert not re.search(r"\b(nan|NaN|inf|Infinity)\b", text.split("</style>")[1])


def test_lost_packets_are_drawn() -> None:
    """The chart shows each run of losses and tells their number."""
    assert "3 of 300 lost" in render_html(no_go(300), "en")
    assert 'class="lost"' in render_html(no_go(300), "en")


def test_failed_probe_says_why() -> None:
    """A probe that could not do its work is shown with its failure in words."""
    seen = {"path": observation({}, Failure(FailureCode.DEADLINE_EXCEEDED, "gather"))}
    assert "It took longer than it may, and was stopped." in render_html(report(finding(), observations=seen), "en")


def test_long_report_stays_small() -> None:
    """A workstation's report of 3,000 packets renders below 300 kB; how fast, `make bench` says."""
    assert len(render_html(no_go(3000), "en").encode()) < 300_000


def test_thousands_of_findings_and_deep_evidence_are_cut() -> None:
    """What a hostile report repeats or nests without end is cut, with its number told."""
    deep: Any = "end"
    for _ in range(400):
        deep = {"deeper": [deep]}
    many = tuple(blocked(requirement=f"r{number}", severity=Severity.INFO) for number in range(3000))
    text = render_html(
        report(*many, observations={"turn": observation({"deep": deep, "long": ["x" * 9000] * 9000})}), "en"
    )
    Page(text)
    assert len(text.encode()) < 400_000
    assert "2,600 more" in text


def test_saved_report_renders_the_same() -> None:
    """A report read back from its JSON gives the same page."""
    whole = no_go()
    assert render_html(Report.from_json(json.loads(whole.dumps())), "en") == render_html(whole, "en")


def test_versions_and_addresses_are_not_broken() -> None:
    """A long name may break before a dot of its own, a number may not."""
    assert breakable("Edge 142.0.3595.80") == "Edge 142.0.3595.80"
    assert breakable("198.51.100.2:3478") == "198.51.100.2:<wbr>3478"
    assert breakable("relay.example.com/a_b") == "relay<wbr>.example<wbr>.com/<wbr>a_<wbr>b"
