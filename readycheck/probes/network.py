"""How this workstation hangs on the network: the link beneath media, the first router, VPN, and each target's way.

Ways are the routing table's answers: connect(2) on a datagram socket sends nothing. The first router is asked to echo.
"""

import asyncio
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from readycheck.engine.probe import Context, Probe
from readycheck.host.machine import Machine
from readycheck.host.network.gateway import ECHO_BYTE, ECHOES, echo
from readycheck.host.network.interfaces import agents, default_ways, dns_servers, interfaces, way_to
from readycheck.host.network.wifi import wifi
from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.model.network import GatewayEcho, Interface, Way, Wifi, carrier
from readycheck.model.traffic import Traffic
from readycheck.net.beside import within
from readycheck.net.pac.url import parse_target
from readycheck.probes._network_evidence import NetworkEvidence, Role, Target
from readycheck.probes._servers import addresses, targets, urls, without_login
from readycheck.profile.schema import Profile
from readycheck.rtc.ice_server import TRANSPORTS

T = TypeVar("T")
Host = tuple[Role, str]

_LIST_LIMIT_S, _WAY_LIMIT_S, _TOOL_LIMIT_S = 4.0, 1.0, 4.0
_TARGETS_AT_ONCE = 32
_MOST_INTERFACES = 32
_LINKS = {
    "ethernet": "Ethernet",
    "wifi": "Wi-Fi",
    "cellular": "mobile network",
    "loopback": "this machine alone",
    "virtual": "a virtual machine's link",
}


class Network(Probe[NetworkEvidence]):
    """Which link, which VPN, and which way each target takes."""

    id = "network"
    title = "Network of this machine"
    machine_only = True

    @classmethod
    def inputs(cls, profile: Profile) -> Any:
        """The relays, the networks of media, and the signalling targets."""
        media = profile.targets.media
        return {
            "relays": urls(profile, "turn"),
            "networks": media.cidrs if media else [],
            "signalling": [without_login(target.url) for target in profile.targets.signalling],
        }

    @classmethod
    def traffic(cls, profile: Profile) -> list[Traffic]:  # noqa: ARG003 - whatever the profile says
        """A few echo requests to the first router."""
        return [Traffic(cls.id, "default gateway", 0, "icmp", ECHOES * ECHO_BYTE, 1.0)]

    def deadline_s(self, profile: Profile) -> float:
        """The names, every 32 at once, then the tools, which have limits of their own."""
        return 10.0 + 4.0 * (1 + len(_hosts(profile)) // _TARGETS_AT_ONCE)

    def summary(self, evidence: NetworkEvidence) -> str | None:
        """The link, the router and the VPN."""
        signal, rtt = evidence.wifi_signal_dbm.value, evidence.gateway_rtt_ms.value
        tunnel = evidence.vpn_tunnel.value
        parts = [
            _LINKS.get(str(evidence.link.value), "unknown link")
            + (f" {signal:.0f} dBm" if isinstance(signal, float) else ""),
            f"first router {rtt:.1f} ms" if isinstance(rtt, float) else "",
            {"none": "no VPN", "full": "VPN, full tunnel", "split": "VPN, split tunnel"}.get(str(tunnel), ""),
        ]
        return " · ".join(filter(None, parts))

    async def gather(self, context: Context) -> NetworkEvidence:
        """Interfaces and names side by side, then the ways, then the tools that ask the link."""
        found = _Gathering(context.machine)
        context.keep(found.told)
        hosts = _hosts(context.profile)
        context.progress(f"{len(hosts)} hosts of the profile")
        resolved, _, _ = await asyncio.gather(
            _resolved(hosts, context.machine), found.read_interfaces(), found.read_agents()
        )
        await found.read_ways(resolved)
        context.progress("the link and its first router")
        await asyncio.gather(found.ask_gateway(), found.ask_wifi())
        return found.told()


def _hosts(profile: Profile) -> list[Host]:
    """Relays by UDP first, networks of media by their first address, signalling; each once."""
    media = profile.targets.media
    relays = sorted(targets(profile, "turn"), key=lambda target: TRANSPORTS.index(target.url.transport))
    found: list[Host] = [("media", target.url.host) for target in relays]
    found += [("media", str(ipaddress.ip_network(cidr, strict=False)[0])) for cidr in (media.cidrs if media else [])]
    found += [("signalling", parse_target(target.url).host) for target in profile.targets.signalling]
    return list(dict.fromkeys(found))


async def _resolved(hosts: list[Host], machine: Machine) -> dict[Host, list[str] | Failure]:
    """The addresses of each host, or why there are none."""
    at_once = asyncio.Semaphore(_TARGETS_AT_ONCE)

    async def one(name: str) -> list[str] | Failure:
        async with at_once:
            return await addresses(name, machine.look_up)

    return dict(zip(hosts, await asyncio.gather(*(one(name) for _, name in hosts)), strict=True))


@dataclass
class _Gathering:
    """What is known so far; each question to the machine has its own limit and costs the others nothing."""

    machine: Machine
    interfaces: tuple[Interface, ...] = ()
    default_ways: tuple[Way, ...] = ()
    targets: tuple[Target, ...] = ()
    carrier: Interface | None = None
    gateway: GatewayEcho | None = None
    wifi: Wifi | None = None
    dns_servers: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    failures: list[Failure] = field(default_factory=list)

    def told(self) -> NetworkEvidence:
        """As it stands; interfaces that are down tell nothing, and of very many those that matter are kept."""
        up = sorted((one for one in self.interfaces if one.is_up), key=self._rank)
        return NetworkEvidence(
            tuple(up[:_MOST_INTERFACES]),
            self.default_ways,
            self.targets,
            self.carrier.name if self.carrier else None,
            self.gateway,
            self.wifi,
            self.dns_servers,
            self.agents,
            tuple(self.failures),
            len(up[_MOST_INTERFACES:]),
        )

    def _rank(self, interface: Interface) -> tuple[bool, ...]:
        """First what is taken, then VPNs, then what may be one: of the rest none would change an answer."""
        ways = [*self.default_ways, *(way for target in self.targets for way in target.ways)]
        taken = {way.interface for way in ways} | {self.carrier.name if self.carrier else None}
        leads = bool(interface.addresses)
        return (
            interface.name not in taken,
            not (leads and interface.is_vpn),
            not (leads and interface.is_vpn is None),
            not leads,
        )

    async def read_interfaces(self) -> None:
        """Interfaces, then name servers."""
        found = await self._ask(_LIST_LIMIT_S, partial(interfaces, self.machine), "list interfaces")
        self.interfaces = found or ()
        servers = partial(dns_servers, self.machine, self.interfaces)
        self.dns_servers = await self._ask(_LIST_LIMIT_S, servers, "list name servers") or ()

    async def read_agents(self) -> None:
        """Products that may steer packets."""
        self.agents = await self._ask(_LIST_LIMIT_S, partial(agents, self.machine), "list processes") or ()

    async def read_ways(self, resolved: dict[Host, list[str] | Failure]) -> None:
        """The default ways and those to every address."""
        look = partial(_ways, self.machine, self.interfaces, resolved)
        self.default_ways, self.targets = await self._ask(_WAY_LIMIT_S, look, "look up routes") or ((), ())
        media = [way for target in self.targets if target.role == "media" for way in target.ways]
        self.carrier = carrier(self.interfaces, [*media, *self.default_ways])

    async def ask_gateway(self) -> None:
        """Echoes of the first router of the link that carries media."""
        if self.carrier and self.carrier.gateways:
            first = self.carrier.gateways[0]
            answer = await self._ask(_TOOL_LIMIT_S, partial(echo, self.machine, first), "ping")
            self.gateway = answer or GatewayEcho(first, failure=FailureCode.DEADLINE_EXCEEDED)

    async def ask_wifi(self) -> None:
        """The radio link, if media takes one."""
        if self.carrier and self.carrier.kind == "wifi":
            answer = await self._ask(_TOOL_LIMIT_S, partial(wifi, self.machine, self.carrier), "ask Wi-Fi")
            self.wifi = answer or Wifi(failure=FailureCode.DEADLINE_EXCEEDED)

    async def _ask(self, limit_s: float, work: Callable[[], T | FailureCode], operation: str) -> T | None:
        """One answer of the machine; None where there is none, and then the reason is kept."""
        try:
            answer = await within(limit_s, work, operation)
        except OperationFailed as error:
            self.failures.append(error.failure)
            return None
        if isinstance(answer, FailureCode):
            self.failures.append(Failure(answer, operation))
            return None
        return answer


def _ways(
    machine: Machine, found: tuple[Interface, ...], resolved: dict[Host, list[str] | Failure]
) -> tuple[tuple[Way, ...], tuple[Target, ...]]:
    told = tuple(
        Target(role, host, failure=literals)
        if isinstance(literals, Failure)
        else Target(role, host, tuple(way_to(machine, address, found) for address in literals))
        for (role, host), literals in resolved.items()
    )
    return default_ways(machine, found), told
