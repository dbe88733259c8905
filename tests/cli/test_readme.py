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
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_commands_of_the_readme_work(cli: Callable[..., Any], tmp_path: Path, block: str) -> None:
    """Each line of each block marked `sh` ends with a verdict or with success."""
    for folder in ("tests/golden", "reports/examples"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for line in block.strip().splitlines():
        program, *arguments = shlex.split(line)
        answer = cli(*arguments)

        assert program == "readycheck"
        assert answer.status in (0, 1), f"{line}: {answer.err}"


def test_files_that_the_readme_shows_are_there() -> None:
    """No picture and no link leads nowhere."""
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)

    assert len(links) >= 4
    for link in links:
        assert (ROOT / link).exists(), link
