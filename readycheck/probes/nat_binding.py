"""How long an idle UDP binding of a NAT or firewall lives: a softphone silent for longer is not called any more.

Several sockets talk both ways for a little more than two seconds, since what a call uses lives longer than what one
exchange opened (Linux: 120 s against 30). Then they are left idle side by side, each for another time, and the far end
sends to them (RFC 5780 section 4.6).
"""

import asyncio
import math
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from readycheck.engine.probe import Context, Probe
from readycheck.model.evidence import Evidence, Interval, Quantity, metric_of
from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.model.traffic import Traffic
from readycheck.net.idle_binding import IdleBinding, bindings_to_relay, bindings_to_stun, talk
from readycheck.probes._servers import first_that_relays, traffic, urls
from readycheck.probes.stun import Stun
from readycheck.probes.turn import Turn, far_end
from readycheck.profile.measuring import NatBindingSettings
from readycheck.profile.schema import Profile

SHARES = (1, 1 / 6, 1 / 3, 2 / 3, 1 / 12, 1 / 2, 1 / 4)
"""Of the longest time; the most telling first, for relays that grant few allocations."""
KNOCK_WAITS_S = (0.2, 0.2, 1.0)
SET_UP_S = 40.0
BYTE = 8 * 4_000


@dataclass(frozen=True)
class Silence:
    """One binding: for how long it was idle, and whether it still let something in."""

    seconds: float
    survived: bool


@dataclass(frozen=True)
class NatBindingEvidence(Evidence):
    """How each idle binding ended, the shortest silence first; after the first that died no longer one is tried."""

    method: Literal["response_port", "relay"] | None = None
    url: str | None = None
    silences: tuple[Silence, ...] = ()
    failure: Failure | None = None

    @metric_of("s")
    def lifetime_s(self) -> Quantity:
        """How long an idle UDP binding lives that was used as in a call.

        The longest silence survived, and below the shortest that was not.
        """
        if not self.silences:
            return Quantity(None, reason=self.failure.code if self.failure else FailureCode.NOT_CONFIGURED)
        low, high = lifetime(self.silences)
        return Quantity(low, Interval(low, high))


def lifetime(silences: Iterable[Silence]) -> tuple[float, float | None]:
    """Bounds of the lifetime in seconds: the longest survived, the shortest above that was not; None if none was."""
    told = list(silences)
    low = max((one.seconds for one in told if one.survived), default=0.0)
    return low, min((one.seconds for one in told if not one.survived and one.seconds > low), default=None)


class NatBinding(Probe[NatBindingEvidence]):
    """How long the network keeps a UDP connection open over which nothing is said."""

    id = "nat_binding"
    title = "Lifetime of idle UDP bindings"
    requires = (Stun, Turn)

    @classmethod
    def inputs(cls, profile: Profile) -> Any:
        """The STUN and TURN URLs."""
        return {"stun": urls(profile, "stun"), "turn": urls(profile, "turn")}

    @classmethod
    def is_asked_for(cls, profile: Profile) -> bool:
        """It takes minutes: only where the profile says so, or --only names it."""
        return profile.nat_binding is not None

    @classmethod
    def traffic(cls, profile: Profile) -> list[Traffic]:
        """A handful of messages per binding, to one STUN server or one relay."""
        seconds = _settings(profile).max_seconds
        relays = first_that_relays(cls.id, profile, byte=BYTE, seconds=seconds)
        servers = [*traffic(cls.id, profile, "stun", byte=BYTE, seconds=seconds), *relays]
        return [replace(one, instead=number > 0) for number, one in enumerate(servers)]

    def deadline_s(self, profile: Profile) -> float:
        """The longest silence, and setting up."""
        return _settings(profile).max_seconds + SET_UP_S

    def summary(self, evidence: NatBindingEvidence) -> str | None:
        """The bounds."""
        if not evidence.silences:
            return "no far end to measure with"
        low, high = lifetime(evidence.silences)
        return f"at least {low:.0f} s" if high is None else f"{low:.0f} to {high:.0f} s"

    async def gather(self, context: Context) -> NatBindingEvidence:
        """By a STUN server that answers to other ports, else by a relay."""
        failure = Failure(FailureCode.NOT_CONFIGURED, "find a far end")
        for open_bindings in (_at_stun, _at_relay):
            async with AsyncExitStack() as stack:
                try:
                    base, bindings = await open_bindings(context, stack)
                except OperationFailed as error:
                    failure = error.failure
                else:
                    return await _wait(context, base, bindings)
        return NatBindingEvidence(failure=failure)


_Opened = tuple[NatBindingEvidence, list[IdleBinding]]


def _settings(profile: Profile) -> NatBindingSettings:
    return profile.nat_binding or NatBindingSettings()


async def _at_stun(context: Context, stack: AsyncExitStack) -> _Opened:
    """Bindings at the first server that answers to another port when asked to; raises OperationFailed."""
    seen = context.evidence(Stun)
    for server in seen.servers if seen else ():
        answered = [attempt for attempt in server.attempts if attempt.address and not attempt.failure]
        for attempt in sorted(answered, key=lambda one: one.family or 0)[:1]:
            host, _, port = (attempt.address or "").rpartition(":")
            bindings = await bindings_to_stun(host.strip("[]"), int(port), len(SHARES) + 1, stack)
            if (await _knock(bindings.pop())).survived:
                return NatBindingEvidence("response_port", server.url), bindings
    raise OperationFailed(FailureCode.NOT_CONFIGURED, "find a STUN server with RESPONSE-PORT")


async def _at_relay(context: Context, stack: AsyncExitStack) -> _Opened:
    """Allocations at the relay that relays over UDP; raises OperationFailed."""
    found = await far_end(context)
    if isinstance(found, Failure):
        raise OperationFailed(found.code, found.operation, found.detail)
    url, relay = found
    if relay.transport != "udp":
        raise OperationFailed(FailureCode.NOT_CONFIGURED, "find a relay over UDP")
    return NatBindingEvidence("relay", url), await bindings_to_relay(relay, len(SHARES), stack)


async def _wait(context: Context, base: NatBindingEvidence, bindings: list[IdleBinding]) -> NatBindingEvidence:
    """Leave each binding idle for its time, then have the far end send; until one has died, or the longest is over."""
    silences = list[Silence]()
    context.keep(lambda: replace(base, silences=tuple(silences)))
    await talk(bindings)
    longest_s = min(_settings(context.profile).max_seconds, *map(_idle_at_most_s, bindings))
    for share, binding in sorted(zip(SHARES, bindings, strict=False), key=lambda one: one[0]):
        context.progress("waiting", share * longest_s, longest_s)
        await asyncio.sleep(max(0.0, binding.silent_since + share * longest_s - time.perf_counter()))
        silences.append(await _knock(binding))
        if not silences[-1].survived:
            break
    return replace(base, silences=tuple(silences))


def _idle_at_most_s(binding: IdleBinding) -> float:
    """A relay that grants little time has its client speak up before that is over: longer silences are none."""
    speaks_at = binding.speaks_at()
    return math.inf if speaks_at is None else max(0.0, speaks_at - binding.silent_since - sum(KNOCK_WAITS_S))


async def _knock(binding: IdleBinding) -> Silence:
    """Have the far end send a few times: silent until the first if any arrives, until the last if none does."""
    arrived = asyncio.Event()
    binding.on_arrival = arrived.set
    times_s = []
    for wait_s in KNOCK_WAITS_S:
        times_s.append(round(time.perf_counter() - binding.silent_since, 3))
        binding.knock()
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await arrived.wait()
        if arrived.is_set():  # also where a busy machine read it as the time ran out
            return Silence(times_s[0], survived=True)
    return Silence(times_s[-1], survived=False)
