"""Saved evidence and a profile give the verdict that stands beside them.

To accept a changed verdict after reading it: READYCHECK_UPDATE_GOLDEN=1 make test.
"""

import json
import os
from pathlib import Path

import pytest

from readycheck.cli.verdict import judged_anew
from readycheck.engine.registry import metric_definitions
from readycheck.model.report import Report
from readycheck.profile.loader import load_profile

FOLDER = Path(__file__).parent
OF_REPORT_1 = ["lab", "lab-without-reflector"]
NAMES = [
    "lab",
    *sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem not in ("vendors-facts", *OF_REPORT_1)),
]


@pytest.mark.parametrize(
    ("saved", "name"), [*(("report-2", name) for name in NAMES), *(("report-1", name) for name in OF_REPORT_1)]
)
def test_verdict_is_as_it_was(saved: str, name: str) -> None:
    """The same evidence under the same profile always means the same, and what older runs saved stays readable."""
    own = FOLDER / f"{name}.yaml"
    profile = load_profile(
        str(own) if own.exists() else name, metrics=metric_definitions(), environment={}, lenient=True
    )
    report = judged_anew(Report.loads((FOLDER / f"{saved}.json").read_text(encoding="utf-8")), profile)
    verdict = {
        "decision": report.decision,
        "ready_on": report.ready_on,
        "findings": [
            f"{one.requirement}: {one.status}, {one.reason or '-'}, {one.observed}" for one in report.findings
        ],
    }
    expected = FOLDER / f"{name if saved == 'report-2' else f'{saved}.{name}'}.verdict.json"
    if os.environ.get("READYCHECK_UPDATE_GOLDEN"):
        expected.write_text(json.dumps(verdict, indent=1) + "\n", encoding="utf-8")

    assert verdict == json.loads(expected.read_text(encoding="utf-8"))
