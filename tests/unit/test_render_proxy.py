import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readycheck.model.failure import Failure, FailureCode
from readycheck.model.report import Metric, ProfileReference, Report
from readycheck.model.verdict import Decision
from readycheck.model.visit import Inspection, ProxyReply, Visit
from readycheck.probes.proxy import ProxyEvidence, Source, Target
from readycheck.render.html import render_html
from readycheck.render.visited import CONCLUSIONS
from tests.unit.report_samples import finding, no_go, observation, report
from tests.unit.test_render_html import HOSTILE, Page, poisoned
from tests.unit.visit_samples import HOP, chain, direct, intercepted_target, proxied, target

SOURCE = "environment variables https_proxy"
SOURCES = (Source(SOURCE, "manual", (f"https: {HOP}",), ("*.example.com",)),)
BYPASS = f"{SOURCE}, bypass list"
UDP = "UDP takes no web proxy"
ASKED = ProxyReply(407, "Proxy Authentication Required", ("negotiate", "ntlm", "basic"))
NTLM = ProxyReply(200, "Connection established", ("negotiate", "ntlm"), "ntlm")


def proxy_report(*targets: Target, sources: tuple[Source, ...] = SOURCES) -> Report:
    """The sample report with this proxy evidence, through JSON as a report holds it."""
    whole = no_go()
    seen = observation(ProxyEvidence(sources, targets).to_json())
    return replace(whole, observations={"proxy": seen, **whole.observations})


def chapter(page: str) -> str:
    """The first gate's section as a reader sees it, tags out."""
    Page(page)
    start = page.rindex("<section>", 0, page.index('class="lead"'))
    shown = page[start : page.index("</section>", start)]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown.replace("<wbr>", ""))).replace("\u00a0", " ")


def said(*targets: Target, lang: str = "en", sources: tuple[Source, ...] = SOURCES) -> str:
    """The chapter on these targets."""
    return chapter(render_html(proxy_report(*targets, sources=sources), lang))


def silent(**facts: Any) -> Visit:
    """A direct attempt without an answer."""
    return direct(reached=False, failure=Failure(FailureCode.CONNECTION_TIMEOUT, "connect"), **facts)


def only_proxy(url: str = "https://login.example.com/", **facts: Any) -> Target:
    """A target that is reached through the proxy alone."""
    return target(url, hops=(HOP,), attempts=(silent(), proxied()), conclusion="proxy_only", **facts)


def free(url: str, source: str = BYPASS, **facts: Any) -> Target:
    """A target that goes direct and is reached."""
    return target(url, source=source, conclusion="bypass_works", **facts)


EACH = {
    "bypass_works": (free("https://a.example.com/"), "bypass works", "contournement effectif"),
    "bypass_blocked": (
        target(attempts=(silent(),), source=BYPASS, conclusion="bypass_blocked"),
        "bypass set, but fails",
        "contournement prévu, mais échoue",
    ),
    "proxy_only": (only_proxy(), "only through the proxy", "seulement par le proxy"),
    "proxy_or_direct": (
        target(hops=(HOP,), conclusion="proxy_or_direct"),
        "both ways, takes the proxy",
        "des deux façons, prend le proxy",
    ),
    "direct_only": (
        target(hops=(HOP,), attempts=(direct(), proxied(reached=False, status=403)), conclusion="direct_only"),
        "only direct, the proxy fails",
        "seulement direct, le proxy échoue",
    ),
    "unreached": (
        target(hops=(HOP,), attempts=(silent(), proxied(reached=False, status=403)), conclusion="unreached"),
        "reached neither way",
        "atteint d\u2019aucune façon",
    ),
    "unknown": (
        target(hops=(), route_failure=Failure(FailureCode.PAC_UNREACHABLE, "fetch_pac")),
        "configuration not known",
        "configuration inconnue",
    ),
}


@pytest.mark.parametrize("conclusion", CONCLUSIONS)
def test_each_conclusion_has_its_words(conclusion: str) -> None:
    """Every conclusion is told in words in both languages, in the table and its look."""
    one, english, french = EACH[conclusion]
    assert english in said(one)
    assert french in said(one, lang="fr")
    look = {"bypass_works": "holds", "proxy_only": "warns", "proxy_or_direct": "noted", "unknown": "unknown"}
    assert f'<span class="tag {look.get(conclusion, "blocks")}"' in render_html(proxy_report(one), "en")


def test_most_direct_and_one_only_through_the_proxy() -> None:
    """The sentence counts what is reached without the proxy, and names what is not."""
    text = said(*(free(f"https://a{number}.example.com/") for number in range(4)), only_proxy())
    assert "4 of 5 addresses are reached without the proxy; login.example.com only through it." in text


def test_no_proxy_at_all() -> None:
    """Where nothing is configured, nothing is bypassed, and no column waits for a proxy."""
    text = said(
        free("https://a.example.com/", "nothing is configured"), free("wss://b.example.com/", "none"), sources=()
    )
    assert "No proxy is configured; everything goes direct, and all 2 addresses answer." in text
    assert "bypass" not in text
    assert "Through the proxy" not in text


def test_nothing_gets_out_without_the_proxy() -> None:
    """The source that configures the proxy is named, in the reader's language."""
    text = said(only_proxy(), lang="fr")
    assert "Un proxy est configuré (variables d\u2019environnement https_proxy), et rien ne sort sans lui." in text


def test_bypass_that_is_only_configured() -> None:
    """A bypass that is set and does not work is told apart from one that works."""
    one, _, _ = EACH["bypass_blocked"]
    text = said(free("https://a.example.com/"), one)
    assert "set to be bypassed for the softphone, but only 1 of 2 addresses is reached without it" in text
    assert "login.example.com: set to bypass the proxy, but not reached without it." in text


def test_names_of_sources_that_begin_alike() -> None:
    """A source whose name begins with another's is no bypass rule of that other."""
    alike = (Source("GNOME settings", "none"), Source("GNOME settings (policy)", "none"))
    assert "No proxy is configured" in said(free("https://a.example.com/", "GNOME settings (policy)"), sources=alike)


def test_unknown_routes_are_never_told_as_no_proxy() -> None:
    """If nobody can tell what is configured, the page says so."""
    one, _, _ = EACH["unknown"]
    assert "could not be worked out; 1 of 1 are reached without one" in said(one)
    mixed = said(one, free("https://a.example.com/", "nothing is configured"))
    assert "No proxy is configured" not in mixed
    assert "could not be worked out (proxy script not found)" in mixed


def test_untried_targets_are_not_measured() -> None:
    """Without any attempt nothing is said to fail or to work."""
    seen = {"proxy": observation({"targets": [{"url": "https://a.example.com/", "hops": [HOP], "source": SOURCE}]})}
    text = chapter(render_html(report(finding(), observations=seen), "en"))
    assert "This was not measured." in text
    assert "not tried" in text


def test_udp_takes_no_proxy() -> None:
    """UDP goes direct whatever is configured, and is never called a bypass."""
    relay = target("turn:turn.example.com:3478", "media", source=UDP, attempts=(silent(),), conclusion="bypass_blocked")
    text = said(relay, only_proxy())
    assert "turn.example.com:3478 (UDP): not reached. UDP takes no web proxy" in text
    assert "media · TURN UDP" in text
    assert "bypass set" not in text
    assert "Only UDP is asked for" in said(relay)


def test_inspection_without_a_pin_is_only_probable() -> None:
    """Without a pin no word is certain; the signs are told."""
    text = said(intercepted_target())
    assert "private root, probably opened on the way" in text
    assert "a proxy signs the answer inside" in text
    assert "by ACME Gateway CA" in text
    assert "is probably not the server\u2019s own" in text
    assert "proven" not in text
    assert "prouvé" not in said(intercepted_target(), lang="fr")


def test_a_pin_proves() -> None:
    """A pin of the profile makes it certain, either way."""
    pinned = replace(intercepted_target(), inspection=Inspection(True, "proven", ("key_unexpected",)))
    text = said(pinned)
    assert "proven: not the server\u2019s own" in text
    assert "another key than the profile\u2019s" in text
    assert "probably" not in text
    own = free("https://a.example.com/", attempts=(direct(chain=chain()),), inspection=Inspection(False, "proven"))
    assert "proven its own" in said(own)


def test_a_private_root_alone_tells_nothing() -> None:
    """A certificate of a private root without another sign is undecided, and looks so."""
    seen = direct(chain=chain(anchor="system"))
    alone = free("https://a.example.com/", attempts=(seen,), inspection=Inspection(None, None, ("private_root",)))
    text = said(alone)
    assert "cannot be told by Example CA private root" in text
    assert "opened" not in text


@pytest.mark.parametrize(
    ("certainty", "words"),
    [("likely", "if the security team confirms it, turn.example.com:443 (TLS)"), ("proven", "media over TLS: turn.")],
)
def test_inspection_breaks_media_over_tls(certainty: Any, words: str) -> None:
    """A relay over TLS behind inspection must be exempted, and the page says so; other targets do not say it."""
    seen = (silent(), proxied(chain=chain(issuer="ACME Gateway CA", anchor="system")))
    relay = replace(
        only_proxy("turns:turn.example.com:443?transport=tcp", role="media"),
        attempts=seen,
        inspection=Inspection(True, certainty, ("private_root", "one_key_for_many_names")),
    )
    text = said(relay)
    assert "TLS inspection breaks media over TLS" in text
    assert words in text
    assert "breaks media" not in said(intercepted_target())


def test_login_that_is_not_satisfied() -> None:
    """A 407 is shown with what the proxy offers."""
    failure = Failure(FailureCode.PROXY_AUTHENTICATION_REQUIRED, "connect_through_proxy")
    refused = target(
        hops=(HOP,), attempts=(silent(), proxied(reached=False, reply=ASKED, failure=failure)), conclusion="unreached"
    )
    text = said(refused)
    assert "proxy asks for a login (407) offers Negotiate, NTLM, Basic" in text
    assert "offers Negotiate, NTLM, Basic; it was not satisfied." in text


def test_login_that_is_satisfied() -> None:
    """A login that was satisfied says by which scheme, and at how many."""
    inside = target(hops=(HOP,), attempts=(silent(), proxied(reply=NTLM)), conclusion="proxy_only")
    assert "offers Negotiate, NTLM; it was satisfied with NTLM." in said(inside)
    outside = target("https://b.example.com/", hops=(HOP,), attempts=(silent(), proxied(reached=False, reply=ASKED)))
    assert "it was satisfied with NTLM for 1 of 2 addresses" in said(inside, outside)


def test_refusals_carry_the_proxy_s_words() -> None:
    """A 403 stands with its number and the proxy's own cause."""
    reply = ProxyReply(403, "Forbidden", cause="ERR_ACCESS_DENIED 0")
    denied = target(hops=(HOP,), attempts=(direct(), proxied(reached=False, reply=reply)), conclusion="direct_only")
    assert "refused by the proxy 403 ERR_ACCESS_DENIED 0" in said(denied)


def test_sources_stand_in_their_order() -> None:
    """All sources are listed in the order in which they win, with what they say."""
    both = (
        Source("Chrome policy", "pac", pac_url="http://proxy.corp.example/proxy.pac"),
        *SOURCES,
        Source("z", "none"),
    )
    text = said(only_proxy(), sources=both)
    assert "proxy script (PAC) at http://proxy.corp.example/proxy.pac" in text
    assert text.index("Chrome policy") < text.rindex(SOURCE) < text.index("no proxy, everything goes direct")
    assert "Bypassed for: *.example.com" in text


def test_long_lists_are_cut_and_small() -> None:
    """Sixty targets are shown, the rest is counted, and the page stays small."""
    page = render_html(proxy_report(*(only_proxy(f"https://a{number}.example.com/") for number in range(100))), "en")
    assert "40 more" in page
    assert page.count('<th scope="row" title="https://a') == 60
    assert len(page.encode()) < 300_000


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_hostile_texts_of_the_proxy_stay_texts(lang: str) -> None:
    """Whatever a stranger writes into the evidence shows as text."""
    seen = poisoned(proxy_report(intercepted_target(), *(one for one, _, _ in EACH.values())))
    kept = proxy_report(intercepted_target()).observations["proxy"].evidence
    kept["targets"][0] |= {"url": f"https://{HOSTILE}", "role": HOSTILE, "source": HOSTILE, "answer": HOSTILE}
    kept["targets"][0]["inspection"]["signs"] = [HOSTILE]
    kept["targets"][0]["attempts"][1]["proxy"] |= {"status": 502, "cause": HOSTILE, "schemes": [HOSTILE]}
    for evidence in (seen.observations["proxy"].evidence, kept):
        text = render_html(replace(seen, observations={"proxy": observation(evidence)}), lang)
        assert Page(text).links == ["#answer"]
        assert "<script" not in text
        assert not set(text) & {"\x1b", "\u202e", "\x00"}


def test_passwords_in_urls_are_not_repeated() -> None:
    """A user name in a target's URL is left out of what people read."""
    assert "secret" not in said(free("https://user:secret@a.example.com/"))


NAMES = (
    ("targets", "sources", "url", "attempts", "via", "reached", "proxy", "status", "schemes", "authenticated_by"),
    ("cause", "chain", "certificates", "issuer", "inspection", "intercepted", "certainty", "signs", "conclusion"),
    ("hops", "answer", "source", "role", "route_failure", "failure", "code", "kind", "servers", "bypass", "pac_url"),
    ("connected_ms", "websocket", "held_s"),
)
KEYS = st.sampled_from([name for names in NAMES for name in names])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["DIRECT", HOP, "turns:[::1", "https://a:b@c:d/?transport=", "proven", *CONCLUSIONS])
)
JUNK = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=8),
    max_leaves=30,
)
TARGETS = st.lists(st.dictionaries(KEYS, JUNK, max_size=10), min_size=1, max_size=3)


@settings(max_examples=150)
@given(JUNK, TARGETS, JUNK, st.sampled_from(["en", "fr"]))
def test_junk_evidence_never_raises(anything: Any, targets: Any, sources: Any, lang: str) -> None:
    """Evidence of another version, or none at all, leaves gaps in the page and nothing worse."""
    for evidence in (anything if isinstance(anything, dict) else {}, {"targets": targets, "sources": sources}):
        seen = dict.fromkeys(("proxy", "signalling", "identity", "fallback"), observation(evidence))
        ratios = ("signalling.reachable_ratio", "signalling.websocket_ratio", "identity.reachable_ratio")
        metrics = {name: Metric(0.5, "ratio") for name in ratios}
        Page(render_html(report(finding(), observations=seen, metrics=metrics), lang))


@pytest.mark.parametrize("evidence", [{}, {"targets": []}, {"targets": None, "sources": [{"source": "x"}]}])
def test_no_chapter_without_targets(evidence: dict[str, Any]) -> None:
    """Without targets there is nothing to tell, and the page is as it was."""
    whole = no_go()
    text = render_html(replace(whole, observations={"proxy": observation(evidence), **whole.observations}), "en")
    assert "The first gate" not in text
    assert 'class="lead"' not in render_html(whole, "en")


def test_the_gate_stands_between_the_plan_and_the_voice() -> None:
    """What to do, then the gate, then the way of the voice."""
    text = render_html(proxy_report(only_proxy()), "en")
    assert text.index("What to do") < text.index("The first gate") < text.index("Which way the voice can go")


def test_all_green_and_lab_pages_stay_short() -> None:
    """On a glad page the addresses are folded; in the lab nothing is promised of any network."""
    glad = replace(proxy_report(only_proxy()), decision=Decision.GO, findings=(finding(),))
    assert " open>" not in render_html(glad, "en")
    lab = replace(glad, profile=ProfileReference("lab", {}, "ab", lab=True))
    assert "on this machine itself" in chapter(render_html(lab, "en"))


def test_a_stopped_probe_shows_what_it_has() -> None:
    """A probe that ran out of time still shows the targets it visited, and says why there are no more."""
    seen = observation(
        ProxyEvidence(SOURCES, (only_proxy(),)).to_json(), Failure(FailureCode.DEADLINE_EXCEEDED, "gather")
    )
    text = chapter(render_html(report(finding(), observations={"proxy": seen}), "en"))
    assert "It took longer than it may, and was stopped." in text
    assert "only through the proxy" in text


def serving(probe: str, targets: list[dict[str, Any]], **ratios: float | None) -> str:
    """A page on which one probe answered so."""
    metrics = {f"{probe}.{name}": Metric(value, "ratio") for name, value in ratios.items()}
    page = render_html(
        report(finding(), metrics=metrics, observations={probe: observation({"targets": targets})}), "en"
    )
    Page(page)
    return re.sub(r"<[^>]+>", "", page.split("</style>")[1].partition("All findings")[0])


def test_signalling_in_one_line() -> None:
    """Pages and WebSockets are counted together, and how long a WebSocket was held is told."""
    pages = [{"url": f"https://a{number}.example.com/", "attempts": [{"failure": None}]} for number in range(3)]
    socket = {"url": "wss://b.example.com/ws", "attempts": [{"failure": None, "websocket": {"held_s": 3.0004}}]}
    assert "4 of 4 answer, WebSocket held 3\u00a0s" in serving(
        "signalling", [*pages, socket], reachable_ratio=1.0, websocket_ratio=1.0
    )
    broken = {"url": "wss://c.example.com/ws", "attempts": [{"failure": {"code": "websocket_refused"}}]}
    text = serving("signalling", [*pages, socket, broken], reachable_ratio=1.0, websocket_ratio=0.5)
    assert "4 of 5 answer, WebSocket held by 1 of 2" in text
    assert "c.example.com: WebSocket refused" in text


def test_sign_in_and_fallback_in_one_line() -> None:
    """Each is told when it was measured; a null figure is not told at all."""
    two = [{"url": f"https://id{number}.example.com/", "attempts": [{}]} for number in range(2)]
    assert "1 of 2 answers" in serving("identity", two, reachable_ratio=0.5)
    assert "0 of 1 answer" in serving("fallback", [{"url": "sip:pbx.example.com:5060"}], answered_ratio=0.0)
    assert "33.3\u00a0% answer" in serving("fallback", [], answered_ratio=1 / 3)
    assert "What else must answer" not in serving("identity", two, reachable_ratio=None)
