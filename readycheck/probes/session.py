"""The session: whether it is shown elsewhere now, which VDI agents are installed, and who handles the media.

Three separate facts, each with the signals that prove it: an agent that is installed makes no session remote, and a
remote session hands no media to the endpoint by itself.
"""

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from readycheck.engine.probe import Context, Probe
from readycheck.host.context import WrongUser, wrong_user
from readycheck.host.machine import Machine, Platform
from readycheck.host.session import linux, macos, windows
from readycheck.host.session.installed import agents, endpoint_clients
from readycheck.host.session.signal import Kind, Redirection, Session, Signal
from readycheck.model.evidence import Evidence, Quantity, Value, metric_of
from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.net.beside import beside, within
from readycheck.probes._pages import agreed, pages
from readycheck.profile.schema import Profile

DEADLINE_S = 10.0
SESSION_LIMIT_S = 5.0
_SAID = {"citrix_ica": "Citrix", "citrix": "Citrix", "rdp": "RDP", "horizon": "Horizon", "avd": "AVD"}
_SAID |= {"workspaces": "WorkSpaces", "dcv": "DCV", "pcoip": "PCoIP", "unknown": "session of unknown kind"}
_READERS: dict[Platform, Callable[[Machine], Session]] = {
    "windows": windows.session,
    "macos": macos.session,
    "linux": linux.session,
}


@dataclass(frozen=True)
class SessionEvidence(Evidence):
    """What this session is, and every signal that says so."""

    session: Session
    wrong_user: WrongUser | None = None
    """This runs as somebody else than the agent: then the session told is not theirs."""
    processes_told: bool = True
    """Some agents are known by their processes alone."""

    @metric_of("text")
    def kind(self) -> Quantity:
        """The session now: console, citrix_ica, rdp, horizon, avd, workspaces, xrdp, ssh, unknown."""
        return self._told(self.session.kind)

    @metric_of("bool")
    def remote(self) -> Quantity:
        """Whether the session is shown on another machine now; null if no signal proves either."""
        return self._told(self.session.remote)

    @metric_of("bool")
    def agent_installed(self) -> Quantity:
        """Whether a VDI agent that is known here is installed: Citrix, Horizon, AVD, WorkSpaces, DCV, PCoIP."""
        if self.products("agent_installed") or self.processes_told:
            return Quantity(bool(self.products("agent_installed")))
        return Quantity(None, reason=FailureCode.NOT_PROVEN)

    @metric_of("bool")
    def endpoint_client_installed(self) -> Quantity:
        """Whether a client is installed that shows other machines' sessions here: their media may be handled here."""
        late = self.session.reason == FailureCode.DEADLINE_EXCEEDED  # then whose session it is was not told either
        if self.products("endpoint_client") or not (self.wrong_user or late):
            return Quantity(bool(self.products("endpoint_client")))
        return self._told(None)  # some are installed in the user's folder

    @metric_of("bool")
    def media_redirection(self) -> Quantity:
        """Whether a remote session hands the profile's pages' media to the endpoint; null if that can't be told."""
        return self.redirected(())

    @metric_of("text")
    def media_at(self) -> Quantity:
        """Who handles the media and must reach the relay: this_machine, or the endpoint; null if it can't be told."""
        return self.handled(())

    def products(self, proves: str) -> tuple[str, ...]:
        """Names of what is installed."""
        return tuple(dict.fromkeys(one.of for one in self.session.signals if one.proves == proves))

    def redirected(self, urls: tuple[str, ...]) -> Quantity:
        """Media redirection for these pages."""
        told = self._told(self.session.redirection.ready)
        if self.session.remote is not True or told.value is None:
            return replace(told, value=None)
        if told.value is False or self.session.redirection.sites is None:
            return told
        return agreed(_redirects(self.session.redirection, url) for url in urls)

    def handled(self, urls: tuple[str, ...]) -> Quantity:
        """Which machine handles the media of these pages."""
        remote, redirected = self.remote, self.redirected(urls)
        if remote.value is False:
            return Quantity("this_machine")
        if remote.value is None or redirected.value is None:
            return Quantity(None, reason=remote.reason or redirected.reason)
        return Quantity("endpoint" if redirected.value else "this_machine")

    def _told(self, value: Value) -> Quantity:
        if self.wrong_user:
            return Quantity(None, reason=FailureCode.WRONG_USER_CONTEXT)
        why = self.session.reason or FailureCode.NOT_PROVEN
        return Quantity(value, reason=why if value in {None, "unknown"} else None)


class SessionProbe(Probe[SessionEvidence]):
    """Is this a remote session, and where does its media go."""

    id = "session"
    title = "Session"
    machine_only = True
    answers_by_profile = True

    @classmethod
    def answered(cls, evidence: SessionEvidence, profile: Profile) -> dict[str, Quantity]:
        """Redirection is switched on page by page."""
        urls = pages(profile)
        return {"media_redirection": evidence.redirected(urls), "media_at": evidence.handled(urls)}

    def deadline_s(self, profile: Profile) -> float:  # noqa: ARG002 - whatever the profile
        """Registry, files, processes and one tool."""
        return DEADLINE_S

    def summary(self, evidence: SessionEvidence) -> str | None:
        """Kind and agents."""
        if evidence.wrong_user:
            return f"run as {evidence.wrong_user}: not the agent's session"
        installed = evidence.products("agent_installed")
        if evidence.session.remote is False and not installed:
            return f"{evidence.session.kind}, no Citrix"
        kind = _SAID.get(evidence.session.kind, evidence.session.kind)
        return kind + (f", {', '.join(_SAID.get(one, one) for one in installed)} installed" if installed else "")

    def summary_under(self, evidence: SessionEvidence, profile: Profile) -> str | None:
        """And whether its media is redirected, for the profile's pages."""
        if evidence.remote.value is not True:
            return self.summary(evidence)
        redirected = evidence.redirected(pages(profile)).value
        said = "redirection unknown" if redirected is None else f"media {'' if redirected else 'not '}redirected"
        return f"{_SAID.get(evidence.session.kind, evidence.session.kind)} session, {said}"

    async def gather(self, context: Context) -> SessionEvidence:
        """What is installed, then the session, of which an API (Citrix', the system's) may hang."""
        machine = context.machine
        installed = await beside(lambda: _installed(machine), self.id)
        try:
            return await within(SESSION_LIMIT_S, lambda: _gathered(machine, installed), self.id)
        except OperationFailed as error:
            return replace(installed, session=replace(installed.session, reason=error.failure.code))


def _installed(machine: Machine) -> SessionEvidence:
    signals = (*agents(machine), *endpoint_clients(machine))
    return SessionEvidence(Session(signals=signals), processes_told=machine.processes() is not None)


def _gathered(machine: Machine, installed: SessionEvidence) -> SessionEvidence:
    wrong = wrong_user(machine)
    if wrong:
        return replace(installed, wrong_user=wrong)
    found = _READERS[machine.platform](machine)
    clients = (one for one in installed.session.signals if one.proves == "endpoint_client")
    return replace(installed, session=replace(found, signals=(*found.signals, *clients)))


def _redirects(redirection: Redirection, url: str) -> bool:
    """Whether a page is among those switched on."""
    return any(_matches(site, url) for site in redirection.sites or ())


def _matches(site: str, url: str) -> bool:
    """A URL with `*`, as Horizon takes it, or a host with up to one folder."""
    scheme, is_url, rest = site.lower().rpartition("://")
    host, _, folder = rest.partition("/")
    page = urlsplit(url.lower())
    if is_url:  # host by host, or a page could bring its own host in its path
        pairs = ((page.scheme, scheme), (page.netloc, host), (page.path, f"/{folder or '*'}"))
        return all(fnmatch.fnmatchcase(part, pattern) for part, pattern in pairs)
    return page.hostname == host and (page.path + "/").startswith(f"/{folder}/" if folder else "/")


__all__ = ["Kind", "SessionEvidence", "SessionProbe", "Signal"]
