"""Media redirection on Windows: whether the session hands a page's calls to the endpoint, as far as this side tells.

Citrix: policy and Workspace app together set MSTeamsRedirSupport, which every program on its WebRTC SDK reads; the
service listens on 127.0.0.1:9002 and serves the programs on its list (CTX692313). Horizon: off unless
WebRTCRedirSDKWebApp says otherwise, for the pages of UrlAllowList, with clients for Windows from 8.15; of VMware's
agents the places and clients are not documented, so that nothing is proved by their absence. AVD: the host component
and its client, for pages of AllowedCallRedirectionSites and of a list of its own; the client is told to the page alone,
so that nothing here proves it. WorkSpaces: off unless a policy says otherwise, and that policy's name is not
documented. Plain RDP has none. Every browser that may be used must be covered, or nobody knows which one will be.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from readycheck.host.browser import windows
from readycheck.host.machine import Machine
from readycheck.host.paths import expanded
from readycheck.host.registry import Value, number_of, text_of
from readycheck.host.session.installed import HKCU, HKLM, OMNISSA_AGENT, VMWARE_AGENT, key_exists
from readycheck.host.session.signal import Kind, Proves, Redirection, Signal, signal
from readycheck.model.clean import clean

Found = tuple[Redirection, list[Signal]]

_CITRIX_SERVICE = "websocketservice"
_CITRIX_USER = rf"{HKCU}\SOFTWARE\Citrix\HDXMediaStream"
_CITRIX_PROGRAMS = rf"{HKLM}\SOFTWARE\WOW6432Node\Citrix\WebSocketService"
_CITRIX_BROWSERS = {"chrome.exe": "chrome", "msedge.exe": "edge"}
_HORIZON = (r"SOFTWARE\Policies\Omnissa\Horizon\WebRTCRedirSDKWebApp",)
_VMWARE = (
    r"SOFTWARE\Policies\VMware, Inc.\VMware WebRTCRedirSDKWebApp",
    r"SOFTWARE\Policies\VMware, Inc.\VMware WebRTCRedir",
)
_HORIZON_BROWSERS = {"chrome_enabled": "chrome", "edge_chrome_enabled": "edge"}
_HORIZON_CLIENT = (8, 15)
_MMR_HOST = r"%ProgramFiles%\MsRDCMMRHost\MsMmrHost.exe"
_MMR_EXTENSIONS = (
    r"Microsoft\Edge\3rdparty\extensions\joeclbldhdmoijbaagobkhlpfjglcihd\policy",
    r"Google\Chrome\3rdparty\extensions\lfmemoeeciijgkjkgbgikoonlkabmlno\policy",
)
_WORKSPACES = rf"{HKLM}\SOFTWARE\Policies\Amazon\WSP"
_MOST_SITES = 100


def redirection(machine: Machine, kind: Kind, horizon: Mapping[str, str]) -> Found:
    """Of a session of this kind; `horizon` are its ViewClient_… variables, in lower case."""
    readers: dict[Kind, Callable[[], Found]] = {
        "citrix_ica": lambda: _citrix(machine),
        "horizon": lambda: _horizon(machine, horizon),
        "avd": lambda: _avd(machine),
        "workspaces": lambda: _workspaces(machine),
        "rdp": lambda: _rdp(machine),
    }
    reader = readers.get(kind)
    return reader() if reader else (Redirection(), [])


def _citrix(machine: Machine) -> Found:
    running = machine.processes()
    number = machine.fact("session_id").value
    policies = machine.registry.values(rf"{HKLM}\SOFTWARE\Policies\Citrix\{number}\User\MultimediaPolicies")
    serves = None if running is None else _CITRIX_SERVICE in running
    policy = number_of(policies.get("teamsredirection"))
    negotiated = number_of(machine.registry.values(_CITRIX_USER).get("msteamsredirsupport"))
    programs = _lines(machine.registry.values(_CITRIX_PROGRAMS).get("processwhitelist"))
    browsers = _covers(machine, {name for program, name in _CITRIX_BROWSERS.items() if program in programs})
    signals = [
        _told("WebSocketService.exe", serves, "citrix"),
        _told("TeamsRedirection", policy, "citrix"),
        _told("MSTeamsRedirSupport", negotiated, "citrix"),
        signal("ProcessWhitelist", ", ".join(programs), _proves(browsers or None), "citrix"),
    ]
    ready = _all(serves, negotiated, browsers or None) if policy != 0 else False
    return Redirection(ready), signals


def _horizon(machine: Machine, variables: Mapping[str, str]) -> Found:
    by_vmware = key_exists(machine, VMWARE_AGENT) and not key_exists(machine, OMNISSA_AGENT)
    places = (*_HORIZON, *_VMWARE) if by_vmware else _HORIZON
    values = _first(machine, places)
    sites = list(_first(machine, [rf"{place}\UrlAllowList" for place in places]))
    version = variables.get("viewclient_client_version", "")
    new_enough = _at_least(version, _HORIZON_CLIENT)
    is_windows = variables.get("viewclient_type", "").lower() == "windows"
    enabled = number_of(values.get("enabled"))
    flags = {name: number_of(values.get(value)) == 1 for value, name in _HORIZON_BROWSERS.items()}
    parts: dict[str, tuple[str, bool | None]] = {
        "WebRTCRedirSDKWebApp enabled": (_shown(enabled), enabled == 1),
        ", ".join(_HORIZON_BROWSERS): (
            ", ".join(_shown(number_of(values.get(value))) for value in _HORIZON_BROWSERS),
            _covers(machine, {name for name, on in flags.items() if on}),
        ),
        "UrlAllowList": (" ".join(sites), bool(sites)),
        "ViewClient_Type": (variables.get("viewclient_type", ""), new_enough if is_windows else None),
        "ViewClient_Client_Version": (version, new_enough),
    }
    if by_vmware and enabled != 0:  # what is missing may be told elsewhere
        parts = {source: (value, part or None) for source, (value, part) in parts.items()}
    signals = [signal(source, value, _proves(part), "horizon") for source, (value, part) in parts.items()]
    return Redirection(_all(*(part for _, part in parts.values())), _cleaned(sites)), signals


def _avd(machine: Machine) -> Found:
    installed = _has_mmr_host(machine)
    values = [_merged(machine, rf"SOFTWARE\Policies\{place}") for place in _MMR_EXTENSIONS]
    sites = [site for one in values for site in text_of(one.get("allowedcallredirectionsites")).split(";") if site]
    signals = [
        _told("MsMmrHost.exe", installed, "avd"),
        signal(
            "AllowedCallRedirectionSites", " ".join(sites), "redirection" if sites else "redirection_unknown", "avd"
        ),
        signal("mmrClientVersion", "told to the page alone", "redirection_unknown", "avd"),
    ]
    return Redirection(None if installed else False, _cleaned(sites)), signals


def _workspaces(machine: Machine) -> Found:
    configured = key_exists(machine, _WORKSPACES)
    extensions = number_of(machine.registry.values(_WORKSPACES).get("hc_toggle_extensions"))
    running = machine.processes() or frozenset()
    by_dcv = bool(running & {"dcvserver", "dcvagent"})
    signals = [
        _told("DCV", by_dcv, "workspaces"),
        signal(_WORKSPACES, "there" if configured else "absent", _proves(None if configured else False), "workspaces"),
        _told("hc_toggle_extensions", extensions, "workspaces"),
    ]
    ready = None if by_dcv and configured and extensions != 0 else False
    return Redirection(ready), signals


def _rdp(machine: Machine) -> Found:
    """The component of AVD is the only one that RDP has."""
    installed = _has_mmr_host(machine)
    return Redirection(None if installed else False), [
        signal("MsMmrHost.exe", "there" if installed else "absent", _proves(None if installed else False), "rdp")
    ]


def _has_mmr_host(machine: Machine) -> bool:
    path = expanded(machine, _MMR_HOST)
    return bool(path and machine.paths(path))


def _all(*parts: int | None) -> bool | None:
    """False if one part is known to be missing, True if all are known to be there."""
    if any(part is not None and not part for part in parts):
        return False
    return None if None in parts else True


def _covers(machine: Machine, names: set[str]) -> bool | None:
    """Whether all browsers that may be used are among these, the default being one; None if only some are."""
    used = {"chrome", "edge", windows.default(machine).name or "edge"}
    return True if used <= names else None if names else False


def _shown(value: int | None) -> str:
    return "absent" if value is None else str(value).lower()


def _told(source: str, value: int | None, of: str) -> Signal:
    return signal(source, _shown(value), _proves(None if value is None else bool(value)), of)


def _proves(part: int | None) -> Proves:
    if part is None:
        return "redirection_unknown"
    return "redirection" if part else "no_redirection"


def _merged(machine: Machine, path: str) -> dict[str, Value]:
    """The machine's policies above the user's."""
    return {**machine.registry.values(rf"{HKCU}\{path}"), **machine.registry.values(rf"{HKLM}\{path}")}


def _first(machine: Machine, places: Sequence[str]) -> dict[str, Value]:
    """Values of several places, the first counting."""
    found: dict[str, Value] = {}
    for place in reversed(places):
        found |= _merged(machine, place)
    return found


def _lines(value: Value | None) -> list[str]:
    return [line.strip().lower() for line in (value if isinstance(value, list) else text_of(value).split(";")) if line]


def _cleaned(sites: list[str]) -> tuple[str, ...]:
    return tuple(clean(site.strip()) for site in sites[:_MOST_SITES])


def _at_least(version: str, least: tuple[int, int]) -> bool | None:
    found = re.match(r"(\d{1,6})\.(\d{1,6})", version)
    return (int(found[1]), int(found[2])) >= least if found else None
