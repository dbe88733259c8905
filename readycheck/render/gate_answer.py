"""What a project manager reads of the first gate: one sentence, and a line for each thing that stands in the way."""

from collections.abc import Callable, Iterable

from readycheck.render.visited import Attempt, Target
from readycheck.render.voice import Tag
from readycheck.render.words import Words

TLS_SCHEMES = frozenset({"https", "wss", "turns"})
_NAMED_AT_MOST = 3
_POINTS = (
    ("bypass_blocked", "blocks"),
    ("direct_blocked", "blocks"),
    ("udp_blocked", "blocks"),
    ("direct_only", "blocks"),
    ("unreached", "blocks"),
    ("unknown", "unknown"),
    ("proxy_or_direct", "noted"),
)


def sentence(targets: list[Target], shown_source: Callable[[str, Words], str], words: Words) -> str:
    """Whether the softphone's addresses get past the proxy: as configured, and in fact."""
    reached, of_all = sum(target.reached_direct for target in targets), len(targets)
    if not any(target.direct for target in targets):
        return words("nothing_measured")
    taking = [target for target in targets if target.takes_proxy]
    if taking:
        sources = dict.fromkeys(shown_source(target.source, words) for target in taking if target.source)
        return _beside_the_proxy(targets, taking, ", ".join(list(sources)[:_NAMED_AT_MOST]) or "?", words)
    asked = [target for target in targets if target.transport != "udp"]
    unknown = [target for target in asked if target.conclusion == "unknown"]
    if not asked:
        return words("gate_only_udp", n=reached, m=of_all)
    if len(unknown) == len(asked):
        return words("gate_all_unknown", n=reached, m=of_all)
    if unknown:
        return words("gate_some_unknown", n=reached, m=of_all, names=_names(unknown, words))
    return _counted(
        "gate_exempt" if any(target.exempt for target in targets) else "gate_no_proxy", reached, of_all, words
    )


def _beside_the_proxy(targets: list[Target], taking: list[Target], source: str, words: Words) -> str:
    """What is reached without the proxy that the configuration asks for."""
    reached, of_all = sum(target.reached_direct for target in targets), len(targets)
    if not reached:
        through = sum(1 for target in taking if target.proxied and target.proxied.reached)
        said = words("gate_nothing_direct" if through else "gate_nothing_at_all", source=source)
        return f"{said} {words.count('gate_through', through, m=len(taking))}" if through else said
    if reached == of_all:
        return words.count("gate_all_direct", of_all, source=source)
    said = words.count("gate_some_direct", reached, m=of_all)
    only = [target for target in targets if target.conclusion == "proxy_only"]
    return words("gate_only_through", said=said, names=_names(only, words)) if only else f"{said}."


def _counted(key: str, reached: int, of_all: int, words: Words) -> str:
    if reached == of_all:
        return words.count(f"{key}_all", of_all)
    return words.count(f"{key}_some", reached, m=of_all) if reached else words(f"{key}_nobody")


def points(targets: list[Target], words: Words) -> tuple[Tag, ...]:
    """What stands in the way, each with its look: by conclusion, then the login, then inspection."""
    found = []
    for outlook, look in _POINTS:
        if met := [target for target in targets if target.outlook == outlook]:
            causes = dict.fromkeys(words.failure(target.code).short for target in met if target.code)
            why = f" ({', '.join(list(causes)[:_NAMED_AT_MOST])})" if causes else ""
            found.append(Tag(look, words(f"gate_point_{outlook}", names=_names(met, words), why=why)))
    return (*found, *_login(targets, words), *_inspection(targets, words))


def _login(targets: list[Target], words: Words) -> list[Tag]:
    """Whether the proxy asked who is there, and what it was content with."""
    asked = [target.proxied for target in targets if target.proxied and target.proxied.asked_for_login]
    if not asked:
        return []
    offered = schemes((scheme for attempt in asked for scheme in attempt.schemes), words)
    content = [attempt for attempt in asked if attempt.logged_in]
    with_ = schemes(_accepted(content), words)
    if not content:
        return [Tag("blocks", words("gate_login_refused", schemes=offered))]
    if len(content) == len(asked):
        return [Tag("noted", words("gate_login_all", schemes=offered, by=with_))]
    return [Tag("warns", words("gate_login_some", schemes=offered, by=with_, n=len(content), m=len(asked)))]


def _accepted(content: Iterable[Attempt]) -> list[str]:
    return [attempt.authenticated_by for attempt in content if attempt.authenticated_by]


def schemes(names: Iterable[str], words: Words) -> str:
    """The schemes of a login, each once, as people write them."""
    known = {"negotiate": "Negotiate", "ntlm": "NTLM", "basic": "Basic", "digest": "Digest", "bearer": "Bearer"}
    return ", ".join(dict.fromkeys(known.get(name.lower(), name) for name in names)) or words("gate_no_scheme")


def _inspection(targets: list[Target], words: Words) -> list[Tag]:
    """Careful words, but where a pin proves it; and what inspection does to media."""
    opened = [target for target in targets if target.intercepted is True]
    proven = [target for target in opened if target.certainty == "proven"]
    likely = [target for target in opened if target.certainty != "proven"]
    found = []
    if proven:
        found.append(Tag("blocks", words("gate_point_proven", names=_names(proven, words))))
    if likely:
        found.append(Tag("warns", words("gate_point_probably", names=_names(likely, words))))
    for met, key, look in ((proven, "gate_media_proven", "blocks"), (likely, "gate_media_probably", "warns")):
        if media := [target for target in met if target.scheme == "turns"]:
            found.append(Tag(look, words(key, names=_names(media, words))))
    return found


def _names(targets: Iterable[Target], words: Words) -> str:
    names = list(dict.fromkeys(target.name for target in targets))
    if len(names) > _NAMED_AT_MOST + 1:
        names = [*names[:_NAMED_AT_MOST], words.count("more", len(names) - _NAMED_AT_MOST)]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])}{words('and')}{names[-1]}"
