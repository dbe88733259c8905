"""A PulseAudio of the tests' own: null sinks as loudspeakers, their monitors as microphones, nobody's but ours."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

READY_TIMEOUT_S = 10.0
TOOLS = ("pulseaudio", "pactl")
JABRA = {
    "device.bus": "usb",
    "device.vendor.id": "0b0e",
    "device.product.id": "0e40",
    "device.product.name": "Jabra Evolve2 40",
}
OTHER = {"device.bus": "pci", "device.product.name": "Built-in Audio"}


def pair(name: str, properties: Mapping[str, str]) -> list[str]:
    """A loudspeaker, and a microphone that hears it; the drain keeps both awake, so that no first block is late."""
    told = " ".join(f"{key}='{value}'" for key, value in properties.items())
    return [
        f'load-module module-null-sink sink_name={name} rate=48000 sink_properties="{told}"',
        f'load-module module-remap-source source_name={name}_in master={name}.monitor source_properties="{told}"',
        f"load-module module-null-sink sink_name={name}_drain rate=48000",
        f"load-module module-loopback source={name}.monitor sink={name}_drain latency_msec=20",
        f"set-default-sink {name}",
        f"set-default-source {name}_in",
    ]


class Pulse:
    """The server: how to reach it, and how to stop it in its tracks."""

    def __init__(self, process: "subprocess.Popen[bytes]", environment: dict[str, str]) -> None:
        self._process = process
        self.environment = environment

    def told(self, *words: str) -> Any:
        """What the server says of itself."""
        said = subprocess.run(
            ["pactl", "-f", "json", *words], env=self.environment, capture_output=True, check=True, timeout=5
        )
        return json.loads(said.stdout or "null")

    def wait_until_awake(self, sink: str) -> None:
        """Until a null sink, which starts with blocks of two seconds, works with the drain's short ones."""
        ends_at = time.monotonic() + READY_TIMEOUT_S
        while True:
            (state,) = (one for one in self.told("list", "sinks") if one["name"] == sink)
            if state["latency"]["configured"] < 100_000 and state["latency"]["actual"] < 100_000:
                return
            assert time.monotonic() < ends_at, state
            time.sleep(0.02)

    def freeze(self) -> None:
        """From now on it answers nobody."""
        self._process.send_signal(signal.SIGSTOP)

    def end(self) -> None:
        """Whatever state it is in."""
        self._process.kill()
        self._process.wait()


@contextmanager
def running_pulse(directory: Path, lines: Sequence[str]) -> Iterator[Pulse]:
    """A server with these modules until the end of the block."""
    socket, script, alsa = directory / "socket", directory / "modules.pa", directory / "alsa.conf"
    script.write_text(
        "\n".join([f"load-module module-native-protocol-unix socket={socket} auth-anonymous=1", *lines, ""])
    )
    alsa.write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
    own = {"HOME": str(directory), "XDG_RUNTIME_DIR": str(directory), "XDG_CONFIG_HOME": str(directory)}
    environment = {**os.environ, **own, "PULSE_SERVER": f"unix:{socket}", "ALSA_CONFIG_PATH": str(alsa)}
    options = ("-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=yes", "--use-pid-file=no")
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            ["pulseaudio", *options, "-F", str(script)], env={**os.environ, **own}, stdout=log, stderr=log
        )
    pulse = Pulse(process, environment)
    try:
        ends_at = time.monotonic() + READY_TIMEOUT_S
        while (
            not socket.exists()
            or subprocess.run(["pactl", "info"], env=environment, capture_output=True, check=False).returncode
        ):
            assert process.poll() is None, (directory / "log").read_text()
            assert time.monotonic() < ends_at
            time.sleep(0.02)
        yield pulse
    finally:
        pulse.end()
