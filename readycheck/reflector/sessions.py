"""Test sessions (RFC 8762 section 4.3, stateful mode): each has sequence numbers of its own, and an end."""

from collections.abc import Hashable

MOST_SESSIONS = 20_000
IDLE_S = 60.0
NEXT, LAST_SEEN = 0, 1


class Sessions:
    """Bounded and expiring. A newcomer to a full table is served without state: its own number is copied."""

    def __init__(self, most: int = MOST_SESSIONS, idle_s: float = IDLE_S) -> None:
        self.table: dict[Hashable, list[float]] = {}
        self.begun = 0
        self._cut: dict[Hashable, int] = {}
        self._most = most
        self._idle_s = idle_s

    def begin(self, key: Hashable, now_s: float) -> bool:
        """Open a session; whether there was room for it."""
        if len(self.table) >= self._most:
            return False
        self.table[key] = [0, now_s]
        self.begun += 1
        return True

    def next_sequence(self, key: Hashable, now_s: float) -> int | None:
        """The number of the reply to the next packet of an open session; None if there is no such session."""
        session = self.table.get(key)
        if session is None:
            return None
        number = int(session[NEXT])
        session[NEXT] = (number + 1) & 0xFFFFFFFF
        session[LAST_SEEN] = now_s
        return number

    def cut(self, key: Hashable) -> None:
        """Note that a packet of an open session was left unanswered by a cap."""
        if key in self.table:
            self._cut[key] = self._cut.get(key, 0) + 1

    def cut_of(self, key: Hashable) -> int:
        """How many of a session's packets were."""
        return self._cut.get(key, 0)

    def expire(self, now_s: float) -> None:
        """Forget sessions that have been silent for so long that the next packet is another session's."""
        ended = [key for key, session in self.table.items() if now_s - session[LAST_SEEN] > self._idle_s]
        for key in ended:
            del self.table[key]
            self._cut.pop(key, None)
