"""The browsers: which are installed, which is the default, and what policies let a softphone's pages do in them.

No browser is started. What a user decided for one page, in the browser itself, is private and not read.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from readycheck.engine.probe import Context, Probe
from readycheck.host.browser import linux, macos, windows
from readycheck.host.browser.consent import microphone_consents
from readycheck.host.browser.found import Default, Installed, Name, Policy
from readycheck.host.browser.policies import places
from readycheck.host.browser.preferences import preferences
from readycheck.host.browser.relevant import is_cloud_managed, relevant
from readycheck.host.browser.updates import update_policies
from readycheck.host.context import WrongUser, wrong_user
from readycheck.host.machine import Machine
from readycheck.model.clean import clean
from readycheck.model.evidence import Evidence, Interval, Quantity, metric_of
from readycheck.model.failure import FailureCode
from readycheck.model.version import version
from readycheck.net.beside import beside
from readycheck.probes._browser_answers import ANSWERS, Rules, Undecided, rules, udp_port_count
from readycheck.probes._pages import agreed, pages
from readycheck.probes._url_pattern import page
from readycheck.profile.schema import AllowedBrowser, Profile

DEADLINE_S = 12.0
DEFAULT_LIMIT_S = 5.0
_SYSTEMS = {"windows": windows, "macos": macos, "linux": linux}
_FORBIDDEN = {
    "microphone_allowed": "no microphone",
    "udp_allowed": "no UDP",
    "notifications_allowed": "no notifications",
}
_NO_EFFECT = ("misspelt", "dead", "wrong_type")
_ALIASES = {
    "google chrome": "chrome",
    "msedge": "edge",
    "microsoft edge": "edge",
    "mozilla firefox": "firefox",
    "firefox-esr": "firefox",
}


@dataclass(frozen=True)
class Browser:
    """One browser, and what is prescribed to it."""

    name: Name
    version: str | None
    source: str
    per_user: bool = False
    policies: tuple[Policy, ...] = ()
    unreadable: tuple[str, ...] = ()
    """Files of policies that are none: the browser ignores them too."""
    cloud_managed: bool = False
    """The vendor's cloud prescribes more than is told here: then nothing is proved to be allowed."""
    updates_held_by: tuple[Policy, ...] | None = None
    """Empty if nothing holds them back; None where that is not told."""

    def answer(self, metric: str, urls: tuple[str, ...]) -> Quantity:
        """What its policies say of these pages."""
        ask = ANSWERS[self.name].get(metric)
        if ask is None:
            return Quantity(None, reason=FailureCode.UNSUPPORTED_PLATFORM)
        told = self.settled(lambda given: agreed(ask(given, at) for url in urls if (at := page(url))))
        unless_prescribed = metric != "tab_sleeping_exempt"  # what holds as long as no policy says otherwise
        if self.cloud_managed and told.value is unless_prescribed:
            return Quantity(None, reason=FailureCode.NOT_PROVEN)
        return told

    def settled(self, ask: Callable[[Rules], Quantity]) -> Quantity:
        """What the policies come to; null where that depends on whether the user kept what is recommended."""
        try:
            told = {ask(rules(self.policies)), ask(rules(self.policies, recommended=True))}
        except Undecided:
            return Quantity(None, reason=FailureCode.NOT_PROVEN)
        return told.pop() if len(told) == 1 else Quantity(None, reason=FailureCode.NOT_PROVEN)

    def supported(self, allowed: list[AllowedBrowser]) -> bool | None:
        """Whether the list names it, at this version or above; None if the version is needed and not known."""
        least = [one.at_least for one in allowed if _name(one.name) == self.name]
        if None in least:
            return True
        if self.version is None:
            return None if least else False
        return any(version(self.version) >= version(one) for one in least if one)


@dataclass(frozen=True)
class BrowserEvidence(Evidence):
    """What is installed, what is the default, and the policies of each."""

    browsers: tuple[Browser, ...]
    default: Default
    microphone_consents: tuple[Policy, ...] = ()
    """Windows' own switches."""
    wrong_user: WrongUser | None = None
    """This runs as somebody else than the agent: then what is the user's is missing."""

    @metric_of("text")
    def default_name(self) -> Quantity:
        """The browser that opens links: chrome, edge, firefox, chromium, safari, or other."""
        reason = self._why_no_default()
        return Quantity(None, reason=reason) if reason else Quantity(self.default.name)

    @metric_of("text")
    def default_version(self) -> Quantity:
        """Version of the default browser."""
        reason = self._why_no_default()
        found = next((one.version for one in self.browsers if one.name == self.default.name), None)
        return Quantity(found, reason=reason or (None if found else FailureCode.NOT_PROVEN))

    @metric_of("number")
    def judged_count(self) -> Quantity:
        """Browsers whose policies count for the profile's pages: 0 if it names none, or none is installed."""
        return Quantity(None, reason=FailureCode.NOT_CONFIGURED)

    @metric_of("number")
    def allowed_count(self) -> Quantity:
        """Browsers on the profile's list (allowed.browsers)."""
        return Quantity(None, reason=FailureCode.NOT_CONFIGURED)

    @metric_of("number")
    def supported_count(self) -> Quantity:
        """Installed browsers that the profile allows, at the versions that it asks for."""
        return Quantity(None, reason=FailureCode.NOT_CONFIGURED)

    @metric_of("bool")
    def default_supported(self) -> Quantity:
        """The profile allows the default browser, at its version."""
        return Quantity(None, reason=FailureCode.NOT_CONFIGURED)

    @metric_of("bool")
    def microphone_allowed(self) -> Quantity:
        """Policies do not forbid the profile's pages the microphone."""
        return Quantity(None, reason=FailureCode.NOT_CONFIGURED)

    @metric_of("bool")
    def udp_allowed(self) -> Quantity:
        """Policies let the profile's pages send media over UDP without a proxy."""
        return Quantity(None, reason=FailureCode.NOT_CONFIGURED)

    @metric_of("bool")
    def notifications_allowed(self) -> Quantity:
        """Policies do not forbid the profile's pages to announce calls."""
        return Quantity(None, reason=FailureCode.NOT_CONFIGURED)

    @metric_of("bool")
    def autoplay_allowed(self) -> Quantity:
        """Policies do not forbid the profile's pages to ring without a gesture of the user's."""
        return Quantity(None, reason=FailureCode.NOT_CONFIGURED)

    @metric_of("bool")
    def hid_allowed(self) -> Quantity:
        """Policies do not keep the profile's pages from a headset's buttons (WebHID), which Firefox does not have."""
        return Quantity(None, reason=FailureCode.NOT_CONFIGURED)

    @metric_of("bool")
    def tab_sleeping_exempt(self) -> Quantity:
        """A policy keeps the tabs of the profile's pages awake."""
        return Quantity(None, reason=FailureCode.NOT_CONFIGURED)

    @metric_of("number")
    def udp_port_count(self) -> Quantity:
        """Local UDP ports that policies leave to calls."""
        return Quantity(None, reason=FailureCode.NOT_CONFIGURED)

    @metric_of("bool")
    def update_frozen(self) -> Quantity:
        """An administrator stopped the browser's updates or holds them at a version."""
        return Quantity(None, reason=FailureCode.NOT_CONFIGURED)

    @metric_of("number")
    def ineffective_policy_count(self) -> Quantity:
        """Policies about calls that have no effect: misspelt, taken out of the browser, or of the wrong type."""
        if self.wrong_user:
            return Quantity(None, reason=FailureCode.WRONG_USER_CONTEXT)
        return Quantity(sum(one.effect in _NO_EFFECT for browser in self.browsers for one in browser.policies))

    @metric_of("number")
    def system_microphone_switch_count(self) -> Quantity:
        """Switches of the system's that are set for microphones (Windows, Privacy); 0 where it has none."""
        return Quantity(len(self.microphone_consents))

    @metric_of("bool")
    def system_microphone_allowed(self) -> Quantity:
        """The system lets desktop programs use microphones (Windows, Privacy); null where it does not say."""
        values = {str(one.value).lower() for one in self.microphone_consents}
        if "deny" in values:
            return Quantity(value=False)
        if self.wrong_user:
            return Quantity(None, reason=FailureCode.WRONG_USER_CONTEXT)
        return Quantity(value=True) if values == {"allow"} else Quantity(None, reason=FailureCode.NOT_PROVEN)

    def counting(self, profile: Profile) -> tuple[Browser, ...]:
        """Those whose policies matter: the default if it may be used, else each that may."""
        allowed = profile.allowed.browsers
        usable = tuple(one for one in self.all_browsers() if one.supported(allowed) is not False or not allowed)
        return tuple(one for one in usable if one.name == self.default.name) or usable

    def all_browsers(self) -> tuple[Browser, ...]:
        """Those found, and the default where it was not: of a version, and under policies, that are not told here."""
        name = self.default.name
        if name is None or name == "other" or name in {one.name for one in self.browsers}:
            return self.browsers
        return (*self.browsers, Browser(name, None, self.default.source, cloud_managed=True))

    def _why_no_default(self) -> FailureCode | None:
        if self.wrong_user:
            return FailureCode.WRONG_USER_CONTEXT
        return None if self.default.name else self.default.failure or FailureCode.NOT_PROVEN


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
        """Browsers and default side by side, beside the loop: tools may take their time."""
        machine = context.machine
        wrong = await beside(lambda: wrong_user(machine), self.id)
        browsers, default = await asyncio.gather(
            beside(lambda: _browsers(machine, is_user=wrong is None), self.id),
            _default(machine),
        )
        if wrong:
            default = Default(None, default.source)
        consents = microphone_consents(machine, with_user=wrong is None)
        return BrowserEvidence(browsers, default, consents, wrong)


async def _default(machine: Machine) -> Default:
    """The default, within a limit of its own: it stands in the user's folder, which may be on a share that is dead."""
    try:
        async with asyncio.timeout(DEFAULT_LIMIT_S):
            return await beside(lambda: _SYSTEMS[machine.platform].default(machine), "browser default")
    except TimeoutError:
        return Default(None, "", failure=FailureCode.DEADLINE_EXCEEDED)


def _browsers(machine: Machine, *, is_user: bool) -> tuple[Browser, ...]:
    """Every browser with its policies; without those that another user installed."""
    found = _SYSTEMS[machine.platform].browsers(machine)
    return tuple(_browser(machine, one, is_user=is_user) for one in found if is_user or not one.per_user)


def _browser(machine: Machine, one: Installed, *, is_user: bool) -> Browser:
    read = places(machine, one.name)
    policies = relevant(one.name, read)
    if one.name == "firefox":
        prescribed = next((policy.value for policy in policies if policy.name == "Preferences"), None)
        policies = (*policies, *preferences(machine, prescribed, with_user=is_user))
    return Browser(
        one.name,
        one.version,
        one.source,
        one.per_user,
        policies,
        tuple(clean(path) for path in read.unreadable),
        is_cloud_managed(read),
        update_policies(machine, one.name, read.settings),
    )


def _name(text: str) -> str:
    lowered = text.strip().lower()
    return _ALIASES.get(lowered, lowered)


def _supported_count(evidence: BrowserEvidence, profile: Profile) -> Quantity:
    """Between those supported for sure and those that may be: of unknown version or place, or of another user."""
    allowed = profile.allowed.browsers
    if not allowed:
        return Quantity(None, reason=FailureCode.NOT_CONFIGURED)
    answers = [one.supported(allowed) for one in evidence.all_browsers()]
    sure, unsure = answers.count(True), answers.count(None)
    if evidence.wrong_user:
        return Quantity(sure, Interval(sure, None), reason=FailureCode.WRONG_USER_CONTEXT)
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
    return Quantity(bool(browser.updates_held_by))


def _agreed(evidence: BrowserEvidence, browsers: tuple[Browser, ...], ask: Callable[[Browser], Quantity]) -> Quantity:
    """What all of these browsers answer; where they differ nobody knows which one will be used."""
    if evidence.wrong_user:
        return Quantity(None, reason=FailureCode.WRONG_USER_CONTEXT)
    if not browsers:
        return Quantity(None, reason=FailureCode.COMPONENT_MISSING)
    answers = [ask(browser) for browser in browsers]
    return answers[0] if len(set(answers)) == 1 else Quantity(None, reason=FailureCode.NOT_PROVEN)
