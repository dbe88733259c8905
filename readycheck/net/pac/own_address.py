"""This machine's addresses as `myIpAddress` tells them in Chromium: that of the interface which leads outwards."""

import socket

from readycheck.model.failure import OperationFailed
from readycheck.net.resolve import resolve

_OUTWARDS = (("8.8.8.8", socket.AF_INET), ("2001:4860:4860::8888", socket.AF_INET6))
_INWARDS = ("10.0.0.0", "172.16.0.0", "192.168.0.0")
_NAME_TIMEOUT_S = 1.0


async def own_addresses() -> tuple[str, ...]:
    """One address of each family that has any, IPv4 first.

    Nothing is sent: connecting a UDP socket only asks for the route.
    """
    found = [address for place, family in _OUTWARDS if (address := _towards(place, family))]
    if found:
        return tuple(found)
    try:
        named = await resolve(socket.gethostname(), timeout_s=_NAME_TIMEOUT_S)
    except OperationFailed:
        named = []
    others = [address for address in named if not address.startswith(("127.", "::1", "fe80:"))]
    others += [address for place in _INWARDS if (address := _towards(place, socket.AF_INET))]
    return tuple(others[:1])


def _towards(place: str, family: socket.AddressFamily) -> str | None:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((place, 53))
            address = str(asking.getsockname()[0])
    except OSError:
        return None
    return None if address.startswith(("fe80:", "::1", "127.", "0.")) else address
