"""What a roll-up costs on one core: 2,000 reports as files, and judging alone. Status 1 if a figure does not hold."""

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

from readycheck import __version__
from readycheck.cli.rolling import summary_of_files
from readycheck.cli.verdict import digests, judged_anew, reference
from readycheck.engine.registry import metric_definitions
from readycheck.fleet.rollup import Setting, rolled_up
from readycheck.model.report import Report, Tool
from readycheck.profile.attestations import nothing_attested
from readycheck.profile.loader import load_profile
from readycheck.profile.schema import Profile
from readycheck.render.rollup_html import render_rollup_html

REPORTS, ROUNDS = 2000, 3
EXAMPLE = Path(__file__).parents[1] / "tests" / "golden" / "report-1.json"
PROFILE = """\
schema: readycheck.profile/1
id: bench
extends: [lab]
site: {agents: 2000}
requirements: [{id: fleet-ready, scope: project, metric: fleet.ready_ratio, at_least: 0.95}]
"""


def row(name: str, value: str, limit: str, *, holds: bool) -> bool:
    """Print one figure."""
    print(f"{name:<58} {value:>24}   {limit:<28} {'holds' if holds else 'DOES NOT HOLD'}")
    return holds


def seconds(work: Callable[[], object]) -> float:
    """Processor time of this process: the machine may be shared."""
    started = time.process_time()
    work()
    return time.process_time() - started


def write_fleet(folder: Path) -> None:
    """So many workstations at ten sites, as `run` would have written them."""
    example = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    for number in range(REPORTS):
        example["run"] |= {"id": f"run-{number}", "site": f"site-{number % 10}"}
        example["environment"]["host"] = f"h{number:011x}"
        example["metrics"]["turn.udp_relay"] |= {
            "value": number % 7 > 0,
            "reason": None if number % 7 else "stun_timeout",
        }
        text = json.dumps(example, ensure_ascii=False, indent=1)
        (folder / f"{number:05}.json").write_text(text, encoding="utf-8")


def whole(folder: Path, profile: Profile) -> str:
    """Read, judge, merge, and make the document's text and its page; the page."""
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    answers = nothing_attested(profile)
    tool = Tool("readycheck", __version__)
    setting = Setting(tool, moment.isoformat(), moment.date(), profile, reference(profile), answers)
    document = rolled_up(summary_of_files([folder], profile), setting)
    document.dumps()
    page = render_rollup_html(document, "fr")
    if document.workstations.reported != REPORTS:
        sys.exit(f"{document.workstations.reported} workstations counted instead of {REPORTS}")
    return page


def judge_all(report: Report, profile: Profile) -> None:
    """Judge one report so many times."""
    inputs = digests(profile)
    for _ in range(REPORTS):
        judged_anew(report, profile, inputs)


def main() -> None:
    """Print every figure."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bench.yaml").write_text(PROFILE, encoding="utf-8")
        profile = load_profile(
            str(folder / "bench.yaml"), metrics=metric_definitions(), environment=os.environ, lenient=True
        )
        (folder / "in").mkdir()
        write_fleet(folder / "in")
        text = EXAMPLE.read_text(encoding="utf-8")
        page = len(whole(folder / "in", profile).encode())
        rolled = median(seconds(partial(whole, folder / "in", profile)) for _ in range(ROUNDS))
        judged = REPORTS / median(seconds(partial(judge_all, Report.loads(text), profile)) for _ in range(ROUNDS))
        read = 1000 * median(seconds(lambda: Report.loads(text)) for _ in range(200))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    held = [
        row(
            f"roll-up of {REPORTS} reports of {len(text) // 1000} kB, with its page",
            f"{rolled:.2f} s",
            "at most 3 s",
            holds=rolled <= 3,
        ),
        row("that page", f"{page / 1000:.0f} kB", "at most 2000 kB", holds=page <= 2_000_000),
        row("reports judged per second", f"{judged:.0f}", "at least 1000", holds=judged >= 1000),
        row("reading one report", f"{read:.2f} ms", "at most 1 ms", holds=read <= 1),
        row("peak memory, all probes loaded", f"{peak:.0f} MB", "at most 200 MB", holds=peak <= 200),
    ]
    sys.exit(not all(held))


if __name__ == "__main__":
    main()
