"""PortAudio's child process: its answers, its refusals, its end."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import types
from pathlib import Path
from typing import Any

import pytest

from readycheck.host import own_program
from readycheck.host.audio import child, portaudio
from readycheck.host.machine import Told
from readycheck.model.failure import FailureCode
from tests.unit.hanging import ends, hung


class PortAudioError(Exception):
    pass


def sound(**parts: Any) -> types.SimpleNamespace:
    """A sounddevice with Windows' three host APIs."""
    apis = [
        {"name": name, "default_input_device": first, "default_output_device": first + 1}
        for name, first in (("MME", 0), ("Windows WASAPI", 2), ("Windows WDM-KS", -2))
    ]
    devices = [
        {
            "index": n,
            "name": f"device {n}",
            "hostapi": n // 2,
            "max_input_channels": (n + 1) % 2,
            "max_output_channels": n % 2,
        }
        for n in range(5)
    ]
    return types.SimpleNamespace(
        query_hostapis=lambda: apis,
        query_devices=lambda index=None: devices if index is None else devices[index],
        default=types.SimpleNamespace(device=[-1, -1]),
        PortAudioError=PortAudioError,
        **parts,
    )


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda module: monkeypatch.setitem(sys.modules, "sounddevice", module)


def test_devices_are_listed_with_the_defaults_of_each_api(install: Any) -> None:
    """Names, ways and host APIs as PortAudio tells them."""
    install(sound())
    devices = child.answer("devices")["devices"]

    assert [(one["host_api"], one["default_input"], one["default_output"]) for one in devices] == [
        *(("MME", True, False), ("MME", False, True)),
        *(("Windows WASAPI", True, False), ("Windows WASAPI", False, True)),
        ("Windows WDM-KS", False, False),
    ]
    assert devices[0]["inputs"] == devices[1]["outputs"] == 1


def test_missing_library_is_a_missing_component(install: Any) -> None:
    """No module, or no PortAudio under it."""
    install(None)
    assert child.answer("devices")["failure"] == "component_missing"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ((-9985,), "workstation_busy"),
        ((-9996,), "no_audio_device"),
        ((-9999, (2, -2147024891, "Access is denied.")), "permission_denied"),
        ((-9999, (2, 0, "odd")), "component_missing"),
        ((), "component_missing"),
    ],
)
def test_refusal_of_a_driver_is_told(install: Any, told: tuple[Any, ...], code: str) -> None:
    """In use by another program, gone, or not allowed by the host."""

    def refuse() -> None:
        raise PortAudioError("Error opening stream", *told)

    module = sound()
    module.query_hostapis = refuse
    install(module)

    assert child.answer("devices") == {"failure": code, "detail": "Error opening stream"}


def test_no_default_device_is_no_audio_device(install: Any) -> None:
    """Without a default way in or out there is nothing to listen with."""
    module = sound()
    module.query_hostapis = list
    install(module)

    assert child.answer("listen")["failure"] == "no_audio_device"


def program(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> None:
    """In place of sounddevice, for children started from now on."""
    (folder / "sounddevice.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(folder))


def test_driver_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its limit passes, the answer is that it was late, and the process is gone."""
    kept = tmp_path / "pid"
    program(monkeypatch, tmp_path, f"import os, time\nopen({str(kept)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)")

    def ask(limit_s: float) -> Told:
        monkeypatch.setattr(portaudio, "DEVICES_TIMEOUT_S", limit_s)
        return portaudio.devices()

    answer, driver = hung(ask, kept)
    assert answer == Told(failure=FailureCode.DEADLINE_EXCEEDED)
    assert ends(driver)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("raise OSError('PortAudio library not found')", FailureCode.COMPONENT_MISSING),
        ("import os; os.abort()", FailureCode.COMPONENT_MISSING),
        ("print('[]', flush=True); import os; os._exit(0)", FailureCode.COMPONENT_MISSING),
    ],
)
def test_driver_that_takes_the_child_down(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, code: FailureCode
) -> None:
    """A missing library, a crash, an answer that is none: told, and readycheck goes on."""
    program(monkeypatch, tmp_path, text)

    assert portaudio.devices() == Told(failure=code)


def test_child_ends_with_its_parent(tmp_path: Path) -> None:
    """When its input ends, which a parent's death does, it leaves whatever the driver does."""
    (tmp_path / "sounddevice.py").write_text("print('ready', flush=True)\nimport time\ntime.sleep(60)")
    environment = {
        **own_program.environment(),
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(child.__file__).parents[3]}",
    }
    command = [*own_program.command("readycheck.host.audio.child", portaudio.COMMAND), "devices"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.stdin.close()
        assert process.wait(30) == 1


def test_frozen_program_starts_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """PyInstaller's sys.executable is readycheck, which takes a hidden command and no -m."""
    program(monkeypatch, tmp_path, "query_hostapis = query_devices = list\nclass PortAudioError(Exception): pass")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", shutil.which("readycheck", path=sysconfig.get_path("scripts")))

    assert portaudio.devices() == Told([])


def test_no_sound_server_is_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """PulseAudio's library is told not to start one, unless the user's own settings say how to meet theirs."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("PULSE_CLIENTCONFIG", raising=False)
    settings = Path(portaudio._environment()["PULSE_CLIENTCONFIG"]).read_text()
    assert "autospawn = no" in settings.splitlines()

    (tmp_path / "pulse").mkdir()
    (tmp_path / "pulse" / "client.conf").write_text("default-server = tcp:thin-client")
    assert "PULSE_CLIENTCONFIG" not in portaudio._environment()


def test_answer_is_one_line_of_json() -> None:
    """What the parent reads is JSON and nothing beside it, whatever PortAudio is here."""
    command = [*own_program.command("readycheck.host.audio.child", portaudio.COMMAND), "devices"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=own_program.environment()
    ) as process:
        assert process.stdout is not None
        printed = process.stdout.read()

    assert len(printed.splitlines()) == 1
    assert set(json.loads(printed)) in ({"devices"}, {"failure", "detail"})
