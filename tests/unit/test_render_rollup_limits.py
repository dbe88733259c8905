from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from readycheck.model.rollup import Attested, Rollup
from readycheck.model.verdict import Decision, Severity, Status
from readycheck.render.rollup_html import render_rollup_html
from tests.unit import rollup_samples as samples
from tests.unit.rollup_samples import page_of, section
from tests.unit.test_render_html import HOSTILE, Page, poisoned

LARGEST_BYTE = 2 * 2**20


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("severity", Severity)
def test_only_what_passes_looks_good(status: Status, severity: Severity) -> None:
    """Whatever is not a pass never has the look of one, in the map and in the answers."""
    rollup = samples.mixed()
    cells = tuple(replace(cell, statuses={status: 4}) for cell in rollup.heat_map)
    columns = tuple(replace(column, severity=severity) for column in rollup.heat_columns)
    answers = tuple(replace(row, status=status, severity=severity) for row in rollup.attestations)
    page = page_of(replace(rollup, heat_map=cells, heat_columns=columns, attestations=answers, findings=(), causes=()))

    looks_good = {
        heading
        for heading in ("Where it fails", "What people have answered")
        if f"<h2>{heading}</h2>" in page and "holds" in section(page, heading)
    }
    assert looks_good == ({"What people have answered"} if status == Status.PASS else set())


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("make", [samples.mixed, samples.all_green, samples.empty])
def test_hostile_texts_stay_texts(make: Callable[[], Rollup], lang: str) -> None:
    """Whatever strangers wrote into reports, answers and file names shows as text, without control characters."""
    hostile: Rollup = poisoned_rollup(make())
    text = render_rollup_html(hostile, lang)
    page = Page(text)

    assert page.links == ["#answer"]
    assert "alert(1)" in "".join(page.text.values())
    assert not set(text) & {"\x1b", "\u202e", "\x00"}
    assert len(text.encode()) <= LARGEST_BYTE


def poisoned_rollup(rollup: Rollup) -> Rollup:
    """Every free text hostile, what names a file also endless; enumerated values stay."""
    bare = replace(rollup, notices=(), left_out=(), heat_map=(), heat_columns=())
    spoilt: Rollup = poisoned(replace(bare, trend=bare.trend and replace(bare.trend, changes=())))
    changes = rollup.trend.changes if rollup.trend else ()
    return replace(
        spoilt,
        notices=rollup.notices,
        findings=tuple(
            replace(bad, metric=good.metric) for bad, good in zip(spoilt.findings, rollup.findings, strict=True)
        ),
        attestations=tuple(
            replace(bad, state=good.state) for bad, good in zip(spoilt.attestations, rollup.attestations, strict=True)
        ),
        left_out=tuple(
            replace(one, files=tuple(replace(file, file=HOSTILE, detail=HOSTILE * 50) for file in one.files))
            for one in rollup.left_out
        ),
        heat_map=tuple(replace(cell, site=HOSTILE, requirement=HOSTILE) for cell in rollup.heat_map),
        heat_columns=tuple(replace(one, requirement=HOSTILE, title={HOSTILE: HOSTILE}) for one in rollup.heat_columns),
        trend=spoilt.trend
        and replace(spoilt.trend, changes=tuple(replace(one, requirement=HOSTILE) for one in changes)),
    )


def test_large_fleets_give_small_pages() -> None:
    """Ten thousand workstations at one site, or at three hundred: two megabytes at most, and far less in fact."""
    for sites, each in ((1, 10_000), (300, 30)):
        assert len(render_rollup_html(samples.large(sites, each), "fr").encode()) < LARGEST_BYTE / 8


def test_tables_end_somewhere() -> None:
    """Hundreds of answers, causes and tasks are cut, and how many more there are is said."""
    rollup = samples.mixed()
    answers: list[Attested] = [replace(rollup.attestations[0], site=f"s{number}") for number in range(500)]
    causes = [replace(rollup.causes[0], requirement=f"r{number}", owner=f"o{number}") for number in range(200)]
    findings = [replace(rollup.findings[0], requirement=f"f{number}", status=Status.FAIL) for number in range(200)]
    page = page_of(replace(rollup, attestations=tuple(answers), causes=tuple(causes), findings=tuple(findings)))

    assert "And 460 more answers." in page
    assert "188 more" in section(page, "What is wrong at the workstations")
    assert len(page.encode()) < LARGEST_BYTE / 8


@pytest.mark.parametrize("odd", ["", "tomorrow", "9999-12-31", "0001-01-01", "2026-11-22T00:00"])
def test_odd_dates_never_raise(odd: str) -> None:
    """A document of another version may state any date; the page leaves out what it cannot place."""
    rollup = samples.mixed()
    assert rollup.trend
    tasks = tuple(replace(finding, lead_time_days=10**9) for finding in rollup.findings)
    for change in (
        {"ready_on": odd},
        {"on": odd},
        {"made_at": odd},
        {"trend": replace(rollup.trend, on=odd, ready_on=odd)},
    ):
        changed: dict[str, Any] = change
        page_of(replace(rollup, **changed))
        page_of(replace(rollup, findings=tasks, **changed))


def test_documents_without_titles_of_requirements() -> None:
    """A document written before requirements were worded in it still gives a page, by its ids."""
    rollup = replace(samples.mixed(), heat_columns=(), causes=())

    assert "udp" in section(page_of(rollup), "Where it fails")


@pytest.mark.parametrize("decision", Decision)
def test_each_decision_has_its_look(decision: Decision) -> None:
    """Word, shape and colour of the verdict follow the decision."""
    page = page_of(replace(samples.mixed(), decision=decision), "fr")
    words = {"go": "GO", "go_with_reservations": "GO AVEC RÉSERVES", "no_go": "NO-GO", "inconclusive": "INDÉTERMINÉ"}

    assert f'<section class="verdict {decision}"' in page
    assert f'<p class="word">{words[decision]}' in page
