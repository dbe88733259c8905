"""The headset probe on recorded machines, and what it makes of endpoints, ids and a profile's list."""

import asyncio
import json
import threading
from typing import Any

import pytest

from readycheck.cli.verdict import answered
from readycheck.host.audio import usb_ids
from readycheck.host.machine import Fact, Told
from readycheck.host.recorded import RecordedMachine
from readycheck.model.audio import AudioDevice, Endpoint, UsbDevice
from readycheck.model.failure import FailureCode
from readycheck.probes import headset as probe
from readycheck.probes._headset_devices import audio_devices, relevant
from readycheck.probes._headset_evidence import HeadsetEvidence
from readycheck.probes._headset_list import listed
from readycheck.profile.schema import AllowedHeadset
from tests.machines import machine, made
from tests.probes.collecting import Seen, collection_of, interrupted, profile_of
from tests.unit import report_samples

LIST = [{"vid": "0b0e"}, {"vid": "047f", "product": "Blackwire*"}]
REMOTE = (
    *("citrix-vda-multi-session", "citrix-desktop-vda", "citrix-redirection-ready", "horizon-redirection"),
    *("horizon-plain", "avd-call-redirection", "workspaces", "rdp"),
)
PLAYED = "a tone and speech are played, and the microphone is recorded"
NOT_TOLD = (None, FailureCode.NOT_PROVEN)
BLUETOOTH = "system_profiler -json SPAudioDataType SPBluetoothDataType"


async def gathered(recorded: Any, headsets: Any = LIST, **options: Any) -> Seen:
    collection = collection_of("headset", profile_of({}, allowed={"headsets": headsets}), machine=recorded, **options)
    await collection.collect()
    return Seen("headset", collection)


def told(seen: Seen, *names: str) -> list[Any]:
    return [seen.answer(name)[0] for name in names]


async def test_laptop_with_a_jabra() -> None:
    """The headset on the list, default for calls and all else, with its buttons, beside the laptop's own sound."""
    seen = await gathered(machine("laptop-jabra"))

    assert told(seen, "present", "listed", "default_device", "communications_device", "call_control") == [True] * 5
    assert told(seen, "model", "link", "form", "hands_free", "dongle_alone") == [
        *("Jabra Evolve2 40", "usb", "unknown"),
        *(False, False),
    ]
    assert seen.evidence["devices"][0]["kind"] == "other"
    assert [one["usb_id"] for one in seen.evidence["usb"] if "usb_id" in one] == []
    assert {one["vid"] for one in seen.evidence["usb"]} == {"0b0e"}  # no keyboard in the report
    assert seen.summary == "Jabra Evolve2 40, usb"


async def test_dongle_tells_nothing_of_the_ear_it_serves() -> None:
    """A Poly dongle with its headset linked: there, by Bluetooth, form unknown, used for calls and not for the rest."""
    seen = await gathered(machine("laptop-poly-dongle"))

    assert told(seen, "present", "listed", "form", "link") == [True, False, "unknown", "bluetooth"]
    assert told(seen, "default_device", "communications_device") == [False, True]
    assert seen.evidence["devices"][1]["signal"] == "usb id"


@pytest.mark.parametrize("name", REMOTE)
async def test_in_a_session_the_model_stands_at_the_other_end(name: str) -> None:
    """What is redirected shows no model: nothing is claimed, neither that there is a headset nor that there is none."""
    seen = await gathered(machine(name))

    for metric in ("present", "listed", "default_device", "call_control", "form", "link"):
        assert seen.answer(metric) == NOT_TOLD
    assert {one["bus"] for one in seen.evidence["endpoints"]} == {"remote"}


async def test_deployment_tool_sees_devices_and_not_the_users_choice() -> None:
    """As SYSTEM the headset is seen, and whether it is the agent's default is not."""
    seen = await gathered(machine("intune-system"))

    assert told(seen, "present", "listed", "call_control") == [True, True, True]
    for metric in ("default_device", "communications_device"):
        assert seen.answer(metric) == (None, FailureCode.WRONG_USER_CONTEXT)


@pytest.mark.parametrize(
    ("name", "model", "form", "default"),
    [
        ("macos-15-headset", "Plantronics Blackwire 3220 Series", "duo", True),
        ("macos-26-headset", "Jabra Evolve2 30", "unknown", False),
    ],
)
async def test_usb_headset_on_a_mac(name: str, model: str, form: str, default: bool) -> None:  # noqa: FBT001 - a case
    """Both generations: named, identified, found on the list; where it is not the default that is told."""
    seen = await gathered(machine(name))

    assert told(seen, "present", "listed", "call_control", "link") == [True, True, True, "usb"]
    assert told(seen, "model", "form", "default_device") == [model, form, default]
    assert seen.answer("communications_device") == (None, FailureCode.UNSUPPORTED_PLATFORM)


@pytest.mark.parametrize(
    ("microphone", "loudspeaker", "expected"),
    [
        ("External Microphone", "External Headphones", (True, None)),
        ("Microphone externe", "Casque externe", (True, None)),
        ("Micro externe", "Écouteurs externes", (True, None)),
        ("Externes Mikrofon", "Externe Kopfhörer", (True, None)),
        ("Microfono esterno", "Cuffie esterne", (True, None)),
        ("外部マイク", "外部ヘッドフォン", NOT_TOLD),
        ("Microphone MacBook Pro", "Haut-parleurs MacBook Pro", (False, FailureCode.NO_AUDIO_DEVICE)),
        ("MacBook Pro的麦克风", "MacBook Pro的扬声器", (False, FailureCode.NO_AUDIO_DEVICE)),
        ("iMac-Mikrofon", "iMac-Lautsprecher", (False, FailureCode.NO_AUDIO_DEVICE)),
        ("Micro intégré", "Haut-parleurs internes", (False, FailureCode.NO_AUDIO_DEVICE)),
    ],
)
async def test_socket_of_a_mac_in_its_language(microphone: str, loudspeaker: str, expected: object) -> None:
    """What is plugged in is a headset in languages known here, undecided in others; the Mac's own sound is none."""
    ways = {microphone: "input", loudspeaker: "output"}
    items = [
        {"_name": name, f"coreaudio_device_{way}": 1, "coreaudio_device_transport": "coreaudio_device_type_builtin"}
        for name, way in ways.items()
    ]
    answers = {BLUETOOTH: json.dumps({"SPAudioDataType": [{"_items": items}]})}
    seen = await gathered(made("macos", commands=answers, processes=[]))

    assert seen.answer("present") == expected


@pytest.mark.parametrize("name", ["macos-15-headset", "macos-26-headset"])
async def test_mac_without_ioreg_asks_its_profiler(name: str) -> None:
    """The keys of macOS 15 and those of macOS 26 give the same ids; buttons are then not told."""
    recorded = machine(name)
    expected = (await gathered(recorded)).evidence["devices"][0]["ids"]
    recorded._outputs = {line: said for line, said in recorded._outputs.items() if not line.startswith("ioreg")}
    seen = await gathered(recorded)

    assert seen.evidence["devices"][0]["ids"] == expected
    assert seen.answer("call_control") == (None, FailureCode.COMPONENT_MISSING)
    assert seen.answer("listed") == (True, None)


async def test_analog_headset_shows_no_maker() -> None:
    """In the machine's own socket it is a headset without buttons, of which no list of makers can tell."""
    seen = await gathered(machine("edge-non-proxied-udp"))

    assert told(seen, "present", "link", "call_control", "default_device") == [True, "analog", False, True]
    assert seen.answer("listed") == NOT_TOLD


async def test_without_a_list_nothing_is_asked_of_it() -> None:
    """No list in the profile: not configured, whatever is plugged in."""
    assert (await gathered(machine("laptop-jabra"), [])).answer("listed") == (None, FailureCode.NOT_CONFIGURED)


async def test_saved_evidence_serves_another_list() -> None:
    """Judged again with another profile the same evidence answers that profile's list."""
    seen = await gathered(machine("laptop-jabra"))
    evidence = HeadsetEvidence.from_json(json.loads(json.dumps(seen.evidence)))
    other = profile_of({}, allowed={"headsets": [{"vid": "1395"}]})

    assert probe.Headset.answered(evidence, other)["listed"].value is False


def usb(direction: Any, product: str, usb_id: str = "", **facts: Any) -> Endpoint:
    vid, _, pid = usb_id.partition(":")
    return Endpoint(product, direction, "usb", product, vid or None, pid or None, **facts)


def both(product: str, usb_id: str = "", **facts: Any) -> list[Endpoint]:
    return [usb("capture", product, usb_id, **facts), usb("render", product, usb_id, **facts)]


def evidence_of(endpoints: list[Endpoint], attached: list[UsbDevice] | None = None) -> HeadsetEvidence:
    return HeadsetEvidence(tuple(endpoints), devices=tuple(audio_devices(endpoints, attached or [], set())))


def test_dongle_without_its_headset() -> None:
    """A Poly BT700 that shows HID and no sound is a dongle alone, and no headset."""
    found = evidence_of([], [UsbDevice("047f", "02e9", "Poly BT700")])

    assert found.quantity("dongle_alone").value is True
    assert found.quantity("present").value is False
    assert found.quantity("listed").value is None


def test_one_device_under_several_ids() -> None:
    """Ids of one maker's one product are one device, and buttons found under one id count for it."""
    linked, alone = UsbDevice("047f", "02e6", "Poly BT700"), UsbDevice("047f", "02e9", "Poly BT700")
    (device,) = audio_devices(both("Poly BT700", "047f:02e6"), [linked, alone], {"047f:02e9"})

    assert device.ids == ("047f:02e6", "047f:02e9")
    assert device.telephony is True
    assert device.is_headset


@pytest.mark.parametrize(
    ("endpoints", "present", "signal"),
    [
        (both("Jabra Evolve2 40", "0b0e:0e40"), True, "usb id"),
        (both("Jabra Evolve9 99", "0b0e:ffff"), True, "maker and name"),
        (both("Jabra Link 380", "0b0e:ffff"), True, "maker and name"),
        (both("Jabra Unheard Of 99", "0b0e:ffff"), None, None),
        (both("Jabra Unheard Of 99", "0b0e:ffff", form_factor="headset"), True, "form factor"),
        (both("EPOS EXPAND SP 30T", "1395:0999"), False, "name"),
        (both("Sennheiser SP 30", "1395:0998"), False, "name"),
        (both("EPOS EXPAND Vision 5", "1395:0997"), False, "name"),
        (both("Poly TC8", "047f:0999"), False, "name"),
        (both("Poly CCX 500", "047f:0998"), False, "name"),
        (both("Poly Unheard Of", "047f:0997"), None, None),
        (both("Jabra Speak 999", "0b0e:fffe"), False, "name"),
        (both("Jabra SPEAK 510", "0b0e:0420"), False, "usb id"),
        (both("Logi USB Headset", "046d:ffff"), True, "name"),
        (both("USB Audio", "ffff:0001", form_factor="headset"), True, "form factor"),
        (both("USB Audio", "ffff:0001"), None, None),
        ([usb("capture", "HD Webcam", "ffff:0002")], False, "name"),
        ([Endpoint("Array", "capture", "builtin"), Endpoint("Speakers", "render", "builtin")], False, "bus"),
        ([Endpoint("X", direction, "bluetooth", "X") for direction in ("capture", "render")], True, "hands-free"),
        (
            [Endpoint("X", direction, "bluetooth", "X", form_factor="speaker") for direction in ("capture", "render")],
            None,
            None,
        ),
    ],
)
def test_what_proves_a_headset(endpoints: list[Endpoint], present: Any, signal: Any) -> None:
    """Table, form, series or name: each named; a maker alone proves nothing, for it makes other things too."""
    found = evidence_of(endpoints)

    assert found.quantity("present").value is present
    assert found.devices[0].signal == signal


@pytest.mark.parametrize(
    ("usb_id", "link", "form"),
    [
        ("047f:c056", "usb", "duo"),
        ("0b0e:1110", "dect", "unknown"),
        ("0b0e:24c8", "bluetooth", "unknown"),
        ("047f:da60", "adapter", "unknown"),
        ("0b0e:24b3", "bluetooth", "mono"),
        ("ffff:0001", "unknown", "unknown"),
    ],
)
def test_link_and_form_come_from_the_table(usb_id: str, link: str, form: str) -> None:
    """What the id does not stand for is unknown, never guessed."""
    (device,) = audio_devices(both("Headset", usb_id), [], set())

    assert (device.link, device.form) == (link, form)


def test_default_of_calls_is_the_headset_in_question() -> None:
    """Of two headsets the one that is the default is judged."""
    endpoints = [
        *both("Jabra Evolve2 40", "0b0e:0e40", default=False),
        *both("SC60 Control", "1395:0035", default=True),
    ]
    found = evidence_of(endpoints)

    assert found.quantity("model").value == "SC60 Control"
    assert found.quantity("default_device").value is True


def test_half_a_default_is_none() -> None:
    """The headset plays and another microphone records: not the default device."""
    endpoints = [
        usb("capture", "Jabra Evolve2 40", "0b0e:0e40", default=False),
        usb("render", "Jabra Evolve2 40", "0b0e:0e40", default=True),
    ]
    assert evidence_of(endpoints).quantity("default_device").value is False


def test_hands_free_is_told_by_what_plays() -> None:
    """A Bluetooth headset that plays in telephone quality, and one that plays music quality."""
    for mode in (True, False):
        endpoints = [
            Endpoint("X", way, "bluetooth", "X", hands_free=mode or way == "capture") for way in ("capture", "render")
        ]
        assert evidence_of(endpoints).quantity("hands_free").value is mode


def test_reports_hold_no_other_usb_devices() -> None:
    """Disks and keyboards are left out; what sounds, has telephony buttons or stands in the table is kept."""
    devices = [UsbDevice("ffff", str(n), f"Thing {n}") for n in range(4)] + [UsbDevice("0b0e", "0e40")]
    kept = relevant(devices, [usb("render", "A", "ffff:1"), usb("render", "Thing 2")], {"ffff:3"})

    assert [one.usb_id for one in kept] == ["ffff:1", "ffff:2", "ffff:3", "0b0e:0e40"]


BLACKWIRE = AudioDevice(
    "Plantronics Blackwire 3220 Series", "usb", ("047f:c056",), known_as=("Blackwire C3220 Headset",)
)
NAMELESS = AudioDevice("Headset", "usb", ("0b0e:0e40",), known_as=("Jabra Evolve2 40",))
BY_RADIO = AudioDevice("Jabra Evolve2 65", "bluetooth")


@pytest.mark.parametrize(
    ("device", "entry", "answer"),
    [
        (BLACKWIRE, {"vid": "047f"}, True),
        (BLACKWIRE, {"vid": "0x047F"}, True),
        (BLACKWIRE, {"vid": "47f"}, True),
        (BLACKWIRE, {"vid": "0b0e"}, False),
        (BLACKWIRE, {"vid": "047f", "product": "Blackwire*"}, True),
        (BLACKWIRE, {"vid": "047f", "product": "blackwire c3220*"}, True),
        (BLACKWIRE, {"vid": "0b0e", "product": "Blackwire*"}, False),
        (BLACKWIRE, {"vid": "047f", "product": "wire*"}, False),
        (BLACKWIRE, {"vid": "047f", "product": "Savi*", "pid": "c056"}, True),
        (BLACKWIRE, {"vid": "047f", "product": "Savi*", "pid": "0001"}, False),
        (BLACKWIRE, {"vid": "047f", "pid": "c056"}, True),
        (BLACKWIRE, {"vid": "047f", "pid": "c057"}, False),
        (BLACKWIRE, {"product": "*3220*"}, True),
        (NAMELESS, {"vid": "0b0e", "product": "Evolve2 4?"}, True),
        (NAMELESS, {"vid": "0b0e", "product": "[*"}, False),
        (BY_RADIO, {"vid": "0b0e"}, None),
        (BY_RADIO, {"product": "Evolve2*"}, True),
        (BY_RADIO, {"product": "Savi*"}, False),
    ],
)
def test_list_goes_by_vendor_then_product_then_id(device: AudioDevice, entry: dict[str, str], answer: Any) -> None:
    """An entry is met by its maker, and by its product's name or id if it gives them; what shows no id stays open."""
    assert listed(device, [AllowedHeadset.model_validate(entry)]) is answer


def test_one_entry_that_names_it_is_enough() -> None:
    """Another entry that cannot be compared takes nothing away; an empty list names nothing."""
    entries = [AllowedHeadset(vid="0b0e"), AllowedHeadset(product="Evolve2*")]

    assert listed(BY_RADIO, entries) is True
    assert listed(BY_RADIO, []) is False


def by_name(kind: str) -> dict[str, str]:
    """What rows of this kind, of makers of headsets, are taken for under an id that the table does not know."""
    table = usb_ids._table().items()
    makers = {usb_id[:4] for usb_id, row in table if usb_id.endswith("*") and row.kind == "headset"}
    rows = [(usb_id[:4], row.product) for usb_id, row in table if usb_id[:4] in makers and row.kind == kind]
    named = [(vid, product) for vid, product in rows if not product.startswith("any")]
    return {product: audio_devices(both(product, f"{vid}:ffff"), [], set())[0].kind for vid, product in named}


def test_new_ids_of_a_known_series_are_what_the_series_is() -> None:
    """Headsets stay headsets by their names, but for a few that say too little; a speakerphone never becomes one."""
    headsets = by_name("headset")

    assert set(headsets.values()) == {"headset", "unknown"}
    assert {name for name, kind in headsets.items() if kind == "unknown"} == {
        *("HD1", "USB DSP v4 Audio Interface", "U320 Gaming"),
        *("GN Netcom / Jabra REVO Wireless", "Jabra BT620s", "Jabra Connect 4S", "Jabra Link 43"),
    }
    assert set(by_name("speakerphone").values()) == {"speakerphone"}


def test_every_row_of_the_table_is_whole() -> None:
    """Ids are four hexadecimal digits, forms, links and kinds of the closed lists, the source named."""
    rows = usb_ids._table()
    assert len(rows) > 290
    for usb_id, row in rows.items():
        vid, _, pid = usb_id.partition(":")
        assert len(bytes.fromhex(vid)) == 2
        assert pid == "*" or len(bytes.fromhex(pid)) == 2
        assert row.form in {"mono", "duo", "unknown"}
        assert row.link in {"usb", "dect", "bluetooth", "unknown"}
        assert row.kind in {"headset", "dongle", "adapter", "speakerphone", "other", "unknown"}
        assert row.vendor
        assert row.product


class Stuck(RecordedMachine):
    """Whose driver never answers until the test is over."""

    def __init__(self, released: threading.Event) -> None:
        super().__init__({"schema": "readycheck.machine/1", "platform": "linux"})
        self._released = released

    def paths(self, pattern: str) -> list[str]:
        self._released.wait()
        return super().paths(pattern)


async def test_what_hangs_costs_its_own_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that never comes is told as late; the rest of the evidence stands."""
    released = threading.Event()
    monkeypatch.setattr(probe, "READ_LIMIT_S", 0.05)
    try:
        seen = await gathered(Stuck(released))
    finally:
        released.set()

    assert seen.answer("present") == (None, FailureCode.DEADLINE_EXCEEDED)
    assert seen.observation.failure is None


async def test_nothing_at_all_is_told_as_such() -> None:
    """A machine without any sound has no headset, and says that it has no audio device."""
    seen = await gathered(made(processes=["init", "sshd"]))

    for metric in PROVEN:
        assert seen.answer(metric) == (False, FailureCode.NO_AUDIO_DEVICE)
    assert seen.answer("form") == (None, FailureCode.NO_AUDIO_DEVICE)
    assert seen.evidence["sound_failure"]["detail"] == "libportaudio2 is missing"


PROVEN = ("present", "listed", "default_device", "call_control")
BUILT_IN = {"/proc/asound/card0/id": "PCH\n", "/proc/asound/card0/pcm0p": "", "/proc/asound/card0/pcm0c": ""}


@pytest.mark.parametrize("processes", [["pipewire"], ["bluetoothd"], ["init", "pulseaudio"], None])
async def test_absence_is_not_proven_by_the_kernel_beside_a_sound_server(processes: list[str] | None) -> None:
    """A sound server that was not reached may know a Bluetooth headset: nothing is claimed; without one it is."""
    seen = await gathered(made(files=BUILT_IN, processes=processes))

    for metric in (*PROVEN, "dongle_alone"):
        assert seen.answer(metric) == (None, FailureCode.COMPONENT_MISSING)
    bare = await gathered(made(files=BUILT_IN, processes=["init"]))
    assert bare.answer("present") == (False, FailureCode.NO_AUDIO_DEVICE)


@pytest.mark.parametrize("pulse", [{}, {"PULSE_SERVER": "unix:/nowhere"}])
async def test_root_beside_a_person_proves_no_absence(pulse: dict[str, str]) -> None:
    """By sudo, the sound server asked is not the agent's: that no headset is listed says nothing of theirs."""
    answers = {"pactl -f json info": "{}", "pactl -f json list sinks": "[]", "pactl -f json list sources": "[]"}
    root: dict[str, Any] = {
        "facts": {"user_id": 0},
        "environment": {"SUDO_USER": "bob", **pulse},
        "processes": ["init"],
    }
    seen = await gathered(made(files=BUILT_IN, commands=answers, **root))

    for metric in PROVEN:
        assert seen.answer(metric) == (None, FailureCode.WRONG_USER_CONTEXT)


class Heard(RecordedMachine):
    """A laptop whose microphone is listened to; counts how often."""

    def __init__(self, answer: Any) -> None:
        facts = {"listening": answer, "audio_devices": []}
        super().__init__({"schema": "readycheck.machine/1", "platform": "linux", "facts": facts})
        self.times = 0

    def fact(self, name: Fact) -> Told:
        self.times += name == "listening"
        return super().fact(name)


HEARD = {
    "output": "Speakers\u202e",
    "input": "Mic",
    "rate_hz": 48000,
    "recorded_s": 4.5,
    "level_dbfs": -40.5,
    "noise_dbfs": -60.0,
    "peak_dbfs": -20.0,
    "tone_played_dbfs": -20.0,
    "tone_dbfs": -43.1,
    "loop_delay_ms": 21.4,
    "clipped_samples": 0,
    "silent": False,
    "dropouts": 0,
}


async def test_nothing_is_played_unless_asked() -> None:
    """Without --listen there is no sound, and its metrics were not selected."""
    recorded = Heard(HEARD)
    seen = await gathered(recorded)

    assert recorded.times == 0
    assert seen.answer("tone_heard") == seen.answer("listen_silent") == (None, FailureCode.NOT_SELECTED)


async def test_what_was_heard_is_told() -> None:
    """With --listen: level, tone, delay, clipping, silence, and the cleaned names of both devices."""
    seen = await gathered(Heard(HEARD), listen=True)

    assert told(seen, "listen_level_dbfs", "tone_level_dbfs", "loop_delay_ms") == [-40.5, -43.1, 21.4]
    assert told(seen, "tone_heard", "listen_silent", "listen_clipped") == [True, False, False]
    assert seen.evidence["listening"]["output"] == "Speakers"


async def test_device_without_a_name_has_none() -> None:
    """What PortAudio does not name is null, and no device called None."""
    seen = await gathered(Heard(HEARD | {"input": None, "output": None}), listen=True)

    assert seen.evidence["listening"]["input"] is seen.evidence["listening"]["output"] is None


async def test_silence_is_a_fact() -> None:
    """A microphone that records nothing has no level, is silent, and hears no tone."""
    nothing = dict.fromkeys(("level_dbfs", "noise_dbfs", "peak_dbfs", "tone_dbfs", "loop_delay_ms"))
    seen = await gathered(Heard({**HEARD, **nothing, "silent": True}), listen=True)

    assert seen.answer("listen_silent") == (True, None)
    assert seen.answer("tone_heard") == (False, None)
    assert seen.answer("listen_level_dbfs") == (None, None)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"failure": "deadline_exceeded"}, FailureCode.DEADLINE_EXCEEDED),
        ({"failure": "no_audio_device", "detail": "no default microphone"}, FailureCode.NO_AUDIO_DEVICE),
        ({"failure": "nonsense", "detail": ""}, FailureCode.COMPONENT_MISSING),
        ({"level_dbfs": "loud"}, FailureCode.COMPONENT_MISSING),
        ({"a": 1}, FailureCode.COMPONENT_MISSING),
        ([], FailureCode.COMPONENT_MISSING),
        (None, FailureCode.COMPONENT_MISSING),
    ],
)
async def test_listening_that_failed_says_why(answer: Any, reason: FailureCode) -> None:
    """No device, too late, or no answer that can be read: null with the reason."""
    seen = await gathered(Heard(answer), listen=True)

    for metric in ("tone_heard", "listen_silent", "listen_level_dbfs", "listen_clipped"):
        assert seen.answer(metric) == (None, reason)


async def test_driver_that_hung_once_is_not_asked_again() -> None:
    """Where PortAudio's list did not come there is no listening: a hung driver costs its limit once."""
    recorded = Heard(HEARD)
    recorded._facts["audio_devices"] = {"failure": "deadline_exceeded"}
    seen = await gathered(recorded, listen=True)

    assert recorded.times == 0
    assert seen.answer("tone_heard") == (None, FailureCode.DEADLINE_EXCEEDED)


async def test_deployment_tool_plays_nothing() -> None:
    """As SYSTEM no sound is played: it would be heard by nobody, or by somebody else."""
    seen = await gathered(machine("intune-system"), listen=True)

    assert seen.answer("tone_heard") == (None, FailureCode.WRONG_USER_CONTEXT)


async def test_interrupted_run_keeps_nothing_half() -> None:
    """Cancelled while a list is awaited: the probe says so, and no thread holds the loop."""
    released = threading.Event()
    collection = collection_of("headset", profile_of({}), machine=Stuck(released))
    run = asyncio.create_task(collection.collect())
    while not any(one.name == "list audio endpoints" for one in threading.enumerate()):
        await asyncio.sleep(0)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    released.set()

    assert Seen("headset", collection).answer("present")[1] == FailureCode.INTERRUPTED


async def test_interrupted_listening_costs_no_answer_about_the_list() -> None:
    """The headset was found before: its place on this profile's list, and on another's, is told as unfinished."""
    released = threading.Event()
    recorded = machine("laptop-jabra")
    recorded._facts["audio_devices"] = []
    listening = recorded.fact
    recorded.fact = lambda name: listening(name) if name != "listening" else Told(released.wait(60))  # type: ignore[method-assign]
    mine = profile_of({}, allowed={"headsets": LIST})
    other = profile_of({}, allowed={"headsets": [{"vid": "1395"}]})
    collection = await interrupted("headset", mine, PLAYED, machine=recorded, listen=True)
    released.set()
    report = report_samples.report(observations=collection.observations)

    assert Seen("headset", collection).answer("listed") == (True, FailureCode.INTERRUPTED)
    again = answered(report, other)["headset.listed"]
    assert (again.value, again.reason) == (False, FailureCode.INTERRUPTED)


JABRA = {"device.bus": "usb", "device.vendor.id": "0b0e", "device.product.id": "0e40"}


def heard_with(source: str, sink: str) -> RecordedMachine:
    """A sound server with a Jabra and the laptop's own sound, and which of them it uses by default."""
    ports = [
        {"name": name, "description": name.upper(), "properties": properties}
        for name, properties in (("jabra", JABRA), ("laptop", {"device.bus": "pci"}))
    ]
    return made(
        environment={"PULSE_SERVER": "unix:/run/pulse"},
        facts={"listening": {**HEARD, "input": "default", "output": "default"}, "audio_devices": []},
        commands={
            "pactl -f json info": json.dumps({"default_source_name": source, "default_sink_name": sink}),
            "pactl -f json list sources": json.dumps(ports),
            "pactl -f json list sinks": json.dumps(ports),
        },
    )


@pytest.mark.parametrize(("source", "sink"), [("jabra", "jabra"), ("laptop", "jabra"), ("jabra", "laptop")])
async def test_which_device_was_heard(source: str, sink: str) -> None:
    """ALSA calls both `default`: the server tells which were used, and whether they are the headset's."""
    seen = await gathered(heard_with(source, sink), listen=True)

    assert told(seen, "listened_to_headset", "played_to_headset") == [source == "jabra", sink == "jabra"]
    assert seen.evidence["listening"]["input"] == source.upper()
    assert seen.evidence["listening"]["output"] == sink.upper()


async def test_device_that_was_heard_is_not_guessed() -> None:
    """The kernel's list tells no default; without --listen nothing was heard."""
    cards = {"/proc/asound/card1/usbid": "0b0e:0e40\n", "/proc/asound/card1/stream0": "Jabra\nPlayback:\nCapture:\n"}
    facts = {"listening": HEARD, "audio_devices": []}
    seen = await gathered(made(files=cards, facts=facts, processes=[]), listen=True)

    assert told(seen, "present") == [True]
    assert seen.answer("listened_to_headset") == (None, FailureCode.COMPONENT_MISSING)
    quiet = await gathered(heard_with("jabra", "jabra"))
    assert quiet.answer("listened_to_headset") == (None, FailureCode.NOT_SELECTED)
