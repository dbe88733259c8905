"""What the page says of the workstation itself, of recorded machines and of made-up ones, and the causes it names."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from readycheck.engine.registry import metric_definitions, probes
from readycheck.host.browser.found import Default, Effect, Policy
from readycheck.model.failure import Failure, FailureCode
from readycheck.model.report import Metric, Report
from readycheck.model.verdict import Decision, Finding, Severity, Status
from readycheck.probes.browser import Browser, BrowserEvidence, BrowserProbe
from readycheck.profile.schema import Profile
from readycheck.render.answer import sentence
from readycheck.render.causes import cause
from readycheck.render.html import render_html
from readycheck.render.text import render_text
from readycheck.render.words import NBSP, Words, _load
from readycheck.render.workstation.chapter import Row, workstation
from tests.machines import machine
from tests.unit.report_samples import finding, observation, report
from tests.unit.test_render_html import HOSTILE, Page
from tests.unit.workstation_reports import PROFILE, WORKSTATION, machine_report

EN, FR = Words("en"), Words("fr")
NO = False
LABELLED = {*WORKSTATION, "bandwidth", "path_mtu", "nat_binding"}
_PLAIN = str.maketrans({NBSP: "_", "\u2019": "'", "\u2212": "-"})


def plain(text: str) -> str:
    """With marks that a keyboard has."""
    return text.translate(_PLAIN)


@cache
def of_machine(name: str) -> Report:
    return machine_report(machine(name))


def without_list() -> Profile:
    return PROFILE.model_copy(update={"allowed": type(PROFILE.allowed)()})


def failed(metric: str, observed: Any = NO, **changes: Any) -> Finding:
    facts: dict[str, Any] = {"status": Status.FAIL, "metric": metric, "observed": observed, "expected": "equals true"}
    return finding(**(facts | changes))


def left_open(metric: str, reason: str = "not_proven") -> Finding:
    return failed(metric, None, status=Status.INCONCLUSIVE, reason=reason)


def rows(shown: Report, words: Words = EN) -> dict[str, Row]:
    return {row.title: row for row in workstation(shown, words)}


@pytest.mark.parametrize(
    ("name", "title", "expected"),
    [
        ("laptop-jabra", "Session", "A session at this machine's own screen. Proved by WTSClientProtocolType = 0."),
        ("laptop-jabra", "Browser", "Chrome 142.0.7444.176 is the default. Also installed: Edge"),
        ("laptop-jabra", "Browser", "No policy forbids the profile's pages microphone, UDP or notifications."),
        ("laptop-jabra", "Headset", "Jabra Evolve2 40 (0b0e:0e40), by USB. It is on the project's list."),
        ("laptop-jabra", "Headset", "It is the default microphone and loudspeaker."),
        ("laptop-jabra", "Network link", "By Wi-Fi: -54_dBm, channel 44. No VPN is active."),
        (
            "laptop-jabra",
            "Machine",
            "8 processors, 7_GB of 17.2_GB of memory free, processors 7_% busy before the run.",
        ),
        (
            "laptop-poly-dongle",
            "Headset",
            "It is not on the project's list. It is not the default: the default microphone",
        ),
        (
            "laptop-poly-dongle",
            "Browser",
            "Chrome 109.0.5414.120, the default, is not on the project's list, or too old",
        ),
        (
            "laptop-poly-dongle",
            "Browser",
            "too old for it. Its updates are held back (Update = 0, TargetVersionPrefix = 109",
        ),
        ("laptop-poly-dongle", "Machine", "It runs on its battery."),
        ("edge-non-proxied-udp", "Browser", r"disable_non_proxied_udp (Edge policy, HKLM\SOFTWARE\Policies\Microsoft"),
        ("edge-non-proxied-udp", "Browser", "no effect: WebRtcAllowLegacyTLSProtocols (no longer exists) and webrtcip"),
        ("edge-non-proxied-udp", "Machine", "A restart is pending (RebootPending)."),
        ("citrix-vda-multi-session", "Session", "this machine carries the calls and must reach the TURN server"),
        ("citrix-redirection-ready", "Session", "that device must reach the TURN server"),
        ("horizon-plain", "Network link", "The link of a virtual machine; the real one beneath cannot be seen"),
        ("intune-system", "Machine", "ran as the machine's own account (SYSTEM), not as the agent"),
        ("macos-15-headset", "Machine", "macOS 15"),
        ("macos-15-headset", "Headset", "Plantronics Blackwire 3220 Series (047f:c056), two ears, by USB."),
    ],
)
def test_recorded_machines_are_told_as_they_are(name: str, title: str, expected: str) -> None:
    """Each subject is told in sentences that a person would say, by the names that its makers gave."""
    assert expected in plain(rows(of_machine(name))[title].known)


@pytest.mark.parametrize(
    ("name", "title", "expected"),
    [
        (
            "laptop-poly-dongle",
            "Network link",
            "how strong the Wi-Fi signal is: the signal stays hidden while location",
        ),
        ("citrix-desktop-vda", "Session", "must reach the TURN server: TeamsRedirection = absent"),
        (
            "citrix-desktop-vda",
            "Headset",
            "which headset is worn: the headset is at the session's other end (Citrix HDX",
        ),
        ("intune-system", "Session", "what kind of session this is: not run as the agent"),
        ("intune-system", "Headset", "whether it is the default device: not run as the agent"),
    ],
)
def test_what_could_not_be_told_says_why(name: str, title: str, expected: str) -> None:
    """It stands apart from what is known, with its reason."""
    row = rows(of_machine(name))[title]

    assert any(expected in plain(said) for said in row.unknown)
    assert expected not in plain(row.known)


@pytest.mark.parametrize(
    ("name", "judged", "expected"),
    [
        ("laptop-poly-dongle", failed("headset.listed"), "Poly BT700 (047f:02e6) is not on the list"),
        ("laptop-poly-dongle", failed("headset.default_device"), "the default microphone is Microphone Array (Realtek"),
        ("laptop-poly-dongle", failed("browser.supported_count", 0), "installed: Chrome 109.0.5414.120 and Edge 142"),
        ("laptop-poly-dongle", failed("browser.system_microphone_allowed"), "Windows privacy settings refuse"),
        ("laptop-poly-dongle", left_open("workstation.restart_pending"), "PendingFileRenameOperations alone proves no"),
        ("laptop-poly-dongle", left_open("network.wifi_signal_dbm", "permission_denied"), "location services are off"),
        (
            "macos-15-headset",
            failed("browser.notifications_allowed"),
            "DefaultNotificationsSetting = 2 (Chrome policy)",
        ),
        ("macos-15-headset", failed("browser.microphone_allowed"), "AudioCaptureAllowed = false (Chrome policy)"),
        ("edge-non-proxied-udp", failed("browser.udp_allowed"), "WebRtcLocalhostIpHandling = disable_non_proxied_udp"),
        (
            "edge-non-proxied-udp",
            failed("workstation.restart_pending", observed=True),
            "restart pending (RebootPending)",
        ),
        ("edge-non-proxied-udp", failed("workstation.udp_filter_count", 1), "Kaspersky"),
        ("citrix-vda-multi-session", failed("session.media_redirection"), "Citrix session, redirection not ready"),
        ("citrix-vda-multi-session", left_open("headset.listed"), "at the session's other end (Citrix HDX Audio)"),
        ("citrix-vda-multi-session", failed("session.remote", observed=True), "Citrix session (WTSClientProtocolType"),
        ("horizon-plain", failed("session.media_redirection"), "no policy switches redirection on, WebRTCRedirSDK"),
        ("horizon-redirection", failed("session.media_redirection"), "not for the profile's pages, UrlAllowList"),
        ("avd-call-redirection", left_open("browser.udp_allowed"), "Edge is also managed from its vendor's cloud"),
        ("avd-call-redirection", left_open("session.media_redirection"), "mmrClientVersion"),
        ("workspaces", left_open("session.media_redirection"), "redirection unknown: HKEY_LOCAL_MACHINE"),
        ("intune-system", failed("workstation.user_context_ok"), "run as the machine's own account (SYSTEM)"),
        ("intune-system", left_open("session.remote", "wrong_user_context"), "not run as the agent"),
    ],
)
def test_cause_is_named_and_not_its_symptom(name: str, judged: Finding, expected: str) -> None:
    """A failed or open requirement shows the device, policy or signal behind it."""
    assert expected in plain(cause(judged, of_machine(name), EN))


def test_policy_of_citrix_that_switches_redirection_off() -> None:
    """An administrator's switch is named before what merely does not run."""
    shown = of_machine("citrix-vda-multi-session")
    evidence = shown.observations["session"].evidence
    off = {"source": "TeamsRedirection", "value": "0", "proves": "no_redirection", "of": "citrix"}
    session = evidence["session"] | {"signals": [*evidence["session"]["signals"], off]}
    switched = replace(shown, observations={"session": observation({"session": session})})

    told = cause(failed("session.media_redirection"), switched, EN)

    assert told == "Citrix session, redirection switched off by policy, TeamsRedirection = 0"


def test_updates_that_are_held_back() -> None:
    """What holds them back is named with its value."""
    shown = of_machine("laptop-poly-dongle")
    held = Metric(value=True, unit="bool", decided_by=("chrome",))
    frozen = replace(shown, metrics={**shown.metrics, "browser.update_frozen": held})

    assert cause(failed("browser.update_frozen", observed=True), frozen, EN) == "Update = 0, TargetVersionPrefix = 109."
    assert "Its updates are held back (Update = 0, TargetVersionPrefix = 109.)." in rows(frozen)["Browser"].known


def policies_of_chrome(effect: Effect, **values: Any) -> Report:
    """A browser with policies of one effect."""
    listed = tuple(Policy(name, value, "x", effect) for name, value in values.items())
    return of_browsers(BrowserEvidence((Browser("chrome", "142", "x", policies=listed),), Default("chrome", "x")))


def of_browsers(evidence: BrowserEvidence) -> Report:
    """What the page is told of these browsers under a profile that allows Chrome and Edge."""
    answers = BrowserProbe.answered(evidence, PROFILE)
    return report(
        metrics={f"browser.{name}": Metric.of(answer, "bool") for name, answer in answers.items()},
        observations={"browser": observation(evidence.to_json())},
    )


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (policies_of_chrome("in_force", DefaultMediaStreamSetting=2), "DefaultMediaStreamSetting = 2 (Chrome policy)"),
        (policies_of_chrome("in_force", URLBlocklist=["*"]), 'URLBlocklist = ["*"] (Chrome policy)'),
        (
            policies_of_chrome("in_force", URLBlocklist=["games.example"], AudioCaptureAllowed=False),
            "AudioCaptureAllowed = false (Chrome policy)",
        ),
        (
            policies_of_chrome("recommended", AudioCaptureAllowed=False),
            "AudioCaptureAllowed = false is only recommended (Chrome policy), a user may change it",
        ),
    ],
)
def test_policies_that_keep_the_microphone(shown: Report, expected: str) -> None:
    """What forbids it is named before a list of pages that may be about others; what is recommended leaves it open."""
    assert cause(failed("browser.microphone_allowed"), shown, EN) == expected


OTHER = "https://other.example"
FIREFOX = Browser(
    "firefox",
    "145",
    "x",
    policies=(Policy("Permissions", {"Microphone": {"Block": [OTHER]}}, "policies.json", "in_force"),),
)


@pytest.mark.parametrize(
    ("metric", "deciding", "beside"),
    [
        ("microphone_allowed", {"AudioCaptureAllowed": False}, {}),
        ("udp_allowed", {"WebRtcIPHandling": "disable_non_proxied_udp"}, {"WebRtcIPHandlingUrl": [{"url": OTHER}]}),
        ("notifications_allowed", {"DefaultNotificationsSetting": 2}, {"NotificationsBlockedForUrls": [OTHER]}),
        ("hid_allowed", {"DefaultWebHidGuardSetting": 2}, {"WebHidBlockedForUrls": [OTHER]}),
        ("autoplay_allowed", {"AutoplayAllowed": False}, {"URLBlocklist": ["other.example"]}),
    ],
)
def test_policy_about_another_page_or_browser_is_no_cause(
    metric: str, deciding: dict[str, Any], beside: dict[str, Any]
) -> None:
    """Of a browser that may be used, the policy that decides for the profile's pages; not the default's own rules."""
    listed = tuple(Policy(name, value, "x", "in_force") for name, value in (beside | deciding).items())
    chrome = Browser("chrome", "142", "x", policies=listed)
    shown = of_browsers(BrowserEvidence((FIREFOX, chrome), Default("firefox", "x")))
    ((name, value),) = deciding.items()

    told = cause(failed(f"browser.{metric}"), shown, EN)

    assert told.startswith(f"{name} = ")
    assert told.endswith(" (Chrome policy)")
    assert str(value).lower() in told
    assert f"{name} = " in rows(shown)["Browser"].known
    assert "other.example" not in told + rows(shown)["Browser"].known


def test_what_keeps_an_answer_open_is_of_the_browsers_that_count() -> None:
    """A cloud that manages a browser nobody may use is no reason; browsers that differ are one."""
    firefox = replace(FIREFOX, cloud_managed=True)
    maybe = (Policy("AudioCaptureAllowed", value=False, source="x", effect="recommended"),)
    chrome = Browser("chrome", "142", "x", policies=maybe)
    denied = replace(chrome, name="edge", policies=(replace(maybe[0], effect="in_force"),))
    asked = left_open("browser.microphone_allowed")

    one = of_browsers(BrowserEvidence((firefox, chrome), Default("firefox", "x")))
    two = of_browsers(BrowserEvidence((replace(chrome, policies=()), denied), Default(None, "x")))

    assert cause(asked, one, EN).startswith("AudioCaptureAllowed = false is only recommended (Chrome policy)")
    assert cause(asked, two, EN) == "the browsers that may be used differ in it"


def test_firefox_alone_has_no_buttons() -> None:
    """What decides is the browser itself where no policy does."""
    answers = BrowserProbe.answered(BrowserEvidence((FIREFOX,), Default("firefox", "x")), without_list())

    assert answers["hid_allowed"].decided_by == ("firefox",)
    assert answers["microphone_allowed"].decided_by == ()


def test_another_device_was_listened_to() -> None:
    """Row and cause name the device that was recorded in the headset's place."""
    shown = of_machine("laptop-jabra")
    heard = {"input": "Webcam", "output": "Monitor", "recorded_s": 3.0}
    evidence = shown.observations["headset"].evidence | {"listening": heard}
    metrics = {**shown.metrics, "headset.listened_to_headset": Metric(value=False, unit="bool")}
    wrong = replace(shown, metrics=metrics, observations={"headset": observation(evidence)})

    assert cause(failed("headset.listened_to_headset"), wrong, EN) == "recorded from Webcam, played to Monitor"
    assert "Listened to, but not by the headset: recorded from Webcam" in rows(wrong)["Headset"].known


def test_every_metric_of_the_workstation_has_a_label() -> None:
    """No id stands in the text of a page: each figure is called something in both languages."""
    unnamed = [
        name
        for name in metric_definitions()
        if name.partition(".")[0] in LABELLED and name not in _load("page.yaml")["metrics"]
    ]

    assert unnamed == []


def network(**figures: Any) -> Report:
    """A cable, and a tunnel whose adapter has a name."""
    tunnel = {"name": "utun4", "description": "Cisco AnyConnect", "is_up": True, "is_vpn": True}
    values = {"link": "ethernet", "link_speed_bps": 1_000_000_000, "vpn_active": True, **figures}
    metrics = {f"network.{name}": Metric(value=value, unit="text") for name, value in values.items()}
    return report(metrics=metrics, observations={"network": observation({"interfaces": [tunnel]})})


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({"vpn_tunnel": "full", "media_via_vpn": True}, "for everything. The voice goes through it."),
        ({"vpn_tunnel": "split", "media_via_vpn": False}, "for a part of the traffic. The voice does not go through"),
        ({"vpn_tunnel": "split", "media_via_vpn_ratio": 0.5}, "to some servers, not to others"),
    ],
)
def test_vpn_and_the_voice(figures: dict[str, Any], expected: str) -> None:
    """The VPN is named, with what it takes and whether the voice is part of it."""
    known = plain(rows(network(**figures))["Network link"].known)

    assert "By cable, Ethernet (1_Gbit/s). A VPN is active (Cisco AnyConnect)" in known
    assert expected in known


def test_voice_through_the_vpn_is_a_cause() -> None:
    """Whoever demands a direct path reads which tunnel takes it."""
    shown = network(vpn_tunnel="full", media_via_vpn=True)

    assert cause(failed("network.media_via_vpn", observed=True), shown, EN) == "through the VPN Cisco AnyConnect"


@pytest.mark.parametrize(
    ("offset", "low", "high", "expected"),
    [
        (3000.0, 2500.0, 3500.0, "The clock is 3,000_ms behind the servers'."),
        (-3000.0, -3500.0, -2500.0, "The clock is 3,000_ms ahead of the servers'."),
        (120.0, -400.0, 640.0, "The clock agrees with the servers', within 640_ms."),
    ],
)
def test_clock(offset: float, low: float, high: float, expected: str) -> None:
    """A clock that may be right is not called wrong: the doubt is part of the figure."""
    clock = Metric(value=offset, unit="ms", bounded=True, low=low, high=high)
    shown = report(metrics={"workstation.clock_offset_ms": clock}, observations={"workstation": observation({})})

    assert expected in plain(rows(shown)["Machine"].known)


def test_mark_is_the_judges_worst() -> None:
    """A row bears the worst finding on its probe, and none where nothing was asked."""
    shown = of_machine("laptop-poly-dongle")
    judged = replace(
        shown,
        findings=(
            finding(metric="headset.present"),
            failed("headset.default_device", severity=Severity.WARNING),
            failed("headset.listed"),
            left_open("network.wifi_signal_dbm", "permission_denied"),
        ),
    )

    marks = {title: row.tag and row.tag.kind for title, row in rows(judged).items()}

    assert marks == {
        "Session": None,
        "Browser": None,
        "Headset": "blocks",
        "Network link": "unknown",
        "Machine": None,
    }


def test_probe_that_failed_says_why() -> None:
    """A probe that could not do its work leaves a row that is not known; one that was left out leaves none."""
    late = observation({}, Failure(FailureCode.DEADLINE_EXCEEDED, "gather"))
    skipped = observation({}, Failure(FailureCode.NOT_SELECTED, "select"))
    shown = report(observations={"headset": late, "browser": skipped})

    (row,) = workstation(shown, EN)

    assert row.title == "Headset"
    assert row.known == ""
    assert row.unknown[0].startswith("Nothing could be told of it.")


def test_no_chapter_without_these_probes() -> None:
    """A report of the network alone has no chapter of the workstation."""
    assert workstation(report(observations={"turn": observation({})}), EN) == ()
    assert "<h2>This workstation</h2>" not in render_html(report(finding()), "en")
    assert "<h2>This workstation</h2>" in render_html(of_machine("laptop-jabra"), "en")


def test_answer_names_the_cause() -> None:
    """The first sentence of the page names the device that is not on the list."""
    shown = replace(of_machine("laptop-poly-dongle"), decision=Decision.NO_GO, findings=(failed("headset.listed"),))

    assert "(Poly BT700 (047f:02e6) is not on the list)" in sentence(shown, EN)


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("en", "A captured machine was asked, this one was not."),
        ("fr", "Une machine capturée a été interrogée, pas celle-ci."),
    ],
)
def test_captured_machine_is_said_at_the_top(lang: str, expected: str) -> None:
    """Page and terminal say whose facts these are, in the place of the sentence on this machine alone."""
    shown = of_machine("laptop-jabra")
    captured = replace(shown, run=replace(shown.run, machine="captured"), profile=replace(shown.profile, lab=True))
    page, text = render_html(captured, lang), render_text(captured, lang, colour=False)

    assert page.index(expected) < page.index("<h1")
    assert expected in text
    for alone in ("lab_title", "lab_only", "terminal_lab"):
        assert Words(lang)(alone) not in page + text


GIVEN = {"product", "source", "version", "description", "release", "sign", "signs", "ids", "agents"}
"""What strangers wrote; the rest of the evidence is readycheck's own words."""


def renamed(value: Any, key: str = "") -> Any:
    """The same evidence with hostile names of devices, adapters, places and policies' values."""
    if isinstance(value, dict):
        is_theirs = "direction" in value or "is_vpn" in value
        return {name: HOSTILE if is_theirs and name == "name" else renamed(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [renamed(item, key) for item in value]
    return HOSTILE if isinstance(value, str) and key in GIVEN else value


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("name", ["laptop-poly-dongle", "citrix-vda-multi-session", "edge-non-proxied-udp"])
def test_hostile_machine_harms_nothing(name: str, lang: str) -> None:
    """Names of devices, places and adapters that are markup, control or bidirectional characters stay text."""
    shown = of_machine(name)
    asked = ("headset.listed", "session.media_redirection", "browser.udp_allowed", "workstation.restart_pending")
    evidence = {probe: replace(one, evidence=renamed(one.evidence)) for probe, one in shown.observations.items()}
    spoilt = replace(shown, observations=evidence, findings=tuple(failed(metric) for metric in asked))

    page, told = Page(render_html(spoilt, lang)), workstation(spoilt, Words(lang))
    text = render_text(spoilt, lang, colour=False)

    assert any("<script>" in row.known for row in told)
    assert "script" not in page.text
    assert not {"\u202e", "\x00", "\x1b"} & set("".join(page.text.values()) + text)


@pytest.mark.parametrize("wrong", [None, True, 7, "text", [], [1, [2]], {}, {"name": []}, [{"name": {}, "kind": []}]])
@pytest.mark.parametrize("name", ["laptop-poly-dongle", "citrix-vda-multi-session"])
def test_evidence_of_wrong_types_is_read_without_a_fault(name: str, wrong: Any) -> None:
    """A report by another hand may hold anything where a list of devices should be; HTML still comes of it."""
    shown = of_machine(name)
    spoilt = replace(
        shown,
        observations={
            probe: replace(one, evidence=dict.fromkeys(one.evidence, wrong))
            for probe, one in shown.observations.items()
        },
        findings=tuple(failed(metric, None) for metric in shown.metrics),
    )

    assert HOSTILE not in render_html(spoilt, "en")
    assert len(workstation(spoilt, FR)) == 5


@pytest.mark.parametrize(
    ("name", "probe", "expected"),
    [
        ("laptop-jabra", "session", "console, no Citrix"),
        ("laptop-jabra", "headset", "Jabra Evolve2 40, usb, on the list"),
        ("laptop-poly-dongle", "headset", "Poly BT700, bluetooth, not the default, not on the list"),
        ("citrix-redirection-ready", "session", "Citrix session, media redirected"),
        ("citrix-redirection-ready", "browser", "Chrome 142.0.7444.176, Edge 142.0.3595.80 · no UDP"),
        ("citrix-desktop-vda", "session", "Citrix session, redirection unknown"),
        ("citrix-desktop-vda", "headset", "the headset is at the session's other end"),
        ("rdp", "session", "RDP session, media not redirected"),
        ("horizon-plain", "network", "a virtual machine's link · first router 1.0 ms · no VPN"),
    ],
)
def test_terminal_says_it_in_a_few_words(name: str, probe: str, expected: str) -> None:
    """The line of a probe names what a person would ask first, lists and pages of the profile included."""
    kind = probes()[probe]
    evidence = kind.evidence.from_json(of_machine(name).observations[probe].evidence)

    assert kind().summary_under(evidence, PROFILE) == expected
