"""The first gate: does the softphone get past the proxy; as configured, and in fact."""

from dataclasses import dataclass
from typing import Any

from readycheck.model.report import ObservationStatus, Report
from readycheck.render import format as say
from readycheck.render.gate_answer import TLS_SCHEMES, points, schemes, sentence
from readycheck.render.readings import mappings
from readycheck.render.visited import Attempt, Target, targets_of, text, texts
from readycheck.render.voice import Tag
from readycheck.render.words import Words

_MOST_ROWS = 60
_MOST_SOURCES = 20
_MOST_NAMES = 12
_DASH = "\u2014"
_SAID_OTHERWISE = {*range(200, 300), 407}
"""What the tag itself says of the proxy's answer."""
_NOBODY = "nothing is configured"
_TOLD_BY_SOURCES = (
    _NOBODY,
    "environment variables",
    "environment variable",
    "Windows Internet Settings",
    "WinHTTP (services)",
    "macOS network settings",
    "bypass list",
    "not asked, browsers go direct there",
    "(policy)",
    "Chrome policy",
    "Edge policy",
    "Chromium policy",
    "Firefox policy",
    "Firefox preferences (for Firefox alone)",
    "GNOME settings",
    "KDE settings",
    "for the listed hosts alone",
    "machine-wide",
    "per user",
)
_LOOKS = {
    "bypass_works": "holds",
    "direct_works": "holds",
    "udp_works": "holds",
    "proxy_or_direct": "noted",
    "proxy_only": "warns",
    "direct_only": "blocks",
    "bypass_blocked": "blocks",
    "direct_blocked": "blocks",
    "udp_blocked": "blocks",
    "unreached": "blocks",
}


@dataclass(frozen=True)
class Cell:
    """What one column says of a target: a status or a plain text, and what belongs to it."""

    tag: Tag | None = None
    text: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One target."""

    place: str
    role: str
    url: str
    outlook: Tag
    configured: Cell
    direct: Cell
    proxied: Cell
    certificate: Cell


@dataclass(frozen=True)
class Setting:
    """One source of the configuration."""

    source: str
    says: str
    bypass: str


@dataclass(frozen=True)
class Gate:
    """The chapter."""

    sentence: str
    points: tuple[Tag, ...]
    rows: tuple[Row, ...]
    more: int
    source: str
    """Who configures it, where it is one for all of them; else each row tells."""
    has_proxied: bool
    settings: tuple[Setting, ...]


def gate(report: Report, words: Words) -> Gate | None:
    """What the proxy's evidence says; None where there is no target in it."""
    observation = report.observations.get("proxy")
    if observation is None or observation.status == ObservationStatus.SKIPPED:
        return None
    targets = targets_of(observation.evidence)
    if not targets:
        return None
    told = points(targets, words)
    if observation.failure:
        told = (Tag("unknown", words.failure(observation.failure.code).what), *told)
    sources = {target.source for target in targets if target.transport != "udp" and target.source}
    one_source = len(sources) == 1
    shared = sources.pop() if one_source and sources != {_NOBODY} else ""
    return Gate(
        sentence=words("gate_lab") if report.profile.lab else sentence(targets, _shown_source, words),
        points=told,
        rows=tuple(_row(target, words, with_source=not one_source) for target in targets[:_MOST_ROWS]),
        more=max(len(targets) - _MOST_ROWS, 0),
        source=_shown_source(shared, words),
        has_proxied=any(target.proxied for target in targets),
        settings=tuple(_setting(one, words) for one in mappings(observation.evidence.get("sources"))[:_MOST_SOURCES]),
    )


def _row(target: Target, words: Words, *, with_source: bool) -> Row:
    kind = {"turn": f"TURN {target.transport.upper()}", "turns": "TURN TLS", "ws": "WebSocket", "wss": "WebSocket"}
    outlook = target.outlook
    look = _LOOKS.get(outlook, "unknown")
    if outlook == "direct_only" and "DIRECT" in target.hops and target.proxied and target.proxied.status is None:
        look = "warns"  # the configuration itself falls back to the direct way
    role = words.value(target.role) if target.role else ""
    return Row(
        place=target.place,
        role=" · ".join(filter(None, (role, kind.get(target.scheme, target.scheme.upper())))),
        url=target.url,
        outlook=Tag(look, words(f"gate_{outlook}")),
        configured=_configured(target, words, with_source=with_source),
        direct=_tried(target.direct, words),
        proxied=_tried(target.proxied, words) if target.proxied else Cell(text=_DASH),
        certificate=_certificate(target, words),
    )


def _configured(target: Target, words: Words, *, with_source: bool) -> Cell:
    if target.transport == "udp":
        return Cell(text=words("gate_udp"))
    source = (_shown_source(target.source, words),) if with_source and target.source else ()
    if target.code:
        failure = words.failure(target.code)
        return Cell(Tag("unknown", failure.short, failure.what), notes=source)
    if not target.hops:
        return Cell(Tag("unknown", words("state_unknown")), notes=source)
    asked = target.answer or "; ".join(target.hops)
    return Cell(text=words("gate_direct") if asked == "DIRECT" else asked, notes=source)


def _tried(attempt: Attempt | None, words: Words) -> Cell:
    """What came of one attempt: how fast, or the cause, and what the proxy said to it."""
    if attempt is None:
        return Cell(Tag("unknown", words("not_tried")))
    notes = [words("gate_offers", schemes=schemes(attempt.schemes, words))] if attempt.schemes else []
    if attempt.logged_in:
        notes = [words("gate_login", scheme=schemes([attempt.authenticated_by or ""], words))]
    elif attempt.status and attempt.status not in _SAID_OTHERWISE:
        notes = [" ".join(filter(None, (str(attempt.status), attempt.said))), *notes]
    failure = words.failure(attempt.code) if attempt.code else None
    took = _took(attempt.took_ms, words)
    if not attempt.reached:
        tag = Tag("blocks", failure.short if failure else words("gate_not_reached"), failure.what if failure else "")
        return Cell(tag, notes=tuple(notes))
    reached = words("gate_reached_in", took=took) if took else words("gate_reached")
    if failure:  # the far side was there, and something about it is amiss
        return Cell(Tag("warns", failure.short, failure.what), notes=(reached, *notes))
    return Cell(Tag("holds", reached), notes=tuple(notes))


def _took(took_ms: float | None, words: Words) -> str:
    if took_ms is None:
        return ""
    return say.amount(float(round(took_ms)) if took_ms >= 1 else took_ms, "ms", words)


def _certificate(target: Target, words: Words) -> Cell:
    issuers = _issuers(target, words)
    if not issuers and target.intercepted is None:
        return Cell(text=words("gate_cert_unseen") if target.scheme in TLS_SCHEMES else _DASH)
    signs = list(target.signs)
    proven = target.certainty == "proven"
    if target.intercepted is None:
        tag = Tag("unknown", words("gate_cert_untold"))
    elif not target.intercepted:
        tag = Tag("holds", words("gate_cert_own_proven" if proven else "gate_cert_own"))
    elif proven:
        tag = Tag("blocks", words("gate_cert_proven"), words("gate_cert_proven_hint"))
    else:
        private = "private_root" in signs
        tag = Tag("warns", words("gate_cert_private" if private else "gate_cert_probably"))
        signs = [sign for sign in signs if sign != "private_root"]
    return Cell(tag, notes=(*issuers, *(words.value(sign).replace("_", " ") for sign in signs)))


def _issuers(target: Target, words: Words) -> tuple[str, ...]:
    """Who signed what was shown; told apart where each way shows another."""
    straight = target.direct.issuer if target.direct else ""
    through = target.proxied.issuer if target.proxied else ""
    if straight and through and straight != through:
        return (words("gate_issuer_direct", issuer=straight), words("gate_issuer_proxied", issuer=through))
    return (words("gate_issuer", issuer=straight or through),) if straight or through else ()


def _shown_source(source: str, words: Words) -> str:
    """Who says so, with the parts that readycheck itself wrote said in this language."""
    for part in _TOLD_BY_SOURCES:
        if part in source:
            source = source.replace(part, words.value(part))
    return source


def _setting(one: dict[str, Any], words: Words) -> Setting:
    kind, servers = text(one.get("kind"), 40), texts(one.get("servers"))
    place = text(one.get("pac_url"))
    says = {
        "none": words("gate_says_none"),
        "manual": _listed(servers, words) or words("gate_says_none"),
        "pac": words("gate_says_pac", place=place or "?"),
        "auto_detect": words("gate_says_wpad"),
    }
    bypass = _listed(texts(one.get("bypass")), words)
    return Setting(
        source=_shown_source(text(one.get("source")) or "?", words),
        says=says.get(kind, kind.replace("_", " ") or "?"),
        bypass=words("gate_says_bypass", places=bypass) if bypass else "",
    )


def _listed(names: tuple[str, ...], words: Words) -> str:
    rest = [words.count("more", len(names) - _MOST_NAMES)] if len(names) > _MOST_NAMES else []
    return ", ".join([*names[:_MOST_NAMES], *rest])
