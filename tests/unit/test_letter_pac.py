"""The PAC lines of the letter, run by the engine that readycheck runs PAC files with."""

import asyncio

import pytest

from readycheck.letter.matrix import flow_matrix
from readycheck.letter.pac import pac_lines
from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.net.pac.evaluator import Facts
from readycheck.net.proxy_route import run_pac
from tests.unit.letter_samples import FLOWS, WHOLE, profile

PROXY = "PROXY proxy.example.net:3128"


async def _nobody_is_asked(host: str) -> list[str]:
    raise OperationFailed(FailureCode.DNS_NOT_FOUND, "resolve", f"{host} was looked up")


def answers(lines: str, *urls: str) -> list[str | None]:
    """What a PAC file with these lines at its top answers; it may look nothing up."""
    asked: list[str] = []

    async def resolver(host: str) -> list[str]:
        asked.append(host)
        return await _nobody_is_asked(host)

    script = f'function FindProxyForURL(url, host) {{\n{lines}\nreturn "{PROXY}";\n}}'
    given = asyncio.run(run_pac(urls, script, "letter", Facts(own_addresses=("10.9.9.9",), resolver=resolver)))
    assert asked == []
    assert [answer.failure for answer in given] == [None] * len(urls)
    return [answer.text for answer in given]


def test_named_targets_go_direct_and_others_do_not() -> None:
    """HTTPS, WSS, TURN over TCP and TLS, sign-on and the flows go direct; neighbours keep the proxy."""
    matrix = flow_matrix(profile(WHOLE, flows=FLOWS))
    lines = pac_lines("acme-lyon", matrix.destinations(matrix.direct)).text
    direct = [
        "https://login.example.com/",
        "https://api.example.com/v2",
        "wss://streaming.example.com/ws",
        "https://turn.example.com:443/",
        "https://turn.example.com:3478/",
        "https://a.cdn.example.com/",
        "https://b.a.cdn.example.com/",
        "https://192.0.2.1/",
        "https://192.0.2.127/",
    ]
    others = [
        "https://www.example.com/",
        "https://example.com/",
        "https://cdn.example.com/",
        "https://evilcdn.example.com/",
        "https://login.example.com.evil.example/",
        "https://xlogin.example.com/",
        "https://192.0.2.128/",
        "https://203.0.113.5/",
        "https://pbx.acme.example/",
        "https://reflector.acme.example/",
    ]

    assert answers(lines, *direct) == ["DIRECT"] * len(direct)
    assert answers(lines, *others) == [PROXY] * len(others)


@pytest.mark.parametrize(
    ("destination", "inside", "outside"),
    [
        ("turn-*.example.com", "https://turn-eu.example.com/", "https://turn.example.com/"),
        ("télé.example", "https://xn--tl-bjab.example/", "https://tele.example/"),
        ("*.télé.example", "https://a.xn--tl-bjab.example/", "https://tele.example/"),
        ("198.51.100.7", "https://198.51.100.7/", "https://198.51.100.8/"),
        ("2001:db8::1", "https://[2001:db8::1]/", "https://[2001:db8::2]/"),
    ],
)
def test_other_shapes_of_destination(destination: str, inside: str, outside: str) -> None:
    """Patterns, international names and literal addresses match themselves alone."""
    assert answers(pac_lines("x", (destination,)).text, inside, outside) == ["DIRECT", PROXY]


@pytest.mark.parametrize(
    "hostile",
    [
        'a"); return "DIRECT"; //',
        "a\nreturn 'DIRECT'",
        "${REGION}.example.com",
        "2001:db8::/32",
        "a b.example",
        "<script>",
        "\\",
        "\u2028",
        "-a.example",
    ],
)
def test_what_cannot_be_said_safely_is_left_out(hostile: str) -> None:
    """A destination that is no plain host gives no line and is told; the other lines stay valid."""
    given = pac_lines('x"\nreturn "DIRECT"', (hostile, "good.example"))

    assert given.left_out == (hostile,)
    assert given.text.isascii()
    assert len(given.text.splitlines()) == 3
    assert answers(given.text, "https://good.example/", "https://other.example/") == ["DIRECT", PROXY]


def test_nothing_to_bypass_gives_no_lines() -> None:
    """Without destinations there is not even a comment."""
    assert pac_lines("x", ()).text == ""
