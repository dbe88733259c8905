"""The recipes for other systems call what there is, and ask for no more than they need."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"actions/[a-z-]+@v[0-9]+")


def loaded(path: Path) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def steps(document: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in document["jobs"].values() for step in job["steps"]]


def lines(document: dict[Any, Any]) -> list[str]:
    return [line.strip() for step in steps(document) for line in step.get("run", "").splitlines()]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_recipe_may_read_and_no_more(path: Path) -> None:
    """No secret, no right to write, every action by its maker's major version, an end to every job."""
    document = loaded(path)

    assert document["permissions"] == {"contents": "read"}
    assert "secrets" not in path.read_text(encoding="utf-8")
    assert [step["uses"] for step in steps(document) if not PINNED.fullmatch(step.get("uses", "actions/none@v1"))] == []
    assert [name for name, job in document["jobs"].items() if not 0 < job["timeout-minutes"] <= 60] == []
    assert all(("uses" in step) != ("run" in step) for step in steps(document))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_recipe_calls_what_there_is(path: Path) -> None:
    """Targets of the Makefile, folders of tests, dependency groups."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    called = "\n".join(lines(loaded(path)))

    assert set(re.findall(r"^make (\S+)", called, re.MULTILINE)) <= targets
    assert set(re.findall(r"--group (\S+)", called)) <= set(groups)
    assert [name for name in re.findall(r"\btests/\S+", called) if not list((ROOT / name).glob("test_*.py"))] == []


def test_every_system_and_python_is_tried() -> None:
    """Windows, macOS and Linux, with every Python that the package names."""
    document = loaded(ROOT / ".github" / "workflows" / "test.yml")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [found[1] for one in project["classifiers"] if (found := re.fullmatch(r".*:: (3\.\d+)", one))]
    matrix = document["jobs"]["systems"]["strategy"]["matrix"]

    assert matrix["python"] == named
    assert {name.partition("-")[0] for name in matrix["os"]} == {"windows", "macos", "ubuntu"}


def test_every_test_is_run_somewhere() -> None:
    """Those that need no server on every system, all of them with the servers."""
    called = lines(loaded(ROOT / ".github" / "workflows" / "test.yml"))
    everywhere = {name for line in called for name in re.findall(r"tests/(\w+)", line)}
    folders = {path.parent.name for path in (ROOT / "tests").glob("*/test_*.py")}

    assert "make test" in called
    assert folders - everywhere == {"browser", "live", "netlab"} & folders
