"""How long the first router takes to echo, by the system's own `ping`: raw sockets would need rights."""

import re

from readycheck.host.machine import Machine
from readycheck.model.failure import FailureCode
from readycheck.model.network import GatewayEcho

ECHOES = 3
_WINDOWS_ECHOES = 2  # one a second, and no option to be faster
_TIMEOUT_S = 2.5
ECHO_BYTE = 2 * (56 + 8 + 20)
# The unit is translated into Cyrillic, and comes in a code page that may not have been read as it was written.
_TIME = re.compile(r"([=<])\s*(\d{1,6}(?:[.,]\d{1,6})?)(?:\s*(?:ms|мс)\b|\ufffd{2}(?!\ufffd))")


def echo(machine: Machine, gateway: str) -> GatewayEcho:
    """A few echo requests; silence is told as such, since many routers do not answer."""
    output = machine.output(*_command(machine, gateway), timeout_s=_TIMEOUT_S)
    times, below = times_ms(output.text)
    if not times:
        silent = output.failure or FailureCode.CONNECTION_TIMEOUT
        return GatewayEcho(gateway, failure=silent)
    return GatewayEcho(gateway, times, below)


def _command(machine: Machine, gateway: str) -> tuple[str, ...]:
    if machine.platform == "windows":
        return "ping", "-n", str(_WINDOWS_ECHOES), "-w", "500", gateway
    if machine.platform == "macos":
        options = "-n", "-c", str(ECHOES), "-i", "0.2"
        return ("ping6", *options, gateway) if ":" in gateway else ("ping", *options, "-t", "2", gateway)
    return "ping", "-n", "-c", str(ECHOES), "-i", "0.2", "-w", "2", gateway


def times_ms(text: str) -> tuple[tuple[float, ...], bool]:
    """The time in each reply's line, in any language; whether one was only told to be below what it says.

    A line with several times sums up.
    """
    found = [_TIME.findall(line) for line in text[:20_000].splitlines()]
    replies = [times[0] for times in found if len(times) == 1]
    return tuple(float(time.replace(",", ".")) for _, time in replies), any(sign == "<" for sign, _ in replies)
