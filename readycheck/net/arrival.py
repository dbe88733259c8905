"""What the system tells of a datagram beside its octets: when it arrived, its mark (DSCP, ECN), its TTL.

Linux tells all three by control messages; elsewhere less, and nothing where Python has no `recvmsg` (Windows).
"""

import contextlib
import socket
import struct
import sys
from collections.abc import Iterable
from typing import Any

ON_LINUX = sys.platform == "linux"
ANCILLARY_BYTE = 256
# Linux numbers that Python's socket does not name (asm-generic/socket.h, linux/in.h, linux/in6.h)
SO_TIMESTAMPNS = 35
IP_TTL_MESSAGE, IP_TOS_MESSAGE, IP_RECVTTL, IP_RECVTOS = 2, 1, 12, 13
IPV6_RECVHOPLIMIT, IPV6_HOPLIMIT, IPV6_RECVTCLASS, IPV6_TCLASS = 51, 52, 66, 67
IPPROTO_IP, IPPROTO_IPV6 = 0, 41
IP_PKTINFO, IPV6_RECVPKTINFO, IPV6_PKTINFO = 8, 49, 50
SO_MEMINFO, SK_MEMINFO_DROPS = 55, 8
TIMESPEC = struct.Struct("@ll")
_INT = struct.Struct("@i")
_IN_PKTINFO, _IN6_PKTINFO = struct.Struct("@i4s4s"), struct.Struct("@16sI")
_LINK_LOCAL = bytes.fromhex("fe80")

ControlMessage = tuple[int, int, bytes]


def ask_for_arrivals(opened: socket.socket) -> bool:
    """Have arrival time, mark and TTL told with each datagram; whether this system tells the mark."""
    if not ON_LINUX:
        return False
    options = [(socket.SOL_SOCKET, SO_TIMESTAMPNS), (IPPROTO_IP, IP_RECVTTL), (IPPROTO_IP, IP_RECVTOS)]
    if opened.family == socket.AF_INET6:  # IPv4 comes to it as well, with IPv4's own messages
        options += [(IPPROTO_IPV6, IPV6_RECVHOPLIMIT), (IPPROTO_IPV6, IPV6_RECVTCLASS)]
    told = True
    for level, option in options:
        try:
            opened.setsockopt(level, option, 1)
        except OSError:
            told = False
    return told


def mark_packets(opened: socket.socket, traffic_class: int) -> bool:
    """Send with this octet of DSCP and ECN from now on; whether the system really does (Windows only says so)."""
    if sys.platform == "win32":
        return False
    marked = False
    if opened.family == socket.AF_INET6:
        with contextlib.suppress(OSError):
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, traffic_class)
            marked = True
    with contextlib.suppress(OSError):  # on a socket of IPv6 this is for what goes out as IPv4
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, traffic_class)
        marked = marked or opened.family == socket.AF_INET
    return marked


def ask_for_destinations(opened: socket.socket) -> bool:
    """Have told to which of our addresses each datagram came; whether this system does."""
    if not ON_LINUX:
        return False
    six = opened.family == socket.AF_INET6
    try:
        opened.setsockopt(*((IPPROTO_IPV6, IPV6_RECVPKTINFO) if six else (IPPROTO_IP, IP_PKTINFO)), 1)
    except OSError:
        return False
    return True


def from_destination(messages: Iterable[ControlMessage]) -> list[ControlMessage]:
    """The control message with which an answer leaves from the address that the datagram came to."""
    for level, kind, content in messages:
        if (level, kind) == (IPPROTO_IP, IP_PKTINFO):
            _, address, _ = _IN_PKTINFO.unpack_from(content)
            return [(level, kind, _IN_PKTINFO.pack(0, address, bytes(4)))]
        if (level, kind) == (IPPROTO_IPV6, IPV6_PKTINFO):
            address6, interface = _IN6_PKTINFO.unpack_from(content)
            return [(level, kind, _IN6_PKTINFO.pack(address6, interface if address6[:2] == _LINK_LOCAL else 0))]
    return []


def unread_count(opened: Any) -> int:
    """Datagrams that came and found no room in the socket's receive queue; 0 where the system does not tell."""
    if not ON_LINUX:
        return 0
    try:
        told = opened.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 4 * (SK_MEMINFO_DROPS + 1))
    except OSError:  # closed meanwhile, or a kernel before 4.12
        return 0
    return int(struct.unpack_from("@I", told, 4 * SK_MEMINFO_DROPS)[0])


def read_arrival(messages: Iterable[ControlMessage]) -> tuple[int | None, int | None, int]:
    """Arrival in nanoseconds of the Unix clock, octet of DSCP and ECN, TTL: None, None and 0 where not told."""
    unix_ns: int | None = None
    mark: int | None = None
    ttl = 0
    for level, kind, content in messages:
        if level == IPPROTO_IP:
            if kind == IP_TOS_MESSAGE:
                mark = content[0]
            elif kind == IP_TTL_MESSAGE:
                (ttl,) = _INT.unpack_from(content)
        elif level == IPPROTO_IPV6:
            if kind == IPV6_TCLASS:
                (mark,) = _INT.unpack_from(content)
            elif kind == IPV6_HOPLIMIT:
                (ttl,) = _INT.unpack_from(content)
        elif kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = TIMESPEC.unpack_from(content)
            unix_ns = seconds * 1_000_000_000 + nanoseconds
    return unix_ns, mark, ttl
