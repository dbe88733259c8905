"""Teletraffic: how many calls are up at once, how many agents a load needs (Erlang 1917; ITU-D Handbook 2001).

Sums of positive terms from the largest side, no factorials: the same accuracy for ten agents and for a million.
"""

from dataclasses import dataclass
from math import ceil, exp, floor, lgamma, log, log1p, sqrt

_NEGLIGIBLE = 1e-17
_FAR_TAIL = 28.0
"""Natural logarithm of how much smaller than what is asked the neglected tail is: about 1e-12."""


def binomial_quantile(sources: int, share: float, exceeded_ratio: float) -> int:
    """Smallest number of busy sources that is exceeded at most this share of the time.

    Each of a finite number of sources is busy independently of the others for a share of the time: the Engset
    model without blocking. `exceeded_ratio` is at least 1e-6.
    """
    mean = sources * share
    if share >= 1:
        return sources
    if mean <= exceeded_ratio:  # Markov: P(X >= 1) <= mean
        return 0
    busy = min(sources, ceil(mean + _reach(mean * (1 - share), _FAR_TAIL - log(exceeded_ratio))))
    term, above = exp(_log_binomial(sources, share, busy)), 0.0
    while busy > 0 and above + term <= exceeded_ratio:
        above += term
        term *= busy * (1 - share) / ((sources - busy + 1) * share)
        busy -= 1
    return busy


def _reach(variance: float, exponent: float) -> float:
    """How far above the mean a binomial goes with probability exp(-exponent) at most (Bernstein's inequality)."""
    return exponent / 3 + sqrt(exponent * exponent / 9 + 2 * exponent * variance)


def _log_binomial(sources: int, share: float, busy: int) -> float:
    ways = lgamma(sources + 1) - lgamma(busy + 1) - lgamma(sources - busy + 1)
    return ways + busy * log(share) + (sources - busy) * log1p(-share)


def erlang_b(servers: int, offered_erlang: float) -> float:
    """Share of calls that find all servers busy and are turned away (Erlang B, infinite sources).

    1/B is the sum of N/a · (N-1)/a · … : as many terms as there are standard deviations, not servers.
    """
    if offered_erlang <= 0:  # so few and short calls that their product is nothing
        return 0.0 if servers else 1.0
    total = term = 1.0
    left = servers
    while left > 0 and term > total * _NEGLIGIBLE:
        term *= left / offered_erlang
        total += term
        left -= 1
    return 1 / total


def erlang_c(agents: int, offered_erlang: float) -> float:
    """Share of calls that wait (Erlang C); 1 where the load is not below the agents, for then the queue only grows."""
    if offered_erlang >= agents:
        return 1.0
    return _waiting(erlang_b(agents, offered_erlang), agents, offered_erlang)


def _waiting(blocked: float, agents: int, offered_erlang: float) -> float:
    return agents * blocked / (agents - offered_erlang * (1 - blocked))


@dataclass(frozen=True)
class Load:
    """Calls offered to the agents in the busiest hour; handling is talk and after-call work together."""

    calls_per_hour: float
    handling_s: float

    @property
    def erlang(self) -> float:
        """Mean number of calls being handled."""
        return self.calls_per_hour * self.handling_s / 3600

    def answered_ratio(self, agents: int, within_s: float) -> float:
        """Share of calls answered within this time; 0 where the queue only grows."""
        if self.erlang >= agents:
            return 0.0
        return self._answered(erlang_c(agents, self.erlang), agents, within_s)

    def agents_needed(self, answered_ratio: float, within_s: float) -> int:
        """Fewest agents that answer this share of the calls (below 1) within this time."""
        agents = floor(self.erlang) + 1
        blocked = erlang_b(agents, self.erlang)
        while self._answered(_waiting(blocked, agents, self.erlang), agents, within_s) < answered_ratio:
            agents += 1
            blocked = self.erlang * blocked / (agents + self.erlang * blocked)
        return agents

    def calls_in_system(self, agents: int, exceeded_ratio: float) -> int | None:
        """Calls that wait or are handled, exceeded at most this share of the time; None where the queue only grows.

        Beyond the agents the tail is geometric: P(N >= agents + k) = C · (load / agents)^k.
        """
        if self.erlang >= agents:
            return None
        waiting = erlang_c(agents, self.erlang)
        if waiting <= exceeded_ratio:
            return agents
        return agents - 1 + ceil(log(exceeded_ratio / waiting) / log(self.erlang / agents))

    def _answered(self, waiting: float, agents: int, within_s: float) -> float:
        return 1 - waiting * exp(-(agents - self.erlang) * within_s / self.handling_s)
