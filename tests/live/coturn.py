"""A coturn of the tests' own: its configuration, its readiness, and what it says of its allocations."""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from readycheck.lab.certificate import Authority, Certificate, issue
from tests.live.namespaces import SERVER, SERVER6, Host

USERNAME, CREDENTIAL, SHARED_SECRET = "agent", "correct horse", "the master key"
PORT, TLS_PORT = 3478, 5349
READY_TIMEOUT_S = 10
RELEASE_TIMEOUT_S = 3.0

# A Binding over UDP and a connection to the TLS port, again and again until both are there.
_POLL = """
import socket, sys, time
address, port, tls_port, timeout_s = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
request = bytes.fromhex("000100002112a442") + bytes(12)
ends_at = time.monotonic() + timeout_s
while time.monotonic() < ends_at:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as udp:
            udp.settimeout(0.1)
            udp.connect((address, port))
            udp.send(request)
            answered = udp.recv(2048)[:2] == b"\\x01\\x01"
        socket.create_connection((address, tls_port), 0.5).close()
        if answered:
            sys.exit(0)
    except OSError:
        time.sleep(0.02)
sys.exit("coturn never answered")
"""
_ALLOCATED = re.compile(r"session (\d+): new, realm=")
_RELEASED = re.compile(r"session (\d+): (?:delete: realm=|refreshed, realm=.*lifetime=0\b)")


@dataclass(frozen=True)
class Coturn:
    """A running server, as its users see it."""

    host: str
    certificate: Certificate
    log_file: Path

    @property
    def udp(self) -> str:
        """The TURN URL over UDP."""
        return f"turn:{self._literal}:{PORT}?transport=udp"

    @property
    def tcp(self) -> str:
        """The TURN URL over TCP."""
        return f"turn:{self._literal}:{PORT}?transport=tcp"

    @property
    def tls(self) -> str:
        """The TURN URL over TLS."""
        return f"turns:{self._literal}:{TLS_PORT}?transport=tcp"

    @property
    def stun(self) -> str:
        """The STUN URL."""
        return f"stun:{self._literal}:{PORT}"

    @property
    def log(self) -> str:
        """What coturn has written so far."""
        return self.log_file.read_text(errors="replace")

    def allocations_left(self) -> set[str]:
        """Sessions whose allocation was neither released nor deleted, after giving them a moment to be."""
        ends_at = time.monotonic() + RELEASE_TIMEOUT_S
        while (left := self._allocations()) and time.monotonic() < ends_at:
            time.sleep(0.02)
        return left

    @property
    def _literal(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    def _allocations(self) -> set[str]:
        alive: set[str] = set()
        for line in self.log.splitlines():
            if made := _ALLOCATED.search(line):
                alive.add(made[1])
            elif gone := _RELEASED.search(line):
                alive.discard(gone[1])
        return alive


def certificate_for(
    directory: Path,
    *names: str,
    valid_for: timedelta = timedelta(days=7),
    authority: Authority | None = None,
) -> Certificate:
    """A certificate for coturn's addresses, by a CA of its own unless one is given."""
    directory.mkdir(parents=True, exist_ok=True)
    return issue(directory, names=names or (SERVER, SERVER6), valid_for=valid_for, authority=authority)


@contextmanager
def running_coturn(
    machine: Host,
    directory: Path,
    *options: str,
    addresses: tuple[str, ...] = (SERVER, SERVER6),
    certificate: Certificate | None = None,
    users: bool = True,
) -> Iterator[Coturn]:
    """Run coturn on these addresses of this host; `options` are further lines of its configuration."""
    certificate = certificate or certificate_for(directory, *addresses)
    coturn = Coturn(addresses[0], certificate, directory / "turn.log")
    configuration = directory / "turnserver.conf"
    lines = [
        *(f"listening-ip={address}" for address in addresses),
        f"listening-port={PORT}",
        f"tls-listening-port={TLS_PORT}",
        f"cert={certificate.chain_file}",
        f"pkey={certificate.key_file}",
        "realm=live.readycheck",
        *(["lt-cred-mech", f"user={USERNAME}:{CREDENTIAL}"] if users else []),
        "fingerprint",
        "verbose",
        "no-cli",
        "simple-log",
        "no-stdout-log",
        f"log-file={coturn.log_file}",
        f"pidfile={directory / 'turn.pid'}",
        f"userdb={directory / 'turndb'}",
        *options,
    ]
    configuration.write_text("\n".join(lines) + "\n")
    process = machine.start("turnserver", "-c", str(configuration))
    try:
        machine.run(sys.executable, "-c", _POLL, coturn.host, str(PORT), str(TLS_PORT), str(READY_TIMEOUT_S))
        yield coturn
    finally:
        machine.stop(process)
