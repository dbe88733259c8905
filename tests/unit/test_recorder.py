"""What a machine was asked and answered, kept and answered again."""

import json
import socket
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readycheck.host.browser.tree import registry_tree
from readycheck.host.browser.windows import browsers
from readycheck.host.local import LocalMachine
from readycheck.host.machine import Fact, Machine, Told
from readycheck.host.proxy.effective import proxy_settings
from readycheck.host.recorded import RecordedMachine
from readycheck.host.recorder import Recorder
from readycheck.host.registry import ExportedRegistry, Value
from readycheck.host.registry_export import exported
from readycheck.host.session.windows import session
from readycheck.host.system import system
from readycheck.host.workstation.edition import edition
from readycheck.model.failure import FailureCode
from tests.machines import FOLDER, NAMES, document_of, machine, made

KEY = r"HKEY_LOCAL_MACHINE\Software\Acme"


def replayed(recorder: Recorder) -> RecordedMachine:
    return RecordedMachine(json.loads(json.dumps(recorder.document())), exported(recorder.registry.keys))


def answers(asked: Machine, document: dict[str, Any], keys: list[str]) -> list[Any]:
    """Everything that this document can be asked, and as much that it cannot."""
    return [
        [asked.content(path) for path in (*document["files"], "/none")],
        [asked.paths(path.rpartition("/")[0] + "/*") for path in document["files"]],
        [asked.target(path) for path in (*document["links"], "/none")],
        [asked.output(*line.split(" ")) for line in (*document["commands"], "no such tool")],
        [asked.fact(name) for name in get_args(Fact)],
        [asked.source_address(target) for target in document["source_addresses"]],
        asked.processes(),
        [dict(asked.registry.values(key)) for key in (*keys, KEY)],
        [asked.registry.subkeys(key.rpartition("\\")[0]) for key in keys],
        [asked.environment.get(name) for name in (*document["environment"], "NONE")],
    ]


@pytest.mark.parametrize("name", NAMES)
def test_what_was_recorded_answers_as_the_machine_did(name: str) -> None:
    """Files, folders, tools, facts, routes, processes, keys and variables, on every machine that is kept here."""
    document = document_of(name)
    lines = [line for path in (FOLDER / name).glob("*.reg") for line in path.read_text(encoding="utf-8").splitlines()]
    keys = [line[1:-1] for line in lines if line.startswith("[")]
    recorder = Recorder(machine(name))
    told = answers(recorder, document, keys)

    assert answers(replayed(recorder), document, keys) == told == answers(machine(name), document, keys)
    assert any(answer.value for answer in told[5])


class Nameless(LocalMachine):
    """A machine whose resolver has no name to give."""

    def __init__(self, number: int) -> None:
        self._number = number

    def look_up(self, host: str) -> list[str]:
        raise socket.gaierror(self._number, host)


@pytest.mark.parametrize("number", [socket.EAI_AGAIN, socket.EAI_NONAME])
def test_look_up_that_failed_fails_again(number: int) -> None:
    """A resolver that did not answer and a name that there is not stay two things."""
    recorder = Recorder(Nameless(number))
    with pytest.raises(socket.gaierror):
        recorder.look_up("turn.example.com")
    with pytest.raises(socket.gaierror) as failed:
        replayed(recorder).look_up("turn.example.com")

    assert failed.value.errno == number
    assert list(recorder.document()["names"]) == ["turn.example.com"]


def test_ways_that_were_asked_alone_are_answered_again() -> None:
    """A default route says nothing of the other destinations: one of them may go through a VPN."""
    routes = {"203.0.113.1": "192.0.2.9", "2001:db8::1": None, "10.9.9.9": "10.9.9.1", "*": "192.0.2.9"}
    recorder = Recorder(made(source_addresses=routes))
    told = [recorder.source_address(target) for target in ("203.0.113.1", "2001:db8::1")]
    again = replayed(recorder)

    assert (
        [again.source_address(target) for target in ("203.0.113.1", "2001:db8::1")]
        == told
        == [
            Told("192.0.2.9"),
            Told(),
        ]
    )
    assert again.source_address("10.9.9.9") == Told(failure=FailureCode.NOT_PROVEN)


def test_what_was_not_asked_is_not_kept() -> None:
    """Of the environment those variables that a reader looked up; of the rest what a reader asked for."""
    recorder = Recorder(made(environment={"HOME": "/home/u", "TOKEN": "secret"}, files={"/a": "1", "/b": "2"}))
    recorder.content("/a")
    recorder.environment.get("HOME")
    document = recorder.document()

    assert (document["files"], document["environment"]) == ({"/a": "1"}, {"HOME": "/home/u"})
    assert document["processes"] is None


WINDOWS_KEY = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
UNINSTALL = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
SETTINGS = r"HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Internet Settings"
INTERFACE = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces\{1}"
POLICIES = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Google\Chrome"
LAPTOP: dict[str, dict[str, Value]] = {
    WINDOWS_KEY: {
        "CurrentMajorVersionNumber": 10,
        "CurrentMinorVersionNumber": 0,
        "CurrentBuild": "26100",
        "RegisteredOwner": "Jeanne PRIVATE",
        "RegisteredOrganization": "PRIVATE",
        "ProductId": "00330-PRIVATE",
        "DigitalProductId": b"PRIVATE",
    },
    r"HKEY_CURRENT_USER\Volatile Environment": {
        "ViewClient_Protocol": "BLAST",
        "ViewClient_LoggedOn_Username": "PRIVATE",
        "ViewClient_Machine_Domain": "PRIVATE",
    },
    r"HKEY_LOCAL_MACHINE\SOFTWARE\Omnissa\Horizon\Agent": {"InstallPath": "PRIVATE"},
    rf"{UNINSTALL}\Google Chrome": {"DisplayVersion": "142.0.1", "InstallSource": "PRIVATE"},
    rf"{UNINSTALL}\PRIVATE Diary": {"DisplayVersion": "1.0"},
    SETTINGS: {"ProxyEnable": 1, "ProxyServer": "proxy.example:3128", "EmailName": "PRIVATE", "AutoDetect": 1},
    INTERFACE: {"EnableDHCP": 1, "DhcpIPAddress": "192.0.2.9", "DhcpGatewayHardware": b"PRIVATE"},
    POLICIES: {"homepagelocation": "https://intranet.example/"},
    rf"{POLICIES}\AudioCaptureAllowedUrls": {"1": "https://a.example"},
}


def read(machine: Machine) -> list[Any]:
    """What probes and `capture` read of a Windows machine."""
    return [
        system(machine),
        edition(machine),
        session(machine),
        browsers(machine),
        registry_tree(machine.registry, POLICIES),
        proxy_settings(machine),
    ]


def test_of_a_key_what_was_asked_for_is_kept() -> None:
    """A licence, its owner, a caller at home, other programs, a router's hardware address: none was asked for.

    What is kept answers as the machine did, a key of which nothing is kept among it: it is there, and is not empty.
    """
    registry = exported(LAPTOP)
    private = made("windows", registry, environment={"ViewClient_Protocol": "BLAST", "API_TOKEN": "PRIVATE"})
    recorder = Recorder(private)
    told = read(recorder)
    kept = exported(recorder.registry.keys)

    assert read(replayed(recorder)) == told == read(private)
    assert told[0] == ("Windows", "10.0.26100")
    assert told[2].kind == "horizon"
    assert [one.version for one in told[3]] == ["142.0.1"]
    assert told[4] == {
        "homepagelocation": "https://intranet.example/",
        "AudioCaptureAllowedUrls": ["https://a.example"],
    }
    assert "PRIVATE" not in kept
    assert b"PRIVATE".hex(",") not in kept
    assert "PRIVATE" not in json.dumps(recorder.document())


def test_real_files_come_back_as_they_were(tmp_path: Path) -> None:
    """Octets that are no text, a byte-order mark, a hidden file that no pattern found, a link."""
    (tmp_path / "binary").write_bytes(b"\xff\x00")
    (tmp_path / "marked").write_bytes(b"\xef\xbb\xbftext")
    (tmp_path / ".hidden").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "binary")

    def told(asked: Machine) -> list[Any]:
        names = ("binary", "marked", ".hidden", "none")
        return [
            *(asked.content(str(tmp_path / name)) for name in names),
            asked.paths(str(tmp_path / "*")),
            asked.paths(str(tmp_path / ".*")),
            asked.target(str(tmp_path / "link")),
        ]

    recorder = Recorder(LocalMachine())
    first = told(recorder)
    assert told(replayed(recorder)) == first == told(LocalMachine())
    assert first[:4] == [b"\xff\x00", b"\xef\xbb\xbftext", b"x", None]


def test_of_two_readings_the_longer_is_kept() -> None:
    """A reader that wants the beginning alone does not cut what another read."""
    recorder = Recorder(made(files={"/a": "0123456789"}))
    assert (recorder.content("/a", 10), recorder.content("/a", 4)) == (b"0123456789", b"0123")
    assert replayed(recorder).content("/a") == b"0123456789"


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
VALUES: st.SearchStrategy[Value] = st.one_of(
    TEXTS.map(lambda text: text.rstrip("\0")),
    st.integers(0, 2**64 - 1),
    st.binary(max_size=40),
    st.lists(TEXTS.map(lambda text: text.replace("\0", "")).filter(bool), max_size=4),
)


@given(values=st.dictionaries(TEXTS.map(str.lower).filter(str.isprintable), VALUES, max_size=5))
def test_registry_values_of_every_type_are_exported(values: dict[str, Value]) -> None:
    """Whatever a text holds, quotes, line ends, other scripts: what is read again is what was written."""
    found = ExportedRegistry(exported({KEY: values, rf"{KEY}\Below": {}}))

    assert found.values(KEY) == {name.lower(): value for name, value in values.items()}
    assert found.subkeys(KEY) == ["Below"]


def test_half_a_character_does_not_cost_the_export() -> None:
    """UTF-16 of the registry may hold what is no text."""
    found = ExportedRegistry(exported({KEY: {"name": "a\ud800b", "other": "c"}}))
    assert found.values(KEY) == {"name": "a\ufffdb", "other": "c"}
