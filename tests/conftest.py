"""What every test may use."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from readycheck.engine.registry import metric_definitions
from readycheck.host.loop import new_event_loop
from readycheck.profile.loader import load_profile
from readycheck.profile.schema import Profile

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores Ctrl-C, and all it starts
NOISY_MACHINE = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture)  # the latter: a folder may be used twice
settings.register_profile(
    "ours", deadline=None, suppress_health_check=NOISY_MACHINE, derandomize="CI" in os.environ, print_blob=True
)
settings.load_profile("ours")

ProfileMaker = Callable[..., Profile]


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests run on the program's loop: Windows' default one cannot watch a socket (add_reader)."""
    return {"readycheck": new_event_loop}


@pytest.fixture
def make_profile(tmp_path: Path) -> ProfileMaker:
    """Load a profile from YAML text, as `run` would."""

    def make(text: str, environment: Mapping[str, str] | None = None) -> Profile:
        path = tmp_path / "profile.yaml"
        path.write_text("schema: readycheck.profile/1\nid: test\n" + text, encoding="utf-8")
        return load_profile(str(path), environment=environment or {}, metrics=metric_definitions())

    return make


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "READYCHECK_SALT", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


Json = dict[str, Any]
