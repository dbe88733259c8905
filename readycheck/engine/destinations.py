"""Where media goes, as addresses: learnt once before a run, so that the ways to them can be looked at during it."""

import asyncio
import ipaddress
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

from readycheck.host.machine import Machine
from readycheck.model.failure import OperationFailed
from readycheck.net.resolve import resolve
from readycheck.profile.schema import Profile

_MOST = 16
_LIMIT_S = 1.0


async def destinations(profile: Profile, machine: Machine) -> tuple[str, ...]:
    """The literal addresses of relays, STUN servers, reflector and networks of media; a slow name is left out."""

    async def literals(host: str) -> list[str]:
        try:
            return await resolve(host, timeout_s=_LIMIT_S, look_up=machine.look_up)
        except OperationFailed:
            return []

    hosts = list(dict.fromkeys(_hosts(profile)))[:_MOST]
    found = await asyncio.gather(*map(literals, hosts))
    return tuple(dict.fromkeys(address for some in found for address in some))[:_MOST]


def _hosts(profile: Profile) -> Iterator[str]:
    targets = profile.targets
    for server in targets.ice_servers:
        with suppress(ValueError):  # a variable of it is not set
            yield from (url.host for url in server.parsed_urls)
    if targets.reflector and targets.reflector.stamp:
        yield _host(targets.reflector.stamp)
    for cidr in targets.media.cidrs if targets.media else []:
        yield str(ipaddress.ip_network(cidr, strict=False)[0])


def _host(place: str) -> str:
    """Of `host`, `host:port`, or an IPv6 address with or without brackets."""
    with suppress(ValueError):
        return str(ipaddress.ip_address(place))
    with suppress(ValueError):
        return urlsplit(f"//{place}").hostname or place
    return place
