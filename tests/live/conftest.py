"""Fixtures of the live tests: a site in namespaces, coturn in it, readycheck run from its client."""

import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn, Protocol

import pytest

from tests.live.coturn import Coturn, running_coturn
from tests.live.dns import known_names
from tests.live.measuring import Outcome, Profile, readycheck
from tests.live.namespaces import SERVER, Host, SetUpFailed, Site, site_of_namespaces
from tests.live.platform import Platform, running_platform
from tests.live.squid import Mood, Squid, opened, running_squid
from tests.live.stub_proxy import Mood as StubMood
from tests.live.stub_proxy import StubProxy, running_stub
from tests.live.visiting import Visitor, visitor_in
from tests.netlab.joined import Line, joined
from tests.netlab.way import Way

TOOLS = ("ip", "ss", "sysctl", "iptables", "ip6tables", "turnserver")
SOCKETS_TIMEOUT_S = 2.0
PLATFORM, PLATFORM_KNOWN = "login.example.test", "known.example.test"


class Measure(Protocol):
    """Runs readycheck from the client with a profile; the test's own folder takes the files."""

    def __call__(self, wanted: Profile | str, *arguments: str, **keywords: Any) -> Outcome: ...


class StartCoturn(Protocol):
    """Starts a coturn that ends with the test."""

    def __call__(self, *options: str, **keywords: Any) -> Coturn: ...


class StartSquid(Protocol):
    """Starts a squid on the router's own addresses that ends with the test."""

    def __call__(self, mood: Mood = opened, *lines: str, **keywords: Any) -> Squid: ...


class StartStub(Protocol):
    """Starts a stub proxy on the router's own addresses that ends with the test."""

    def __call__(self, mood: StubMood, **keywords: Any) -> StubProxy: ...


class Join(Protocol):
    """Puts a link of the test's choice between client and router until the test ends."""

    def __call__(self, *, up: Way | None = None, down: Way | None = None, seed: int = 1) -> Line: ...


class KnowNames(Protocol):
    """Lets what is started in a namespace from now on know names, until the test ends."""

    def __call__(self, machine: Host, names: Mapping[str, str], **keywords: Any) -> None: ...


def _unavailable(what: str) -> NoReturn:
    sentence = f"live tests need {what}"
    if os.environ.get("READYCHECK_REQUIRE_LIVE") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def root_on_linux() -> None:
    """Accounts can be changed and namespaces made."""
    if sys.platform != "linux":
        _unavailable("Linux")
    if os.geteuid() != 0:
        _unavailable("root")


@pytest.fixture(scope="session")
def _namespaces(root_on_linux: None) -> Iterator[Site]:
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        _unavailable(", ".join(missing))
    with ExitStack() as stack:
        try:
            site = stack.enter_context(site_of_namespaces())
        except SetUpFailed as error:
            _unavailable(f"network namespaces ({error})")
        yield site


@pytest.fixture
def site(_namespaces: Site) -> Iterator[Site]:
    """The site; afterwards the client has no socket left, and the router is as it was."""
    yield _namespaces
    ends_at = time.monotonic() + SOCKETS_TIMEOUT_S
    while (left := _namespaces.client.sockets()) and time.monotonic() < ends_at:
        time.sleep(0.02)
    _namespaces.restore()
    assert left == []


@pytest.fixture(scope="session")
def _shared_coturn(_namespaces: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    with running_coturn(_namespaces.server, tmp_path_factory.mktemp("coturn")) as coturn:
        yield coturn


@pytest.fixture
def coturn(_shared_coturn: Coturn, site: Site) -> Iterator[Coturn]:
    """The coturn that most tests share: one user, UDP, TCP and TLS, both families; nothing stays allocated."""
    yield _shared_coturn
    assert _shared_coturn.allocations_left() == set()


@pytest.fixture
def start_coturn(site: Site, tmp_path: Path) -> Iterator[StartCoturn]:
    """Starts a coturn of the test's own; nothing stays allocated there either."""
    started: list[Coturn] = []
    with ExitStack() as stack:

        def start(*options: str, **keywords: Any) -> Coturn:
            directory = tmp_path / f"coturn-{len(started)}"
            directory.mkdir()
            started.append(stack.enter_context(running_coturn(site.server, directory, *options, **keywords)))
            return started[-1]

        yield start
        for coturn in started:
            assert coturn.allocations_left() == set()


@pytest.fixture
def start_squid(site: Site) -> Iterator[StartSquid]:
    """Starts squids in the router: they go on where the router forwards nothing."""
    if not shutil.which("squid"):
        _unavailable("squid")
    with ExitStack() as stack:

        def start(mood: Mood = opened, *lines: str, **keywords: Any) -> Squid:
            return stack.enter_context(running_squid(site.router, mood, *lines, **keywords))

        yield start


@pytest.fixture
def start_stub(site: Site, tmp_path: Path) -> Iterator[StartStub]:
    """Starts stub proxies in the router."""
    with ExitStack() as stack:

        def start(mood: StubMood, **keywords: Any) -> StubProxy:
            return stack.enter_context(running_stub(site.router, tmp_path, mood, **keywords))

        yield start


@pytest.fixture
def join(site: Site, tmp_path: Path) -> Iterator[Join]:
    """Joins client and router by the tests' own link, which tells afterwards what it did."""
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        _unavailable("/dev/net/tun")
    with ExitStack() as stack:

        def join(*, up: Way | None = None, down: Way | None = None, seed: int = 1) -> Line:
            return stack.enter_context(joined(site, tmp_path, up=up, down=down, seed=seed))

        yield join


@pytest.fixture
def know_names(site: Site) -> Iterator[KnowNames]:
    """Writes hosts files (and resolv.conf) of namespaces, and takes them away."""
    with ExitStack() as stack:

        def know(machine: Host, names: Mapping[str, str], **keywords: Any) -> None:
            stack.enter_context(known_names(machine, names, **keywords))

        yield know


@pytest.fixture(scope="session")
def platform(_namespaces: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The softphone's platform that all tests share, under two names on the server's port 443."""
    directory = tmp_path_factory.mktemp("platform")
    with running_platform(_namespaces.server, directory, PLATFORM, PLATFORM_KNOWN) as platform:
        yield platform


@pytest.fixture(scope="session")
def _visitor(_namespaces: Site) -> Iterator[Visitor]:
    with visitor_in(_namespaces.client, {PLATFORM_KNOWN: SERVER}) as visitor:
        yield visitor


@pytest.fixture
def visit(_visitor: Visitor, site: Site) -> Visitor:
    """Makes single visits from the client, which knows one of the platform's names: PLATFORM_KNOWN."""
    return _visitor


@pytest.fixture
def measure(site: Site, tmp_path: Path) -> Measure:
    """Runs readycheck in the client's namespace."""

    def run(wanted: Profile | str, *arguments: str, **keywords: Any) -> Outcome:
        return readycheck(site, tmp_path, wanted, *arguments, **keywords)

    return run
