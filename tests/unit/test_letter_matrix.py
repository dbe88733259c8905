from typing import Any

import pytest

from readycheck.letter.address import destination, parse_address
from readycheck.letter.matrix import Matrix, flow_matrix
from tests.unit.letter_samples import FLOWS, TURN, WHOLE, profile


def flows(matrix: Matrix) -> list[tuple[str, str, str]]:
    return [row.key for row in matrix.rows]


def of(targets: dict[str, Any] | None = None, **more: Any) -> Matrix:
    return flow_matrix(profile(targets, **more))


def test_every_target_and_flow_is_a_row() -> None:
    """Each target and each flow is there once, with its protocol and port, and nothing besides."""
    matrix = of(WHOLE, flows=FLOWS)

    assert flows(matrix) == [
        ("login.example.com", "tcp", "443"),
        ("api.example.com", "tcp", "443"),
        ("streaming.example.com", "tcp", "443"),
        ("turn.example.com", "udp", "3478"),
        ("turn.example.com", "tcp", "3478"),
        ("turn.example.com", "tcp", "443"),
        ("203.0.113.0/24", "udp", "16384-65535"),
        ("*.cdn.example.com", "tcp", "443"),
        ("192.0.2.0/25", "tcp", "443"),
        ("pbx.acme.example", "udp", "5060"),
        ("reflector.acme.example", "udp", "862"),
    ]
    assert matrix.gaps == {}
    assert [row.number for row in matrix.rows] == [f"F{number}" for number in range(1, 12)]


def test_same_flow_from_several_entries_is_one_row() -> None:
    """STUN and TURN on one port, a sign-on that is also signalling, and a repeated flow are one row each."""
    matrix = of(
        {
            "signalling": [{"url": "https://Login.example.com./a"}, {"url": "https://login.example.com:443/b"}],
            "identity": [{"issuer": "https://login.example.com"}],
            "ice_servers": [*TURN[:1], {"urls": "turn:TURN.example.com:3478"}],
        },
        flows=[{"to": ["login.example.com"], "protocol": "tcp", "ports": ["443"], "why": "Own words."}],
    )

    assert [(row.key, row.purposes) for row in matrix.rows] == [
        (("login.example.com", "tcp", "443"), ("web", "identity")),
        (("turn.example.com", "udp", "3478"), ("stun", "turn_udp")),
    ]
    assert matrix.rows[0].why == ({"": "Own words."},)


@pytest.mark.parametrize(
    ("url", "host", "port", "protocol", "purpose"),
    [
        ("https://a.example/x", "a.example", "443", "tcp", "web"),
        ("http://a.example", "a.example", "80", "tcp", "web"),
        ("wss://a.example:8443/ws", "a.example", "8443", "tcp", "websocket"),
        ("ws://a.example", "a.example", "80", "tcp", "websocket"),
        ("https://[2001:DB8::1]/", "2001:db8::1", "443", "tcp", "web"),
        ("https://u:p@a.example/?k=b@c", "a.example", "443", "tcp", "web"),
        ("https://a.example?k=b@c", "a.example", "443", "tcp", "web"),
        ("stun:a.example", "a.example", "3478", "udp", "stun"),
        ("turn:a.example", "a.example", "3478", "udp", "turn_udp"),
        ("turn:a.example:80?transport=TCP", "a.example", "80", "tcp", "turn_tcp"),
        ("turns:a.example", "a.example", "5349", "tcp", "turn_tls"),
        ("turns:[2001:db8::1]:443?transport=tcp", "2001:db8::1", "443", "tcp", "turn_tls"),
        ("sip:a.example", "a.example", "5060", "udp", "fallback"),
        ("sip:u:p;x@a.example;transport=tcp", "a.example", "5060", "tcp", "fallback"),
        ("sip:a.example;transport=tls", "a.example", "5061", "tcp", "fallback"),
        ("sips:a.example", "a.example", "5061", "tcp", "fallback"),
        ("sip:a.example;transport=wss", "a.example", "443", "tcp", "fallback"),
        ("wss://${REGION}.a.example:${PORT}/ws", "${REGION}.a.example", "${PORT}", "tcp", "websocket"),
        ("turn:${TURN_HOST}?transport=udp", "${TURN_HOST}", "3478", "udp", "turn_udp"),
        ("wss://${LAB_X:-a:b@c}/", "${LAB_X:-a:b@c}", "443", "tcp", "websocket"),
    ],
)
def test_addresses_are_taken_apart(url: str, host: str, port: str, protocol: str, purpose: str) -> None:
    """Ports default by scheme, user names and queries are left out, unset variables stay as they are written."""
    address = parse_address(url)

    assert address is not None
    assert (address.host, address.port, address.protocol, address.purpose) == (host, port, protocol, purpose)


@pytest.mark.parametrize(
    "url", ["", "a.example", "ftp://a.example", "https://", "https://a b/", "${URL}", "turn:a?transport=sctp"]
)
def test_what_is_no_address_is_none(url: str) -> None:
    """What no softphone could open is no address."""
    assert parse_address(url) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*.Example.com", "*.example.com"),
        ("192.0.2.9/25", "192.0.2.0/25"),
        ("192.0.2.9", "192.0.2.9"),
        ("2001:DB8::/32", "2001:db8::/32"),
        ("https://u:hunter2@a.example/x", "a.example"),
        ("u:hunter2@a.example", "a.example"),
        ("*.a.example/path?k=hunter2", "*.a.example"),
    ],
)
def test_destinations_of_flows_have_one_spelling(text: str, shown: str) -> None:
    """A name, a wildcard, an address or a network, and nothing that may be secret."""
    assert destination(text) == shown


def test_what_stays_on_the_machine_is_no_flow() -> None:
    """Nobody has to open loopback; a profile of nothing else needs nothing."""
    local = of(
        {
            "signalling": [{"url": "https://localhost:8443/"}, {"url": "ws://127.0.0.1/"}],
            "ice_servers": [{"urls": "turn:[::1]:3478"}],
        }
    )

    assert local.rows == ()


def test_unset_variables_are_shown_and_told() -> None:
    """A row keeps ${NAME}; what cannot be a row for want of a value is told by the variable's name."""
    matrix = of(
        {
            "signalling": [{"url": "wss://${NAME}@${REGION}.example.com/${PATH}"}],
            "ice_servers": [{"urls": ["${TURN_URL}"]}],
        },
        flows=[{"to": ["${CIDR}"], "protocol": "udp", "ports": ["${PORTS}"]}],
    )

    assert flows(matrix) == [("${REGION}.example.com", "tcp", "443"), ("${CIDR}", "udp", "${PORTS}")]
    assert matrix.gaps == {"variables": ("${REGION}", "${TURN_URL}", "${CIDR}", "${PORTS}")}


def test_media_half_stated_is_a_gap() -> None:
    """Ports without networks, or networks without ports, are asked of the vendor and opened to nobody."""
    ports = of({"media": {"udp_ports": ["10000-20000"]}})
    networks = of({"media": {"cidrs": ["203.0.113.0/24"]}})

    assert (ports.rows, ports.gaps) == ((), {"media_networks": ("10000-20000",)})
    assert (networks.rows, networks.gaps) == ((), {"media_ports": ("203.0.113.0/24",)})


@pytest.mark.parametrize("to", ["*", "0.0.0.0/0", "::/0", "*.*"])
def test_any_destination_is_told_and_never_bypassed(to: str) -> None:
    """Opening towards everybody is a gap, and neither bypass nor exemption is asked for it."""
    matrix = of(flows=[{"to": [to], "protocol": "tcp", "ports": ["443"]}])

    assert matrix.gaps == {"wide": (to,)}
    assert matrix.any_destination == (to,)
    assert (matrix.direct, matrix.exempt) == ((), ())


def test_ports_tell_what_a_flow_is() -> None:
    """On 443 a flow is TLS past the proxy, on 80 past the proxy, elsewhere and over UDP neither."""
    matrix = of(
        flows=[
            {"to": ["a.example"], "protocol": "tcp", "ports": ["443", "80", "400-500", "8801-8802"]},
            {"to": ["a.example"], "protocol": "udp", "ports": ["443"]},
        ]
    )

    assert [(row.protocol, row.port, row.tls, row.proxied) for row in matrix.rows] == [
        ("tcp", "443", True, True),
        ("tcp", "80", False, True),
        ("tcp", "400-500", True, True),
        ("tcp", "8801-8802", False, False),
        ("udp", "443", False, False),
    ]


def test_only_voice_over_udp_is_marked() -> None:
    """EF is for the relay over UDP and the media networks; STUN alone, TCP and measurements get none."""
    assert [row.key[0:2] for row in of(WHOLE).marked] == [("turn.example.com", "udp"), ("203.0.113.0/24", "udp")]
    assert of({"ice_servers": TURN[:1], "reflector": {"stamp": "r.example"}}).marked == ()
