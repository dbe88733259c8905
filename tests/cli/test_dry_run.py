"""`readycheck run --dry-run`: what would be sent, and nothing sent."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
TEXT = """\
schema: readycheck.profile/1
id: servers
targets:
  ice_servers:
    - {urls: ["stun:127.0.0.1:PORT", "turn:127.0.0.1:PORT", "turns:relay.example.com"], username: a, credential: b}
"""


@pytest.fixture
def server() -> Any:
    """A socket that must stay silent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.setblocking(False)
        yield listening


def test_destinations_are_told_and_nothing_is_sent(cli: Cli, tmp_path: Path, server: socket.socket) -> None:
    """Every host, port and protocol with bytes and seconds; the server hears nothing, no report is written."""
    port = server.getsockname()[1]
    (tmp_path / "p.yaml").write_text(TEXT.replace("PORT", str(port)))
    answer = cli("run", "p.yaml", "--dry-run", "--json")
    traffic = json.loads(answer.out)["traffic"]
    with pytest.raises(BlockingIOError):
        server.recv(100)

    assert answer.status == 0
    assert ("stun", "127.0.0.1", port, "udp") in {(t["probe"], t["host"], t["port"], t["protocol"]) for t in traffic}
    assert ("turn", "relay.example.com", 5349, "tls") in {
        (t["probe"], t["host"], t["port"], t["protocol"]) for t in traffic
    }
    assert all(t["byte"] > 0 and t["seconds"] > 0 for t in traffic)
    assert not Path("reports").exists()


def test_text_names_the_total(cli: Cli, tmp_path: Path) -> None:
    """A person reads destinations and one sum; --only narrows it."""
    (tmp_path / "p.yaml").write_text(TEXT.replace("PORT", "3478"))
    everything, one = cli("run", "p.yaml", "--dry-run").out, cli("run", "p.yaml", "--dry-run", "--only", "stun").out

    assert "relay.example.com:5349" in everything
    assert "Nothing was sent" in everything
    assert len(one.splitlines()) == 2


def test_text_speaks_the_language_asked_for(cli: Cli, tmp_path: Path) -> None:
    """With --lang fr each line of it is French, the warning of a site of unknown size too."""
    reflector = "targets:\n  reflector: {stamp: 'reflector.example.com:8862'}\n"
    (tmp_path / "p.yaml").write_text(TEXT.replace("targets:\n", reflector).replace("PORT", "3478"))
    answer = cli("run", "p.yaml", "--dry-run", "--scope", "site", "--lang", "fr")

    assert "Rien n’a été envoyé." in answer.out  # noqa: RUF001 - the text's apostrophe
    assert " ko au plus" in answer.out
    assert "at most" not in answer.out
    assert "remplissez site.agents" in answer.err


def test_lab_leaves_the_machine_alone(cli: Cli) -> None:
    """The default run has no destination outside."""
    assert "nothing leaves" in cli("run", "--dry-run").out
    assert json.loads(cli("run", "--dry-run", "--json").out)["traffic"] == []


def test_one_relay_carries_the_measurement(cli: Cli, tmp_path: Path) -> None:
    """Path and call take the first server that relays: the others stand there in its place, and count once."""
    (tmp_path / "p.yaml").write_text(TEXT.replace("PORT", "3478"))
    traffic = json.loads(cli("run", "p.yaml", "--dry-run", "--json", "--only", "path").out)["traffic"]
    of_path = [(one["protocol"], one["instead"]) for one in traffic if one["probe"] == "path"]

    assert of_path == [("udp", False), ("tls", True)]
    (of_udp,) = [one for one in traffic if one["probe"] == "path" and not one["instead"]]
    assert of_udp["seconds"] == 60  # path.max_seconds: at most, since it may end long before
    assert of_udp["byte"] > 60 * 50 * 2 * 110


def test_strangers_measure_nothing_through_a_relay(cli: Cli, tmp_path: Path) -> None:
    """Without credentials there is no allocation, and so neither path nor call sends anything."""
    text = TEXT.replace("PORT", "3478").replace(", username: a, credential: b", "")
    (tmp_path / "p.yaml").write_text(text)
    traffic = json.loads(cli("run", "p.yaml", "--dry-run", "--json").out)["traffic"]

    assert {one["probe"] for one in traffic} == {"network", "proxy", "stun", "turn"}


def test_proxies_are_named_and_their_passwords_are_not(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may stand before the targets is a destination too, told with who configured it."""
    (tmp_path / "p.yaml").write_text(TEXT.replace("PORT", "3478"))
    monkeypatch.setenv("https_proxy", "http://agent:s3cret@proxy.corp.example:3128")
    text, document = cli("run", "p.yaml", "--dry-run").out, cli("run", "p.yaml", "--dry-run", "--json").out

    assert {"place": "PROXY proxy.corp.example:3128", "source": "environment variables https_proxy"} in json.loads(
        document
    )["proxies"]
    assert "PROXY proxy.corp.example:3128 (environment variables https_proxy)" in text
    assert "s3cret" not in text + document


def test_megabytes_follow_the_calls(cli: Cli, tmp_path: Path) -> None:
    """One call of a workstation, a whole site as it is sized, or --calls: the bytes grow as far as is allowed."""
    reflector = 'schema: readycheck.profile/1\nid: site\ntargets: {reflector: {stamp: "reflector.example:8862"}}\n'
    (tmp_path / "p.yaml").write_text(reflector + "site: {agents: 120}\n")
    (tmp_path / "capped.yaml").write_text(reflector + "bandwidth: {max_calls: 10}\n")

    def byte(file: str, *options: str) -> int:
        row = json.loads(cli("run", file, "--dry-run", "--json", "--only", "bandwidth", *options).out)["traffic"][-1]
        assert (row["probe"], row["host"], row["port"]) == ("bandwidth", "reflector.example", 8862)
        return int(row["byte"])

    one, ten, site = byte("p.yaml"), byte("p.yaml", "--calls", "10"), byte("p.yaml", "--scope", "site")
    assert one < 200_000
    assert 10 * one < ten < site / 5
    assert byte("capped.yaml", "--calls", "500") == ten
    assert cli("run", "p.yaml", "--calls", "0").status == 2


def test_a_site_of_unknown_size_is_warned_of(cli: Cli, tmp_path: Path) -> None:
    """Without site.agents or --calls nobody knows what --scope site is to load: said before, here and by the check."""
    reflector = 'extends: [voice-baseline, on-site]\ntargets: {reflector: {stamp: "127.0.0.1:9"}}\n'
    (tmp_path / "p.yaml").write_text("schema: readycheck.profile/1\nid: lyon\n" + reflector)
    (tmp_path / "sized.yaml").write_text("schema: readycheck.profile/1\nid: lyon\nsite: {agents: 9}\n" + reflector)
    site = ("--dry-run", "--scope", "site")

    for warned in (cli("run", "p.yaml", *site), cli("profile", "check", "p.yaml")):
        assert warned.status == 0
        assert "fill in site.agents, or give --calls N" in warned.err
    for known in (
        ("run", "sized.yaml", *site),
        ("run", "p.yaml", *site, "--calls", "9"),
        ("run", "p.yaml", "--dry-run"),
    ):
        assert "site.agents" not in cli(*known).err


def test_a_profile_that_asks_nothing_of_a_site_is_warned_of(cli: Cli, tmp_path: Path) -> None:
    """Before the run that would judge nothing; by the check, where the profile states a site."""
    start = "schema: readycheck.profile/1\nid: lyon\nsite: {agents: 9}\n"
    (tmp_path / "none.yaml").write_text(start + "extends: [voice-baseline]\n")
    (tmp_path / "some.yaml").write_text(start + "extends: [voice-baseline, on-site]\n")
    warning, site = "asks nothing of a site: extend on-site", ("--dry-run", "--scope", "site")

    assert warning in cli("run", "none.yaml", *site).err
    assert warning in cli("profile", "check", "none.yaml").err
    for fit in (("run", "some.yaml", *site), ("profile", "check", "some.yaml"), ("run", "none.yaml", "--dry-run")):
        assert warning not in cli(*fit).err
