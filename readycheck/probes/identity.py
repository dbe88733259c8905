"""Sign-in: the OpenID Connect discovery document of each issuer (Discovery 1.0 section 4), and what it leads to.

An address counts as reached if one of its attempts got the answer that is asked of it: a readable document from the
issuer, any status below 500 but 407 from an endpoint. Each goes by the way that a browser would take.

The document's words are a stranger's. Its endpoints are visited if they are https, or at the very place that the
profile names; what is no such URL, and a cloud's metadata address that the profile does not name, is refused and
counts as not reached. An `issuer` that differs from the profile's is noted and counts as reached: some services write
a placeholder there, and whether tokens would be believed is not what is measured.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, ip_address
from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

from readycheck.engine.probe import Context, Probe
from readycheck.model.evidence import Evidence, Quantity, metric_of
from readycheck.model.failure import Failure, FailureCode, commonest
from readycheck.model.proxy import Hop
from readycheck.model.traffic import Traffic
from readycheck.model.visit import Visit
from readycheck.net.http1 import LARGEST_BODY_BYTE
from readycheck.net.pac.fetch import shown_place
from readycheck.net.pac.url import parse_target
from readycheck.net.resolve import is_metadata_address
from readycheck.net.visit import VISIT_LIMIT_S, visit_url
from readycheck.probes._attempts import BEGIN_WITHIN_S, TARGETS_AT_ONCE, attempts_in_time, kept
from readycheck.probes._routes import routes_of, routes_to
from readycheck.profile.schema import Profile

DISCOVERY = "discovery"
ENDPOINTS = (
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "userinfo_endpoint",
    "end_session_endpoint",
)
ATTEMPTS = 2
_WELL_KNOWN = "/.well-known/openid-configuration"
_LONGEST_URL = 2_000
_LONGEST_SHOWN = 200
_ROUTES_LIMIT_S = 25.0  # a PAC file fetched and run
_VISIT_BYTE = 12_000


@dataclass(frozen=True)
class Target:
    """One address. `failure` tells why it was not visited, or what is wrong with the document found there."""

    url: str
    issuer: str
    role: str
    attempts: tuple[Visit, ...] = ()
    failure: Failure | None = None
    issuer_said: str | None = None
    """The document's own `issuer`, where it differs from the profile's."""

    @property
    def reached(self) -> bool:
        """Whether one of the attempts got what is asked of it."""
        return self.failure is None and any(visit.failure is None for visit in self.attempts)

    @property
    def untold(self) -> bool:
        """Whether nothing is known of it: no way could be worked out, or there was no time."""
        refused = self.failure is not None and self.failure.code == FailureCode.DESTINATION_REFUSED
        return not self.attempts and not refused


@dataclass(frozen=True)
class IdentityEvidence(Evidence):
    """What answered at each issuer's addresses, `reached` of them in all."""

    sparse: ClassVar[bool] = True

    targets: tuple[Target, ...]
    reached: int = 0

    @metric_of("ratio")
    def reachable_ratio(self) -> Quantity:
        """Discovery documents and the endpoints that they name, of which an answer came."""
        if not self.targets:
            return Quantity(None, reason=FailureCode.NOT_CONFIGURED)
        if any(target.untold for target in self.targets):
            return Quantity(None, reason=commonest([one.failure for one in self.targets if one.failure and one.untold]))
        missed = [target for target in self.targets if not target.reached]
        failures = [visit.failure for target in missed for visit in target.attempts]
        failures += [target.failure for target in missed]
        reason = commonest([failure for failure in failures if failure])
        return Quantity(self.reached / len(self.targets), reason=reason)

    @metric_of("number")
    def issuer_count(self) -> Quantity:
        """Issuers that the profile names; 0 is a figure too, so that conditions can ask for it."""
        return Quantity(sum(target.role == DISCOVERY for target in self.targets))


class Identity(Probe[IdentityEvidence]):
    """Can agents sign in from here."""

    id = "identity"
    title = "Sign-in"

    @classmethod
    def inputs(cls, profile: Profile) -> Any:
        """The issuers."""
        return [identity.issuer for identity in profile.targets.identity]

    @classmethod
    def traffic(cls, profile: Profile) -> list[Traffic]:
        """The discovery document, and the endpoints that it names, wherever they are."""
        found = []
        for issuer in cls.inputs(profile):
            place = parse_target(issuer)
            protocol, byte = "tls" if place.scheme == "https" else "tcp", ATTEMPTS * (LARGEST_BODY_BYTE + _VISIT_BYTE)
            found.append(Traffic(cls.id, place.host, place.port, protocol, byte, BEGIN_WITHIN_S + VISIT_LIMIT_S))
            there = f"endpoints that {place.host} names"
            found.append(Traffic(cls.id, there, 443, "tls", len(ENDPOINTS) * _VISIT_BYTE, VISIT_LIMIT_S))
            # asked only if a certificate is not believed: a captive portal would answer
            doors = {there: len(ENDPOINTS)} | ({place.host: ATTEMPTS} if protocol == "tls" else {})
            found += [Traffic(cls.id, host, 80, "tcp", times * 3_000, VISIT_LIMIT_S) for host, times in doors.items()]
        return list(dict.fromkeys(found))

    def deadline_s(self, profile: Profile) -> float:
        """The routes twice, and the slowest visits of every fifty."""
        rounds = 1 + len(profile.targets.identity) * (1 + len(ENDPOINTS)) // TARGETS_AT_ONCE
        return 2 * _ROUTES_LIMIT_S + rounds * (10.0 + BEGIN_WITHIN_S + 2 * VISIT_LIMIT_S)

    def summary(self, evidence: IdentityEvidence) -> str | None:
        """How many answered."""
        targets = evidence.targets
        if not targets:
            return "no identity provider in the profile"
        documents = [target.reached for target in targets if target.role == DISCOVERY]
        found = f"discovery {sum(documents)} of {len(documents)}"
        if len(targets) == len(documents):
            return found
        reached = evidence.reached - sum(documents)
        return f"{found} · {reached} of {len(targets) - len(documents)} endpoints answer"

    async def gather(self, context: Context) -> IdentityEvidence:
        """Every document side by side, then every endpoint side by side."""
        found = _Found(context)
        context.keep(found.told)
        if context.profile.targets.identity:
            await found.gather()
        return found.told()


class _Found:
    """What is known so far, in the order of the profile."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._profile = context.profile
        self._at_once = asyncio.Semaphore(TARGETS_AT_ONCE)
        self._known = literals(context.profile)
        issuers = dict.fromkeys(identity.issuer for identity in context.profile.targets.identity)
        self._documents = {issuer: Target(shown_place(document_url(issuer)), issuer, DISCOVERY) for issuer in issuers}
        self._endpoints: dict[tuple[str, str], Target] = {}

    def told(self) -> IdentityEvidence:
        targets = []
        for issuer, document in self._documents.items():
            targets += [document, *(one for (by, _), one in self._endpoints.items() if by == issuer)]
        return IdentityEvidence(tuple(targets), sum(target.reached for target in targets))

    async def gather(self) -> None:
        self._context.progress(f"{len(self._documents)} discovery documents")
        routes = await routes_of(self._context)
        named_urls: dict[str, Mapping[str, Any]] = {}
        async with asyncio.TaskGroup() as group:
            for issuer in self._documents:
                group.create_task(self._discover(issuer, routes.hops(issuer), named_urls))
        visited = [
            (issuer, url) for issuer in self._documents for url in self._listed(issuer, named_urls.get(issuer, {}))
        ]
        self._context.progress(f"{len(visited)} endpoints")
        onward = await routes_to(self._context, list(dict.fromkeys(url for _, url in visited)))
        async with asyncio.TaskGroup() as group:
            for issuer, url in visited:
                group.create_task(self._visit(issuer, url, onward.hops(url)))

    async def _discover(
        self, issuer: str, hops: tuple[Hop, ...] | Failure, named_urls: dict[str, Mapping[str, Any]]
    ) -> None:
        """Fetch the document, note what is wrong with it, and hand on what it says."""
        if isinstance(hops, Failure):
            self._documents[issuer] = replace(self._documents[issuer], failure=hops)
            return
        url, bodies, failed = document_url(issuer), list[bytes](), None
        async with self._at_once:
            for _ in attempts_in_time(ATTEMPTS):
                visit = await self._attempt(url, hops, (200,), bodies)
                target = self._documents[issuer]
                self._documents[issuer] = replace(target, attempts=(*target.attempts, visit))
                if bodies:
                    break
        if not bodies:
            return
        document = read_document(bodies[0])
        if isinstance(document, str):
            failed = Failure(FailureCode.HTTP_STATUS, "read_discovery_document", document)
        else:
            named_urls[issuer] = document
        said = _difference(document, issuer)
        self._documents[issuer] = replace(self._documents[issuer], failure=failed, issuer_said=said)

    def _listed(self, issuer: str, document: Mapping[str, Any]) -> list[str]:
        """The endpoints to visit, each once; those that are refused are told at once."""
        urls = []
        for role in ENDPOINTS:
            value = document.get(role)
            if value is None or (issuer, str(value)[:_LONGEST_URL]) in self._endpoints:
                continue
            url, refusal = str(value)[:_LONGEST_URL], refused(value, issuer, self._known)
            failure = Failure(FailureCode.DESTINATION_REFUSED, "read_endpoint", refusal) if refusal else None
            self._endpoints[issuer, url] = Target(_shown(url), issuer, role, failure=failure)
            urls += [] if refusal else [url]
        return urls

    async def _visit(self, issuer: str, url: str, hops: tuple[Hop, ...] | Failure) -> None:
        target = self._endpoints[issuer, url]
        if isinstance(hops, Failure):
            self._endpoints[issuer, url] = replace(target, failure=hops)
            return
        async with self._at_once:
            visit = await self._attempt(url, hops)
        self._endpoints[issuer, url] = replace(target, attempts=(visit,))

    async def _attempt(
        self,
        url: str,
        hops: tuple[Hop, ...],
        expected: tuple[int, ...] | None = None,
        bodies: list[bytes] | None = None,
    ) -> Visit:
        trust, on_body = self._profile.trust, None if bodies is None else bodies.append
        visit = await visit_url(url, hops, trust, expected=expected, on_body=on_body)
        return kept(visit)


def document_url(issuer: str) -> str:
    """Where an issuer's document is (Discovery 1.0 section 4.1); a query, as some services use it, stays behind it."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    path = path if path.endswith(_WELL_KNOWN) else path + _WELL_KNOWN
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def read_document(body: bytes) -> Mapping[str, Any] | str:
    """The document (Discovery 1.0 section 4.2), or a few words on why it is none."""
    if len(body) > LARGEST_BODY_BYTE:
        return f"larger than {LARGEST_BODY_BYTE // 1024} kB"
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return "no JSON"
    return document if isinstance(document, dict) else "no JSON object"


def _difference(document: Mapping[str, Any] | str, issuer: str) -> str | None:
    """What the document calls its issuer, if that is not what the profile calls it."""
    said = "" if isinstance(document, str) else document.get("issuer")
    if isinstance(document, str) or (isinstance(said, str) and said.rstrip("/") == issuer.rstrip("/")):
        return None
    return _shown(said) if isinstance(said, str) else "none"


def refused(url: object, issuer: str, known: frozenset[str]) -> str | None:
    """Why nobody is sent there; None if a browser may go."""
    if not isinstance(url, str) or len(url) > _LONGEST_URL or not url.isprintable() or any(map(str.isspace, url)):
        return "no URL"
    try:
        target, port = parse_target(url), urlsplit(url).port
    except ValueError as error:
        return str(error)
    if port == 0:
        return "port 0"
    home = parse_target(issuer)
    if target.scheme != "https" and (target.scheme, target.host, target.port) != (home.scheme, home.host, home.port):
        return f"{target.scheme} is not https"
    address = literal(target.host)
    if address and is_metadata_address(address) and address not in known:
        return "a cloud's metadata address, which the profile does not name"
    return None


def literal(host: str) -> str | None:
    """An address literal as it is spelt everywhere; None for a name."""
    try:
        address = ip_address(host.rstrip("."))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def literals(profile: Profile) -> frozenset[str]:
    """The address literals that the profile itself names."""
    targets = profile.targets
    urls = [one.url for one in targets.signalling] + [one.issuer for one in targets.identity]
    hosts = [parse_target(url).host for url in urls]
    hosts += [url.host for server in targets.ice_servers for url in server.parsed_urls]
    return frozenset(address for host in hosts if (address := literal(host)))


def _shown(url: str) -> str:
    """A stranger's URL, fit to be kept."""
    return shown_place("".join(one for one in url if one.isprintable()))[:_LONGEST_SHOWN]
