"""Web Proxy Auto-Discovery by DNS: http://wpad.<domain>/wpad.dat, upwards from this machine's domain.

Never above the domain that an organisation can own: whoever registered wpad.co.uk would then proxy the country.
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
# Second levels under which countries register: co.uk, com.au, gouv.fr
_SHARED = frozenset(
    (
        "ac",
        "co",
        "com",
        "edu",
        "gob",
        "gouv",
        "gov",
        "gv",
        "ltd",
        "me",
        "mil",
        "net",
        "nhs",
        "ne",
        "nom",
        "or",
        "org",
        "plc",
        "sch",
    )
)
_COUNTRY_LETTERS = 2


@dataclass(frozen=True)
class Wpad:
    """A PAC file found by its name."""

    url: str
    text: str


async def find_wpad(domains: Sequence[str]) -> Wpad | None:
    """The first PAC file that WPAD finds from these domains upwards; None if there is none."""
    names = list(dict.fromkeys(name for domain in domains for name in wpad_names(domain)))[:_MOST_NAMES]
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


def wpad_names(domain: str) -> list[str]:
    """Names to try for a domain, the nearest first."""
    labels = [label for label in domain.lower().strip(".").split(".") if label]
    least = 2
    if len(labels) > 1 and len(labels[-1]) == _COUNTRY_LETTERS and labels[-2] in _SHARED:
        least = 3
    return [".".join(["wpad", *labels[start:]]) for start in range(len(labels) - least + 1)]
