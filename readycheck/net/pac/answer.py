"""What FindProxyForURL answers, read as Chromium reads it: junk is skipped, nothing left means DIRECT."""

import re

from readycheck.model.proxy import DEFAULT_PORT, DIRECT, Hop, HopKind

# "SOCKS" is version 4, from a time before there was another
_KIND_OF_WORD: dict[str, HopKind] = {
    "proxy": "http",
    "https": "https",
    "socks": "socks4",
    "socks4": "socks4",
    "socks5": "socks5",
}
_HOST_AND_PORT = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\s\[\]:@/?#\\]+)(?::(?P<port>\d{1,5}))?")
_LARGEST_PORT = 65535


def parse_answer(text: str) -> tuple[Hop, ...]:
    """The hops of `PROXY a:1; HTTPS b:2; DIRECT` in order, default ports filled in; never empty."""
    hops = [hop for part in text.split(";") if (hop := _hop(part))]
    return tuple(hops) or (DIRECT,)


def _hop(part: str) -> Hop | None:
    word, *place = part.split(maxsplit=1)[:2] or [""]
    if word.lower() == "direct":
        return None if place else DIRECT
    kind = _KIND_OF_WORD.get(word.lower())
    return host_and_port(place[0].strip(), kind) if kind and place else None


def host_and_port(text: str, kind: HopKind) -> Hop | None:
    """A proxy of this kind at `host[:port]`; None if that is none."""
    match = _HOST_AND_PORT.fullmatch(text)
    if not match:
        return None
    port = int(match["port"]) if match["port"] else DEFAULT_PORT[kind]
    return Hop(kind, match["host"].strip("[]").lower(), port) if port <= _LARGEST_PORT else None
