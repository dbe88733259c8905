"""Signalling by the way that the softphone would take: names, TCP, proxy, TLS, HTTPS status, WebSockets held open.

A target answers if one of its attempts did. Through a proxy the time to connect is TCP and CONNECT together: `via`
beside it says so, and the target's name is the proxy's to look up.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from math import ceil
from statistics import median
from typing import Any
from urllib.parse import urldefrag, urlsplit

from readycheck.engine.probe import Context, Probe
from readycheck.model.evidence import Evidence, Interval, Quantity, metric_of
from readycheck.model.failure import Failure, FailureCode, OperationFailed, commonest
from readycheck.model.proxy import DIRECT, Hop
from readycheck.model.traffic import Traffic
from readycheck.model.visit import Visit
from readycheck.net.lookup import IPVersion, look_up
from readycheck.net.pac.fetch import shown_place
from readycheck.net.pac.url import parse_target
from readycheck.net.visit import VISIT_LIMIT_S, visit_url
from readycheck.probes._attempts import BEGIN_WITHIN_S, TARGETS_AT_ONCE, attempts_in_time, kept
from readycheck.probes._routes import routes_of
from readycheck.probes._servers import milliseconds, without_login
from readycheck.profile.schema import Profile, SignallingTarget

ATTEMPTS = 3
HOLD_S = 3.0
_ROUTES_LIMIT_S = 25.0  # a PAC file fetched and run
_ATTEMPT_BYTE = 12_000  # a handshake with a certificate chain, and a short answer
_CUT_MS = 500.0  # Date is cut to the second (RFC 9110 section 5.6.7); the middle of it is what is reckoned with


@dataclass(frozen=True)
class Lookup:
    """The name's addresses of one family (A or AAAA), and how long the answer took."""

    family: int
    elapsed_ms: float
    addresses: tuple[str, ...] = ()
    failure: Failure | None = None


@dataclass(frozen=True)
class Target:
    """One URL. `failure` tells why no way to it could be worked out: then nothing was tried."""

    url: str
    hops: tuple[str, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    attempts: tuple[Visit, ...] = ()
    failure: Failure | None = None

    @property
    def is_websocket(self) -> bool:
        """Whether a WebSocket is expected there."""
        return self.url.startswith(("ws:", "wss:"))

    @property
    def answers(self) -> bool:
        """Whether one of the attempts went as expected."""
        return any(attempt.failure is None for attempt in self.attempts)


@dataclass(frozen=True)
class SignallingEvidence(Evidence):
    """What each signalling target answered."""

    targets: tuple[Target, ...]

    @metric_of("ratio")
    def reachable_ratio(self) -> Quantity:
        """HTTPS targets that answer as expected, by the route that the softphone would take."""
        return _ratio([target for target in self.targets if not target.is_websocket])

    @metric_of("ratio")
    def websocket_ratio(self) -> Quantity:
        """WSS targets that open and stay open, or answer as the profile expects."""
        return _ratio([target for target in self.targets if target.is_websocket])

    @metric_of("number")
    def target_count(self) -> Quantity:
        """Signalling targets that the profile names; 0 is a figure too, so that conditions can ask for it."""
        return Quantity(len(self.targets))

    @metric_of("number")
    def https_count(self) -> Quantity:
        """Those of them that are pages (https)."""
        return Quantity(sum(not target.is_websocket for target in self.targets))

    @metric_of("number")
    def websocket_count(self) -> Quantity:
        """Those of them that are WebSockets (wss)."""
        return Quantity(sum(target.is_websocket for target in self.targets))

    @metric_of("ms")
    def connect_p50_ms(self) -> Quantity:
        """TCP connect, median over all attempts; through a proxy, TCP and CONNECT together."""
        return self._median(lambda visit: visit.connected_ms)

    @metric_of("ms")
    def tls_p50_ms(self) -> Quantity:
        """TLS handshake, median over all attempts."""
        return self._median(lambda visit: visit.tls_ms)

    @metric_of("ms")
    def clock_offset_ms(self) -> Quantity:
        """The servers' clocks less this machine's, median of their Date headers, good to about half a second."""
        said = sorted(
            (offset_ms, visit.answered_ms or 0.0)
            for visit in self._visits
            if (offset_ms := visit.clock_offset_ms) is not None
        )
        if not said:
            return Quantity(None, reason=self._why_not())
        middle_ms, round_trip_ms = said[(len(said) - 1) // 2]  # one server's word, with the doubt that goes with it
        doubt_ms = _CUT_MS + round_trip_ms / 2
        return Quantity(middle_ms, Interval(middle_ms - doubt_ms, middle_ms + doubt_ms))

    @property
    def _visits(self) -> list[Visit]:
        return [visit for target in self.targets for visit in target.attempts]

    def _median(self, time_of: Callable[[Visit], float | None]) -> Quantity:
        times = [spent for visit in self._visits if (spent := time_of(visit)) is not None]
        return Quantity(median(times)) if times else Quantity(None, reason=self._why_not())

    def _why_not(self) -> FailureCode:
        failures = [target.failure for target in self.targets] + [visit.failure for visit in self._visits]
        return commonest([failure for failure in failures if failure]) or FailureCode.NOT_CONFIGURED


def _ratio(targets: list[Target]) -> Quantity:
    if not targets:
        return Quantity(None, reason=FailureCode.NOT_CONFIGURED)
    if not all(target.attempts for target in targets):  # no way could be worked out, or cut short
        return Quantity(None, reason=commonest([target.failure for target in targets if target.failure]))
    missed = [visit.failure for target in targets if not target.answers for visit in target.attempts]
    reason = commonest([failure for failure in missed if failure])
    return Quantity(sum(target.answers for target in targets) / len(targets), reason=reason)


class Signalling(Probe[SignallingEvidence]):
    """Does the softphone's signalling get through."""

    id = "signalling"
    title = "Signalling"

    @classmethod
    def inputs(cls, profile: Profile) -> Any:
        """The URLs, and what they are expected to answer."""
        return [
            {"url": without_login(target.url), "expect_status": target.expect_status}
            for target in profile.targets.signalling
        ]

    @classmethod
    def traffic(cls, profile: Profile) -> list[Traffic]:
        """Three attempts at each target, and port 80 of those in TLS, asked only if a certificate is not believed."""
        found = []
        for target in profile.targets.signalling:
            place = parse_target(target.url)
            in_tls = place.scheme in ("https", "wss")
            hold_s = HOLD_S if place.scheme in ("ws", "wss") else 0.0
            seconds, byte = BEGIN_WITHIN_S + VISIT_LIMIT_S + hold_s, ATTEMPTS * _ATTEMPT_BYTE
            found.append(Traffic(cls.id, place.host, place.port, "tls" if in_tls else "tcp", byte, seconds))
            if in_tls:
                found.append(Traffic(cls.id, place.host, 80, "tcp", ATTEMPTS * 3_000, VISIT_LIMIT_S))
        return list(dict.fromkeys(found))

    def deadline_s(self, profile: Profile) -> float:
        """The routes, then the slowest target of every fifty."""
        rounds = ceil(len(profile.targets.signalling) / TARGETS_AT_ONCE) or 1
        return _ROUTES_LIMIT_S + rounds * (5.0 + BEGIN_WITHIN_S + VISIT_LIMIT_S + HOLD_S)

    def summary(self, evidence: SignallingEvidence) -> str | None:
        """How many answered, and whether the WebSockets held."""
        targets = evidence.targets
        if not targets:
            return "no signalling target in the profile"
        held = [target.answers for target in targets if target.is_websocket]
        of_how_many = "" if len(held) == 1 else f" {sum(held)} of {len(held)}"
        websocket = f" · WebSocket held{of_how_many}" if any(held) else " · no WebSocket held" if held else ""
        return f"{sum(target.answers for target in targets)} of {len(targets)} answer{websocket}"

    async def gather(self, context: Context) -> SignallingEvidence:
        """Every target side by side."""
        trials = [_Trial(target, context.profile) for target in context.profile.targets.signalling]

        def so_far() -> SignallingEvidence:
            return SignallingEvidence(tuple(trial.told for trial in trials))

        context.keep(so_far)
        if not trials:
            return so_far()
        context.progress(f"the way to {len(trials)} targets")
        routes, done = await routes_of(context), 0
        at_once = asyncio.Semaphore(TARGETS_AT_ONCE)

        async def one(trial: _Trial) -> None:
            nonlocal done
            async with at_once:
                await trial.run(routes.hops(trial.target.url))
            done += 1
            context.progress(f"{done} of {len(trials)} asked")

        async with asyncio.TaskGroup() as group:
            for trial in trials:
                group.create_task(one(trial))
        return so_far()


class _Trial:
    """One target while it is asked; what is known of it can be told at any moment."""

    def __init__(self, target: SignallingTarget, profile: Profile) -> None:
        self.target = target
        self._profile = profile
        self._hops: tuple[Hop, ...] = ()
        self._lookups: list[Lookup] = []
        self._visits: list[Visit] = []
        self._failure: Failure | None = None

    @property
    def told(self) -> Target:
        """As it stands."""
        return Target(
            url=shown_place(self.target.url),
            hops=tuple(map(str, self._hops)),
            lookups=tuple(self._lookups),
            attempts=tuple(self._visits),
            failure=self._failure,
        )

    async def run(self, hops: tuple[Hop, ...] | Failure) -> None:
        """The names, then the attempts one after the other; a WebSocket is held in the first that opens."""
        if isinstance(hops, Failure):
            self._failure = hops
            return
        self._hops = hops
        host, url, held = parse_target(self.target.url).host, _as_visited(self.target.url), False
        if DIRECT in hops:
            self._lookups += await _look_ups(host)
        for _ in attempts_in_time(ATTEMPTS):
            visit = await visit_url(
                url,
                hops,
                self._profile.trust,
                expected=self.target.expect_status,
                hold_s=0.0 if held else HOLD_S,
            )
            held = held or visit.failure is None
            self._visits.append(kept(visit))


async def _look_ups(host: str) -> Sequence[Lookup]:
    """A and AAAA of a name, side by side; nothing for an address literal."""
    try:
        ip_address(host)
    except ValueError:
        return await asyncio.gather(_look_up(host, 4), _look_up(host, 6))
    return ()


async def _look_up(host: str, version: IPVersion) -> Lookup:
    started_s = time.perf_counter()
    found: tuple[str, ...] = ()
    failure: Failure | None = None
    try:
        found = await look_up(host, version)
    except OperationFailed as error:
        failure = error.failure
    return Lookup(version, milliseconds(time.perf_counter() - started_s) or 0.0, found, failure)


def _as_visited(url: str) -> str:
    """As a browser would open it: without fragment (WHATWG WebSockets section 3.1), and a user only with a password."""
    parts = urlsplit(urldefrag(url).url)
    return parts.geturl() if parts.password else without_login(parts.geturl())
