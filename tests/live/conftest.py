"""Fixtures of the live tests: a site in namespaces, coturn in it, readycheck run from its client."""

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn, Protocol

import pytest

from tests.live.coturn import Coturn, running_coturn
from tests.live.measuring import Outcome, Profile, readycheck
from tests.live.namespaces import SetUpFailed, Site, site_of_namespaces

TOOLS = ("ip", "ss", "sysctl", "iptables", "ip6tables", "turnserver")
SOCKETS_TIMEOUT_S = 2.0


class Measure(Protocol):
    """Runs readycheck from the client with a profile; the test's own folder takes the files."""

    def __call__(self, wanted: Profile | str, *arguments: str, **keywords: Any) -> Outcome: ...


class StartCoturn(Protocol):
    """Starts a coturn that ends with the test."""

    def __call__(self, *options: str, **keywords: Any) -> Coturn: ...


def _unavailable(what: str) -> NoReturn:
    sentence = f"live tests need {what}"
    if os.environ.get("READYCHECK_REQUIRE_LIVE") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def _namespaces() -> Iterator[Site]:
    if sys.platform != "linux":
        _unavailable("Linux")
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        _unavailable(", ".join(missing))
    if os.geteuid() != 0:
        _unavailable("root")
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
def measure(site: Site, tmp_path: Path) -> Measure:
    """Runs readycheck in the client's namespace."""

    def run(wanted: Profile | str, *arguments: str, **keywords: Any) -> Outcome:
        return readycheck(site, tmp_path, wanted, *arguments, **keywords)

    return run
