"""What the systems' own lists say of sound: layouts as documented, and what is broken, hostile, or not there."""

import json
import plistlib
from typing import Any

import pytest

from readycheck.host.audio import linux, macos, windows
from readycheck.host.audio.report_descriptor import usage_pages
from readycheck.host.recorded import RecordedMachine
from readycheck.model.audio import SoundDevice
from readycheck.model.failure import FailureCode, OperationFailed
from tests.machines import machine
from tests.probes.collecting import Seen, collection_of, profile_of

HOSTILE = [
    "<script>alert(1)</script>",
    "a\x1b[31m\x07\x00b",
    "\u202egnp.exe\u2066",
    "x" * 10_000,
    "\ufffd\udcff",
    "=cmd|' /C calc'!A0",
]
SOUND = "system_profiler -json SPAudioDataType SPBluetoothDataType"
# HID 1.11: page 0x0B, usage 5, collection (application), … end; the second lies in another collection
TELEPHONY = bytes.fromhex("050b0905a101 85010920 c0")
BURIED = bytes.fromhex("050c0901a101 050b0905a102 c0 c0")
EXTENDED = bytes.fromhex("0b05000b00 a101 c0")


def recorded(platform: str, **parts: Any) -> RecordedMachine:
    return RecordedMachine({"schema": "readycheck.machine/1", "platform": platform, **parts})


@pytest.mark.parametrize(
    ("descriptor", "pages"),
    [
        (TELEPHONY, {0x0B}),
        (BURIED, {0x0C}),
        (EXTENDED, {0x0B}),
        (bytes.fromhex("050b0901a101c0 050c0901a101c0"), {0x0B, 0x0C}),
        (bytes.fromhex("fe0200ffff 050b0905a101"), {0x0B}),
        (TELEPHONY[:4], set()),
        (bytes.fromhex("060b"), set()),
        (bytes.fromhex("c0c0c0 050ba100"), {0x0B}),
        (b"\xfe", set()),
        (b"", set()),
    ],
)
def test_page_of_a_top_level_collection(descriptor: bytes, pages: set[int]) -> None:
    """Telephony counts where a collection of its own has it; long items are passed over, cut ones read to their end."""
    assert usage_pages(descriptor) == pages


ASOUND = {
    "/proc/asound/card0/id": "PCH\n",
    "/proc/asound/card0/pcm0c/info": "",
    "/proc/asound/card0/pcm0p/info": "",
    "/proc/asound/card1/id": "II\n",
    "/proc/asound/card1/usbid": "0b0e:0312\n",
    "/proc/asound/card1/stream0": "GN Netcom A/S Jabra EVOLVE 30 II at usb-0000:00:14.0-1, full speed : USB Audio\n\n"
    "Playback:\n  Status: Stop\n  Interface 2\n    Altset 1\n    Channels: 2\n\nCapture:\n  Status: Stop\n",
}
SYS = {
    "/sys/bus/usb/devices/1-1/idVendor": "0b0e\n",
    "/sys/bus/usb/devices/1-1/idProduct": "0312\n",
    "/sys/bus/usb/devices/1-1/product": "Jabra EVOLVE 30 II\n",
    "/sys/bus/usb/devices/1-1:1.0/bInterfaceClass": "01\n",
    "/sys/bus/usb/devices/1-2/idVendor": "no number\n",
    "/sys/bus/usb/devices/1-2/idProduct": "0001\n",
    "/sys/class/hidraw/hidraw0/device/uevent": "DRIVER=jabra\nHID_ID=0003:00000B0E:00000312\nHID_NAME=Jabra\n",
    "/sys/class/hidraw/hidraw0/device/report_descriptor": {"base64": "BQsJBaEBwA=="},
    "/sys/class/hidraw/hidraw1/device/uevent": "HID_ID=0005:00000B0E:00000999\n",
    "/sys/class/hidraw/hidraw1/device/report_descriptor": {"base64": "BQsJBaEBwA=="},
}


def test_kernel_lists_cards_where_no_server_runs() -> None:
    """A USB headset both ways with its ids, the laptop's own sound, the default unknown; buttons on USB alone."""
    laptop = recorded("linux", files=ASOUND | SYS, processes=["init"])
    listing = linux.endpoints(laptop)

    assert [(one.direction, one.bus, one.usb_id, one.default) for one in listing.endpoints] == [
        ("capture", "builtin", None, None),
        ("render", "builtin", None, None),
        ("capture", "usb", "0b0e:0312", None),
        ("render", "usb", "0b0e:0312", None),
    ]
    assert listing.endpoints[2].product == "GN Netcom A/S Jabra EVOLVE 30 II"
    assert [one.usb_id for one in linux.usb(laptop)] == ["0b0e:0312"]
    assert linux.telephony(laptop) == {"0b0e:0312"}


SERVER = {"environment": {"XDG_RUNTIME_DIR": "/run/user/1000"}, "folders": ["/run/user/1000/pulse/native"]}
INFO = json.dumps({"default_sink_name": "bt", "default_source_name": "bt.in"})


def pulse(sinks: Any, sources: Any, info: Any = INFO) -> dict[str, Any]:
    texts = [one if isinstance(one, str | dict) else json.dumps(one) for one in (sinks, sources)]
    return {
        "commands": {
            "pactl -f json info": info,
            "pactl -f json list sinks": texts[0],
            "pactl -f json list sources": texts[1],
        }
    }


def entry(name: str, **properties: str) -> dict[str, Any]:
    told = {key.replace("__", "."): value for key, value in properties.items()}
    return {"name": name, "description": name.upper(), "properties": told, "active_port": told.pop("port", None)}


def test_sound_server_tells_bus_form_mode_and_default() -> None:
    """PipeWire's Bluetooth in hands-free mode, a headset in the laptop's socket; monitors are no microphones."""
    sinks = [
        entry(
            "bt", device__bus="bluetooth", api__bluez5__profile="headset-head-unit", device__vendor__id="bluetooth:0067"
        ),
        entry("pci", device__bus="pci", port="analog-output-headphones"),
        entry(
            "usb",
            device__bus="usb",
            device__vendor__id="0x047f",
            device__product__id="usb:c056",
            device__form_factor="headset",
        ),
    ]
    sources = [
        entry("bt.monitor", device__class="monitor"),
        entry("bt.in", device__bus="bluetooth", bluetooth__protocol="a2dp_sink"),
    ]
    listing = linux.endpoints(recorded("linux", **SERVER, **pulse(sinks, sources)))
    found = {one.name: one for one in listing.endpoints}

    assert list(found) == ["BT.IN", "BT", "PCI", "USB"]
    assert (found["BT"].hands_free, found["BT"].vid, found["BT"].default) == (True, None, True)
    assert (found["BT.IN"].hands_free, found["BT.IN"].default) == (False, True)
    assert (found["PCI"].bus, found["PCI"].form_factor, found["PCI"].default) == ("jack", "headphones", False)
    assert (found["USB"].usb_id, found["USB"].form_factor) == ("047f:c056", "headset")


@pytest.mark.parametrize(
    ("answers", "failure"),
    [
        ({}, FailureCode.COMPONENT_MISSING),
        (pulse([], [], {"failure": "deadline_exceeded"}), FailureCode.DEADLINE_EXCEEDED),
        (pulse([], [], {"text": "Échec de la connexion", "status": 1}), FailureCode.COMPONENT_MISSING),
        (pulse("{", []), FailureCode.COMPONENT_MISSING),
        (pulse("[" * 100_000, []), FailureCode.COMPONENT_MISSING),
    ],
)
def test_server_that_does_not_answer_leaves_the_kernels_list(answers: dict[str, Any], failure: FailureCode) -> None:
    """Missing, hanging, refusing in French or breaking off: the cards are told, and why their default is not."""
    listing = linux.endpoints(recorded("linux", files=ASOUND, **SERVER, **answers))

    assert [one.usb_id for one in listing.endpoints if one.bus == "usb"] == ["0b0e:0312"] * 2
    assert listing.failure is not None
    assert listing.failure.code == failure


@pytest.mark.parametrize(
    "answer", ["null", "3", '{"a": 1}', "[1, null, {}]", '[{"properties": 3}, {"properties": {"device.bus": []}}]']
)
def test_server_that_answers_nonsense_lists_what_can_be_read(answer: str) -> None:
    """Values of other types are passed over."""
    listing = linux.endpoints(recorded("linux", **SERVER, **pulse(answer, answer, "[]")))

    assert {one.default for one in listing.endpoints} <= {None}


def test_no_server_is_started() -> None:
    """Where no server runs none is asked: asking would start one."""
    assert not linux.server_is_there(recorded("linux", environment={"XDG_RUNTIME_DIR": "/run/user/1000"}))
    assert linux.server_is_there(recorded("linux", **SERVER))
    assert linux.server_is_there(recorded("linux", environment={"PULSE_SERVER": "tcp:thin-client"}))


async def of(machine_: RecordedMachine) -> Seen:
    collection = collection_of("headset", profile_of({}, allowed={"headsets": [{"product": "*"}]}), machine=machine_)
    await collection.collect()
    return Seen("headset", collection)


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_names_stay_harmless_from_a_sound_server(text: str) -> None:
    """Markup, control and direction characters, endless and broken text: one short printable line in the evidence."""
    entries = [entry(text, device__bus="usb", device__product__name=text, device__form_factor=text)]
    devices = [{"name": text, "host_api": text, "inputs": "many", "outputs": 2}, 3]
    seen = await of(recorded("linux", **SERVER, **pulse(entries, entries), facts={"audio_devices": devices}))

    assert_harmless(seen.evidence)


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_names_stay_harmless_from_a_mac(text: str) -> None:
    """The same from Core Audio, Bluetooth and USB."""
    item = {"_name": text, "coreaudio_device_input": 1, "coreaudio_device_transport": "coreaudio_device_type_bluetooth"}
    report = {
        "SPAudioDataType": [{"_items": [item]}],
        "SPBluetoothDataType": [{"device_connected": [{text: {"device_minorType": text, "device_vendorID": text}}]}],
    }
    usb = {"SPUSBHostDataType": [{"_name": text, "USBDeviceKeyVendorID": "0x0b0e", "USBDeviceKeyProductID": "0x0e40"}]}
    commands = {SOUND: json.dumps(report), " ".join(macos.PROFILED_USB[0]): json.dumps(usb)}

    assert_harmless((await of(recorded("macos", commands=commands))).evidence)


def assert_harmless(value: Any) -> None:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            assert_harmless(one)
    if isinstance(value, str):
        assert value.isprintable()
        assert len(value) <= 200


@pytest.mark.parametrize(
    "registry",
    [
        '"DeviceState"="1"',
        '"DeviceState"=dword:10000001',
        '"DeviceState"=dword:00000008',
        '"DeviceState"=hex:01,00,00,00',
        "",
    ],
)
def test_windows_endpoint_that_is_not_active_is_none(registry: str) -> None:
    """Unplugged, disabled, or of a type that Windows never writes: not there."""
    key = f"[{windows._AUDIO}\\Render\\{{a}}]"
    found = RecordedMachine({"platform": "windows"}, f"{key}\n{registry}\n")

    assert windows.endpoints(found).endpoints == []


@pytest.mark.parametrize(
    "values",
    [
        '"Role:0"=dword:1\n"Role:2"="yesterday"',
        '"Role:0"=hex:01\n"Role:2"=hex(7):41,00',
        "",
    ],
)
def test_windows_values_of_the_wrong_type(values: str) -> None:
    """Names, ids, forms and moments that are none are unknown; the endpoint stays, nameless."""
    keys = [f"{windows._AUDIO}\\Render\\{{{name}}}" for name in "ab"]
    wrong = "\n".join(
        f'"{name}"=dword:00000063' for name in (windows._DESCRIPTION, windows._PRODUCT, windows._INSTANCE)
    )
    text = "\n".join(
        f'[{key}]\n"DeviceState"=dword:1\n{values}\n[{key}\\Properties]\n{wrong}\n"{windows._FORM_FACTOR}"="x"'
        for key in keys
    )
    listing = windows.endpoints(RecordedMachine({"platform": "windows"}, text))

    assert {(one.name, one.form_factor, one.default, one.communications_default) for one in listing.endpoints} == {
        ("?", None, None, None)
    }


def test_latest_moment_makes_the_default() -> None:
    """Of two endpoints the one that last became the default is it, per role; the day of the week does not count."""
    text = "\n".join(
        f'[{windows._AUDIO}\\Capture\\{{{name}}}]\n"DeviceState"=dword:1\n"Role:0"=hex:{console}\n"Role:2"=hex:{calls}\n'
        f'[{windows._AUDIO}\\Capture\\{{{name}}}\\Properties]\n"{windows._PRODUCT}"="{name}"'
        for name, console, calls in (
            ("a", "ea,07,0a,00,06,00,01,00,00,00,00,00,00,00,00,00", "ea,07,0a,00,00,00,02,00,00,00,00,00,00,00,00,00"),
            ("b", "ea,07,0a,00,01,00,02,00,00,00,00,00,00,00,00,00", "e9,07,0c,00,00,00,1f,00,00,00,00,00,00,00,00,00"),
        )
    )
    found = {one.name: one for one in windows.endpoints(RecordedMachine({"platform": "windows"}, text)).endpoints}

    assert (found["a"].default, found["b"].default) == (False, True)
    assert (found["a"].communications_default, found["b"].communications_default) == (True, False)


@pytest.mark.parametrize(
    ("instance", "bus", "usb_id", "hands_free"),
    [
        (r"USB\\VID_0B0E&PID_0E40&MI_00\\6&1&0&0000", "usb", "0b0e:0e40", None),
        (r"BTHHFENUM\\BthHFPAudio\\8&1&0&97", "bluetooth", None, True),
        (
            r"BTHENUM\\{0000110B-0000-1000-8000-00805F9B34FB}_VID&0002047F_PID&0115\\7&1",
            "bluetooth",
            "047f:0115",
            False,
        ),
        (r"BTHENUM\\{0000111e-0000-1000-8000-00805f9b34fb}_VID&00010067_PID&0115\\7&1", "bluetooth", None, True),
        (r"HDAUDIO\\FUNC_01&VEN_10EC\\4&1", "builtin", None, None),
        (r"ROOT\\MEDIA\\0000", "unknown", None, None),
    ],
)
def test_windows_instance_tells_bus_and_ids(
    instance: str,
    bus: str,
    usb_id: str | None,
    hands_free: bool | None,  # noqa: FBT001 - a case
) -> None:
    """Bluetooth's own numbers of makers are not USB's; hands-free and music are services of their own."""
    key = f"{windows._AUDIO}\\Render\\{{a}}"
    text = f'[{key}]\n"DeviceState"=dword:1\n[{key}\\Properties]\n"{windows._INSTANCE}"="{{1}}.{instance}"'
    (found,) = windows.endpoints(RecordedMachine({"platform": "windows"}, text)).endpoints

    assert (found.bus, found.usb_id, found.hands_free) == (bus, usb_id, hands_free)


def test_wasapi_names_the_default_that_windows_chose() -> None:
    """Its names are whole; MME's, cut at 31 characters, are left alone."""
    listing = windows.endpoints(machine("laptop-jabra"))
    name = "Speakers (Realtek(R) Audio)"
    for api, default in (("Windows WASAPI", [name]), ("MME", ["Headset Earphone (Jabra Evolve2 40)"])):
        said = [SoundDevice(name, api, outputs=2, default_output=True)]
        found = windows.with_defaults(listing.endpoints, said)
        assert [one.name for one in found if one.direction == "render" and one.default] == default


def test_empty_registry_is_no_answer() -> None:
    """Without MMDevices, driver lists or HID's devices nothing is known, rather than nothing there."""
    empty = RecordedMachine({"platform": "windows"})
    for read in (windows.endpoints, windows.usb, windows.telephony):
        with pytest.raises(OperationFailed) as refused:
            read(empty)
        assert refused.value.failure.code == FailureCode.COMPONENT_MISSING


def test_mac_with_bluetooth_in_hands_free_mode() -> None:
    """Telephone quality shows in the rate; a maker's number is taken only where the pair is known."""
    known, other = (
        {"device_minorType": "Headset", "device_vendorID": f"0x0B0{n}", "device_productID": "0x24B3"} for n in "EF"
    )
    items = [
        {
            "_name": name,
            f"coreaudio_device_{way}": 1,
            "coreaudio_device_srate": rate,
            "coreaudio_device_transport": "coreaudio_device_type_bluetooth",
        }
        for name, way, rate in (("A", "output", 16000), ("B", "output", 48000), ("C", "output", None))
    ]
    report = {
        "SPAudioDataType": [{"_items": items}],
        "SPBluetoothDataType": [{"device_connected": [{"A": known}, {"B": other}]}],
    }
    found = macos.endpoints(recorded("macos", commands={SOUND: json.dumps(report)})).endpoints

    assert [(one.hands_free, one.usb_id, one.form_factor) for one in found] == [
        (True, "0b0e:24b3", "headset"),
        (False, None, "headset"),
        (None, None, None),
    ]


DEEP = '<plist version="1.0">' + "<array>" * 2000 + "</array>" * 2000 + "</plist>"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "<plist><dict><key>a</key>",
        plistlib.dumps([{"VendorID": 1}]).decode()[:-40],
        "<plist><integer>x</integer></plist>",
        '<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a "b">]><plist>&a;</plist>',
        "Fehler: unbekannte Option",
        {"failure": "deadline_exceeded"},
        {"text": "", "status": 1},
    ],
)
def test_broken_property_list_is_no_answer(answer: Any) -> None:
    """Truncated, with entities, in German, late, refused: the list is not told, and why."""
    found = recorded("macos", commands={" ".join(macos.USB): answer, " ".join(macos.HID): answer, SOUND: answer})
    for read in (macos.usb, macos.telephony, macos.endpoints):
        with pytest.raises(OperationFailed) as refused:
            read(found)
        late = isinstance(answer, dict) and "failure" in answer
        assert refused.value.failure.code == (FailureCode.DEADLINE_EXCEEDED if late else FailureCode.COMPONENT_MISSING)


@pytest.mark.parametrize("value", [DEEP, plistlib.dumps([3, {"DeviceUsagePairs": 3, "VendorID": "x"}, {}]).decode()])
def test_property_list_of_another_shape_holds_nothing(value: str) -> None:
    """However deep and whatever its types."""
    found = recorded("macos", commands={" ".join(macos.USB): value, " ".join(macos.HID): value})

    assert macos.usb(found) == []
    assert macos.telephony(found) == set()
