"""The flow matrix: what a profile's targets and flows need of the network, each flow once, and nothing else."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from readycheck.letter.address import (
    Address,
    Key,
    Protocol,
    destination,
    is_any,
    is_here,
    parse_address,
    variables_in,
)
from readycheck.profile.schema import Flow, Media, Profile, Reflector

VOICE = ("turn_udp", "turn_tcp", "turn_tls", "media")
MEASURING = ("reflector", "reflector_page")
_WIDE_PORTS = 1000


@dataclass(frozen=True)
class Row:
    """One flow from the workstations outwards. `purposes` are keys of words, `why` is what the profile says."""

    destination: str
    protocol: Protocol
    port: str
    purposes: tuple[str, ...]
    tls: bool = False
    proxied: bool = False
    why: tuple[Mapping[str, str], ...] = ()
    clear: bool = False
    """Whether somebody's content travels unencrypted."""
    number: str = ""
    """What an answer can refer to."""

    @property
    def key(self) -> Key:
        """What makes two rows one."""
        return (self.destination, self.protocol, self.port)

    @property
    def voice(self) -> bool:
        """Whether calls are heard through it."""
        return any(purpose in VOICE for purpose in self.purposes)

    @property
    def marked(self) -> bool:
        """Whether its packets deserve EF: voice that no TCP holds up."""
        return self.voice and self.protocol == "udp"

    @property
    def measuring(self) -> bool:
        """Whether only workstations that measure need it."""
        return all(purpose in MEASURING for purpose in self.purposes)

    def joined(self, other: "Row") -> "Row":
        """The same flow asked for twice."""
        purposes = tuple(dict.fromkeys(self.purposes + other.purposes))
        return replace(
            self,
            # what the profile lists again among its flows is known by its better name already
            purposes=tuple(name for name in purposes if name != "flow") or purposes,
            tls=self.tls or other.tls,
            proxied=self.proxied or other.proxied,
            clear=(self.clear or other.clear) and not (self.tls or other.tls),
            why=self.why + tuple(text for text in other.why if text not in self.why),
        )


@dataclass(frozen=True)
class Matrix:
    """Every flow once, in the order of the profile; and what the profile leaves open, by the name of the gap."""

    rows: tuple[Row, ...]
    gaps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def purposes(self) -> frozenset[str]:
        """Everything that flows are needed for."""
        return frozenset(purpose for row in self.rows for purpose in row.purposes)

    @property
    def ways_of_voice(self) -> frozenset[str]:
        """The ways that the voice may take."""
        return self.purposes.intersection(VOICE)

    def destinations(self, rows: "tuple[Row, ...] | None" = None) -> tuple[str, ...]:
        """Where these rows lead, each destination once."""
        return tuple(dict.fromkeys(row.destination for row in (self.rows if rows is None else rows)))

    @property
    def direct(self) -> tuple[Row, ...]:
        """Rows that a browser would send through its proxy."""
        return tuple(row for row in self.rows if row.proxied)

    @property
    def exempt(self) -> tuple[Row, ...]:
        """Rows that TLS inspection would touch."""
        return tuple(row for row in self.rows if row.tls)

    @property
    def udp(self) -> tuple[Row, ...]:
        """Rows that need sessions of the firewall without a connection."""
        return tuple(row for row in self.rows if row.protocol == "udp")

    @property
    def marked(self) -> tuple[Row, ...]:
        """Rows to be marked EF."""
        return tuple(row for row in self.rows if row.marked)

    @property
    def any_destination(self) -> tuple[str, ...]:
        """Destinations that are no destination."""
        return tuple(name for name in self.destinations() if is_any(name))


def flow_matrix(profile: Profile) -> Matrix:
    """What the profile needs of the network, by purpose; what stays on the machine is left out."""
    merged = dict[Key, Row]()
    for row in _rows(profile):
        if not is_here(row.destination):
            merged[row.key] = merged[row.key].joined(row) if row.key in merged else row
    grouped = dict[tuple[str, ...], list[Row]]()
    for row in merged.values():
        grouped.setdefault((*row.purposes, *map(str, row.why)), []).append(row)
    ordered = (row for group in grouped.values() for row in group)
    rows = tuple(replace(row, number=f"F{number}") for number, row in enumerate(ordered, 1))
    return Matrix(rows, {name: found for name, found in _gaps(profile, rows).items() if found})


def is_wide(port: str) -> bool:
    """Whether this range is one that an officer asks about."""
    first, _, last = port.partition("-")
    return first.isdigit() and last.isdigit() and int(last) - int(first) >= _WIDE_PORTS


def _rows(profile: Profile) -> Iterator[Row]:
    """What the softphone needs first, what only helps last."""
    targets = profile.targets
    yield from _of_urls(target.url for target in targets.signalling)
    yield from _of_urls((target.issuer for target in targets.identity), "identity")
    yield from _of_urls(url for server in targets.ice_servers for url in server.urls)
    media = targets.media or Media()
    yield from (Row(destination(cidr), "udp", port, ("media",)) for cidr in media.cidrs for port in media.udp_ports)
    for flow in profile.flows:
        yield from (_of_flow(flow, destination(to), port) for to in flow.to for port in flow.ports)
    yield from _of_urls(target.sip for target in targets.fallback)
    reflector = targets.reflector or Reflector()
    yield from _of_urls([f"stamp:{reflector.stamp}"] if reflector.stamp else [])
    yield from _of_urls([reflector.url] if reflector.url else [], "reflector_page")


def _of_urls(urls: Iterable[str], purpose: str | None = None) -> Iterator[Row]:
    """A row for each URL that can be read; its scheme tells the purpose where none is given."""
    return (_row(address, purpose or address.purpose) for url in urls if (address := parse_address(url)))


def _of_flow(flow: Flow, to: str, port: str) -> Row:
    """On the web's ports browsers ask their proxy, and on 443 they speak TLS; what else a flow is, nobody knows."""
    web = flow.protocol == "tcp" and not is_any(to)  # past the proxy, or uninspected, everybody may not be
    tls, plain = (web and _holds(port, known) for known in (443, 80))
    return Row(to, flow.protocol, port, ("flow",), tls=tls, proxied=tls or plain, why=(flow.why,) if flow.why else ())


def _urls(profile: Profile) -> Iterator[str]:
    """Every URL of the targets."""
    targets = profile.targets
    yield from (target.url for target in targets.signalling)
    yield from (target.issuer for target in targets.identity)
    yield from (url for server in targets.ice_servers for url in server.urls)
    yield from (target.sip for target in targets.fallback)
    reflector = targets.reflector or Reflector()
    yield from filter(None, [reflector.stamp and f"stamp:{reflector.stamp}", reflector.url])


def _row(address: Address, purpose: str) -> Row:
    # STUN and STAMP carry nobody's content, and what TURN carries is encrypted already
    clear = not address.tls and purpose in ("web", "websocket", "identity", "reflector_page", "fallback")
    return Row(
        address.host,
        address.protocol,
        address.port,
        (purpose,),
        tls=address.tls,
        proxied=address.proxied,
        clear=clear,
    )


def _holds(ports: str, port: int) -> bool:
    first, _, last = ports.partition("-")
    return first.isdigit() and (last or first).isdigit() and int(first) <= port <= int(last or first)


def _gaps(profile: Profile, rows: tuple[Row, ...]) -> dict[str, tuple[str, ...]]:
    media = profile.targets.media
    urls = list(_urls(profile))
    # of what a path or a password needs nobody has to be told
    read = {url: parse_address(url) for url in urls}
    written = [f"{address.host}:{address.port}" if address else url for url, address in read.items()]
    written += [*(text for flow in profile.flows for text in (*flow.to, *flow.ports))]
    written += [*media.cidrs, *media.udp_ports] if media else []
    lost = [url for url, address in read.items() if not address]
    return {
        "variables": _each_once(name for text in written for name in variables_in(text)),
        # a scheme is all that may be shown: whatever cannot be taken apart may hold a password
        "unreadable": _each_once(f"{url[: url.find(':') + 1]}…" for url in lost if not variables_in(url)),
        "wide": _each_once(row.destination for row in rows if is_any(row.destination)),
        "media_networks": tuple(media.udp_ports) if media and not media.cidrs else (),
        "media_ports": tuple(media.cidrs) if media and not media.udp_ports else (),
    }


def _each_once(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
