"""The way a softphone would take to each target by this machine's proxy configuration: worked out once a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from readycheck.engine.probe import Context
from readycheck.host.machine import Machine
from readycheck.host.proxy.effective import proxy_settings
from readycheck.model.failure import Failure
from readycheck.model.proxy import Hop, ProxyAnswer, ProxySettings
from readycheck.net.beside import beside
from readycheck.net.proxy_route import routes
from readycheck.profile.schema import Profile
from readycheck.rtc.ice_server import IceUrl
from readycheck.rtc.stun import hostport


@dataclass(frozen=True)
class Routes:
    """What is configured, and what it answers for each URL of the profile."""

    settings: tuple[ProxySettings, ...]
    answers: Mapping[str, ProxyAnswer]

    def hops(self, url: str) -> tuple[Hop, ...] | Failure:
        """The hops for a URL of the profile, or why nobody can tell."""
        answer = self.answers[url]
        return answer.failure or answer.hops


def asked_for(url: IceUrl) -> str:
    """What a browser asks its proxy configuration for on behalf of a TURN URL over TCP or TLS."""
    return f"https://{hostport(url.host, url.port)}/"


async def routes_of(context: Context) -> Routes:
    """The routes of every target of the profile."""
    return await context.once("routes", lambda: _all_routes(context.profile, context.machine))


async def routes_to(context: Context, urls: Sequence[str]) -> Routes:
    """The routes of URLs that the profile does not name, such as what a discovery document leads to."""
    known = await routes_of(context)
    answers = await routes(urls, known.settings) if urls else []
    return Routes(known.settings, dict(zip(urls, answers, strict=True)))


async def _all_routes(profile: Profile, machine: Machine) -> Routes:
    settings = await beside(lambda: proxy_settings(machine), "proxy settings")
    targets = profile.targets
    ice = [url for server in targets.ice_servers for url in server.parsed_urls if url.kind == "turn"]
    urls = [target.url for target in targets.signalling]
    urls += [asked_for(url) for url in ice if url.transport != "udp"]
    urls += [identity.issuer for identity in targets.identity]
    urls = list(dict.fromkeys(urls))
    answers = await routes(urls, settings) if urls else []
    return Routes(tuple(settings), dict(zip(urls, answers, strict=True)))
