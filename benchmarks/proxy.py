"""The proxy chapter for 20 targets: all that answer, and all silent, in namespaces of its own (root, squid, coturn)."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from run import row

from readycheck.lab.certificate import Authority
from tests.live.coturn import certificate_for, running_coturn
from tests.live.dns import known_names
from tests.live.measuring import ice, profile, readycheck
from tests.live.namespaces import LAN, SECOND, SERVER, SetUpFailed, Site, site_of_namespaces
from tests.live.platform import running_platform
from tests.live.squid import running_squid

ROUNDS = 5
TURN, LOGIN = "turn.example.test", "login.example.test"
NOWHERE = "203.0.113"


def elapsed_ms(site: Site, directory: Path, wanted: Mapping[str, Any], proxy: str) -> tuple[float, float, float]:
    """How long the proxy probe took, and its two ratios: direct, and through the proxy."""
    outcome = readycheck(site, directory, wanted, "--only=proxy", env={"https_proxy": proxy})
    took: float = outcome.report["observations"]["proxy"]["elapsed_ms"]
    return took, outcome.value("proxy.bypass_ratio"), outcome.value("proxy.connect_ok_ratio")


def answering(site: Site, stack: ExitStack, directory: Path) -> Mapping[str, Any]:
    """20 targets that answer by both ways: HTTPS, WebSocket, TURN over TLS and over UDP."""
    authority = Authority.create("Project CA")
    certificate = certificate_for(directory / "turn", TURN, SECOND, authority=authority)
    (directory / "coturn").mkdir()
    options = (f"aux-server={SECOND}:443",)
    stack.enter_context(
        running_coturn(site.server, directory / "coturn", *options, addresses=(SECOND,), certificate=certificate)
    )
    platform = stack.enter_context(running_platform(site.server, directory / "web", LOGIN, authority=authority))
    for machine in (site.client, site.router):
        stack.enter_context(known_names(machine, {LOGIN: SERVER, TURN: SECOND}))
    turn = ice(f"turn:{TURN}:3478?transport=udp", f"turns:{TURN}:443?transport=tcp")
    asked = dict(profile(turn, ca_file=platform.ca_file))
    pages = [{"url": platform.url(f"/?{number}")} for number in range(15)]
    sockets = [{"url": platform.url(f"/ws?{number}", scheme="wss")} for number in range(3)]
    asked["targets"] = {**asked["targets"], "signalling": [*pages, *sockets]}
    return asked


def silent() -> Mapping[str, Any]:
    """20 targets that nobody answers for."""
    pages = [{"url": f"https://{NOWHERE}.{number}/"} for number in range(1, 13)]
    turn = [f"turns:{NOWHERE}.{number}:443?transport=tcp" for number in range(20, 24)]
    turn += [f"turn:{NOWHERE}.{number}:3478?transport=udp" for number in range(30, 34)]
    asked = dict(profile(ice(*turn)))
    asked["targets"] = {**asked["targets"], "signalling": pages}
    return asked


def figures(site: Site, directory: Path) -> Iterator[bool]:
    """Both rows."""
    with ExitStack() as stack:
        asked = answering(site, stack, directory)  # first: squid reads its names as it starts
        proxy = f"http://{LAN}:{stack.enter_context(running_squid(site.router)).port}"
        seen = [elapsed_ms(site, directory, asked, proxy) for _ in range(ROUNDS)]
        whole = all(one[1:] == (1, 1) for one in seen)
        took_s = median(one[0] for one in seen) / 1000
        yield row(
            "proxy chapter, 20 targets that answer", f"{took_s:.2f} s", "at most 3 s", holds=whole and took_s <= 3
        )
        for rule in (f"-A FORWARD -d {NOWHERE}.0/24 -j DROP", f"-A OUTPUT -d {NOWHERE}.0/24 -j DROP"):
            site.router.firewall4(rule)
        took_ms, direct, proxied = elapsed_ms(site, directory, silent(), proxy)
        holds = (direct, proxied) == (0, 0) and took_ms <= 8000
        yield row("the same, all silent by both ways", f"{took_ms / 1000:.2f} s", "at most 8 s", holds=holds)


def main() -> int:
    if os.geteuid() != 0 or not shutil.which("squid"):
        print("the proxy chapter's figures need root and squid; left out", file=sys.stderr)
        return 0
    with tempfile.TemporaryDirectory() as directory:
        try:
            with site_of_namespaces() as site:
                return 0 if all(list(figures(site, Path(directory)))) else 1
        except SetUpFailed as error:
            print(f"no network namespaces here: {error}; left out", file=sys.stderr)
            return 0


if __name__ == "__main__":
    sys.exit(main())
