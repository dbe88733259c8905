"""The browsers: which are installed, which is the default, and what policies let a softphone's pages do in them.

No browser is started. What a user decided for one page, in the browser itself, is private and not read.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from readycheck.engine.probe import Context, Probe
from readycheck.host.browser import linux, macos, windows
from readycheck.host.browser.consent import microphone_consents
from readycheck.host.browser.found import Default, Installed
from readycheck.host.browser.policies import places
from readycheck.host.browser.preferences import Set, of_user, preferences
from readycheck.host.browser.relevant import is_cloud_managed, relevant, whole_value
from readycheck.host.browser.updates import update_policies
from readycheck.host.context import wrong_user
from readycheck.host.machine import Machine
from readycheck.model.clean import clean
from readycheck.model.evidence import Interval, Quantity
from readycheck.model.failure import FailureCode
from readycheck.net.beside import beside
from readycheck.probes._browser_answers import ANSWERS, udp_port_count
from readycheck.probes._browser_evidence import Browser, BrowserEvidence
from readycheck.probes._pages import pages
from readycheck.profile.schema import Profile

DEADLINE_S = 15.0
USER_LIMIT_S = 5.0
T = TypeVar("T")
_SYSTEMS = {"windows": windows, "macos": macos, "linux": linux}
_FORBIDDEN = {
    "microphone_allowed": "no microphone",
    "udp_allowed": "no UDP",
    "notifications_allowed": "no notifications",
}


class BrowserProbe(Probe[BrowserEvidence]):
    """Can a supported browser do what a softphone needs."""

    id = "browser"
    title = "Browsers"
    answers_by_profile = True
    machine_only = True

    @classmethod
    def answered(cls, evidence: BrowserEvidence, profile: Profile) -> dict[str, Quantity]:
        """Support by the profile's list; policies for its pages, of the browsers that count."""
        urls, counting = pages(profile), evidence.counting(profile)
        found = {metric: _agreed(evidence, counting, _answer(metric, urls)) for metric in ANSWERS["chrome"]}
        return found | {
            "judged_count": Quantity(len(counting) if urls else 0),
            "allowed_count": Quantity(len(profile.allowed.browsers)),
            "supported_count": _supported_count(evidence, profile),
            "default_supported": _default_supported(evidence, profile),
            "udp_port_count": _agreed(evidence, counting, _udp_port_count),
            "update_frozen": _agreed(evidence, counting, _update_frozen),
        }

    def deadline_s(self, profile: Profile) -> float:  # noqa: ARG002 - whatever the profile
        """A few tools, each with a limit of two seconds."""
        return DEADLINE_S

    def summary(self, evidence: BrowserEvidence) -> str | None:
        """What is installed, the default first."""
        ordered = sorted(evidence.browsers, key=lambda one: one.name != evidence.default.name)
        named = (f"{one.name.title()} {one.version or ''}".strip() for one in ordered)
        return ", ".join(named) or "no browser known here"

    def summary_under(self, evidence: BrowserEvidence, profile: Profile) -> str | None:
        """And what policies forbid the profile's pages."""
        answers = self.answered(evidence, profile)
        forbidden = [said for metric, said in _FORBIDDEN.items() if answers[metric].value is False]
        return " · ".join(filter(None, (self.summary(evidence), ", ".join(forbidden))))

    async def gather(self, context: Context) -> BrowserEvidence:
        """What the user's folder holds within a limit, since it may be on a share that is dead; then the machine's own.

        All of it beside the loop: tools may take their time.
        """
        machine = context.machine
        wrong = await beside(lambda: wrong_user(machine), self.id)
        system = _SYSTEMS[machine.platform]
        found, default, own = await asyncio.gather(
            _in_time(lambda: system.browsers(machine, of_user=wrong is None), "installed browsers"),
            _in_time(lambda: system.default(machine), "default browser"),
            _in_time(lambda: {} if wrong else of_user(machine), "Firefox' preferences"),
        )
        installed = (
            found if found is not None else await beside(lambda: system.browsers(machine, of_user=False), self.id)
        )
        default = default or Default(None, "", failure=FailureCode.DEADLINE_EXCEEDED)
        browsers = await beside(lambda: tuple(_browser(machine, one, own) for one in installed), self.id)
        if wrong:
            default = Default(None, default.source)
        consents = await beside(lambda: microphone_consents(machine, with_user=wrong is None), self.id)
        return BrowserEvidence(browsers, default, consents, wrong, folder_late=found is None)


async def _in_time(read: Callable[[], T], name: str) -> T | None:
    """What this reads; None if that takes too long."""
    try:
        async with asyncio.timeout(USER_LIMIT_S):
            return await beside(read, name)
    except TimeoutError:
        return None


def _browser(machine: Machine, one: Installed, own: Set | None) -> Browser:
    """With its policies, and Firefox' own preferences as far as they came in time."""
    read = places(machine, one.name)
    policies = relevant(one.name, read)
    is_firefox = one.name == "firefox"
    if is_firefox:
        placed = read.settings.get("Preferences")
        prescribed = whole_value(placed, dict) if placed else None
        policies = (*policies, *preferences(prescribed, own or {}))
    return Browser(
        one.name,
        one.version,
        one.source,
        one.per_user,
        policies,
        tuple(clean(path) for path in read.unreadable),
        is_cloud_managed(read),
        update_policies(machine, one.name, read.settings),
        preferences_late=is_firefox and own is None,
        undecided=tuple(clean(path) for path in read.undecided),
    )


def _supported_count(evidence: BrowserEvidence, profile: Profile) -> Quantity:
    """Between those supported for sure and those that may be: of unknown version or place, or where nobody looked."""
    allowed = profile.allowed.browsers
    if not allowed:
        return Quantity(None, reason=FailureCode.NOT_CONFIGURED)
    answers = [one.supported(allowed) for one in evidence.all_browsers()]
    sure, unsure = answers.count(True), answers.count(None)
    if reason := evidence.why_partial:
        return Quantity(sure, Interval(sure, None), reason=reason)
    return Quantity(sure, Interval(sure, sure + unsure) if unsure else None)


def _default_supported(evidence: BrowserEvidence, profile: Profile) -> Quantity:
    """Null where nobody tells the default or its version; a browser that is not known here is on no list."""
    allowed = profile.allowed.browsers
    default: Quantity = evidence.default_name
    if not allowed:
        return Quantity(None, reason=FailureCode.NOT_CONFIGURED)
    if default.value is None:
        return default
    found = next((one for one in evidence.all_browsers() if one.name == default.value), None)
    told = found.supported(allowed) if found else False
    return Quantity(told, reason=FailureCode.NOT_PROVEN if told is None else None)


def _answer(metric: str, urls: tuple[str, ...]) -> Callable[[Browser], Quantity]:
    return lambda browser: browser.answer(metric, urls)


def _udp_port_count(browser: Browser) -> Quantity:
    if browser.cloud_managed:
        return Quantity(None, reason=FailureCode.NOT_PROVEN)
    return browser.settled(lambda given: Quantity(udp_port_count(given)))


def _update_frozen(browser: Browser) -> Quantity:
    if browser.updates_held_by is None:
        return Quantity(None, reason=FailureCode.UNSUPPORTED_PLATFORM)
    if browser.undecided:
        return Quantity(None, reason=FailureCode.NOT_PROVEN)
    return Quantity(bool(browser.updates_held_by))


def _agreed(evidence: BrowserEvidence, browsers: tuple[Browser, ...], ask: Callable[[Browser], Quantity]) -> Quantity:
    """What all of these browsers answer; where they differ nobody knows which one will be used."""
    if reason := evidence.why_partial:
        return Quantity(None, reason=reason)
    if not browsers:
        return Quantity(None, reason=FailureCode.COMPONENT_MISSING)
    answers = [ask(browser) for browser in browsers]
    told = answers[0] if len(set(answers)) == 1 else Quantity(None, reason=FailureCode.NOT_PROVEN)
    so = [one for one, answer in zip(browsers, answers, strict=True) if answer.value == told.value]
    return replace(told, decided_by=tuple(name for one in so for name in one.deciding(ask)))


__all__ = ["Browser", "BrowserEvidence", "BrowserProbe"]
