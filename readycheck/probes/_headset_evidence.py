"""What is known of microphones, loudspeakers and headsets, and what a profile may ask of it."""

from dataclasses import dataclass

from readycheck.model.audio import AudioDevice, Endpoint, Listening, SoundDevice, UsbDevice
from readycheck.model.evidence import Evidence, Quantity, metric_of
from readycheck.model.failure import Failure, FailureCode
from readycheck.probes._headset_kind import undecided

_MISSING = FailureCode.COMPONENT_MISSING
_NONE = Quantity(value=False, reason=FailureCode.NO_AUDIO_DEVICE)


@dataclass(frozen=True)
class HeadsetEvidence(Evidence):
    """What the system lists, and the devices that it amounts to."""

    endpoints: tuple[Endpoint, ...] = ()
    usb: tuple[UsbDevice, ...] = ()
    telephony_ids: tuple[str, ...] = ()
    sound_devices: tuple[SoundDevice, ...] = ()
    """PortAudio's list: what a program that plays and records would choose from."""
    devices: tuple[AudioDevice, ...] = ()
    wrong_user: str | None = None
    endpoints_failure: Failure | None = None
    usb_failure: Failure | None = None
    telephony_failure: Failure | None = None
    sound_failure: Failure | None = None
    listening: Listening | None = None

    @property
    def headset(self) -> AudioDevice | None:
        """The one in question: the default of calls or of all sound before others."""
        found = [one for one in self.devices if one.is_headset]
        return max(found, key=lambda one: 2 * bool(one.default) + bool(one.communications_default), default=None)

    @metric_of("bool")
    def present(self) -> Quantity:
        """A headset, or the dongle or adapter of one, offers microphone and loudspeaker to the system."""
        if self.headset:
            return Quantity(value=True)
        if self.endpoints_failure:
            return Quantity(None, reason=self.endpoints_failure.code)
        return Quantity(None, reason=FailureCode.NOT_PROVEN) if undecided(self.devices) else _NONE

    @metric_of("number")
    def allowed_count(self) -> Quantity:
        """Lines of the profile's list (allowed.headsets)."""
        return Quantity(None, reason=FailureCode.NOT_CONFIGURED)

    @metric_of("bool")
    def listed(self) -> Quantity:
        """The headset in use is on the profile's list, by vendor, then product, then id."""
        return Quantity(None, reason=FailureCode.NOT_CONFIGURED)

    @metric_of("bool")
    def default_device(self) -> Quantity:
        """The headset is the system's default microphone and loudspeaker."""
        failed = self.endpoints_failure.code if self.endpoints_failure else _MISSING
        return self._chosen(self.headset.default if self.headset else None, failed)

    @metric_of("bool")
    def communications_device(self) -> Quantity:
        """The headset is the default for calls both ways; Windows alone tells calls from other sound."""
        told = self.headset.communications_default if self.headset else None
        return self._chosen(told, FailureCode.UNSUPPORTED_PLATFORM)

    @metric_of("bool")
    def call_control(self) -> Quantity:
        """The headset has HID's telephony page (0x0B): answering and hanging up by its own button."""
        if not self.headset:
            return self.quantity("present")
        reason = self.telephony_failure.code if self.telephony_failure else FailureCode.NOT_PROVEN
        return Quantity(self.headset.telephony, reason=reason if self.headset.telephony is None else None)

    @metric_of("text")
    def form(self) -> Quantity:
        """One ear or two: mono, duo, unknown."""
        return self._of_headset("form")

    @metric_of("text")
    def link(self) -> Quantity:
        """How the headset is connected: usb, dect, bluetooth, analog, adapter, unknown."""
        return self._of_headset("link")

    @metric_of("text")
    def model(self) -> Quantity:
        """The headset as it calls itself."""
        return self._of_headset("product")

    @metric_of("bool")
    def hands_free(self) -> Quantity:
        """Bluetooth straight to the computer, in telephone quality (HFP)."""
        return self._of_headset("hands_free")

    @metric_of("bool")
    def dongle_alone(self) -> Quantity:
        """A dongle is plugged in and no headset is linked to it."""
        if failure := self.endpoints_failure or self.usb_failure:
            return Quantity(None, reason=failure.code)
        return Quantity(any(one.kind == "dongle" and not one.is_headset for one in self.devices) and not self.headset)

    @metric_of("dBFS")
    def listen_level_dbfs(self) -> Quantity:
        """`--listen`: level of what the default microphone recorded; null for digital silence."""
        return self._heard("level_dbfs")

    @metric_of("dBFS")
    def tone_level_dbfs(self) -> Quantity:
        """`--listen`: level at which the tone, played at -20 dBFS, came back; null if it did not."""
        return self._heard("tone_dbfs")

    @metric_of("bool")
    def tone_heard(self) -> Quantity:
        """`--listen`: the default microphone hears the default loudspeaker, as a worn headset hardly does."""
        quantity = self._heard("tone_dbfs")
        return quantity if quantity.reason else Quantity(quantity.value is not None)

    @metric_of("ms")
    def loop_delay_ms(self) -> Quantity:
        """`--listen`: loudspeaker to microphone, beyond the drivers' own buffers; null if not heard."""
        return self._heard("loop_delay_ms")

    @metric_of("bool")
    def listen_silent(self) -> Quantity:
        """`--listen`: the microphone recorded digital silence: mute, not allowed, or not the one that is worn."""
        return self._heard("silent")

    @metric_of("bool")
    def listen_clipped(self) -> Quantity:
        """`--listen`: the recording is cut off at full scale."""
        quantity = self._heard("clipped_samples")
        return quantity if quantity.value is None else Quantity(bool(quantity.value))

    @metric_of("bool")
    def listened_to_headset(self) -> Quantity:
        """`--listen`: the microphone that was recorded, the system's default, is a headset's; else the wrong one."""
        return self._of_a_headset([one.default_capture for one in self.devices if one.is_headset])

    @metric_of("bool")
    def played_to_headset(self) -> Quantity:
        """`--listen`: the loudspeaker that played, the system's default, is a headset's; else the wrong one."""
        return self._of_a_headset([one.default_render for one in self.devices if one.is_headset])

    def _of_a_headset(self, told: list[bool | None]) -> Quantity:
        recorded = self._heard("recorded_s")
        if recorded.reason:
            return recorded
        answer = True if True in told else None if None in told else False
        return self._chosen(answer, self.endpoints_failure.code if self.endpoints_failure else _MISSING)

    def _chosen(self, told: bool | None, unknown: FailureCode) -> Quantity:  # noqa: FBT001 - an answer
        if not self.headset:
            return self.quantity("present")
        if self.wrong_user:
            return Quantity(None, reason=FailureCode.WRONG_USER_CONTEXT)
        return Quantity(told, reason=unknown if told is None else None)

    def _of_headset(self, fact: str) -> Quantity:
        if not self.headset:
            return Quantity(None, reason=self.quantity("present").reason)
        value = getattr(self.headset, fact)
        return Quantity(value, reason=FailureCode.NOT_PROVEN if value is None else None)

    def _heard(self, fact: str) -> Quantity:
        if self.listening is None:
            return Quantity(None, reason=FailureCode.NOT_SELECTED)
        failure = self.listening.failure
        return Quantity(getattr(self.listening, fact), reason=failure.code if failure else None)
