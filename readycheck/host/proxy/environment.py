"""Proxies from environment variables, as Chromium on Linux and most command-line programs read them."""

from collections.abc import Mapping

from readycheck.host.proxy.parsing import listed, pac_settings, server, suffix_rules
from readycheck.model.proxy import Hop, ProxySettings

_SCHEMES = {"http_proxy": "http", "https_proxy": "https", "socks_server": "socks"}


def from_environment(environment: Mapping[str, str]) -> list[ProxySettings]:
    """What auto_proxy, all_proxy, http_proxy, https_proxy and no_proxy say; lower case wins over upper case."""
    automatic = _value(environment, "auto_proxy")
    if automatic:
        return [pac_settings("environment variable auto_proxy", automatic)]
    names = [name for name in ("all_proxy", *_SCHEMES) if _value(environment, name)]
    servers: dict[str, tuple[Hop, ...]] = {}
    for name in names:
        hop = server(_value(environment, name), "socks5" if name == "socks_server" else "http")
        if hop:
            servers[_SCHEMES.get(name, "socks" if len(names) > 1 else "all")] = (hop,)
    if not servers:
        return []
    source = f"environment variables {', '.join(names)}"
    return [ProxySettings(source, "manual", servers, suffix_rules(listed(_value(environment, "no_proxy"))))]


def _value(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name) or environment.get(name.upper()) or ""
