"""The roll-up: what counts, what it comes to, and the same in any order."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import permutations
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readycheck.fleet.rollup import Setting, rolled_up
from readycheck.fleet.summary import Summary, merged, omitted, summary_of
from readycheck.judge import Case, judge
from readycheck.model.report import (
    Metric,
    Observation,
    ObservationStatus,
    ProfileReference,
    Report,
    Tool,
    UnreadableReport,
)
from readycheck.model.rollup import Answered, Notice, Omission, Rollup
from readycheck.model.verdict import Decision, Scope, Status
from readycheck.profile.attestations import Attestations
from readycheck.profile.schema import Profile
from readycheck.render.rollup_text import render_rollup_text
from tests.unit.report_samples import report

DAY = date(2026, 11, 23)
QUESTION = {
    "id": "bypass",
    "ask": {"en": "Approved?"},
    "answers": {"approved": "pass", "requested": "inconclusive", "refused": "fail"},
    "owner": "security",
    "lead_time": "45d",
}


def profile(*questions: dict[str, Any], agents: int | None = 4, more: Sequence[dict[str, Any]] = ()) -> Profile:
    requirements = [
        {"id": "works", "metric": "p.works", "equals": True, "owner": "IT"},
        {"id": "quiet", "metric": "p.noise_ratio", "at_most": 0.5, "severity": "warning"},
        {"id": "ready", "scope": "project", "metric": "fleet.ready_ratio", "at_least": 0.9, "lead_time": "10d"},
        *more,
    ]
    site = {} if agents is None else {"agents": agents}
    full = {"schema": "readycheck.profile/1", "id": "acme", "site": site, "requirements": requirements}
    return Profile.model_validate(full | {"questions": list(questions)})


LINK = {"id": "link", "scope": "site", "metric": "p.loss_ratio", "at_most": 0.01, "lead_time": "20d"}


def ran(
    host: str = "h1",
    site: str | None = "lyon",
    *,
    works: bool | None = True,
    day: int = 1,
    of_site: bool = False,
    under: Profile | None = None,
    **metrics: Any,
) -> Report:
    """A report judged under the profile, as the roll-up is given it."""
    plain = report()
    measured = {
        "p.works": Metric(works, "bool", reason=None if works else "stun_timeout"),
        "p.noise_ratio": Metric(0.0, "ratio"),
        "p.loss_ratio": Metric(0.0, "ratio"),
    } | {name.replace("__", "."): metric for name, metric in metrics.items()}
    observations = {"p": Observation(ObservationStatus.COLLECTED, 1, "d")}
    scope: Literal["site", "workstation"] = "site" if of_site else "workstation"
    verdict = judge(under or profile(), Case(measured, observations, {"p": "d"}, DAY), Scope(scope))
    started_at = f"2026-11-{day:02}T08:00:00.000Z"
    run = replace(plain.run, id=f"{host}-{day}", started_at=started_at, site=site, scope=scope)
    return replace(
        plain,
        run=run,
        environment=replace(plain.environment, host=host),
        decision=verdict.decision,
        findings=verdict.findings,
        metrics=measured,
    )


def summaries(*reports: Report) -> list[Summary]:
    return [
        summary_of(one, profile=("acme", "0" * 64), file=f"{number}.json", digest=str(number))
        for number, one in enumerate(reports)
    ]


def rolled(
    *reports: Report, under: Profile | None = None, answers: Sequence[dict[str, Any]] = (), **more: Any
) -> Rollup:
    judging = under or profile()
    given = {"schema": "readycheck.attestations/1", "profile": "acme", "answers": list(answers)}
    setting = Setting(
        tool=Tool("readycheck", "0"),
        made_at="2026-11-23T08:00:00.000Z",
        on=DAY,
        profile=judging,
        reference=ProfileReference("acme", {}, "0" * 64),
        attestations=Attestations.model_validate(given),
    )
    return rolled_up(merged(summaries(*reports)), replace(setting, **more))


def status_of(rollup: Rollup, requirement: str) -> Status:
    return next(finding.status for finding in rollup.findings if finding.requirement == requirement)


def test_latest_run_of_each_workstation_counts() -> None:
    """Older runs are superseded, whichever file comes first: also where the workstation was at another site then."""
    old, elsewhere, new = ran(works=False, day=1), ran(works=False, site="paris", day=2), ran(day=3)
    for order in permutations([old, elsewhere, new]):
        rollup = rolled(*order)

        assert rollup.workstations.reported == 1
        assert rollup.workstations.decisions[Decision.GO] == 1
        assert [(one.reason, one.count) for one in rollup.left_out] == [(Omission.SUPERSEDED, 2)]
        assert rollup.reports_read == 3


def test_copies_of_a_run_count_once() -> None:
    """The same run in two files is one workstation and a duplicate."""
    rollup = rolled(ran(), ran(), ran())

    assert rollup.workstations.reported == 1
    assert [(one.reason, one.count) for one in rollup.left_out] == [(Omission.DUPLICATE, 2)]


def test_interrupted_site_run_proves_nothing_of_the_site() -> None:
    """What it saw hold is inconclusive and so is the project; what it saw fail still fails."""
    asking = profile(more=[LINK])
    whole = ran(of_site=True, under=asking)
    lossy = ran(of_site=True, under=asking, p__loss_ratio=Metric(0.5, "ratio"))
    cut, bad = (replace(one, run=replace(one.run, interrupted=True)) for one in (whole, lossy))

    assert rolled(whole, ran(), under=asking).decision == Decision.GO
    assert rolled(cut, ran(), under=asking).decision == Decision.INCONCLUSIVE
    assert status_of(rolled(cut, ran(), under=asking), "link") == Status.INCONCLUSIVE
    assert status_of(rolled(bad, ran(), under=asking), "link") == Status.FAIL


def test_time_zones_do_not_deceive() -> None:
    """09:00 in Paris is before 08:30 in London."""
    earlier, later = ran(works=False), ran()
    earlier = replace(earlier, run=replace(earlier.run, started_at="2026-11-01T09:00:00+01:00"))
    later = replace(later, run=replace(later.run, started_at="2026-11-01T08:30:00Z"))

    assert rolled(later, earlier).workstations.decisions[Decision.GO] == 1


def test_ratios_of_the_fleet() -> None:
    """Ready of those that reported, reservations included; reported of the agents; the reason is the first cause."""
    noisy = ran("h2", p__noise_ratio=Metric(1.0, "ratio"))
    rollup = rolled(ran("h1"), noisy, ran("h3", works=False))

    assert noisy.decision == Decision.GO_WITH_RESERVATIONS
    assert rollup.metrics["fleet.ready_ratio"].value == pytest.approx(2 / 3, abs=1e-6)
    assert rollup.metrics["fleet.ready_ratio"].reason == "stun_timeout"
    assert rollup.metrics["fleet.reported_ratio"].value == 0.75
    assert rollup.metrics["fleet.inconclusive_ratio"].value == 0
    assert rollup.decision == Decision.NO_GO
    assert rollup.blockers == ("ready",)
    assert rollup.ready_on == "2026-12-03"


def test_nothing_reported_is_nothing_measured() -> None:
    """No workstation: the ratios are null, and the project inconclusive; no agents stated: no share of them."""
    rollup = rolled(under=profile(agents=None))

    assert rollup.metrics["fleet.ready_ratio"].value is None
    assert rollup.metrics["fleet.reported_ratio"].reason == "not_configured"
    assert rollup.decision == Decision.INCONCLUSIVE
    assert Notice.NO_REPORTS in rollup.notices


def test_profile_that_asks_nothing_of_the_project_is_inconclusive() -> None:
    """Workstations alone decide nothing, and the document says so."""
    asks = Profile.model_validate(
        {
            "schema": "readycheck.profile/1",
            "id": "acme",
            "requirements": [{"id": "works", "metric": "p.works", "equals": True}],
        }
    )
    rollup = rolled(ran(), under=asks)

    assert rollup.decision == Decision.INCONCLUSIVE
    assert rollup.notices == (Notice.NOTHING_ASKED,)


def test_run_that_left_out_a_blocker_is_not_ready() -> None:
    """--only makes a run green; the workstation stays unknown."""
    one = ran()
    skipped = replace(one.findings[0], status=Status.INCONCLUSIVE, reason="not_selected")
    partial = replace(one, findings=(skipped, *one.findings[1:]), decision=Decision.GO)

    assert rolled(partial).workstations.decisions[Decision.INCONCLUSIVE] == 1


def lossy(loss: float, site: str | None, day: int = 1) -> Report:
    return ran("team", site, of_site=True, day=day, under=profile(more=[LINK]), p__loss_ratio=Metric(loss, "ratio"))


@pytest.mark.parametrize(
    ("reports", "status", "observed"),
    [
        ([lossy(0.0, "lyon")], Status.PASS, 0.0),
        ([lossy(0.02, "lyon", 1), lossy(0.0, "lyon", 2)], Status.PASS, 0.0),
        ([lossy(0.0, "lyon"), lossy(0.02, "paris"), lossy(0.05, "nantes")], Status.FAIL, 0.05),
        ([lossy(0.0, "lyon"), lossy(0.009, "paris")], Status.PASS, 0.009),
        ([], Status.INCONCLUSIVE, None),
        ([lossy(0.0, "lyon"), ran(site="paris")], Status.INCONCLUSIVE, None),
        ([lossy(0.02, "lyon"), ran(site="paris")], Status.FAIL, 0.02),
        ([lossy(0.0, "lyon"), ran(site=None)], Status.PASS, 0.0),
        ([lossy(0.0, None), ran(site=None)], Status.PASS, 0.0),
    ],
)
def test_worst_site_speaks(reports: list[Report], status: Status, observed: float | None) -> None:
    """The latest site report per site, the worst of the sites; a site without one is not known."""
    rollup = rolled(*reports, under=profile(more=[LINK]))
    (found,) = [finding for finding in rollup.findings if finding.requirement == "link"]

    assert (found.status, found.observed) == (status, observed)
    assert found.reason == ("not_proven" if status == Status.INCONCLUSIVE else None)


def test_text_names_the_sites_that_fail() -> None:
    """The worst figure, and where else the requirement fails."""
    reports = [lossy(0.0, "lyon"), lossy(0.02, "paris"), lossy(0.05, "nantes")]
    text = render_rollup_text(rolled(*reports, under=profile(more=[LINK])), "en", colour=False)

    assert "5 %, asked: at most 1 % (nantes, paris)" in text.replace("\u00a0", " ")


def test_endless_reasons_are_cut() -> None:
    """A forged report's texts do not fill the document."""
    endless: dict[str, Any] = {"p__works": Metric(None, "bool", reason="x" * 100_000)}
    rollup = rolled(ran("h1", **endless), replace(lossy(0.02, "lyon"), findings=()), under=profile(more=[LINK]))

    assert len(rollup.dumps()) < 20_000
    assert rollup.causes[0].reason == "x" * 99 + "…"


def test_what_a_sites_run_left_out_is_not_passed_over() -> None:
    """A site report made with --only leaves its other requirements open."""
    one = lossy(0.0, "lyon")
    skipped = replace(one.findings[0], status=Status.INCONCLUSIVE, reason="not_selected", observed=None)
    rollup = rolled(replace(one, findings=(skipped,)), ran(), under=profile(more=[LINK]))

    assert rollup.decision == Decision.INCONCLUSIVE
    assert rollup.blockers == ("link",)


def test_site_report_is_no_workstation() -> None:
    """The network team's machine is not counted among the agents' own."""
    rollup = rolled(lossy(0.0, "lyon"), ran(), under=profile(more=[LINK]))

    assert rollup.workstations.reported == 1
    assert [(site.site, site.reported, site.report is not None) for site in rollup.sites] == [("lyon", 1, True)]


def answer(said: str, **more: Any) -> dict[str, Any]:
    return {"question": "bypass", "answer": said, "by": "J. Martin", "on": "2026-11-20"} | more


@pytest.mark.parametrize(
    ("answers", "status", "decision", "ready_on"),
    [
        ([answer("approved")], Status.PASS, Decision.GO, None),
        ([answer("requested")], Status.INCONCLUSIVE, Decision.INCONCLUSIVE, "2027-01-07"),
        ([answer("refused")], Status.FAIL, Decision.NO_GO, None),
        ([], Status.INCONCLUSIVE, Decision.INCONCLUSIVE, "2027-01-07"),
        ([answer("approved", until="2026-11-22")], Status.INCONCLUSIVE, Decision.INCONCLUSIVE, "2027-01-07"),
        ([answer("approved", until="2026-11-23")], Status.PASS, Decision.GO, None),
        ([answer("approved", on="2026-11-24")], Status.PASS, Decision.GO, None),
        ([answer("approved", on="2026-11-25")], Status.INCONCLUSIVE, Decision.INCONCLUSIVE, "2027-01-07"),
        ([answer("approved", site="lyon")], Status.PASS, Decision.GO, None),
        ([answer("approved", site="paris")], Status.INCONCLUSIVE, Decision.INCONCLUSIVE, "2027-01-07"),
        ([answer("approved"), answer("refused", site="lyon")], Status.FAIL, Decision.NO_GO, None),
        ([answer("refused"), answer("approved", site="lyon")], Status.PASS, Decision.GO, None),
    ],
)
def test_answers_become_findings(
    answers: list[dict[str, Any]], status: Status, decision: Decision, ready_on: str | None
) -> None:
    """By the answer, its days and its site; missing and expired are not known, and a refusal has no date."""
    rollup = rolled(ran(), under=profile(QUESTION), answers=answers)

    assert status_of(rollup, "bypass") == status
    assert (rollup.decision, rollup.ready_on) == (decision, ready_on)


def test_refusal_leaves_no_date_beside_what_can_be_mended() -> None:
    """Another blocker's lead time does not make a refused project ready."""
    rollup = rolled(ran(works=False), under=profile(QUESTION), answers=[answer("refused")])

    assert set(rollup.blockers) == {"ready", "bypass"}
    assert rollup.ready_on is None


def test_attestations_stand_in_the_document() -> None:
    """Owner, dates, evidence and state, also of what nobody answered."""
    second = QUESTION | {"id": "recording"}
    rollup = rolled(ran(), under=profile(QUESTION, second), answers=[answer("approved", evidence="https://x/1")])
    first, other = rollup.attestations

    assert (first.state, first.owner, first.by, first.on) == (Answered.ANSWERED, "security", "J. Martin", "2026-11-20")
    assert first.evidence == "https://x/1"
    assert (other.question, other.state, other.answer) == ("recording", Answered.UNANSWERED, None)


def test_document_tells_whom_to_visit_and_why() -> None:
    """Causes with counts and sites, the heat map, and the workstations with most blockers first."""
    rollup = rolled(ran("h1"), ran("h2", works=False), ran("h3", "paris", works=None))

    assert [(cause.requirement, cause.status, cause.count, cause.sites) for cause in rollup.causes] == [
        ("works", Status.FAIL, 1, ("lyon",)),
        ("works", Status.INCONCLUSIVE, 1, ("paris",)),
    ]
    assert [visit.host for visit in rollup.visit_first] == ["h2", "h3"]
    cell = next(cell for cell in rollup.heat_map if (cell.site, cell.requirement) == ("lyon", "works"))
    assert (cell.statuses[Status.PASS], cell.statuses[Status.FAIL]) == (1, 1)


def test_inventory_counts_browsers_and_headsets() -> None:
    """What the workstations have, where they say so."""
    has: dict[str, Any] = {
        "browser__default_name": Metric("chrome", "text"),
        "browser__default_version": Metric("131.0", "text"),
        "headset__form": Metric("duo", "text"),
        "headset__link": Metric(None, "text"),
    }
    rollup = rolled(ran("h1", **has), ran("h2", **has), ran("h3"))

    assert [(one.name, one.version, one.count) for one in rollup.browsers] == [("chrome", "131.0", 2)]
    assert [(one.form, one.link, one.count) for one in rollup.headsets] == [("duo", None, 2)]


def test_trend_tells_what_changed() -> None:
    """An earlier roll-up beside this one: counts then, and the requirements whose status is another."""
    before = rolled(ran(works=False))
    rollup = rolled(ran(day=2), earlier=Rollup.loads(before.dumps()))

    assert rollup.trend
    assert rollup.trend.workstations.decisions[Decision.NO_GO] == 1
    assert [(one.requirement, one.then, one.now) for one in rollup.trend.changes] == [
        ("ready", Status.FAIL, Status.PASS)
    ]


def test_rollup_survives_json() -> None:
    """What is written is read again, to the last field."""
    rollup = rolled(ran(), lossy(0.02, "paris"), under=profile(QUESTION, more=[LINK]), answers=[answer("refused")])

    assert Rollup.loads(rollup.dumps()) == rollup


def test_names_of_strangers_are_cut() -> None:
    """Control characters and endless names do not become keys."""
    rollup = rolled(ran("h" * 100_000, "\x1b[31m\u202e=cmd\n" + "x" * 5000))
    (site,) = rollup.sites

    assert site.site
    assert site.site.startswith("[31m=cmd x")
    assert len(site.site) <= 100
    assert len(rollup.dumps()) < 20_000


RUNS = st.tuples(
    st.sampled_from("ab"),
    st.sampled_from(["lyon", None]),
    st.integers(1, 3),
    st.sampled_from([True, False, None]),
    st.sampled_from("pqr"),
    st.booleans(),
)
LEFT_OUT = st.tuples(st.sampled_from(Omission), st.sampled_from("abc"))


def of_run(host: str, site: str | None, day: int, works: bool | None, name: str, of_site: bool) -> Summary:  # noqa: FBT001 - as drawn
    """One report's summary."""
    seen = ran(host, site, day=day, works=works, of_site=of_site)
    return summary_of(seen, profile=(name, "0"), file=f"{name}.json", digest=f"{name}{works}")


@given(st.lists(RUNS, max_size=4), st.lists(LEFT_OUT, max_size=4), st.data())
def test_merge_is_the_same_in_any_order_and_grouping(
    runs: list[tuple[Any, ...]], left_out: list[tuple[Omission, str]], data: st.DataObject
) -> None:
    """Associative and commutative: files may come in any order, and folders may be merged apart."""
    # Made here and not while drawing, where what is imported on first use must not touch the random module.
    parts = [*(of_run(*run) for run in runs), *(omitted(reason, file, "") for reason, file in left_out)]
    shuffled = [parts[place] for place in data.draw(st.permutations(range(len(parts))))]
    cut = data.draw(st.integers(0, len(parts)))
    grouped = merged([merged(shuffled[:cut]), merged(shuffled[cut:])])

    assert grouped == merged(parts)


def test_first_rollup_stays_readable() -> None:
    """A file of schema 1, kept as it was written, is read by every later version."""
    text = (Path(__file__).parent.parent / "golden" / "rollup" / "rollup-1.json").read_text(encoding="utf-8")

    assert Rollup.loads(text).decision == Decision.GO_WITH_RESERVATIONS


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "no JSON"),
        ("[]", "no roll-up"),
        ('{"schema": "readycheck.report/1"}', "no roll-up"),
        ('{"schema": "readycheck.rollup/2"}', "newer readycheck"),
        ('{"schema": "readycheck.rollup/1"}', "Field required"),
        ('{"schema": "readycheck.rollup/1", "on": 1e999}', "beyond any number"),
    ],
)
def test_unreadable_rollup_says_why(text: str, sentence: str) -> None:
    """One sentence: what is wrong with the file."""
    with pytest.raises(UnreadableReport, match=sentence):
        Rollup.loads(text)
