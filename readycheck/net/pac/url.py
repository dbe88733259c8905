"""URLs as a PAC file gets to see them."""

from dataclasses import dataclass
from urllib.parse import urlsplit

_DEFAULT_PORT = {"http": 80, "ws": 80, "https": 443, "wss": 443, "ftp": 21}
_ENCRYPTED = ("https", "wss")


@dataclass(frozen=True)
class Target:
    """A URL taken apart: the host without brackets, in lower case, and the port that is used in fact."""

    scheme: str
    host: str
    port: int
    pac_url: str


def parse_target(url: str) -> Target:
    """Take a URL apart; raises ValueError with a sentence.

    The path stays with what travels in the clear; of https and wss a PAC file sees the origin alone, as in browsers
    (it would tell the PAC's author what people read). User names and fragments go in any case.
    """
    parts = urlsplit(url.strip())
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORT:
        raise ValueError(
            f"no URL that a browser would ask a proxy for: it must begin with {'://, '.join(_DEFAULT_PORT)}://"
        )
    if not parts.hostname or any(character.isspace() or ord(character) < ord(" ") for character in parts.netloc):
        raise ValueError("a URL without a host")
    host = _ascii(parts.hostname)
    port = parts.port or _DEFAULT_PORT[scheme]
    authority = f"[{host}]" if ":" in host else host
    if port != _DEFAULT_PORT[scheme]:
        authority += f":{port}"
    rest = "/" if scheme in _ENCRYPTED else (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(scheme, host, port, f"{scheme}://{authority}{rest}")


def _ascii(host: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return host.encode("idna").decode().lower()
    except UnicodeError:
        raise ValueError("a host that is no name") from None
