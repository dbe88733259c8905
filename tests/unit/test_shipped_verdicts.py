"""Verdicts under shipped profiles: what is left open names its line, what stops calls blocks, what is poor warns."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from readycheck.engine.registry import metric_definitions
from readycheck.host.browser.found import Policy
from readycheck.host.session.signal import Redirection, Session
from readycheck.letter.matrix import flow_matrix
from readycheck.letter.plan import steps
from readycheck.model.network import Interface
from readycheck.model.verdict import Decision, Finding, Scope, Severity, Status, Verdict
from readycheck.probes.bandwidth import BandwidthEvidence
from readycheck.profile.loader import load_profile
from readycheck.profile.schema import Profile, Requirement
from readycheck.rtc.ramp import Step
from tests.unit.shipped_samples import CREDENTIALS, NAMES, of_kind, project, shipped_profile
from tests.unit.workstation_samples import CHROME, JABRA, Workstation, judged

RELAY = """\
targets:
  ice_servers:
    - urls:
        - "turn:turn.example.com:3478?transport=udp"
        - "turns:turn.example.com:443?transport=tcp"
      username: ${TURN_USERNAME}
      credential: ${TURN_PASSWORD}
"""
REFLECTOR = """\
targets: {reflector: {stamp: "reflector.example.com:8862", key: "a key of ours"}}
"""
GOOD = Workstation()
DEAD = Workstation(web=False, udp=False, relay_tcp=False)

Write = Callable[..., Profile]


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """Writes and loads a project's profile."""
    return partial(project, tmp_path)


def open_findings(verdict: Verdict) -> dict[str, Finding]:
    return {one.requirement: one for one in verdict.findings if one.status == Status.INCONCLUSIVE}


def failed(verdict: Verdict) -> set[str]:
    return {finding.requirement for finding in verdict.findings if finding.status == Status.FAIL}


@pytest.mark.parametrize("name", [*of_kind("platform"), *of_kind("template"), "voice-baseline", *of_kind("context")])
def test_what_is_left_open_names_the_line_to_fill_in(name: str) -> None:
    """On a good workstation nothing fails, and whatever is inconclusive tells which key of the profile is empty."""
    profile = shipped_profile(name)
    verdict = judged(profile, GOOD)

    assert not failed(verdict)
    for identifier, finding in open_findings(verdict).items():
        if finding.severity != Severity.INFO:
            assert re.search(r"targets\.\w+", finding.remedy["en"]), identifier
            assert re.search(r"targets\.\w+", finding.remedy["fr"]), identifier
    if profile.targets.signalling:
        assert verdict.decision == Decision.GO_WITH_RESERVATIONS
    else:
        assert verdict.decision == Decision.INCONCLUSIVE
        assert "signalling-named" in open_findings(verdict)


def test_without_credentials_one_reservation_is_left() -> None:
    """A workstation is no plain go while no call was tried, and that is all that keeps it from it."""
    verdict = judged(shipped_profile("genesys-cloud"), GOOD)
    reservations = {name for name, one in open_findings(verdict).items() if one.severity == Severity.WARNING}

    assert reservations == {"call-tried"}
    assert open_findings(verdict)["call-tried"].reason == "not_configured"


def test_with_credentials_a_good_workstation_is_a_go(written: Write) -> None:
    """Everything that was not applicable is then measured and passes."""
    verdict = judged(written("genesys-cloud", more=RELAY), GOOD)
    passed = {one.requirement for one in verdict.findings if one.status == Status.PASS}

    assert verdict.decision == Decision.GO
    assert passed >= {"signalling-websocket", "media-way", "media-udp", "media-tls", "relay", "call", "path-loss"}


def test_a_reflector_alone_has_the_voice_judged(written: Write) -> None:
    """Without credentials for a relay the path to the project's own reflector is what voice is judged by."""
    profile = written("genesys-cloud", more=REFLECTOR)
    good, useless = judged(profile, GOOD), judged(profile, Workstation(lost_every=4))
    without = judged(shipped_profile("genesys-cloud"), GOOD)
    path = {"path-mos", "path-rtt", "path-jitter", "path-loss"}

    assert path <= {one.requirement for one in good.findings if one.status == Status.PASS}
    assert {name for name, one in open_findings(good).items() if one.severity != Severity.INFO} == {"call-tried"}
    assert (useless.decision, "path-mos" in failed(useless)) == (Decision.NO_GO, True)
    assert path <= {one.requirement for one in without.findings if one.status == Status.NOT_APPLICABLE}


@pytest.mark.parametrize("name", [name for name in of_kind("platform") if shipped_profile(name).targets.signalling])
def test_blocked_signalling_is_a_no_go(name: str) -> None:
    """Where the platform does not answer there is no call."""
    verdict = judged(shipped_profile(name), Workstation(web=False))

    assert verdict.decision == Decision.NO_GO
    assert failed(verdict) & {"signalling", "signalling-websocket"}
    assert verdict.ready_on == "2026-12-22"


def test_blocked_udp_counts_by_what_is_left(written: Write) -> None:
    """No go where UDP is the only way, a reservation where TLS is left, no go again where nothing is."""
    no_udp = Workstation(udp=False)
    amazon = judged(shipped_profile("amazon-connect"), no_udp)
    genesys = judged(shipped_profile("genesys-cloud"), no_udp)
    telnyx = judged(shipped_profile("telnyx"), no_udp)
    relayed = judged(written("genesys-cloud", more=RELAY), no_udp)
    cut_off = judged(written("genesys-cloud", more=RELAY), Workstation(udp=False, relay_tcp=False))

    assert (amazon.decision, failed(amazon)) == (Decision.NO_GO, {"media-way", "media-udp"})
    assert (genesys.decision, failed(genesys)) == (Decision.GO_WITH_RESERVATIONS, {"stun-udp"})
    assert (telnyx.decision, failed(telnyx)) == (Decision.GO_WITH_RESERVATIONS, {"stun-udp", "media-udp"})
    assert (relayed.decision, failed(relayed)) == (Decision.GO_WITH_RESERVATIONS, {"media-udp", "relay-udp"})
    assert cut_off.decision == Decision.NO_GO
    assert failed(cut_off) >= {"media-way", "relay"}


def test_proxy_only_is_a_no_go_until_the_bypass() -> None:
    """Signalling passes through the proxy, yet the bypass is the first gate, and takes two months."""
    behind = judged(shipped_profile("genesys-cloud"), Workstation(has_proxy=True, web=False))

    assert behind.decision == Decision.NO_GO
    assert failed(behind) == {"proxy-bypass"}
    assert behind.ready_on == "2027-01-21"


def test_a_proxy_that_is_bypassed_blocks_nothing() -> None:
    """A configured proxy is no fault where the targets are reached without it as well."""
    verdict = judged(shipped_profile("genesys-cloud"), Workstation(has_proxy=True))

    assert (verdict.decision, failed(verdict)) == (Decision.GO_WITH_RESERVATIONS, set())


def test_poor_voice_is_a_reservation_and_useless_voice_a_no_go(written: Write) -> None:
    """Late voice is a warning, voice with one packet in four lost stops the project."""
    profile = written("genesys-cloud", more=RELAY)
    late, useless = judged(profile, Workstation(rtt_ms=230)), judged(profile, Workstation(lost_every=4))

    assert (late.decision, failed(late)) == (Decision.GO_WITH_RESERVATIONS, {"path-rtt"})
    assert useless.decision == Decision.NO_GO
    assert "path-mos" in failed(useless)


def test_a_narrow_tunnel_is_a_reservation(written: Write) -> None:
    """Datagrams that cannot carry a handshake warn; without a far end over UDP nothing is asked of them."""
    narrow = judged(written("genesys-cloud", more=RELAY), Workstation(payload_byte=1100))
    by_tls = judged(written("genesys-cloud", more=RELAY), Workstation(udp=False))

    assert (narrow.decision, failed(narrow)) == (Decision.GO_WITH_RESERVATIONS, {"path-mtu"})
    assert {one.status for one in by_tls.findings if one.requirement == "path-mtu"} == {Status.NOT_APPLICABLE}


def test_a_forbidden_microphone_is_a_no_go() -> None:
    """A policy that keeps every page from the microphone ends it; one that takes UDP away is a reservation."""
    mute = replace(CHROME, policies=(Policy("AudioCaptureAllowed", False, "HKLM", "in_force"),))
    no_udp = replace(CHROME, policies=(Policy("WebRtcIPHandling", "disable_non_proxied_udp", "HKLM", "in_force"),))
    forbidden = judged(shipped_profile("genesys-cloud"), Workstation(browser=mute))
    reserved = judged(shipped_profile("genesys-cloud"), Workstation(browser=no_udp))

    assert (forbidden.decision, failed(forbidden)) == (Decision.NO_GO, {"browser-microphone"})
    assert (reserved.decision, failed(reserved)) == (Decision.GO_WITH_RESERVATIONS, {"browser-udp"})


def test_windows_own_switch_for_the_microphone_counts(written: Write) -> None:
    """Set to refuse it warns, and blocks for the roll-out; where the system has none it does not apply."""
    strict = written("genesys-cloud", "workstation-strict")
    refused = replace(GOOD, microphone="Deny")

    assert failed(judged(shipped_profile("genesys-cloud"), refused)) == {"system-microphone"}
    assert judged(shipped_profile("genesys-cloud"), refused).decision == Decision.GO_WITH_RESERVATIONS
    assert (judged(strict, refused).decision, failed(judged(strict, refused))) == (
        Decision.NO_GO,
        {"system-microphone"},
    )
    assert not failed(judged(strict, replace(GOOD, microphone="Allow")))
    assert [one.status for one in judged(strict, GOOD).findings if one.requirement == "system-microphone"] == [
        Status.NOT_APPLICABLE
    ]


def test_a_headset_warns_until_the_roll_out(written: Write) -> None:
    """One that is not on the vendor's list is a reservation, and blocks where workstation-strict is extended."""
    other = Workstation(headset=replace(JABRA, product="Plantronics .Audio 628", ids=("dead:c012",)))
    none = Workstation(headset=None)
    plain, strict = shipped_profile("genesys-cloud"), written("genesys-cloud", "workstation-strict")

    assert failed(judged(plain, other)) == {"headset-listed"}
    assert judged(plain, other).decision == Decision.GO_WITH_RESERVATIONS
    assert (judged(strict, other).decision, judged(strict, none).decision) == (Decision.NO_GO, Decision.NO_GO)
    assert failed(judged(strict, none)) >= {"headset-present", "headset-listed", "headset-default"}
    assert judged(strict, GOOD).decision == judged(plain, GOOD).decision


@pytest.mark.parametrize(
    ("session", "status"),
    [
        (Session("console", remote=False), Status.NOT_APPLICABLE),
        (Session("citrix_ica", remote=True, redirection=Redirection(ready=True)), Status.PASS),
        (Session("citrix_ica", remote=True, redirection=Redirection(ready=False)), Status.FAIL),
        (Session("citrix_ica", remote=True), Status.INCONCLUSIVE),
        (Session(), Status.INCONCLUSIVE),
    ],
)
def test_a_citrix_session_must_hand_voice_over(written: Write, session: Session, status: Status) -> None:
    """Proof of redirection passes, proof of its absence fails, and what is not told stays open."""
    verdict = judged(written("genesys-cloud", "citrix"), Workstation(session=session))

    assert [one.status for one in verdict.findings if one.requirement == "session-media"] == [status]


def test_voice_through_a_vpn_is_told_at_home(written: Write) -> None:
    """By default voice stays outside; a project that imposes the VPN turns the comparison round."""
    tunnel = Interface("tun0", "virtual", is_up=True, is_vpn=True, addresses=("10.8.0.6",))
    inside, outside = Workstation(tunnel=tunnel, media_via_vpn=True), Workstation(tunnel=tunnel)
    imposed = written("genesys-cloud", "telework", more="requirements: [{id: home-media-way, at_least: 1}]")
    advised = written("genesys-cloud", "telework")

    assert failed(judged(advised, inside)) == {"home-media-way"} == failed(judged(imposed, outside))
    assert failed(judged(advised, outside)) == set() == failed(judged(imposed, inside))


def test_a_dead_network_is_no_go_for_every_platform_with_names() -> None:
    """Whatever the profile, nothing passes where nothing answers."""
    for name in of_kind("platform"):
        profile = shipped_profile(name)
        expected = Decision.NO_GO if profile.targets.signalling else Decision.INCONCLUSIVE
        assert judged(profile, DEAD).decision == expected


def test_letters_ask_those_who_can_open_flows() -> None:
    """Neither the vendor of a relay nor the telephony that nobody named opens a firewall."""
    profile = shipped_profile("genesys-cloud")
    planned = {step.name: (step.owners, step.days) for step in steps(profile, flow_matrix(profile))}

    assert planned["firewall"] == (("network",), 45)
    assert planned["bypass"] == (("security", "network"), 60)


def test_the_baseline_may_be_named_first(written: Write) -> None:
    """`extends: [voice-baseline, platform]` comes to the same as the platform alone."""
    assert written("voice-baseline", "twilio-voice").requirements == written("twilio-voice").requirements


def test_the_profile_in_the_readme_is_right(tmp_path: Path) -> None:
    """It loads, keeps the platform's targets and changes one figure."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n([^`]*extends: \[genesys-cloud, telework[^`]*)```", readme)
    path = tmp_path / "acme.yaml"
    path.write_text(block, encoding="utf-8")
    profile = load_profile(str(path), metrics=metric_definitions(), environment=CREDENTIALS)
    changed = {one.id: one.comparator for one in profile.requirements}

    assert profile.targets.signalling == shipped_profile("genesys-cloud").targets.signalling
    assert changed["path-rtt"] == ("at_most", 150)
    assert judged(profile, GOOD).decision == Decision.GO


@pytest.mark.parametrize("context", of_kind("context"))
def test_contexts_leave_a_platform_s_figures_alone(written: Write, context: str) -> None:
    """Extended after a platform, a context adds and takes nothing back; workstation-strict makes warnings blockers."""
    rises = context == "workstation-strict"

    def figures(profile: Profile) -> dict[str, Any]:
        return {one.id: (one.comparator, None if rises else one.severity) for one in profile.requirements}

    alone, together = figures(shipped_profile("microsoft-teams")), figures(written("microsoft-teams", context))
    assert together | alone == together


def test_a_site_is_judged_as_a_site(written: Write) -> None:
    """on-site brings requirements of scope site: a reservation without credentials, a no-go without signalling."""
    profile = written("telnyx", "on-site")
    good, blocked = judged(profile, GOOD, Scope.SITE), judged(profile, Workstation(web=False), Scope.SITE)

    assert (good.decision, set(open_findings(good))) == (Decision.GO_WITH_RESERVATIONS, {"site-call-tried"})
    assert blocked.decision == Decision.NO_GO


def test_a_site_of_unknown_size_is_left_open(written: Write) -> None:
    """With a reflector and no site.agents, one carried call passes nothing for the site, which says what to do."""
    profile = written("telnyx", "on-site", more=REFLECTOR)
    step = Step(1, 400, 400, 0, rtt_increase_p95_ms=1.0)
    unknown = BandwidthEvidence(True, asked=None, packet_byte=138, steps=(step,), scope=Scope.SITE)
    statuses = {}
    for name, evidence in (("unknown", unknown), ("one agent", replace(unknown, asked=1, given=1))):
        findings = judged(profile, replace(GOOD, load=evidence), Scope.SITE).findings
        statuses[name] = {one.requirement: one for one in findings}

    for identifier in ("site-calls", "site-queue"):
        assert statuses["unknown"][identifier].status == Status.INCONCLUSIVE
        assert statuses["unknown"][identifier].reason == "not_configured"
        assert statuses["one agent"][identifier].status == Status.PASS
    assert "fill in site.agents, or give --calls N" in statuses["unknown"]["site-calls"].remedy["en"]


def test_guards_are_metrics_that_are_always_known() -> None:
    """A condition on an unknown figure leaves a requirement open: only counts and yes or no stand there.

    What a session is, and whether a VPN is up, may be unknown: where a context asks, that is then the open question.
    """
    always = re.compile(r"\w+\.(\w+_count|has_\w+|configured)|session\.remote|network\.vpn_active")
    requirements: list[Requirement] = [one for name in NAMES for one in shipped_profile(name).requirements]
    guards = {one.when.metric for one in requirements if one.when and one.severity != Severity.INFO}

    assert all(always.fullmatch(metric) for metric in guards)
