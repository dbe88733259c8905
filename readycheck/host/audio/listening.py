"""What is played for `--listen`, and what a recording of it tells: pure functions over 16-bit samples.

0 dBFS is a sine of full scale (AES17). The tone lies between the harmonics of 50 and 60 Hz; the sweep before it finds
the loop's delay, the speech after it tells whoever wears the headset which one it is.
"""

import importlib.resources
import io
import math
import wave
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul
from typing import Any

FULL_SCALE = 32767
TONE_HZ = 1015.0
SWEEP_HZ = (300.0, 3400.0)
PLAYED_DBFS = -20.0
_BEFORE_S, _SWEEP_S, _TONE_S, _PAUSE_S, _AFTER_S = 0.4, 0.1, 1.2, 0.3, 0.7
_WINDOW_S = 0.6
_EARLY_S = 0.05
_LONGEST_DELAY_S = 0.5  # the tone's window then still lies inside the tone that came back
_CORRELATED_HZ = 16_000
_CLIPPED_RUN = 3  # samples at full scale that no sound has by chance
# Noise has the tone's power with probability exp(-100), and correlates by 6 deviations at any delay with 1e-5.
_TONE_OVER_NOISE = 100.0
_PEAK_DEVIATIONS = 6.0
_NEIGHBOURS = range(5, 25)


@dataclass(frozen=True)
class Programme:
    """What is played, and where in it: positions and lengths in samples."""

    samples: "array[int]"
    rate_hz: int
    sweep_at: int
    tone_at: int

    @property
    def sweep(self) -> "array[int]":
        """The sweep alone."""
        return self.samples[self.sweep_at : self.sweep_at + round(_SWEEP_S * self.rate_hz)]


def programme(rate_hz: int) -> Programme:
    """Silence, sweep, silence, tone, speech, silence."""
    before, pause, after = (_silence(seconds, rate_hz) for seconds in (_BEFORE_S, _LONGEST_DELAY_S, _AFTER_S))
    sweep, tone = _sweep(rate_hz), _tone(rate_hz)
    samples = before + sweep + pause + tone + _silence(_PAUSE_S, rate_hz) + _speech(rate_hz) + after
    return Programme(samples, rate_hz, len(before), len(before) + len(sweep) + len(pause))


def _silence(seconds: float, rate_hz: int) -> "array[int]":
    return array("h", bytes(2 * round(seconds * rate_hz)))


def _amplitude() -> float:
    return float(FULL_SCALE * 10 ** (PLAYED_DBFS / 20))


def _sweep(rate_hz: int) -> "array[int]":
    count, (low, high) = round(_SWEEP_S * rate_hz), SWEEP_HZ
    rise = (high - low) / _SWEEP_S / 2
    return _rounded(
        _amplitude() * _hann(n, count) * math.sin(2 * math.pi * (low + rise * (n / rate_hz)) * n / rate_hz)
        for n in range(count)
    )


def _tone(rate_hz: int) -> "array[int]":
    count, ramp = round(_TONE_S * rate_hz), round(0.01 * rate_hz)
    return _rounded(
        _amplitude() * min(1.0, n / ramp, (count - n) / ramp) * math.sin(2 * math.pi * TONE_HZ * n / rate_hz)
        for n in range(count)
    )


def _speech(rate_hz: int) -> "array[int]":
    """The sample as it lies in data/, at another rate by straight lines between its samples."""
    content = (importlib.resources.files("readycheck") / "data" / "listen.wav").read_bytes()
    with wave.open(io.BytesIO(content)) as file:
        own_rate, frames = file.getframerate(), file.readframes(file.getnframes())
    own = samples_of(frames)
    count = (len(own) - 1) * rate_hz // own_rate
    return _rounded(_between(own, n * own_rate / rate_hz) for n in range(count))


def _between(samples: Sequence[int], position: float) -> float:
    at = int(position)
    return samples[at] + (samples[at + 1] - samples[at]) * (position - at)


def _rounded(values: Any) -> "array[int]":
    return array("h", (round(value) for value in values))


def _hann(n: int, count: int) -> float:
    return 0.5 - 0.5 * math.cos(2 * math.pi * n / count)


def samples_of(frames: bytes) -> "array[int]":
    """Little-endian 16-bit samples, as WAV and every driver here have them."""
    return array("h", frames[: len(frames) // 2 * 2])


def figures(played: Programme, recorded: "array[int]") -> dict[str, Any]:
    """What the recording tells, named as in Listening."""
    rate, before = played.rate_hz, recorded[: played.sweep_at]
    window = recorded[played.tone_at + round(_LONGEST_DELAY_S * rate) :][: round(_WINDOW_S * rate)]
    tone_dbfs = tone_level_dbfs(window, rate)
    peak = max(map(abs, recorded), default=0)
    return {
        "rate_hz": rate,
        "recorded_s": round(len(recorded) / rate, 2),
        "level_dbfs": level_dbfs(recorded),
        "noise_dbfs": level_dbfs(before),
        "peak_dbfs": _dbfs(peak / math.sqrt(2)),
        "tone_played_dbfs": PLAYED_DBFS,
        "tone_dbfs": tone_dbfs,
        "loop_delay_ms": None if tone_dbfs is None else loop_delay_ms(played, recorded),
        "clipped_samples": clipped_samples(recorded),
        "silent": peak <= 1,
    }


def _dbfs(rms: float) -> float | None:
    return round(20 * math.log10(rms * math.sqrt(2) / FULL_SCALE), 1) if rms > 0 else None


def level_dbfs(samples: Sequence[int]) -> float | None:
    """RMS; None for digital silence."""
    return _dbfs(math.sqrt(sum(map(mul, samples, samples)) / len(samples))) if samples else None


def clipped_samples(samples: Sequence[int]) -> int:
    """Samples in runs at full scale, either way."""
    count = run = 0
    for sample in [*samples, 0]:
        if abs(sample) >= FULL_SCALE:
            run += 1
        elif run:
            count += run if run >= _CLIPPED_RUN else 0
            run = 0
    return count


def tone_level_dbfs(samples: Sequence[int], rate_hz: int) -> float | None:
    """Level of the tone where it stands out of what lies beside it in the spectrum; None if it does not."""
    count = len(samples)
    if not count:
        return None
    shaped = [sample * _hann(n, count) for n, sample in enumerate(samples)]
    step = rate_hz / count
    beside = [_power(shaped, TONE_HZ + side * n * step, rate_hz) for n in _NEIGHBOURS for side in (-1, 1)]
    power = _power(shaped, TONE_HZ, rate_hz)
    if power <= max(1.0, _TONE_OVER_NOISE * sum(beside) / len(beside)):
        return None
    # A sine of amplitude a gives (a · count/4)² through a Hann window, whose mean is a half.
    return _dbfs(4 * math.sqrt(power) / count / math.sqrt(2))


def _power(samples: Sequence[float], frequency_hz: float, rate_hz: int) -> float:
    """Goertzel's recurrence: the spectrum's power at one frequency."""
    coefficient = 2 * math.cos(2 * math.pi * frequency_hz / rate_hz)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + coefficient * last - before
    return last * last + before * before - coefficient * last * before


def loop_delay_ms(played: Programme, recorded: "array[int]") -> float | None:
    """Where the sweep comes back, by cross-correlation; None if it stands out nowhere.

    Drivers' times may be early: what seems to come back a little before it was played took no time.
    """
    step = max(1, played.rate_hz // _CORRELATED_HZ)
    sweep = played.sweep[::step]
    begin = played.sweep_at - round(_EARLY_S * played.rate_hz)
    end = played.sweep_at + round((_SWEEP_S + _LONGEST_DELAY_S) * played.rate_hz)
    heard = recorded[begin:end:step]
    products = [
        sum(map(mul, sweep, heard[lag : lag + len(sweep)])) for lag in range(max(0, len(heard) - len(sweep) + 1))
    ]
    if not products:
        return None
    deviation = math.sqrt(sum(map(mul, products, products)) / len(products))
    sizes = list(map(abs, products))  # a loop may turn the sound's sign
    best = max(range(len(sizes)), key=sizes.__getitem__)
    if sizes[best] <= _PEAK_DEVIATIONS * deviation:
        return None
    return max(0.0, round((begin + best * step - played.sweep_at) * 1000 / played.rate_hz, 1))
