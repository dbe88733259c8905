"""A squid of the tests' own (Debian's squid-openssl): its moods, its readiness, and what it logged."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from readycheck.lab.certificate import Authority
from readycheck.model.proxy import Hop
from tests.live.listening import literal, wait_until_listening
from tests.live.namespaces import LAN, Host, SetUpFailed

PORT = 3128
USER = "proxy"
HELPERS = Path("/usr/lib/squid")
ENDED_TIMEOUT_S = 3.0
LOGGED_TIMEOUT_S = 3.0
_SHARED_MEMORY = Path("/dev/shm")
_LOG_FORMAT = "%rm %ru %>Hs %Ss %un %ssl::bump_mode %ssl::>sni"


@dataclass(frozen=True)
class Configuration:
    """Lines of squid.conf, and the words that follow http_port's address."""

    lines: tuple[str, ...]
    port_words: str = ""
    ca_file: Path | None = None


Mood = Callable[[Path], Configuration]


@dataclass(frozen=True)
class Access:
    """One line of the access log. squid writes a tunnel's once it is over."""

    method: str
    target: str
    status: int
    result: str
    user: str | None
    bump: str | None
    sni: str | None


@dataclass(frozen=True)
class Squid:
    """A running proxy, as its users see it."""

    host: str
    port: int
    directory: Path = field(repr=False)
    ca_file: Path | None = None
    """The CA with which it signs what it opens."""

    def hop(self, userinfo: str | None = None) -> Hop:
        """This proxy in a list of hops."""
        return Hop("http", self.host, self.port, userinfo)

    @property
    def place(self) -> str:
        """As a Visit's `via` names it."""
        return str(self.hop())

    @property
    def log(self) -> str:
        """What squid says of itself."""
        return (self.directory / "cache.log").read_text(errors="replace")

    def accesses(self, at_least: int = 1, *, method: str | None = "CONNECT") -> list[Access]:
        """What was logged, once there are so many lines; of all methods if None."""
        ends_at = time.monotonic() + LOGGED_TIMEOUT_S
        while len(found := self._accesses(method)) < at_least and time.monotonic() < ends_at:
            time.sleep(0.02)
        return found

    def connects(self, at_least: int = 1) -> list[tuple[str, int]]:
        """Target and status of each CONNECT."""
        return [(access.target, access.status) for access in self.accesses(at_least)]

    def _accesses(self, method: str | None) -> list[Access]:
        file = self.directory / "access.log"
        lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
        found = [_access(words) for words in lines if len(words) == len(_LOG_FORMAT.split())]
        return [access for access in found if method in {None, access.method}]


def _access(words: Sequence[str]) -> Access:
    method, target, status, result, *rest = words
    user, bump, sni = (None if word == "-" else word for word in rest)
    return Access(method, target, int(status), result, user, bump, sni)


def opened(_: Path) -> Configuration:
    """Let anybody go anywhere."""
    return Configuration(("http_access allow all",))


def only_443(_: Path) -> Configuration:
    """Refuse CONNECT to other ports than 443, as squid's own default configuration does."""
    return Configuration(("acl TLS port 443", "http_access deny CONNECT !TLS", "http_access allow all"))


def denies(*places: str) -> Mood:
    """Refuse these names (with a leading dot: and those below) and addresses."""

    def mood(_: Path) -> Configuration:
        addresses = [place for place in places if place[0].isdigit()]
        names = [place for place in places if place not in addresses]
        lines = [f"acl denied_address dst {' '.join(addresses)}", "http_access deny denied_address"] * bool(addresses)
        lines += [f"acl denied_name dstdomain {' '.join(names)}", "http_access deny denied_name"] * bool(names)
        return Configuration((*lines, "http_access allow all"))

    return mood


def basic(users: Mapping[str, str]) -> Mood:
    """Ask for a name and a password in the clear."""

    def mood(directory: Path) -> Configuration:
        file = directory / "passwords"
        file.write_text("".join(f"{name}:{_hashed(password)}\n" for name, password in users.items()))
        return _authenticated(
            f"auth_param basic program {HELPERS / 'basic_ncsa_auth'} {file}",
            "auth_param basic children 1 startup=1 idle=1",
            "auth_param basic realm contact centre",
        )

    return mood


def ntlm(*, keeps_alive: bool = True) -> Mood:
    """Ask for NTLM, and believe any password; the first 407 may close the connection."""

    def mood(_: Path) -> Configuration:
        return _authenticated(
            f"auth_param ntlm program {HELPERS / 'ntlm_fake_auth'}",
            "auth_param ntlm children 1 startup=1 idle=1",
            f"auth_param ntlm keep_alive {'on' if keeps_alive else 'off'}",
        )

    return mood


def _authenticated(*lines: str) -> Configuration:
    return Configuration((*lines, "acl known proxy_auth REQUIRED", "http_access deny !known", "http_access allow all"))


def opens_tls(
    authority: Authority, *, trusts: Path | None = None, but: Sequence[str] = (), but_addresses: Sequence[str] = ()
) -> Mood:
    """Open TLS (ssl-bump) with certificates of this corporate CA, but for these names or addresses.

    `trusts` is the CA that squid itself believes of servers.
    """

    def mood(directory: Path) -> Configuration:
        bundle, ca_file = directory / "corporate-ca-and-key.pem", directory / "corporate-ca.pem"
        certificate = authority.certificate.public_bytes(serialization.Encoding.PEM)
        key = authority.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        bundle.write_bytes(certificate + key)
        ca_file.write_bytes(certificate)
        if trusts:  # squid is not root, and need not read where that file lies
            shutil.copyfile(trusts, directory / "servers-ca.pem")
        database, certgen = directory / "certificates", HELPERS / "security_file_certgen"
        _run_in(directory, str(certgen), "-c", "-s", str(database), "-M", "4MB")
        lines = [
            f"sslcrtd_program {certgen} -s {database} -M 4MB",
            "sslcrtd_children 1 startup=1 idle=1",
            *([f"tls_outgoing_options cafile={directory / 'servers-ca.pem'}"] if trusts else []),
            "acl before_hello at_step SslBump1",
            *([f"acl exempt_name ssl::server_name {' '.join(but)}"] if but else []),
            *([f"acl exempt_address dst {' '.join(but_addresses)}"] if but_addresses else []),
            "ssl_bump peek before_hello",
            *(["ssl_bump splice exempt_name"] if but else []),
            *(["ssl_bump splice exempt_address"] if but_addresses else []),
            "ssl_bump bump all",
            "http_access allow all",
        ]
        words = f"ssl-bump generate-host-certificates=on dynamic_cert_mem_cache_size=4MB tls-cert={bundle}"
        return Configuration(tuple(lines), port_words=words, ca_file=ca_file)

    return mood


@contextmanager
def running_squid(
    machine: Host, mood: Mood = opened, *further_lines: str, address: str = LAN, port: int = PORT
) -> Iterator[Squid]:
    """Run squid in this mood; `further_lines` of configuration stand before the mood's.

    Its folder is no pytest folder: squid is not root, and those are root's alone.
    """
    directory = Path(tempfile.mkdtemp(prefix="readycheck-squid-"))
    service = f"readycheck{os.getpid()}x{directory.name[-8:]}".replace("_", "").replace("-", "")
    try:
        directory.chmod(0o755)
        configured = mood(directory)
        lines = [
            f"http_port {literal(address)}:{port} {configured.port_words}",
            *_own_lines(directory),
            *further_lines,
            *configured.lines,
        ]
        (directory / "squid.conf").write_text("\n".join(lines) + "\n")
        _give_to_squid(directory)
        squid = Squid(address, port, directory, configured.ca_file)
        process = machine.start("squid", "-N", "-n", service, "-f", str(directory / "squid.conf"))
        offspring: set[int] = set()
        try:
            try:
                wait_until_listening(machine, process, address, port)
            except SetUpFailed as error:
                raise SetUpFailed(f"squid: {error}: {squid.log}") from None
            yield squid
            offspring = _children(process.pid)
        finally:
            offspring |= _children(process.pid)
            process.kill()  # a clean shutdown takes squid two seconds; what it leaves is taken away below
            machine.stop(process)
            _wait_until_gone(offspring)
    finally:
        shutil.rmtree(directory)
        for left in _SHARED_MEMORY.glob(f"{service}*"):
            left.unlink()


def _own_lines(directory: Path) -> list[str]:
    return [
        f"cache_effective_user {USER}",
        f"pid_filename {directory / 'squid.pid'}",
        f"coredump_dir {directory}",
        f"cache_log {directory / 'cache.log'}",
        f"logformat truth {_LOG_FORMAT}",
        f"access_log stdio:{directory / 'access.log'} truth",
        "cache deny all",
        "cache_mem 8 MB",
        "pinger_enable off",
        "netdb_filename none",
        "visible_hostname proxy.example.test",
        "shutdown_lifetime 0 seconds",
        "connect_timeout 1 second",
        "connect_retries 0",
        "dns_timeout 1 second",
        "negative_dns_ttl 1 second",
        "max_filedescriptors 1024",
    ]


def _hashed(password: str) -> str:
    return _run_in(Path("/"), "openssl", "passwd", "-6", password).strip()


def _run_in(directory: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode:
        raise SetUpFailed(f"{' '.join(command[:2])}: {done.stderr.strip()}")
    return done.stdout


def _give_to_squid(directory: Path) -> None:
    for path in (directory, *directory.rglob("*")):
        shutil.chown(path, USER, USER)


def _children(pid: int) -> set[int]:
    try:
        return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except OSError:
        return set()


def _wait_until_gone(pids: set[int]) -> None:
    ends_at = time.monotonic() + ENDED_TIMEOUT_S
    while left := {pid for pid in pids if Path(f"/proc/{pid}/exe").exists()}:
        assert time.monotonic() < ends_at, f"squid left processes behind: {left}"
        time.sleep(0.02)
