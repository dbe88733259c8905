"""Proxies: what is configured, by whom, and which hops a URL would take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from readycheck.model.failure import Failure

HopKind = Literal["direct", "http", "https", "socks4", "socks5"]
SettingsKind = Literal["none", "manual", "pac", "auto_detect"]

DEFAULT_PORT: Mapping[HopKind, int] = {"http": 80, "https": 443, "socks4": 1080, "socks5": 1080}
_PAC_WORD: Mapping[HopKind, str] = {"http": "PROXY", "https": "HTTPS", "socks4": "SOCKS", "socks5": "SOCKS5"}


@dataclass(frozen=True)
class Hop:
    """One way to a URL: straight, or through a proxy. `userinfo` is used and never shown."""

    kind: HopKind
    host: str | None = None
    port: int | None = None
    userinfo: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        if self.host is None:
            return "DIRECT"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{_PAC_WORD[self.kind]} {host}:{self.port}"


DIRECT = Hop("direct")


@dataclass(frozen=True)
class ProxySettings:
    """What one source says. Sources stand in a list in the order in which they win.

    `servers` by URL scheme: "http", "https", "socks" for whatever has none of its own, or "all".
    `search_domains` and `dhcp_pac_url` are where automatic detection starts: this machine's domains, and the address
    that its DHCP server gave (option 252). `pac_text` is a PAC file that stands in the setting itself (a data: URL).
    `bypass_reversed`: the proxy is for what the list names, and for nothing else (KDE).
    """

    source: str
    kind: SettingsKind
    servers: Mapping[str, tuple[Hop, ...]] = field(default_factory=dict)
    bypass: tuple[str, ...] = ()
    pac_url: str | None = field(default=None, repr=False)
    search_domains: tuple[str, ...] = ()
    dhcp_pac_url: str | None = field(default=None, repr=False)
    pac_text: str | None = field(default=None, repr=False)
    bypass_reversed: bool = False


@dataclass(frozen=True)
class ProxyAnswer:
    """What would be used for one URL: the hops in order and the source's own words, or why nobody can tell."""

    url: str
    source: str
    hops: tuple[Hop, ...] = ()
    text: str | None = None
    failure: Failure | None = None
