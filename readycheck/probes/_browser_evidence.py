"""What is known of browsers: which are installed, which is the default, what is prescribed to each."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from readycheck.host.browser.found import Default, Name, Policy
from readycheck.host.context import WrongUser
from readycheck.model.evidence import Evidence, Quantity, metric_of
from readycheck.model.failure import FailureCode
from readycheck.model.version import version
from readycheck.probes._browser_answers import ANSWERS, Rules, Undecided, rules
from readycheck.probes._pages import agreed
from readycheck.probes._url_pattern import page
from readycheck.profile.schema import AllowedBrowser, Profile

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
    preferences_late: bool = False
    """The user's own preferences, which may forbid more, did not come in time (Firefox)."""
    undecided: tuple[str, ...] = ()
    """Places that may prescribe more, or less, than is told here: then nothing is proved either way."""
    is_found: bool = True
    """False for a default of which nothing else shows: it may be gone."""

    def answer(self, metric: str, urls: tuple[str, ...]) -> Quantity:
        """What its policies say of these pages."""
        ask = ANSWERS[self.name].get(metric)
        if ask is None:
            return Quantity(None, reason=FailureCode.UNSUPPORTED_PLATFORM)
        told = self.settled(lambda given: agreed(ask(given, at) for url in urls if (at := page(url))))
        unless_prescribed = metric != "tab_sleeping_exempt"  # what holds as long as no policy says otherwise
        untold = self.cloud_managed or self.preferences_late
        if untold and told.value is unless_prescribed:
            late = FailureCode.DEADLINE_EXCEEDED if self.preferences_late else None
            return Quantity(None, reason=late or FailureCode.NOT_PROVEN)
        return told

    def deciding(self, ask: Callable[["Browser"], Quantity]) -> list[str]:
        """What alone makes it answer so: `browser.policy` for each such policy, else `browser` unless it says yes.

        A question that the profile does not ask is answered by nobody.
        """
        told, without = ask(self), ask(replace(self, policies=()))
        policies = self.policies if told != without else ()
        found = [f"{self.name}.{one.name}" for one in policies if ask(replace(self, policies=(one,))) == told]
        if self.updates_held_by and ask(replace(self, updates_held_by=())) != told:
            return [self.name]
        is_open = told.value is None and told.reason != FailureCode.NOT_CONFIGURED
        return found or ([self.name] if told.value is False or is_open else [])

    def settled(self, ask: Callable[[Rules], Quantity]) -> Quantity:
        """What the policies come to; null where that depends on whether the user kept what is recommended."""
        if self.undecided:
            return Quantity(None, reason=FailureCode.NOT_PROVEN)
        try:
            told = {ask(rules(self.policies)), ask(rules(self.policies, recommended=True))}
        except Undecided:
            return Quantity(None, reason=FailureCode.NOT_PROVEN)
        return told.pop() if len(told) == 1 else Quantity(None, reason=FailureCode.NOT_PROVEN)

    def supported(self, allowed: list[AllowedBrowser]) -> bool | None:
        """Whether the list names it, at this version or above; None if that, or the browser itself, is not known."""
        least = [one.at_least for one in allowed if _name(one.name) == self.name]
        if not least:
            return False
        if None in least and self.is_found:
            return True
        if self.version is None:
            return None
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
    folder_late: bool = False
    """The user's folder did not answer in time: then browsers installed in it are missing."""

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
        if reason := self.why_partial:
            return Quantity(None, reason=reason)
        if any(browser.undecided for browser in self.browsers):
            return Quantity(None, reason=FailureCode.NOT_PROVEN)
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

    @property
    def why_partial(self) -> FailureCode | None:
        """Why browsers may be installed that are not told here."""
        if self.wrong_user:
            return FailureCode.WRONG_USER_CONTEXT
        return FailureCode.DEADLINE_EXCEEDED if self.folder_late else None

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
        return (*self.browsers, Browser(name, None, self.default.source, cloud_managed=True, is_found=False))

    def _why_no_default(self) -> FailureCode | None:
        if self.wrong_user:
            return FailureCode.WRONG_USER_CONTEXT
        return None if self.default.name else self.default.failure or FailureCode.NOT_PROVEN


def _name(text: str) -> str:
    lowered = text.strip().lower()
    return _ALIASES.get(lowered, lowered)
