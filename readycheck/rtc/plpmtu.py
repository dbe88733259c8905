"""The search for the largest datagram that a path carries whole (packetization layer, RFC 8899 section 5.3).

Several sizes are asked at once instead of one after the other: a black hole answers nothing, and each silence costs a
wait. A size is too large once it was asked `ATTEMPTS` times in vain (MAX_PROBES of section 5.1.2): loss is not size.
What shares a full queue with others is lost for their sake, so the smallest that is too large must be so alone as well.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

ATTEMPTS = 3
BASE_BYTE = 1200
"""BASE_PLPMTU of section 5.1.2."""
SMALLEST_BYTE = 200
AT_ONCE = 8
_FINE_BYTE = 80
_USUAL_MTUS = (1492, 1480, 1460, 1450, 1440, 1420, 1400, 1380, 1340, 1300, 1280)
"""PPPoE, tunnels (IPIP, GRE, VXLAN, WireGuard), and what administrators choose; last IPv6's least."""
_HEADERS_BYTE = {4: 28, 6: 48}
ETHERNET_MTU_BYTE = 1500


def largest_payload_byte(version: int) -> int:
    """UDP payload that fills an Ethernet frame without fragments, by version of IP."""
    return ETHERNET_MTU_BYTE - _HEADERS_BYTE[version]


@dataclass
class Search:
    """UDP payloads in bytes: `answered` is the largest that came through, `too_large` the smallest that did not."""

    version: int
    answered: int = 0
    too_large: int = field(init=False)
    _is_begun: bool = False
    _asked: set[int] = field(default_factory=set)
    _asked_alone: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.too_large = largest_payload_byte(self.version) + 1

    def next_sizes(self) -> list[int]:
        """What to ask next, ascending; nothing once the answer is known, or nothing answers at all."""
        if not self._is_begun:
            return [SMALLEST_BYTE, BASE_BYTE, self.too_large - 1]
        gap = self.too_large - self.answered
        if not self.answered:
            return []
        if gap <= 1:
            is_known = self.too_large > largest_payload_byte(self.version) or self.too_large in self._asked_alone
            return [] if is_known else [self.too_large]
        if gap > _FINE_BYTE:
            usual = sorted(mtu - _HEADERS_BYTE[self.version] for mtu in _USUAL_MTUS)
            if inside := [size for size in usual if self.answered < size < self.too_large]:
                return inside
        step = -(-gap // (AT_ONCE + 1))
        return list(range(self.answered + step, self.too_large, step))

    def learn(self, asked: Collection[int], answered: Collection[int]) -> None:
        """What was asked and what came back, late answers to earlier questions too: these are no matter of size."""
        self._is_begun = True
        self._asked.update(asked)
        if len(asked) == 1:
            self._asked_alone.update(asked)
        self.answered = max(self.answered, *answered, 0)
        self.too_large = min([largest_payload_byte(self.version) + 1, *(s for s in self._asked if s > self.answered)])
