"""Whether a device is on the project's list: the vendor first, then the product, then the id.

A product's id changes with its variant (mono, UC, USB-C) and even with its state, so where an entry names the product
as well, the name decides as much as the id does: one of the two is enough.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from readycheck.model.audio import AudioDevice
from readycheck.profile.schema import AllowedHeadset


def listed(device: AudioDevice, allowed: Sequence[AllowedHeadset]) -> bool | None:
    """True if an entry names it, False if none does, None if the device shows too little of itself."""
    answers = [_named(device, one) for one in allowed]
    return True if True in answers else None if None in answers else False


def _named(device: AudioDevice, entry: AllowedHeadset) -> bool | None:
    if entry.vid is not None:
        if not device.ids:
            return None
        if not any(_same(usb_id.partition(":")[0], entry.vid) for usb_id in device.ids):
            return False
    if entry.product is not None and _has_name(device, entry.product):
        return True
    if entry.pid is not None:
        if not device.ids:
            return None
        return any(_same(usb_id.partition(":")[2], entry.pid) for usb_id in device.ids)
    return entry.product is None


def _same(number: str, written: str) -> bool:
    """Hexadecimal numbers, however they are written: 0B0E, 0x0b0e."""
    return number == written.strip().lower().removeprefix("0x").zfill(4)


def _has_name(device: AudioDevice, pattern: str) -> bool:
    """A pattern may begin at any word: the brand stands before some names and not before others."""
    names = [name.casefold() for name in (device.product, *device.known_as)]
    wanted = pattern.casefold()
    return any(fnmatchcase(name, wanted) or fnmatchcase(name, f"* {wanted}") for name in names)
