"""The session in sentences: of which kind, proved by what, and which machine carries its media."""

from readycheck.render.readings import mapping, mappings, named
from readycheck.render.workstation.subject import Said, Subject

_POLICIES = {
    "TeamsRedirection": "ws_redirection_policy",
    "hc_toggle_extensions": "ws_redirection_policy",
    "WebRTCRedirSDKWebApp enabled": "ws_redirection_unset",
    "chrome_enabled, edge_chrome_enabled": "ws_redirection_unset",
}
"""Signals that are an administrator's switches: one that is on unless switched off, and one that is not."""
_LISTS = {"UrlAllowList", "AllowedCallRedirectionSites"}


def told(subject: Subject) -> list[Said]:
    """Kind, agents that are installed, and who carries the media."""
    kind, remote = subject.value("kind"), subject.value("remote")
    if not isinstance(kind, str) or kind == "unknown" or remote is None:
        sentences = [subject.untold("ws_what_session", "kind")]
    else:
        shown, sign = subject.words.value(kind), _sign(subject, ("remote", "local"))
        sentences = [subject.said("ws_session_remote" if remote else "ws_session_local", kind=shown)]
        sentences += [subject.said("ws_proved_by", sign=sign)] if sign else []
    return [*sentences, *_agents(subject), *_media(subject)]


def cause(subject: Subject, attribute: str) -> str | None:
    """What in the session makes it so."""
    kind = subject.words("ws_session_of", kind=subject.words.value(str(subject.value("kind") or "unknown")))
    if attribute in {"media_redirection", "media_at"} and subject.value("remote") is True:
        known = _no_redirection(subject)
        return f"{kind}, {known or subject.words('ws_redirection_open', signs=_open(subject))}"
    if attribute in {"kind", "remote"} and subject.value("remote") is not None:
        sign = _sign(subject, ("remote", "local"))
        return f"{kind} ({sign})" if sign else kind
    installed = _products(subject, "agent_installed" if attribute == "agent_installed" else "endpoint_client")
    return subject.listed(installed) if attribute.endswith("_installed") and installed else None


def _agents(subject: Subject) -> list[Said]:
    installed = _products(subject, "agent_installed")
    if subject.value("remote") is True:
        return []
    if not installed:
        return [subject.said("ws_no_agent")] if subject.value("agent_installed") is False else []
    return [subject.said("ws_agent", names=subject.listed(installed))]


def _media(subject: Subject) -> list[Said]:
    if subject.value("remote") is not True:
        return []
    redirected = subject.value("media_redirection")
    if redirected is None:
        return [subject.untold("ws_what_redirection", "media_redirection", _open(subject))]
    if redirected is True:
        return [subject.said("ws_media_endpoint")]
    return [subject.said("ws_media_here", why=_no_redirection(subject) or subject.words("ws_redirection_none"))]


def _no_redirection(subject: Subject) -> str | None:
    """Why media is not handed over, an administrator's switch before the rest; None if nothing proves it."""
    found = _signals(subject, ("no_redirection",))
    first = next((name for name, _ in found if name in _POLICIES), found[0][0] if found else None)
    if first:
        key = _POLICIES.get(first, "ws_redirection_off")
        return subject.words(key, sign=next(sign for name, sign in found if name == first))
    if subject.value("media_redirection") is not False:
        return None
    lists = [name for name, _ in _signals(subject, ("redirection",)) if name in _LISTS]
    return subject.words("ws_redirection_pages", list=lists[0]) if lists else subject.words("ws_redirection_none")


def _open(subject: Subject) -> str:
    """What would have to be known."""
    open_signs = [sign for _, sign in _signals(subject, ("redirection_unknown",))]
    return subject.listed(open_signs) or subject.words("ws_neither")


def _sign(subject: Subject, proves: tuple[str, ...]) -> str:
    return next((sign for _, sign in _signals(subject, proves)), "")


def _signals(subject: Subject, proves: tuple[str, ...]) -> list[tuple[str, str]]:
    """Names of what proves this, and what each said."""
    return [
        (
            named(one.get("source"), 60),
            f"{named(one.get('source'), 60)} = {named(one.get('value'), 60) or subject.words('ws_empty')}",
        )
        for one in mappings(mapping(subject.evidence.get("session")).get("signals"))
        if one.get("proves") in proves
    ]


def _products(subject: Subject, proves: str) -> list[str]:
    found = mappings(mapping(subject.evidence.get("session")).get("signals"))
    names = [subject.words.value(named(one.get("of"), 40)) for one in found if one.get("proves") == proves]
    return list(dict.fromkeys(filter(None, names)))
