"""Whole projects and their pages, for the tests of the roll-up's page: mixed, all green, empty, very large."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Literal

from readycheck.fleet.rollup import Setting, rolled_up
from readycheck.fleet.summary import Summary, merged, omitted, summary_of
from readycheck.judge import Case, judge
from readycheck.model.report import Metric, Observation, ObservationStatus, ProfileReference, Report, Tool
from readycheck.model.rollup import Omission, Rollup
from readycheck.model.verdict import Scope
from readycheck.profile.attestations import Attestations
from readycheck.profile.schema import Profile
from readycheck.render.rollup_html import render_rollup_html
from readycheck.render.words import NBSP
from tests.unit.report_samples import report
from tests.unit.test_render_html import Page

DAY = date(2026, 11, 22)
TITLE = {"en": "Acme moves to the softphone", "fr": "Acme passe au softphone"}
DIGEST = "9f31c0a1b2c3d4"


def _asked(name: str, english: str, french: str, owner: str, days: int, **more: Any) -> dict[str, Any]:
    plain = {"id": name, "metric": f"p.{name}", "equals": True, "title": {"en": english, "fr": french}}
    return plain | {"owner": owner, "lead_time": f"{days}d"} | more


WORKSTATION = [
    _asked("udp", "Media over UDP", "Média en UDP", "security", 45),
    _asked("bypass", "Signalling past the proxy", "Signalisation hors proxy", "security", 45),
    _asked("tls", "Relay over TLS on port 443", "Relais en TLS sur le port 443", "network", 20),
    _asked(
        "browser",
        *("Browser on the list of the project", "Navigateur de la liste", "workplace IT", 10),
        metric="browser.default_supported",
    ),
    _asked(
        "citrix",
        *("Sound redirected out of Citrix", "Son redirigé hors de Citrix", "workplace IT", 30),
        metric="session.media_redirection",
    ),
    _asked(
        "headset",
        *("Headset on the list of the project", "Casque de la liste du projet", "purchasing", 30),
        metric="headset.listed",
    ),
    _asked("notices", "Notifications allowed", "Notifications autorisées", "workplace IT", 5, severity="warning"),
]
SITE = {
    "id": "link",
    "scope": "site",
    "metric": "p.calls",
    "at_least": 60,
    "title": {"en": "The link carries every call at once", "fr": "Le lien porte tous les appels à la fois"},
    "owner": "operator",
    "lead_time": "72d",
}
PROJECT = {
    "id": "ready",
    "scope": "project",
    "metric": "fleet.ready_ratio",
    "at_least": 0.95,
    "title": {"en": "Workstations are ready", "fr": "Les postes sont prêts"},
    "owner": "workplace IT",
    "lead_time": "20d",
}
QUESTIONS = [
    {
        "id": "proxy_bypass",
        "title": {"en": "Proxy bypass", "fr": "Contournement du proxy"},
        "ask": {"en": "Has security approved it?", "fr": "Accordé par la sécurité ?"},
        "answers": {"approved": "pass", "requested": "inconclusive", "refused": "fail"},
        "owner": "security",
        "lead_time": "45d",
    },
    {
        "id": "continuity",
        "title": {"en": "Continuity plan", "fr": "Plan de continuité"},
        "ask": {"en": "Was it tried?", "fr": "A-t-il été essayé ?"},
        "answers": {"tried": "pass", "planned": "inconclusive", "none": "fail"},
        "owner": "customer service",
        "lead_time": "21d",
    },
    {
        "id": "recording",
        "title": {"en": "Call recording", "fr": "Enregistrement des appels"},
        "ask": {"en": "Does it work with it?", "fr": "Fonctionne-t-il avec ?"},
        "answers": {"yes": "pass", "planned": "inconclusive", "no": "fail"},
        "severity": "warning",
        "owner": "quality",
    },
]
GIVEN = [
    {
        "question": "proxy_bypass",
        "answer": "approved",
        "by": "CISO",
        "on": "2026-11-12",
        "until": "2027-12-31",
        "evidence": "https://tickets.example.com/SEC-4711",
    },
    {"question": "proxy_bypass", "site": "Lille", "answer": "requested", "by": "CISO", "on": "2026-11-14"},
    {"question": "recording", "answer": "yes", "by": "A. Martin", "on": "2026-03-02", "until": "2026-10-31"},
]
ALL_GOOD = [
    {"question": "proxy_bypass", "answer": "approved", "by": "CISO", "on": "2026-11-12", "evidence": "SEC-4711"},
    {"question": "continuity", "answer": "tried", "by": "Operations", "on": "2026-11-03"},
    {"question": "recording", "answer": "yes", "by": "A. Martin", "on": "2026-11-02"},
]


def profile(agents: int | None, **changes: Any) -> Profile:
    """A project of that many agents, with questions, and requirements of every scope."""
    site = {} if agents is None else {"agents": agents}
    full = {"schema": "readycheck.profile/1", "id": "acme", "title": TITLE, "site": site, "questions": QUESTIONS}
    return Profile.model_validate(full | {"requirements": [*WORKSTATION, SITE, PROJECT]} | changes)


def ran(under: Profile, host: str, site: str | None, *, failing: Mapping[str, str | None], **facts: Any) -> Report:
    """A workstation where all is well but for what fails, by name and reason; a reason of "?" is not measured."""
    plain = report()
    measured = {
        str(one["metric"]): Metric(None, "bool", reason="deadline_exceeded")
        if failing.get(one["id"]) == "?"
        else Metric(one["id"] not in failing, "bool", reason=failing.get(one["id"]))
        for one in WORKSTATION
    }
    measured["p.calls"] = Metric(facts.pop("calls", 120), "call")
    scope: Literal["site", "workstation"] = facts.pop("scope", "workstation")
    measured |= {name.replace("__", "."): Metric(value, "text") for name, value in facts.items()}
    probes = {name.partition(".")[0] for name in measured}
    seen = {probe: Observation(ObservationStatus.COLLECTED, 1, "d") for probe in probes}
    verdict = judge(under, Case(measured, seen, dict.fromkeys(probes, "d"), DAY), Scope(scope))
    run = replace(plain.run, id=f"{site}-{host}", site=site, scope=scope, started_at="2026-11-20T08:00:00.000Z")
    return replace(
        plain,
        run=run,
        environment=replace(plain.environment, host=f"{site or ''}{host}"),
        decision=verdict.decision,
        findings=verdict.findings,
        metrics=measured,
    )


def rolled(
    summaries: Sequence[Summary],
    under: Profile,
    answers: Sequence[Mapping[str, Any]] = (),
    earlier: Rollup | None = None,
) -> Rollup:
    """The document of these summaries on DAY."""
    given = {"schema": "readycheck.attestations/1", "profile": "acme", "answers": list(answers)}
    setting = Setting(
        tool=Tool("readycheck", "0.1.0"),
        made_at="2026-11-22T08:00:00.000Z",
        on=DAY,
        profile=under,
        reference=ProfileReference("acme", TITLE, DIGEST),
        attestations=Attestations.model_validate(given),
        earlier=earlier,
    )
    return rolled_up(merged(summaries), setting)


def summed(reports: Iterator[Report]) -> list[Summary]:
    """Each report's summary, as if each had been a file."""
    return [
        summary_of(
            one,
            profile=("acme", DIGEST),
            file=f"{one.run.site}/{one.run.id.partition('-')[2]}.json",
            digest=str(number),
        )
        for number, one in enumerate(reports)
    ]


def _mixed(under: Profile) -> Iterator[Report]:
    for number in range(40):
        at_lille: dict[str, str | None] = {"udp": "stun_timeout"} if number % 20 else {}
        at_nantes: dict[str, str | None] = {"headset": None} if number % 3 == 0 else {}
        at_lyon: dict[str, str | None] = {"notices": None} if number % 9 == 0 else {}
        if number % 8 == 0:
            at_nantes |= {"citrix": "?"}
        if number % 13 == 0:
            at_lyon |= {"browser": None, "udp": "proxy_denied"}
        kept: dict[str, Any] = {"browser__default_name": "chrome", "headset__form": "duo", "headset__link": "usb"}
        kept |= {"headset__model": "Jabra Evolve2 40", "headset__hands_free": False}
        kept["browser__default_version"] = f"{140 + number % 3}"
        yield ran(under, f"h{number:03x}a", "Lille", failing=at_lille, **kept)
        others = ["Plantronics .Audio 628", "Plantronics .Audio 628", "Poly BT700"]
        model = others[number // 3 % 3] if "headset" in at_nantes else "Jabra Evolve2 65"
        dongle = {"headset__link": "bluetooth", "headset__model": model}
        citrix = {"session__kind": "citrix_ica"} if "citrix" in at_nantes else {}
        yield ran(under, f"h{number:03x}b", "Nantes", failing=at_nantes, **(kept | dongle | citrix))
        old = {"browser__default_version": "108"} if "browser" in at_lyon else {}
        yield ran(under, f"h{number:03x}c", "Lyon", failing=at_lyon, **(kept | {"browser__default_name": "edge"} | old))
    yield ran(under, "s1", "Nantes", failing={}, scope="site", calls=41)
    yield ran(under, "s2", "Lyon", failing={}, scope="site")


def mixed() -> Rollup:
    """Three sites of forty: UDP blocked at one, headsets at another; two site reports; open and expired answers."""
    under = profile(140)
    trouble = [
        omitted(Omission.UNREADABLE, "Lyon/half.json", "it ends in the middle"),
        omitted(Omission.NO_REPORT, "Lyon/matrix.json", "its schema is readycheck.matrix/1"),
    ]
    return rolled([*summed(_mixed(under)), *trouble], under, GIVEN, earlier=earlier())


def earlier() -> Rollup:
    """The same project three weeks before: half as many reports, and more that fails."""
    under = profile(140)
    half = [one for number, one in enumerate(summed(_mixed(under))) if number % 2]
    return replace(rolled(half, under, GIVEN[:1]), on="2026-11-01", ready_on="2027-01-12")


def unsure() -> Rollup:
    """Four workstations of one site: one where the media is blocked, and three of which that is not known."""
    under = profile(4)
    reasons = ("stun_timeout", "?", "?", "?")
    return rolled(summed(ran(under, f"h{i}", "Lyon", failing={"udp": why}) for i, why in enumerate(reasons)), under)


def all_green(workstations: int = 40) -> Rollup:
    """Two sites where everything is as asked."""
    under = profile(2 * workstations)
    reports = [
        ran(under, f"h{number}", site, failing={}, browser__default_name="chrome")
        for site in ("Lyon", "Nantes")
        for number in range(workstations)
    ]
    of_sites = [ran(under, "s", site, failing={}, scope="site") for site in ("Lyon", "Nantes")]
    return rolled(summed(iter([*reports, *of_sites])), under, ALL_GOOD)


def empty(*left_out: Summary) -> Rollup:
    """No report at all."""
    return rolled(list(left_out), profile(140))


def large(sites: int, workstations: int) -> Rollup:
    """So many sites with so many workstations each; the first are the worst."""
    under = profile(sites * workstations)
    reports = (
        ran(
            under,
            f"h{number:011x}",
            f"Site {site:03}",
            failing={one["id"]: "stun_timeout" for one in WORKSTATION if (number + site) % (7 + 3 * site) == 0},
            browser__default_name="chrome",
            browser__default_version=str(100 + number % 60),
        )
        for site in range(sites)
        for number in range(workstations)
    )
    return rolled(summed(reports), under, GIVEN)


def wordy() -> Rollup:
    """The mixed project, every name as long as people dare, with a word that fits no line."""
    name = " ".join(["Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrik and all that is to be done there"] * 3)
    rollup, title = mixed(), {"": name}
    return replace(
        rollup,
        findings=tuple(replace(one, title=title, owner=name) for one in rollup.findings),
        causes=tuple(replace(one, title=title, owner=name) for one in rollup.causes),
        heat_columns=tuple(replace(one, title=title) for one in rollup.heat_columns),
        attestations=tuple(replace(one, title=title, by=name, evidence=name) for one in rollup.attestations),
        sites=tuple(replace(one, site=name.replace(" ", "")) for one in rollup.sites),
        visit_first=tuple(replace(one, host=name, site=name) for one in rollup.visit_first),
    )


def page_of(rollup: Rollup, lang: str = "en") -> str:
    """The page, held to the tags and attributes that a page may have, with plain spaces."""
    text = render_rollup_html(rollup, lang)
    assert Page(text).links == ["#answer"]
    return text.replace(NBSP, " ")


def section(page: str, heading: str) -> str:
    return page.split(f"<h2>{heading}</h2>")[1].split("</section>", maxsplit=1)[0]


def plain(markup: str) -> str:
    """What is read of it."""
    return " ".join(re.sub("<[^>]+>", " ", markup).split())
