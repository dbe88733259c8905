"""What users type first: a shipped profile's name after `letter`, `run --dry-run` and `profile list`."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from readycheck.engine.registry import metric_definitions
from readycheck.letter.matrix import flow_matrix
from readycheck.profile.loader import kind_of, load_profile
from readycheck.profile.schema import KINDS
from readycheck.profile.sources import shipped

Cli = Callable[..., Any]
NAMES = sorted(set(shipped()) - {"lab"})
WITHOUT_FLOWS = {"nixxis", "bright-pattern"}
"""Platforms whose names and networks are each customer's own."""


@pytest.mark.parametrize("name", NAMES)
def test_letters_can_be_written(cli: Cli, name: str) -> None:
    """Without credentials or variables; those that name nothing say that there is nothing to ask for."""
    answer = cli("letter", name, "--format", "csv")
    profile = load_profile(name, metrics=metric_definitions(), environment={})
    has_flows = bool(flow_matrix(profile).rows)

    assert answer.status == 0
    assert bool(list(csv.reader(io.StringIO(answer.out)))) == has_flows
    if not has_flows:
        assert "nothing to ask for" in answer.err
    assert has_flows == (kind_of(name) == "platform" and name not in WITHOUT_FLOWS)


@pytest.mark.parametrize("name", NAMES)
def test_dry_runs_need_no_variable(cli: Cli, name: str) -> None:
    """What would be sent is told for each, at once."""
    assert cli("run", name, "--dry-run").status == 0


def test_the_list_reads_at_a_glance(cli: Cli) -> None:
    """One line each, names first, what to start from on top, no line wider than a terminal."""
    lines = cli("profile", "list").out.splitlines()
    names, kinds = [line.split()[0] for line in lines], [line.split()[1] for line in lines]

    assert sorted(names) == sorted(shipped())
    assert kinds == sorted(kinds, key=KINDS.index)
    assert max(map(len, lines)) <= 80
    assert [row["id"] for row in json.loads(cli("profile", "list", "--json").out)] == names
