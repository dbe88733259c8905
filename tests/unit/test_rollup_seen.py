"""The roll-up names what workstations have: the headset behind a list, the browser behind a version, the session."""

from dataclasses import replace
from datetime import date

import pytest

from readycheck.fleet.summary import summary_of
from readycheck.judge import Case, judge
from readycheck.model.report import Metric, Observation, ObservationStatus, Report
from readycheck.model.rollup import HeadsetCount, Rollup, Seen
from readycheck.model.verdict import Scope
from readycheck.render.rollup_text import render_rollup_text
from tests.unit.report_samples import report
from tests.unit.rollup_samples import page_of, plain, profile, rolled, section

PROBES = ("headset", "browser", "session")
ASKED = profile(
    None,
    questions=[],
    requirements=[
        {"id": "platform", "metric": "browser.microphone_allowed", "equals": True},
        {"id": "list", "metric": "headset.listed", "equals": True, "title": {"en": "Headset on the list"}},
        {"id": "default", "metric": "headset.default_device", "equals": True},
        {"id": "browser", "metric": "browser.supported_count", "at_least": 1, "title": {"en": "Browser on the list"}},
        {"id": "media", "metric": "session.media_redirection", "equals": True, "title": {"en": "Voice is handed over"}},
    ],
)
GOOD = {
    "browser.microphone_allowed": Metric(value=True, unit="bool"),
    "browser.default_name": Metric("chrome", "text"),
    "browser.default_version": Metric("142.0.7444.176", "text"),
    "browser.supported_count": Metric(1, "number"),
    "headset.present": Metric(value=True, unit="bool"),
    "headset.listed": Metric(value=True, unit="bool"),
    "headset.default_device": Metric(value=True, unit="bool"),
    "headset.hands_free": Metric(value=False, unit="bool"),
    "headset.model": Metric("Jabra Evolve2 40", "text"),
    "headset.form": Metric("duo", "text"),
    "headset.link": Metric("usb", "text"),
    "session.kind": Metric("console", "text"),
    "session.media_redirection": Metric(value=True, unit="bool"),
}
NO = Metric(value=False, unit="bool")
OPEN = Metric(None, "bool", reason="not_proven")
POLY = {"headset.listed": NO, "headset.model": Metric("Poly BT700", "text")}
OLD = {"browser.supported_count": Metric(0, "number"), "browser.default_version": Metric("108.0.5359.125", "text")}
CITRIX = {"session.kind": Metric("citrix_ica", "text")}


def desk(host: str, **changed: Metric) -> Report:
    """A workstation where all is as asked but for these figures."""
    measured = GOOD | changed
    seen = {probe: Observation(ObservationStatus.COLLECTED, 1, "d") for probe in PROBES}
    verdict = judge(ASKED, Case(measured, seen, dict.fromkeys(PROBES, "d"), date(2026, 11, 22)), Scope.WORKSTATION)
    sample = report()
    return replace(
        sample,
        run=replace(sample.run, id=host, site="Lyon", scope="workstation"),
        environment=replace(sample.environment, host=host),
        decision=verdict.decision,
        findings=verdict.findings,
        metrics=measured,
    )


def fleet(*changes: dict[str, Metric]) -> Rollup:
    """So many workstations, each with what is different there."""
    desks = [desk(f"h{number}", **one) for number, one in enumerate(changes)]
    return rolled(
        [summary_of(one, profile=("acme", "d"), file=f"{one.run.id}.json", digest="d") for one in desks], ASKED
    )


def seen(rollup: Rollup) -> dict[str, tuple[Seen, ...]]:
    return {cause.requirement: cause.seen for cause in rollup.causes}


def test_causes_name_what_the_workstations_have() -> None:
    """By model, by browser and version, by kind of session; the commonest first."""
    other = POLY | {"headset.model": Metric("Plantronics .Audio 628", "text")}

    assert seen(fleet(POLY, other, POLY, OLD, CITRIX | {"session.media_redirection": NO}, {})) == {
        "list": (Seen(("Poly BT700",), 2), Seen(("Plantronics .Audio 628",), 1)),
        "browser": (Seen(("chrome", "108.0.5359.125"), 1),),
        "media": (Seen(("citrix_ica",), 1),),
    }


def test_a_headset_at_the_other_end_is_told_by_its_session() -> None:
    """Where no headset is named, the kind of session stands in its place, on page and terminal."""
    unknown = {"headset.listed": OPEN, "headset.model": Metric(None, "text", reason="not_proven")}
    rollup = fleet(CITRIX | unknown)
    page = plain(section(page_of(rollup), "What is wrong at the workstations"))

    assert seen(rollup) == {"list": (Seen(("citrix_ica",), 1),)}
    assert "Headset on the list not proven: Citrix session" in page
    assert "Headset on the list (not proven: Citrix session)" in render_rollup_text(rollup, "en", colour=False)


def test_the_page_names_them_in_every_table() -> None:
    """What to do, what is wrong, whom to visit, and what the workstations have."""
    page = page_of(fleet(POLY, OLD, {}))

    assert "Poly BT700" in plain(section(page, "What blocks, what to do, who"))
    assert "Browser on the list Chrome 108.0.5359.125" in plain(section(page, "What is wrong at the workstations"))
    assert "Headset on the list Poly BT700" in plain(section(page, "Workstations to visit first"))
    assert "Jabra Evolve2 40 (two ears, USB) 2" in plain(section(page, "What the workstations have"))


def test_a_policy_is_no_browser() -> None:
    """That a policy forbids something does not lie in which browser it is: none is named."""
    assert seen(fleet({"browser.microphone_allowed": NO})) == {"platform": ()}


def test_nothing_is_named_where_nobody_looked() -> None:
    """Of another account than the agent's the report tells no cause, whatever stands in it."""
    assert seen(fleet({"headset.listed": Metric(None, "bool", reason="wrong_user_context")})) == {"list": ()}


def test_failures_come_first_where_to_go() -> None:
    """At one workstation what fails stands before what is not known, whatever the profile's order."""
    rollup = fleet({"browser.microphone_allowed": OPEN} | POLY)

    assert [cause.requirement for cause in rollup.visit_first[0].causes] == ["list", "platform"]


@pytest.mark.parametrize("hands_free", [Metric(value=True, unit="bool"), Metric(None, "bool", reason="not_proven")])
def test_a_bluetooth_headset_s_own_name_stays_out(hands_free: Metric) -> None:
    """People name such headsets after themselves: it is counted by form and link alone."""
    named = {"headset.model": Metric("Marie's buds", "text"), "headset.hands_free": hands_free, "headset.listed": NO}
    rollup = fleet(named)

    assert rollup.headsets == (HeadsetCount("duo", "usb", 1),)
    assert seen(rollup) == {"list": ()}
    assert "Marie" not in page_of(rollup)


def test_names_of_strangers_are_harmless() -> None:
    """Markup and endless names are text, and cut."""
    hostile = POLY | {"headset.model": Metric("<script>{title}</script>" + "x" * 10_000, "text")}
    page = page_of(fleet(hostile))

    assert "&lt;script&gt;{title}" in page
    assert "x" * 100 not in page


def test_earlier_roll_ups_are_still_read() -> None:
    """Without what later ones name."""
    rollup = fleet(POLY)
    text = rollup.dumps().replace('"seen"', '"of_later"').replace('"model"', '"of_later"')

    assert Rollup.loads(text).causes[0].seen == ()
