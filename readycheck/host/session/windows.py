"""Windows: the session's protocol as the system, Citrix' API, Horizon's variables and AVD's listener tell it.

A virtual desktop may look like a console to Windows (WTSClientProtocolType 0), and an image opened at its hypervisor's
console has every agent installed and no remote session: so what an agent could have taken over is a console only if the
agent itself says that it has not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from readycheck.host.machine import Fact, Machine, Told
from readycheck.host.registry import number_of, text_of
from readycheck.host.session.installed import HKCU, HKLM, agents, key_exists
from readycheck.host.session.redirection import redirection
from readycheck.host.session.signal import Kind, Proves, Session, Signal, signal

CONSOLE, ICA, RDP = 0, 1, 2
"""WTSClientProtocolType, and WFGetActiveProtocol's answers."""

_TERMINAL_SERVER = rf"{HKLM}\SYSTEM\CurrentControlSet\Control\Terminal Server"
_CITRIX_SESSION = rf"{HKLM}\SOFTWARE\Citrix\Ica\Session"
_STREAMING = {"dcv", "pcoip"}
_VIEWS = {"BLAST", "PCOIP", "RDP"}
_VOLATILE = rf"{HKCU}\Volatile Environment"
_VIEW_CLIENT = ("viewclient_protocol", "viewclient_type", "viewclient_client_version")
"""What Horizon tells of its client; the rest of its variables are about the person."""
_PROTOCOLS: dict[int | None, str] = {CONSOLE: "console", ICA: "citrix_ica", RDP: "rdp"}


@dataclass(frozen=True)
class _Asked:
    """The answers that decide, None where there is none."""

    protocol: int | None
    citrix_protocol: int | None
    is_remote: bool | None
    is_glass: bool | None
    """Whether it is the session of the screen that is plugged in."""
    name: str
    """SESSIONNAME: as it was when the process started, which a reconnection may have changed."""
    has_ica_connection: bool
    horizon: dict[str, str]
    agents: frozenset[str]
    avd_registered: bool
    processes_told: bool
    """DCV and PCoIP, which show a console elsewhere, are known by their processes alone."""


def session(machine: Machine) -> Session:
    """The session of this process."""
    installed = agents(machine)
    asked = _ask(machine, installed)
    kind = _kind(asked)
    remote = None if kind == "unknown" else kind != "console"
    told = Told() if remote is not None else machine.fact("wts_client_protocol")
    signals = (*installed, *_signals(asked, kind))
    found, more = redirection(machine, kind, asked.horizon)
    return Session(kind, remote, found, (*signals, *more), told.failure)


def _ask(machine: Machine, installed: Sequence[Signal]) -> _Asked:
    number = _whole(machine, "session_id")
    glass = number_of(machine.registry.values(_TERMINAL_SERVER).get("glasssessionid"))
    is_remote = machine.fact("remote_session").value
    return _Asked(
        protocol=_whole(machine, "wts_client_protocol"),
        citrix_protocol=_whole(machine, "citrix_active_protocol"),
        is_remote=bool(is_remote) if isinstance(is_remote, int) else None,
        is_glass=None if number is None or glass is None else number == glass,
        name=machine.environment.get("SESSIONNAME", "").lower(),
        has_ica_connection=number is not None and key_exists(machine, rf"{_CITRIX_SESSION}\{number}\Connection"),
        horizon=_horizon(machine, number),
        agents=frozenset(one.of for one in installed),
        avd_registered=any(one.of == "avd" and one.value == "IsRegistered=1" for one in installed),
        processes_told=machine.processes() is not None,
    )


def _whole(machine: Machine, fact: Fact) -> int | None:
    value = machine.fact(fact).value
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _horizon(machine: Machine, number: int | None) -> dict[str, str]:
    """Of this session: in the environment, or in the registry for what began before it connected."""
    found = {name: machine.environment.get(name, "") for name in _VIEW_CLIENT}
    for key in (_VOLATILE, *([rf"{_VOLATILE}\{number}"] if number is not None else [])):
        values = machine.registry.values(key)
        found |= {name: text_of(values[name]) for name in _VIEW_CLIENT if name in values}
    return {name: value for name, value in found.items() if value}


def _kind(asked: _Asked) -> Kind:
    if ICA in (asked.protocol, asked.citrix_protocol):
        return "citrix_ica"
    view = asked.horizon.get("viewclient_protocol", "").upper()
    if view in _VIEWS and "horizon" in asked.agents and (asked.protocol != RDP or view == "RDP"):
        return "horizon"
    if asked.protocol == RDP or (asked.protocol is None and asked.is_remote and asked.name.startswith("rdp-")):
        by_agent = asked.avd_registered and not asked.name.startswith("rdp-tcp")
        return "avd" if by_agent or asked.name.startswith("rdp-sxs") else "rdp"
    if asked.protocol == CONSOLE and "workspaces" in asked.agents and asked.agents & _STREAMING:
        return "workspaces"
    if asked.name.startswith("ica-") and asked.has_ica_connection:
        return "citrix_ica"
    return "console" if _is_console(asked, view) else "unknown"


def _is_console(asked: _Asked, view: str) -> bool:
    """Nothing contradicts, and what could have taken the console over says that it has not."""
    by_api = asked.protocol == CONSOLE
    by_name = asked.protocol is None and asked.is_remote is False and asked.name == "console"
    contradicted = asked.is_remote or asked.is_glass is False or view or asked.name.startswith(("ica-", "rdp-"))
    taken_over = asked.agents & {"workspaces", *_STREAMING} or not asked.processes_told
    citrix_unasked = "citrix" in asked.agents and asked.citrix_protocol != CONSOLE
    return (by_api or (by_name and not asked.agents)) and not (contradicted or taken_over or citrix_unasked)


def _signals(asked: _Asked, kind: Kind) -> list[Signal]:
    """What was answered: proof where it fits what all of it together comes to, else a hint."""
    by_name = {"console": "console", "rdp-sxs": "avd", "rdp-tcp": "rdp", "ica-": "citrix_ica"}
    seen: list[tuple[str, object, str]] = [
        ("WTSClientProtocolType", asked.protocol, _PROTOCOLS.get(asked.protocol, "unknown")),
        ("WFGetActiveProtocol", asked.citrix_protocol, _PROTOCOLS.get(asked.citrix_protocol, "unknown")),
        ("ViewClient_Protocol", asked.horizon.get("viewclient_protocol"), "horizon"),
        (
            "SESSIONNAME",
            asked.name or None,
            next((of for start, of in by_name.items() if asked.name.startswith(start)), "unknown"),
        ),
        ("process", ", ".join(sorted(asked.agents & _STREAMING)) or None, "workspaces"),
        (_CITRIX_SESSION, "Connection" if asked.has_ica_connection else None, "citrix_ica"),
        ("SM_REMOTESESSION", asked.is_remote, "remote" if asked.is_remote else "console"),
        ("GlassSessionId", asked.is_glass, "console" if asked.is_glass else "remote"),
    ]
    return [signal(source, value, _proves(of, kind), of) for source, value, of in seen if value is not None]


def _proves(of: str, kind: Kind) -> Proves:
    if kind == "unknown" or of == "unknown":
        return "hint"
    if kind == "console":
        return "local" if of == "console" else "hint"
    return "remote" if of in {kind, "remote"} or (of == "rdp" and kind in {"avd", "horizon"}) else "hint"
