"""How many packets a second are answered, in all and for one source address; time is an argument."""

SHARE_OF_ONE_SOURCE = 0.9
MOST_SOURCES = 100_000


class Caps:
    """Counts anew each second. One source alone never takes all: a tenth is kept for the others."""

    def __init__(self, packets_per_s: int) -> None:
        self._most = packets_per_s
        self._most_of_one = max(1, int(packets_per_s * SHARE_OF_ONE_SOURCE))
        self._began_at_s = float("-inf")
        self._counted = 0
        self._of_source: dict[str, int] = {}

    def admit(self, source: str, now_s: float) -> bool:
        """Whether a packet from this address is answered now."""
        if now_s - self._began_at_s >= 1.0:
            self._began_at_s, self._counted = now_s, 0
            self._of_source.clear()
        counted = self._of_source.get(source, 0)
        if self._counted >= self._most or counted >= self._most_of_one:
            return False
        if not counted and len(self._of_source) >= MOST_SOURCES:
            return False
        self._counted += 1
        self._of_source[source] = counted + 1
        return True
