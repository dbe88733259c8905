"""How often the path measurement decides wrongly when it ends as soon as it is sure: `make bench`, about a minute.

A limit of 1 %, from 8 to 60 s at 50 packets a second, 95 %: independent losses, and Gilbert losses in runs. Status 1 if
a truth on the wrong side of the limit passes, or one on the right side fails, more often than 1 - confidence.
"""

import random
import sys
from collections import Counter
from dataclasses import dataclass
from statistics import fmean

from results import record, table

from readycheck.rtc.bounds import LONGEST_MEAN_RUN, Chain
from readycheck.rtc.sequential import StoppingRule, seconds_without_loss

LIMIT, CONFIDENCE, RUNS, INTERVAL_S = 0.01, 0.95, 1000, 0.02
RULE = StoppingRule((), min_seconds=8, max_seconds=60)
TRUTHS = (0.001, 0.003, 0.006, 0.009, 0.0099, 0.0101, 0.012, 0.015, 0.02, 0.03, 0.05)


@dataclass
class Counts:
    """A sequence of packets under way."""

    began: int = 0
    stayed_good: int = 0
    ended: int = 0
    stayed_lost: int = 0

    def chain(self) -> Chain:
        """What it comes to so far."""
        return Chain(self.began, self.stayed_good, self.ended, self.stayed_lost)


def measured(generator: random.Random, truth: float, mean_run: float | None) -> tuple[str, float]:
    """One measurement: pass, fail or open, and after how many seconds."""
    end = 1 / mean_run if mean_run else 1 - truth
    begin = end * truth / (1 - truth)
    counts, lost, before = Counts(), generator.random() < truth, False
    look_s = RULE.min_seconds
    for number in range(1, round(RULE.max_seconds / INTERVAL_S) + 1):
        if before:
            counts.stayed_lost, counts.ended = counts.stayed_lost + lost, counts.ended + (not lost)
        else:
            counts.began, counts.stayed_good = counts.began + lost, counts.stayed_good + (not lost)
        before, lost = lost, generator.random() >= end if lost else generator.random() < begin
        elapsed_s = number * INTERVAL_S
        if elapsed_s >= look_s:
            look_s = RULE.next_look_s(elapsed_s)
            if counts.chain().excludes(LIMIT, CONFIDENCE):
                return ("pass" if counts.chain().share < LIMIT else "fail"), elapsed_s
    return "open", RULE.max_seconds


def row(truth: float, mean_run: float | None) -> tuple[list[str], bool]:
    """One truth's row; whether it is decided wrongly seldom enough, where that is promised."""
    generator = random.Random(f"{truth} {mean_run}")
    outcomes = [measured(generator, truth, mean_run) for _ in range(RUNS)]
    share = {outcome: count / RUNS for outcome, count in Counter(outcome for outcome, _ in outcomes).items()}
    wrong = share.get("pass" if truth > LIMIT else "fail", 0.0)
    within = wrong <= 1 - CONFIDENCE
    promised = mean_run is None or mean_run <= LONGEST_MEAN_RUN
    cells = [
        f"in runs of {mean_run:g}" if mean_run else "independent",
        f"{truth:.2%}",
        *(f"{share.get(outcome, 0.0):.1%}" for outcome in ("pass", "fail", "open")),
        f"{fmean(seconds for _, seconds in outcomes):.1f} s",
        f"{wrong:.1%}",
        f"at most {1 - CONFIDENCE:.0%}" if promised else "no promise",
        "holds" if within else "does not hold",
    ]
    return cells, within or not promised


def main() -> None:
    """Print the table, and keep it."""
    proved_s = seconds_without_loss(LIMIT, CONFIDENCE, 1000 * INTERVAL_S)
    rows = [row(truth, mean_run) for mean_run in (None, 2, 3, 5, 8) for truth in TRUTHS]
    lines = [
        f"`benchmarks/sequential.py`: a limit of {LIMIT:.0%}, {CONFIDENCE:.0%} confidence, {RUNS:,} simulated runs a",
        f"row, {RULE.min_seconds:g} to {RULE.max_seconds:g} s. Without a loss the limit is proved in {proved_s:.1f} s.",
        f"Losses in runs longer than {LONGEST_MEAN_RUN:g} on average are beyond what the rule promises: only told.",
        "",
        *table(
            ("losses", "true", "pass", "fail", "open", "mean time", "decided wrongly", "asked", ""),
            [cells for cells, _ in rows],
        ),
    ]
    print("\n".join(lines))
    record("When the path measurement ends", lines)
    sys.exit(not all(held for _, held in rows))


if __name__ == "__main__":
    main()
