"""The report: JSON both ways, honest about what it cannot read, addresses cut."""

import json
import tracemalloc
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readycheck.engine.registry import probes
from readycheck.host.browser.found import Default, Policy
from readycheck.host.session.signal import Redirection, Session, Signal
from readycheck.host.workstation.edition import Edition
from readycheck.host.workstation.filters import UdpFilter
from readycheck.host.workstation.restart import Restart
from readycheck.model.audio import AudioDevice, Endpoint, Listening, SoundDevice, UsbDevice
from readycheck.model.evidence import Interval, Quantity
from readycheck.model.failure import Failure, FailureCode, commonest
from readycheck.model.network import GatewayEcho, Interface, Way, Wifi
from readycheck.model.report import (
    Environment,
    Metric,
    Observation,
    ObservationStatus,
    ProfileReference,
    Report,
    Run,
    Tool,
    UnreadableReport,
)
from readycheck.model.scrub import cut_public_addresses, without_secrets
from readycheck.model.verdict import Decision, Finding, Scope, Severity, Status
from readycheck.model.visit import Visit, WebSocketHeld
from readycheck.probes._clock import ClockReading
from readycheck.probes._headset_evidence import HeadsetEvidence
from readycheck.probes._network_evidence import NetworkEvidence
from readycheck.probes._network_evidence import Target as NetworkTarget
from readycheck.probes._reflector import Reflection
from readycheck.probes._turn_evidence import Attempt, Server, TurnEvidence
from readycheck.probes.bandwidth import BandwidthEvidence
from readycheck.probes.browser import Browser, BrowserEvidence
from readycheck.probes.call import CallEvidence, Direction
from readycheck.probes.fallback import Attempt as SipAttempt
from readycheck.probes.fallback import FallbackEvidence
from readycheck.probes.fallback import Target as FallbackTarget
from readycheck.probes.identity import IdentityEvidence
from readycheck.probes.identity import Target as IdentityTarget
from readycheck.probes.nat_binding import NatBindingEvidence, Silence
from readycheck.probes.path import PathEvidence
from readycheck.probes.path_mtu import PathMtuEvidence
from readycheck.probes.proxy import ProxyEvidence
from readycheck.probes.session import SessionEvidence
from readycheck.probes.signalling import Lookup, SignallingEvidence
from readycheck.probes.signalling import Target as SignallingTarget
from readycheck.probes.stun import Attempt as StunAttempt
from readycheck.probes.stun import Nat, StunEvidence
from readycheck.probes.stun import Server as StunServer
from readycheck.probes.workstation import WorkstationEvidence
from readycheck.rtc.ramp import Step
from tests.unit.visit_samples import direct, intercepted_target

TIMEOUT = Failure(FailureCode.STUN_TIMEOUT, "allocate", "no answer within 2.5 s")
NO_NAME = Failure(FailureCode.DNS_NOT_FOUND, "look_up", "Name or service not known")
EVIDENCE = {
    "turn": TurnEvidence(
        (
            Server(
                "turn:turn.example.com",
                "udp",
                True,
                (Attempt("192.0.2.1:3478", reached=False, allocated=False, failure=TIMEOUT),),
                relay=False,
                relay_failure=TIMEOUT,
            ),
        )
    ),
    "stun": StunEvidence(
        (StunServer("stun:a", (StunAttempt(4, "192.0.2.1:3478", True, 12.5, "198.51.100.7:4000"),)),),
        Nat("stun:a", "endpoint_independent", "address_dependent"),
    ),
    "path": PathEvidence(
        None,
        "stamp:a",
        110,
        sent_after_ms=(0.0, 20.0, 20.0),
        rtt_ms=(41.0, None, 43.5),
        duration_s=0.06,
        reflection=Reflection(
            is_authenticated=False,
            behind=((2, 1),),
            received_count=2,
            is_stateful=True,
            up_ms=(0.0, None, 1.5),
            dscp_counts={46: 1, 0: 1},
            is_marked=True,
        ),
    ),
    "path_mtu": PathMtuEvidence(True, "stamp:a", 6, (200, 1200, 1452), 1200, 1452, are_replies_whole=True),
    "nat_binding": NatBindingEvidence("relay", "turn:a", (Silence(15.0, True), Silence(30.0, False))),
    "proxy": ProxyEvidence((), (intercepted_target(),)),
    "signalling": SignallingEvidence(
        (
            SignallingTarget(
                "wss://a/ws",
                ("DIRECT",),
                (Lookup(4, 12.5, ("192.0.2.1",)), Lookup(6, 13.0, failure=NO_NAME)),
                (Visit("DIRECT", reached=True, status=101, websocket=WebSocketHeld(3.0, 20.5)),),
            ),
        )
    ),
    "identity": IdentityEvidence(
        (
            IdentityTarget("https://a/.well-known/openid-configuration", "https://a", "discovery", (direct(),)),
            IdentityTarget("https://b/token", "https://a", "token_endpoint", failure=NO_NAME, issuer_said="https://b"),
        ),
        reached=1,
    ),
    "headset": HeadsetEvidence(
        (Endpoint("Headset Microphone (Jabra Evolve2 40)", "capture", "usb", "Jabra Evolve2 40", "0b0e", "0e40"),),
        (UsbDevice("0b0e", "0e40"),),
        ("0b0e:0e40",),
        (SoundDevice("Headset Microphone (Jabra Evolve2 40)", "Windows WASAPI", 1, default_input=True),),
        (AudioDevice("Jabra Evolve2 40", "usb", ("0b0e:0e40",), known_as=("Jabra Evolve2 40",), telephony=True),),
        usb_failure=TIMEOUT,
        listening=Listening(output="Headset Earphone", rate_hz=48_000, level_dbfs=-41.5, silent=False),
    ),
    "network": NetworkEvidence(
        (
            Interface("Wi-Fi", "wifi", is_up=True, is_vpn=False, addresses=("192.0.2.31",), gateways=("192.0.2.1",)),
            Interface("VPN", "virtual", is_up=True, is_vpn=True, sign="ifType 53", addresses=("10.8.0.6",)),
        ),
        (Way("203.0.113.1", "10.8.0.6", "VPN", via_vpn=True), Way("2001:db8::1")),
        (
            NetworkTarget("media", "turn.example.com", (Way("198.51.100.7", "10.8.0.6", "VPN", via_vpn=True),)),
            NetworkTarget("signalling", "login.example.com", failure=NO_NAME),
        ),
        "Wi-Fi",
        GatewayEcho("192.0.2.1", (1.0, 2.0), below=True),
        Wifi(-54.0, 92, 44, 5.0),
        ("192.0.2.53",),
        ("Zscaler Client Connector",),
        (TIMEOUT,),
    ),
    "workstation": WorkstationEvidence(
        8,
        0.07,
        17_179_869_184,
        6_979_321_856,
        is_on_battery=False,
        edition=Edition("Windows 11 Enterprise", "10.0.26100.6899", "24H2"),
        run_as="system",
        restart=Restart(is_pending=True, signs=("RebootPending",)),
        udp_filters=(UdpFilter("Kaspersky", "service klwfp"),),
        clocks=(ClockReading("login.example.com", "date", 120.5, 510.0), ClockReading("b", "date", failure=NO_NAME)),
        failures=(TIMEOUT,),
    ),
    "fallback": FallbackEvidence(
        (
            FallbackTarget(
                "sip:pbx;transport=tcp",
                "tcp",
                (
                    SipAttempt("192.0.2.1:5060", True, 401, "Unauthorized", "pbx/1", 20.5, 1),
                    SipAttempt(None, failure=NO_NAME),
                ),
            ),
        )
    ),
    "bandwidth": BandwidthEvidence(
        True,
        "reflector",
        "stamp:a:862",
        40,
        30,
        138,
        50.0,
        3.0,
        (12.0, 12.5),
        (Step(30, 4500, 4400, 100, rtt_ms=(12.0,)),),
    ),
    "browser": BrowserEvidence(
        (
            Browser(
                "edge",
                "142.0.3595.80",
                "pv",
                policies=(Policy("WebRtcIPHandlingUrl", [{"url": "*", "handling": "default"}], "HKLM", "in_force"),),
                updates_held_by=(),
            ),
        ),
        Default("edge", "UserChoice", "MSEdgeHTM"),
    ),
    "session": SessionEvidence(
        Session(
            "horizon",
            remote=True,
            redirection=Redirection(ready=True, sites=("https://*.example.com/*",)),
            signals=(Signal("ViewClient_Protocol", "BLAST", "remote", "horizon"),),
        )
    ),
    "call": CallEvidence("turn:a", True, True, 512.0, "opus", 5.0, forth=Direction(250, 250, 0, 0.3)),
}


def report() -> Report:
    return Report(
        tool=Tool("readycheck", "0.1.0"),
        run=Run("id", "2026-11-22T08:00:00.000Z", 21.4),
        profile=ProfileReference("p", {"en": "P"}, "0" * 64),
        environment=Environment("Linux", "6", "3.11", "habc", "C"),
        decision=Decision.NO_GO,
        ready_on="2027-01-06",
        findings=(
            Finding(
                "r", Scope.WORKSTATION, Severity.BLOCKER, Status.FAIL, "turn.udp_relay", False, "bool", "equals true"
            ),
        ),
        metrics={
            "path.loss_ratio": Metric.of(Quantity(0.0, Interval(0.0, 0.0049)), "ratio"),
            "bandwidth.up_bps": Metric.of(Quantity(1, Interval(1, None)), "bit/s"),
            "stun.nat_mapping": Metric.of(Quantity(None, reason=FailureCode.STUN_TIMEOUT), "text"),
            "browser.udp_allowed": Metric.of(Quantity(value=False, decided_by=("edge.WebRtcIPHandlingUrl",)), "bool"),
        },
        observations={
            name: Observation(ObservationStatus.COLLECTED, 1, "d", evidence=evidence.to_json())
            for name, evidence in EVIDENCE.items()
        },
    )


def test_report_survives_json() -> None:
    """What is written is read again, to the last field."""
    assert Report.loads(report().dumps()) == report()


@pytest.mark.parametrize("name", EVIDENCE)
def test_evidence_survives_json(name: str) -> None:
    """Evidence of every probe is read again from what was written."""
    text = json.dumps(EVIDENCE[name].to_json(), allow_nan=False)

    assert type(EVIDENCE[name]).from_json(json.loads(text)) == EVIDENCE[name]


def optional_without_default(kind: type) -> list[str]:
    """Fields of a dataclass, and of those in it, that may be None and must be given."""
    found, names = [], get_type_hints(kind)
    for field in fields(kind):
        inner = {one for one in (names[field.name], *get_args(names[field.name])) if isinstance(one, type)}
        for one in inner:
            found += optional_without_default(one) if is_dataclass(one) else []
        if NoneType in get_args(names[field.name]) and field.default is MISSING:
            found.append(f"{kind.__name__}.{field.name}")
    return found


@pytest.mark.parametrize("name", [name for name, probe in probes().items() if probe.evidence.sparse])
def test_what_is_left_out_of_json_has_a_default(name: str) -> None:
    """Evidence without its empty facts can be read again only if each of them has a default."""
    assert optional_without_default(probes()[name].evidence) == []


def test_every_probe_has_evidence_here() -> None:
    """A new probe brings its example to this test."""
    assert set(EVIDENCE) == set(probes())


def test_json_follows_the_contract() -> None:
    """Top-level keys, bounds only where there are any, null for unbounded."""
    data = report().to_json()

    assert next(iter(data)) == "schema"
    assert set(data) == {
        "schema", "tool", "run", "profile", "environment", "decision", "ready_on", "findings", "metrics", "observations"
    }  # fmt: skip
    assert data["metrics"]["path.loss_ratio"] == {
        "value": 0.0,
        "low": 0.0,
        "high": 0.0049,
        "unit": "ratio",
        "reason": None,
    }
    assert data["metrics"]["bandwidth.up_bps"]["high"] is None
    assert data["metrics"]["stun.nat_mapping"] == {"value": None, "unit": "text", "reason": "stun_timeout"}


def test_numbers_are_finite() -> None:
    """Infinity and NaN are not measured, and never written."""
    assert Metric.of(Quantity(float("nan")), "ms").value is None
    assert Metric.of(Quantity(1.0, Interval(0.0, float("inf"))), "ms").high is None


@pytest.mark.parametrize("name", ["report-1", "report-2"])
def test_saved_reports_stay_readable(name: str) -> None:
    """A file of schema 1, kept as it was written, is read by every later version."""
    text = (Path(__file__).parent.parent / "golden" / f"{name}.json").read_text(encoding="utf-8")

    assert Report.loads(text).run.id


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"schema": "readycheck.report/2"}, "newer readycheck"),
        ({"schema": "else"}, "no readycheck report"),
        ({"decision": "maybe"}, "decision"),
        ({"findings": 3}, "findings"),
        ({"metrics": {"a": 1}}, "metrics"),
        ({"run": {}}, "run"),
    ],
)
def test_unreadable_report_says_why(change: dict[str, Any], sentence: str) -> None:
    """One sentence: what is wrong with the file."""
    with pytest.raises(UnreadableReport, match=sentence):
        Report.from_json(report().to_json() | change)


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '{"schema": NaN}', "[" * 100_000])
def test_junk_is_unreadable(text: str) -> None:
    """Truncated, foreign and hostile files are refused."""
    with pytest.raises(UnreadableReport):
        Report.loads(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_json_is_refused_kindly(data: Any) -> None:
    """Nothing but UnreadableReport comes out of foreign values."""
    with pytest.raises(UnreadableReport):
        Report.from_json({"schema": "readycheck.report/1", "run": data})


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("8.8.4.4:3478", "8.8.4.0/24:3478"),
        ("from 8.8.4.4 to 10.1.2.3", "from 8.8.4.0/24 to 10.1.2.3"),
        ("[2a00:1450:4007:80d::200e]:443", "[2a00:1450:4007::/48]:443"),
        ("2a00:1450:4007:80d::200e: refused", "2a00:1450:4007::/48: refused"),
        ("version 1.2.3", "version 1.2.3"),
        ("08:15:30", "08:15:30"),
        ("999.1.1.1", "999.1.1.1"),
        ("127.0.0.1 and ::1", "127.0.0.1 and ::1"),
    ],
)
def test_public_addresses_are_cut(text: str, cut: str) -> None:
    """/24 and /48 for public addresses; private ones, and what is no address, stay."""
    assert cut_public_addresses({"a": [text]}) == {"a": [cut]}


def test_urls_of_the_profile_stay() -> None:
    """A target is named as the profile names it."""
    assert cut_public_addresses({"url": "turn:8.8.8.8:3478"}) == {"url": "turn:8.8.8.8:3478"}


def test_commonest_failure_wins_and_ties_go_to_the_first() -> None:
    """Two time-outs beat one refusal; at a tie the first in the profile's order."""
    refused = Failure(FailureCode.CONNECTION_REFUSED, "connect")

    assert commonest([refused, TIMEOUT, TIMEOUT]) == FailureCode.STUN_TIMEOUT
    assert commonest([refused, TIMEOUT]) == FailureCode.CONNECTION_REFUSED
    assert commonest([]) is None


def test_long_column_is_written_on_one_line_in_little_memory() -> None:
    """A column of 200,000 figures takes no more than a few copies of its own text."""
    golden = Path(__file__).parent.parent / "golden" / "report-1.json"
    body = json.loads(golden.read_text(encoding="utf-8"))
    body["observations"]["path"]["evidence"] = {"samples": [0] * 200_000}
    report = Report.from_json(body)
    tracemalloc.start()
    text = report.dumps()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert '"samples": [ 0, 0, ' in text
    assert peak < 60_000_000


def test_what_others_quote_back_is_scrubbed() -> None:
    """A server or proxy that repeats a password in any text of its own does not get it into the report."""
    said = {"phrase": "no hunter22 here", "location": "https://x/?p=hunter22", "url": "https://hunter22.example"}

    assert without_secrets(said, {"hunter22"}) == {
        "phrase": "no … here",
        "location": "https://x/?p=…",
        "url": "https://hunter22.example",
    }
