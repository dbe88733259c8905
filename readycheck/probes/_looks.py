"""Looks at the figures while packets leave and arrive: beside the loop, which would keep them waiting otherwise."""

import asyncio
from collections.abc import Callable

from readycheck.model.evidence import Evidence
from readycheck.rtc.sequential import StoppingRule


class Looks:
    """One look at a time, whenever the rule wants one; `snapshot` is taken in the loop, what it gives is worked out."""

    def __init__(self, rule: StoppingRule, snapshot: Callable[[], Callable[[], Evidence]]) -> None:
        self._rule = rule
        self._snapshot = snapshot
        self._next_s = rule.min_seconds
        self._look: asyncio.Future[bool] | None = None

    def begin(self, elapsed_s: float) -> None:
        """Begin a look if one is due."""
        if self._look or elapsed_s < self._next_s:
            return
        self._next_s = self._rule.next_look_s(elapsed_s)
        self._look = asyncio.get_running_loop().run_in_executor(None, self._ends, elapsed_s, self._snapshot())

    def say_enough(self) -> bool:
        """Whether a look has come to its end, and says that no limit is open."""
        if self._look is None or not self._look.done():
            return False
        look, self._look = self._look, None
        return look.result()

    def _ends(self, elapsed_s: float, evidence: Callable[[], Evidence]) -> bool:
        return self._rule.ends(elapsed_s, evidence().quantity)
