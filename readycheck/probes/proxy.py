"""The proxy bypass, target by target: what is configured, what works without the proxy, what only through it."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, ClassVar

from readycheck.engine.probe import Context, Probe
from readycheck.model.evidence import Evidence, Quantity, metric_of
from readycheck.model.failure import Failure, FailureCode, commonest
from readycheck.model.proxy import DIRECT, ProxySettings
from readycheck.model.traffic import Traffic
from readycheck.model.visit import Inspection, Visit
from readycheck.net.inspection import Surroundings, examine
from readycheck.net.pac.fetch import shown_place
from readycheck.net.pac.url import parse_target
from readycheck.net.portal import LIMIT_S as PORTAL_LIMIT_S
from readycheck.net.proxy_route import shown_text
from readycheck.net.visit import VISIT_LIMIT_S
from readycheck.probes._attempts import TARGETS_AT_ONCE
from readycheck.probes._routes import routes_of
from readycheck.probes._servers import urls, without_login
from readycheck.probes._visits import NO_WEB_PROXY, VisitedTarget, Visits, visited_targets, visits_to
from readycheck.profile.schema import Profile

_LONGEST_BYPASS = 50


@dataclass(frozen=True)
class Source:
    """What one source says of proxies; they stand in the order in which they win."""

    source: str
    kind: str
    servers: tuple[str, ...] = ()
    bypass: tuple[str, ...] = ()
    pac_url: str | None = None
    dhcp_pac_url: str | None = None


@dataclass(frozen=True)
class Target:
    """One target. `attempts`: straight, then through the proxy where one applies.

    `conclusion` is bypass_works, bypass_blocked (configured to go direct); proxy_only, proxy_or_direct, direct_only
    (configured to take the proxy); unreached, unknown (no route could be worked out).
    """

    url: str
    role: str
    source: str
    hops: tuple[str, ...]
    attempts: tuple[Visit, ...]
    conclusion: str
    inspection: Inspection
    answer: str | None = None
    route_failure: Failure | None = None

    @property
    def direct(self) -> Visit:
        """The attempt without a proxy."""
        return self.attempts[0]

    @property
    def proxied(self) -> Visit | None:
        """The attempt through the proxy; None where none applies."""
        return self.attempts[1] if len(self.attempts) > 1 else None

    @property
    def answered_direct(self) -> bool | None:
        """Whether the configuration answers DIRECT; None if nobody can tell."""
        return None if self.route_failure else self.hops[:1] == ("DIRECT",)


@dataclass(frozen=True)
class ProxyEvidence(Evidence):
    """What is configured, and what each target answered by each way."""

    sparse: ClassVar[bool] = True

    sources: tuple[Source, ...]
    targets: tuple[Target, ...]

    @metric_of("bool")
    def configured(self) -> Quantity:
        """Whether environment, system, PAC or WPAD gives a proxy for at least one target."""
        asked = [target for target in self.targets if target.source != NO_WEB_PROXY]
        if any(hop != "DIRECT" for target in asked for hop in target.hops):
            return Quantity(True)
        failures = [target.route_failure for target in asked if target.route_failure]
        return Quantity(None, reason=commonest(failures)) if failures else Quantity(False)

    @metric_of("ratio")
    def signalling_direct_ratio(self) -> Quantity:
        """Signalling targets for which the configuration answers DIRECT."""
        return self._direct("signalling")

    @metric_of("ratio")
    def media_direct_ratio(self) -> Quantity:
        """TURN targets for which the configuration answers DIRECT; UDP takes no web proxy and counts as direct."""
        return self._direct("media")

    @metric_of("ratio")
    def bypass_ratio(self) -> Quantity:
        """Targets reached without the proxy in fact, whatever the configuration says."""
        return _reached([target.direct for target in self.targets])

    @metric_of("ratio")
    def connect_ok_ratio(self) -> Quantity:
        """Targets reached through the proxy, of those for which the configuration names one."""
        return _reached([target.proxied for target in self.targets if target.proxied], self._no_proxy())

    @metric_of("bool")
    def authentication_required(self) -> Quantity:
        """Whether a proxy asked for a login (407), even if it was then satisfied."""
        proxied = [target.proxied for target in self.targets if target.proxied]
        replies = [visit.proxy for visit in proxied if visit.proxy]
        if any(reply.asked_for_login for reply in replies):
            return Quantity(True)
        if any(reply.status for reply in replies):
            return Quantity(False)
        failures = [visit.failure for visit in proxied if visit.failure]
        failures += [target.route_failure for target in self.targets if target.route_failure]
        return Quantity(None, reason=commonest(failures)) if failures else Quantity(False)

    @metric_of("bool")
    def tls_intercepted(self) -> Quantity:
        """Whether a certificate chain seen is not the true server's: proven by a pin, else likely by two signs."""
        examined = [target for target in self.targets if _in_tls(target.url)]
        if not examined:
            return Quantity(None, reason=FailureCode.NOT_CONFIGURED)
        answers = [target.inspection.intercepted for target in examined]
        if True in answers:
            return Quantity(True, reason=FailureCode.TLS_INTERCEPTED)
        if None not in answers:
            return Quantity(False)
        untold = [target for target in examined if target.inspection.intercepted is None]
        if any(visit.chain for target in untold for visit in target.attempts):
            return Quantity(None, reason=FailureCode.NOT_PROVEN)
        failures = [visit.failure for target in untold for visit in target.attempts if visit.failure]
        return Quantity(None, reason=commonest(failures) or FailureCode.NOT_PROVEN)

    def _direct(self, role: str) -> Quantity:
        targets = [target for target in self.targets if target.role == role]
        if not targets:
            return Quantity(None, reason=FailureCode.NOT_CONFIGURED)
        failures = [target.route_failure for target in targets if target.route_failure]
        if failures:
            return Quantity(None, reason=commonest(failures))
        return Quantity(sum(bool(target.answered_direct) for target in targets) / len(targets))

    def _no_proxy(self) -> FailureCode:
        """Why nothing was tried through a proxy."""
        return commonest([one.route_failure for one in self.targets if one.route_failure]) or FailureCode.NOT_CONFIGURED


def _reached(visits: list[Visit], if_none: FailureCode = FailureCode.NOT_CONFIGURED) -> Quantity:
    if not visits:
        return Quantity(None, reason=if_none)
    failures = [visit.failure for visit in visits if not visit.reached and visit.failure]
    return Quantity(sum(visit.reached for visit in visits) / len(visits), reason=commonest(failures))


def _in_tls(url: str) -> bool:
    return url.startswith(("https:", "wss:", "turns:"))


class Proxy(Probe[ProxyEvidence]):
    """Does signalling and media get past the proxy: as configured, and in fact."""

    id = "proxy"
    title = "Proxy bypass"

    @classmethod
    def inputs(cls, profile: Profile) -> Any:
        """The targets, and the pins that tell their certificates from another's."""
        return {
            "signalling": [without_login(target.url) for target in profile.targets.signalling],
            "media": urls(profile, "turn"),
            "identity": [target.issuer for target in profile.targets.identity],
            "pins": [pin.model_dump() for pin in profile.trust.pins],
        }

    @classmethod
    def traffic(cls, profile: Profile) -> list[Traffic]:
        """Each target straight and through the proxy: a name, a certificate chain, one short exchange."""
        found: dict[tuple[str, int, str], Traffic] = {}
        for target in visited_targets(profile):
            host, port, transport = _place(target)
            byte = 1_500 if transport == "udp" else 40_000
            found.setdefault((host, port, transport), Traffic(cls.id, host, port, transport, byte, VISIT_LIMIT_S))
            if _in_tls(target.url):  # asked only if a certificate is not believed: a captive portal would answer
                found.setdefault((host, 80, "tcp"), Traffic(cls.id, host, 80, "tcp", 3_000, VISIT_LIMIT_S))
        return list(found.values())

    def deadline_s(self, profile: Profile) -> float:
        """A PAC file fetched and run, and the slowest visits of every fifty."""
        rounds = ceil(len(visited_targets(profile)) / TARGETS_AT_ONCE) or 1
        return 25.0 + rounds * (VISIT_LIMIT_S + PORTAL_LIMIT_S)

    def summary(self, evidence: ProxyEvidence) -> str | None:
        """How many targets were reached direct, and how many only through the proxy."""
        targets = evidence.targets
        if not targets:
            return "no target in the profile"
        parts = [f"{sum(target.direct.reached for target in targets)} of {len(targets)} reached direct"]
        if proxied := [target.proxied for target in targets if target.proxied]:
            parts.append(f"{sum(visit.reached for visit in proxied)} of {len(proxied)} through the proxy")
        if evidence.tls_intercepted.value:
            parts.append("TLS probably opened on the way")
        return " · ".join(parts)

    async def gather(self, context: Context) -> ProxyEvidence:
        """Every target side by side."""
        targets = visited_targets(context.profile)
        context.progress(f"{len(targets)} targets")
        done: dict[VisitedTarget, Visits] = {}
        sources: tuple[Source, ...] = ()

        def so_far() -> ProxyEvidence:
            return ProxyEvidence(
                sources, _examined(context.profile, [(one, done[one]) for one in targets if one in done])
            )

        context.keep(so_far)

        at_once = asyncio.Semaphore(TARGETS_AT_ONCE)

        async def one(target: VisitedTarget) -> None:
            async with at_once:
                done[target] = await visits_to(context, target)
            context.progress(f"{len(done)} of {len(targets)} visited")

        async with asyncio.TaskGroup() as group:
            for target in targets:
                group.create_task(one(target))
            if targets:
                sources = tuple(map(_source, (await routes_of(context)).settings))
        return so_far()


def _source(setting: ProxySettings) -> Source:
    servers = {f"{scheme}: {hop}" for scheme, hops in setting.servers.items() for hop in hops}
    return Source(
        source=setting.source,
        kind=setting.kind,
        servers=tuple(sorted(servers)),
        bypass=tuple(map(shown_text, setting.bypass[:_LONGEST_BYPASS])),
        pac_url=shown_place(setting.pac_url) if setting.pac_url else None,
        dhcp_pac_url=shown_place(setting.dhcp_pac_url) if setting.dhcp_pac_url else None,
    )


def _examined(profile: Profile, visited: Iterable[tuple[VisitedTarget, Visits]]) -> tuple[Target, ...]:
    visited = list(visited)
    around = Surroundings.of(visit for _, visits in visited for visit in visits.all)
    return tuple(
        Target(
            url=_shown_url(target),
            role=target.role,
            source=visits.route.source,
            answer=visits.route.text,
            hops=tuple(map(str, visits.route.hops)),
            attempts=_kept(visits),
            conclusion=_conclusion(visits),
            inspection=examine(_place(target)[0], visits.all, profile.trust.pins, around),
            route_failure=visits.route.failure,
        )
        for target, visits in visited
    )


def _kept(visits: Visits) -> tuple[Visit, ...]:
    """The attempts as they are kept: a chain that was shown twice stands there once, and its end beside the other."""
    proxied = visits.proxied
    if proxied is None or proxied.chain is None or proxied.chain != visits.direct.chain:
        return visits.all
    short = replace(proxied.chain, certificates=proxied.chain.certificates[:1])
    return visits.direct, replace(proxied, chain=short)


def _conclusion(visits: Visits) -> str:
    if visits.route.failure:
        return "unknown"
    direct, proxied = visits.direct.reached, visits.proxied
    if proxied is None or (direct and visits.route.hops[0] == DIRECT):
        return "bypass_works" if direct else "bypass_blocked"
    if proxied.reached:
        return "proxy_or_direct" if direct else "proxy_only"
    return "direct_only" if direct else "unreached"


def _place(target: VisitedTarget) -> tuple[str, int, str]:
    if url := target.ice_url:
        return url.host, url.port, url.transport
    parsed = parse_target(target.url)
    return parsed.host, parsed.port, "tls" if _in_tls(target.url) else "tcp"


def _shown_url(target: VisitedTarget) -> str:
    """Without user name and query, which may hold a token; TURN URLs have neither."""
    return target.url if target.ice_url else shown_place(target.url)
