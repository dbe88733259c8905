"""The probe identity against a real issuer, and against documents that nobody should believe."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from readycheck.model.proxy import ProxySettings
from readycheck.net import http1, stream
from readycheck.probes import identity
from readycheck.probes.identity import ENDPOINTS, Identity, document_url, literals, read_document, refused
from tests.probes.collecting import Seen, configure_proxy, profile_of, see, see_interrupted
from tests.probes.web_server import NAME, Web, listener, proxy, stay_silent, web_server

WELL_KNOWN = "/.well-known/openid-configuration"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is heard out for a moment, and nobody names a proxy."""
    monkeypatch.setattr(stream, "HANDSHAKE_TIMEOUT_S", 0.3)
    monkeypatch.setattr(http1, "ANSWER_TIMEOUT_S", 0.5)
    configure_proxy(monkeypatch)


@pytest_asyncio.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    async with web_server(tmp_path) as server:
        yield server


def publish(web: Web, issuer: str = "", path: str = WELL_KNOWN, **changes: Any) -> None:
    """Put a document in its place: every endpoint on this server, but for the changes."""
    document = {"issuer": issuer or web.url("")} | {name: web.url(f"/{name}") for name in ENDPOINTS}
    web.pages[path] = (200, json.dumps(document | changes).encode())


async def see_issuer(web: Web, issuer: str = "", **parts: Any) -> Seen:
    targets = {"identity": [{"issuer": issuer or web.url("")}]}
    return await see("identity", targets, **({"trust": web.trust} | parts))


@pytest.mark.parametrize("slash", ["", "/"])
async def test_everything_right(web: Web, slash: str) -> None:
    """The document and the five endpoints that it names answer, each asked once, with or without a slash."""
    publish(web)
    seen = await see_issuer(web, web.url(slash))

    assert seen.answer("reachable_ratio") == (1, None)
    assert (seen.evidence["reached"], len(seen.evidence["targets"])) == (6, 6)
    assert [target["role"] for target in seen.evidence["targets"]] == ["discovery", *ENDPOINTS]
    assert sorted(web.requests) == sorted([WELL_KNOWN, *(f"/{name}" for name in ENDPOINTS)])
    assert seen.target().get("issuer_said") is None
    assert seen.summary == "discovery 1 of 1 · 5 of 5 endpoints answer"


async def test_path_of_the_issuer(web: Web) -> None:
    """An issuer with a path has its document below it."""
    publish(web, web.url("/tenant/v2.0"), "/tenant/v2.0" + WELL_KNOWN)

    assert (await see_issuer(web, web.url("/tenant/v2.0"))).answer("reachable_ratio") == (1, None)


async def test_another_issuer_is_noted(web: Web) -> None:
    """A document that calls its issuer otherwise is reached, and the evidence says what it says."""
    publish(web, "https://login.example.com/{tenantid}?secret")
    seen = await see_issuer(web)

    assert seen.answer("reachable_ratio") == (1, None)
    assert seen.target()["issuer_said"] == "https://login.example.com/{tenantid}"


async def test_endpoints_that_fail(web: Web) -> None:
    """405 and 400 are answers, 500 is none, a closed port is none; n of m stands in the evidence."""
    publish(web, jwks_uri="https://127.0.0.1:9/keys")
    web.pages |= {"/token_endpoint": (405, b""), "/userinfo_endpoint": (401, b""), "/end_session_endpoint": (500, b"")}
    seen = await see_issuer(web)

    assert seen.answer("reachable_ratio") == (pytest.approx(4 / 6), "connection_refused")
    assert seen.evidence["reached"] == 4
    assert {one.code for one in seen.sightings()} == {"connection_refused", "http_status"}


@pytest.mark.parametrize(
    ("status", "body", "detail"),
    [
        (404, b"{}", "404 Whatever"),
        (302, b"{}", "302 Whatever"),
        (200, b"<html>", "no JSON"),
        (200, b"\xff\xfe\x00", "no JSON"),
        (200, b"[" * 100_000, "no JSON"),
        (200, b"[1]", "no JSON object"),
        (200, b'{"a": "' + b"x" * 300_000 + b'"}', "larger than 256 kB"),
    ],
    ids=lambda value: str(value)[:12],
)
async def test_no_document(web: Web, status: int, body: bytes, detail: str) -> None:
    """What is no discovery document counts as not reached, and is told."""
    web.pages[WELL_KNOWN] = (status, body)
    seen = await see_issuer(web)
    failure = seen.target().get("failure") or seen.attempt()["failure"]

    assert seen.answer("reachable_ratio") == (0, "http_status")
    assert failure["detail"] == detail
    assert seen.summary == "discovery 0 of 1"


@pytest.mark.parametrize(
    "value",
    [
        7,
        True,
        ["https://a/"] * 10_000,
        {"a": 1},
        "",
        "token",
        "https://",
        "https:///path",
        "https://a:0/",
        "https://a:99999/",
        "https://a:b/",
        "https://[::1/",
        "https://\ud800/",
        "https://a/\ud800",
        "https://a/ b\r\nX: y",
        "https://" + "ü" * 300 + "/",
        "https://a/" + "x" * 100_000,
        "http://login.example.com/",
        "ftp://a/",
        "javascript:alert(1)",
        "https://169.254.169.254/latest/meta-data",
        "https://169.254.169.254./",
        "https://[::ffff:169.254.169.254]/",
        "https://[fd00:ec2::254]/",
    ],
    ids=lambda value: str(value)[:24].encode("ascii", "replace").decode(),
)
async def test_what_a_stranger_may_write(web: Web, value: Any) -> None:
    """What is no https URL, and a cloud's metadata address, is refused, told, and costs the others nothing."""
    publish(web, token_endpoint=value)
    seen = await see_issuer(web)
    told = next(target for target in seen.evidence["targets"] if target["role"] == "token_endpoint")

    assert seen.answer("reachable_ratio") == (pytest.approx(5 / 6), "destination_refused")
    assert told["attempts"] == []
    assert len(told["url"]) <= 200
    assert json.dumps(seen.evidence).encode()


async def test_ten_thousand_endpoints(web: Web) -> None:
    """Only the endpoints that sign-in needs are visited, each address once."""
    publish(web, **{f"endpoint_{n}": web.url(f"/{n}") for n in range(4_000)}, jwks_uri=web.url("/token_endpoint"))
    seen = await see_issuer(web)

    assert len(web.requests) == len(seen.evidence["targets"]) == 5


def test_metadata_address_that_the_profile_names() -> None:
    """Whoever lists the address itself means it."""
    url = "https://169.254.169.254/token"
    profile = profile_of({"signalling": [{"url": "https://169.254.169.254/"}]})

    assert refused(url, "https://login.example.com", literals(profile)) is None
    assert refused(url, "https://login.example.com", frozenset()) is not None


def test_plain_http_at_home_only() -> None:
    """An issuer that the profile itself names without TLS may have its endpoints there, and nowhere else."""
    assert refused("http://127.0.0.1:8080/token", "http://127.0.0.1:8080/realm", frozenset()) is None
    assert refused("http://127.0.0.1:8081/token", "http://127.0.0.1:8080/realm", frozenset()) is not None


@given(st.text() | st.from_regex(r"https?://[^/]*(/.*)?"))
def test_any_endpoint_is_told_or_visited(value: str) -> None:
    """Nothing that a document may say makes the probe stumble."""
    reason = refused(value, "https://login.example.com", frozenset())

    assert reason is None or reason


@given(st.binary())
def test_any_body_is_told(body: bytes) -> None:
    """Octets are a document or a few words on why not."""
    assert isinstance(read_document(body), dict | str)


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://a", "https://a/.well-known/openid-configuration"),
        ("https://a/", "https://a/.well-known/openid-configuration"),
        ("https://a/b/", "https://a/b/.well-known/openid-configuration"),
        ("https://a/b?p=sign_in", "https://a/b/.well-known/openid-configuration?p=sign_in"),
        ("https://a/.well-known/openid-configuration", "https://a/.well-known/openid-configuration"),
    ],
)
def test_place_of_the_document(issuer: str, url: str) -> None:
    """Below the issuer's path (Discovery 1.0 section 4), whether or not a slash ends it."""
    assert document_url(issuer) == url


async def test_endpoints_take_their_own_way(monkeypatch: pytest.MonkeyPatch, web: Web) -> None:
    """The document comes through the proxy, and an endpoint that goes past it goes direct."""
    async with proxy(web) as (hop, asked):
        configure_proxy(monkeypatch, [ProxySettings("a test", "manual", {"all": (hop,)})])
        publish(web, web.url("", host=NAME))
        seen = await see_issuer(web, web.url("", host=NAME))

    assert seen.answer("reachable_ratio") == (1, None)
    assert [seen.attempt(index)["via"] for index in range(6)] == [str(hop), *["DIRECT"] * 5]
    assert asked == [f"CONNECT {NAME}:{web.port} HTTP/1.1"]


async def test_route_that_nobody_can_tell(monkeypatch: pytest.MonkeyPatch, web: Web) -> None:
    """A PAC file that cannot be had leaves nothing measured, and says why."""
    configure_proxy(monkeypatch, [ProxySettings("a test", "pac", pac_url="http://127.0.0.1:9/proxy.pac")])
    seen = await see_issuer(web, f"https://{NAME}")

    assert seen.answer("reachable_ratio") == (None, "pac_unreachable")


async def test_untrusted_and_silent_issuers(web: Web) -> None:
    """An issuer whose certificate is not believed, and one that never speaks, are not reached."""
    async with listener(stay_silent) as silent:
        targets = {"identity": [{"issuer": web.url("")}, {"issuer": f"https://127.0.0.1:{silent}"}]}
        seen = await see("identity", targets)

    assert seen.answer("reachable_ratio")[0] == 0
    assert (seen.codes(0)[0], seen.codes(1)[0]) == ("tls_untrusted", "tls_handshake_failed")


async def test_nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile without issuers costs nothing."""
    monkeypatch.setattr("readycheck.probes._routes.proxy_settings", lambda _machine: 1 / 0)
    seen = await see("identity", {})

    assert seen.evidence == {"targets": [], "reached": 0}
    assert seen.answer("reachable_ratio") == (None, "not_configured")
    assert seen.summary == "no identity provider in the profile"


async def test_interruption_keeps_what_was_seen(web: Web) -> None:
    """Ctrl-C while an endpoint is silent: the document is in the evidence, and no ratio is claimed."""
    publish(web, token_endpoint=web.url("/silent"))
    seen = await see_interrupted("identity", {"identity": [{"issuer": web.url("")}]}, "5 endpoints", trust=web.trust)

    assert seen.codes(0) == [None]
    assert seen.answer("reachable_ratio") == (None, "interrupted")


def test_inputs_and_traffic() -> None:
    """The issuers, and the endpoints that nobody can name before."""
    profile = profile_of({"identity": [{"issuer": "https://login.example.com/realm"}]})

    assert Identity.inputs(profile) == ["https://login.example.com/realm"]
    places = {(row.host, row.port) for row in Identity.traffic(profile)}
    named = ("login.example.com", "endpoints that login.example.com names")
    assert places == {(host, port) for host in named for port in (443, 80)}
    assert Identity.traffic(profile)[0].byte > identity.ATTEMPTS * 256 * 1024
