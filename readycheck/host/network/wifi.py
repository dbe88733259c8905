"""The radio link of a Wi-Fi interface: signal, channel and band, never its name or its access point (privacy)."""

import json
import re
from typing import Any

from readycheck.host.machine import Machine, Output, text_of
from readycheck.host.network.netsh import blocks, link_of, refused
from readycheck.model.clean import clean
from readycheck.model.failure import FailureCode
from readycheck.model.network import Interface, Wifi

_NETSH = ("netsh", "wlan", "show", "interfaces")
_PROFILER = ("system_profiler", "-json", "SPAirPortDataType")
_IW = ("iw", "/usr/sbin/iw", "/sbin/iw")  # Debian keeps it where a user's PATH does not look
_WEAKEST_DBM, _STRONGEST_DBM = -150.0, 30.0
_MEGABIT = 1_000_000


def wifi(machine: Machine, interface: Interface) -> Wifi:
    """What this system tells of the link."""
    if machine.platform == "windows":
        return _windows(machine.output(*_NETSH), interface)
    return _macos(machine.output(*_PROFILER), interface) if machine.platform == "macos" else _linux(machine, interface)


def _windows(output: Output, interface: Interface) -> Wifi:
    """Since Windows 11 24H2 only where the location switch allows it."""
    if refused(output.text):
        return Wifi(failure=FailureCode.PERMISSION_DENIED)
    found = [(block, link) for block in blocks(output.text) if (link := link_of(block))]
    for own in (interface.description, interface.name):  # two adapters of one kind differ in their names
        for block, link in found:
            if own in {clean(value) for _, value in block}:
                return link
    return Wifi(failure=output.failure or FailureCode.COMPONENT_MISSING)


def _macos(output: Output, interface: Interface) -> Wifi:
    try:
        told = json.loads(output.text) if output.text else None
    except (ValueError, RecursionError):
        told = None
    links = [one for one in _objects(told) if one.get("_name") == interface.name]
    for link in links:
        current = link.get("spairport_current_network_information")
        if isinstance(current, dict):
            return _macos_link(current)
    return Wifi(failure=output.failure or FailureCode.COMPONENT_MISSING)


def _objects(told: Any) -> list[dict[str, Any]]:
    """The interfaces of every AirPort card."""
    cards = told.get("SPAirPortDataType") if isinstance(told, dict) else None
    listed_cards = cards if isinstance(cards, list) else []
    found = [card.get("spairport_airport_interfaces") for card in listed_cards if isinstance(card, dict)]
    return [one for listed in found if isinstance(listed, list) for one in listed if isinstance(one, dict)]


def _macos_link(current: dict[str, Any]) -> Wifi:
    """`-52 dBm / -92 dBm` is signal and noise, `36 (5GHz, 80MHz)` channel, band and width."""
    signal = re.match(r"(-?\d{1,3}) dBm", str(current.get("spairport_signal_noise", "")))
    place = re.match(r"(\d{1,3}) \((\d(?:\.\d)?)GHz", str(current.get("spairport_network_channel", "")))
    rate = current.get("spairport_network_rate")
    return _checked(
        signal_dbm=float(signal[1]) if signal else None,
        channel=int(place[1]) if place else None,
        band_ghz=_BANDS.get(place[2]) if place else None,
        speed_bps=rate * _MEGABIT if isinstance(rate, int) and rate > 0 else None,
    )


_BANDS = {"2": 2.4, "2.4": 2.4, "5": 5.0, "6": 6.0}


def _linux(machine: Machine, interface: Interface) -> Wifi:
    """Of `iw`, else of the older /proc/net/wireless, which some kernels still fill (wireless(7))."""
    output = Output(failure=FailureCode.COMPONENT_MISSING)
    for tool in _IW:
        output = machine.output(tool, "dev", interface.name, "link")
        if output.failure != FailureCode.COMPONENT_MISSING:
            break
    signal = re.search(r"^\s*signal: (-?\d{1,3}(?:\.\d+)?) dBm", output.text, re.MULTILINE)
    if signal:
        frequency = re.search(r"^\s*freq: (\d{4})", output.text, re.MULTILINE)
        rate = re.search(r"^\s*tx bitrate: (\d{1,6}(?:\.\d)?) MBit/s", output.text, re.MULTILINE)
        channel, band_ghz = place_of(int(frequency[1])) if frequency else (None, None)
        return _checked(
            signal_dbm=float(signal[1]),
            channel=channel,
            band_ghz=band_ghz,
            speed_bps=round(float(rate[1]) * _MEGABIT) if rate else None,
        )
    name = re.escape(interface.name)
    level = re.search(
        rf"^\s*{name}:\s+\S+\s+\S+\s+(-\d{{1,3}})\.", text_of(machine, "/proc/net/wireless"), re.MULTILINE
    )
    if level:
        return _checked(signal_dbm=float(level[1]))
    return Wifi(failure=output.failure or FailureCode.COMPONENT_MISSING)


def place_of(frequency_mhz: int) -> tuple[int | None, float | None]:
    """Channel and band of a centre frequency (IEEE 802.11-2020 annex E, 802.11ax-2021 for 6 GHz)."""
    if frequency_mhz == 2484:  # noqa: PLR2004 - channel 14, apart from the rest
        return 14, 2.4
    for first_mhz, last_mhz, origin_mhz, band_ghz in (
        (2412, 2472, 2407, 2.4),
        (5160, 5895, 5000, 5.0),
        (5935, 7125, 5950, 6.0),
    ):
        if first_mhz <= frequency_mhz <= last_mhz:
            return (frequency_mhz - origin_mhz) // 5, band_ghz
    return None, None


def _checked(
    signal_dbm: float | None, channel: int | None = None, band_ghz: float | None = None, speed_bps: int | None = None
) -> Wifi:
    """A signal that no radio has is none."""
    plausible = signal_dbm is not None and _WEAKEST_DBM < signal_dbm < _STRONGEST_DBM and signal_dbm != 0
    failure = None if plausible else FailureCode.COMPONENT_MISSING
    return Wifi(signal_dbm if plausible else None, None, channel, band_ghz, speed_bps, failure)
