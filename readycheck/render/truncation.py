"""One sentence on a path that died while it was measured."""

from readycheck.model.report import Report
from readycheck.render import format as say
from readycheck.render.causes import failure_code
from readycheck.render.readings import evidence_of, finite
from readycheck.render.words import Words


def truncation(report: Report, words: Words) -> str:
    """When the path died and what its figures are then worth; nothing if it lived."""
    evidence = evidence_of(report, "path")
    alive_s = finite(evidence.get("alive_s"))
    if evidence.get("truncated") is not True or alive_s is None:
        return ""
    code = failure_code(evidence.get("failure"))
    why = f" {words.failure(code).what}" if code else ""
    return words("path_truncated", seconds=say.amount(round(alive_s, 1), "s", words)) + why
