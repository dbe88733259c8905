"""What a recording tells of a tone and speech that were played: recordings made by arithmetic."""

import math
import random
from array import array

import pytest

from readycheck.host.audio import listening
from readycheck.host.audio.listening import FULL_SCALE, figures, programme, samples_of

RATE_HZ = 16_000
PLAYED = programme(RATE_HZ)


def noise(dbfs: float, seed: int, count: int = len(PLAYED.samples)) -> "array[int]":
    """White, at this RMS."""
    random_ = random.Random(seed)
    rms = FULL_SCALE * 10 ** (dbfs / 20) / math.sqrt(2)
    return array("h", (round(random_.gauss(0, rms)) for _ in range(count)))


def recording(gain_db: float, delay_ms: float, noise_dbfs: float, seed: int = 1) -> "array[int]":
    """The programme after a way through the air."""
    late = round(delay_ms * RATE_HZ / 1000)
    gain = 10 ** (gain_db / 20)
    played = [0] * late + [sample * gain for sample in PLAYED.samples]
    pairs = zip(played, noise(noise_dbfs, seed), strict=False)
    return array("h", (max(-32768, min(32767, round(one + other))) for one, other in pairs))


@pytest.mark.parametrize(("gain_db", "delay_ms"), [(0, 0.0), (-6, 21.4), (-20, 180.0), (-35, 400.0)])
def test_loop_is_heard_with_its_delay_and_level(gain_db: float, delay_ms: float) -> None:
    """Down to a tone 10 dB below the noise: the level within 0.5 dB, the delay within two samples."""
    found = figures(PLAYED, recording(gain_db, delay_ms, -45.0))

    assert found["tone_dbfs"] == pytest.approx(listening.PLAYED_DBFS + gain_db, abs=0.5)
    assert found["loop_delay_ms"] == pytest.approx(delay_ms, abs=2000 / RATE_HZ)
    assert found["silent"] is False


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_no_tone(seed: int) -> None:
    """A closed headset in a noisy room: level told, no tone, no delay."""
    found = figures(PLAYED, noise(-30.0, seed))

    assert (found["tone_dbfs"], found["loop_delay_ms"]) == (None, None)
    assert found["level_dbfs"] == pytest.approx(-30.0, abs=0.2)
    assert found["noise_dbfs"] == pytest.approx(-30.0, abs=0.5)


def test_hum_is_no_tone() -> None:
    """Harmonics of 50 and 60 Hz beside the tone are not it."""
    hum = [
        round(sum(800 * math.sin(2 * math.pi * hz * n / RATE_HZ) for hz in (1000, 1020)))
        for n in range(len(PLAYED.samples))
    ]
    assert figures(PLAYED, array("h", hum))["tone_dbfs"] is None


def test_digital_silence_has_no_level() -> None:
    """Zeros, or one step beside them: silent, and minus infinity is told as nothing."""
    found = figures(PLAYED, array("h", [0] * len(PLAYED.samples)))

    assert found["silent"] is True
    assert {found[name] for name in ("level_dbfs", "noise_dbfs", "peak_dbfs", "tone_dbfs", "loop_delay_ms")} == {None}
    assert figures(PLAYED, array("h", [1, -1] * 100))["silent"] is True
    assert figures(PLAYED, array("h", [2, 0] * 100))["silent"] is False


def test_recording_that_never_came_is_silence() -> None:
    """No sample at all tells nothing more."""
    assert figures(PLAYED, array("h"))["silent"] is True


def test_clipping_is_a_run_at_full_scale() -> None:
    """Three samples in a row are cut off; a single one may be the sound itself."""
    assert listening.clipped_samples([0, 32767, 32767, 32767, 0, -32768, -32768, -32768, -32768]) == 7
    assert listening.clipped_samples([32767, 32767, 0, 32767]) == 0


def test_full_sine_is_zero_dbfs() -> None:
    """Levels are against a sine of full scale (AES17)."""
    sine = [round(FULL_SCALE * math.sin(2 * math.pi * n / 16)) for n in range(16_000)]

    assert listening.level_dbfs(sine) == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_programme_is_moderate_at_every_rate(rate_hz: int) -> None:
    """Under seven seconds, never near full scale, speech in it, its sweep where it says."""
    played = programme(rate_hz)

    assert len(played.samples) / rate_hz < 7
    assert max(map(abs, played.samples)) < FULL_SCALE / 2
    assert listening.level_dbfs(played.samples[-3 * rate_hz :]) == pytest.approx(-25, abs=5)
    assert max(map(abs, played.samples[: played.sweep_at])) == 0
    assert listening.level_dbfs(played.sweep) == pytest.approx(-24, abs=3)


def test_half_a_sample_is_dropped() -> None:
    """Octets of an odd number make whole samples."""
    assert list(samples_of(b"\x01\x00\xff\xff\x07")) == [1, -1]
