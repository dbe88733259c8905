"""macOS: endpoints and Bluetooth from system_profiler, USB and HID from ioreg, whose keys are the same in 15 and 26."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from readycheck.host.audio.usb_ids import product
from readycheck.host.machine import Machine
from readycheck.host.property_list import property_list
from readycheck.model.audio import Bus, Endpoint, Listing, UsbDevice
from readycheck.model.clean import clean
from readycheck.model.failure import FailureCode, OperationFailed

SOUND = ("system_profiler", "-json", "SPAudioDataType", "SPBluetoothDataType")
USB = ("ioreg", "-p", "IOUSB", "-l", "-a")
HID = ("ioreg", "-a", "-l", "-r", "-d", "1", "-c", "IOHIDDevice")
PROFILED_USB = (("system_profiler", "-json", "SPUSBHostDataType"), ("system_profiler", "-json", "SPUSBDataType"))
"""macOS 26, then those before."""
TIMEOUT_S = 5.0
_TELEPHONY_PAGE = 0x0B
_HANDS_FREE_AT_MOST_HZ = 24_000  # HFP: 8, 16, 24 kHz; music has 44.1 or 48
_BUSES: Mapping[str, Bus] = {"usb": "usb", "bluetooth": "bluetooth", "bluetoothle": "bluetooth", "builtin": "builtin"}
_TRANSPORT = "coreaudio_device_type_"
_OWN = re.compile(r"mac|built-in|intern|int[eé]gr|eingebaut|incorporad|embutid|ingebouwd", re.IGNORECASE)
"""What the machine has itself bears its model in every language ("Haut-parleurs MacBook Pro"), on older ones this."""
_PLUGGED = re.compile(r"e[xs]tern|^headphones$", re.IGNORECASE)
"""What is in its socket: external, extern, externe, externo, esterno."""
_HEX = re.compile(r"0x([0-9a-f]{1,4})\b", re.IGNORECASE)


def endpoints(machine: Machine) -> Listing:
    """One for each way of each Core Audio device. Raises OperationFailed: what the tool died of."""
    report = _json(machine, SOUND)
    bluetooth = _bluetooth(report)
    items = [item for item in _dicts(report.get("SPAudioDataType")) if "_name" in item]
    return Listing([endpoint for item in items for endpoint in _endpoints(item, bluetooth)])


def _endpoints(item: Mapping[str, Any], bluetooth: Mapping[str, Mapping[str, Any]]) -> Iterator[Endpoint]:
    name = clean(item["_name"])
    bus = _BUSES.get(str(item.get("coreaudio_device_transport", "")).removeprefix(_TRANSPORT), "unknown")
    paired = bluetooth.get(name, {}) if bus == "bluetooth" else {}
    vid, pid = _bluetooth_id(paired)
    form_factor = clean(paired.get("device_minorType", "")).lower() or None
    if bus == "builtin" and (_PLUGGED.search(name) or not _OWN.search(name)):
        bus = "jack"
    rate = item.get("coreaudio_device_srate")
    hands_free = rate <= _HANDS_FREE_AT_MOST_HZ if bus == "bluetooth" and isinstance(rate, int | float) else None
    for direction, way in (("capture", "input"), ("render", "output")):
        if item.get(f"coreaudio_device_{way}"):
            default = item.get(f"coreaudio_default_audio_{way}_device") == "spaudio_yes"
            if bus == "jack" and _PLUGGED.search(name):  # in another language it may be anything
                form_factor = "headset" if direction == "capture" else "headphones"
            yield Endpoint(
                name,
                "capture" if direction == "capture" else "render",
                bus,
                name,
                vid,
                pid,
                form_factor,
                hands_free,
                default=default,
                signal="SPAudioDataType",
            )


def _bluetooth(report: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Connected devices by name."""
    groups = [one for top in _dicts(report.get("SPBluetoothDataType")) for one in _dicts(top.get("device_connected"))]
    return {clean(name): facts for one in groups for name, facts in one.items() if isinstance(facts, dict)}


def _bluetooth_id(facts: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Bluetooth has numbers of its own beside USB's, and nothing here says which: only a known pair is told."""
    vid, pid = (_id(facts.get(name)) for name in ("device_vendorID", "device_productID"))
    return (vid, pid) if vid and pid and product(f"{vid}:{pid}") else (None, None)


def usb(machine: Machine) -> list[UsbDevice]:
    """Attached devices. Raises OperationFailed."""
    try:
        found = _dicts(_plist(machine, USB))
    except OperationFailed as error:
        for command in PROFILED_USB:
            with suppress(OperationFailed):
                if devices := _usb(_dicts(_json(machine, command).get(command[-1]))):
                    return devices
        raise error from None
    return _usb(found)


def _usb(items: Iterable[Mapping[str, Any]]) -> list[UsbDevice]:
    devices = []
    for item in items:
        vid = _id(item.get("idVendor", item.get("USBDeviceKeyVendorID", item.get("vendor_id"))))
        pid = _id(item.get("idProduct", item.get("USBDeviceKeyProductID", item.get("product_id"))))
        name = item.get("USB Product Name", item.get("kUSBProductString", item.get("_name")))
        if vid and pid:
            devices.append(UsbDevice(vid, pid, clean(name) if name else None))
    return devices


def telephony(machine: Machine) -> set[str]:
    """`vid:pid` of what has HID's telephony page. Raises OperationFailed."""
    found = set()
    for item in _dicts(_plist(machine, HID)):
        vid, pid = _id(item.get("VendorID")), _id(item.get("ProductID"))
        pages = [pair.get("DeviceUsagePage") for pair in _dicts(item.get("DeviceUsagePairs"))]
        if vid and pid and _TELEPHONY_PAGE in [*pages, item.get("PrimaryUsagePage")]:
            found.add(f"{vid}:{pid}")
    return found


def _id(value: Any) -> str | None:
    """Four hexadecimal digits of a number, or of text such as `0x0b0e  (GN Netcom A/S)`."""
    if isinstance(value, int) and 0 < value <= 0xFFFF:  # noqa: PLR2004 - 16 bits
        return f"{value:04x}"
    match = _HEX.search(value) if isinstance(value, str) else None
    return match[1].lower().zfill(4) if match else None


def _dicts(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every object in this, however deep, without recursion: a report may be nested to any depth."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            yield one
        if isinstance(one, dict | list):
            left.extend(reversed(list(one.values() if isinstance(one, dict) else one)))


def _text(machine: Machine, command: tuple[str, ...]) -> str:
    output = machine.output(*command, timeout_s=TIMEOUT_S)
    if output.failure or output.status != 0:
        raise OperationFailed(output.failure or FailureCode.COMPONENT_MISSING, command[0], f"status {output.status}")
    return output.text


def _json(machine: Machine, command: tuple[str, ...]) -> Mapping[str, Any]:
    try:
        report = json.loads(_text(machine, command))
    except (ValueError, RecursionError):
        report = None
    if not isinstance(report, dict):
        raise OperationFailed(FailureCode.COMPONENT_MISSING, command[0], "its answer is no JSON object")
    return report


def _plist(machine: Machine, command: tuple[str, ...]) -> Any:
    try:
        return property_list(_text(machine, command).encode())
    except ValueError:
        raise OperationFailed(FailureCode.COMPONENT_MISSING, command[0], "its answer is no property list") from None
