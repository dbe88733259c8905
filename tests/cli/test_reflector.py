"""`readycheck reflector` from the command line."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from readycheck.rtc.stamp import SenderPacket, decode_reflector, encode_sender

Cli = Callable[..., Any]


@contextmanager
def started(*arguments: str) -> "Iterator[tuple[subprocess.Popen[str], int]]":
    """A reflector on a free port, and which; gone with the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "readycheck", "reflector", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    ) as process:
        try:
            assert process.stderr
            found = re.search(r"UDP port (\d+)", process.stderr.readline())
            assert found
            yield process, int(found[1])
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT for one process on Windows")
def test_it_reflects_until_ctrl_c(tmp_path: Path) -> None:
    """One line at the start, one per session, one of counts; nothing on stdout; status 0."""
    key = tmp_path / "key"
    key.write_text("a shared key\n", encoding="utf-8")
    with started("--key-file", str(key)) as (process, port):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.settimeout(5)
            sender.sendto(encode_sender(SenderPacket(4, 1), b"a shared key"), ("127.0.0.1", port))
            answer = decode_reflector(sender.recv(4096), b"a shared key")
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=10)

    assert (answer.sequence, answer.sender_sequence) == (0, 4)
    assert (process.returncode, output) == (0, "")
    session, counts = errors.splitlines()
    assert "session from 127.0.0.1 port" in session
    assert "1 packets received, 1 reflected, 0 refused" in counts


@pytest.mark.parametrize("bind", ["0.0.0.0", "::", "192.0.2.1", "reflector.example"])
def test_open_to_the_world_only_on_purpose(cli: Cli, bind: str) -> None:
    """Beyond loopback it wants a key or --insecure, and says so before it listens."""
    answer = cli("reflector", "--bind", bind, "--port", "0")

    assert answer.status == 2
    assert "--key-file" in answer.err
    assert "--insecure" in answer.err


def test_wrong_command_lines(cli: Cli, tmp_path: Path) -> None:
    """A key that is missing or empty, an address that is not ours, a port that is taken: sentences."""
    empty = tmp_path / "empty"
    empty.write_text("\n", encoding="utf-8")
    (two := tmp_path / "two").write_text("a key\nanother\n", encoding="utf-8")
    (wrong := tmp_path / "wrong").write_text("hex:zz\n", encoding="utf-8")
    (binary := tmp_path / "binary").write_bytes(b"\xff\xfe\x80")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        for arguments, said in (
            (("--key-file", empty), "the key is empty"),
            (("--key-file", two), "one line"),
            (("--key-file", wrong), "hexadecimal digits"),
            (("--key-file", binary), "UTF-8"),
            (("--key-file", tmp_path / "none"), "none"),
            (("--insecure", "--bind", "192.0.2.77"), "cannot listen on 192.0.2.77"),
            (("--port", str(taken.getsockname()[1])), "cannot listen"),
            (("--max-rate", "0"), "--max-rate"),
        ):
            answer = cli("reflector", *arguments)
            assert answer.status == 2
            assert said in answer.err
