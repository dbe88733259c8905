r"""Windows: endpoints from MMDevices, attached USB devices from the drivers' lists, HID pages from Enum\HID.

The registry alone, without COM: it answers any account, in any session, and never hangs. Layouts: MMDEVAPI's properties
(functiondiscoverykeys_devpkey.h, mmdeviceapi.h); `Role:n` as Windows Internals' readers describe it, undocumented.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from readycheck.host.machine import Machine
from readycheck.host.registry import Registry, Value, number_of, text_of
from readycheck.model.audio import Bus, Direction, Endpoint, Listing, SoundDevice, UsbDevice
from readycheck.model.clean import clean
from readycheck.model.failure import FailureCode, OperationFailed

HOST_API = "Windows WASAPI"
_AUDIO = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\MMDevices\Audio"
_CONTROL_SET = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet"
_BRANCHES: Mapping[Direction, str] = {"capture": "Capture", "render": "Render"}
_DESCRIPTION = "{a45c254e-df1c-4efd-8020-67d146a850e0},2"  # PKEY_Device_DeviceDesc: "Headset Microphone"
_PRODUCT = "{b3f8fa53-0004-438e-9003-51a46e139bfc},6"  # the device's own name: "Jabra Evolve2 40"
_INSTANCE = "{b3f8fa53-0004-438e-9003-51a46e139bfc},2"  # "{1}.USB\VID_0B0E&PID_0E40&MI_00\…"
_FORM_FACTOR = "{1da5d803-d492-4edd-8c23-e0c0ffee7f0e},0"  # PKEY_AudioEndpoint_FormFactor
_FORM_FACTORS = (
    *("remote", "speaker", "line", "headphones", "microphone", "headset"),
    *("handset", "digital", "spdif", "display", "unknown"),
)
_CONSOLE, _COMMUNICATIONS = "role:0", "role:2"  # ERole
_ACTIVE = 1
_DRIVERS = ("usbccgp", "hidusb", "usbaudio", "usbaudio2")
_USB_ID = re.compile(r"VID_([0-9a-f]{4})&PID_([0-9a-f]{4})", re.IGNORECASE)
_BLUETOOTH_ID = re.compile(r"VID&0002([0-9a-f]{4})_PID&([0-9a-f]{4})", re.IGNORECASE)  # 0002: numbered by USB's forum
_BUSES: Mapping[str, Bus] = {
    "USB": "usb",
    "BTHENUM": "bluetooth",
    "BTHHFENUM": "bluetooth",
    "BTHLEDEVICE": "bluetooth",
    "HDAUDIO": "builtin",
    "INTELAUDIO": "builtin",
    "SOUNDWIRE": "builtin",
}
_HANDS_FREE, _MUSIC = ("BTHHFENUM", "{0000111E-"), ("{0000110B-",)  # Bluetooth's numbers of HFP and of an audio sink
_REDIRECTED = re.compile(
    r"remote audio|citrix|hdx|horizon|omnissa|vmware|teradici|pcoip|\bdcv\b|workspaces|parallels", re.IGNORECASE
)
_TELEPHONY = "HID_DEVICE_UP:000B_"


def endpoints(machine: Machine) -> Listing:
    """Those that are active; raises OperationFailed: component_missing where Windows has no sound."""
    registry = machine.registry
    remote_session = machine.environment.get("SESSIONNAME", "").lower().startswith(("rdp-", "ica-"))
    found: list[Endpoint] = []
    nowhere = True
    for direction, branch in _BRANCHES.items():
        keys = [f"{_AUDIO}\\{branch}\\{name}" for name in registry.subkeys(f"{_AUDIO}\\{branch}")]
        nowhere = nowhere and not keys
        active = {key: values for key in keys if (values := registry.values(key)).get("devicestate") == _ACTIVE}
        consoles, calls = _latest(active, _CONSOLE), _latest(active, _COMMUNICATIONS)
        for key in active:
            endpoint = _endpoint(registry.values(f"{key}\\Properties"), direction, remote=remote_session)
            found.append(
                replace(
                    endpoint, default=_is(key, consoles), communications_default=_is(key, calls), signal="MMDevices"
                )
            )
    if nowhere:
        raise OperationFailed(FailureCode.COMPONENT_MISSING, "list audio endpoints", r"no MMDevices\Audio")
    return Listing(found)


def _is(key: str, latest: str | None) -> bool | None:
    return None if latest is None else key == latest


def _latest(active: Mapping[str, Mapping[str, Value]], role: str) -> str | None:
    """The endpoint that last became the default of this role, or the only one there is; None if Windows chose."""
    moments = {key: moment for key, values in active.items() if (moment := _moment(values.get(role)))}
    return next(iter(active)) if len(active) == 1 else max(moments, key=lambda key: moments[key], default=None)


def _moment(value: Value | None) -> tuple[int, ...] | None:
    """SYSTEMTIME: year, month, day of week, day, hour, minute, second, millisecond; 16 bits each."""
    if not isinstance(value, bytes) or len(value) != 16:  # noqa: PLR2004 - its size
        return None
    parts = [int.from_bytes(value[at : at + 2], "little") for at in range(0, 16, 2)]
    return (*parts[:2], *parts[3:])


def _endpoint(properties: Mapping[str, Value], direction: Direction, *, remote: bool) -> Endpoint:
    description, product = (clean(text_of(properties.get(name))) for name in (_DESCRIPTION, _PRODUCT))
    instance = text_of(properties.get(_INSTANCE)).partition(".")[2].upper()
    number = number_of(properties.get(_FORM_FACTOR))
    form_factor = _FORM_FACTORS[number] if number is not None and 0 <= number < len(_FORM_FACTORS) else None
    name = f"{description} ({product})" if description and product else description or product or "?"
    bus = _BUSES.get(instance.partition("\\")[0], "unknown")
    if form_factor == "remote" or (bus == "unknown" and (remote or _REDIRECTED.search(name))):
        bus = "remote"
    elif bus == "builtin" and form_factor in {"headset", "headphones"}:
        bus = "jack"
    ids = (_BLUETOOTH_ID if bus == "bluetooth" else _USB_ID).search(instance)
    vid, pid = (ids[1].lower(), ids[2].lower()) if ids else (None, None)
    return Endpoint(
        name,
        direction,
        bus,
        product or None,
        vid,
        pid,
        form_factor,
        _hands_free(instance) if bus == "bluetooth" else None,
    )


def _hands_free(instance: str) -> bool | None:
    if any(mark in instance for mark in _HANDS_FREE):
        return True
    return False if any(mark in instance for mark in _MUSIC) else None


def with_defaults(endpoints: Sequence[Endpoint], devices: Sequence[SoundDevice]) -> list[Endpoint]:
    """The same, with the console's default as WASAPI names it: it knows what Windows chose where nobody did."""
    told: dict[Direction, set[str]] = {
        "capture": {one.name for one in devices if one.host_api == HOST_API and one.default_input},
        "render": {one.name for one in devices if one.host_api == HOST_API and one.default_output},
    }
    known = {one.direction for one in endpoints if one.name in told[one.direction]}
    return [
        replace(one, default=one.name in told[one.direction]) if one.direction in known else one for one in endpoints
    ]


def usb(machine: Machine) -> list[UsbDevice]:
    r"""Attached devices, from the drivers' volatile lists (`Services\…\Enum`); Enum\USB lists all that ever were."""
    lists = [machine.registry.values(f"{_CONTROL_SET}\\Services\\{driver}\\Enum") for driver in _DRIVERS]
    if not any(lists):
        raise OperationFailed(FailureCode.COMPONENT_MISSING, "list USB devices", r"no Services\…\Enum")
    matches = [_USB_ID.search(text_of(value)) for values in lists for value in values.values()]
    ids = dict.fromkeys((match[1].lower(), match[2].lower()) for match in matches if match)
    return [UsbDevice(vid, pid) for vid, pid in ids]


def telephony(machine: Machine) -> set[str]:
    r"""`vid:pid` of what has, or had, HID's telephony page, from the hardware ids under Enum\HID."""
    registry, root = machine.registry, f"{_CONTROL_SET}\\Enum\\HID"
    names = registry.subkeys(root)
    if not names:
        raise OperationFailed(FailureCode.COMPONENT_MISSING, "list HID pages", r"no Enum\HID")
    ids = {name: match for name in names if (match := _USB_ID.search(name))}
    return {
        f"{match[1]}:{match[2]}".lower() for name, match in ids.items() if _has_telephony(registry, f"{root}\\{name}")
    }


def _has_telephony(registry: Registry, device: str) -> bool:
    return any(
        _TELEPHONY in text_of(registry.values(f"{device}\\{instance}").get("hardwareid")).upper()
        for instance in registry.subkeys(device)
    )
