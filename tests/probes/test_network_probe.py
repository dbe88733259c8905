"""The network probe on captured machines: VPN and each target's way, the link beneath, and machines that hang."""

import json
import threading
from typing import Any

import pytest

from readycheck.host.machine import COMMAND_TIMEOUT_S, Fact, Machine, Output, Told
from readycheck.host.recorded import RecordedMachine
from readycheck.probes import network
from tests.machines import machine
from tests.probes.collecting import Seen, collection_of, profile_of

RELAY, OTHER_RELAY, PAGE = "198.51.100.7", "198.51.100.8", "198.51.100.9"
MEDIA = {"ice_servers": [{"urls": [f"turn:{RELAY}:3478"]}]}
ALL = MEDIA | {"signalling": [{"url": f"https://{PAGE}/"}]}
WIFI_ADDRESS, TUNNEL_ADDRESS = "192.0.2.31", "10.8.0.6"
TUNNEL = {
    "name": "Acme VPN",
    "description": "PANGP Virtual Ethernet Adapter Secure",
    "type": 6,
    "is_up": True,
    "addresses": [TUNNEL_ADDRESS],
}


def laptop(**ways: Any) -> RecordedMachine:
    """The documented laptop on Wi-Fi, with a VPN client's tunnel, and routes by destination."""
    own = machine("laptop-jabra")
    netsh, ping = ("netsh", "wlan", "show", "interfaces"), ("ping", "-n", "2", "-w", "500", "192.0.2.1")
    return RecordedMachine(
        {
            "platform": "windows",
            "facts": {"interfaces": [*own.fact("interfaces").value, TUNNEL]},
            "commands": {" ".join(command): own.output(*command).text for command in (netsh, ping)},
            "processes": ways.pop("processes", []),
            "provenance": "documented",
            "source_addresses": {"*": WIFI_ADDRESS, "2001:db8::1": None} | ways,
        }
    )


async def seen_on(at: Machine, targets: dict[str, Any]) -> Seen:
    collection = collection_of("network", profile_of(targets), machine=at)
    await collection.collect()
    return Seen("network", collection)


@pytest.mark.parametrize(
    ("ways", "tunnel", "media", "signalling"),
    [
        ({"*": TUNNEL_ADDRESS}, "full", True, True),
        ({RELAY: TUNNEL_ADDRESS}, "split", True, False),
        ({PAGE: TUNNEL_ADDRESS}, "split", False, True),
        ({"*": TUNNEL_ADDRESS, RELAY: WIFI_ADDRESS}, "full", False, True),
    ],
)
async def test_way_of_each_target(ways: dict[str, str], tunnel: str, media: bool, signalling: bool) -> None:  # noqa: FBT001
    """Full and split tunnel, and what is taken out of either, are told per target; the link beneath stays Wi-Fi."""
    seen = await seen_on(laptop(**ways), ALL)

    assert seen.answer("vpn_active") == (True, None)
    assert seen.answer("vpn_tunnel") == (tunnel, None)
    assert seen.answer("media_via_vpn") == (media, None)
    assert seen.answer("media_via_vpn_ratio") == (float(media), None)
    assert seen.answer("signalling_via_vpn") == (signalling, None)
    assert seen.answer("link") == ("wifi", None)
    assert seen.answer("wifi_signal_dbm") == (-54.0, None)
    assert seen.answer("gateway_rtt_ms") == (4.0, None)


async def test_media_that_takes_both_ways_is_neither() -> None:
    """With one relay of two behind the VPN neither rule is met; the ratio tells how many are."""
    both = {"ice_servers": [{"urls": [f"turn:{RELAY}", f"turn:{OTHER_RELAY}"]}]}
    seen = await seen_on(laptop(**{RELAY: TUNNEL_ADDRESS}), both)

    assert seen.answer("media_via_vpn") == (None, "not_proven")
    assert seen.answer("media_via_vpn_ratio") == (0.5, None)


async def test_report_of_a_machine_with_very_many_adapters_stays_small() -> None:
    """Of hundreds with names without end 32 are kept: the one that is taken and the VPN's, wherever they stood."""
    noise = [
        {
            "name": f"{n}" + "x" * 10_000,
            "description": "y" * 10_000,
            "type": 6,
            "is_up": True,
            "addresses": [f"10.1.0.{n}"],
        }
        for n in range(240)
    ]
    at = laptop()
    at._facts["interfaces"] = [*noise, *at._facts["interfaces"]]
    seen = await seen_on(at, ALL)

    kept = [one["name"] for one in seen.evidence["interfaces"]]
    assert len(kept) == 32
    assert kept[:2] == ["Wi-Fi", "Acme VPN"]
    assert 208 <= seen.evidence["interfaces_left_out"] <= 215
    assert seen.answer("vpn_active") == (True, None)
    assert seen.answer("link") == ("wifi", None)
    assert len(json.dumps(seen.evidence)) < 50_000


async def test_networks_of_media_have_ways_too() -> None:
    """Where a profile names networks in place of relays, their first addresses stand for them."""
    seen = await seen_on(laptop(**{"203.0.113.0": TUNNEL_ADDRESS}), {"media": {"cidrs": ["203.0.113.0/24"]}})

    assert seen.answer("media_via_vpn") == (True, None)
    assert seen.answer("signalling_via_vpn") == (None, "not_configured")


async def test_agent_that_steers_packets_leaves_it_open() -> None:
    """Behind a filter of the kernel the routing table proves no direct way; a tunnel stays proof of a VPN."""
    direct = RecordedMachine(
        {
            "platform": "windows",
            "facts": {"interfaces": machine("laptop-jabra").fact("interfaces").value},
            "processes": ["explorer.exe", "ZSATunnel.exe"],
            "provenance": "documented",
            "source_addresses": {"*": WIFI_ADDRESS},
        }
    )
    seen = await seen_on(direct, MEDIA)
    tunnelled = await seen_on(laptop(**{"*": TUNNEL_ADDRESS, "processes": ["ZSATunnel.exe"]}), MEDIA)

    assert seen.answer("vpn_active") == (None, "not_proven")
    assert seen.answer("media_via_vpn") == (None, "not_proven")
    assert seen.evidence["agents"] == ["Zscaler Client Connector"]
    assert tunnelled.answer("media_via_vpn") == (True, None)


async def test_documented_laptop() -> None:
    """No VPN, Wi-Fi with signal, band and channel; the radio network's name stands nowhere."""
    seen = await seen_on(machine("laptop-jabra"), ALL)

    assert seen.answer("vpn_active") == (False, None)
    assert seen.answer("vpn_tunnel") == ("none", None)
    assert (seen.answer("wifi_band_ghz")[0], seen.answer("wifi_channel")[0]) == (5.0, 44)
    assert seen.answer("link_speed_bps") == (573_000_000, None)
    assert seen.summary == "Wi-Fi -54 dBm · first router 4.0 ms · no VPN"
    assert "ACME" not in json.dumps(seen.evidence)


async def test_location_switch_and_silent_router() -> None:
    """What Windows hides and what the router does not answer is null with its reason; the link stands."""
    seen = await seen_on(machine("laptop-poly-dongle"), ALL)

    assert seen.answer("link") == ("wifi", None)
    assert seen.answer("wifi_signal_dbm") == (None, "permission_denied")
    assert seen.answer("gateway_rtt_ms") == (None, "connection_timeout")


async def test_signal_in_per_cent_has_bounds() -> None:
    """An older Windows tells per cent: half a decibel of doubt, and no end above a hundred."""
    at = laptop()
    text = at.output("netsh", "wlan", "show", "interfaces").text.replace("    Rssi                   : -54\n", "")
    for percent, value, low, high in (
        (92, -54.0, -54.25, -53.75),
        (100, -50.0, -50.25, None),
        (0, -100.0, None, -99.75),
    ):
        at._outputs["netsh wlan show interfaces"] = text.replace("92%", f"{percent}%")
        collection = collection_of("network", profile_of(MEDIA), machine=at)
        await collection.collect()
        metric = collection.metrics["network.wifi_signal_dbm"]

        assert (metric.value, metric.low, metric.high) == (value, low, high)


async def test_captured_machine_claims_no_way_that_it_was_not_asked() -> None:
    """A split tunnel to the relay stood there unasked: neither direct nor without a route, though `*` is written."""
    captured = laptop(**{PAGE: WIFI_ADDRESS})
    captured.provenance = "seen"
    seen = await seen_on(captured, ALL)

    assert seen.answer("media_via_vpn") == (None, "not_proven")
    assert seen.answer("media_via_vpn_ratio") == (None, "not_proven")
    assert seen.answer("signalling_via_vpn") == (False, None)


@pytest.mark.parametrize("shown", [True, False])
async def test_report_holds_no_hardware_address_in_an_interfaces_name(shown: bool) -> None:  # noqa: FBT001 - a case
    """Linux names a dock's card by it: of two cards the vendor's half stays, and each is still told from the other."""
    names = ("enx8cf8c5012345", "enx8cf8c5abcdef")
    at = RecordedMachine(
        {
            "platform": "linux",
            "facts": {
                "interfaces": [
                    {"name": name, "is_up": True, "addresses": [address]}
                    for name, address in zip(names, (WIFI_ADDRESS, TUNNEL_ADDRESS), strict=True)
                ]
            },
            "files": {f"/sys/class/net/{name}/type": "1\n" for name in names},
            "processes": [],
            "source_addresses": {RELAY: TUNNEL_ADDRESS},
        }
    )
    collection = collection_of("network", profile_of(MEDIA), machine=at)
    collection.show_addresses = shown
    await collection.collect()
    evidence = Seen("network", collection).evidence

    expected = names if shown else ("enx8cf8c5000000", "enx8cf8c5000001")
    assert sorted(one["name"] for one in evidence["interfaces"]) == sorted(expected)
    assert evidence["carrier"] == evidence["targets"][0]["ways"][0]["interface"] == expected[1]
    assert all(name in json.dumps(evidence) for name in names) == shown


async def test_machine_without_a_route() -> None:
    """Nothing is claimed of a machine that is off the network."""
    at = RecordedMachine(
        {"platform": "linux", "facts": {"interfaces": []}, "processes": [], "source_addresses": {RELAY: None}}
    )
    seen = await seen_on(at, MEDIA)

    assert seen.observation.status == "collected"
    assert seen.answer("link") == (None, "unsupported_platform")
    assert seen.answer("media_via_vpn") == (None, "network_unreachable")
    assert seen.answer("gateway_rtt_ms") == (None, "network_unreachable")
    assert seen.answer("vpn_active") == (None, "not_proven")


async def test_name_that_does_not_exist_is_the_reason() -> None:
    """A target without an address has no way; the rest is told."""
    seen = await seen_on(machine("laptop-jabra"), {"ice_servers": [{"urls": ["turn:relay.invalid"]}]})

    assert seen.answer("media_via_vpn") == (None, "dns_not_found")
    assert seen.answer("link") == ("wifi", None)


class Hanging(RecordedMachine):
    """The laptop, one of whose answers never comes."""

    def __init__(self, *stuck: str) -> None:
        own = laptop()
        super().__init__(
            {
                "platform": "windows",
                "provenance": "documented",
                "processes": [],
                "source_addresses": {"*": WIFI_ADDRESS},
            }
        )
        self._facts, self._outputs = own._facts, own._outputs
        self.stuck, self.let_go = stuck, threading.Event()

    def _wait(self, what: str) -> None:
        if what in self.stuck:
            self.let_go.wait()

    def fact(self, name: Fact) -> Told:
        self._wait(name)
        return super().fact(name)

    def processes(self) -> frozenset[str] | None:
        self._wait("processes")
        return super().processes()

    def output(self, *command: str, timeout_s: float = COMMAND_TIMEOUT_S) -> Output:
        self._wait(command[0])
        return super().output(*command, timeout_s=timeout_s)

    def source_address(self, destination: str) -> Told:
        self._wait("source_address")
        return super().source_address(destination)


HUNG = "deadline_exceeded"


@pytest.mark.parametrize(
    ("stuck", "expected"),
    [
        ("interfaces", {"link": (None, HUNG), "vpn_active": (None, HUNG), "media_via_vpn": (None, HUNG)}),
        ("processes", {"link": ("wifi", None), "media_via_vpn": (None, "not_proven")}),
        ("source_address", {"link": (None, "unsupported_platform"), "vpn_active": (True, None)}),
        ("ping", {"gateway_rtt_ms": (None, HUNG), "wifi_signal_dbm": (-54.0, None)}),
        ("netsh", {"wifi_signal_dbm": (None, HUNG), "gateway_rtt_ms": (4.0, None), "link": ("wifi", None)}),
    ],
)
async def test_answer_that_never_comes_costs_its_own_limit(
    stuck: str, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The probe ends by itself, what hangs is null with the reason, and the rest stands."""
    for name in ("_LIST_LIMIT_S", "_WAY_LIMIT_S", "_TOOL_LIMIT_S"):
        monkeypatch.setattr(network, name, 0.2)
    at = Hanging(stuck)
    try:
        seen = await seen_on(at, MEDIA)
    finally:
        at.let_go.set()

    assert seen.observation.status == "collected"
    assert {name: seen.answer(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("ways", "imposed", "direct"),
    [({"*": TUNNEL_ADDRESS}, "pass", "fail"), ({PAGE: TUNNEL_ADDRESS}, "fail", "pass")],
)
async def test_both_rules_of_projects_can_be_written(ways: dict[str, str], imposed: str, direct: str) -> None:
    """One project sends teleworkers through the VPN, another wants media outside it."""
    from readycheck.cli.verdict import digests  # noqa: PLC0415 - of this test alone
    from readycheck.judge import Case, judge  # noqa: PLC0415 - the same

    rules = [
        {"id": "imposed", "metric": "network.media_via_vpn", "equals": True},
        {"id": "direct", "metric": "network.media_via_vpn", "equals": False},
    ]
    profile = profile_of(ALL, requirements=rules)
    collection = collection_of("network", profile, machine=laptop(**ways))
    await collection.collect()
    case = Case(collection.metrics, collection.observations, digests(profile), collection.clock.now().date())

    assert {one.requirement: one.status for one in judge(profile, case).findings} == {
        "imposed": imposed,
        "direct": direct,
    }
