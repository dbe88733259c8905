"""`netsh wlan show interfaces` in any language: what is what is told by the values, not by their names.

Seen layouts: Windows 10 (per cent, no Band), Windows 11 (Band before Channel, Rssi after Signal), multi-link
(`LinkID: 0, …, RSSI: -70, Channel: 100, Band: 5 GHz, …` in place of the three), rates with their unit in name or value.
"""

import re

from readycheck.model.network import Wifi

_LINE = re.compile(r"^\s*(\S.*?)\s*[:：](?:\s+|$)(.*)$")  # noqa: RUF001 - Chinese builds write the wide colon
_PERCENT = re.compile(r"(\d{1,3}) ?%")
_LEVEL = re.compile(r"-\d{2,3}")
_CHANNEL = re.compile(r"\d{1,3}")
_BAND = re.compile(r"(2[.,]4|5|6) ?GHz", re.IGNORECASE)
_MULTI_LINK = re.compile(r"LinkID:.*?RSSI: *(-\d{2,3}).*?Channel: *(\d{1,3}).*?Band: *([\d.,]+) ?GHz", re.IGNORECASE)
_REFUSED = re.compile(r"ms-settings:privacy-location|\bWlan[A-Z]\w+\D{1,40}\b5\b")
_STRANGERS = ("SSID", "BSSID", "AP BSSID")  # never translated; whoever runs an access point writes what he likes
_LONGEST_TEXT = 100_000

Block = list[tuple[str, str]]


def refused(text: str) -> bool:
    """Whether the location switch forbids it: the settings' address and the function's error are never translated."""
    return bool(_REFUSED.search(text[:_LONGEST_TEXT]))


def blocks(text: str) -> list[Block]:
    """Name and value of each line, by interface: blank lines stand between them. The network's own name is left out."""
    found: list[Block] = []
    for part in re.split(r"\n\s*\n", text[:_LONGEST_TEXT].replace("\r", "")):
        matches = [match for line in part.splitlines() if (match := _LINE.match(line[:400]))]
        lines = [(match[1], match[2].strip()) for match in matches if match[1] not in _STRANGERS]
        found += [lines] if lines else []
    return found


def link_of(block: Block) -> Wifi | None:
    """The link of one interface; None where no signal is told, as while it is not connected."""
    at = next((number for number, (_, value) in enumerate(block) if _PERCENT.fullmatch(value)), None)
    several = [match for name, value in block if (match := _MULTI_LINK.search(f"{name}: {value}"))]
    if several:
        best = max(several, key=lambda match: int(match[1]))
        return Wifi(float(best[1]), None, int(best[2]), float(best[3].replace(",", ".")))
    if at is None:
        return None
    percent = min(100, int(block[at][1].rstrip("% ")))
    channel, band_ghz = _place(block, at)
    if at + 1 < len(block) and _LEVEL.fullmatch(block[at + 1][1]):
        return Wifi(float(block[at + 1][1]), percent, channel, band_ghz)
    return Wifi(None, percent, channel, band_ghz)


def _place(block: Block, signal_at: int) -> tuple[int | None, float | None]:
    """The number right after the band, else the last plain one before the signal: rates have a unit, names may not."""
    for number, (_, value) in enumerate(block):
        band = _BAND.fullmatch(value)
        if band:
            after = block[number + 1][1] if number + 1 < len(block) else ""
            return int(after) if _CHANNEL.fullmatch(after) else None, float(band[1].replace(",", "."))
    plain = [int(value) for name, value in block[:signal_at] if _CHANNEL.fullmatch(value) and "(" not in name]
    return (plain[-1], None) if plain else (None, None)
