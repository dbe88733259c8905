"""Calls at once on the page and in the terminal, in both languages, whatever the evidence says."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readycheck.model.report import Metric, Report
from readycheck.render.calls import link_load
from readycheck.render.charts import calls_carried
from readycheck.render.html import render_html
from readycheck.render.text import render_text
from readycheck.render.words import Words
from tests.unit.report_samples import blocked, observation, report

EN, FR = Words("en"), Words("fr")
STEPS: list[dict[str, Any]] = [
    {"calls": 6, "sent": 900, "received": 900, "lost_up": 0, "rtt_increase_p95_ms": -0.1},
    {"calls": 45, "sent": 6750, "received": 4860, "lost_up": 1890, "rtt_increase_p95_ms": 199.3},
    {"calls": 33, "sent": 4950, "received": 4940, "lost_up": 10, "rtt_increase_p95_ms": 41.0},
    {"calls": 32, "sent": 4800, "received": 4800, "lost_up": None, "rtt_increase_p95_ms": None},
]


def loaded(
    steps: list[dict[str, Any]] = STEPS, *, carried: int | None = 32, high: float | None = 33, **more: Any
) -> Report:
    metrics = {
        "bandwidth.has_far_end": Metric(True, "bool"),
        "bandwidth.asked_calls": Metric(more.get("asked", 60), "call", reason=more.get("reason")),
        "bandwidth.concurrent_calls": Metric(carried, "call", bounded=True, low=carried, high=high),
        "bandwidth.rtt_increase_p95_ms": Metric(more.get("rise", 199.3), "ms"),
        "bandwidth.broke_first": Metric(more.get("broke", "up"), "text"),
    }
    evidence = observation({"steps": steps, "failure": more.get("failure"), "allowed": more.get("allowed", 60)})
    return report(*more.get("findings", ()), metrics=metrics, observations={"bandwidth": evidence})


def test_what_gave_way_and_where() -> None:
    """How many were carried of how many, which way gave way first and at how many, and by how much delay rose."""
    english, french = link_load(loaded(), EN), link_load(loaded(), FR)

    assert english
    assert english.sentence == (
        "Carried at once, both ways: 32 calls, of 60 asked. The way out gave way first, at 45 calls."
        " Under load the round trip rose by 199.3\u00a0ms (95\u00a0% of the packets)."
    ).replace("95\u00a0%", "95 %")
    assert french
    assert "32 appels, sur 60 demandés. Le sens montant a cédé le premier, à 45 appels." in french.sentence


def test_every_step_has_its_row() -> None:
    """Loss each way of what it was given, the rise, and whether so many were carried; what is not known says so."""
    load = link_load(loaded(), EN)

    assert load
    assert [row.outcome for row in load.rows] == ["carried", "too many", "not proven", "carried"]
    assert [row.calls for row in load.rows] == ["6", "45", "33", "32"]
    assert [row.lost_up for row in load.rows] == ["0\u00a0%", "28\u00a0%", "0.2\u00a0%", "not measured"]
    assert load.rows[0].rise == "0\u00a0ms"
    assert load.rows[3].rise == "not measured"


@pytest.mark.parametrize("broke", ["up", "down", "both", "unknown", "sender", "far_end"])
def test_each_end_has_its_words(broke: str) -> None:
    """Each of what may give way is said in a sentence of its own, with and without a number."""
    said = {words.lang: link_load(loaded(broke=broke), words) for words in (EN, FR)}
    bare = link_load(loaded(STEPS[:1], carried=6, broke=broke), EN)

    assert all(load and load.sentence.count(".") >= 3 for load in said.values())
    assert bare
    assert " at " not in bare.sentence.partition("asked.")[2].partition("Under load")[0]


def test_what_ended_the_ramp_is_named() -> None:
    """The profile's cap, a far end that was lost, and a site whose size nobody stated are told as what they are."""
    capped = link_load(loaded(STEPS[:1], carried=6, high=None, broke="none", allowed=6), EN)
    lost = link_load(loaded([{**STEPS[0], "is_answered_after": False}], carried=None, broke="unknown"), EN)
    unasked = [link_load(loaded(asked=None, reason="not_configured"), words) for words in (EN, FR)]

    assert capped
    assert "The load was held to 6 calls (--calls or bandwidth.max_calls;" in capped.sentence
    assert lost
    assert "At 6 calls nothing answered any more" in lost.sentence
    assert all(one and "site.agents" in one.sentence and "--calls N" in one.sentence for one in unasked)


def test_short_replies_are_said() -> None:
    """Where the replies were smaller than the calls' packets, it says that the way back stays open."""
    said = [link_load(loaded([{**STEPS[0], "shortened": 900}], broke="none"), words) for words in (EN, FR)]

    assert all(one and word in one.sentence for one, word in zip(said, ("smaller", "plus petites"), strict=True))


def test_one_call_is_one_sentence() -> None:
    """A workstation with its one call gets no table and no chart."""
    one = loaded(STEPS[:1], carried=1, high=None, asked=1, broke="none", rise=0.2)
    load = link_load(one, EN)

    assert load
    assert load.sentence.startswith("Carried at once, both ways: 1 call, as many as asked. Under load")
    assert load.rows == ()
    assert "Under load" not in render_text(one, "en", colour=False)


def test_why_nothing_was_loaded() -> None:
    """Without a far end nothing is said; with one that does not answer, why."""
    silent = link_load(loaded([], carried=None, broke=None, rise=None, failure={"code": "no_media"}), EN)

    assert link_load(report(), EN) is None
    assert silent
    assert silent.sentence.startswith("This was not measured. ")


def test_page_and_terminal_show_it() -> None:
    """The voice chapter has the sentence and the table, the terminal the sentence."""
    page, text = render_html(loaded(), "en"), render_text(loaded(), "en", colour=False)

    for shown in (page, text):
        assert "The way out gave way first, at 45 calls." in shown
    assert "too many" in page
    assert "En charge" in render_html(loaded(), "fr")


def test_the_chart_takes_what_was_asked_from_the_run() -> None:
    """A requirement on the share of calls is drawn with the calls that were asked; a single call is not drawn."""
    asks = blocked(metric="bandwidth.calls_ratio", observed=0.53, unit="ratio", expected="at least 1", reason=None)
    chart = calls_carried(loaded(findings=(asks,)), EN)

    assert chart
    assert "32 (between 32 calls and 33 calls) carried, 60 needed: blocks." in chart.caption
    assert calls_carried(loaded(findings=(asks,), asked=1), EN) is None


_strange = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(STEPS[0])), inner, max_size=5),
    max_leaves=8,
)


@given(
    st.lists(st.dictionaries(st.sampled_from(sorted(STEPS[0])), _strange, max_size=5) | _strange, max_size=4), _strange
)
def test_strange_evidence_hurts_nobody(steps: Any, carried: Any) -> None:
    """Whatever a stranger's report holds, both renderers say something."""
    strange = loaded(steps, carried=carried if isinstance(carried, int | None) else None)

    assert render_text(strange, "fr", colour=False)
    assert link_load(strange, EN)


@pytest.mark.parametrize(
    ("carried", "asked", "said"),
    [(17, 30, "17 appels sur 30, entre 17 appels et 33 appels, demandé : tous"), (0, 1, "0 appel sur 1")],
)
def test_share_of_calls_is_told_in_calls(carried: int, asked: int, said: str) -> None:
    """What was carried of what was asked is so many calls of so many, in the list of what to do and in the chapter."""
    ratio = blocked(metric="bandwidth.calls_ratio", observed=carried / asked, unit="ratio", expected="at least 1")
    told = loaded(carried=carried, asked=asked, findings=(replace(ratio, reason=None),))
    told = replace(told, metrics={**told.metrics, "bandwidth.calls_ratio": Metric(carried / asked, "ratio")})
    page = render_html(told, "fr").replace("\u00a0", " ")

    assert said in page
    assert page.count(said.partition(",")[0]) >= 2
