"""PAC files read from where they lie: a path, or a file, http or https URL."""

import asyncio
import urllib.request
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit, urlunsplit

from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.net.beside import beside
from readycheck.net.pac.evaluator import LARGEST_PAC_BYTE, decode
from readycheck.net.resolve import resolve
from readycheck.net.tls import client_context

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 3.0
_CONNECT_TIMEOUT_S = 2.0
_MOST_REDIRECTS = 5
_OK = 200
_REDIRECTS = (301, 302, 303, 307, 308)
_AUTHENTICATION = (401, 407)


async def fetch_pac(place: str) -> str:
    """The text of a PAC file. Raises OperationFailed: pac_unreachable, pac_invalid."""
    if not is_url(place):
        return await _read(Path(place))
    try:
        parts = urlsplit(place)
    except ValueError:  # as http://[/ in a registry
        raise _unreachable("no URL") from None
    scheme = parts.scheme.lower()
    if scheme == "file":
        return await _read(Path(urllib.request.url2pathname(parts.path)))
    if scheme not in ("http", "https"):
        raise _unreachable(f"{scheme}: is no place that a PAC file is read from")
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await _look_up(place)
            return await _download(place)
    except TimeoutError:
        raise _unreachable(f"no whole answer within {TIMEOUT_S:g} s") from None


def is_url(place: str) -> bool:
    """Whether this is a URL and no path; one letter before the colon is a Windows drive."""
    return "://" in place and len(place.partition(":")[0]) > 1


def shown_place(place: str) -> str:
    """The place without user name, password and query, which may hold a token."""
    if not is_url(place):
        return place
    try:
        parts = urlsplit(place)
    except ValueError:  # somebody's text, such as https://[
        return place.partition("?")[0].partition("#")[0].rpartition("@")[2]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


async def _read(path: Path) -> str:
    """The text of a file that may lie on a network share, or be a pipe that nobody writes to."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return decode(await beside(partial(_content, path), "read PAC"))
    except TimeoutError as error:
        raise _unreachable(error.strerror or f"not read within {TIMEOUT_S:g} s") from None
    except OSError as error:
        raise _unreachable(error.strerror or str(error)) from None
    except ValueError:  # a NUL in the path
        raise _unreachable("no path") from None


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST_PAC_BYTE + 1)


async def _look_up(url: str) -> None:
    """A look-up by httpx would be in a thread that holds the program's exit until a dead DNS server is given up."""
    try:
        await resolve(urlsplit(url).hostname or "")
    except (OperationFailed, ValueError) as error:
        raise _unreachable(error.failure.code if isinstance(error, OperationFailed) else str(error)) from None


async def _download(url: str) -> str:
    import httpx  # noqa: PLC0415 - only where a PAC file is fetched

    timeout = httpx.Timeout(TIMEOUT_S, connect=_CONNECT_TIMEOUT_S)
    host = urlsplit(url).hostname
    try:
        async with httpx.AsyncClient(trust_env=False, verify=client_context(None), timeout=timeout) as client:
            for _ in range(_MOST_REDIRECTS):
                async with client.stream("GET", url, headers={"Accept": "*/*"}) as response:
                    if response.status_code not in _REDIRECTS:
                        return await _text(response)
                    url = urljoin(url, response.headers.get("location", ""))
                if urlsplit(url).hostname != host or urlsplit(url).scheme not in ("http", "https"):
                    raise _invalid(f"redirects to another place: {shown_place(url)}")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise _unreachable(str(error) or type(error).__name__) from None
    raise _unreachable("redirects without end")


async def _text(response: "httpx.Response") -> str:
    status = response.status_code
    if status in _AUTHENTICATION:
        raise _invalid(f"HTTP {status}: it lies behind an authentication, browsers fetch it without one")
    if status != _OK:
        raise _unreachable(f"HTTP {status}")
    content = bytearray()
    async for part in response.aiter_bytes():
        content += part
        if len(content) > LARGEST_PAC_BYTE:
            break
    return decode(bytes(content), response.charset_encoding)


def _unreachable(detail: str) -> OperationFailed:
    return OperationFailed(FailureCode.PAC_UNREACHABLE, "read PAC", detail[:200])


def _invalid(detail: str) -> OperationFailed:
    return OperationFailed(FailureCode.PAC_INVALID, "read PAC", detail[:200])
