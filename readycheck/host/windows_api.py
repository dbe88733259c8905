"""Single calls of Windows' API; each raises OSError where the system has no answer."""

import ctypes
import os
import sys
from contextlib import suppress
from ctypes import byref, wintypes
from typing import Any

from readycheck.host.adapters import Adapter, told

assert sys.platform == "win32"  # noqa: S101 - the type checker leaves the rest out elsewhere

_CURRENT_SESSION = -1
_WTS_USER_NAME, _WTS_CLIENT_PROTOCOL_TYPE = 5, 16
_SM_REMOTESESSION = 0x1000
_CURRENT_PROCESS = wintypes.HANDLE(-1)
_TOKEN_QUERY, _TOKEN_USER = 0x0008, 1
_LARGEST_TOKEN_BYTE = 256
_ANY_FAMILY = 0
_FLAGS = 0x0002 | 0x0004 | 0x0080  # no anycast, no multicast; gateways
_BUFFER_OVERFLOW, _NO_DATA = 111, 232
_WFAPI = ("wfapi64.dll", r"Citrix\ICAService\wfapi64.dll") if sys.maxsize > 2**32 else ("wfapi.dll",)


def session_id() -> int:
    """The number of the session in which this process runs; services have 0."""
    number = wintypes.DWORD()
    _demand(_library("kernel32").ProcessIdToSessionId(os.getpid(), byref(number)))
    return number.value


def session_user() -> str:
    """Who signed in to this session; "" if nobody did."""
    return _session_answer(_WTS_USER_NAME).decode("utf-16-le", "replace").rstrip("\0")


def wts_client_protocol() -> int:
    """0 console, 1 ICA, 2 RDP."""
    return int.from_bytes(_session_answer(_WTS_CLIENT_PROTOCOL_TYPE)[:2], "little")


def citrix_active_protocol() -> int:
    """0 console, 1 ICA, 2 RDP, as Citrix' own library sees it; FileNotFoundError without that library."""
    folder = os.environ.get("PROGRAMFILES", "")
    for name in _WFAPI:
        with suppress(OSError, AttributeError):  # not there, of another architecture, or another thing of that name
            library = ctypes.WinDLL(os.path.join(folder, name) if "\\" in name else name)  # noqa: PTH118 - a bare name stays one
            return int(library.WFGetActiveProtocol(_CURRENT_SESSION))
    raise FileNotFoundError(_WFAPI[0])


def remote_session() -> bool:
    """Whether the session's screen is elsewhere, by RDP's own measure."""
    return bool(_library("user32").GetSystemMetrics(_SM_REMOTESESSION))


def user_sid() -> str:
    """The security identifier of this process' user."""
    security, kernel = _library("advapi32"), _library("kernel32")
    token, size, text = wintypes.HANDLE(), wintypes.DWORD(), wintypes.LPWSTR()
    _demand(security.OpenProcessToken(_CURRENT_PROCESS, _TOKEN_QUERY, byref(token)))
    try:
        buffer = ctypes.create_string_buffer(_LARGEST_TOKEN_BYTE)
        _demand(security.GetTokenInformation(token, _TOKEN_USER, buffer, len(buffer), byref(size)))
        _demand(security.ConvertSidToStringSidW(ctypes.c_void_p.from_buffer(buffer), byref(text)))
        try:
            return text.value or ""
        finally:
            kernel.LocalFree(text)
    finally:
        kernel.CloseHandle(token)


def slept_s() -> float:
    """How long the machine slept since it started: the ticks that count sleep less those that do not."""
    kernel, awake = _library("kernel32"), ctypes.c_uint64()
    kernel.GetTickCount64.restype = ctypes.c_uint64
    _demand(kernel.QueryUnbiasedInterruptTime(byref(awake)))
    return max(0.0, float(kernel.GetTickCount64()) / 1e3 - awake.value / 1e7)


def interfaces() -> list[dict[str, Any]]:
    """Every adapter of GetAdaptersAddresses."""
    ask = _library("iphlpapi").GetAdaptersAddresses
    size = wintypes.ULONG(32 * 1024)
    for _ in range(3):  # an adapter may come while this asks
        buffer = ctypes.create_string_buffer(size.value)
        status = ask(_ANY_FAMILY, _FLAGS, None, buffer, byref(size))
        if status == _NO_DATA:
            return []
        if status != _BUFFER_OVERFLOW:
            break
    if status:
        raise ctypes.WinError(status)
    return told(Adapter.from_buffer(buffer))


def _session_answer(kind: int) -> bytes:
    library = _library("wtsapi32")
    answer, size = ctypes.c_void_p(), wintypes.DWORD()
    _demand(library.WTSQuerySessionInformationW(None, _CURRENT_SESSION, kind, byref(answer), byref(size)))
    try:
        return ctypes.string_at(answer.value, size.value) if answer.value else b""
    finally:
        library.WTSFreeMemory(answer)


def _library(name: str) -> ctypes.WinDLL:
    return ctypes.WinDLL(name, use_last_error=True)


def _demand(success: int) -> None:
    if not success:
        raise ctypes.WinError(ctypes.get_last_error())
