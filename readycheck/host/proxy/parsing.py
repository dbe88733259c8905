"""Proxy servers and lists as people and systems write them."""

import base64
import binascii
import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes, urlsplit

from readycheck.model.proxy import DEFAULT_PORT, Hop, HopKind, ProxySettings

_KIND_OF_SCHEME: dict[str, HopKind] = {
    "http": "http",
    "https": "https",
    "socks": "socks5",
    "socks4": "socks4",
    "socks4a": "socks4",
    "socks5": "socks5",
    "socks5h": "socks5",
}
_SEPARATORS = re.compile(r"[;,\s]+")
_LARGEST_PORT = 65535
_LONGEST_MEDIA_TYPE = 80


def server(text: str, default: HopKind = "http") -> Hop | None:
    """The proxy of `[scheme://][user:password@]host[:port]`; None for what is none."""
    text = text.strip().rstrip("/")
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    kind = _KIND_OF_SCHEME.get(parts.scheme, default if not parts.scheme else None)
    if not kind or not host or any(character.isspace() for character in host):
        return None
    userinfo = parts.netloc.rpartition("@")[0] or None
    return Hop(kind, host, DEFAULT_PORT[kind] if port is None else port, userinfo)


def servers_by_scheme(text: str) -> dict[str, tuple[Hop, ...]]:
    """WinINET's and Chromium's list: `proxy:8080` for all, or `http=a:1;https=b:2;socks=c:3`."""
    found: dict[str, tuple[Hop, ...]] = {}
    for entry in filter(None, _SEPARATORS.split(text)):
        scheme, equals, place = entry.rpartition("=")
        # "socks=" means version 4 unless the entry says otherwise, as in WinINET
        hop = server(place, "socks4" if scheme.lower() == "socks" else "http")
        key = scheme.lower() if equals else "all"
        if hop and key in {"all", "http", "https", "socks"}:
            found[key] = (*found.get(key, ()), hop)
    return found


def listed(text: str) -> tuple[str, ...]:
    """Entries between semicolons, commas or white space."""
    return tuple(filter(None, _SEPARATORS.split(text)))


def suffix_rules(entries: Iterable[str]) -> tuple[str, ...]:
    """Rules where `example.com` means its subdomains too, as in no_proxy and KDE."""
    return tuple(rule for entry in entries for rule in _suffix_rule(entry.strip()))


def _suffix_rule(entry: str) -> tuple[str, ...]:
    name = entry.lstrip(".")
    if not name or "/" in entry or entry.startswith(("*", "<", "[")) or re.fullmatch(r"[0-9.:]+", name) or "::" in name:
        return (entry,) if entry else ()
    return (name, f"*.{name}")


def usable_port(value: object) -> int | None:
    """A port number, from whatever type a registry or a plist holds."""
    try:
        port = int(str(value).strip(), 0)
    except ValueError:
        return None
    return port if 0 < port <= _LARGEST_PORT else None


def pac_settings(source: str, pac_url: str) -> ProxySettings:
    """A PAC file by its address, or the file itself in a data: URL, of which only the beginning is kept to be shown."""
    if not pac_url.lower().startswith("data:"):
        return ProxySettings(source, "pac", pac_url=pac_url)
    shown = re.sub(r"[^a-z0-9/.+;=-]", "", pac_url.partition(",")[0][5:].lower())
    return ProxySettings(source, "pac", pac_url=f"data:{shown[:_LONGEST_MEDIA_TYPE]},…", pac_text=_inline_text(pac_url))


def _inline_text(url: str) -> str:
    """The text of a data: URL (RFC 2397); "" for a broken one, which is no PAC file and is judged so."""
    head, comma, rest = url[5:].partition(",")
    words = [word.strip().lower() for word in head.split(";")]
    content = unquote_to_bytes(rest) if comma else b""
    if "base64" in words[1:] or words == ["base64"]:
        try:
            content = base64.b64decode(re.sub(rb"\s", b"", content), validate=True)
        except binascii.Error:
            return ""
    charset = next((word.removeprefix("charset=").strip('"') for word in words if word.startswith("charset=")), "utf-8")
    try:
        return content.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return content.decode("latin-1")
