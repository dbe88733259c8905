"""The profile as it is written (schema readycheck.profile/1): targets, settings, requirements, waivers."""

from __future__ import annotations

import contextlib
import re
from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    SecretStr,
    field_validator,
    model_validator,
)

from readycheck.model.evidence import Scale, Value
from readycheck.model.verdict import Scope, Severity
from readycheck.profile.measuring import BandwidthSettings, CallSettings, NatBindingSettings, PathSettings
from readycheck.profile.part import Part
from readycheck.profile.scalars import UNRESOLVED, Days, Identifier, ScalarText, Words
from readycheck.profile.site import Site
from readycheck.rtc.ice_server import IceUrl, parse_ice_url

SCHEMA = "readycheck.profile/1"
_SPKI = re.compile(r"[A-Za-z0-9+/]{43}=")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
COMPARATORS = ("at_most", "at_least", "equals", "one_of", "version_at_least", "matches")


class SignallingTarget(Part):
    """An HTTPS or WSS address that the softphone talks to."""

    url: str
    expect_status: list[int] | None = None


def _parsable(url: str) -> str:
    """With its scheme in lower case, which means the same (RFC 3986 section 3.1): probes tell URLs apart by it."""
    if UNRESOLVED not in url:
        parse_ice_url(url)
    scheme, colon, rest = url.partition(":")
    return f"{scheme.lower()}{colon}{rest}" if scheme.isalpha() else url


class IceServer(Part):
    """STUN and TURN URLs with their credentials, shaped as the browser's RTCIceServer (W3C WebRTC)."""

    urls: list[Annotated[str, AfterValidator(_parsable)]] = Field(min_length=1)
    username: SecretStr | None = None
    credential: SecretStr | None = None
    shared_secret: SecretStr | None = None

    @field_validator("urls", mode="before", json_schema_input_type=str | list[str])
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _whole_credentials(self) -> IceServer:
        if self.shared_secret and (self.username or self.credential):
            raise ValueError("either shared_secret, or username and credential, not both")
        if bool(self.username) != bool(self.credential):
            raise ValueError("username and credential go together")
        return self

    @property
    def parsed_urls(self) -> list[IceUrl]:
        """Its URLs in parts; raises ValueError where a variable is unset."""
        return [parse_ice_url(url) for url in self.urls]


class Reflector(Part):
    """The far end in the data centre."""

    stamp: str | None = None
    url: str | None = None
    key: SecretStr | None = None


class Media(Part):
    """Networks and ports to which the platform sends media."""

    cidrs: list[str] = []
    udp_ports: list[ScalarText] = []


class Identity(Part):
    """An OpenID Connect issuer."""

    issuer: str


class Fallback(Part):
    """The telephony that takes over: a SIP URI."""

    sip: str


class Targets(Part):
    """Whom the softphone talks to."""

    signalling: list[SignallingTarget] = []
    ice_servers: list[IceServer] = []
    reflector: Reflector | None = None
    media: Media | None = None
    identity: list[Identity] = []
    fallback: list[Fallback] = []


class Pin(Part):
    """What the certificate of a host (or of hosts, `*.example.com`) is known to be.

    `expected_issuer` is part of its issuer's name; `spki_sha256` are digests of keys of its chain (RFC 7469).
    """

    host: str
    expected_issuer: str | None = None
    spki_sha256: list[str] = []

    @model_validator(mode="after")
    def _says_something(self) -> Pin:
        if not self.expected_issuer and not self.spki_sha256:
            raise ValueError("a pin needs expected_issuer or spki_sha256")
        return self

    @field_validator("spki_sha256")
    @classmethod
    def _digests(cls, value: list[str]) -> list[str]:
        for one in value:
            if UNRESOLVED not in one and not _SPKI.fullmatch(one):
                raise ValueError("the SHA-256 of a public key in base64 is expected: 43 characters and =")
        return value


class Trust(Part):
    """Certificates trusted beyond the operating system's store, and what is known of the servers' own."""

    ca_file: str | None = None
    pins: list[Pin] = []


class AllowedBrowser(Part):
    """A browser that the platform supports."""

    name: str
    at_least: ScalarText | None = None


class AllowedHeadset(Part):
    """A headset on the project's list, by USB vendor, product name or product id."""

    vid: ScalarText | None = None
    pid: ScalarText | None = None
    product: ScalarText | None = None


class Allowed(Part):
    """The project's lists."""

    browsers: list[AllowedBrowser] = []
    headsets: list[AllowedHeadset] = []


class Question(Part):
    """What only a person can answer."""

    id: Identifier
    ask: Words
    answers: dict[str, Literal["pass", "fail", "inconclusive"]] = Field(min_length=1)
    severity: Severity = Field(default=Severity.BLOCKER, strict=False)
    owner: str | None = None
    lead_time: Days | None = None
    title: Words | None = None
    remedy: Words | None = None
    disabled: bool = False


class Flow(Part):
    """What the letter asks for beyond the targets."""

    to: list[str] = Field(min_length=1)
    protocol: Literal["tcp", "udp"]
    ports: list[ScalarText] = Field(min_length=1)
    why: Words | None = None


def comparators_problem(given: list[str]) -> str | None:
    """What is wrong with these comparators in one comparison; None if there is exactly one."""
    if len(given) == 1:
        return None
    return f"exactly one of {', '.join(COMPARATORS)} is needed, found {' and '.join(given) or 'none'}"


class Comparison(Part):
    """A metric and exactly one comparator."""

    metric: str
    at_most: float | None = None
    at_least: float | None = None
    equals: bool | float | str | None = None
    one_of: list[bool | float | str] | None = Field(default=None, min_length=1)
    version_at_least: ScalarText | None = None
    matches: str | None = None

    @model_validator(mode="after")
    def _one_comparator(self) -> Comparison:
        if wrong := comparators_problem([name for name in COMPARATORS if getattr(self, name) is not None]):
            raise ValueError(wrong)
        return self

    @property
    def comparator(self) -> tuple[str, Any]:
        """Name and operand of the one comparator given."""
        return next((name, getattr(self, name)) for name in COMPARATORS if getattr(self, name) is not None)


class Requirement(Comparison):
    """What the project asks of one metric, who mends it and how long that takes."""

    id: Identifier
    scope: Scope = Field(default=Scope.WORKSTATION, strict=False)
    unit: str | None = None
    scale: Scale | None = None
    when: Comparison | None = None
    severity: Severity = Field(default=Severity.BLOCKER, strict=False)
    title: Words | None = None
    remedy: Words | None = None
    owner: str | None = None
    lead_time: Days | None = None
    disabled: bool = False


def _iso_date(value: Any) -> Any:
    if isinstance(value, str) and _ISO_DATE.fullmatch(value):
        with contextlib.suppress(ValueError):  # no month has 41 days
            return date.fromisoformat(value)
    raise ValueError("a date like 2027-01-31 is expected")


IsoDate = Annotated[date, BeforeValidator(_iso_date)]


class Waiver(Part):
    """A failure that somebody accepted until a date (UTC, inclusive)."""

    requirement: str
    reason: str
    approved_by: str
    until: IsoDate


Kind = Literal["baseline", "platform", "context", "template", "lab"]
"""What a shipped profile is for."""
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In the order in which they are listed."""


class Profile(Part):
    """One project: whom to reach, how to measure, what to ask."""

    schema_: Literal["readycheck.profile/1"] = Field(alias="schema")
    id: Identifier
    title: Words = {}
    description: Words | None = None
    kind: Kind | None = None
    extends: list[str] = []
    lab: bool = False
    """Start the embedded server; its ports reach the profile as READYCHECK_LAB_… variables."""
    targets: Targets = Targets()
    trust: Trust = Trust()
    call: CallSettings = CallSettings()
    path: PathSettings = PathSettings()
    bandwidth: BandwidthSettings = BandwidthSettings()
    nat_binding: NatBindingSettings | None = None
    site: Site = Site()
    allowed: Allowed = Allowed()
    questions: list[Question] = []
    flows: list[Flow] = []
    requirements: list[Requirement] = []
    waivers: list[Waiver] = []

    _identity: Profile | None = PrivateAttr(default=None)
    _sha256: str = PrivateAttr(default="")

    @property
    def identity(self) -> Profile:
        """This profile as it identifies its targets: without the embedded server's ports, new in each run."""
        return self._identity or self

    def asks_of(self, scope: Scope) -> bool:
        """Whether any requirement is of this scope; a run without one judges nothing."""
        return any(one.scope == scope and not one.disabled for one in self.requirements)

    @property
    def secrets(self) -> frozenset[str]:
        """Everything that must never be shown."""
        found = {self.targets.reflector.key if self.targets.reflector else None}
        for server in self.targets.ice_servers:
            found |= {server.username, server.credential, server.shared_secret}
        return frozenset(secret.get_secret_value() for secret in found if secret)

    @property
    def sha256(self) -> str:
        """Digest of the effective profile, secrets out."""
        return self._sha256


__all__ = ["COMPARATORS", "SCHEMA", "Comparison", "IceServer", "Profile", "Requirement", "Value", "Waiver"]
