"""Whether a device is a headset, and what proves it; without proof it is unknown."""

import re
from collections.abc import Sequence

from readycheck.host.audio.usb_ids import Known
from readycheck.model.audio import AudioDevice, Endpoint, Kind

_SPEAKERPHONES = re.compile(
    r"\bspeak\d?\b|speakerphone|calisto|panacast|conference|\bsync\b|\bstudio\b|freeway|camera|webcam|phone adapter"
    r"|\bSP ?\d|\bexpand\b|\bTC ?\d|\bCCX\b|\bVVX\b|\btrio\b",
    re.IGNORECASE,
)
"""And what makers of headsets make beside: cameras, screens for rooms, telephones for desks."""
_HEADSETS = re.compile(r"headset|casque|kopfhörer|cuffie|auricular|koptelefoon", re.IGNORECASE)
_SERIES = re.compile(
    r"\b(?:evolve|engage|biz|uc voice|pro ?9\d|blackwire|voyager|savi|encore|gamecom|audio \d"
    r"|impact|adapt|presence|raw|morgan|momentum|(?:sc|mb|pc|pxc|gs[ap]|ac)[ -]?(?:\d|x\d|pro))",
    re.IGNORECASE,
)
_DONGLES = re.compile(r"\bBTD?[ -]?\d{3,4}\b|\blink (?:3\d\d|400)", re.IGNORECASE)
"""Of makers of headsets, who make other things too: the name must say which of theirs it is."""


def headset_kind(
    product: str, group: Sequence[Endpoint], known: Sequence[Known], maker: Known | None
) -> tuple[Kind, str | None]:
    """By the table first, then by what the system says of its form, its maker, its name."""
    if known:
        return known[0].kind, "usb id"
    bus, forms = group[0].bus, {(one.form_factor or "").rstrip("s") for one in group}
    theirs = maker is not None and maker.kind == "headset"
    both = len({one.direction for one in group}) > 1
    names = " ".join([product, *(one.name for one in group)])
    proofs: list[tuple[object, Kind, str | None]] = [
        (_SPEAKERPHONES.search(product), "speakerphone", "name"),
        (bus == "builtin", "other", "bus"),
        (bus == "remote", "unknown", None),
        ("headset" in forms or (both and "headphone" in forms), "headset", "form factor"),
        (theirs and _DONGLES.search(product), "dongle", "maker and name"),
        (theirs and _SERIES.search(product), "headset", "maker and name"),
        (_HEADSETS.search(names), "headset", "name"),
        (bus == "bluetooth" and both and forms == {""}, "headset", "hands-free"),
    ]
    return next(((kind, signal) for proven, kind, signal in proofs if proven), ("unknown", None))


def undecided(devices: Sequence[AudioDevice]) -> bool:
    """Whether one of these may be a headset, or stand for one at the other end of a session."""
    unclear = any(
        one.kind == "unknown" and one.bus in {"usb", "bluetooth", "jack"} and one.captures and one.renders
        for one in devices
    )
    real = any(one.bus in {"usb", "bluetooth", "builtin", "jack"} for one in devices)
    return unclear or any(one.bus == "remote" for one in devices) or bool(devices and not real)
