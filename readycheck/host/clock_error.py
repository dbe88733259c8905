"""Whether somebody sets this machine's clock, and how far it may be off, as its kernel knows."""

import ctypes
import sys

_UNSYNCHRONIZED = 0x0040  # STA_UNSYNC of linux/timex.h


class _Timex(ctypes.Structure):
    """The beginning of Linux' struct timex, and more room than the rest of it takes."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("most_error_us", ctypes.c_long),
        ("estimated_error_us", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def clock_error_s() -> float | None:
    """How far the clock may be off at most (adjtimex(2)); None where nobody sets it, or the system does not tell."""
    if sys.platform != "linux":
        return None
    found = _Timex()  # modes 0: nothing is changed, and nobody needs a right for it
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(found))
    except (OSError, AttributeError):  # a C library without it
        return None
    if state < 0 or found.status & _UNSYNCHRONIZED:
        return None
    return float(found.most_error_us) / 1e6
