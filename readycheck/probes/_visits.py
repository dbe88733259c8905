"""The targets of a profile as the proxy chapter meets them: each visited straight, and through a proxy if one applies.

The `proxy` probe tells all of it.
"""

import asyncio
from dataclasses import dataclass, replace
from typing import Literal

from readycheck.engine.probe import Context
from readycheck.model.failure import OperationFailed
from readycheck.model.proxy import DIRECT, Hop, ProxyAnswer
from readycheck.model.visit import Visit
from readycheck.net.resolve import resolve
from readycheck.net.turn import TurnServer
from readycheck.net.visit import visit_turn, visit_url
from readycheck.probes._routes import asked_for, routes_of
from readycheck.profile.schema import Profile
from readycheck.rtc.ice_server import IceUrl, parse_ice_url

Role = Literal["signalling", "media", "identity"]
NO_WEB_PROXY = "UDP takes no web proxy"


@dataclass(frozen=True)
class VisitedTarget:
    """One target: what it is for, its URL, and the URL that a browser asks its proxy configuration for."""

    role: Role
    url: str
    asked: str | None
    """None for TURN over UDP, which goes straight whatever is configured."""

    @property
    def ice_url(self) -> IceUrl | None:
        """The TURN URL in parts; None for the web's."""
        return parse_ice_url(self.url) if self.role == "media" else None


@dataclass(frozen=True)
class Visits:
    """What is configured for a target, and what came of the attempts."""

    route: ProxyAnswer
    direct: Visit
    proxied: Visit | None

    @property
    def all(self) -> tuple[Visit, ...]:
        """The attempts, the direct one first."""
        return (self.direct, self.proxied) if self.proxied else (self.direct,)


def visited_targets(profile: Profile) -> list[VisitedTarget]:
    """Every signalling, TURN and identity target, each URL once, in the order of the profile."""
    targets = profile.targets
    found = [VisitedTarget("signalling", one.url, one.url) for one in targets.signalling]
    for server in targets.ice_servers:
        turn = [url for url in server.parsed_urls if url.kind == "turn"]
        found += [VisitedTarget("media", url.url, None if url.transport == "udp" else asked_for(url)) for url in turn]
    found += [VisitedTarget("identity", one.issuer, one.issuer) for one in targets.identity]
    return list(dict.fromkeys(found))


async def visits_to(context: Context, target: VisitedTarget) -> Visits:
    """The visits to a target, straight and through the proxy side by side."""
    if target.asked is None:
        answer = ProxyAnswer(target.url, NO_WEB_PROXY, (DIRECT,), "DIRECT")
        return Visits(answer, await _attempt(context.profile, target, (DIRECT,)), None)
    # The direct attempt waits for nothing that a PAC file may take.
    straight = asyncio.ensure_future(_attempt(context.profile, target, (DIRECT,)))
    try:
        answer = (await routes_of(context)).answers[target.asked]
        proxies = tuple(hop for hop in answer.hops if hop != DIRECT)
        proxied = await _attempt(context.profile, target, proxies) if proxies else None
        return Visits(answer, await straight, proxied)
    finally:
        straight.cancel()
        await asyncio.gather(straight, return_exceptions=True)  # its sockets are closed before this returns


async def _attempt(profile: Profile, target: VisitedTarget, hops: tuple[Hop, ...]) -> Visit:
    if target.ice_url is None:
        return await visit_url(target.url, hops, profile.trust)
    url = target.ice_url
    server = TurnServer(url.host, url.port, url.transport, url.host, ca_file=profile.trust.ca_file, hops=hops)
    if url.transport != "udp":
        return await visit_turn(server)
    try:
        found = await resolve(url.host)
    except OperationFailed as error:
        return Visit("DIRECT", reached=False, failure=error.failure)
    visits = await asyncio.gather(*(visit_turn(replace(server, address=address)) for address in found))
    return next((visit for visit in visits if visit.reached), visits[0])
