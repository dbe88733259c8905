"""A site in three network namespaces: client, router, server; nothing in it touches this machine's own network."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

CLIENT, CLIENT6 = "192.0.2.2", "2001:db8:1::2"
LAN, LAN6 = "192.0.2.1", "2001:db8:1::1"
WAN, WAN6 = "198.51.100.1", "2001:db8:2::1"
SERVER, SERVER6 = "198.51.100.2", "2001:db8:2::2"
SECOND, SECOND6 = "198.51.100.3", "2001:db8:2::3"
THIRD = "198.51.100.4"
STOP_TIMEOUT_S = 5.0


class SetUpFailed(Exception):
    """This machine does not let us build the site."""


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode:
        raise SetUpFailed(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


@dataclass
class Host:
    """One namespace, and the processes that were started in it."""

    name: str
    running: list["subprocess.Popen[str]"] = field(default_factory=list)

    def run(self, *command: str) -> str:
        """Run a command to its end; its output."""
        return _run("ip", "netns", "exec", self.name, *command)

    def ip(self, command: str) -> str:
        """`ip` in this namespace."""
        return _run("ip", "-n", self.name, *command.split())

    def firewall(self, rule: str, *, table: str = "filter") -> None:
        """Add a rule for both families."""
        for tool in ("iptables", "ip6tables"):
            self.run(tool, "-w", "-t", table, *rule.split())

    def firewall4(self, rule: str) -> None:
        """Add a rule for IPv4 alone, where the families have different words."""
        self.run("iptables", "-w", *rule.split())

    def reset_firewall(self) -> None:
        """Take out every rule."""
        for tool in ("iptables", "ip6tables"):
            for table in ("filter", "nat"):
                self.run(tool, "-w", "-t", table, "-F")

    def packets(self, comment: str) -> int:
        """How many packets met the rules with this comment."""
        counted = self.run("iptables", "-w", "-vnxL")
        return sum(int(line.split()[0]) for line in counted.splitlines() if f"/* {comment} */" in line)

    def sockets(self) -> list[str]:
        """Open sockets, without what the kernel alone still keeps for a while."""
        lines = self.run("ss", "-Htuanp").splitlines()
        return [line for line in lines if "TIME-WAIT" not in line]

    def start(self, *command: str, environment: dict[str, str] | None = None) -> "subprocess.Popen[str]":
        """Start a process; it ends with the namespace at the latest."""
        process = subprocess.Popen(
            ("ip", "netns", "exec", self.name, *command),  # `ip` becomes the command: its pid is the command's
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.running.append(process)
        return process

    def stop(self, process: "subprocess.Popen[str]") -> str:
        """End a process by its own pid; what it had printed."""
        self.running.remove(process)
        process.terminate()
        try:
            output, errors = process.communicate(timeout=STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
        return output + errors


@contextmanager
def _host(name: str) -> Iterator[Host]:
    _run("ip", "netns", "add", name)
    host = Host(name)
    try:
        host.ip("link set lo up")
        host.run("sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0")
        yield host
    finally:
        for process in list(host.running):
            host.stop(process)
        _run("ip", "netns", "del", name)  # and its ends of the cables with it


@dataclass
class Site:
    """An office: the client's network and a server's, joined by a router that can be told what to let through."""

    client: Host
    router: Host
    server: Host

    def forward(self, rule: str) -> None:
        """Add a rule to what the router forwards, for both families."""
        self.router.firewall(f"-A FORWARD {rule}")

    def forward4(self, rule: str) -> None:
        """Add a rule to what the router forwards of IPv4."""
        self.router.firewall4(f"-A FORWARD {rule}")

    def masquerade(self, options: str = "") -> None:
        """Let the router translate the client's addresses."""
        self.router.firewall(f"-A POSTROUTING -o wan -j MASQUERADE {options}", table="nat")

    def connect(self) -> None:
        """Give the client its addresses and its way out."""
        self.client.ip(f"addr replace {CLIENT}/24 dev eth0")
        self.client.ip(f"addr replace {CLIENT6}/64 dev eth0 nodad")
        self.client.ip(f"route replace default via {LAN}")
        self.client.ip(f"route replace default via {LAN6}")

    def restore(self) -> None:
        """Undo what a test changed."""
        for host in (self.client, self.router, self.server):
            host.reset_firewall()
        self.connect()


@contextmanager
def site_of_namespaces() -> Iterator[Site]:
    """A site for this process alone, torn down in any case; raises SetUpFailed."""
    with ExitStack() as stack:
        prefix = f"readycheck-{os.getpid()}"
        client, router, server = (
            stack.enter_context(_host(f"{prefix}-{role}")) for role in ("client", "router", "server")
        )
        client.ip(f"link add eth0 type veth peer name lan netns {router.name}")
        server.ip(f"link add eth0 type veth peer name wan netns {router.name}")
        router.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        router.run("sysctl", "-qw", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0")  # it refuses each packet
        router.ip("link set lan up")
        router.ip("link set wan up")
        for address, device in ((f"{LAN}/24", "lan"), (f"{WAN}/24", "wan")):
            router.ip(f"addr add {address} dev {device}")
        for address, device in ((f"{LAN6}/64", "lan"), (f"{WAN6}/64", "wan")):
            router.ip(f"addr add {address} dev {device} nodad")
        server.ip("link set eth0 up")
        for address in (SERVER, SECOND, THIRD):
            server.ip(f"addr add {address}/24 dev eth0")
        for address in (SERVER6, SECOND6):
            server.ip(f"addr add {address}/64 dev eth0 nodad")
        server.ip(f"route add default via {WAN}")
        server.ip(f"route add default via {WAN6}")
        client.ip("link set eth0 up")
        site = Site(client, router, server)
        site.connect()
        yield site
