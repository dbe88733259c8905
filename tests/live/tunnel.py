"""A VPN's tunnel in a namespace: a TUN device that somebody holds open, as a VPN client does."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.live.namespaces import Host, SetUpFailed

TUNNEL_ADDRESS, TUNNEL_ADDRESS6 = "10.8.0.6", "fd08::6"
_HOLD = """
import fcntl, os, struct, sys
device = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(device, 0x400454CA, struct.pack("16sH22x", b"tun0", 0x1001))  # TUNSETIFF, IFF_TUN | IFF_NO_PI
print("open", flush=True)
while os.read(device, 2048):
    pass
"""


@contextmanager
def open_tunnel(host: Host, *networks: str) -> Iterator[None]:
    """A tunnel through which these networks are routed; it is gone with whoever held it, and its routes with it."""
    process = host.start(sys.executable, "-c", _HOLD)
    try:
        if not process.stdout or process.stdout.readline() != "open\n":
            raise SetUpFailed(f"no TUN device: {host.stop(process)}")
        host.ip(f"addr add {TUNNEL_ADDRESS}/24 dev tun0")
        host.ip(f"addr add {TUNNEL_ADDRESS6}/64 dev tun0 nodad")
        host.ip("link set tun0 up")
        for network in networks:
            host.ip(f"route add {network} dev tun0")
        yield
    finally:
        if process in host.running:
            host.stop(process)
