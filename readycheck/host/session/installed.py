"""VDI agents and endpoints' clients that are installed: a machine's facts, whoever is signed in."""

from readycheck.host.machine import Machine
from readycheck.host.paths import expanded
from readycheck.host.registry import number_of
from readycheck.host.session.signal import Signal, signal

HKLM, HKCU = "HKEY_LOCAL_MACHINE", "HKEY_CURRENT_USER"
AVD_AGENT = rf"{HKLM}\SOFTWARE\Microsoft\RDInfraAgent"
VMWARE_AGENT = rf"{HKLM}\SOFTWARE\VMware, Inc.\VMware VDM\Agent"
OMNISSA_AGENT = rf"{HKLM}\SOFTWARE\Omnissa\Horizon\Agent"

_AGENT_KEYS = {
    rf"{HKLM}\SOFTWARE\Citrix\VirtualDesktopAgent": "citrix",
    VMWARE_AGENT: "horizon",
    OMNISSA_AGENT: "horizon",
    AVD_AGENT: "avd",
    rf"{HKLM}\SOFTWARE\Amazon\SkyLight": "workspaces",
}
_AGENT_FOLDERS = {
    "/opt/Citrix/VDA": "citrix",
    "/usr/lib/vmware/viewagent": "horizon",
    "/usr/lib/omnissa/viewagent": "horizon",
}
_STREAMING = {
    "dcvserver": "dcv",
    "dcvagent": "dcv",
    "pcoip_server_win32": "pcoip",
    "pcoip-server": "pcoip",
}
"""Servers that show a console elsewhere, unnoticed by the system: their processes."""

_CLIENT_KEYS = {
    rf"{HKLM}\SOFTWARE\WOW6432Node\Citrix\ICA Client": "citrix_workspace",
    rf"{HKLM}\SOFTWARE\Citrix\ICA Client": "citrix_workspace",
    rf"{HKLM}\SOFTWARE\WOW6432Node\VMware, Inc.\VMware VDM\Client": "horizon_client",
    rf"{HKLM}\SOFTWARE\VMware, Inc.\VMware VDM\Client": "horizon_client",
    rf"{HKLM}\SOFTWARE\Omnissa\Horizon\Client": "horizon_client",
}
_WINDOWS_CLIENT_FILES = {
    r"%ProgramFiles(x86)%\Citrix\ICA Client\HdxRtcEngine.exe": "citrix_hdx_rtc_engine",
    r"%ProgramFiles%\Remote Desktop\msrdc.exe": "remote_desktop",
    r"%LOCALAPPDATA%\Apps\Remote Desktop\msrdc.exe": "remote_desktop",
    r"%LOCALAPPDATA%\Packages\MicrosoftCorporationII.Windows365_*": "windows_app",
    r"%ProgramFiles%\Amazon Web Services, Inc\Amazon WorkSpaces\workspaces.exe": "workspaces_client",
}
_CLIENT_FILES = {
    "macos": {
        "/Applications/Citrix Workspace.app": "citrix_workspace",
        "/Applications/VMware Horizon Client.app": "horizon_client",
        "/Applications/Omnissa Horizon Client.app": "horizon_client",
        "/Applications/Windows App.app": "windows_app",
        "/Applications/Microsoft Remote Desktop.app": "remote_desktop",
        "/Applications/WorkSpaces.app": "workspaces_client",
    },
    "linux": {
        "/opt/Citrix/ICAClient": "citrix_workspace",
        "/opt/Citrix/ICAClient/util/HdxRtcEngine": "citrix_hdx_rtc_engine",
        "/usr/bin/vmware-view": "horizon_client",
        "/usr/bin/horizon-client": "horizon_client",
        "/opt/workspacesclient/workspacesclient": "workspaces_client",
    },
    "windows": _WINDOWS_CLIENT_FILES,
}


def agents(machine: Machine) -> list[Signal]:
    """Agents that make sessions of this machine, by the key or folder that their installer leaves."""
    found = [
        signal(key, _agent_value(machine, key), "agent_installed", of)
        for key, of in _AGENT_KEYS.items()
        if key_exists(machine, key)
    ]
    found += [
        signal(path, "there", "agent_installed", of) for path, of in _AGENT_FOLDERS.items() if machine.paths(path)
    ]
    return found + streaming_servers(machine)


def streaming_servers(machine: Machine) -> list[Signal]:
    """Running servers of DCV and PCoIP; none where processes can't be told, which proves nothing."""
    running = machine.processes() or frozenset()
    return [
        signal("process", name, "agent_installed", of) for name, of in sorted(_STREAMING.items()) if name in running
    ]


def endpoint_clients(machine: Machine) -> list[Signal]:
    """Programs that show sessions of other machines here: then media that is redirected is handled here."""
    found = [
        signal(key, "there", "endpoint_client", of) for key, of in _CLIENT_KEYS.items() if key_exists(machine, key)
    ]
    for pattern, of in _CLIENT_FILES[machine.platform].items():
        path = expanded(machine, pattern)
        if path and machine.paths(path):
            found.append(signal(pattern, "there", "endpoint_client", of))
    return found


def key_exists(machine: Machine, key: str) -> bool:
    """Whether a key holds anything: one that is empty is what an uninstaller left."""
    return bool(machine.registry.values(key) or machine.registry.subkeys(key))


def _agent_value(machine: Machine, key: str) -> str:
    """What the key says of itself, where that matters: whether an AVD agent is registered."""
    if key != AVD_AGENT:
        return "there"
    is_registered = number_of(machine.registry.values(key).get("isregistered"))
    return f"IsRegistered={is_registered}"
