"""What one call takes on the wire: the codec's octets and every header around them, one direction, IP layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

RTCP_BPS = 1_700
"""Reports of both ends (RFC 3550 section 6.4), about 212 octets a second; an allowance, alike for every way."""
ETHERNET_BYTE = 8 + 14 + 4 + 12
"""Preamble, header, frame check sequence and gap of each frame (IEEE 802.3 clauses 3 and 4.4.2)."""
LARGEST_SAFE_BYTE = 1_280
"""What every link carries in one piece (RFC 8200 section 5)."""


class Relay(StrEnum):
    """How the media reaches the TURN server; none goes direct."""

    NONE = "none"
    UDP = "udp"
    TCP = "tcp"
    TLS12 = "tls12"
    TLS13 = "tls13"


class Vpn(StrEnum):
    """The tunnel that the media goes through."""

    NONE = "none"
    WIREGUARD = "wireguard"
    IPSEC_GCM = "ipsec_gcm"
    IPSEC_CBC = "ipsec_cbc"
    OPENVPN = "openvpn"
    DTLS = "dtls"
    TLS = "tls"


@dataclass(frozen=True)
class Layer:
    """One protocol around another: a header, what is filled up to whole blocks, a trailer."""

    header_byte: int
    trailer_byte: int = 0
    block_byte: int = 1
    in_block_byte: int = 0
    """Octets of this protocol that are filled up together with what it carries."""

    def around(self, byte: int) -> int:
        """Octets with this layer around so many."""
        filled = byte + self.in_block_byte
        return self.header_byte + filled + -filled % self.block_byte + self.trailer_byte


RTP = Layer(12)  # RFC 3550 section 5.1
RTP_EXTENSION = Layer(8)  # RFC 8285 section 4.2: four octets and one word of elements, as browsers send
SRTP_HMAC_SHA1_80 = Layer(0, trailer_byte=10)  # RFC 3711 section 4.2: what Chrome agrees on
UDP = Layer(8)  # RFC 768
TCP = Layer(20 + 12)  # RFC 9293 section 3.1 with the time stamps of RFC 7323; acknowledgements ride on the other way
IP = {4: Layer(20), 6: Layer(40)}  # RFC 791 section 3.1, RFC 8200 section 3
CHANNEL_DATA = Layer(4)  # RFC 8656 section 12.4
CHANNEL_DATA_ON_STREAM = Layer(4, block_byte=4)  # RFC 8656 section 12.5: filled up to four octets
TLS12_GCM = Layer(5 + 8, trailer_byte=16)  # RFC 5246 section 6.2.1, RFC 5288 section 3: explicit nonce and tag
TLS13 = Layer(5, trailer_byte=16, in_block_byte=1)  # RFC 8446 section 5.2: the content type inside, the tag
WIREGUARD = Layer(16, trailer_byte=16, block_byte=16)  # Donenfeld, NDSS 2017, section 5.4.6: data message
ESP_GCM = Layer(8 + 8, trailer_byte=16, block_byte=4, in_block_byte=2)  # RFC 4303 section 2, RFC 4106 section 3
ESP_CBC_SHA256 = Layer(8 + 16, trailer_byte=16, block_byte=16, in_block_byte=2)  # RFC 3602 section 2, RFC 4868
OPENVPN_GCM = Layer(4 + 8, trailer_byte=16)  # OpenVPN 2.7: opcode with peer id, packet id (2.6: 4 octets), AEAD tag
DTLS12_GCM = Layer(13 + 8, trailer_byte=16)  # RFC 6347 section 4.1, RFC 5288 section 3
OPENCONNECT_DATAGRAM = Layer(1)  # draft-mavrogiannopoulos-openconnect, as AnyConnect: the type of the packet
OPENCONNECT_STREAM = Layer(8)  # the same over TLS: magic, length, type

_RELAYS: dict[Relay, tuple[Layer, ...]] = {
    Relay.NONE: (UDP,),
    Relay.UDP: (CHANNEL_DATA, UDP),
    Relay.TCP: (CHANNEL_DATA_ON_STREAM, TCP),
    # one record and one segment per packet: nothing is held back to be sent together
    Relay.TLS12: (CHANNEL_DATA_ON_STREAM, TLS12_GCM, TCP),
    Relay.TLS13: (CHANNEL_DATA_ON_STREAM, TLS13, TCP),
}
_TUNNELS: dict[Vpn, tuple[Layer, ...]] = {
    Vpn.NONE: (),
    Vpn.WIREGUARD: (WIREGUARD, UDP),
    Vpn.IPSEC_GCM: (ESP_GCM, UDP),  # with NAT traversal, RFC 3948
    Vpn.IPSEC_CBC: (ESP_CBC_SHA256, UDP),
    Vpn.OPENVPN: (OPENVPN_GCM, UDP),
    Vpn.DTLS: (OPENCONNECT_DATAGRAM, DTLS12_GCM, UDP),
    Vpn.TLS: (OPENCONNECT_STREAM, TLS12_GCM, TCP),
}


@dataclass(frozen=True)
class Codec:
    """A codec as it is sent: constantly, without silence suppression."""

    name: str
    bitrate_bps: int
    ptime_ms: int = 20
    extended: bool = False
    """With an RTP header extension, as browsers send Opus."""

    @property
    def payload_byte(self) -> int:
        """Octets of voice in one packet."""
        return self.bitrate_bps * self.ptime_ms // 8000


def opus(bitrate_bps: int, ptime_ms: int = 20) -> Codec:
    """Opus (RFC 7587) at a target bit rate."""
    return Codec("opus", bitrate_bps, ptime_ms, extended=True)


G711 = Codec("g711", 64_000)  # RFC 3551 section 4.5.14
G722 = Codec("g722", 64_000)  # RFC 3551 section 4.5.2
G729 = Codec("g729", 8_000)  # RFC 3551 section 4.5.6; no codec of WebRTC (RFC 7874 section 3)


@dataclass(frozen=True)
class Way:
    """The way of the media across the link."""

    relay: Relay = Relay.NONE
    vpn: Vpn = Vpn.NONE
    ip_version: int = 4
    srtp: Layer = SRTP_HMAC_SHA1_80

    def packet_byte(self, codec: Codec) -> int:
        """Octets of one IP packet as it crosses the link; inside a tunnel both headers are of one version."""
        ip = IP[self.ip_version]
        tunnel = (*_TUNNELS[self.vpn], ip) if self.vpn != Vpn.NONE else ()
        return _wrapped(self.payload_byte(codec), (*_RELAYS[self.relay], ip, *tunnel))

    def bps(self, codec: Codec) -> int:
        """Bits a second in one direction, IP layer, with RTCP."""
        return _per_second(self.packet_byte(codec), codec)

    def ethernet_bps(self, codec: Codec) -> int:
        """The same with the frames of an Ethernet around the packets."""
        return _per_second(self.packet_byte(codec) + ETHERNET_BYTE, codec)

    def payload_byte(self, codec: Codec) -> int:
        """Octets of one packet's RTP and SRTP: what goes into a datagram, or into a channel."""
        return _wrapped(codec.payload_byte, ((RTP_EXTENSION,) if codec.extended else ()) + (RTP, self.srtp))


def _wrapped(byte: int, layers: Sequence[Layer]) -> int:
    for layer in layers:
        byte = layer.around(byte)
    return byte


def _per_second(byte: int, codec: Codec) -> int:
    return -(-byte * 8 * 1000 // codec.ptime_ms) + RTCP_BPS
