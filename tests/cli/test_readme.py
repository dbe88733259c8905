"""The README's commands are run as they stand there."""

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
ACME = """\
schema: readycheck.profile/1
id: acme
extends: [lab]
flows: [{to: ["*.example.com"], protocol: tcp, ports: ["443"], why: What agents open}]
"""
"""What a project's profile is to the README's commands: it needs flows, and no server but the lab's."""
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_commands_of_the_readme_work(cli: Callable[..., Any], tmp_path: Path, block: str) -> None:
    """Each line of each block marked `sh` ends with a verdict or with success."""
    for folder in ("tests/golden", "reports/examples"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    if "profile new" not in block:
        (tmp_path / "acme.yaml").write_text(ACME, encoding="utf-8")
    for line in block.strip().splitlines():
        program, *arguments = shlex.split(line)
        answer = cli(*arguments)

        assert program == "readycheck"
        assert answer.status in (0, 1), f"{line}: {answer.err}"


def test_commands_of_the_readme_follow_each_other() -> None:
    """No profile is started twice, since files are never overwritten; every run names its profile."""
    started = re.findall(r"profile new --output (\S+)", README)

    assert sorted(set(started)) == sorted(started) != []
    assert re.findall(r"^readycheck run(?: -.*)?$", README, re.MULTILINE) == []


def test_readme_says_where_the_command_is() -> None:
    """The folder that `make run` installs into is the one to activate."""
    (folder,) = re.findall(r"^VENV\s*\?= (\S+)$", MAKEFILE, re.MULTILINE)

    assert f"`. {folder}/bin/activate`" in README


def test_profile_of_a_site_in_the_readme_asks_of_a_site(cli: Callable[..., Any], tmp_path: Path) -> None:
    """Extended as the README says, `--scope site` has something to judge."""
    (block,) = re.findall(r"```yaml\n(extends: .*?)```", README, re.DOTALL)
    (tmp_path / "acme.yaml").write_text(f"schema: readycheck.profile/1\nid: acme\n{block}", encoding="utf-8")
    answer = cli("profile", "check", "acme.yaml")

    assert answer.status == 0
    assert answer.err == ""


def test_files_that_the_readme_shows_are_there() -> None:
    """No picture and no link leads nowhere."""
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)

    assert len(links) >= 4
    for link in links:
        assert (ROOT / link).exists(), link
