"""Linux: endpoints from the sound server (PulseAudio or PipeWire), else from ALSA; USB and HID from /sys."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from readycheck.host.audio.report_descriptor import usage_pages
from readycheck.host.context import wrong_user
from readycheck.host.machine import Machine, text_of
from readycheck.model.audio import Bus, Direction, Endpoint, Listing, UsbDevice
from readycheck.model.clean import clean
from readycheck.model.failure import Failure, FailureCode, OperationFailed

PACTL = ("pactl", "-f", "json")
TIMEOUT_S = 1.5
CARDS = "/proc/asound/card[0-9]*"
DEVICES = "/sys/bus/usb/devices/*"
DESCRIPTORS = "/sys/class/hidraw/*/device/report_descriptor"
_TELEPHONY_PAGE = 0x0B
_REACH = "reach the sound server"
_DAEMONS = frozenset(
    {"pipewire", "pipewire-pulse", "pulseaudio", "wireplumber", "jackd", "bluetoothd", "bluealsa", "bluealsad"}
)
"""Sound servers, and what brings Bluetooth's sound to them."""
_KINDS: Mapping[Direction, str] = {"capture": "sources", "render": "sinks"}
_BUSES: Mapping[str, Bus] = {"usb": "usb", "bluetooth": "bluetooth", "pci": "builtin"}
_USB_ID = re.compile(r"(?:usb:v?|0x)?([0-9a-f]{4})", re.IGNORECASE)
_PROFILES = ("api.bluez5.profile", "bluetooth.protocol")  # PipeWire, PulseAudio
_HANDS_FREE, _MUSIC = re.compile(r"head.?set|hands.?free|hfp|hsp", re.IGNORECASE), re.compile("a2dp", re.IGNORECASE)
_JACK = {"headset": re.compile("headset", re.IGNORECASE), "headphones": re.compile("headphone", re.IGNORECASE)}
_HID_ID = re.compile(r"^HID_ID=0003:0000([0-9A-F]{4}):0000([0-9A-F]{4})$", re.MULTILINE)  # 0003: on USB


def server_is_there(machine: Machine) -> bool:
    """Whether a sound server can be asked; asking where there is none would start one and leave it running."""
    variables = machine.environment
    runtime = variables.get("XDG_RUNTIME_DIR")
    return bool(variables.get("PULSE_SERVER") or (runtime and machine.paths(f"{runtime}/pulse/native")))


def endpoints(machine: Machine) -> Listing:
    """What the sound server offers, else the kernel's cards: those alone prove no absence where a server runs."""
    if server_is_there(machine):
        try:
            listing = Listing(server_endpoints(machine))
        except OperationFailed as error:
            listing = Listing(list(alsa_endpoints(machine)), error.failure)
    else:
        listing = Listing(list(alsa_endpoints(machine)), _not_reached(machine))
    if wrong_user(machine):  # each person has a sound server of their own
        return replace(listing, failure=Failure(FailureCode.WRONG_USER_CONTEXT, _REACH))
    return listing


def _not_reached(machine: Machine) -> Failure | None:
    """Why devices may be there that the kernel does not list: it shows nothing of Bluetooth."""
    running = machine.processes()
    if running is None:
        return Failure(FailureCode.COMPONENT_MISSING, _REACH, "running processes can't be told")
    found = sorted(_DAEMONS & running)
    return Failure(FailureCode.COMPONENT_MISSING, _REACH, f"{', '.join(found)} running") if found else None


def server_endpoints(machine: Machine) -> list[Endpoint]:
    """Sources and sinks without the sinks' monitors. Raises OperationFailed: the server does not answer."""
    told = _pactl(machine, "info")
    found: list[Endpoint] = []
    for direction, kind in _KINDS.items():
        default = told.get(f"default_{kind.removesuffix('s')}_name") if isinstance(told, dict) else None
        entries = _pactl(machine, "list", kind)
        for entry in entries if isinstance(entries, list) else []:
            properties = entry.get("properties") if isinstance(entry, dict) else None
            if isinstance(properties, dict) and properties.get("device.class") != "monitor":
                found.append(_endpoint(entry, properties, direction, default=default))
    return found


def _pactl(machine: Machine, *words: str) -> Any:
    output = machine.output(*PACTL, *words, timeout_s=TIMEOUT_S)
    if output.failure or output.status != 0:
        raise OperationFailed(output.failure or FailureCode.COMPONENT_MISSING, "pactl", f"status {output.status}")
    try:
        return json.loads(output.text)
    except (ValueError, RecursionError):
        raise OperationFailed(FailureCode.COMPONENT_MISSING, "pactl", "its answer is no JSON") from None


def _endpoint(
    entry: Mapping[str, Any], properties: Mapping[str, Any], direction: Direction, *, default: object
) -> Endpoint:
    name = clean(entry.get("description") or entry.get("name") or "?")
    bus = _BUSES.get(str(properties.get("device.bus", "")), "unknown")
    if bus == "unknown" and re.search("xrdp|tunnel", f"{entry.get('driver')} {entry.get('name')}"):
        bus = "remote"
    form_factor = str(properties.get("device.form_factor") or "") or None
    if bus == "builtin" and (socket := _socket(entry)):
        bus, form_factor = "jack", socket
    product = properties.get("device.product.name") or properties.get("alsa.card_name")
    return Endpoint(
        name,
        direction,
        bus,
        clean(product) if product else name,
        _id(properties.get("device.vendor.id")),
        _id(properties.get("device.product.id")),
        clean(form_factor) if form_factor else None,
        _hands_free(properties) if bus == "bluetooth" else None,
        default=entry.get("name") == default if isinstance(default, str) else None,
        signal="pactl",
    )


def _socket(entry: Mapping[str, Any]) -> str | None:
    """What is plugged into the machine's own socket, where that is what is in use; else None."""
    port = str(entry.get("active_port") or "")
    return next((form for form, words in _JACK.items() if words.search(port)), None)


def _id(value: object) -> str | None:
    """Four digits of `0b0e`, `0x0b0e` or `usb:0b0e`; `bluetooth:…` is another list of makers."""
    match = _USB_ID.fullmatch(value) if isinstance(value, str) else None
    return match[1].lower() if match else None


def _hands_free(properties: Mapping[str, Any]) -> bool | None:
    profile = " ".join(str(properties.get(name, "")) for name in _PROFILES)
    if _MUSIC.search(profile):
        return False
    return True if _HANDS_FREE.search(profile) else None


def alsa_endpoints(machine: Machine) -> Iterator[Endpoint]:
    """Cards of the kernel, whose default nobody tells: USB ones both ways by their streams, others by their devices."""
    for card in machine.paths(CARDS):
        usb_id = text_of(machine, f"{card}/usbid").strip().lower()
        vid, _, pid = usb_id.partition(":")
        streams = "".join(text_of(machine, path) for path in machine.paths(f"{card}/stream[0-9]*"))
        product = clean(streams.partition(" at usb-")[0]) if streams else clean(text_of(machine, f"{card}/id"))
        for direction, heading, device in (("capture", "Capture:", "c"), ("render", "Playback:", "p")):
            if heading in streams or (not streams and machine.paths(f"{card}/pcm[0-9]*{device}")):
                yield Endpoint(
                    product or "?",
                    "capture" if direction == "capture" else "render",
                    "usb" if usb_id else "builtin",
                    product or None,
                    _id(vid),
                    _id(pid),
                    signal="/proc/asound",
                )


def usb(machine: Machine) -> list[UsbDevice]:
    """Attached devices."""
    devices = []
    for folder in machine.paths(DEVICES):
        vid, pid = (_id(text_of(machine, f"{folder}/{name}").strip()) for name in ("idVendor", "idProduct"))
        if vid and pid:
            devices.append(UsbDevice(vid, pid, clean(text_of(machine, f"{folder}/product")) or None))
    return devices


def telephony(machine: Machine) -> set[str]:
    """`vid:pid` of what has HID's telephony page."""
    found = set()
    for path in machine.paths(DESCRIPTORS):
        match = _HID_ID.search(text_of(machine, f"{path.removesuffix('/report_descriptor')}/uevent"))
        if match and _TELEPHONY_PAGE in usage_pages(machine.content(path) or b""):
            found.add(f"{match[1]}:{match[2]}".lower())
    return found
