"""Fallback telephony: SIP OPTIONS (RFC 3261 section 11) over UDP, TCP or TLS, as each URI says.

Telephony takes no web proxy, so all of it goes straight, from every address family that the name has. An answer below
500 counts, a provisional one if nothing else comes: whoever asks for a login is there. Host and port are used as they
are written, without NAPTR and SRV (RFC 3263).
"""

import asyncio
from dataclasses import dataclass
from math import ceil
from typing import Any

from readycheck.engine.probe import Context, Probe
from readycheck.model.clean import clean
from readycheck.model.evidence import Evidence, Quantity, metric_of
from readycheck.model.failure import Failure, FailureCode, OperationFailed, commonest
from readycheck.model.traffic import Traffic
from readycheck.net.sip import OPERATION, OptionsAnswer, ask_options
from readycheck.probes._attempts import BEGIN_WITHIN_S, TARGETS_AT_ONCE, attempts_in_time
from readycheck.probes._servers import addresses, milliseconds
from readycheck.profile.schema import Profile
from readycheck.rtc.sip import SipUri, parse_sip_uri
from readycheck.rtc.stun import hostport

ATTEMPTS = 2
ATTEMPT_LIMIT_S = 6.0
_SERVER_FAULT = 500
_MESSAGE_BYTE = 1_000
_TLS_BYTE = 8_000


@dataclass(frozen=True)
class Attempt:
    """One request and what came of it. `requests` counts what was sent, retransmissions with it."""

    address: str | None
    answered: bool = False
    status: int | None = None
    phrase: str | None = None
    server: str | None = None
    rtt_ms: float | None = None
    requests: int | None = None
    failure: Failure | None = None


@dataclass(frozen=True)
class Target:
    """One URI, without user name and password."""

    url: str
    transport: str
    attempts: tuple[Attempt, ...]

    @property
    def answered(self) -> bool:
        """Whether one of the attempts was answered."""
        return any(attempt.answered for attempt in self.attempts)


@dataclass(frozen=True)
class FallbackEvidence(Evidence):
    """What each fallback target answered."""

    targets: tuple[Target, ...]

    @metric_of("ratio")
    def answered_ratio(self) -> Quantity:
        """SIP targets that answer OPTIONS with a status below 500."""
        if not self.targets:
            return Quantity(None, reason=FailureCode.NOT_CONFIGURED)
        if not all(target.attempts for target in self.targets):
            return Quantity(None)  # cut short before each was asked
        missed = [attempt.failure for target in self.targets if not target.answered for attempt in target.attempts]
        reason = commonest([failure for failure in missed if failure])
        return Quantity(sum(target.answered for target in self.targets) / len(self.targets), reason=reason)

    @metric_of("number")
    def server_count(self) -> Quantity:
        """SIP targets that the profile names; 0 is a figure too, so that conditions can ask for it."""
        return Quantity(len(self.targets))


class Fallback(Probe[FallbackEvidence]):
    """Does the telephony that takes over answer."""

    id = "fallback"
    title = "Fallback telephony"

    @classmethod
    def inputs(cls, profile: Profile) -> Any:
        """The URIs, without users and passwords."""
        return [uri.shown for uri in _uris(profile)]

    @classmethod
    def traffic(cls, profile: Profile) -> list[Traffic]:
        """At most four requests an attempt, and their answers."""
        seconds = BEGIN_WITHIN_S + ATTEMPT_LIMIT_S
        return [
            Traffic(
                cls.id,
                *uri.place,
                uri.transport,
                ATTEMPTS * (2 * 4 * _MESSAGE_BYTE + (_TLS_BYTE if uri.transport == "tls" else 0)),
                seconds,
            )
            for uri in _uris(profile)
        ]

    def deadline_s(self, profile: Profile) -> float:
        """The slowest target of every fifty: the name, and its attempts."""
        rounds = ceil(len(profile.targets.fallback) / TARGETS_AT_ONCE) or 1
        return 5.0 + rounds * (5.0 + BEGIN_WITHIN_S + ATTEMPT_LIMIT_S)

    def summary(self, evidence: FallbackEvidence) -> str | None:
        """How many answered."""
        targets = evidence.targets
        if not targets:
            return "no fallback telephony in the profile"
        return f"{sum(target.answered for target in targets)} of {len(targets)} answer OPTIONS"

    async def gather(self, context: Context) -> FallbackEvidence:
        """Every target side by side."""
        uris = _uris(context.profile)
        tried: list[list[Attempt]] = [[] for _ in uris]

        def so_far() -> FallbackEvidence:
            return FallbackEvidence(
                tuple(Target(uri.shown, uri.transport, tuple(own)) for uri, own in zip(uris, tried, strict=True))
            )

        context.keep(so_far)
        if uris:
            context.progress(f"{len(uris)} SIP targets")
        at_once, done = asyncio.Semaphore(TARGETS_AT_ONCE), 0

        async def one(uri: SipUri, own: list[Attempt]) -> None:
            nonlocal done
            async with at_once:
                await _try(uri, context.profile.trust.ca_file, own)
            done += 1
            context.progress(f"{done} of {len(uris)} asked")

        async with asyncio.TaskGroup() as group:
            for uri, own in zip(uris, tried, strict=True):
                group.create_task(one(uri, own))
        return so_far()


def _uris(profile: Profile) -> list[SipUri]:
    return [parse_sip_uri(fallback.sip) for fallback in profile.targets.fallback]


async def _try(uri: SipUri, ca_file: str | None, tried: list[Attempt]) -> None:
    """Two attempts at each address, noted as they come."""
    found = await addresses(uri.host)
    if isinstance(found, Failure):
        tried.append(Attempt(None, failure=found))
        return
    async with asyncio.TaskGroup() as group:
        for address in found:
            group.create_task(_attempts(uri, address, ca_file, tried))


async def _attempts(uri: SipUri, address: str, ca_file: str | None, tried: list[Attempt]) -> None:
    for _ in attempts_in_time(ATTEMPTS):
        tried.append(await _attempt(uri, address, ca_file))  # noqa: PERF401 - one by one, so that Ctrl-C keeps them


async def _attempt(uri: SipUri, address: str, ca_file: str | None) -> Attempt:
    where = hostport(address, uri.place[1])
    try:
        async with asyncio.timeout(ATTEMPT_LIMIT_S):
            answer = await ask_options(uri, address, ca_file)
    except TimeoutError:
        detail = f"not done within {ATTEMPT_LIMIT_S:g} s"
        return Attempt(where, failure=Failure(FailureCode.CONNECTION_TIMEOUT, OPERATION, detail))
    except OperationFailed as error:
        return Attempt(where, failure=error.failure)
    return _noted(where, answer)


def _noted(where: str, answer: OptionsAnswer) -> Attempt:
    response, failure = answer.response, None
    phrase = clean(response.phrase)
    if response.status >= _SERVER_FAULT:
        failure = Failure(FailureCode.SIP_STATUS, OPERATION, f"{response.status} {phrase}".strip())
    return Attempt(
        where,
        answered=failure is None,
        status=response.status,
        phrase=phrase,
        server=clean(response.server) if response.server else None,
        rtt_ms=milliseconds(answer.round_trip_s),
        requests=answer.times_sent,
        failure=failure,
    )
