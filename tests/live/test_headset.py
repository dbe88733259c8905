"""The headset probe with a real sound server: PulseAudio, PortAudio over ALSA, and what was really played."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.live.pulse import JABRA, OTHER, TOOLS, Pulse, pair, running_pulse

pytestmark = pytest.mark.live
TAKES = 3
"""The server is not scheduled in real time: a busy machine may spoil a take, as it may spoil a call, but not all."""
AS_PLAYED = pytest.approx(-20.0, abs=1.0)
PROFILE = """
schema: readycheck.profile/1
id: headset-test
allowed: {headsets: [{vid: "0b0e", product: "Evolve2*"}]}
requirements:
  - {id: on-the-list, metric: headset.listed, equals: true}
  - {id: chosen, metric: headset.default_device, equals: true}
"""


@pytest.fixture
def tools() -> None:
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if sys.platform != "linux" or missing:
        sentence = f"live tests need {', '.join(missing) or 'Linux'}"
        if os.environ.get("READYCHECK_REQUIRE_LIVE") == "1":
            pytest.fail(sentence)
        pytest.skip(sentence)


@pytest.fixture
def start(tools: None, tmp_path: Path) -> Iterator[Any]:
    """Starts a server with these modules; it ends with the test."""
    directory = tmp_path / "pulse"
    directory.mkdir(mode=0o700)
    with ExitStack() as stack:
        yield lambda *lines: stack.enter_context(running_pulse(directory, lines))


def run(pulse: Pulse, folder: Path, *arguments: str) -> dict[str, Any]:
    """A run of the headset probe as a user of that server; nothing it started outlives it."""
    profile = folder / "profile.yaml"
    profile.write_text(PROFILE, encoding="utf-8")
    command = [sys.executable, "-m", "readycheck", "run", str(profile), "--only", "headset", "--json", "-q"]
    done = subprocess.run(
        [*command, "-o", str(folder / "out"), *arguments],
        env=pulse.environment,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode in {0, 1, 3}, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert processes_left(pulse) == []
    return report


def processes_left(pulse: Pulse) -> list[str]:
    """What still runs of all that was told where this server is."""
    mark, left = f"PULSE_SERVER={pulse.environment['PULSE_SERVER']}\0".encode(), []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # ended meanwhile
            if mark in environ.read_bytes():
                left.append(environ.with_name("cmdline").read_text())
    return left


def metric(report: dict[str, Any], name: str) -> Any:
    return report["metrics"][f"headset.{name}"]["value"]


def test_headset_that_is_there_and_heard(start: Any, tmp_path: Path) -> None:
    """The default is the headset of the list; what is played comes back whole, at its level, without being cut off."""
    pulse = start(*pair("other", OTHER), *pair("jabra", JABRA))
    pulse.wait_until_awake("jabra")
    for _ in range(TAKES):
        report = run(pulse, tmp_path, "--listen")
        if metric(report, "tone_level_dbfs") == AS_PLAYED and (metric(report, "loop_delay_ms") or 0) < 200:
            break

    assert report["decision"] == "go"
    assert [metric(report, name) for name in ("present", "listed", "default_device", "link")] == [
        True,
        True,
        True,
        "usb",
    ]
    assert [metric(report, name) for name in ("tone_heard", "listen_silent", "listen_clipped")] == [True, False, False]
    assert metric(report, "tone_level_dbfs") == AS_PLAYED
    assert [metric(report, name) for name in ("listened_to_headset", "played_to_headset")] == [True, True]
    assert 0 <= metric(report, "loop_delay_ms") < 200
    assert report["observations"]["headset"]["evidence"]["sound_devices"][0]["host_api"] == "ALSA"


def test_wrong_default_and_a_microphone_that_hears_nothing(start: Any, tmp_path: Path) -> None:
    """The headset is there and another device is the default: no go; its microphone, mute, is silent."""
    pulse = start(*pair("jabra", JABRA), *pair("other", OTHER))
    pulse.wait_until_awake("other")
    subprocess.run(["pactl", "set-source-mute", "other_in", "1"], env=pulse.environment, check=True)
    report = run(pulse, tmp_path, "--listen")

    assert report["decision"] == "no_go"
    assert [metric(report, name) for name in ("present", "listed", "default_device")] == [True, True, False]
    assert [metric(report, name) for name in ("listen_silent", "tone_heard")] == [True, False]
    assert [metric(report, name) for name in ("listened_to_headset", "played_to_headset")] == [False, False]


def test_no_device_and_then_no_answer(start: Any, tmp_path: Path) -> None:
    """A server with nothing: no headset. The same server frozen: nothing is known, and the probe ends by its limits."""
    pulse = start()
    report = run(pulse, tmp_path)
    assert report["decision"] == "no_go"
    assert report["metrics"]["headset.present"]["value"] is False
    assert report["metrics"]["headset.present"]["reason"] == "no_audio_device"

    pulse.freeze()
    frozen = run(pulse, tmp_path)
    evidence = frozen["observations"]["headset"]["evidence"]
    assert frozen["decision"] == "inconclusive"
    assert frozen["metrics"]["headset.present"] == {"value": None, "unit": "bool", "reason": "deadline_exceeded"}
    assert evidence["endpoints_failure"]["code"] == evidence["sound_failure"]["code"] == "deadline_exceeded"
    assert frozen["observations"]["headset"]["status"] == "collected"
