"""What the probes would leave of a profile's targets on workstations of several kinds: evidence, unmeasured."""

from dataclasses import dataclass, replace
from datetime import date

from readycheck.cli.verdict import digests
from readycheck.engine.registry import probes
from readycheck.host.browser.found import Default, Policy
from readycheck.host.context import WrongUser
from readycheck.host.session.signal import Session
from readycheck.judge import Case, judge
from readycheck.model.audio import AudioDevice
from readycheck.model.evidence import Evidence
from readycheck.model.failure import Failure, FailureCode
from readycheck.model.network import Interface, Way, Wifi
from readycheck.model.report import Metric, Observation, ObservationStatus
from readycheck.model.verdict import Scope, Verdict
from readycheck.model.visit import Inspection, Visit
from readycheck.probes import (
    _turn_evidence,
    bandwidth,
    call,
    fallback,
    identity,
    path,
    path_mtu,
    proxy,
    signalling,
    stun,
)
from readycheck.probes._headset_evidence import HeadsetEvidence
from readycheck.probes._network_evidence import NetworkEvidence, Target
from readycheck.probes._reflector import Reflection, has_far_end
from readycheck.probes._servers import targets as servers
from readycheck.probes._visits import VisitedTarget, visited_targets
from readycheck.probes.browser import Browser, BrowserEvidence
from readycheck.probes.session import SessionEvidence
from readycheck.probes.workstation import WorkstationEvidence
from readycheck.profile.schema import Profile
from tests.unit.visit_samples import HOP, direct, proxied

SILENCE = Failure(FailureCode.STUN_TIMEOUT, "allocate")
NO_CREDENTIALS = Failure(FailureCode.NOT_CONFIGURED, "allocate", "no credentials in the profile")
NO_REFLECTOR = Failure(FailureCode.NOT_CONFIGURED, "find a reflector")
NO_LOAD = bandwidth.BandwidthEvidence(is_far_end_configured=False, failure=NO_REFLECTOR)


CHROME = Browser("chrome", "142.0.7444.176", "sample")
JABRA = AudioDevice(
    "Jabra Evolve2 40",
    "usb",
    ("0b0e:0e40",),
    known_as=("Jabra Evolve2 40",),
    kind="headset",
    captures=True,
    renders=True,
    default=True,
)
CONSOLE = Session("console", remote=False)
CABLE = Interface("link", "ethernet", is_up=True, is_vpn=False, addresses=("192.0.2.31",), gateways=("192.0.2.1",))


@dataclass(frozen=True)
class Workstation:
    """What its network lets through, and whether a proxy is configured that lets TCP through."""

    web: bool = True
    """TCP 443 towards pages and WebSockets, direct."""
    udp: bool = True
    relay_tcp: bool = True
    """TCP and TLS towards relays, direct."""
    has_proxy: bool = False
    rtt_ms: float = 40.0
    payload_byte: int = 1472
    """What the largest datagram carries."""
    browser: Browser = CHROME
    microphone: str | None = None
    """Windows' own switch, Allow or Deny; None on a system that has none."""
    headset: AudioDevice | None = JABRA
    session: Session = CONSOLE
    link: Interface = CABLE
    wifi_dbm: float | None = None
    media_via_vpn: bool = False
    tunnel: Interface | None = None
    run_as: WrongUser | None = None
    lost_every: int = 0
    """One packet in so many is lost; 0 for none."""
    load: bandwidth.BandwidthEvidence = NO_LOAD

    def opens(self, url: str) -> bool:
        """Whether this URL is reached without a proxy."""
        if url.startswith(("turn:", "turns:", "stun:")):
            return self.udp if "transport=tcp" not in url else self.relay_tcp
        return self.web

    def reaches(self, url: str) -> bool:
        """Whether it is reached by the way that a softphone would take."""
        by_proxy = self.has_proxy and not url.startswith("stun:") and "transport=udp" not in url
        return by_proxy or self.opens(url)


def judged(profile: Profile, workstation: Workstation, scope: Scope = Scope.WORKSTATION) -> Verdict:
    """The verdict on this workstation."""
    inputs = digests(profile)
    gathered = evidence_of(profile, workstation)
    observations = {name: Observation(ObservationStatus.COLLECTED, 1, inputs[name]) for name in probes()}
    metrics = {
        f"{name}.{attribute}": Metric.of(quantity, units[attribute])
        for name, evidence in gathered.items()
        for units in [{own: definition.unit for own, definition in type(evidence).definitions()}]
        for attribute, quantity in (evidence.quantities() | probes()[name].answered(evidence, profile)).items()
    }
    return judge(profile, Case(metrics, observations, inputs, date(2026, 11, 22)), scope)


def evidence_of(profile: Profile, workstation: Workstation) -> dict[str, Evidence]:
    """Evidence of each probe."""
    relays = _turn(profile, workstation)
    return {
        "proxy": proxy.ProxyEvidence((), tuple(_proxied(one, workstation) for one in visited_targets(profile))),
        "signalling": _signalling(profile, workstation),
        "stun": _stun(profile, workstation),
        "turn": relays,
        "path": _path(profile, relays, workstation),
        "path_mtu": _path_mtu(profile, relays, workstation),
        "call": _call(relays),
        "bandwidth": workstation.load,
        "identity": _identity(profile, workstation),
        "fallback": _fallback(profile, workstation),
        "browser": _browser(workstation),
        "headset": HeadsetEvidence(devices=(workstation.headset,) if workstation.headset else ()),
        "session": SessionEvidence(workstation.session),
        "network": _network(workstation),
        "workstation": WorkstationEvidence(run_as=workstation.run_as),
    }


def _browser(workstation: Workstation) -> BrowserEvidence:
    switch = workstation.microphone
    consents = (Policy("microphone", switch, "HKLM", "in_force"),) if switch else ()
    return BrowserEvidence((workstation.browser,), Default(workstation.browser.name, "sample"), consents)


def _network(workstation: Workstation) -> NetworkEvidence:
    way = Way("192.0.2.1", "192.0.2.31", "link", via_vpn=workstation.media_via_vpn)
    interfaces = tuple(filter(None, (workstation.link, workstation.tunnel)))
    target = Target("media", "turn.example.com", (way,))
    return NetworkEvidence(interfaces, targets=(target,), carrier="link", wifi=Wifi(workstation.wifi_dbm))


def _proxied(target: VisitedTarget, workstation: Workstation) -> proxy.Target:
    straight = direct(reached=workstation.opens(target.url))
    applies = workstation.has_proxy and target.asked is not None
    hops = (HOP,) if applies else ("DIRECT",)
    attempts: tuple[Visit, ...] = (straight, proxied()) if applies else (straight,)
    return proxy.Target(target.url, target.role, "sample", hops, attempts, "unknown", Inspection(False, "likely"))


def _visit(url: str, workstation: Workstation) -> Visit:
    reached = workstation.reaches(url)
    return direct(reached=reached, connected_ms=20.0 if reached else None)


def _signalling(profile: Profile, workstation: Workstation) -> signalling.SignallingEvidence:
    urls = [target.url for target in profile.targets.signalling]
    return signalling.SignallingEvidence(
        tuple(signalling.Target(url, attempts=(_visit(url, workstation),)) for url in urls)
    )


def _stun(profile: Profile, workstation: Workstation) -> stun.StunEvidence:
    attempt = stun.Attempt(4, "192.0.2.1", reached=workstation.udp, failure=None if workstation.udp else SILENCE)
    return stun.StunEvidence(tuple(stun.Server(one.url.url, (attempt,)) for one in servers(profile, "stun")))


def _turn(profile: Profile, workstation: Workstation) -> _turn_evidence.TurnEvidence:
    found = []
    for one in servers(profile, "turn"):
        reached = workstation.reaches(one.url.url)
        failure = None if reached else SILENCE
        attempt = _turn_evidence.Attempt("192.0.2.1", reached=reached, allocated=False, failure=failure)
        relay = reached if one.has_credentials else None
        why = failure if one.has_credentials else NO_CREDENTIALS
        found.append(
            _turn_evidence.Server(
                one.url.url, one.url.transport, one.has_credentials, (attempt,), relay, relay_failure=why
            )
        )
    return _turn_evidence.TurnEvidence(tuple(found))


def _path(profile: Profile, relays: _turn_evidence.TurnEvidence, workstation: Workstation) -> path.PathEvidence:
    known = has_far_end(profile)
    every = workstation.lost_every
    delays = tuple(None if every and number % every == 1 else workstation.rtt_ms for number in range(1_200))
    base = path.PathEvidence(None, is_far_end_configured=known, rtt_ms=delays, sent_after_ms=(0.0, *(20.0,) * 1_199))
    if relays.relaying:
        return replace(base, relay_transport="udp", url=relays.relaying.url)
    if profile.targets.reflector and workstation.udp:
        return replace(base, url="stamp:192.0.2.1:862", reflection=Reflection(is_authenticated=True))
    return path.PathEvidence(None, is_far_end_configured=known, failure=_why(relays))


def _path_mtu(
    profile: Profile, relays: _turn_evidence.TurnEvidence, workstation: Workstation
) -> path_mtu.PathMtuEvidence:
    known = profile.targets.reflector is not None or (relays.relaying is not None and workstation.udp)
    base = path_mtu.PathMtuEvidence(is_far_end_known=known)
    if not known or not workstation.udp:
        return replace(base, failure=_why(relays))
    return replace(
        base, ip_version=4, answered_byte=workstation.payload_byte, too_large_byte=workstation.payload_byte + 1
    )


def _call(relays: _turn_evidence.TurnEvidence) -> call.CallEvidence:
    if relays.relaying is None:
        return call.CallEvidence(None, failure=_why(relays))
    way = call.Direction(250, 250, 0, 1.0)
    return call.CallEvidence(
        relays.relaying.url, ice_nominated=True, dtls_srtp=True, first_packet_ms=80.0, forth=way, back=way
    )


def _why(relays: _turn_evidence.TurnEvidence) -> Failure:
    return Failure(relays.why_no_relay or FailureCode.NOT_CONFIGURED, "find a relay")


def _identity(profile: Profile, workstation: Workstation) -> identity.IdentityEvidence:
    issuers = [one.issuer for one in profile.targets.identity]
    targets = tuple(
        identity.Target(issuer, issuer, identity.DISCOVERY, (_visit(issuer, workstation),)) for issuer in issuers
    )
    return identity.IdentityEvidence(targets, sum(target.reached for target in targets))


def _fallback(profile: Profile, workstation: Workstation) -> fallback.FallbackEvidence:
    attempt = fallback.Attempt("192.0.2.1", answered=workstation.udp)
    return fallback.FallbackEvidence(
        tuple(fallback.Target(one.sip, "udp", (attempt,)) for one in profile.targets.fallback)
    )
