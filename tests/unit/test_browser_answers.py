"""What policies answer for a page: patterns, precedence, lists that were cut. Chromium itself confirms them (live)."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readycheck.host.browser.found import Name, Policy, policy
from readycheck.host.browser.policies import Placed, Places
from readycheck.host.browser.relevant import relevant
from readycheck.host.browser.vocabulary import CHROMIUM, EDGE_ALONE, FIREFOX
from readycheck.model.evidence import Quantity
from readycheck.model.failure import FailureCode
from readycheck.probes._browser_answers import ANSWERS, rules, udp_port_count
from readycheck.probes._url_pattern import Page, exempts, page, specificity
from readycheck.probes.browser import Browser

PAGE = "https://login.example.com/"
KEYS = ("url", "urls", "handling", "devices", "usages", "usage_page", "Microphone", "Allow", "Block", "Default")
AT = Page("https", "login.example.com", 443)


def answer(metric: str, name: Name = "chrome", **values: Any) -> Any:
    policies = tuple(policy(one, value, "test", "in_force") for one, value in values.items())
    return Browser(name, "142.0", "test", policies=policies).answer(metric, (PAGE,)).value


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("https://login.example.com", True),
        ("login.example.com", True),
        ("[*.]example.com", True),
        ("https://[*.]login.example.com", True),
        ("HTTPS://LOGIN.EXAMPLE.COM:443/path", True),
        ("*://login.example.com:*/*", True),
        ("https://*", True),
        ("*", True),
        ("http://login.example.com", False),
        ("https://login.example.com:8443", False),
        ("example.com", False),
        ("*.example.com", False),
        ("https://*.example.com", False),
        ("[*.]ogin.example.com", False),
        ("https://login.exa*", False),
        ("https://user@login.example.com", False),
        (" https://login.example.com ", False),
        ("https:login.example.com", False),
        ("", False),
        (None, False),
        ({"a": 1}, False),
        ("[" * 10_000, False),
    ],
)
def test_patterns_match_as_in_chromium(pattern: object, matches: bool) -> None:  # noqa: FBT001 - a table
    """Scheme, host and port by themselves, a domain with what is below it, everything else to the letter."""
    assert (specificity(pattern, AT) is not None) is matches


def test_addresses_and_ports_are_matched() -> None:
    """IPv6 in brackets, and the port that the scheme has."""
    at = page("https://[2001:db8::1]:8443/x")

    assert at == Page("https", "2001:db8::1", 8443)
    assert specificity("https://[2001:db8::1]:8443", at) is not None
    assert specificity("https://[2001:db8::2]", at) is None
    assert at.origin == "https://[2001:db8::1]:8443"
    assert [page(url) for url in ("", "about:blank", "https://a:b", "//x")] == [None] * 4


@pytest.mark.parametrize(
    ("entry", "exempt"),
    [
        ("example.com", True),
        ("https://login.example.com", True),
        (".login.example.com", True),
        (".example.com", False),
        ("https://*", True),
        ("*", True),
        ("login.example.com:8443", False),
        ("login.example.com/app", False),
        ("http://example.com", False),
        ("xample.com", False),
    ],
)
def test_tabs_exceptions_take_what_is_below_a_host(entry: str, exempt: bool) -> None:  # noqa: FBT001 - a table
    """A host stands for its subdomains unless a dot begins it; a path may be another page's."""
    assert exempts([entry], AT) is exempt


@pytest.mark.parametrize(
    ("policies", "allowed"),
    [
        ({}, True),
        ({"AudioCaptureAllowed": True}, True),
        ({"AudioCaptureAllowed": False}, False),
        ({"AudioCaptureAllowed": False, "AudioCaptureAllowedUrls": ["https://[*.]example.com"]}, True),
        ({"AudioCaptureAllowed": False, "AudioCaptureAllowedUrls": ["*"]}, False),
        ({"DefaultMediaStreamSetting": 2}, False),
        ({"DefaultMediaStreamSetting": 2, "AudioCaptureAllowed": True}, False),
        ({"DefaultMediaStreamSetting": 2, "AudioCaptureAllowedUrls": ["https://login.example.com"]}, True),
        ({"DefaultMediaStreamSetting": 3}, True),
        ({"AudioCaptureAllowed": False, "AudioCaptureAllowedUrls": ["https://example.org", 7, None]}, False),
    ],
)
def test_microphone_is_allowed_by_list_or_not_forbidden(policies: dict[str, Any], allowed: bool) -> None:  # noqa: FBT001
    """Without a policy the user is asked; `*` alone is no entry."""
    assert answer("microphone_allowed", **policies) is allowed


def test_first_rule_that_matches_decides_on_udp() -> None:
    """Rules by URL come before the rule for all, in their order: an unknown word is the default, a broken rule none."""
    no_udp = {"url": "https://[*.]example.com", "handling": "disable_non_proxied_udp"}
    fine = {"url": "*", "handling": "default"}

    assert answer("udp_allowed", WebRtcIPHandlingUrl=[no_udp, fine]) is False
    assert answer("udp_allowed", WebRtcIPHandlingUrl=[fine, no_udp]) is True
    assert answer("udp_allowed", WebRtcIPHandlingUrl=[fine], WebRtcIPHandling="disable_non_proxied_udp") is True
    assert answer("udp_allowed", WebRtcIPHandlingUrl=["x", {}, {"url": 1, "handling": "other"}, no_udp]) is False
    assert answer("udp_allowed", WebRtcIPHandlingUrl=[{"url": "*", "handling": "other"}, no_udp]) is True
    assert answer("udp_allowed", WebRtcIPHandling="disable_non_proxied_udp") is False
    assert answer("udp_allowed", "edge", WebRtcLocalhostIpHandling="disable_non_proxied_udp") is False


@pytest.mark.parametrize(
    ("allowed", "blocked", "default", "expected"),
    [
        ([], [], None, True),
        ([], [], 2, False),
        ([], [], 7, True),
        (["https://login.example.com"], [], 2, True),
        ([], ["[*.]example.com"], 1, False),
        (["https://login.example.com"], ["https://login.example.com"], None, False),
        (["https://login.example.com"], ["[*.]example.com"], None, True),
        (["[*.]login.example.com"], ["login.example.com"], None, False),
        (["https://login.example.com:443"], ["https://login.example.com"], None, True),
        (["*"], ["https://login.example.com"], None, False),
    ],
)
def test_closest_pattern_decides_on_notifications(
    allowed: list[str], blocked: list[str], default: int | None, expected: object
) -> None:
    """Of both lists the closest pattern counts, of two as close the one that blocks, else the default."""
    policies = {"NotificationsAllowedForUrls": allowed, "NotificationsBlockedForUrls": blocked}
    given = policies if default is None else {**policies, "DefaultNotificationsSetting": default}

    assert answer("notifications_allowed", **given) is expected


DENIALS: dict[str, Any] = {
    "WebRtcIPHandling": "disable_non_proxied_udp",
    "DefaultNotificationsSetting": 2,
    "AudioCaptureAllowed": False,
}
ALLOWED = ("udp_allowed", "notifications_allowed", "microphone_allowed")


@pytest.mark.parametrize("metric", [*ALLOWED, "tab_sleeping_exempt"])
def test_what_is_recommended_proves_nothing_against_the_default(metric: str) -> None:
    """It holds until the user changes it: neither denied nor allowed, unless a prescription says the same."""
    prescribed = {"AudioCaptureAllowed": True, "TabDiscardingExceptions": []}
    recommended = DENIALS | {"TabDiscardingExceptions": ["login.example.com"]}
    policies = [policy(name, value, "test", "recommended") for name, value in recommended.items()]
    asked = Browser("chrome", "142.0", "test", policies=tuple(policies)).answer(metric, (PAGE,))
    overruled = [policy(name, value, "test", "in_force") for name, value in prescribed.items()]
    kept = [one for one in policies if one.name not in prescribed]
    over = Browser("chrome", "142.0", "test", policies=(*overruled, *kept))

    assert asked == Quantity(None, reason=FailureCode.NOT_PROVEN)
    assert over.answer("microphone_allowed", (PAGE,)) == Quantity(value=True)
    assert over.answer("tab_sleeping_exempt", (PAGE,)) == Quantity(value=False)


@pytest.mark.parametrize(
    ("block", "allow", "expected"),
    [
        ([], [], True),
        (["*"], [], False),
        (["https://*"], [], False),
        (["example.com"], [], False),
        (["*"], ["example.com"], True),
        (["login.example.com"], ["example.com"], False),
        ([".login.example.com"], ["login.example.com"], False),
        (["login.example.com"], ["login.example.com"], True),
        (["*"], ["https://login.example.com/app"], None),
        (["login.example.com/app"], ["login.example.com"], None),
        (["login.example.com/app"], [".login.example.com"], True),
        ([".example.com", "http://*", "login.example.com:8443", "javascript://*", "", "xample.com", None], [], True),
    ],
)
def test_page_that_is_blocked_may_do_nothing(block: list[Any], allow: list[Any], expected: object) -> None:
    """The closest entry of both lists counts, the one that allows of two as close; a path may be another page's."""
    found = {metric: answer(metric, URLBlocklist=block, URLAllowlist=allow) for metric in ALLOWED}

    assert found == dict.fromkeys(ALLOWED, expected)
    assert answer("udp_allowed", URLBlocklist=block, URLAllowlist=allow, **DENIALS) is False


def test_headset_buttons_allowed_above_blocked() -> None:
    """A guard that denies needs an entry for all devices or for telephony; WebHidAskForUrls lifts it too.

    Single devices that are allowed leave it open: the headset may be another.
    """
    denied: dict[str, Any] = {"DefaultWebHidGuardSetting": 2}
    devices = [{"devices": [{"vendor_id": 2830}], "urls": [PAGE]}]
    telephony = [{"usages": [{"usage_page": 11}], "urls": [PAGE]}]
    keyboards = [{"usages": [{"usage_page": 1}], "urls": [PAGE]}]

    assert answer("hid_allowed") is True
    assert answer("hid_allowed", **denied) is False
    assert answer("hid_allowed", WebHidBlockedForUrls=[PAGE]) is False
    assert answer("hid_allowed", WebHidBlockedForUrls=[PAGE], WebHidAllowAllDevicesForUrls=[PAGE]) is True
    assert answer("hid_allowed", **denied, WebHidAskForUrls=[PAGE]) is True
    assert answer("hid_allowed", WebHidAllowDevicesForUrls=devices) is True
    assert answer("hid_allowed", **denied, WebHidAllowDevicesForUrls=devices) is None
    assert answer("hid_allowed", WebHidBlockedForUrls=[PAGE], WebHidAllowDevicesForUrls=devices) is None
    assert answer("hid_allowed", **denied, WebHidAllowDevicesForUrls=[{"urls": ["https://a.example"]}, "x"]) is False
    assert answer("hid_allowed", **denied, WebHidAllowDevicesWithHidUsagesForUrls=telephony) is True
    assert answer("hid_allowed", **denied, WebHidAllowDevicesWithHidUsagesForUrls=[*keyboards, "x", {}]) is False
    assert answer("hid_allowed", "firefox") is False


def test_tabs_and_autoplay() -> None:
    """Autoplay unless it is forbidden; a tab is kept awake only if a policy says so."""
    assert answer("autoplay_allowed", AutoplayAllowed=False) is False
    assert answer("autoplay_allowed", AutoplayAllowed=False, AutoplayAllowlist=["[*.]example.com"]) is True
    assert answer("tab_sleeping_exempt") is False
    assert answer("tab_sleeping_exempt", TabDiscardingExceptions=["example.com"]) is True
    assert answer("tab_sleeping_exempt", "edge", SleepingTabsEnabled=False) is True
    assert answer("tab_sleeping_exempt", "firefox") is None


@pytest.mark.parametrize(
    ("text", "count"),
    [("50000-50019", 20), ("1000-1000", 1), ("9-8", 65_535), ("0-9", 65_535), ("a", 65_535), ("1-99999", 65_535)],
)
def test_ports_left_to_calls(text: str, count: int) -> None:
    """A range that makes no sense is ignored, as the browser does."""
    assert udp_port_count(rules([policy("WebRtcUdpPortRange", text, "test", "in_force")])) == count


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        ({}, True),
        ({"BlockNewRequests": True}, False),
        ({"BlockNewRequests": True, "Allow": ["https://login.example.com"]}, True),
        ({"Block": ["https://login.example.com"]}, False),
        ({"Block": ["https://login.example.com"], "Allow": ["https://login.example.com"]}, True),
        ({"BlockNewRequests": True, "Allow": ["https://login.example.com:8443"]}, False),
        ({"BlockNewRequests": True, "Allow": ["login.example.com", 7, None]}, False),
        ("x", True),
        ({"Allow": "https://login.example.com", "BlockNewRequests": 1}, False),
    ],
)
def test_firefox_takes_origins_to_the_letter(permission: Any, expected: object) -> None:
    """Allow above Block above a stop for new requests."""
    assert answer("microphone_allowed", "firefox", Permissions={"Microphone": permission}) is expected


def test_firefox_preferences_can_end_webrtc() -> None:
    """Without WebRTC or with proxies alone there is no UDP; where it depends on the proxy nobody can tell."""
    told = [
        answer("udp_allowed", "firefox", **dict([one]))
        for one in (
            ("media.peerconnection.enabled", False),
            ("media.peerconnection.ice.proxy_only", True),
            ("media.peerconnection.ice.proxy_only_if_behind_proxy", True),
            ("media.peerconnection.ice.no_host", True),
        )
    ]

    assert told == [False, False, None, True]
    no_devices: dict[str, Any] = {"media.navigator.enabled": False}
    assert answer("microphone_allowed", "firefox", **no_devices) is False


def test_list_that_was_cut_decides_nothing() -> None:
    """A rule beyond the kept ones may allow the page; what does not need that list is answered all the same."""
    urls = [f"https://a{number}.example.org" for number in range(1_000)]
    cut = policy("AudioCaptureAllowedUrls", urls, "test", "in_force")
    browser = Browser("chrome", "142", "test", policies=(cut,))

    assert cut.is_cut
    assert len(cut.value) == 200
    assert browser.answer("microphone_allowed", (PAGE,)) == Quantity(None, reason=FailureCode.NOT_PROVEN)
    assert browser.answer("udp_allowed", (PAGE,)).value is True


@pytest.mark.parametrize(
    ("permissions", "preference", "expected"),
    [
        ({}, None, True),
        ({}, 0, True),
        ({}, 1, False),
        ({}, 5, False),
        ({}, "5", True),
        ({"Autoplay": {"Allow": [PAGE]}}, 5, True),
        ({"Autoplay": {"Block": [PAGE]}}, 0, False),
        ({"Microphone": {"Allow": [PAGE]}}, 5, True),
        ({"Microphone": {"Block": [PAGE]}}, 0, True),
        ({"Autoplay": {"Default": "block-audio"}}, None, False),
        ({"Autoplay": {"Default": "allow-audio-video", "Locked": True}}, 5, True),
        ({"Autoplay": {"Default": "block-audio-video", "Locked": True}}, 0, False),
        ({"Autoplay": {"Default": "allow-audio-video"}}, 5, None),
        ({"Autoplay": {"Default": "block-audio-video"}}, 5, False),
    ],
)
def test_firefox_plays_unless_permission_or_preference_forbids(
    permissions: dict[str, Any], preference: Any, expected: object
) -> None:
    """The page's own entry, then the permission's default, then media.autoplay.default (tried in 153 ESR)."""
    given = {} if preference is None else {"media.autoplay.default": preference}

    assert answer("autoplay_allowed", "firefox", Permissions=permissions, **given) is expected


ORIGINS = [*(f"https://a{number}.example.org" for number in range(210)), PAGE]


@pytest.mark.parametrize(
    ("browser", "name", "value", "metric"),
    [
        ("firefox", "Permissions", {"Microphone": {"Block": ORIGINS}}, "microphone_allowed"),
        (
            "firefox",
            "Permissions",
            {"Microphone": {"Allow": ORIGINS, "BlockNewRequests": True}},
            "microphone_allowed",
        ),
        (
            "firefox",
            "Permissions",
            {**{str(number): {} for number in range(200)}, "Microphone": {"Block": [PAGE]}},
            "microphone_allowed",
        ),
        (
            "chrome",
            "WebHidAllowDevicesForUrls",
            [{"devices": [{"vendor_id": 2830}], "urls": ORIGINS}],
            "hid_allowed",
        ),
        (
            "chrome",
            "WebHidAllowDevicesWithHidUsagesForUrls",
            [{"usages": [*[{"usage_page": 1}] * 200, {"usage_page": 11}], "urls": [PAGE]}],
            "hid_allowed",
        ),
    ],
)
def test_list_that_was_cut_further_in_decides_nothing(browser: Name, name: str, value: Any, metric: str) -> None:
    """Neither what it would allow nor what it would forbid is proved; what does not need it is answered as ever."""
    cut = policy(name, value, "test", "in_force")
    found = Browser(browser, "142", "test", policies=(cut, Policy("DefaultWebHidGuardSetting", 2, "t", "in_force")))

    assert cut.is_cut
    assert len(json.dumps(cut.value)) < len(json.dumps(value))
    assert found.answer(metric, (PAGE,)) == Quantity(None, reason=FailureCode.NOT_PROVEN)
    assert found.answer("udp_allowed", (PAGE,)).value is True


def test_value_at_the_limit_is_whole() -> None:
    """As many entries as are kept are all there are: the last of them decides."""
    whole = policy("Permissions", {"Microphone": {"Block": ORIGINS[-200:]}}, "test", "in_force")

    assert not whole.is_cut
    assert Browser("firefox", "142", "test", policies=(whole,)).answer("microphone_allowed", (PAGE,)).value is False


def test_cloud_may_prescribe_more_than_is_told() -> None:
    """Under the vendor's cloud nothing is proved to be allowed, and what is forbidden here stays forbidden."""
    forbidden = Policy("AudioCaptureAllowed", False, "test", "in_force")
    managed = Browser("chrome", "142", "test", cloud_managed=True, policies=(forbidden,))

    assert managed.answer("microphone_allowed", (PAGE,)).value is False
    assert managed.answer("udp_allowed", (PAGE,)) == Quantity(None, reason=FailureCode.NOT_PROVEN)
    assert managed.answer("tab_sleeping_exempt", (PAGE,)) == Quantity(None, reason=FailureCode.NOT_PROVEN)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(get_args(Name)), st.dictionaries(st.sampled_from([*CHROMIUM, *EDGE_ALONE, *FIREFOX]), JSON))
def test_no_policy_breaks_an_answer(browser: Name, values: dict[str, Any]) -> None:
    """Whatever an administrator wrote: yes, no, or unknown."""
    captured = Places({name: Placed(value, "a.json") for name, value in values.items()})
    found = Browser(browser, "142", "test", policies=relevant(browser, captured))

    for metric in ANSWERS["chrome"]:
        assert found.answer(metric, (PAGE,)).value in {True, False, None}


def test_pages_that_differ_prove_nothing() -> None:
    """One page allowed and another not: nobody knows which is the softphone's."""
    only = policy("AudioCaptureAllowedUrls", ["https://login.example.com"], "test", "in_force")
    off = policy("AudioCaptureAllowed", False, "test", "in_force")
    browser = Browser("chrome", "142", "test", policies=(only, off))

    assert browser.answer("microphone_allowed", (PAGE, "https://a.example.com/")).reason == FailureCode.NOT_PROVEN
    assert browser.answer("microphone_allowed", ()).reason == FailureCode.NOT_CONFIGURED
