"""The profile's ICE servers as the probes meet them: one URL, one transport, its credentials."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit, urlunsplit

from readycheck.host.local import look_up
from readycheck.model.failure import Failure, OperationFailed
from readycheck.model.proxy import DIRECT, Hop
from readycheck.model.traffic import Traffic
from readycheck.net.resolve import resolve
from readycheck.net.turn import TurnServer
from readycheck.profile.schema import IceServer, Profile
from readycheck.rtc.ice_server import TRANSPORTS, Credentials, IceUrl, ephemeral_credentials


@dataclass(frozen=True)
class Target:
    """One URL of one ICE server entry."""

    url: IceUrl
    server: IceServer
    ca_file: str | None

    def credentials(self, now_unix_s: float) -> Credentials | None:
        """The user's, or ephemeral ones from the shared secret, or none: then only reachability can be shown."""
        if self.server.shared_secret:
            return ephemeral_credentials(self.server.shared_secret.get_secret_value(), now_unix_s)
        if self.server.username and self.server.credential:
            return Credentials(self.server.username.get_secret_value(), self.server.credential.get_secret_value())
        return None

    @property
    def has_credentials(self) -> bool:
        """Whether the profile lets us ask for more than a challenge."""
        return self.credentials(0.0) is not None

    def at(self, address: str, now_unix_s: float, hops: tuple[Hop, ...] = (DIRECT,)) -> TurnServer:
        """This server at one of its addresses, or at its name where a proxy is to find it."""
        return TurnServer(
            address=address,
            port=self.url.port,
            transport=self.url.transport,
            server_name=self.url.host,
            credentials=self.credentials(now_unix_s),
            ca_file=self.ca_file,
            hops=hops,
        )


def targets(profile: Profile, kind: str) -> list[Target]:
    """Every URL of a kind (`stun` or `turn`), in the order of the profile."""
    return [
        Target(url, server, profile.trust.ca_file)
        for server in profile.targets.ice_servers
        for url in server.parsed_urls
        if url.kind == kind
    ]


def urls(profile: Profile, kind: str) -> list[str]:
    """The URLs of a kind as they are written, for the digest of a probe's inputs."""
    schemes = ("stun:", "stuns:") if kind == "stun" else ("turn:", "turns:")
    return [url for server in profile.targets.ice_servers for url in server.urls if url.startswith(schemes)]


def traffic(probe: str, profile: Profile, kind: str, *, byte: int, seconds: float) -> list[Traffic]:
    """The same traffic to every URL of a kind."""
    return [_to(target.url, probe, byte, seconds) for target in targets(profile, kind)]


def first_that_relays(probe: str, profile: Profile, *, byte: int, seconds: float) -> list[Traffic]:
    """The same traffic to one TURN server: the first that relays, UDP before TCP before TLS; none do for strangers."""
    able = [target.url for target in targets(profile, "turn") if target.has_credentials]
    to_all = [_to(url, probe, byte, seconds) for url in sorted(able, key=lambda url: TRANSPORTS.index(url.transport))]
    return [replace(one, instead=number > 0) for number, one in enumerate(to_all)]


def _to(url: IceUrl, probe: str, byte: int, seconds: float) -> Traffic:
    return Traffic(probe, url.host, url.port, url.transport, byte, seconds)


async def addresses(
    host: str, look_up: Callable[[str], list[str]] = look_up, *, every: bool = False
) -> list[str] | Failure:
    """The host's addresses, the first of each family or `every` one; or why there are none."""
    try:
        return await resolve(host, every=every, look_up=look_up)
    except OperationFailed as error:
        return error.failure


def milliseconds(seconds: float | None) -> float | None:
    """Rounded to the microsecond, below which no clock here tells the truth."""
    return None if seconds is None else round(seconds * 1000, 3)


def without_login(url: str) -> str:
    """A URL without user name and password: they are no part of where it leads, and no part of a digest."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
