"""Files, names and pseudonyms."""

import asyncio
import os
import selectors
import sys
from pathlib import Path

import pytest

from readycheck.host.files import free_stems, replace_whole, safe_name, write_new
from readycheck.host.loop import new_event_loop
from readycheck.host.pseudonym import environment, pseudonym
from tests.machines import made


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Poste 12/é", "Poste12"),
        ("../../etc/passwd", "etcpasswd"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("COM1", "_COM1"),
        ("", ""),
        ("x" * 100, "x" * 64),
        ("...", ""),
    ],
)
def test_labels_become_safe_names(label: str, name: str) -> None:
    """Only [A-Za-z0-9._-], 64 at most, no name that Windows reserves, no way out of the folder."""
    assert safe_name(label) == name


def test_file_is_never_written_over(tmp_path: Path) -> None:
    """A name that is taken is refused, and what stands there stays."""
    write_new(tmp_path / "a.json", "first")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "a.json", "second")

    assert (tmp_path / "a.json").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_replaced_file_stays_beside(tmp_path: Path) -> None:
    """A file changes whole, through a link too; the former one is its .bak."""
    (tmp_path / "a.yaml").write_text("one")
    (tmp_path / "link").symlink_to(tmp_path / "a.yaml")
    kept = replace_whole(tmp_path / "link", "two")

    assert (tmp_path / "a.yaml").read_text() == "two"
    assert (kept.name, kept.read_text()) == ("a.yaml.bak", "one")
    assert (tmp_path / "link").is_symlink()


def test_failure_to_replace_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk costs nothing but the change, and leaves no scraps."""

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "a.yaml").write_text("one")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_whole(tmp_path / "a.yaml", "two")

    assert (tmp_path / "a.yaml").read_text() == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]


def test_taken_names_get_numbers(tmp_path: Path) -> None:
    """One taken suffix is enough for all formats to move on together."""
    write_new(tmp_path / "run.html", "")
    write_new(tmp_path / "run-2.json", "")

    assert next(free_stems(tmp_path, "run", [".html", ".json"])) == "run-3"


def test_failed_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up leaves neither the file nor a part of it."""

    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        write_new(tmp_path / "a.json", "text")

    assert list(tmp_path.iterdir()) == []


def test_half_characters_do_not_cost_the_file(tmp_path: Path) -> None:
    """Text that UTF-8 cannot hold is written with a mark in its place."""
    write_new(tmp_path / "a.json", "a\ud800b")

    assert (tmp_path / "a.json").read_text(encoding="utf-8") == "a?b"


REFUSED = PermissionError(1, "Operation not permitted")


def refuse(*_: object, **__: object) -> None:
    raise REFUSED


@pytest.mark.parametrize(
    "refused",
    [
        pytest.param(("hardlink_to",), id="no links: FAT, SMB, OneDrive"),
        pytest.param(("hardlink_to", "replace"), id="nor renaming onto a name that is there"),
        pytest.param(("chmod",), id="no permissions"),
        pytest.param(("hardlink_to", "replace", "chmod"), id="none of them"),
    ],
)
def test_file_systems_that_refuse_things(
    refused: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a share refuses: the file is there whole, a name that is taken is refused, and no scraps are left."""
    for name in refused:
        monkeypatch.setattr(Path, name, refuse)
    write_new(tmp_path / "a", "text")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "a", "other")

    assert (tmp_path / "a").read_text() == "text"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_share_that_fills_up_leaves_no_empty_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name that was claimed is given back when its text cannot be written."""
    for name in ("hardlink_to", "replace", "read_bytes"):
        monkeypatch.setattr(Path, name, refuse)
    with pytest.raises(PermissionError):
        write_new(tmp_path / "a", "text")

    assert list(tmp_path.iterdir()) == []


def test_share_without_fsync_and_with_a_watcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fsync that is not known there, and a temporary file that is held open, cost no report."""
    unlink = os.unlink
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(22, "Invalid argument")))
    monkeypatch.setattr(os, "unlink", refuse)
    write_new(tmp_path / "a", "text")
    monkeypatch.setattr(os, "unlink", unlink)

    assert (tmp_path / "a").read_text() == "text"


def test_pseudonym_is_stable_and_salted() -> None:
    """The same host under the same salt, another under another."""
    assert pseudonym("pc-12", "a") == pseudonym("pc-12", "a")
    assert pseudonym("pc-12", "a") != pseudonym("pc-12", "b")
    assert "pc-12" not in pseudonym("pc-12", "a")


def test_unsalted_host_is_said_to_be_guessable() -> None:
    """Without READYCHECK_SALT the report says that the name can be found out."""
    assert environment(made(), salt=None, profile_id="p", show_host=False).host_is_guessable
    assert not environment(made(), salt="s", profile_id="p", show_host=False).host_is_guessable


async def test_tests_run_on_the_loop_of_the_program() -> None:
    """What holds here holds where the program runs, on every system."""
    assert isinstance(vars(asyncio.get_running_loop())["_selector"], selectors.SelectSelector)


def test_the_loop_does_not_wait_long_for_other_threads() -> None:
    """Python's own 5 ms would be seen in a schedule of 20 ms."""
    before = sys.getswitchinterval()
    try:
        new_event_loop().close()
        assert sys.getswitchinterval() <= 0.0005
    finally:
        sys.setswitchinterval(before)
