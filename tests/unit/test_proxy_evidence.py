"""What the proxy chapter's figures say of what was seen: never a pass where nobody could tell."""

import asyncio
from typing import Any

import pytest

from readycheck.model.failure import Failure, FailureCode
from readycheck.model.proxy import DIRECT, ProxyAnswer
from readycheck.model.visit import Inspection, ProxyReply
from readycheck.probes._attempts import TARGETS_AT_ONCE
from readycheck.probes._visits import NO_WEB_PROXY, Visits
from readycheck.probes.proxy import ProxyEvidence, Target
from tests.probes.collecting import configure_proxy, see
from tests.unit.visit_samples import HOP, direct, proxied, target

NO_PAC = Failure(FailureCode.PAC_INVALID, "run PAC", "SyntaxError")
UDP = "turn:turn.example.com:3478?transport=udp"


def told(metric: str, *targets: Target) -> tuple[Any, str | None]:
    """A metric's value and reason over these targets."""
    quantity = ProxyEvidence((), targets).quantities()[metric]
    return quantity.value, quantity.reason


def lost(url: str = "https://login.example.com/", role: str = "signalling") -> Target:
    """A target for which the PAC file gave no answer."""
    return target(url, role, hops=(), attempts=(direct(),), route_failure=NO_PAC)


def test_without_targets_nothing_is_said() -> None:
    """A profile without targets: nothing is configured for them, and no ratio is invented."""
    assert told("configured") == (False, None)
    for metric in ("signalling_direct_ratio", "media_direct_ratio", "bypass_ratio", "connect_ok_ratio"):
        assert told(metric) == (None, "not_configured")
    assert told("tls_intercepted") == (None, "not_configured")
    assert told("authentication_required") == (False, None)


def test_configured_by_any_hop_of_any_target() -> None:
    """One target with a proxy somewhere in its list is enough; none at all is a no."""
    assert told("configured", target(), target(hops=("DIRECT", HOP))) == (True, None)
    assert told("configured", target(), target()) == (False, None)


def test_a_broken_pac_file_is_no_answer() -> None:
    """Where the PAC file failed nobody can tell whether a proxy is configured, nor whether it is bypassed."""
    assert told("configured", lost(), target()) == (None, "pac_invalid")
    assert told("signalling_direct_ratio", lost(), target()) == (None, "pac_invalid")
    assert told("connect_ok_ratio", lost()) == (None, "pac_invalid")
    assert told("authentication_required", lost()) == (None, "pac_invalid")
    assert told("bypass_ratio", lost()) == (1, None)


def test_direct_ratios_by_role() -> None:
    """Signalling and media are counted apart, by the first hop of the answer; identity is neither."""
    targets = (
        target(),
        target(hops=(HOP, "DIRECT")),
        target("turns:turn.example.com:443?transport=tcp", "media", hops=(HOP,)),
        target("https://id.example.com", "identity", hops=(HOP,)),
    )

    assert told("signalling_direct_ratio", *targets) == (0.5, None)
    assert told("media_direct_ratio", *targets) == (0, None)


def test_udp_goes_direct_and_configures_nothing() -> None:
    """TURN over UDP never takes a web proxy, whatever is configured for the rest."""
    udp = target(UDP, "media", source=NO_WEB_PROXY)

    assert told("media_direct_ratio", udp, target(hops=(HOP,))) == (1, None)
    assert told("configured", udp) == (False, None)


def test_bypass_is_what_was_reached_without_the_proxy() -> None:
    """The bypass counts sockets opened direct, with the commonest failure of the rest as its reason."""
    blocked = target(hops=(HOP,), attempts=(direct(reached=False), proxied()))

    assert told("bypass_ratio", target(), blocked, blocked) == (1 / 3, "connection_refused")
    assert told("connect_ok_ratio", target(), blocked, blocked) == (1, None)


def test_connect_ratio_counts_targets_with_a_proxy_alone() -> None:
    """Targets that go direct were not tried through a proxy and do not count."""
    denied = target(hops=(HOP,), attempts=(direct(), proxied(reached=False, status=403)))

    assert told("connect_ok_ratio", target(), denied) == (0, "proxy_denied")
    assert told("connect_ok_ratio", target()) == (None, "not_configured")


@pytest.mark.parametrize(
    ("reply", "failure", "expected"),
    [
        (ProxyReply(407, "Proxy Authentication Required"), None, (True, None)),
        (ProxyReply(200, "OK", schemes=("basic",), authenticated_by="basic"), None, (True, None)),
        (ProxyReply(200, "OK"), None, (False, None)),
        (ProxyReply(403, "Forbidden"), None, (False, None)),
        (ProxyReply(), FailureCode.PROXY_UNREACHABLE, (None, "proxy_unreachable")),
    ],
)
def test_login(reply: ProxyReply, failure: FailureCode | None, expected: tuple[Any, str | None]) -> None:
    """A 407 counts also where a login satisfied it; a proxy that never spoke says nothing either way."""
    met = Failure(failure, "connect_through_proxy") if failure else None
    visit = proxied(reached=failure is None, reply=reply, failure=met)

    assert told("authentication_required", target(hops=(HOP,), attempts=(direct(), visit))) == expected


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((False, False), (False, None)),
        ((False, True), (True, "tls_intercepted")),
        ((None, True), (True, "tls_intercepted")),
        ((False, None), (None, "not_proven")),
    ],
)
def test_interception_of_any_target(answers: tuple[bool | None, ...], expected: tuple[Any, str | None]) -> None:
    """One opened target is enough for a yes; a no needs every target to be known."""
    targets = [target(inspection=Inspection(answer)) for answer in answers]

    assert told("tls_intercepted", *targets) == expected


def test_interception_is_asked_of_tls_alone() -> None:
    """A target in the clear has no certificate that could be false."""
    assert told("tls_intercepted", target(UDP, "media")) == (None, "not_configured")


async def test_only_so_many_targets_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows' select() knows 512 sockets, and a profile may name as many targets as it likes."""
    open_now, most = 0, 0

    async def visit(*_: object) -> Visits:
        nonlocal open_now, most
        open_now, most = open_now + 1, max(most, open_now + 1)
        await asyncio.sleep(0)
        open_now -= 1
        return Visits(ProxyAnswer("", "nobody", (DIRECT,), "DIRECT"), direct(), None)

    configure_proxy(monkeypatch)
    monkeypatch.setattr("readycheck.probes.proxy.visits_to", visit)
    urls = [{"url": f"https://a{number}.example/"} for number in range(3 * TARGETS_AT_ONCE)]
    seen = await see("proxy", {"signalling": urls})
    assert seen.answer("bypass_ratio") == (1, None)
    assert most == TARGETS_AT_ONCE
