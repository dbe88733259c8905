"""Web Proxy Auto-Discovery: the address that DHCP gave, then http://wpad.<domain>/wpad.dat by DNS.

Never above the domain that an organisation can own: whoever registered wpad.co.uk would then proxy the country.
The bare name `wpad` is never looked up: this machine's domains are put behind it here as the resolver would do, and
what is left without them (LLMNR, NetBIOS) is answered by any neighbour on the network.

The public suffix list would know more (its private part: hosters of every kind), at the price of a dependency that is
out of date once installed. A rule that rather misses a parent domain than asks a stranger does for this: the domains
that the system names are asked, their parents only where nobody else can register.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from readycheck.model.failure import OperationFailed
from readycheck.net.pac.fetch import fetch_pac
from readycheck.net.resolve import resolve

_TIMEOUT_S = 6.0  # browsers give up as well, and go on without
_NAME_TIMEOUT_S = 1.5
_MOST_NAMES = 8
_WPAD = "wpad"
_COUNTRY_LETTERS = 2
_REGISTRABLE_LABELS = 2

# Second levels under which countries register: co.uk, com.au, gouv.fr. Those that at least three countries have in the
# public suffix list of 2026-10, and Britain's
_SHARED = frozenset(
    (
        *("ac", "agro", "ai", "al", "art", "arts", "asso", "b", "biz", "ca", "cn", "co", "com", "coop", "ed", "edu"),
        *("eng", "fin", "firm", "fm", "gen", "go", "gob", "gouv", "gov", "gv", "hotel", "i", "ia", "id", "in", "ind"),
        *("inf", "info", "int", "io", "it", "k12", "ltd", "me", "med", "mi", "mil", "mo", "mobi", "ms", "museum"),
        *("name", "ne", "net", "ngo", "nhs", "nic", "nom", "nt", "or", "org", "pe", "per", "plc", "pol", "police"),
        *("pr", "prd", "press", "priv", "pro", "re", "rec", "sa", "sc", "sch", "school", "shop", "store", "tm"),
        *("tourism", "tur", "tv", "va", "web"),
    )
)
# Countries that register under the names of places (tokyo.jp, roma.it), too many to list: no parent is tried there
_BY_PLACE = frozenset(("bg", "bo", "br", "cn", "ec", "hu", "it", "jp", "kr", "no", "pl", "se", "ua", "us", "vn"))
# Names given away below other people's domains: uk.com and its like, clouds' machines, dynamic addresses
_RESOLD = frozenset(("ae", "br", "cn", "de", "eu", "gb", "hu", "jp", "ru", "sa", "se", "uk", "us", "za"))
_RESELLERS = frozenset(("com", "net", "org"))
_HOSTED = frozenset(
    (
        *("amazonaws.com", "azure.com", "cloudapp.net", "googleusercontent.com", "windows.net"),
        *("ddns.net", "duckdns.org", "dyndns.org", "fritz.box", "myfritz.net", "no-ip.org", "noip.com"),
    )
)


@dataclass(frozen=True)
class Wpad:
    """A PAC file found, and where."""

    url: str
    text: str
    by_dhcp: bool = False


async def find_wpad(domains: Sequence[str], dhcp_pac_url: str | None = None) -> Wpad | None:
    """The first PAC file that WPAD finds: by DHCP, then at these domains, then above them; None if there is none."""
    if dhcp_pac_url and (text := await _text(dhcp_pac_url)) is not None:
        return Wpad(dhcp_pac_url, text, by_dhcp=True)
    names = wpad_names(domains)
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            known = await asyncio.gather(*map(_is_known, names))
            for url in (f"http://{name}/wpad.dat" for name, found in zip(names, known, strict=True) if found):
                text = await _text(url)
                if text is not None:
                    return Wpad(url, text)
    except TimeoutError:
        return None
    return None


async def _is_known(name: str) -> bool:
    try:
        return bool(await resolve(name, timeout_s=_NAME_TIMEOUT_S))
    except OperationFailed:
        return False


async def _text(url: str) -> str | None:
    try:
        return await fetch_pac(url)
    except OperationFailed:
        return None


def wpad_names(domains: Sequence[str]) -> list[str]:
    """Names to try: the domains in the system's order, as its resolver expands `wpad`; then their parents."""
    split = [[label for label in domain.lower().strip(".").split(".") if label] for domain in domains]
    given = [labels for labels in split if _is_owned(labels)]
    parents = [labels[start:] for labels in given for start in range(1, len(labels)) if _may_climb(labels[start:])]
    return list(dict.fromkeys(".".join([_WPAD, *labels]) for labels in (*given, *parents)))[:_MOST_NAMES]


def _is_owned(labels: Sequence[str]) -> bool:
    """Whether one organisation has this domain, so that nobody else can register a name in it."""
    if len(labels) < _REGISTRABLE_LABELS or any(not _is_label(label) for label in labels):
        return False
    if len(labels) > _REGISTRABLE_LABELS:
        return True
    second, top = labels
    if len(top) == _COUNTRY_LETTERS:
        return second not in _SHARED
    return not (second in _RESOLD and top in _RESELLERS)


def _may_climb(labels: Sequence[str]) -> bool:
    """Whether a domain that the system did not name itself is beyond doubt the organisation's own."""
    hosted = ".".join(labels[-_REGISTRABLE_LABELS:]) in _HOSTED
    return _is_owned(labels) and labels[-1] not in _BY_PLACE and not hosted


def _is_label(label: str) -> bool:
    return label.replace("-", "").replace("_", "").isalnum()
