"""From endpoints and USB devices to the things that people plug in and wear."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from readycheck.host.audio import usb_ids
from readycheck.host.audio.usb_ids import Known
from readycheck.model.audio import AudioDevice, Bus, Direction, Endpoint, Kind, Link, UsbDevice
from readycheck.probes._headset_kind import headset_kind

WAYS: tuple[Direction, ...] = ("capture", "render")
_VARIANT = re.compile(r"\s*[(\[].*")


def relevant(
    devices: Sequence[UsbDevice], endpoints: Sequence[Endpoint], telephony: Collection[str]
) -> list[UsbDevice]:
    """USB devices that have to do with sound: nobody's keyboard and disk belong into a report."""
    sounding, products = {one.usb_id for one in endpoints}, {_key(one.product) for one in endpoints}
    return [
        one
        for one in devices
        if one.usb_id in sounding
        or one.usb_id in telephony
        or usb_ids.product(one.usb_id)
        or (one.product and _key(one.product) in products)
    ]


def audio_devices(
    endpoints: Sequence[Endpoint], attached: Sequence[UsbDevice], telephony: Collection[str] | None
) -> list[AudioDevice]:
    """Each device once, whatever number of endpoints and ids it shows; `telephony` is None if it could not be told."""
    groups: dict[tuple[str, str], list[Endpoint]] = {}
    for endpoint in _identified(endpoints, attached):
        groups.setdefault(_group(endpoint), []).append(endpoint)
    lonely = [one for one in attached if usb_ids.product(one.usb_id)]
    for one in lonely:  # such as a dongle whose headset is away: HID and no sound
        key = (one.vid, _name(one.usb_id, one.product))
        groups.setdefault(key, [])
    ids = {key: _ids(key, group, attached) for key, group in groups.items()}
    return [_device(key[1], group, ids[key], telephony) for key, group in groups.items()]


def _identified(endpoints: Sequence[Endpoint], attached: Sequence[UsbDevice]) -> list[Endpoint]:
    """With the ids of the attached device of the same name, where the list of endpoints tells none."""
    named = {_key(one.product): one for one in attached if one.product}
    found = []
    for one in endpoints:
        usb = named.get(_key(one.product)) if one.bus == "usb" and not one.vid else None
        found.append(replace(one, vid=usb.vid, pid=usb.pid) if usb else one)
    return found


def _key(name: str | None) -> str:
    """A name without its variant, to be compared."""
    return _VARIANT.sub("", name or "").casefold()


def _name(usb_id: str, product: str | None) -> str:
    known = usb_ids.product(usb_id)
    return _key(known.product if known else product)


def _group(endpoint: Endpoint) -> tuple[str, str]:
    """Vendor and product: a device may change its product id with its state, and show several at once."""
    if endpoint.bus == "jack":
        return ("jack", "jack")
    if endpoint.usb_id and endpoint.vid:
        return (endpoint.vid, _name(endpoint.usb_id, endpoint.product))
    return (endpoint.bus, _key(endpoint.product or endpoint.name))


def _ids(key: tuple[str, str], group: Sequence[Endpoint], attached: Sequence[UsbDevice]) -> tuple[str, ...]:
    vid, name = key
    same = [one.usb_id for one in attached if one.vid == vid and _name(one.usb_id, one.product) == name]
    return tuple(dict.fromkeys([*(one.usb_id for one in group if one.usb_id), *same]))


def _device(
    name: str, group: Sequence[Endpoint], ids: tuple[str, ...], telephony: Collection[str] | None
) -> AudioDevice:
    known = [found for usb_id in ids if (found := usb_ids.product(usb_id))]
    maker = usb_ids.maker(ids[0].partition(":")[0]) if ids else None
    product = next((one.product or one.name for one in group), known[0].product if known else name)
    bus = group[0].bus if group else "usb"
    kind, signal = headset_kind(product, group, known, maker)
    return AudioDevice(
        product=product,
        bus=bus,
        ids=ids,
        vendor=maker.vendor if maker else None,
        known_as=tuple(dict.fromkeys(one.product for one in known)),
        kind=kind,
        signal=signal,
        form=known[0].form if known and kind == "headset" else "unknown",
        link=_link(kind, bus, known),
        captures=any(one.direction == "capture" for one in group),
        renders=any(one.direction == "render" for one in group),
        default=_both(*([one.default for one in group if one.direction == way] for way in WAYS)),
        default_capture=_both([one.default for one in group if one.direction == "capture"]),
        default_render=_both([one.default for one in group if one.direction == "render"]),
        communications_default=_both(
            *([one.communications_default for one in group if one.direction == way] for way in WAYS)
        ),
        telephony=_telephony(ids, bus, telephony),
        hands_free=_hands_free(group) if bus == "bluetooth" else False,
    )


def _telephony(ids: Sequence[str], bus: Bus, found: Collection[str] | None) -> bool | None:
    """A socket carries sound alone; Bluetooth's buttons do not show in HID's lists."""
    if bus == "jack":
        return False
    return any(usb_id in found for usb_id in ids) if found is not None and ids else None


def _link(kind: Kind, bus: Bus, known: Sequence[Known]) -> Link:
    """The headset's own link; of a USB device that the table does not know it can't be told."""
    if kind == "adapter":
        return "adapter"
    if known:
        return known[0].link
    return "bluetooth" if bus == "bluetooth" else "analog" if bus == "jack" else "unknown"


def _both(*ways: Sequence[bool | None]) -> bool | None:
    """Whether one endpoint of each way is marked; None if that can't be told."""
    marked = [True if True in way else None if None in way else False for way in ways]
    return False if False in marked else None if None in marked else True


def _hands_free(group: Sequence[Endpoint]) -> bool | None:
    """By what plays: the microphone is there in telephone quality alone."""
    told = [one.hands_free for one in group if one.direction == "render" and one.hands_free is not None]
    return (
        told[0]
        if len(set(told)) == 1
        else next((one.hands_free for one in group if one.default and one.direction == "render"), None)
    )
