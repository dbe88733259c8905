"""PortAudio, asked in a child process: a driver that hangs costs its limit and no more."""

import json
import os
from pathlib import Path
from typing import Any

from readycheck.host import own_program
from readycheck.host.audio import child
from readycheck.host.command import run
from readycheck.host.machine import Told
from readycheck.model.failure import FailureCode

COMMAND = "audio-child"
DEVICES_TIMEOUT_S = 5.0
LISTEN_TIMEOUT_S = 14.0
_CLIENT_CONFIG = "PULSE_CLIENTCONFIG"


def devices() -> Told:
    """What PortAudio lists: name, host_api, inputs, outputs, default_input, default_output of each."""
    told = _ask(child.DEVICES, DEVICES_TIMEOUT_S)
    return Told(told.value["devices"]) if told.value and "devices" in told.value else _reason(told)


def listening() -> Told:
    """What was heard, as in model.audio.Listening; or `failure` and `detail`. Takes as long as the sound."""
    return _ask(child.LISTEN, LISTEN_TIMEOUT_S)


def _ask(asked: str, timeout_s: float) -> Told:
    command = [*own_program.command("readycheck.host.audio.child", COMMAND), asked]
    output = run(command, timeout_s, environment=_environment(), input_open=True)
    if output.failure:
        return Told(failure=output.failure)
    try:
        value = json.loads(output.text)
    except ValueError:  # the driver took the child down with it
        value = None
    return Told(value) if isinstance(value, dict) else Told(failure=FailureCode.COMPONENT_MISSING)


def _reason(told: Told) -> Told:
    value: Any = told.value or {}
    return Told(failure=told.failure or FailureCode(value.get("failure", FailureCode.COMPONENT_MISSING)))


def _environment() -> dict[str, str]:
    """Ours; without settings of the user's own, with those by which PulseAudio's library starts no server."""
    variables = own_program.environment()
    own = Path(variables.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "pulse" / "client.conf"
    if os.name == "posix" and _CLIENT_CONFIG not in variables and not own.exists():
        variables[_CLIENT_CONFIG] = str(Path(__file__).parents[2] / "data" / "pulse-client.conf")
    return variables
