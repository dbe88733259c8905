"""Names in namespaces: hosts files, a DNS server of our own and an HTTP server for wpad.dat.

Run as a module it is that DNS server: A and AAAA over UDP; a name that it does not know does not exist.
"""

import json
import shutil
import socket
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from tests.live.listening import running_python
from tests.live.namespaces import LAN, Host

PORT = 53
_NETNS = Path("/etc/netns")
_A, _AAAA, _IN = 1, 28, 1
_ANSWER, _NXDOMAIN = 0x8180, 0x8183
_HEADER, _RECORD = struct.Struct("!6H"), struct.Struct("!HHHIH")
_POINTER_TO_QUESTION = 0xC00C
_QUESTION_END = 4
_LIFETIME_S = 1


@dataclass(frozen=True)
class Dns:
    """A running DNS server."""

    host: str
    log_file: Path

    def asked(self) -> list[str]:
        """The names it was asked for, in their order."""
        return self.log_file.read_text().split()


@contextmanager
def known_names(
    machine: Host, names: Mapping[str, str], *, resolver: str | None = None, search: Sequence[str] = ()
) -> Iterator[None]:
    """Let processes that are started in this namespace from now on know these names from their hosts file.

    With a resolver they ask it for all else; without one they keep the machine's, which no namespace reaches.
    """
    directory = _NETNS / machine.name
    ours = not _NETNS.exists()
    directory.mkdir(parents=True)
    try:
        lines = ["127.0.0.1 localhost", "::1 localhost", *(f"{address} {name}" for name, address in names.items())]
        (directory / "hosts").write_text("\n".join(lines) + "\n")
        if resolver:
            searched = f"search {' '.join(search)}\n" if search else ""
            words = "options timeout:1 attempts:1\n"
            (directory / "resolv.conf").write_text(f"{searched}nameserver {resolver}\n{words}")
        yield
    finally:
        shutil.rmtree(directory)
        if ours and not any(_NETNS.iterdir()):
            _NETNS.rmdir()


@contextmanager
def running_dns(
    machine: Host,
    directory: Path,
    records: Mapping[str, Sequence[str]],
    *,
    silent: Sequence[str] = (),
    address: str = LAN,
) -> Iterator[Dns]:
    """Run a DNS server that knows these names, says nothing to the silent ones, and NXDOMAIN to all others."""
    log_file = directory / f"dns-{address}.log"
    log_file.touch()
    zone = json.dumps({"records": {name: list(found) for name, found in records.items()}, "silent": list(silent)})
    arguments = ("-m", "tests.live.dns", address, str(log_file), zone)
    with running_python(machine, *arguments, address=address, port=PORT, udp=True):
        yield Dns(address, log_file)


@dataclass(frozen=True)
class PacServer:
    """A running web server with one PAC file."""

    url: str
    log_file: Path

    @property
    def requests(self) -> list[str]:
        """Request lines it was asked, in their order."""
        return [line.split('"')[1] for line in self.log_file.read_text().splitlines() if '"' in line]


@contextmanager
def running_pac_server(
    machine: Host, directory: Path, script: str, *, address: str = LAN, port: int = 80, name: str = "wpad.dat"
) -> Iterator[PacServer]:
    """Run a web server whose only file is this PAC script."""
    files, log_file = directory / f"pac-{address}-{port}", directory / f"pac-{address}-{port}.log"
    files.mkdir()
    (files / name).write_text(script)
    with running_python(
        machine,
        *("-c", _WEB_SERVER, address, str(port), str(files), str(log_file)),
        address=address,
        port=port,
    ):
        yield PacServer(f"http://{address}{'' if port == 80 else f':{port}'}/{name}", log_file)


_WEB_SERVER = """
import functools, http.server, sys
address, port, files, log_file = sys.argv[1:]
sys.stderr = open(log_file, "w", buffering=1)
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=files)
http.server.ThreadingHTTPServer((address, int(port)), handler).serve_forever()
"""


def _answer(query: bytes, records: Mapping[str, Sequence[str]]) -> tuple[str, bytes]:
    """The name that was asked for, and the answer."""
    labels, position = [], _HEADER.size
    while length := query[position]:
        labels.append(query[position + 1 : position + 1 + length].decode("ascii"))
        position += 1 + length
    question = query[_HEADER.size : position + 1 + _QUESTION_END]
    wanted, _ = struct.unpack("!HH", question[-_QUESTION_END:])
    name = ".".join(labels).lower()
    found = [ip_address(one).packed for one in records.get(name, ())]
    of_kind = [one for one in found if len(one) == {_A: 4, _AAAA: 16}.get(wanted)]
    flags = _ANSWER if name in records else _NXDOMAIN
    head = query[:2] + _HEADER.pack(0, flags, 1, len(of_kind), 0, 0)[2:]
    answers = [_RECORD.pack(_POINTER_TO_QUESTION, wanted, _IN, _LIFETIME_S, len(one)) + one for one in of_kind]
    return name, head + question + b"".join(answers)


def _serve(address: str, log_file: str, zone: str) -> None:
    known = json.loads(zone)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening, Path(log_file).open("a", buffering=1) as log:
        listening.bind((address, PORT))
        while True:
            query, asker = listening.recvfrom(2048)
            name, answer = _answer(query, known["records"])
            log.write(f"{name}\n")
            if name not in known["silent"]:
                listening.sendto(answer, asker)


if __name__ == "__main__":
    _serve(*sys.argv[1:])
