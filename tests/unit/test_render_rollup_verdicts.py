import re
from dataclasses import replace

import pytest

from readycheck.fleet.summary import omitted
from readycheck.model.rollup import Omission
from readycheck.model.verdict import Decision, Status
from tests.unit import rollup_samples as samples
from tests.unit.rollup_samples import page_of, plain, section


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "Good news: all 5 points asked of the project are fulfilled. It can start. All 80 workstations"),
        ("fr", "Bonne nouvelle : les 5 points demandés au projet sont satisfaits. Il peut démarrer. Les 80 postes"),
    ],
)
def test_all_green_page_is_short_and_glad(lang: str, said: str) -> None:
    """The good news, the bar, and everything else folded: nothing is asked of anyone."""
    page = page_of(samples.all_green(), lang)

    assert said in page
    assert len(re.findall("<h2>", page)) == 2
    assert "<details open" not in page
    assert page.count("<details") == 3
    assert not re.search('class="tag (blocks|warns|unknown)', page.split("<details")[0])
    assert len(plain(page.split("</style>")[1].split("<details")[0])) < 500


@pytest.mark.parametrize(
    ("lang", "said"),
    [("en", "No report counts yet, so nothing can be promised."), ("fr", "Aucun rapport ne compte encore")],
)
def test_empty_page_says_how_to_begin(lang: str, said: str) -> None:
    """Without a report the page looks unknown, has no date, and tells the commands in their order."""
    page = page_of(samples.empty(), lang)
    commands = re.findall("<pre>readycheck (.*?)</pre>", page)

    assert said in page
    assert 'class="verdict inconclusive"' in page
    assert 'class="when"' not in page
    assert [command.split()[0] for command in commands] == ["run", "run", "attest", "rollup"]
    assert "tag holds" not in page


def test_empty_page_names_files_that_do_not_count() -> None:
    """Files were there, but none counts: they are named at once, with the reason."""
    page = page_of(samples.empty(omitted(Omission.UNREADABLE, "a/b.json", "no JSON")))

    assert page.index("none of them counts") < page.index("a/b.json: no JSON") < page.index("What people have answered")


def test_refusal_blocks_before_anything_was_measured() -> None:
    """A refused question is no-go without any report, and has no date."""
    refused = [{"question": "proxy_bypass", "answer": "refused", "by": "CISO", "on": "2026-11-20"}]
    page = page_of(samples.rolled([], samples.profile(140), refused))

    assert "One point blocks the project: “Proxy bypass” (refused, CISO, 20 Nov 2026)." in page
    assert "a refusal has no date" in page
    assert "How to begin" in page
    assert "agree on another way" in page


def test_nothing_asked_is_said() -> None:
    """A profile that asks nothing of the project decides nothing, and the page says what would."""
    asks = samples.profile(None, questions=[], requirements=samples.WORKSTATION)
    page = page_of(samples.rolled(samples.summed(iter([samples.ran(asks, "h", "Lyon", failing={})])), asks))

    assert "The profile asks nothing of the project" in page
    assert 'class="verdict inconclusive"' in page


def test_nothing_that_applies_is_said() -> None:
    """If nothing asked of the project applied, nothing can be promised, and the sentence has no empty list."""
    rollup = samples.all_green()
    findings = tuple(replace(one, status=Status.NOT_APPLICABLE) for one in rollup.findings)
    page = page_of(replace(rollup, findings=findings, decision=Decision.INCONCLUSIVE))

    assert "Nothing that was asked could be answered, so nothing can be promised." in page


def test_go_with_workstations_that_fail() -> None:
    """Enough are ready, so the project can start; those that are not are still named, with what to do."""
    under = samples.profile(100)
    reports = [
        samples.ran(under, f"h{number}", "Lyon", failing={} if number else {"udp": "stun_timeout"})
        for number in range(100)
    ]
    reports.append(samples.ran(under, "s", "Lyon", failing={}, scope="site"))
    page = page_of(samples.rolled(samples.summed(iter(reports)), under, samples.ALL_GOOD))

    assert 'class="verdict go"' in page
    assert "One workstation of 100 cannot work yet: “Media over UDP” (no answer: 1)." in page
    assert "at 1 workstation" in section(page, "What blocks, what to do, who")
    assert "The one where something blocks." in section(page, "Workstations to visit first")


def test_reservations_name_what_to_keep_in_mind() -> None:
    """A go with reservations says that the project can start, and with what in mind."""
    under = samples.profile(1)
    answers = [*samples.ALL_GOOD[:2], {"question": "recording", "answer": "no", "by": "A. Martin", "on": "2026-11-02"}]
    reports = [samples.ran(under, "h", "Lyon", failing={}), samples.ran(under, "s", "Lyon", failing={}, scope="site")]
    page = page_of(samples.rolled(samples.summed(iter(reports)), under, answers))

    assert "The project can start. Keep in mind: “Call recording” (no, A. Martin, 2 Nov 2026)." in page
    assert "not stated" in section(page, "What blocks, what to do, who")
