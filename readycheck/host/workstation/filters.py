"""Products that take UDP packets into their own hands before the network card does; those that are known, no others.

What is known of each, and by whom:
- Zscaler's and Netskope's clients forward any port and protocol to their cloud where they are told so
  (help.zscaler.com, Z-Tunnel 2.0; docs.netskope.com, Client Support in Cloud Firewall).
- Kaspersky's and ESET's drivers hold UDP in the Windows Filtering Platform, so that other filters could not act on it
  (AdGuard for Windows, issues 1497, 1565, 1705).
- SmartByte and Killer give each program's traffic a priority and a share (Dell's white paper; techreport.com, 2015).
- strongSwan and Libreswan take packets by IPsec policies that no route shows (RFC 4301 section 4.4).
The names of services are those of public listings; none was seen on a machine.
"""

from dataclasses import dataclass

from readycheck.host.machine import Machine
from readycheck.host.network.known import AGENTS
from readycheck.host.registry import number_of
from readycheck.model.failure import FailureCode

_SERVICES = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services"
_DRIVERS = {
    "klwfp": "Kaspersky",
    "epfwwfp": "ESET",
    "SmartByte Network Service x64": "SmartByte",
    "Killer Network Service": "Killer",
}
"""Windows' names of services and drivers."""
_LAST_AUTOMATIC_START = 2  # 0 boot, 1 system, 2 automatic; 3 on demand, 4 disabled


@dataclass(frozen=True)
class UdpFilter:
    """One product, and the sign by which it was found."""

    product: str
    sign: str


def udp_filters(machine: Machine) -> tuple[UdpFilter, ...] | FailureCode:
    """Those that run, or that start with the machine; why nobody knows."""
    processes = machine.processes()
    if processes is None:
        return FailureCode.COMPONENT_MISSING
    running = [UdpFilter(product, f"process {name}") for name, product in AGENTS.items() if name in processes]
    started = [
        UdpFilter(product, f"service {name}")
        for name, product in _DRIVERS.items()
        if (start := number_of(machine.registry.values(rf"{_SERVICES}\{name}").get("start"))) is not None
        and start <= _LAST_AUTOMATIC_START
    ]
    return tuple(running + started)
