"""From configuration to route: which proxy each URL would take, and who says so."""

import re
from collections.abc import Sequence

from readycheck.model.failure import Failure, OperationFailed
from readycheck.model.proxy import DIRECT, Hop, ProxyAnswer, ProxySettings
from readycheck.net.pac.answer import parse_answer
from readycheck.net.pac.evaluator import Facts, Pac
from readycheck.net.pac.fetch import fetch_pac, shown_place
from readycheck.net.pac.url import Target, parse_target
from readycheck.net.proxy_bypass import bypasses, implicitly_bypassed
from readycheck.net.wpad import find_wpad

_USERINFO = re.compile(r"[^\s;/@]+@")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_LONGEST_TEXT = 500
_NOT_ASKED = "not asked, browsers go direct there"
NOBODY = "nothing is configured"


async def routes(
    urls: Sequence[str], settings: Sequence[ProxySettings], facts: Facts | None = None
) -> list[ProxyAnswer]:
    """What the first source that says something answers for each URL. Raises ValueError for what is no URL."""
    targets = [parse_target(url) for url in urls]
    for setting in settings:
        if setting.kind in ("pac", "auto_detect") and all(map(implicitly_bypassed, targets)):
            return [ProxyAnswer(url, f"{setting.source}: {_NOT_ASKED}", (DIRECT,), "DIRECT") for url in urls]
        match setting.kind:
            case "none":
                return [ProxyAnswer(url, setting.source, (DIRECT,), "DIRECT") for url in urls]
            case "manual":
                return [_manual(url, target, setting) for url, target in zip(urls, targets, strict=True)]
            case "pac":
                return await _by_pac(urls, targets, setting, facts)
            case "auto_detect":
                found = await find_wpad(setting.search_domains, setting.dhcp_pac_url)
                if found is not None:
                    source = f"{setting.source}, WPAD {'by DHCP ' if found.by_dhcp else ''}{shown_place(found.url)}"
                    return await run_pac(urls, found.text, source, facts)
    return [ProxyAnswer(url, NOBODY, (DIRECT,), "DIRECT") for url in urls]


async def _by_pac(
    urls: Sequence[str], targets: Sequence[Target], setting: ProxySettings, facts: Facts | None
) -> list[ProxyAnswer]:
    place = setting.pac_url or ""
    source = f"{setting.source}, PAC {shown_place(place)}"
    try:
        text = setting.pac_text if setting.pac_text is not None else await fetch_pac(place)
    except OperationFailed as error:
        return [
            _past(url, target, source) or _failed(url, source, error.failure) for url, target in _both(urls, targets)
        ]
    return await run_pac(urls, text, source, facts)


async def run_pac(urls: Sequence[str], text: str, source: str, facts: Facts | None = None) -> list[ProxyAnswer]:
    """What this PAC file answers for each URL. Raises ValueError for what is no URL, and nothing else."""
    targets = [parse_target(url) for url in urls]
    asked = [target for target in targets if not implicitly_bypassed(target)]
    try:
        outcomes = await _run(asked, text, facts)
    except OperationFailed as error:
        outcomes = [error.failure] * len(asked)
    left = iter(outcomes)
    answers = []
    for url, target in _both(urls, targets):
        answers.append(_past(url, target, source) or _told(url, source, next(left)))
    return answers


async def _run(targets: Sequence[Target], text: str, facts: Facts | None) -> list[str | Failure]:
    if not targets:
        return []
    async with Pac(text, facts) as pac:
        return await pac.answers(targets)


def _both(urls: Sequence[str], targets: Sequence[Target]) -> list[tuple[str, Target]]:
    return list(zip(urls, targets, strict=True))


def _past(url: str, target: Target, source: str) -> ProxyAnswer | None:
    """Chromium asks no PAC file about loopback and link-local addresses."""
    if not implicitly_bypassed(target):
        return None
    return ProxyAnswer(url, f"{source}: {_NOT_ASKED}", (DIRECT,), "DIRECT")


def _failed(url: str, source: str, failure: Failure) -> ProxyAnswer:
    return ProxyAnswer(url, source, failure=failure)


def _told(url: str, source: str, outcome: str | Failure) -> ProxyAnswer:
    if isinstance(outcome, Failure):
        return _failed(url, source, outcome)
    return ProxyAnswer(url, source, parse_answer(outcome), shown_text(outcome))


def shown_text(text: str) -> str:
    """The PAC file's own words, fit to be shown: no passwords, no control characters, no end of them."""
    return _USERINFO.sub("***@", _CONTROL.sub(" ", text)).strip()[:_LONGEST_TEXT] or "DIRECT"


def _manual(url: str, target: Target, setting: ProxySettings) -> ProxyAnswer:
    past = bypasses(target, setting.bypass)
    if setting.bypass_reversed:
        past = implicitly_bypassed(target) or not past
    if past:
        return ProxyAnswer(url, f"{setting.source}, bypass list", (DIRECT,), "DIRECT")
    hops = manual_hops(target.scheme, setting)
    return ProxyAnswer(url, setting.source, hops, "; ".join(map(str, hops)))


def manual_hops(scheme: str, setting: ProxySettings) -> tuple[Hop, ...]:
    """The servers for a URL scheme: WebSockets prefer SOCKS, then what https has, then http, as in Chromium."""
    order = ("socks", "https", "http") if scheme in {"ws", "wss"} else (scheme, "socks")
    return next((hops for key in ("all", *order) if (hops := setting.servers.get(key))), (DIRECT,))
