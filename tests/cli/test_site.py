"""`readycheck site` from the command line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
EXAMPLE = Path(__file__).parents[2] / "reports" / "examples" / "site.yaml"
HEAD = "schema: readycheck.profile/1\nid: acme\n"


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], str]:
    """Write a profile that holds this and what every profile needs."""

    def write(text: str) -> str:
        (tmp_path / "p.yaml").write_text(HEAD + text, encoding="utf-8")
        return "p.yaml"

    return write


def test_example_is_sized_without_credentials(cli: Cli) -> None:
    """The answer comes first, then the calls, the rates, the link and the legs; nobody has to sign in anywhere."""
    answer = cli("site", EXAMPLE)
    lines = answer.out.splitlines()

    assert (answer.status, answer.err) == (1, "")
    assert lines[0] == "Acme, Lyon site: the link on paper"
    assert lines[1].startswith("DOES NOT FIT   113 calls at once take 6.62\u00a0Mbit/s each way;")
    assert [line for line in lines if line and not line.startswith(" ")][2:] == [
        "Calls at once",
        "Agents needed",
        "One call, kbit/s each way (voice, headers and reports; IPv4)",
        "The link",
        "What would make it fit",
        "What is billed",
    ]
    assert any(line.startswith("  > relay over UDP") and " 58.5 " in line for line in lines)


def test_text_speaks_french(cli: Cli) -> None:
    """Sentences and figures; ids stay as they are."""
    answer = cli("site", EXAMPLE, "--lang", "fr")

    assert answer.out.startswith("Acme, site de Lyon\u00a0: la liaison sur le papier\nÇA NE PASSE PAS")
    assert "58,5" in answer.out
    assert "site.tariff.per_minute" in answer.out


def test_json_is_a_versioned_document(cli: Cli) -> None:
    """Every figure with its unit in its name, and nothing else on stdout."""
    document = json.loads(cli("site", EXAMPLE, "--json").out)

    assert document["schema"] == "readycheck.site/1"
    assert document["profile"]["id"] == "acme-lyon"
    assert document["answer"] == "does_not_fit"
    assert document["demand"]["simultaneous_calls"] == 113
    assert (document["call"]["relay"], document["call"]["ip_bps"]) == ("udp", 58_500)
    assert document["need"]["ip_bps"] == 113 * 58_500
    assert document["link"]["up"]["for_voice_bps"] == 6_600_000
    opus = {rate["vpn"]: rate for rate in document["rates"] if rate["codec"] == "opus" and rate["relay"] == "none"}
    assert opus["wireguard"]["ipv4_bps"] == 83_300
    assert {rate["codec"] for rate in document["rates"]} == {"opus", "g711", "g722", "g729"}
    assert any(remedy["id"] == "wider_link" and remedy["up_bps"] > 20_000_000 for remedy in document["remedies"])


def test_options_stand_above_the_profile(cli: Cli) -> None:
    """Fewer agents fit, a VPN does not; the load may come from the command line."""
    fewer = json.loads(cli("site", EXAMPLE, "--agents", "80", "--json").out)
    idle = ("--agents", "80", "--occupancy", "0.5", "--calls-per-hour", "300", "--handling-s", "240")

    assert cli("site", EXAMPLE, *idle, "--blocking", "0.01", "--relay", "none").status == 0
    assert fewer["demand"]["occupancy_ratio"] == 1.0
    assert json.loads(cli("site", EXAMPLE, "--vpn", "wireguard", "--json").out)["call"]["vpn"] == "wireguard"


@pytest.mark.parametrize(
    ("site", "missing"),
    [
        ("", ["site.agents", "site.link"]),
        ("site: {agents: 50}\n", ["site.link"]),
        ("site: {link: {down_bps: 10M, up_bps: 10M}}\n", ["site.agents"]),
    ],
)
def test_what_is_not_stated_is_asked_for(
    cli: Cli, written: Callable[[str], str], site: str, missing: list[str]
) -> None:
    """Status 3, the line to fill in, and what can be said without it."""
    answer = cli("site", written(site))

    assert answer.status == 3
    assert "CANNOT BE TOLD YET" in answer.out
    assert ", ".join(missing) in answer.out.splitlines()[1]
    assert answer.out.count("Fill in, in the profile: site: {") == len(missing)
    assert json.loads(cli("site", "p.yaml", "--json").out)["to_fill_in"] == missing


@pytest.mark.parametrize(
    ("site", "place"),
    [
        ("site: {agents: 1000000000}\n", "p.yaml:3:16: a number 999999 or less"),
        ("site: {occupancy: 0}\n", "p.yaml:3:19: a number above 0"),
        ("site: {link: {down_bps: 10M}}\n", "'up_bps' is missing"),
        ("site: {calls_per_hour: 10}\n", "calls_per_hour and handling_s go together"),
        (f"site: {{link: {{down_bps: {'9' * 400}G, up_bps: 1}}}}\n", "a bit rate like"),
        ("site: {vpn: pptp}\n", "'wireguard'"),
    ],
)
def test_wrong_site_is_status_four(cli: Cli, written: Callable[[str], str], site: str, place: str) -> None:
    """As everywhere: the place, and what is expected."""
    answer = cli("site", written(site))

    assert (answer.status, answer.out) == (4, "")
    assert place in answer.err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--agents", "0"), "--agents: "),
        (("--agents", "1000000000"), "--agents: "),
        (("--occupancy", "nan"), "--occupancy: "),
        (("--occupancy", "1.5"), "--occupancy: "),
        (("--vpn", "pptp"), "--vpn: "),
        (("--handling-s", "1e9"), "--handling-s: "),
        (("--agents", "many"), "'--agents'"),
    ],
)
def test_wrong_option_is_status_two(cli: Cli, options: tuple[str, str], sentence: str) -> None:
    """One line that names the option."""
    answer = cli("site", EXAMPLE, *options)

    assert (answer.status, answer.out) == (2, "")
    assert sentence in answer.err
    assert len(answer.err.splitlines()) == 1


def test_load_goes_together_on_the_command_line_too(cli: Cli, written: Callable[[str], str]) -> None:
    """Calls without their length size nothing."""
    answer = cli("site", written("site: {agents: 5}\n"), "--calls-per-hour", "10")

    assert answer.status == 2
    assert "go together" in answer.err


def test_unknown_profile_is_status_four(cli: Cli, tmp_path: Path) -> None:
    """And a shipped one without a site is told what it lacks."""
    shutil.copy(EXAMPLE, tmp_path / "site.yaml")

    assert cli("site", "nowhere").status == 4
    assert cli("site", "lab").status == 3
    assert cli("site", "site.yaml").status == 1


def test_control_characters_of_a_profile_stay_out(cli: Cli, written: Callable[[str], str]) -> None:
    """What a profile says reaches the terminal as printable text."""
    tariff = r'tariff: {currency: "U\e[1mS", per_minute: 0.5, minutes_per_agent_day: 1, days_per_month: 1}'
    answer = cli("site", written(f'title: "A\\u0007B"\nsite: {{agents: 1, {tariff}}}\n'))

    assert answer.status == 3
    assert "\x1b" not in answer.out
    assert "\x07" not in answer.out
    assert "0.5" in answer.out


@pytest.mark.parametrize(
    ("lang", "said"),
    [("en", "> relay over TLS 1.3 + VPN IPsec, AES-GCM"), ("fr", "> relais en TLS 1.3 + VPN IPsec, AES-GCM")],
)
def test_relay_within_a_vpn_is_named_in_words(cli: Cli, lang: str, said: str) -> None:
    """The way of the profile is told as the others are, not by its keys."""
    assert said in cli("site", EXAMPLE, "--vpn", "ipsec_gcm", "--relay", "tls13", "--lang", lang).out
