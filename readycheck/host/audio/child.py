"""What runs in the child process: PortAudio, and nothing else of readycheck. Its answer is one JSON object on stdout.

A driver may hang in native code, so the parent kills this when its time is over; and this ends by itself with the
parent, whose end closes our input.
"""

import json
import os
import sys
import threading
from typing import Any

from readycheck.host.audio import listening

DEVICES, LISTEN = "devices", "listen"
_WASAPI = "Windows WASAPI"  # MME and DirectSound cut names at 31 characters
_RATES_HZ = (48_000, 44_100, 16_000)
_STARTING_S = 2.0
_LATENCY_S = 0.1
_SAMPLE_BYTE = 2
_REFUSALS = {-9985: "workstation_busy", -9996: "no_audio_device"}  # portaudio.h: DeviceUnavailable, InvalidDevice


def _leave_with_the_parent() -> None:
    def wait() -> None:
        while sys.stdin.buffer.read(1):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _devices(sound: Any) -> dict[str, Any]:
    """All devices of all host APIs, with the default of each host API marked."""
    host_apis = sound.query_hostapis()
    return {
        "devices": [
            {
                "name": device["name"],
                "host_api": host_apis[device["hostapi"]]["name"],
                "inputs": device["max_input_channels"],
                "outputs": device["max_output_channels"],
                "default_input": device["index"] == host_apis[device["hostapi"]]["default_input_device"],
                "default_output": device["index"] == host_apis[device["hostapi"]]["default_output_device"],
            }
            for device in sound.query_devices()
        ]
    }


def _listen(sound: Any) -> dict[str, Any]:
    """Play and record at once, and tell what was heard."""
    host_apis = sound.query_hostapis()
    chosen = next((one for one in host_apis if one["name"] == _WASAPI), None)
    pair = (chosen["default_input_device"], chosen["default_output_device"]) if chosen else tuple(sound.default.device)
    if min(pair) < 0:
        return {"failure": "no_audio_device", "detail": "no default microphone or no default loudspeaker"}
    convert = sound.WasapiSettings(auto_convert=True) if chosen else None
    rate_hz = _rate(sound, pair, convert)
    played = listening.programme(rate_hz)
    taps = _Taps(played)
    common = {
        "samplerate": rate_hz,
        "channels": 1,
        "dtype": "int16",
        "latency": _LATENCY_S,
        "extra_settings": convert,
    }
    _listened(sound, taps, pair, common, len(played.samples) / rate_hz)
    names = dict(zip(("input", "output"), (sound.query_devices(index)["name"] for index in pair), strict=True))
    recorded = listening.samples_of(taps.aligned(played.sweep_at))[: len(played.samples)]
    return {**names, **listening.figures(played, recorded), "dropouts": taps.lost}


def _rate(sound: Any, pair: tuple[int, ...], convert: Any) -> int:
    """A rate that both devices take, the loudspeaker's own before others."""
    for rate_hz in (round(sound.query_devices(pair[1])["default_samplerate"]), *_RATES_HZ):
        try:
            sound.check_input_settings(pair[0], 1, "int16", convert, rate_hz)
            sound.check_output_settings(pair[1], 1, "int16", convert, rate_hz)
        except sound.PortAudioError:
            continue
        return rate_hz
    return _RATES_HZ[-1]


class _Taps:
    """What goes to the loudspeaker and comes from the microphone, with the drivers' times of both.

    Two streams and not one both ways: two devices need not share a clock, and ALSA over PulseAudio stalls on one.
    """

    def __init__(self, played: listening.Programme) -> None:
        self.recorded = bytearray()
        self.lost = 0
        self.hearing, self.done = threading.Event(), threading.Event()
        self._rate_hz = played.rate_hz
        self._wanted = played.samples.tobytes()
        self._given = 0
        self._heard_at: list[tuple[int, float]] = []
        self._played_at: list[tuple[int, float]] = []

    def hear(self, captured: Any, _frames: int, time: Any, status: Any) -> None:
        """Keep a block, and when its first sample was taken."""
        self._heard_at.append((len(self.recorded) // _SAMPLE_BYTE, time.inputBufferAdcTime))
        self.recorded.extend(captured[:])
        self.lost += bool(status)
        self.hearing.set()

    def play(self, rendered: Any, _frames: int, time: Any, status: Any) -> None:
        """Hand over a block, and note when its first sample will be played."""
        self._played_at.append((self._given // _SAMPLE_BYTE, time.outputBufferDacTime))
        rendered[:] = self._wanted[self._given : self._given + len(rendered)].ljust(len(rendered), b"\0")
        self._given += len(rendered)
        self.lost += bool(status)
        if self._given > len(self._wanted):
            self.done.set()

    def aligned(self, position: int) -> bytes:
        """The recording from when the first sample was played on, as reckoned from this sample of the programme."""
        at, played_s = max((one for one in self._played_at if one[0] <= position), default=(0, 0.0))
        played_s += (position - at) / self._rate_hz
        begun, heard_s = max((one for one in self._heard_at if one[1] <= played_s), default=(0, played_s))
        skipped = _SAMPLE_BYTE * (begun + round((played_s - heard_s) * self._rate_hz) - position)
        return bytes(self.recorded[skipped:]) if skipped >= 0 else bytes(-skipped) + self.recorded


def _listened(sound: Any, taps: _Taps, pair: tuple[int, ...], common: dict[str, Any], seconds: float) -> None:
    with sound.RawInputStream(device=pair[0], callback=taps.hear, **common):
        taps.hearing.wait(_STARTING_S)
        with sound.RawOutputStream(device=pair[1], callback=taps.play, **common):
            taps.done.wait(seconds + _STARTING_S)


def answer(asked: str) -> dict[str, Any]:
    """What PortAudio says, or why it says nothing: `failure` and `detail`."""
    try:
        import sounddevice as sound  # type: ignore[import-untyped] # noqa: PLC0415 - its driver may hang: here alone
    except (ImportError, OSError) as error:
        return {"failure": "component_missing", "detail": str(error)}
    try:
        return _listen(sound) if asked == LISTEN else _devices(sound)
    except sound.PortAudioError as error:
        return _refused(error)


def _refused(error: Exception) -> dict[str, Any]:
    """What PortAudio's number, and the host's own words where it adds some, amount to."""
    number = error.args[1] if len(error.args) > 1 else 0
    said = " ".join(map(str, error.args)).lower()
    failure = _REFUSALS.get(number, "component_missing")
    if "denied" in said or "80070005" in said:  # Windows' E_ACCESSDENIED: the microphone's privacy switch
        failure = "permission_denied"
    return {"failure": failure, "detail": str(error.args[0]) if error.args else ""}


def run(asked: str) -> None:
    """Answer and end the process."""
    _leave_with_the_parent()
    sys.stdout.buffer.write(json.dumps(answer(asked)).encode() + b"\n")
    sys.stdout.buffer.flush()
    os._exit(0)  # without PortAudio's farewell, which may hang as well


if __name__ == "__main__":
    run(sys.argv[-1])
