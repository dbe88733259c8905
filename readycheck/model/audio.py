"""Microphones and loudspeakers as a system lists them, and the devices behind them."""

from dataclasses import dataclass
from typing import Literal

from readycheck.model.failure import Failure

Direction = Literal["capture", "render"]
Bus = Literal["usb", "bluetooth", "jack", "builtin", "remote", "unknown"]
"""How the machine reaches it; `jack` is the machine's own socket, `remote` a session's redirected sound."""
Kind = Literal["headset", "dongle", "adapter", "speakerphone", "other", "unknown"]
Form = Literal["mono", "duo", "unknown"]
Link = Literal["usb", "dect", "bluetooth", "analog", "adapter", "unknown"]
"""The headset's own link: behind a dongle it is the radio's."""


@dataclass(frozen=True)
class Endpoint:
    """One microphone or loudspeaker that can be used now. What the system does not tell is None."""

    name: str
    direction: Direction
    bus: Bus = "unknown"
    product: str | None = None
    """The device behind it, as it calls itself."""
    vid: str | None = None
    pid: str | None = None
    form_factor: str | None = None
    """`headset`, `headphones`, `speaker`, `microphone` and so on, in the system's classification."""
    hands_free: bool | None = None
    """Bluetooth: telephone quality both ways (HFP) instead of music one way (A2DP)."""
    default: bool | None = None
    communications_default: bool | None = None
    """Windows alone tells calls from other sound."""
    signal: str = ""
    """Which of the system's lists says so."""

    @property
    def usb_id(self) -> str | None:
        """`vid:pid`."""
        return f"{self.vid}:{self.pid}" if self.vid and self.pid else None


@dataclass(frozen=True)
class Listing:
    """What a system lists, and what kept it from telling all."""

    endpoints: list[Endpoint]
    failure: Failure | None = None


@dataclass(frozen=True)
class UsbDevice:
    """A USB device that is attached now, whether it carries sound or not."""

    vid: str
    pid: str
    product: str | None = None

    @property
    def usb_id(self) -> str:
        """`vid:pid`."""
        return f"{self.vid}:{self.pid}"


@dataclass(frozen=True)
class SoundDevice:
    """One device as PortAudio lists it. `default` is that of its host API."""

    name: str
    host_api: str
    inputs: int = 0
    outputs: int = 0
    default_input: bool = False
    default_output: bool = False


@dataclass(frozen=True)
class AudioDevice:
    """A device that people would name: its endpoints, its USB ids and what is known of those, put together."""

    product: str
    bus: Bus
    ids: tuple[str, ...] = ()
    """`vid:pid`, several where one device shows several."""
    vendor: str | None = None
    known_as: tuple[str, ...] = ()
    """The products that the ids stand for."""
    kind: Kind = "unknown"
    signal: str | None = None
    """What proves the kind."""
    form: Form = "unknown"
    link: Link = "unknown"
    captures: bool = False
    renders: bool = False
    default: bool | None = None
    """The system's default both ways."""
    default_capture: bool | None = None
    """Its microphone is the system's default."""
    default_render: bool | None = None
    """Its loudspeaker is."""
    communications_default: bool | None = None
    telephony: bool | None = None
    """Has the telephony page of HID (0x0B): hook and mute buttons."""
    hands_free: bool | None = None

    @property
    def is_headset(self) -> bool:
        """A headset, its dongle or its adapter, that offers microphone and loudspeaker."""
        return self.kind in {"headset", "dongle", "adapter"} and self.captures and self.renders


@dataclass(frozen=True)
class Listening:
    """What the default input recorded while a tone and speech went to the default output. 0 dBFS is a full sine."""

    failure: Failure | None = None
    output: str | None = None
    input: str | None = None
    rate_hz: int | None = None
    recorded_s: float | None = None
    level_dbfs: float | None = None
    """RMS of all that was recorded; None for digital silence, as for the others."""
    noise_dbfs: float | None = None
    """RMS before anything was played."""
    peak_dbfs: float | None = None
    tone_played_dbfs: float | None = None
    tone_dbfs: float | None = None
    """The tone as it came back; None if it did not."""
    loop_delay_ms: float | None = None
    clipped_samples: int | None = None
    silent: bool | None = None
    """No sample left the zero by more than one step of 16 bits: mute, or not the device that is worn."""
    dropouts: int | None = None
    """Blocks that the driver lost."""
