"""What a browser's policies answer for a page. None where the rule that decides was cut, or does not exist there."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from readycheck.host.browser.found import Name, Policy
from readycheck.probes._url_blocking import blocked
from readycheck.probes._url_pattern import Page, closest, exempts, page, specificity

Rules = Mapping[str, Any]
"""Policies in force by name."""
Answer = Callable[[Rules, Page], bool | None]


class Undecided(Exception):
    """What decides is a list that was too long to be kept."""


class _Rules(dict[str, Any]):
    """Rules of which some were cut: to look at one of these is an error."""

    def __init__(self, values: Mapping[str, Any], cut: frozenset[str]) -> None:
        super().__init__(values)
        self._cut = cut

    def get(self, name: str, default: Any = None) -> Any:
        """See dict; raises Undecided."""
        if name in self._cut:
            raise Undecided(name)
        return super().get(name, default)


def rules(policies: Iterable[Policy], *, recommended: bool = False) -> Rules:
    """What is in force; with what is `recommended`, which is until the user changes it."""
    effects = {"in_force", "recommended"} if recommended else {"in_force"}
    counting = [policy for policy in policies if policy.effect in effects]
    values = {policy.name: policy.value for policy in counting}
    return _Rules(values, frozenset(policy.name for policy in counting if policy.is_cut))


_DENIED, _NO_PROXY_NO_UDP, _TELEPHONY = 2, "disable_non_proxied_udp", 0x0B
_MOST_PORTS = 65_535
_AUTOPLAY_BLOCKED = (1, 5)
"""Values of media.autoplay.default: with sound, and altogether."""


def microphone(given: Rules, at: Page) -> bool:
    """Not forbidden: without a policy the user is asked. A pattern for all pages at once is refused."""
    listed = [one for one in given.get("AudioCaptureAllowedUrls", ()) if str(one) not in {"*", "*://*"}]
    forbidden = given.get("AudioCaptureAllowed") is False or given.get("DefaultMediaStreamSetting") == _DENIED
    return closest(listed, at) is not None or not forbidden


def udp(given: Rules, at: Page, whole: str = "WebRtcIPHandling") -> bool:
    """Media may leave over UDP without a proxy (RFC 8828, 5.2).

    Of the rules by URL the first that matches counts, an unknown handling as the default one.
    """
    for rule in given.get("WebRtcIPHandlingUrl", ()):
        handling = rule.get("handling") if isinstance(rule, dict) else None
        if isinstance(handling, str) and specificity(rule.get("url"), at):
            return handling != _NO_PROXY_NO_UDP
    return bool(given.get(whole) != _NO_PROXY_NO_UDP)


def notifications(given: Rules, at: Page) -> bool:
    """The closest pattern of both lists counts, and the one that blocks where both are as close."""
    allowed = closest(given.get("NotificationsAllowedForUrls", ()), at)
    blocked = closest(given.get("NotificationsBlockedForUrls", ()), at)
    if allowed is None and blocked is None:
        return bool(given.get("DefaultNotificationsSetting") != _DENIED)
    return allowed is not None and (blocked is None or allowed > blocked)


def autoplay(given: Rules, at: Page) -> bool:
    """Sound without a gesture is not forbidden; whether it is granted, the browser decides by use."""
    return closest(given.get("AutoplayAllowlist", ()), at) is not None or given.get("AutoplayAllowed") is not False


def hid(given: Rules, at: Page) -> bool | None:
    """Pages may ask for a headset's buttons: what is allowed counts above what is blocked.

    None where nothing but a list of single devices allows them: nobody knows here whether the headset is one of those.
    """
    telephony = [one for one in given.get("WebHidAllowDevicesWithHidUsagesForUrls", ()) if _is_telephony(one)]
    allowed = [*given.get("WebHidAllowAllDevicesForUrls", ()), *(url for rule in telephony for url in _urls(rule))]
    if closest(allowed, at) is not None or _may_ask_for_devices(given, at):
        return True
    devices = [one for one in given.get("WebHidAllowDevicesForUrls", ()) if isinstance(one, dict)]
    return None if closest([url for rule in devices for url in _urls(rule)], at) is not None else False


def _may_ask_for_devices(given: Rules, at: Page) -> bool:
    if closest(given.get("WebHidBlockedForUrls", ()), at) is not None:
        return False
    asked = closest(given.get("WebHidAskForUrls", ()), at) is not None
    return asked or given.get("DefaultWebHidGuardSetting") != _DENIED


def _urls(rule: Mapping[str, Any]) -> list[Any]:
    urls = rule.get("urls")
    return urls if isinstance(urls, list) else []


def _is_telephony(rule: Any) -> bool:
    usages = rule.get("usages") if isinstance(rule, dict) else None
    found = usages if isinstance(usages, list) else []
    return any(isinstance(one, dict) and one.get("usage_page") == _TELEPHONY for one in found)


def kept_awake(given: Rules, at: Page) -> bool:
    """A policy keeps the page's tab from being discarded or put to sleep."""
    if given.get("SleepingTabsEnabled") is False:
        return True
    return exempts((*given.get("TabDiscardingExceptions", ()), *given.get("SleepingTabsBlockedForUrls", ())), at)


def _firefox_permission(kind: str) -> Answer:
    """Origins to the letter; Allow counts above Block, and both above a stop for new requests."""

    def answer(given: Rules, at: Page) -> bool:
        listed = _listed(given, kind, at)
        if listed is not None:
            return listed
        permission = _part(_part(given, "Permissions"), kind)
        stopped = permission.get("BlockNewRequests") in (True, 1)
        return not stopped and not str(permission.get("Default", "")).startswith("block-")

    return answer


def _listed(given: Rules, kind: str, at: Page) -> bool | None:
    """Whether the page's origin is allowed or blocked by name; None if it is neither."""
    permission = _part(_part(given, "Permissions"), kind)
    for name in ("Allow", "Block"):
        origins = permission.get(name)
        if isinstance(origins, list) and any((one := page(str(url))) and one == at for url in origins):
            return name == "Allow"
    return None


def _firefox_autoplay(given: Rules, at: Page) -> bool | None:
    """A page that was granted the microphone may play as well.

    The default of the permission counts above the preference; one that is not locked, the user may have replaced.
    """
    named = _listed(given, "Microphone", at) or _listed(given, "Autoplay", at)
    if named is not None:
        return named
    permission = _part(_part(given, "Permissions"), "Autoplay")
    default, preference = permission.get("Default"), given.get("media.autoplay.default")
    by_default, by_preference = not str(default).startswith("block-"), preference not in _AUTOPLAY_BLOCKED
    if default is None:
        return by_preference
    settled = preference is None or permission.get("Locked") is True or by_default == by_preference
    return by_default if settled else None


def _part(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = given.get(name)
    return found if isinstance(found, dict) else {}


def _firefox_microphone(given: Rules, at: Page) -> bool:
    has_devices = given.get("media.navigator.enabled") is not False
    return has_devices and bool(_firefox_permission("Microphone")(given, at))


def _firefox_udp(given: Rules, at: Page) -> bool | None:  # noqa: ARG001 - the same for every page
    """WebRTC at all, and not by a proxy alone; `…_if_behind_proxy` depends on the proxy of the moment."""
    if given.get("media.peerconnection.enabled") is False or given.get("media.peerconnection.ice.proxy_only") is True:
        return False
    return None if given.get("media.peerconnection.ice.proxy_only_if_behind_proxy") is True else True


def _never(given: Rules, at: Page) -> bool:  # noqa: ARG001 - Firefox has no WebHID, whatever it is told
    return False


def _edge_udp(given: Rules, at: Page) -> bool:
    return udp(given, at, "WebRtcLocalhostIpHandling")


def _if_opened(ask: Answer) -> Answer:
    """A page that is blocked may do nothing."""

    def answer(given: Rules, at: Page) -> bool | None:
        never, told = blocked(given, at), ask(given, at)
        return None if never is None and told else told and not never

    return answer


_CHROMIUM: dict[str, Answer] = {
    "microphone_allowed": _if_opened(microphone),
    "udp_allowed": _if_opened(udp),
    "notifications_allowed": _if_opened(notifications),
    "autoplay_allowed": _if_opened(autoplay),
    "hid_allowed": _if_opened(hid),
    "tab_sleeping_exempt": _if_opened(kept_awake),
}
ANSWERS: dict[Name, dict[str, Answer]] = {
    "chrome": _CHROMIUM,
    "chromium": _CHROMIUM,
    "edge": _CHROMIUM | {"udp_allowed": _if_opened(_edge_udp)},
    "firefox": {
        "microphone_allowed": _firefox_microphone,
        "udp_allowed": _firefox_udp,
        "notifications_allowed": _firefox_permission("Notifications"),
        "autoplay_allowed": _firefox_autoplay,
        "hid_allowed": _never,
    },
    "safari": {},
}
"""By metric. Safari has no policies of these kinds, Firefox none of its tabs' sleep."""


def udp_port_count(given: Rules) -> int:
    """Local UDP ports left to WebRTC; a range that makes no sense is ignored."""
    match = re.fullmatch(r"\s*(\d{1,5})\s*-\s*(\d{1,5})\s*", str(given.get("WebRtcUdpPortRange", "")))
    if not match:
        return _MOST_PORTS
    low, high = int(match[1]), int(match[2])
    return high - low + 1 if 0 < low <= high <= _MOST_PORTS else _MOST_PORTS
