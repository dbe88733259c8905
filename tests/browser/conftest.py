"""Fixtures of the browser tests: a chromium for all of them, and axe-core where it is installed."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.browser.chromium import Tab, chromium, opened


def _unavailable(what: str) -> NoReturn:
    sentence = f"browser tests need {what}"
    if os.environ.get("READYCHECK_REQUIRE_LIVE") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def _browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    if not chromium():
        _unavailable("chromium")
    with opened(tmp_path_factory.mktemp("chromium")) as tab:
        yield tab


@pytest.fixture
def tab(_browser: Tab) -> Tab:
    """A tab as wide as a desktop's, light."""
    _browser.resize(1100)
    _browser.prefer("light")
    return _browser


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's script, as the package axe-core-python brings it, or a newer one that READYCHECK_AXE names.

    It runs in the tab alone and is in no page.
    """
    if newer := os.environ.get("READYCHECK_AXE"):
        return Path(newer).read_text(encoding="utf-8")
    package = importlib.util.find_spec("axe_core_python")
    if package is None or package.origin is None:
        _unavailable("axe-core-python")
    return (Path(package.origin).parent / "axe.min.js").read_text(encoding="utf-8")
