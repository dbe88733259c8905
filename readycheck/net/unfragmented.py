"""Sockets whose datagrams are never cut into fragments: not here, and not on the way (the DF bit of IPv4).

Systems have different words for it, and Python names few of them: linux/in.h, linux/in6.h, ws2ipdef.h, netinet/in.h.
"""

import errno
import socket
import sys
from typing import Any

_PROBE = 3  # Linux's IP_PMTUDISC_PROBE: mark them, and do not believe what others say of the path's limit
_OPTIONS: dict[str, dict[int, tuple[tuple[int, int], ...]]] = {
    "linux": {socket.AF_INET: ((10, _PROBE),), socket.AF_INET6: ((23, _PROBE), (62, 1))},
    "win32": {socket.AF_INET: ((14, 1),), socket.AF_INET6: ((14, 1),)},
    "darwin": {socket.AF_INET: ((28, 1),), socket.AF_INET6: ((62, 1),)},
}
_LEVELS = {socket.AF_INET: 0, socket.AF_INET6: 41}  # IPPROTO_IP, IPPROTO_IPV6
_MESSAGE_TOO_LONG = 10040  # WSAEMSGSIZE


def never_fragment(opened: Any) -> bool:
    """From now on send whole datagrams or none; whether this system can."""
    options = _OPTIONS.get(sys.platform, {}).get(opened.family)
    if options is None:
        return False
    try:
        for option, value in options:
            opened.setsockopt(_LEVELS[opened.family], option, value)
    except OSError:
        return False
    return True


def is_too_long(error: OSError) -> bool:
    """Whether the datagram, or an earlier one as a router told meanwhile, is longer than the way allows."""
    return error.errno == errno.EMSGSIZE or getattr(error, "winerror", None) == _MESSAGE_TOO_LONG
