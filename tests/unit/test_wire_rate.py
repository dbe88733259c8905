"""What one call takes on the wire, against the table that was computed by hand and against a capture."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readycheck.probes.path import payload_byte
from readycheck.profile.measuring import CallSettings
from readycheck.rtc.wire_rate import (
    G711,
    G722,
    G729,
    RTCP_BPS,
    Codec,
    Layer,
    Relay,
    Vpn,
    Way,
    opus,
)

SRTP_GCM = Layer(0, trailer_byte=16)  # RFC 7714 section 13.1, as aiortc agrees on

COLUMNS = {
    "IPv4": Way(),
    "IPv6": Way(ip_version=6),
    "GCM v4": Way(srtp=SRTP_GCM),
    "TURN/UDP": Way(Relay.UDP),
    "TURN/TCP": Way(Relay.TCP),
    "TURN/TLS1.2": Way(Relay.TLS12),
    "TURN/TLS1.3": Way(Relay.TLS13),
    "WireGuard": Way(vpn=Vpn.WIREGUARD),
    "ESP-GCM NAT-T": Way(vpn=Vpn.IPSEC_GCM),
    "ESP-CBC NAT-T": Way(vpn=Vpn.IPSEC_CBC),
    "DTLS VPN": Way(vpn=Vpn.DTLS),
    "TLS VPN": Way(vpn=Vpn.TLS),
    "WG + TURN/TLS1.3": Way(Relay.TLS13, Vpn.WIREGUARD),
}
TABLE = [
    (opus(24_000), "48.9 56.9 51.3 50.5 60.9 72.5 69.7 76.9 73.7 80.1 75.3 84.5 96.1", 64.1),
    (opus(32_000), "56.9 64.9 59.3 58.5 68.9 80.5 77.7 83.3 81.7 86.5 83.3 92.5 102.5", 72.1),
    (opus(40_000), "64.9 72.9 67.3 66.5 76.9 88.5 85.7 89.7 89.7 92.9 91.3 100.5 115.3", 80.1),
    (opus(64_000), "88.9 96.9 91.3 90.5 100.9 112.5 109.7 115.3 113.7 118.5 115.3 124.5 134.5", 104.1),
    (G711, "85.7 93.7 88.1 87.3 97.7 109.3 106.5 115.3 110.5 118.5 112.1 121.3 134.5", 100.9),
]


@pytest.mark.parametrize(("codec", "row", "ethernet_kbps"), TABLE)
def test_rates_equal_the_hand_computed_table(codec: Codec, row: str, ethernet_kbps: float) -> None:
    """Each codec by each way at 20 ms, kbit/s at the IP layer; the last column counts Ethernet frames."""
    expected = dict(zip(COLUMNS, map(float, row.split()), strict=True))

    assert {name: way.bps(codec) / 1000 for name, way in COLUMNS.items()} == expected
    assert Way().ethernet_bps(codec) / 1000 == ethernet_kbps


def test_rate_equals_a_capture() -> None:
    """A call of 28.0 kbit/s with GCM showed 53.8 kbit/s of RTP in tcpdump."""
    assert (Way(srtp=SRTP_GCM).bps(opus(28_000)) - RTCP_BPS) / 1000 == pytest.approx(53.8, rel=0.005)


def test_g722_takes_what_g711_does_and_g729_less() -> None:
    """64 kbit/s both; 8 kbit/s is 20 octets in 50 packets, under 50 octets of headers."""
    assert Way().bps(G722) == Way().bps(G711)
    assert Way().bps(G729) == 70 * 8 * 50 + RTCP_BPS


def test_openvpn_adds_its_header_tag_udp_and_ip() -> None:
    """OpenVPN 2.7 with AES-GCM: 4 + 8 + 16, then 8 + 20."""
    assert Way(vpn=Vpn.OPENVPN).packet_byte(G711) == Way().packet_byte(G711) + 56


def test_ipv6_costs_forty_octets_more_in_a_tunnel() -> None:
    """Twenty inside and twenty outside, where nothing is filled up."""
    inside = Way(vpn=Vpn.OPENVPN, ip_version=6)

    assert inside.packet_byte(G711) == Way(vpn=Vpn.OPENVPN).packet_byte(G711) + 40


def test_longer_packets_have_fewer_headers() -> None:
    """40 ms halve the headers; 60 ms give no whole number of packets a second, and the rate is rounded up."""
    assert Way().bps(opus(32_000, 40)) == (160 + 58) * 8 * 25 + RTCP_BPS
    assert Way().bps(opus(32_000, 60)) == 39_734 + RTCP_BPS  # 298 octets 16.67 times a second


@pytest.mark.parametrize(("bitrate_bps", "ptime_ms"), [(32_000, 20), (24_000, 60), (510_000, 10)])
def test_packets_are_those_that_path_sends(bitrate_bps: int, ptime_ms: int) -> None:
    """The paper counts what the probe puts into a datagram."""
    call = CallSettings.model_validate({"bitrate_bps": bitrate_bps, "ptime_ms": ptime_ms})

    assert Way().packet_byte(opus(bitrate_bps, ptime_ms)) == payload_byte(call) + 8 + 20


@given(byte=st.integers(0, 5000), block=st.integers(1, 64), inside=st.integers(0, 8))
def test_a_layer_fills_up_to_whole_blocks(byte: int, block: int, inside: int) -> None:
    """Never less than it carries, never a whole block too much."""
    filled = Layer(0, block_byte=block, in_block_byte=inside).around(byte)

    assert filled % block == 0
    assert 0 <= filled - byte - inside < block


@given(
    relay=st.sampled_from(Relay),
    vpn=st.sampled_from(Vpn),
    bitrate_bps=st.integers(6_000, 500_000),
    ptime_ms=st.sampled_from((10, 20, 40, 60)),
)
def test_every_way_costs_more_than_going_direct(relay: Relay, vpn: Vpn, bitrate_bps: int, ptime_ms: int) -> None:
    """And IPv6 more than IPv4, Ethernet more than IP, a higher bit rate no less."""
    codec, way = opus(bitrate_bps, ptime_ms), Way(relay, vpn)

    assert way.bps(codec) >= Way().bps(codec)
    assert Way(relay, vpn, 6).bps(codec) >= way.bps(codec)
    assert way.ethernet_bps(codec) > way.bps(codec)
    assert way.bps(opus(bitrate_bps + 8_000, ptime_ms)) >= way.bps(codec)
