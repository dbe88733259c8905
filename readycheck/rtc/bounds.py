"""Bounds of a share in a sequence whose packets depend on their neighbours, valid however often they are looked at.

The sequence is a two-state Markov chain (Gilbert 1960): packets are lost or not, runs of losses begin with
probability a and end with probability s, the mean run is 1/s and the share is a / (a + s). Independent losses are the
case s = 1 - a. A share is left out of the bounds once even the chain of that share under which the sequence is
likeliest is less likely than confidence allows beside a mixture over all chains. By Ville's inequality (1939) this ever
happens to the true share with at most 1 - confidence, whatever the number of looks (Robbins 1970; with composite
hypotheses: Wasserman, Ramdas and Balakrishnan 2020).

Nothing lost says how seldom runs begin, not how long they are: chains with runs of up to three on average count in
full, longer ones by the cube of three over their mean until such runs are seen. The guarantee is exact up to three.
Silence of half a second and more is no run of such a chain but an outage: each half second counts as a run of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, lgamma, log, log1p, sqrt

from readycheck.model.evidence import Interval
from readycheck.rtc.loss import loss_runs

LONGEST_MEAN_RUN = 3.0
"""Mean loss run against which the bounds hold before any loss was seen."""
_RARITY = 3.0
"""Exponent by which longer runs count less: the least for which three is the worst case of a link without loss."""
_OUTAGE = 25
"""Packets in a row."""
Beta = tuple[float, float]
RARE: Beta = (0.05, 50.0)
COMMON: Beta = (0.5, 0.5)
"""Priors of a, for shares near none and for any: where the mixture looks first. They cost time, never truth."""
_USUAL_END: Beta = (2.0, 0.3)
"""Prior of s, most of it near one."""
_LOSSY: tuple[float, Beta, Beta] = (0.1, (0.5, 5.0), (0.5, 0.5))
"""A tenth of the mixture, for lines that lose much or long: its weight, and the priors of a and s."""
_HALVINGS = 40


@dataclass(frozen=True)
class Chain:
    """What a sequence comes to: how often each state followed each other. It starts after a good packet."""

    began: int
    stayed_good: int
    ended: int
    stayed_lost: int
    prior: Beta = RARE

    @classmethod
    def of(cls, lost: Sequence[bool], prior: Beta = RARE) -> "Chain":
        """Counts of a whole sequence."""
        runs = loss_runs(lost)
        ended, losses = len(runs) - bool(lost and lost[-1]), sum(runs)
        return cls(len(runs), len(lost) - losses - ended, ended, losses - len(runs), prior)

    @classmethod
    def of_losses(cls, lost: Sequence[bool]) -> "Chain":
        """Counts of a sequence of packets, outages cut into runs."""
        whole, more = cls.of(lost), sum((length - 1) // _OUTAGE for length in loss_runs(lost))
        return cls(whole.began + more, whole.stayed_good, whole.ended + more, whole.stayed_lost - more)

    @property
    def share(self) -> float:
        """Share of lost packets; 0 without packets."""
        losses = self.began + self.stayed_lost
        return losses / (losses + self.stayed_good + self.ended) if losses else 0.0

    def excludes(self, share: float, confidence: float) -> bool:
        """Whether the true share is not this one."""
        return self._best_log_likelihood(share) <= log(1 - confidence) + self._mixture

    def bounds(self, confidence: float) -> Interval:
        """All shares that are not excluded: an interval, since the likelihood falls on either side of its top."""
        threshold, share = log(1 - confidence) + self._mixture, self.share
        low = 0.0 if not self.began else self._edge(share, 0.0, threshold)
        high = 1.0 if not self.stayed_good + self.ended else self._edge(share, 1.0, threshold)
        return Interval(low, high)

    def _edge(self, inside: float, outside: float, threshold: float) -> float:
        if self._best_log_likelihood(outside) > threshold:
            return outside
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            if self._best_log_likelihood(middle) > threshold:
                inside = middle
            else:
                outside = middle
        return outside

    @property
    def _mixture(self) -> float:
        weight, lossy, lossy_end = _LOSSY
        usual = log(1 - weight) + self._under(self.prior, _USUAL_END)
        other = log(weight) + self._under(lossy, lossy_end)
        return max(usual, other) + log1p(exp(-abs(usual - other)))

    def _under(self, begin: Beta, end: Beta) -> float:
        """Log likelihood of the sequence, averaged over chains."""
        began = _log_beta(begin[0] + self.began, begin[1] + self.stayed_good) - _log_beta(*begin)
        return began + _log_beta(end[0] + self.ended, end[1] + self.stayed_lost) - _log_beta(*end)

    def _best_log_likelihood(self, share: float) -> float:
        """Of the chains with this share, the likeliest; for a share, a = odds * s, so only s is free."""
        if share <= 0:
            return -inf if self.began else 0.0
        if share >= 1:
            return -inf if self.stayed_good + self.ended else 0.0
        odds = share / (1 - share)
        left = self.ended + self.stayed_lost
        seen = max(self.ended, 0.5) / left if left else 1.0
        rare = min(1 / LONGEST_MEAN_RUN, seen)
        end = self._likeliest_end(odds, 0.0)
        if end < rare:
            end = min(rare, self._likeliest_end(odds, _RARITY))
        return (
            _times_log(self.began, odds * end)
            + _times_log(self.stayed_good, 1 - odds * end)
            + _times_log(self.ended, end)
            + _times_log(self.stayed_lost, 1 - end)
            + _RARITY * min(0.0, log(end / rare))
        )

    def _likeliest_end(self, odds: float, rarity: float) -> float:
        """Where the derivative of the log likelihood vanishes: the smaller root of a quadratic, within (0, 1]."""
        events = self.began + self.ended + rarity
        square = odds * (events + self.stayed_good + self.stayed_lost)
        linear = events * (1 + odds) + self.stayed_good * odds + self.stayed_lost
        root = sqrt(max(0.0, linear * linear - 4 * square * events))
        return min(1.0, 1 / odds, 2 * events / (linear + root)) if linear + root else 0.0


def loss_bounds(lost: Sequence[bool], confidence: float) -> Interval:
    """Bounds of the loss ratio, for losses alone and in runs, whenever the measurement was ended."""
    if not lost:
        return Interval(0.0, 1.0)
    share, bounds = sum(lost) / len(lost), Chain.of_losses(lost).bounds(confidence)
    return Interval(min(share, bounds.low or 0.0), max(share, bounds.high or 0.0))


def packets_without_loss(limit: float, confidence: float) -> float:
    """How many packets must arrive without a loss to prove that no more than this share is lost; inf if none do."""
    if limit <= 0:
        return inf
    few, many = 0, 1
    while not Chain(0, many, 0, 0).excludes(limit, confidence):
        few, many = many, 2 * many
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if Chain(0, middle, 0, 0).excludes(limit, confidence) else (middle, many)
    return many


def _times_log(count: float, probability: float) -> float:
    return count * log(probability) if count and probability > 0 else (-inf if count else 0.0)


def _log_beta(first: float, second: float) -> float:
    return lgamma(first) + lgamma(second) - lgamma(first + second)
