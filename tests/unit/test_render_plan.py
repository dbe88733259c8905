import re
from dataclasses import replace
from typing import Any

import pytest

from readycheck.model.report import Report
from readycheck.model.verdict import Decision, Severity, Status, Waived
from readycheck.render.answer import actions
from readycheck.render.html import render_html
from readycheck.render.timeline import Timeline, timeline
from readycheck.render.words import LANGUAGES, Words
from tests.unit.report_samples import blocked, finding, no_go, report

EN = Words("en")


def task(number: int, days: int | None, **changes: Any) -> Any:
    """A blocker of its own, which takes so many days."""
    facts: dict[str, Any] = {"title": {"": f"Task {number}"}, "remedy": {"": f"Do {number}"}, "lead_time_days": days}
    return blocked(requirement=f"r{number}", **(facts | changes))


def planned(*findings: Any, ready_on: str | None, decision: Decision = Decision.NO_GO) -> Report:
    """A report of 22 November 2026."""
    return report(*findings, decision=decision, ready_on=ready_on)


def drawn(whole: Report, words: Words = EN) -> Timeline:
    """Its time line."""
    plan = timeline(whole, actions(whole, words), words)
    assert plan
    return plan


def lengths(plan: Timeline) -> list[float]:
    """How long the bars are, in per cent of the line."""
    return [
        float(width)
        for stage in plan.stages
        for width in re.findall(r'class="stretch"[^>]* width="([\d.]+)%"', str(stage.drawing))
    ]


def test_bars_are_as_long_as_they_take() -> None:
    """Each bar's length is to its neighbours' as the lead times are, and the goal stands at the day of readiness."""
    plan = drawn(planned(task(1, 45), task(2, 15), task(3, 9), ready_on="2027-01-06"))
    longest = lengths(plan)[0]
    assert lengths(plan) == pytest.approx([longest, longest / 3, longest / 5], abs=0.02)
    [goal] = re.findall(r'class="goal" x="([\d.]+)%"', str(plan.stages[0].drawing))
    assert float(goal) == pytest.approx(longest, abs=0.02)
    assert "ready 6\u00a0Jan\u00a02027" in str(plan.dates)


def test_unknown_lead_time_is_open_and_never_zero() -> None:
    """What nobody has timed has no bar but says so, and there is no date."""
    plan = drawn(planned(task(1, 45), task(2, None), ready_on=None))
    assert len(lengths(plan)) == 1
    assert "how long is not stated" in str(plan.stages[1].drawing)
    assert plan.stages[1].takes == "how long is not stated"
    assert plan.caption == "No date can be given: nobody has said how long “Task 2” will take."
    assert "goal" not in str(plan.dates)


def test_tasks_with_one_remedy_have_no_duration_unless_each_says_so() -> None:
    """Where several requirements need the same and one of them has no lead time, the whole has none."""
    both = [task(1, 45, remedy={"": "Same"}), task(2, None, remedy={"": "Same"})]
    [action] = actions(planned(*both, ready_on=None), EN)
    assert action.days is None


def test_done_the_same_day_is_a_bar() -> None:
    """A lead time of nothing is known: it has a sliver of a bar and its figure."""
    plan = drawn(planned(task(1, 10), task(2, 0), ready_on="2026-12-02"))
    assert 0 < lengths(plan)[1] < 2
    assert "0 days" in str(plan.stages[1].drawing)


def test_many_tasks_and_long_names_are_kept_readable() -> None:
    """A long plan is cut with its number told, and a name that has no end is cut too."""
    tasks = [task(number, number, title={"": "Very long " * 200}) for number in range(40)]
    plan = drawn(planned(*tasks, ready_on="2026-12-31"))
    assert len(plan.stages) == 15
    assert plan.more == 25
    assert all(len(stage.title) <= 400 for stage in plan.stages)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_plan_is_told_to_who_cannot_see_it(lang: str) -> None:
    """The drawing's description names each task with its owner and its duration."""
    words = Words(lang)
    plan = drawn(planned(task(1, 45), task(2, None, owner="network"), ready_on=None), words)
    [told] = re.findall("<desc>(.*?)</desc>", str(plan.dates).replace("\u00a0", " "))
    for part in ("Task 1", f"{words.owner('security')}, 45", "Task 2", words.owner("network"), words("plan_unstated")):
        assert part in told


@pytest.mark.parametrize(
    ("ready_on", "start"), [("9999-12-31", "2026-11-22T08:00:00Z"), (None, "9999-12-30T08:00:00Z"), ("x", "never")]
)
def test_days_that_no_calendar_holds_do_not_raise(ready_on: str | None, start: str) -> None:
    """Absurd dates leave the time line out or cut, and nothing worse."""
    odd = planned(task(1, 45), task(2, 36_500), ready_on=ready_on)
    render_html(replace(odd, run=replace(odd.run, started_at=start)), "fr")


def test_no_time_line_where_nothing_is_to_be_done() -> None:
    """An all-green report has no plan, nor has one where nobody has timed anything."""
    assert timeline(planned(finding(), ready_on=None, decision=Decision.GO), [], EN) is None
    untimed = planned(task(1, None), task(2, None), ready_on=None)
    assert timeline(untimed, actions(untimed, EN), EN) is None


def test_what_is_not_known_takes_its_time_only_if_it_fails() -> None:
    """A requirement without an answer is an open bar under a condition, in the plan as in what to do."""
    unknown = task(1, 45, status=Status.INCONCLUSIVE, observed=None)
    whole = planned(unknown, ready_on="2027-01-06", decision=Decision.INCONCLUSIVE)
    plan = drawn(whole)
    assert 'class="stretch perhaps"' in str(plan.stages[0].drawing)
    assert plan.stages[0].takes == "45 days, if it fails"
    assert plan.caption.startswith("If what is not known yet fails")
    assert "45 days, if it fails" in render_html(whole, "en").split('class="timeline"')[0]


def test_warnings_alone_do_not_hold_the_project() -> None:
    """Where nothing blocks, the plan says that work can start meanwhile."""
    softer = [task(number, 10 * number, severity=Severity.WARNING) for number in (1, 2)]
    plan = drawn(planned(*softer, ready_on=None, decision=Decision.GO_WITH_RESERVATIONS))
    assert plan.caption.startswith("Nothing of this blocks")


def test_waiver_is_shown_with_who_gave_it() -> None:
    """A waived failure stands with its reason, who approved it and until when, as text."""
    waiver = Waived("The old <headsets> go in January.", "Jane Doe", "2027-01-31")
    kept = blocked(status=Status.WAIVED, waiver=waiver)
    text = render_html(report(kept, decision=Decision.GO_WITH_RESERVATIONS), "en").replace("\u00a0", " ")
    said = "Accepted by Jane Doe until 31 Jan 2027: The old &lt;headsets&gt; go in January."
    assert text.count(said) == 2  # what to do, and the findings
    assert Report.from_json(report(kept).to_json()).findings[0].waiver == waiver


def test_same_cause_is_explained_once() -> None:
    """What a failure means is told with the first task that it causes, not with each."""
    text = render_html(planned(task(1, 45), task(2, 15), ready_on="2027-01-06"), "en")
    assert text.count("Requests are sent and nothing comes back") == 1


@pytest.mark.parametrize(
    ("reason", "observed", "told"),
    [
        ("not_proven", None, "Do 1"),
        ("not_proven", 0.02, "run again with a longer"),
        ("stun_timeout", None, "Open this"),
    ],
)
def test_where_a_sign_is_missing_the_profile_says_what_to_do(reason: str, observed: float | None, told: str) -> None:
    """A longer measurement helps a figure near its limit; what no measuring tells has the profile's own remedy."""
    left_open = task(1, 10, status=Status.INCONCLUSIVE, reason=reason, observed=observed)
    [action] = actions(planned(left_open, ready_on=None), EN)

    assert told in action.do


def test_example_has_a_time_line() -> None:
    """The sample of a no-go shows its plan between what to do and the way of the voice."""
    text = render_html(no_go(), "en")
    assert text.index("What to do") < text.index('class="timeline"') < text.index("Which way the voice can go")
