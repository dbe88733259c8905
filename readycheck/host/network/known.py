"""Names by which VPNs, virtual adapters and steering agents are known; one that is not listed is not told.

Adapter descriptions as their drivers' INF files and public listings of Windows adapters give them; agents by their
vendors' lists of processes to allow.
"""

import re

_VPN_ADAPTERS = re.compile(
    r"AnyConnect|Cisco Secure Client|Cisco Systems VPN|PANGP|GlobalProtect|Fortinet (SSL ?VPN )?Virtual|FortiClient"
    r"|Zscaler|Juniper Networks? (Network Connect )?Virtual|Pulse Secure|Ivanti|WireGuard|Wintun|TAP-Windows|TAP-Win32"
    r"|OpenVPN|F5 (Networks )?VPN|F5 .*Access|Check Point Virtual|SonicWall|NetExtender|Citrix .*Virtual Adapter"
    r"|Netskope|Cloudflare WARP|Tailscale|ZeroTier|WAN Miniport \((IKEv2|L2TP|PPTP|SSTP)\)|IP-?HTTPS|Array Networks"
    r"|Barracuda .*VPN|SoftEther|VPN Client Adapter|Sophos (SSL |TAP|VPN)|WatchGuard|NordLynx|Stormshield|TheGreenBow"
    r"|\bNCP\b",
    re.IGNORECASE,
)
_VIRTUAL_ADAPTERS = re.compile(
    r"Hyper-V|vmxnet|VMware|VirtIO|VirtualBox|Xen(Server)? |XenNet|Citrix PV|Amazon Elastic|Elastic Network Adapter"
    r"|Microsoft Azure Network Adapter|Mellanox .*Virtual|Parallels|QEMU|Npcap|KM-TEST|Loopback Adapter"
    r"|Wi-Fi Direct Virtual|Kernel Debug|Network Adapter Multiplexor|Bridge"
    r"|Advanced Network Services|Virtual Function|Hosted Network",
    re.IGNORECASE,
)
_UNLISTED_TUNNELS = re.compile(r"VPN|Virtual|Tunnel|Secure Client", re.IGNORECASE)
_IPV6_TRANSITION = re.compile(r"Teredo|ISATAP|6to4", re.IGNORECASE)
_PHONES = re.compile(r"Apple Mobile Device Ethernet|Mobile Broadband", re.IGNORECASE)
_SHARED_BY_USB = re.compile(r"Remote NDIS|Bluetooth", re.IGNORECASE)

VIRTUAL_DRIVERS = frozenset({"virtio_net", "hv_netvsc", "vmxnet3", "xen-netfront", "vif", "ena", "gve", "mana"})
"""Linux drivers of network cards that a hypervisor makes up."""

AGENTS = {
    "zsatunnel": "Zscaler Client Connector",
    "stagentsvc": "Netskope Client",
    "charon": "strongSwan",
    "charon-systemd": "strongSwan",
    "charon-nm": "strongSwan",
    "pluto": "Libreswan",
}
"""Processes, in lower case, that take traffic away by a filter or a policy of the kernel: no interface tells of it."""


def is_vpn_adapter(description: str) -> bool:
    """Whether a VPN client's driver calls its adapter so."""
    return bool(_VPN_ADAPTERS.search(description))


def is_virtual_adapter(description: str) -> bool:
    """Whether a hypervisor's driver, or one that joins adapters, calls its adapter so."""
    return bool(_VIRTUAL_ADAPTERS.search(description))


def may_be_vpn_adapter(description: str) -> bool:
    """Whether the words of an adapter of neither list leave it open."""
    return bool(_UNLISTED_TUNNELS.search(description))


def is_ipv6_transition(description: str) -> bool:
    """Whether it is one of Windows' tunnels for IPv6 over IPv4, which hide nothing."""
    return bool(_IPV6_TRANSITION.search(description))


def is_phone(description: str) -> bool:
    """Whether a telephone, or a modem, shares its mobile network there."""
    return bool(_PHONES.search(description))


def is_shared_by_usb(description: str) -> bool:
    """Whether something behind a cable or Bluetooth shares a network of a kind that it does not tell."""
    return bool(_SHARED_BY_USB.search(description))


def steering_agents(processes: frozenset[str]) -> tuple[str, ...]:
    """Products among the running processes that may carry any packet elsewhere than the routing table says."""
    return tuple(sorted({AGENTS[name] for name in processes if name in AGENTS}))
