import re
from typing import Any

import pytest

from readycheck.model.report import Metric, ProfileReference, Report
from readycheck.render.html import render_html
from readycheck.render.relays import matrix
from readycheck.render.route import Route, route
from readycheck.render.words import LANGUAGES, Words
from tests.unit.report_samples import observation, report

EN = Words("en")
PROXY = "PROXY proxy.corp.example:3128"


def attempt(*, reached: bool = True, code: str | None = None, via: str = "DIRECT", **facts: Any) -> dict[str, Any]:
    """One try to allocate."""
    failure = {"code": code, "operation": "allocate", "detail": None} if code else None
    return {"reached": reached, "allocated": reached, "via": via, "failure": failure} | facts


def server(
    transport: str, one: dict[str, Any], *, relay: bool | None, host: str = "turn.example.com", **facts: Any
) -> Any:
    """One TURN URL, tried three times."""
    scheme = "turns" if transport == "tls" else "turn"
    url = f"{scheme}:{host}:3478?transport={'udp' if transport == 'udp' else 'tcp'}"
    code = (one.get("failure") or {}).get("code")
    base = {"url": url, "transport": transport, "has_credentials": True, "attempts": [one] * 3, "relay": relay}
    return base | {"relay_failure": {"code": code} if code else None} | facts


def met(*servers: Any, **changes: Any) -> Report:
    """A report of these TURN servers."""
    return report(**({"observations": {"turn": observation({"servers": list(servers)})}} | changes))


def drawn(whole: Report, words: Words = EN) -> Route:
    """Its route."""
    way = route(whole, words)
    assert way
    return way


def test_blocked_way_is_crossed_out_and_named() -> None:
    """UDP that gets no answer is a broken line with a cross and its cause; TLS through the proxy is whole."""
    silent = attempt(reached=False, code="stun_timeout")
    way = drawn(met(server("udp", silent, relay=False), server("tls", attempt(via=PROXY), relay=True)))
    drawing = str(way.drawing)
    assert [lane.kind for lane in way.lanes] == ["blocks", "holds"]
    assert drawing.count("leg cut") == 1
    assert drawing.count("stamp blocks") == 1
    assert "no answer" in drawing
    assert "proxy.corp.example:3128" in drawing
    assert way.lanes[0].said == "UDP without a proxy to turn.example.com:3478: does not pass (no answer)"


def test_relay_that_was_not_tried_never_looks_good() -> None:
    """A server that answers, but whose relay nobody tried, is dotted and has the mark of the unknown."""
    way = drawn(met(server("udp", attempt(), relay=None)))
    assert way.lanes[0].kind == "unknown"
    assert "leg holds" not in str(way.drawing)
    assert "stamp holds" not in str(way.drawing)


def test_way_to_the_platform_is_never_claimed() -> None:
    """The way beyond the relay is drawn as not measured, even where all else is well."""
    drawing = str(drawn(met(server("udp", attempt(), relay=True))).drawing)
    assert "leg beyond" in drawing
    assert "not measured" in drawing


def test_proxy_out_of_reach_cuts_the_first_leg() -> None:
    """Where the proxy itself is not reached, the line is cut before it; where it refuses, behind it."""
    out = attempt(reached=False, code="proxy_unreachable", via=PROXY)
    refused = attempt(reached=False, code="proxy_denied", via=PROXY)
    assert str(drawn(met(server("tcp", out, relay=False))).drawing).count("leg cut") == 2
    assert str(drawn(met(server("tcp", refused, relay=False))).drawing).count("leg cut") == 1


def test_redirection_is_drawn() -> None:
    """A server that sends us on to another is told from one that relays itself."""
    onward = attempt(redirected_to="198.51.100.7:3478")
    way = drawn(met(server("udp", onward, relay=True)))
    assert "→ 198.51.100.7:3478" in str(way.drawing)
    assert "which sends on to 198.51.100.7:3478" in way.lanes[0].said


def test_way_that_was_measured_is_marked() -> None:
    """The way that the path's packets took is marked as such."""
    url = "turn:turn.example.com:3478?transport=tcp"
    seen = {
        "turn": observation({"servers": [server("tcp", attempt(), relay=True), server("udp", attempt(), relay=True)]}),
        "path": observation({"url": url}),
    }
    way = drawn(report(observations=seen))
    assert [lane.taken for lane in way.lanes] == [False, True]
    assert str(way.drawing).count("measured way") == 1


def test_many_servers_share_a_lane_or_are_counted() -> None:
    """Servers that fare alike are one lane with their number; lanes beyond nine are counted."""
    alike = [server("udp", attempt(), relay=True, host=f"t{number}.example.com") for number in range(50)]
    assert [lane.place for lane in drawn(met(*alike)).lanes] == ["50 servers"]
    apart = [server("tcp", attempt(via=f"PROXY p{number}:1"), relay=True) for number in range(12)]
    way = drawn(met(*apart))
    assert (len(way.lanes), way.more) == (9, 3)


def test_address_translation_is_named() -> None:
    """Where STUN saw address translation, the way out says so."""
    mapping = {"stun.nat_mapping": Metric("address_dependent", "text")}
    assert "NAT" in str(drawn(met(server("udp", attempt(), relay=True), metrics=mapping)).drawing)
    assert "NAT" not in str(drawn(met(server("udp", attempt(), relay=True))).drawing)


def test_lab_has_no_way_to_draw() -> None:
    """The lab's relay is on this machine: no firewall and no platform are drawn."""
    lab = ProfileReference("lab", {}, "ab", lab=True)
    assert route(met(server("udp", attempt(), relay=True), profile=lab), EN) is None


@pytest.mark.parametrize("lang", LANGUAGES)
def test_drawing_is_told_to_who_cannot_see_it(lang: str) -> None:
    """The description holds the sentence of each lane, which a narrow screen shows in the drawing's place."""
    whole = met(server("udp", attempt(reached=False, code="stun_timeout"), relay=False))
    way = drawn(whole, Words(lang))
    assert f"<desc>{way.lanes[0].said}.</desc>" in str(way.drawing)
    assert '<ul class="lanes">' in render_html(whole, lang)


def test_matrix_has_a_row_for_each_host_and_a_column_for_each_transport() -> None:
    """Each cell says how often the server answered, by which way, how fast, and whether its relay carries data."""
    fast = attempt(via=PROXY, rtt_ms=24.4, allocation_ms=12.2)
    table = matrix(
        met(
            server("udp", attempt(reached=False, code="stun_timeout"), relay=False),
            server("tls", fast, relay=True),
            server("udp", attempt(rtt_ms=9.0), relay=None, host="turn2.example.com", has_credentials=False),
        ),
        EN,
    )
    assert table
    assert [one.host for one in table.servers] == ["turn.example.com", "turn2.example.com"]
    cells = dict(table.servers[0].cells)
    assert cells["TCP"] == ()
    assert (cells["UDP"][0].answered.kind, cells["UDP"][0].answered.text) == ("blocks", "0 of 3, no answer")
    through = cells["TLS"][0]
    assert through.where == "port 3478, through proxy.corp.example:3128"
    assert through.notes[0].replace("\u00a0", " ") == "answers in 24.4 ms, allocates in 12.2 ms"
    assert through.relay
    assert through.relay.kind == "holds"
    untried = dict(table.servers[1].cells)["UDP"][0].relay
    assert untried
    assert untried.kind == "unknown"


def test_route_that_nobody_can_tell_is_not_tried() -> None:
    """Where the proxy configuration gives no answer, nothing was tried, and no way is claimed."""
    lost = server("tcp", attempt(), relay=None, attempts=[], route_failure={"code": "pac_unreachable"})
    way = drawn(met(lost))
    assert way.lanes[0].kind == "unknown"
    assert "No proxy" not in str(way.drawing)
    assert "by a way that is not known" in way.lanes[0].said


def test_hostile_names_are_escaped_and_cut() -> None:
    """A server's name is text, cut to its box."""
    host = "<script>" + "x" * 300
    drawing = str(drawn(met(server("udp", attempt(), relay=True, host=host))).drawing)
    assert "<script" not in drawing
    assert max(len(text) for text in re.findall("<text[^>]*>(.*?)</text>", drawing)) < 60
