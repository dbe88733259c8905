import base64
import hashlib
import re
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest

from readycheck.model.rollup import Trend
from readycheck.render.rollup_html import render_rollup_html
from readycheck.render.rollup_svg import axis
from readycheck.render.words import Words
from tests.unit import rollup_samples as samples
from tests.unit.rollup_samples import page_of, plain, section
from tests.unit.test_render_html import Page

HEADINGS = {
    "en": [
        "What blocks, what to do, who",
        "The plan",
        "Where it fails",
        "What is wrong at the workstations",
        "Workstations to visit first",
        "What people have answered",
        "Sites and their own reports",
        "What the workstations have",
        "Since 1 Nov 2026",
        "What was left out, and why",
        "Where this comes from",
    ],
    "fr": [
        "Ce qui bloque, que faire, qui",
        "Le calendrier",
        "Où ça bloque",
        "Ce qui ne va pas sur les postes",
        "Postes à visiter d’abord",  # noqa: RUF001 - the page's apostrophe
        "Ce que les personnes ont répondu",
        "Les sites et leur rapport de site",
        "Ce que les postes ont",
        "Depuis le 1er nov. 2026",
        "Ce qui a été écarté, et pourquoi",
        "D’où vient cette page",  # noqa: RUF001 - the same
    ],
}


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_section_stands_in_its_order(lang: str) -> None:
    """The answer, then what to do, then why, then everything, in the language asked for."""
    page = page_of(samples.mixed(), lang)

    assert re.findall("<h2>(.*?)</h2>", page) == HEADINGS[lang]
    assert page.index('class="verdict no_go"') < page.index("<h2>")
    assert f'<html lang="{lang}">' in page
    assert re.findall(r"<h(\d)", page) == ["1"] + ["2"] * len(HEADINGS[lang])


def test_policy_names_the_one_style_block() -> None:
    """Nothing is loaded and nothing runs: the policy allows the style block alone, by its digest."""
    page = render_rollup_html(samples.mixed(), "en")
    blocks = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(blocks[0].encode()).digest()).decode()

    assert len(blocks) == 1
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in Page(page).policy
    assert "url(" not in blocks[0]
    assert "@import" not in blocks[0]


CAUSES = {
    "en": "Two points block the project: “The link carries every call at once” (Nantes: 41 calls, asked: at least "
    "60 calls) and “Workstations are ready” (50.8 %, asked: at least 95 %). Two more that block if they fail are not "
    "known yet. 56 workstations of 120 cannot work yet, mostly because of “Media over UDP” (no answer: 38)",
    "fr": "Deux points bloquent le projet : « Le lien porte tous les appels à la fois » (Nantes : 41 appels, "
    "demandé : au moins 60 appels) et « Les postes sont prêts » (50,8 %, demandé : au moins 95 %).",
}


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_verdict_names_its_causes_and_its_date(lang: str) -> None:
    """One word, the causes, the date: a manager may stop reading there."""
    page = page_of(samples.mixed(), lang)
    verdict = page.split('class="verdict no_go"')[1].split("</section>")[0]

    assert "NO-GO" in verdict
    assert CAUSES[lang] in plain(verdict)
    assert f"<b>{'2 Feb 2027' if lang == 'en' else '2 févr. 2027'}</b>" in verdict


def test_tasks_have_owner_and_date() -> None:
    """What blocks comes first, with what was seen, what to do, who does it and until when; workstations after it."""
    tasks = plain(section(page_of(samples.mixed()), "What blocks, what to do, who"))

    assert "blocks The link carries every call at once Nantes: 41 calls" in tasks
    assert "Operator 72 days until 2 Feb 2027" in tasks
    assert "at 42 workstations Media over UDP no answer (38), refused by the proxy (4) Open this server" in tasks
    assert "Get an answer from Customer service and note it with “readycheck attest”." in tasks
    assert tasks.index("For the project") < tasks.index("not proven Proxy bypass") < tasks.index("At workstations")


@pytest.mark.parametrize(
    ("agents", "own", "told"),
    [
        (50, None, "Run readycheck on the 45 workstations that are missing, into the shared folder."),
        (50, "Ask Jo.", "on the 45 workstations that are missing, into the shared folder. Ask Jo."),
        (6, None, "Run readycheck on the 1 workstation that is missing"),
        (None, None, "Fill in site.agents in the profile, so that those who are missing can be counted"),
    ],
)
def test_missing_workstations_are_counted(agents: int | None, own: str | None, told: str) -> None:
    """Where the number of agents is known, what to do says on how many; only where it is not is it asked for."""
    asked = {"id": "heard", "scope": "project", "metric": "fleet.reported_ratio", "at_least": 0.9}
    under = samples.profile(agents, requirements=[asked | ({"remedy": own} if own else {})])
    reports = (samples.ran(under, f"h{number}", "Lyon", failing={}) for number in range(5))
    page = page_of(samples.rolled(samples.summed(reports), under, samples.ALL_GOOD))

    assert told in plain(section(page, "What blocks, what to do, who"))


def test_plan_marks_the_day_of_readiness() -> None:
    """Each task with a duration has its bar from today on, the longest as wide as the plan; the date has a line."""
    plan = section(page_of(samples.mixed()), "The plan")

    assert plan.count('class="long"') == plan.count("<li ") == 8
    assert 'width="100.00%"' in plan
    assert '<text class="due" x="100.00%" y="13" text-anchor="end">2 Feb 2027</text>' in plan
    assert plan.count('class="ready"') == 8


@pytest.mark.parametrize("ready", [None, 0, 1, 5, 20, 36, 40, 71, 72])
@pytest.mark.parametrize("longest", [0, 1, 30, 72, 400, 36_500])
def test_dates_of_the_plan_never_touch(ready: int | None, longest: int) -> None:
    """On the narrowest screen too, every two dates stand apart, and that of readiness is always there."""
    drawn = axis(date(2026, 11, 22), [longest, 3], ready, Words("fr", "rollup")).dates
    spots = [(float(x), anchor) for x, anchor in re.findall(r'x="([\d.]+)%" y="13" text-anchor="(\w+)"', str(drawn))]
    wide = 100 * 86 / 288  # a date of 86 pixels on a screen of 320
    edges = [
        (
            x - {"start": 0, "middle": wide / 2, "end": wide}[anchor],
            x + {"start": wide, "middle": wide / 2, "end": 0}[anchor],
        )
        for x, anchor in spots
    ]

    assert all(left[1] <= right[0] for left, right in pairwise(edges))
    assert all(left >= -0.5 and right <= 100.5 for left, right in edges)
    assert ('class="due"' in drawn) == (ready is not None)


def test_what_is_not_known_has_no_date() -> None:
    """Workstations to be measured again are no line of the plan; how long it takes stands there as a supposition."""
    page = page_of(samples.mixed())
    tasks = plain(section(page, "What blocks, what to do, who"))

    assert "Sound redirected" not in section(page, "The plan")
    assert "Dashed: not known yet" in section(page, "The plan")
    assert "at 5 workstations Sound redirected out of Citrix took too long" in tasks
    assert "Workplace IT 30 days if it fails" in tasks


@pytest.mark.parametrize(
    ("lang", "heading", "said"),
    [
        ("en", HEADINGS["en"][0], "at 1 workstation; 3 not known Media over UDP no answer (1), took too long (3)"),
        ("fr", HEADINGS["fr"][0], "sur 1 poste ; 3 inconnus Média en UDP"),
    ],
)
def test_unknown_does_not_count_as_failed(lang: str, heading: str, said: str) -> None:
    """Where a requirement fails at one workstation and isn't known at others, each of them is counted as what it is."""
    assert said in plain(section(page_of(samples.unsure(), lang), heading))


def test_what_applies_nowhere_is_not_called_fulfilled() -> None:
    """Fulfilled everywhere is what passed somewhere and failed nowhere, not what no workstation was asked."""
    nowhere = samples.WORKSTATION[-1] | {"when": {"metric": "p.tls", "equals": False}}
    under = samples.profile(1, requirements=[*samples.WORKSTATION[:-1], nowhere])
    fleet = iter([samples.ran(under, "h", "Lyon", failing={"udp": "stun_timeout"})])
    heat = plain(section(page_of(samples.rolled(samples.summed(fleet), under)), "Where it fails"))

    assert "Fulfilled everywhere: Signalling past the proxy" in heat
    assert "Notifications allowed" not in heat


def test_tasks_alike_are_told_once() -> None:
    """Requirements that one person mends in one way stand in one line, with the workstations that are certain."""
    rollup = samples.mixed()
    udp = next(one for one in rollup.causes if one.reason == "stun_timeout")
    other = replace(udp, requirement="stun", title={"en": "STUN answers"}, count=3)
    tasks = plain(section(page_of(replace(rollup, causes=(udp, other))), "What blocks, what to do, who"))

    assert "at 38 workstations at least Media over UDP · STUN answers no answer" in tasks


def test_long_names_wrap_beside_their_bars() -> None:
    """A name of the plan stands beside its bar as text of the page, never inside the drawing."""
    plan = section(page_of(samples.mixed()), "The plan")

    assert not re.search(r"<svg[^>]*>(?:(?!</svg>).)*The link carries", plan, re.DOTALL)


def test_work_beyond_the_date_is_said() -> None:
    """The date counts what blocks the project; that a workstation's cause takes longer is said below the plan."""
    rollup = replace(samples.mixed(), ready_on="2026-12-01")

    assert "takes longer than this date" in section(page_of(rollup), "The plan")
    assert "takes longer than this date" not in section(page_of(samples.mixed()), "The plan")


def test_heat_map_is_a_table_with_words() -> None:
    """Cells have shape, word and colour; the worst site comes first; what nobody fails is told in one line."""
    heat = section(page_of(samples.mixed()), "Where it fails")
    rows = re.findall("<tr>.*?</tr>", heat, re.DOTALL)[1:]

    assert "<caption>How many workstations" in heat
    assert [plain(row).split()[0] for row in rows] == ["Lille", "Nantes", "Lyon"]
    assert '<td class="blocks shade3" data-label="Media over UDP">' in rows[0]
    assert "38 fail of 40" in plain(rows[0])
    assert '<td class="unknown shade0"' in rows[1]
    assert "5 not known of 40" in plain(rows[1])
    assert '<td class="warns shade2"' in rows[2]
    assert heat.count('scope="col"') == 6
    assert heat.count('scope="row"') == 3
    assert "Fulfilled everywhere: Signalling past the proxy · Relay over TLS on port 443." in heat


def test_many_sites_show_the_worst() -> None:
    """Of hundreds of sites those where something fails stand in the map, at most 25; the others are counted."""
    rollup = samples.large(60, 2)
    heat = section(page_of(rollup), "Where it fails")
    shown = heat.count("<tr>") - 1

    assert 1 <= shown <= 25
    assert f"And {60 - shown} more sites, none worse than these." in plain(heat)


def test_causes_are_counted_and_placed() -> None:
    """Each cause with its reason, its workstations, their share, and its sites."""
    causes = plain(section(page_of(samples.mixed()), "What is wrong at the workstations"))

    assert "Media over UDP no answer 38 workstations 31.7 % Lille" in causes
    assert "Headset on the list of the project Plantronics .Audio 628, Poly BT700 14 workstations 11.7 %" in causes


def test_workstations_to_visit() -> None:
    """The twenty with most that blocks, with site, verdict, what is wrong and the report's name."""
    visits = section(page_of(samples.mixed()), "Workstations to visit first")

    assert visits.count('<th scope="row">') == 20
    assert (
        "Lyon NO-GO Media over UDP refused by the proxy Browser on the list of the project Edge 108 Lyon/h000c.json"
        in plain(visits)
    )


def test_workstations_that_are_only_unknown_are_not_visited() -> None:
    """Those where nothing is known to fail aren't listed among those where most blocks; if all are so, that is said."""
    rollup = samples.unsure()
    open_ = replace(rollup, visit_first=tuple(one for one in rollup.visit_first if one.decision == "inconclusive"))

    assert len(rollup.visit_first) == 4
    assert section(page_of(rollup), "Workstations to visit first").count('<th scope="row">') == 1
    assert "<th" not in section(page_of(open_), "Workstations to visit first")
    assert "Nothing is known to block" in section(page_of(open_), "Workstations to visit first")


def test_answers_are_text_and_their_state_is_marked() -> None:
    """Question, answer, who, when, until, evidence; expired and unanswered look like what is not known."""
    answers = section(page_of(samples.mixed()), "What people have answered")
    words = plain(answers)

    assert "Proxy bypass settled approved CISO, 12 Nov 2026 valid until 31 Dec 2027" in words
    assert "https:" in answers
    assert "<a " not in answers
    assert "Continuity plan unanswered none yet asked of Customer service" in words
    assert "Call recording expired yes A. Martin, 2 Mar 2026 valid until 31 Oct 2026" in words
    assert answers.count('class="tag unknown"') == 2
    assert answers.count('class="tag unknown_warning"') == 1
    assert words.index("unanswered") < words.index("settled")


def test_answers_are_told_in_the_language_asked_for() -> None:
    """An answer of a shipped question is translated, in the list of what to do and in its own table."""
    page = plain(page_of(samples.mixed(), "fr"))

    assert "demandé, CISO, 14 nov. 2026" in page
    assert "accordé CISO, 12 nov. 2026" in page


def test_sites_stand_with_their_own_report() -> None:
    """The failing site first; a site without a report of its own looks unknown, where one is asked for."""
    sites = section(page_of(samples.mixed()), "Sites and their own reports")

    assert re.findall(r'<th scope="row">(\w+)', sites) == ["Nantes", "Lille", "Lyon"]
    assert "NO-GO The link carries every call at once (blocks) Nantes/s1.json , 20 Nov 2026" in plain(sites)
    assert '<span class="tag unknown">' in sites
    assert "no site report" in sites


def test_inventory_counts_what_is_there() -> None:
    """Browsers and headsets by kind, and at how many workstations nothing is known of them."""
    rollup = samples.mixed()
    inventory = plain(section(page_of(rollup), "What the workstations have"))
    partly = replace(rollup, headsets=rollup.headsets[:1], browsers=())

    assert "Chrome 140 28" in inventory
    assert "Plantronics .Audio 628 (two ears, Bluetooth) 10" in inventory
    assert "not measured at 40 workstations" in section(page_of(partly), "What the workstations have")
    assert "not measured." in section(page_of(partly), "What the workstations have")


def test_trend_compares_share_date_and_requirements() -> None:
    """Both roll-ups one above the other, by how much the share and the date have moved, and what changed."""
    since = plain(section(page_of(samples.mixed()), "Since 1 Nov 2026"))

    assert "has risen by 4 points. The date has moved back by 21 days." in since
    assert "46.7 % ready 60 workstations reported" in since
    assert "The link carries every call at once not known fails" in since
    assert "Proxy bypass fulfilled not known" in since


def test_trend_without_anything_then() -> None:
    """An earlier roll-up of no report has no share: it is said to be not measured."""
    then = samples.empty()
    trend = Trend(then.on, then.decision, "tomorrow", then.workstations, ())
    since = section(page_of(replace(samples.mixed(), trend=trend)), "Since 22 Nov 2026")

    assert "not measured" in since
    assert "No requirement has changed" in since


def test_what_was_left_out_is_named() -> None:
    """Reason, number and files, with what was wrong with each."""
    left_out = plain(section(page_of(samples.mixed()), "What was left out, and why"))

    assert "no report 1 file Lyon/matrix.json: its schema is readycheck.matrix/1" in left_out
    assert "unreadable 1 file Lyon/half.json: it ends in the middle" in left_out


def test_provenance() -> None:
    """Profile and digest, day, tool, how many reports, and under which profiles they were measured."""
    origin = plain(section(page_of(samples.mixed()), "Where this comes from"))

    assert "acme · digest 9f31c0a1b2c" in origin
    assert "22 Nov 2026, 08:00 UTC · readycheck 0.1.0" in origin
    assert "122 reports, 120 workstations count, 2 sites have a report of their own" in origin
