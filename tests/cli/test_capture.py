"""`readycheck capture`, and `readycheck run --machine`."""

import json
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from readycheck.engine.registry import probes
from tests.machines import FOLDER

Cli = Callable[..., Any]
VERSION: dict[str, Callable[[], str]] = {
    "linux": platform.release,
    "win32": platform.version,
    "darwin": lambda: platform.mac_ver()[0],
}
OWN = [probe.id for probe in probes().values() if probe.machine_only]


def test_captured_machine_is_probed_again(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was recorded here answers as this machine did; the proxy's password stayed here."""
    monkeypatch.setenv("https_proxy", "http://jeanne:pa55@proxy.example:3128")
    answer = cli("capture", tmp_path / "new" / "captured")
    document = (tmp_path / "new" / "captured" / "machine.json").read_text(encoding="utf-8")

    assert answer.status == 0
    assert sorted(answer.out.splitlines()) == sorted(map(str, (tmp_path / "new" / "captured").iterdir()))
    assert "credential in a URL (1)" in answer.err
    assert "Look through it before you send it" in answer.err
    assert "pa55" not in document
    assert json.loads(document)["provenance"] == "seen"

    monkeypatch.delenv("https_proxy")
    told = cli("proxy", "https://a.example/", "--machine", tmp_path / "new" / "captured")
    assert "PROXY proxy.example:3128" in told.out
    report = json.loads(cli("run", "--machine", tmp_path / "new" / "captured", "--json", "-q").out)
    assert report["run"]["machine"] == "captured"
    assert report["environment"]["os_version"] == VERSION[sys.platform]()


@pytest.mark.parametrize("taken", ["folder", "file"])
def test_nothing_is_captured_over_what_is_there(cli: Cli, tmp_path: Path, taken: str) -> None:
    """A name that is taken is refused before anything is asked, status 5, and what is there stays."""
    place = tmp_path / "taken"
    place.mkdir() if taken == "folder" else place.write_text("mine")
    answer = cli("capture", place)

    assert (answer.status, answer.out) == (5, "")
    assert str(place) in answer.err
    assert list(place.iterdir()) == [] if taken == "folder" else place.read_text() == "mine"


def test_capture_that_fails_leaves_no_folder(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk: status 5, and the folder is gone."""

    def full(_path: Path, _text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("readycheck.cli.capturing.write_new", full)
    assert cli("capture", tmp_path / "captured").status == 5
    assert not (tmp_path / "captured").exists()


@pytest.mark.parametrize("name", ["intune-system", "macos-26-headset"])
def test_only_the_captured_machine_is_asked(cli: Cli, name: str, tmp_path: Path) -> None:
    """A machine of another system: its own name and version, and no probe that would have measured this one."""
    answer = cli("run", "--machine", FOLDER / name, "--json", "-o", tmp_path / "out", "--show-host")
    report = json.loads(answer.out)
    status = {probe: one["status"] for probe, one in report["observations"].items()}

    assert (report["environment"]["os"], report["environment"]["os_version"]) == (
        ("Windows", "10.0.26100") if name == "intune-system" else ("macOS", "26.1")
    )
    assert report["environment"]["host"] == name
    assert [probe for probe in status if status[probe] != "skipped"] == sorted(OWN, key=list(status).index)
    assert f"{name} was asked in this machine's place" in answer.err


def test_what_a_captured_machine_cannot_answer_is_refused(cli: Cli, tmp_path: Path) -> None:
    """A probe of the network is a mistake of the command line; a folder without a machine is the user's."""
    asked = cli("run", "--machine", FOLDER / "rdp", "--only", "turn")
    empty = cli("run", "--machine", tmp_path)
    planned = cli("run", "--machine", FOLDER / "rdp", "genesys-cloud", "--dry-run")

    assert (asked.status, "turn" in asked.err) == (2, True)
    assert (planned.status, planned.out) == (0, "A captured machine is asked: nothing would be sent.\n")
    assert (empty.status, "machine.json" in empty.err) == (4, True)
