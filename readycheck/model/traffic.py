"""What a run would send, and to whom: told before anything is sent."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Traffic:
    """One destination of one probe. Bytes are an upper estimate, both ways, with IP and UDP or TCP headers."""

    probe: str
    host: str
    port: int
    protocol: str
    byte: int
    seconds: float
    instead: bool = False
    """In place of the probe's row before, if nothing comes of that one."""


def size(byte: int) -> str:
    """Bytes for people: kB, and MB from a million on."""
    return f"{byte / 1_000_000:.1f} MB" if byte >= 1_000_000 else f"{byte / 1000:.0f} kB"  # noqa: PLR2004 - a megabyte
