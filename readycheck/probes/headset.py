"""Headset: what the system lists, which of it is a headset, whether calls use it; with `--listen`, what is heard.

Lists are facts of the system; a device is called a headset by what proves it (the table of USB ids, the form that the
system states, a series of a maker's headsets, its name). In a remote session the model stands elsewhere: unknown.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from pydantic import TypeAdapter

from readycheck.engine.probe import Context, Probe
from readycheck.host.audio import linux, macos, windows
from readycheck.host.context import wrong_user
from readycheck.host.machine import Machine, Told
from readycheck.model.audio import Listening, Listing, SoundDevice, UsbDevice
from readycheck.model.clean import clean
from readycheck.model.evidence import Quantity
from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.net.beside import beside
from readycheck.probes._headset_devices import audio_devices, relevant
from readycheck.probes._headset_evidence import HeadsetEvidence
from readycheck.probes._headset_list import listed
from readycheck.profile.schema import Profile

READ_LIMIT_S = 8.0
LISTEN_LIMIT_S = 15.0
LISTEN = "listen"
_MOST = 32
_ALSA_DEFAULT = "default"
T = TypeVar("T")


class _Reader(Protocol):
    """What one system's module of host.audio answers; raises OperationFailed."""

    def endpoints(self, machine: Machine) -> Listing: ...
    def usb(self, machine: Machine) -> list[UsbDevice]: ...
    def telephony(self, machine: Machine) -> set[str]: ...


_READERS: dict[str, _Reader] = {"windows": windows, "macos": macos, "linux": linux}


class Headset(Probe[HeadsetEvidence]):
    """Which headset is there, whether it is the one that calls use."""

    id = "headset"
    title = "Headset"
    machine_only = True
    answers_by_profile = True

    @classmethod
    def answered(cls, evidence: HeadsetEvidence, profile: Profile) -> dict[str, Quantity]:
        """Whether the headset is on this profile's list."""
        allowed = profile.allowed.headsets
        answers = {"allowed_count": Quantity(len(allowed))}
        if not allowed:
            return answers
        if evidence.headset is None:
            return answers | {"listed": evidence.present}
        found = listed(evidence.headset, allowed)
        return answers | {"listed": Quantity(found, reason=FailureCode.NOT_PROVEN if found is None else None)}

    def deadline_s(self, profile: Profile) -> float:  # noqa: ARG002 - it meets no target
        """The slowest list, and the sound."""
        return READ_LIMIT_S + LISTEN_LIMIT_S + 2.0

    def summary(self, evidence: HeadsetEvidence) -> str | None:
        """The headset, or what is there in its place."""
        headset = evidence.headset
        if headset:
            return f"{headset.product}, {headset.link}" + (", not the default" if headset.default is False else "")
        if evidence.dongle_alone.value:
            return "a dongle without a headset"
        if any(one.bus == "remote" for one in evidence.devices):
            return "the headset is at the session's other end"
        return "no headset" if evidence.present.value is False else "no headset can be told"

    def summary_under(self, evidence: HeadsetEvidence, profile: Profile) -> str | None:
        """And whether it is on the list."""
        answer = self.answered(evidence, profile).get("listed")
        if not evidence.headset or answer is None or answer.value is None:
            return self.summary(evidence)
        return f"{self.summary(evidence)}, {'' if answer.value else 'not '}on the list"

    async def gather(self, context: Context) -> HeadsetEvidence:
        """All lists side by side, each with a limit of its own; then the sound."""
        machine = context.machine
        reader = _READERS[machine.platform]
        context.progress("microphones, loudspeakers, USB")
        async with asyncio.TaskGroup() as group:
            whose = group.create_task(_read("tell the user", lambda: wrong_user(machine)))
            endpoints = group.create_task(_read("list audio endpoints", lambda: reader.endpoints(machine)))
            usb = group.create_task(_read("list USB devices", lambda: reader.usb(machine)))
            telephony = group.create_task(_read("find HID telephony", lambda: reader.telephony(machine)))
            sound = group.create_task(_read("ask PortAudio", lambda: _sound_devices(machine)))
        account = whose.result()
        found = _evidence(
            endpoints.result(),
            usb.result(),
            telephony.result(),
            sound.result(),
            None if isinstance(account, Failure) else account,
        )
        if context.listen:
            cut_short = replace(found, listening=Listening(Failure(FailureCode.INTERRUPTED, LISTEN)))
            context.keep(lambda: cut_short)
            context.progress("a tone and speech are played, and the microphone is recorded", expected_s=LISTEN_LIMIT_S)
            refusal = _refusal(found)
            heard = Listening(refusal) if refusal else await _listen(machine)
            found = replace(found, listening=_by_endpoint(heard, found))
        return found


def _refusal(found: HeadsetEvidence) -> Failure | None:
    """Why nothing is played: nobody would hear it, or PortAudio did not even list its devices."""
    if found.wrong_user:
        return Failure(FailureCode.WRONG_USER_CONTEXT, LISTEN)
    return replace(found.sound_failure, operation=LISTEN) if found.sound_failure else None


async def _read(operation: str, read: Callable[[], T]) -> T | Failure:
    """What this reader says, or why it says nothing; it may hang."""

    def attempt() -> T | Failure:
        try:
            return read()
        except OperationFailed as error:
            return error.failure

    try:
        async with asyncio.timeout(READ_LIMIT_S):
            return await beside(attempt, operation)
    except TimeoutError:
        return Failure(FailureCode.DEADLINE_EXCEEDED, operation, f"not done within {READ_LIMIT_S:g} s")


def _evidence(
    listing: Listing | Failure,
    usb: list[UsbDevice] | Failure,
    telephony: set[str] | Failure,
    sound: list[SoundDevice] | Failure,
    account: str | None,
) -> HeadsetEvidence:
    endpoints = [] if isinstance(listing, Failure) else listing.endpoints
    sounds = [] if isinstance(sound, Failure) else sound
    if not account:
        endpoints = windows.with_defaults(endpoints, sounds)
    pages = None if isinstance(telephony, Failure) else telephony
    attached = [] if isinstance(usb, Failure) else relevant(usb, endpoints, pages or ())
    return HeadsetEvidence(
        endpoints=tuple(endpoints[:_MOST]),
        usb=tuple(attached[:_MOST]),
        telephony_ids=tuple(sorted(pages or ()))[:_MOST],
        sound_devices=tuple(sounds[:_MOST]),
        devices=tuple(audio_devices(endpoints, attached, pages)[:_MOST]),
        wrong_user=account,
        endpoints_failure=listing if isinstance(listing, Failure) else listing.failure,
        usb_failure=usb if isinstance(usb, Failure) else None,
        telephony_failure=telephony if isinstance(telephony, Failure) else None,
        sound_failure=sound if isinstance(sound, Failure) else None,
    )


def _sound_devices(machine: Machine) -> list[SoundDevice]:
    told = machine.fact("audio_devices")
    if told.failure or not isinstance(told.value, list):
        hint = "libportaudio2 is missing" if machine.platform == "linux" else None
        code = told.failure or FailureCode.COMPONENT_MISSING
        detail = hint if code == FailureCode.COMPONENT_MISSING else None
        raise OperationFailed(code, "ask PortAudio", detail)
    return [_sound_device(one) for one in told.value if isinstance(one, dict)]


def _sound_device(one: dict[str, Any]) -> SoundDevice:
    return SoundDevice(
        clean(one.get("name", "?")),
        clean(one.get("host_api", "?")),
        _count(one.get("inputs")),
        _count(one.get("outputs")),
        default_input=one.get("default_input") is True,
        default_output=one.get("default_output") is True,
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0


async def _listen(machine: Machine) -> Listening:
    try:
        async with asyncio.timeout(LISTEN_LIMIT_S):
            told = await beside(lambda: machine.fact("listening"), LISTEN)
    except TimeoutError:
        return Listening(Failure(FailureCode.DEADLINE_EXCEEDED, LISTEN))
    return _heard(told)


def _by_endpoint(heard: Listening, found: HeadsetEvidence) -> Listening:
    """With the devices' own names where ALSA calls both `default`: those that the sound server uses by default."""
    names = {one.direction: one.name for one in found.endpoints if one.default}
    return replace(
        heard,
        input=names.get("capture", heard.input) if heard.input == _ALSA_DEFAULT else heard.input,
        output=names.get("render", heard.output) if heard.output == _ALSA_DEFAULT else heard.output,
    )


def _heard(told: Told) -> Listening:
    heard = dict(told.value) if isinstance(told.value, dict) else {}
    detail = clean(heard.pop("detail")) if "detail" in heard else None
    code = told.failure or heard.pop("failure", None)
    try:
        if code or "silent" not in heard:
            return Listening(Failure(FailureCode(code or FailureCode.COMPONENT_MISSING), LISTEN, detail))
        found = TypeAdapter(Listening).validate_python(heard)
    except ValueError:  # of a captured machine: ours says what it should
        return Listening(Failure(FailureCode.COMPONENT_MISSING, LISTEN, "no answer that can be read"))
    return replace(found, output=_shown(found.output), input=_shown(found.input))


def _shown(name: str | None) -> str | None:
    return None if name is None else clean(name)
