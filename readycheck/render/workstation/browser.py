"""The browsers in sentences: which, which is the default, and what their policies forbid the profile's pages."""

import json
import re
from collections.abc import Mapping
from typing import Any

from readycheck.model.clean import clean
from readycheck.model.failure import FailureCode
from readycheck.render.readings import mapping, mappings, named
from readycheck.render.workstation.subject import Said, Subject

_POWERS = (
    "microphone_allowed",
    "udp_allowed",
    "notifications_allowed",
    "autoplay_allowed",
    "hid_allowed",
)
_PROGRAM = re.compile(r"\{[0-9A-Fa-f-]{36}\}")


def told(subject: Subject) -> list[Said]:
    """Names and versions, what is forbidden and by which policy, what holds no water."""
    return [*_installed(subject), *_forbidden(subject), *_remarks(subject)]


def cause(subject: Subject, attribute: str) -> str | None:
    """The policy behind an answer, or what keeps it open."""
    if attribute in {"supported_count", "default_supported", "default_name", "default_version"}:
        names = _names(subject)
        return subject.words("ws_installed", names=subject.listed(names)) if names else subject.words("ws_no_browser")
    if subject.value(attribute) is None:
        return _why_open(subject, attribute)
    policies = [f"{setting} ({place})" for setting, place, _ in _policies(subject, attribute)[:2]]
    return ", ".join(policies) or _without_policy(subject, attribute)


def _without_policy(subject: Subject, attribute: str) -> str | None:
    """What else makes it so: updates, names that are none, Windows' own switch, a browser that cannot."""
    value = subject.value(attribute)
    if attribute == "update_frozen" and value is True:
        return ", ".join(_held_by(subject)[:2]) or None
    if attribute == "ineffective_policy_count":
        return subject.listed(_without_effect(subject)) or None
    if attribute == "hid_allowed":
        return _no_hid(subject) or None
    alone = {"tab_sleeping_exempt": "ws_tabs_cause", "system_microphone_allowed": "ws_windows_microphone_cause"}
    return subject.words(alone[attribute]) if attribute in alone and value is False else None


def _installed(subject: Subject) -> list[Said]:
    names, default = _names(subject), subject.value("default_name")
    if not names:
        return [Said(subject.words("ws_no_browser"))]
    if default is None:
        sentences = [subject.said("ws_browsers", names=subject.listed(names))]
        return [*sentences, subject.untold("ws_what_default_browser", "default_name")]
    if default == "other":
        return [subject.said("ws_browsers", names=subject.listed(names)), subject.said("ws_other_default")]
    sentences = [subject.said("ws_default_browser", name=names[0])]
    return sentences + ([subject.said("ws_browsers_too", names=subject.listed(names[1:]))] if names[1:] else [])


def _forbidden(subject: Subject) -> list[Said]:
    sentences = []
    for power in _POWERS:
        if subject.value(power) is not False:
            continue
        policies = _policies(subject, power)
        by = ", ".join(subject.words("ws_policy", setting=one, place=place, at=at) for one, place, at in policies[:2])
        if policies or subject.is_asked(power):
            sentences.append(subject.said(f"ws_no_{power}", by=by or _no_hid(subject) or subject.words("ws_unnamed")))
    if not sentences and all(subject.value(power) is True for power in _POWERS[:3]):
        sentences.append(subject.said("ws_nothing_forbidden"))
    unknown = [power for power in _POWERS if subject.value(power) is None and subject.is_asked(power)]
    if unknown:
        powers = subject.listed([subject.words.metric(f"browser.{power}") for power in unknown])
        why = _why_open(subject, unknown[0])
        sentences.append(
            Said(subject.words("ws_untold", what=subject.words("ws_what_powers", powers=powers), why=why), known=False)
        )
    return sentences


def _remarks(subject: Subject) -> list[Said]:
    ports, dead = _policies(subject, "udp_port_count"), _without_effect(subject)
    sentences = []
    if ports and isinstance(subject.value("udp_port_count"), int) and _is_narrow(subject):
        count = subject.value("udp_port_count")
        sentences.append(subject.said("ws_ports", n=count, by=f"{ports[0][0]} ({ports[0][1]})"))
    if subject.value("update_frozen") is True:
        sentences.append(subject.said("ws_frozen", by=", ".join(_held_by(subject)[:2]) or subject.words("ws_unnamed")))
    if subject.value("default_supported") is False and subject.value("default_name") != "other":
        sentences += _unlisted_default(subject)
    if dead:
        sentences.append(subject.said("ws_no_effect", names=subject.listed(dead)))
    if subject.value("system_microphone_allowed") is False:
        sentences.append(subject.said("ws_windows_microphone"))
    return sentences


def _unlisted_default(subject: Subject) -> list[Said]:
    """That links open in a browser that the project does not take, and will not grow into one if so."""
    sentences = [subject.said("ws_default_unlisted", name=name) for name in _names(subject)[:1]]
    held = next((_held(one) for one in _browsers(subject)), [])
    told_above = subject.value("update_frozen") is True
    return [*sentences, subject.said("ws_frozen", by=", ".join(held[:2]))] if held and not told_above else sentences


def _is_narrow(subject: Subject) -> bool:
    """Whether a policy leaves fewer ports than there are."""
    return bool(subject.value("udp_port_count") < 65_535)  # noqa: PLR2004 - RFC 768: ports have 16 bits


def _browsers(subject: Subject) -> list[dict[str, Any]]:
    """The default first."""
    default = mapping(subject.evidence.get("default")).get("name")
    return sorted(mappings(subject.evidence.get("browsers")), key=lambda one: one.get("name") != default)


def _names(subject: Subject) -> list[str]:
    found = _browsers(subject)
    return [f"{_name(subject, one)} {named(one.get('version'), 30)}".strip() for one in found]


def _name(subject: Subject, browser: Mapping[str, Any]) -> str:
    return subject.words.value(named(browser.get("name"), 30) or "unknown")


def _deciding(subject: Subject, metric: str) -> list[tuple[dict[str, Any], str]]:
    """Each browser behind a figure, and the policy of it that decided; "" where none did."""
    browsers = {str(one.get("name")): one for one in _browsers(subject)}
    pairs = [one.partition(".")[::2] for one in subject.decided_by(metric)]
    return [(browsers[name], policy) for name, policy in pairs if name in browsers]


def _policies(subject: Subject, metric: str, effect: str = "in_force") -> list[tuple[str, str, str]]:
    """Setting, browser and place of each policy that decided."""
    return [
        (_setting(one), _place(subject, browser), _short(named(one.get("source"), 90)))
        for browser, policy in _deciding(subject, metric)
        for one in mappings(browser.get("policies"))
        if one.get("name") == policy and one.get("effect") == effect
    ]


def _short(key: str) -> str:
    """A registry key as administrators abbreviate it."""
    return key.replace("HKEY_LOCAL_MACHINE", "HKLM").replace("HKEY_CURRENT_USER", "HKCU")


def _place(subject: Subject, browser: Mapping[str, Any]) -> str:
    return subject.words("ws_policy_of", name=_name(subject, browser))


def _setting(policy: Mapping[str, Any]) -> str:
    """Name and value, as its administrator wrote them."""
    value = _telling(policy.get("value"))
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return f"{named(policy.get('name'), 60)} = {clean(shown, 60)}"


def _telling(value: Any) -> Any:
    """The only rule by page that forbids, without its braces; else the value as it stands."""
    rules = [one for one in mappings(value) if one.get("handling") == "disable_non_proxied_udp"]
    return f"{rules[0].get('url')}, {rules[0].get('handling')}" if len(rules) == 1 else value


def _held_by(subject: Subject) -> list[str]:
    """What holds back the updates of the browsers that count."""
    return [setting for browser, _ in _deciding(subject, "update_frozen") for setting in _held(browser)]


def _held(browser: Mapping[str, Any]) -> list[str]:
    """Without the id of the program that the name of Google's and Microsoft's policies ends with."""
    return [_PROGRAM.sub("", _setting(one)) for one in mappings(browser.get("updates_held_by"))]


def _without_effect(subject: Subject) -> list[str]:
    return [
        f"{named(one.get('name'), 60)} ({subject.words.value(str(one.get('effect')))})"
        for browser in _browsers(subject)
        for one in mappings(browser.get("policies"))
        if one.get("effect") in ("misspelt", "dead", "wrong_type")
    ]


def _no_hid(subject: Subject) -> str:
    names = {browser.get("name") for browser, _ in _deciding(subject, "hid_allowed")}
    return subject.words("ws_firefox_hid") if "firefox" in names else ""


def _why_open(subject: Subject, metric: str) -> str:
    """Managed from a cloud that was not asked, only recommended, browsers that differ, or the reason of the figure."""
    reason = subject.reason(metric) or FailureCode.NOT_PROVEN
    if reason != FailureCode.NOT_PROVEN:
        return subject.words.failure(reason).short
    deciding = _deciding(subject, metric)
    managed = [_name(subject, one) for one, policy in deciding if not policy and one.get("cloud_managed") is True]
    if managed:
        return subject.words("ws_cloud_managed", names=subject.listed(managed))
    if only := _policies(subject, metric, "recommended"):
        return subject.words("ws_recommended", setting=only[0][0], place=only[0][1])
    differ = len(_browsers(subject)) > 1 and not subject.decided_by(metric)
    return subject.words("ws_browsers_differ" if differ else "ws_neither")
